"""The five steps: edition and workbook, checks, words, pages, file. Each returns a finished value.

A step's code is imported when the step is taken, so that checking never waits for the Word writer.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import files
from .model.book import Book
from .model.finding import Finding, Refusal, Severity

if TYPE_CHECKING:
    from .editions import Edition, Library
    from .model.blocks import Disclosure
    from .model.state import State
    from .regenerate import Written

_WORST_FIRST = tuple(Severity)
OUTPUT_FOLDER = "outputs"
DRAFT = "草稿"  # a draft never takes the place of the document: <workbook>.草稿.docx
MARKED = "校验"  # a marked copy is called <workbook>.校验.xlsx

Say = Callable[[str], None]
"""Called with the name of each step as it begins."""
Beside = Callable[["Edition", Book], tuple[Finding, ...]]
"""What other workbooks say of this one."""


def _silent(step: str) -> None:
    """Nobody wants to hear of progress."""


@dataclass(frozen=True)
class Checked:
    edition: Edition
    book: Book
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Generated:
    """``output`` is None when findings at error level kept the document from being written.

    ``written`` says what became of hand edits; ``state`` is what was generated, to compare with its ``previous``;
    ``checked`` and ``disclosure`` are what it was made from.
    """

    edition: str
    findings: tuple[Finding, ...]
    output: Path | None = None
    pages: int | None = None
    set_aside: Path | None = None
    written: Written | None = None
    state: State | None = None
    checked: Checked | None = None
    disclosure: Disclosure | None = None


@dataclass(frozen=True)
class Marked:
    """A marked copy of the workbook; ``stale`` is one of an earlier run that no longer says anything true."""

    output: Path | None = None
    set_aside: Path | None = None
    stale: Path | None = None


def open_library(templates: Iterable[Path] = (), subjects: Path | None = None, workbook: Path | None = None) -> Library:
    """Where editions come from in this run: further folders of editions, and the subject list in force.

    That is ``subjects``, else a 科目 file beside ``workbook``, else one in a folder of editions, else none but the
    built-in one. Refusal when a folder or the list can't be used.
    """
    from .editions import BUILT_IN, Library

    roots = tuple(templates)
    for root in roots:
        if not root.is_dir():
            fix = "请核对 --templates（或环境变量 GONGKAI_TEMPLATES）写的文件夹。"
            raise Refusal(f"没有版式文件夹“{root}”。", fix)
    places = ((workbook.parent,) if workbook is not None else ()) + roots
    if subjects is None and not places:
        return BUILT_IN
    from .workbook.subjects import found, read

    path = subjects or found(places)
    if path is None:
        return Library(roots) if roots else BUILT_IN
    return Library(roots, read(path))


def check(
    workbook: Path,
    edition_id: str | None = None,
    say: Say = _silent,
    library: Library | None = None,
    beside: Beside | None = None,
) -> Checked:
    """Read the workbook and put every rule to it; Refusal when the file can't be used at all.

    Without a ``library``: the built-in editions, and a subject list that lies beside the workbook. ``beside``: what
    is to be compared with other workbooks too.
    """
    with editions_in_order(), uncollected():
        from .checks.run import run
        from .workbook.read import read

        say("读取工作簿")
        edition, book = read(workbook, edition_id, library or open_library(workbook=workbook))
        say("校验")
        return Checked(edition, book, _ordered(run(edition, book), beside(edition, book) if beside else ()))


def examine(checked: Checked, say: Say = _silent) -> Checked:
    """Where no error stands against the document, also what its words lack: all that can be said before its pages."""
    if has_errors(checked.findings):
        return checked
    return replace(checked, findings=_words(checked, False, say)[1])


def _words(checked: Checked, draft: bool, say: Say) -> tuple[Disclosure, tuple[Finding, ...]]:
    """The document before it has pages, and all findings so far."""
    with editions_in_order(), uncollected():
        from .narrative.compose import compose

        say("撰写文字")
        disclosure, more = compose(checked.edition, checked.book, draft)
        return disclosure, _ordered(checked.findings, _unsaid(checked, more))


def generate(
    workbook: Path,
    output: Path | None = None,
    *,
    draft: bool = False,
    edition_id: str | None = None,
    fresh: bool = False,
    keep: int | None = None,
    say: Say = _silent,
    library: Library | None = None,
    beside: Beside | None = None,
) -> Generated:
    """The disclosure of a workbook, written to ``output``; a draft is written in spite of errors and marked so.

    Hand edits in a document that stands there are kept, unless ``fresh``; either way the file itself goes to the
    history folder, which holds the last ``keep`` of them.
    """
    target = output_path(workbook, output, draft)
    checked = check(workbook, edition_id, say, library, beside)
    edition, findings = checked.edition, checked.findings
    if has_errors(findings) and not draft:
        return Generated(edition.id, findings, checked=checked)
    disclosure, findings = _words(checked, draft, say)
    if has_errors(findings) and not draft:
        return Generated(edition.id, findings, checked=checked)
    with editions_in_order(), uncollected():
        from . import regenerate
        from .document.render import render
        from .model.snapshot import snapshot
        from .model.trace import trace

        say("排版")
        states: list[State] = []

        def finish(parts: dict[str, bytes], names: Mapping[str, str]) -> None:
            from .revision.store import remember

            states.append(remember(parts, trace(disclosure), snapshot(checked.book), names, draft))

        rendered = render(edition.find("style.docx"), disclosure, finish)
        findings = _ordered(findings, _unsaid(checked, rendered.findings))
        if has_errors(findings) and not draft:
            return Generated(edition.id, findings, checked=checked)
        say("写入文件")
        written = regenerate.put(target, rendered.data, states[0], fresh=fresh, keep=keep)
        return Generated(
            edition.id,
            findings,
            written.output,
            None if written.revisions and not written.reason else rendered.pages,
            written.set_aside,
            written,
            states[0],
            checked,
            disclosure,
        )


def worth_marking(findings: tuple[Finding, ...]) -> bool:
    """Whether there are errors, or warnings that nobody has answered."""
    return any(finding.severity is not Severity.INFO and not finding.answer for finding in findings)


def mark(workbook: Path, findings: tuple[Finding, ...], target: Path, say: Say = _silent) -> Marked:
    """A copy of the workbook at ``target`` with all findings marked in it; the workbook itself is only read.

    What stands at ``target`` and is not a marked copy as we wrote it is kept under another name.
    """
    from .workbook.mark import mark as marked
    from .workbook.mark_seal import untouched

    say("写出标注副本")
    data = marked(workbook, findings, title=f"{workbook.name} 校验结果")
    try:
        return Marked(target, files.write(target, data, lambda old: "" if untouched(old) else files.REPLACED))
    except Refusal as refusal:
        raise Refusal(refusal.message, refusal.fix.replace("-o ", "--marked ")) from refusal


def marked_path(workbook: Path, given: Path | None) -> Path:
    """Where a marked copy goes: as named, into a folder as named, or ``outputs/``; never the workbook itself."""
    if given is None or given.is_dir():
        given = (given or Path(OUTPUT_FOLDER)) / f"{files.safe_name(workbook.stem)}.{MARKED}.xlsx"
    if given.suffix.lower() != ".xlsx":
        raise Refusal(f"标注副本“{given}”应以 .xlsx 结尾。", "例如 --marked 请改正.xlsx。")
    if files.same_file(given, workbook):
        raise Refusal("标注副本与工作簿是同一个文件。", "请用 --marked 另外指定一个文件名。")
    return given


def new(
    output: Path,
    edition_id: str,
    *,
    year: int | None,
    unit: str | None,
    force: bool = False,
    library: Library | None = None,
) -> Path | None:
    """A blank workbook at ``output``; with ``force`` a file that stands there is kept under another name."""
    with editions_in_order():
        from .checks.live import live
        from .editions import BUILT_IN
        from .workbook.blank import build

        if output.exists() and not force:
            raise Refusal(f"“{output}”已经存在，没有改动它。", "请用 -o 另外指定一个文件名；确要重建的，加 --force。")
        edition = (library or BUILT_IN).load(edition_id)
        made = build(edition, year=year, unit=unit, checks=live(edition))
        return files.write(output, made, lambda _: files.REPLACED)


def output_path(workbook: Path, output: Path | None, draft: bool = False) -> Path:
    """Where the document goes: as named, into a folder as named, or ``outputs/`` under the current folder."""
    name = files.safe_name(workbook.stem) + (f".{DRAFT}" if draft else "") + ".docx"
    if output is None:
        output = Path(OUTPUT_FOLDER) / name
    elif output.is_dir():
        output = output / name
    if output.suffix.lower() != ".docx":
        raise Refusal(f"输出文件“{output}”应以 .docx 结尾。", "公开文档是 Word 文件，例如 -o 决算公开.docx。")
    if files.same_file(output, workbook):
        raise Refusal("输出文件与输入的工作簿是同一个文件。", "请用 -o 另外指定一个文件名。")
    return output


def has_errors(findings: tuple[Finding, ...]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def _unsaid(checked: Checked, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings of a later step, with the user's answers, without those that the checks have made of the same cells."""
    from .checks.answers import answered

    said = {(finding.rule, cell) for finding in checked.findings for cell in finding.cells}
    return answered(checked.book, [f for f in findings if not any((f.rule, cell) in said for cell in f.cells)])


def _ordered(*groups: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """All findings once, worst first, otherwise in the order they were made."""
    once = dict.fromkeys(finding for group in groups for finding in group)
    return tuple(sorted(once, key=lambda finding: _WORST_FIRST.index(finding.severity)))


@contextmanager
def uncollected() -> Iterator[None]:
    """Hundreds of thousands of small values and hardly a cycle: collecting garbage meanwhile is time for nothing."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def editions_in_order() -> Iterator[None]:
    """A fault in the edition's own files is told as what it is."""
    from .editions import EditionError

    try:
        yield
    except EditionError as error:
        fix = error.fix or "可用 gongkai editions 查看现有版式；自行改过版式文件的，请按提示改正。"
        raise Refusal(f"版式有误：{error}", fix) from error
