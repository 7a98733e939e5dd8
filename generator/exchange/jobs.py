"""From files to a file: read, make the content, write the new workbook whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import files, pipeline
from ..editions import Edition, Library
from ..model.finding import Refusal, Severity
from .source import Source


@dataclass(frozen=True)
class Written:
    """``aside``: where a file that stood at ``output`` was kept."""

    output: Path
    aside: Path | None = None


def source(path: Path, library: Library, edition_id: str | None = None, whole: bool = True) -> Source:
    """The workbook as read. Refusal when it can't be used, with its name.

    ``whole``: its figures are taken elsewhere, so that formulas without a value are not to be passed over.
    """
    from ..workbook.read import read

    try:
        with pipeline.editions_in_order(), pipeline.uncollected():
            found = Source(*read(path, edition_id, library))
        if whole and found.uncomputed:
            raise Refusal(
                f"“{path.name}”有 {found.uncomputed} 个格的公式没有保存计算结果，读不到其中的数，不能使用。",
                "请先用 Excel 或 WPS 打开该工作簿，待公式算出结果后保存，再运行一次。",
            )
        return found
    except Refusal as refusal:
        if path.name in refusal.message:
            raise
        raise Refusal(f"“{path.name}”：{refusal.message}", refusal.fix) from refusal


def errors(one: Source) -> int:
    """How many errors the checks find in it: its figures are only as good as that."""
    from ..checks.run import run

    with pipeline.editions_in_order(), pipeline.uncollected():
        found = dict.fromkeys(run(one.edition, one.book))
    return sum(finding.severity is Severity.ERROR for finding in found)


def lost(one: Source) -> list[str]:
    """What a new workbook does not take over from the old one: what could not be read, and sheets that are no form."""
    from ..workbook.blank_checks import HELPER
    from ..workbook.blank_checks import SHEET as CHECKS
    from ..workbook.blank_extra import SOURCES
    from ..workbook.blank_guide import GUIDE, SUBJECTS

    own = {GUIDE, CHECKS, HELPER, SUBJECTS, SOURCES}
    sheets = [name for name in one.book.ignored_sheets if name not in own]
    return [finding.message for finding in one.unread] + [f"自行增加的工作表“{name}”" for name in sheets]


def ready(output: Path, inputs: Iterable[Path], force: bool) -> None:
    """Refusal when nothing can be written at ``output``."""
    if output.suffix.lower() != ".xlsx" or output.is_dir():
        raise Refusal(f"输出文件“{output}”应以 .xlsx 结尾。", "例如 -o 某某局.xlsx。")
    if any(files.same_file(output, one) for one in inputs):
        raise Refusal(f"输出文件“{output}”与输入的文件是同一个文件。", "请用 -o 另外指定一个文件名。")
    if output.exists() and not force:
        raise Refusal(f"“{output}”已经存在，没有改动它。", "请用 -o 另外指定一个文件名；确要重建的，加 --force。")


def write(output: Path, edition: Edition, content: dict[str, Any], **more: Any) -> Written:
    """A workbook of ``edition`` with ``content`` at ``output``; ``more`` goes to ``workbook.blank.build``."""
    with pipeline.editions_in_order():
        from ..checks.live import live
        from ..workbook.blank import build

        data = build(edition, content, checks=live(edition), **more)
    return Written(output, files.write(output, data, lambda _: files.REPLACED))
