"""What is written beside a document: the redline and the review page, and the list of what a correction changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import files
from .model.finding import Refusal

if TYPE_CHECKING:
    from .model.changes import Change
    from .model.state import State
    from .pipeline import Generated
    from .revision.difference import Difference

REDLINE, REVIEW = "修订", "审阅"  # <document>.修订.docx, <document>.审阅.html


def changed(made: Generated) -> tuple[Change, ...] | None:
    """What differs from the workbook that the document was generated from before; None when there was none."""
    previous = made.written.previous if made.written is not None else None
    return between(previous, made.state) if previous is not None and made.state is not None else None


def between(old: State, new: State) -> tuple[Change, ...]:
    from .model.changes import changes, with_places

    before, after = old.cells, new.cells
    if old.partial or new.partial:  # one was kept inside a document, which holds no more than it shows
        known = {*old.trace.uses(), *new.trace.uses()}
        before, after = before.only(known), after.only(known)
    return with_places(changes(before, after), old.trace, new.trace)


def redline(made: Generated) -> tuple[Path | None, Path | None]:
    """The document against its previous version as tracked changes. Where it is, None when there is no previous one
    or nothing differs; and where an edited redline that stood there was put."""
    old, new = _versions(made)
    if old is None or new is None:
        return None, None
    from .document.package import fingerprint_ok, seal
    from .revision.package import Unreadable
    from .revision.redline import redline as tracked

    target = _beside(new, REDLINE, ".docx")
    try:
        parts = tracked(_parts(old), _parts(new))
    except Unreadable as why:
        raise Refusal(f"没有写出修订稿：{why}。", "请用 Word 或 WPS 打开原文件另存一次后再试。") from why
    if parts is None:
        return None, None
    words = {True: "", False: files.HAND_EDITED, None: files.REPLACED}
    return target, files.write(target, seal(parts), lambda data: words[fingerprint_ok(data)])


def _versions(made: Generated) -> tuple[Path | None, Path | None]:
    """The file as it was before this run, and as it is now."""
    written = made.written
    if written is None or not written.changed:
        return None, None
    return written.beside or written.history, written.output


def review(made: Generated, workbook: Path) -> tuple[Path | None, Path | None]:
    """The review page of the document as it stands in the end. Where it is, None when no document was written; and
    where a foreign file that stood there was put."""
    if made.output is None or made.disclosure is None or made.checked is None or made.state is None:
        return None, None
    from .review.page import page, untouched
    from .revision.package import Unreadable
    from .revision.written import written_blocks
    from .workbook.view import view

    book = made.checked.book
    target = _beside(made.output, REVIEW, ".html")
    views = view(workbook, (data.sheet for data in book))
    try:
        blocks = written_blocks(_parts(made.output))
    except Unreadable as why:
        raise Refusal(f"没有写出审阅页：{why}。", "请用 Word 或 WPS 打开公开文档另存一次后再试。") from why
    data = page(made.disclosure, book, made.findings, views, blocks, made.state.names)
    return target, files.write(target, data, lambda old: "" if untouched(old) else files.REPLACED)


def state_of(path: Path, edition_id: str | None = None, templates: Iterable[Path] = ()) -> State:
    """What a workbook would be published as, or what a document was generated from; Refusal when neither is known."""
    from .model.state import State

    if path.suffix.lower() == ".docx":
        from .revision.store import embedded

        found = embedded(_parts(path))
        if found is None:
            raise Refusal(f"“{path.name}”中没有生成记录，无法与工作簿比较。", "可以比较两个工作簿，或两个 Word 文档。")
        return found
    from .model.snapshot import snapshot
    from .model.trace import trace
    from .narrative.compose import compose
    from .pipeline import editions_in_order, open_library, uncollected
    from .workbook.read import read

    with editions_in_order(), uncollected():
        edition, book = read(path, edition_id, open_library(templates, workbook=path))
        disclosure, _ = compose(edition, book, draft=True)
        return State("", True, trace(disclosure), snapshot(book))


def documents(old: Path, new: Path) -> tuple[Difference, ...]:
    """What two Word documents say differently, tracked changes in them accepted."""
    from .revision.body import open_body
    from .revision.difference import differences
    from .revision.package import Unreadable

    before, after = _parts(old), _parts(new)
    for path, parts in ((old, before), (new, after)):
        try:
            open_body(parts)
        except Unreadable as why:
            raise _not_word(path) from why
    return differences(before, after)


def _not_word(path: Path) -> Refusal:
    return Refusal(f"“{path.name}”不是可以读取的 Word 文档（.docx）。", "请用 Word 或 WPS 打开，另存为 .docx 后再试。")


def _parts(path: Path) -> Mapping[str, bytes]:
    from .document.package import MAX_FILE, unpack

    try:
        if path.is_file() and path.stat().st_size > MAX_FILE:
            raise Refusal(f"“{path.name}”过大，不像是公开文档。", "请核对文件名。")
        data = path.read_bytes()
    except FileNotFoundError:
        raise Refusal(f"找不到文件“{path}”。", "请核对文件名和所在文件夹。") from None
    except (OSError, ValueError) as error:
        raise Refusal(f"读不了文件“{path}”。", "请核对文件名和所在文件夹，并先关闭正在使用它的程序。") from error
    try:
        return unpack(data)
    except Refusal as refusal:
        fix = refusal.fix.replace("Excel", "Word")
        raise Refusal(f"“{path.name}”不是可以读取的 Word 文档（.docx）：{refusal.message}", fix) from refusal


def _beside(document: Path, word: str, ending: str) -> Path:
    return document.with_name(f"{document.stem}.{word}{ending}")
