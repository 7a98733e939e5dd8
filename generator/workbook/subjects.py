"""A subject list that the user brings, as .csv or .xlsx; and where one may lie without being named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..editions.subjects import FILE_STEM, NoHead, SubjectList, from_rows, read_csv
from ..model.finding import Refusal
from . import cells
from .package import open_package

_SUFFIXES = (".csv", ".xlsx")


def found(folders: Iterable[Path]) -> Path | None:
    """科目.csv or 科目.xlsx in the first of the folders that has one; Refusal where both lie side by side."""
    for folder in folders:
        there = [path for suffix in _SUFFIXES if (path := folder / f"{FILE_STEM}{suffix}").is_file()]
        if len(there) > 1:
            names = "和".join(path.name for path in there)
            fix = "请删去或改名其中一个，或用 --subjects 指定。"
            raise Refusal(f"文件夹“{folder}”中同时有 {names}，不知用哪一个。", fix)
        if there:
            return there[0]
    return None


def read(path: Path) -> SubjectList:
    """The year's full list at ``path``; Refusal names file, row and remedy."""
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise Refusal(f"科目表“{path.name}”应是 .csv 或 .xlsx 文件。", "请用 Excel 另存为 .xlsx 后再试。")
    if suffix == ".csv":
        return read_csv(path, whole=True)
    try:
        return _read_xlsx(path)
    except Refusal as refusal:
        if path.name in refusal.message:
            raise
        raise Refusal(f"科目表“{path.name}”：{refusal.message}", refusal.fix) from refusal


def _read_xlsx(path: Path) -> SubjectList:
    """All sheets that have the head of a list, one after the other: 功能分类 and 经济分类 are often apart."""
    made, refused = SubjectList.NONE, []
    with open_package(path) as package:
        strings = cells.shared_strings(package)
        for part in package.sheets:
            sheet = cells.read_sheet(package, part.name, part.part, strings)
            last = max(sheet.rows, default=0)
            rows = ([_text(sheet, row, column) for column in _columns(sheet, row)] for row in range(1, last + 1))
            try:
                listed = from_rows(rows, f"{path.name}”的工作表“{part.name}", whole=True)
            except NoHead as refusal:  # a sheet of notes beside the lists
                refused.append(refusal)
                continue
            made = listed.over(made)
    if not made and refused:
        raise refused[0]
    return replace(made, source=path.name)


def _columns(sheet: cells.Sheet, row: int) -> range:
    return range(1, max(sheet.rows.get(row, {}), default=0) + 1)


def _text(sheet: cells.Sheet, row: int, column: int) -> str:
    raw = sheet.get(row, column)
    return raw.text if raw is not None and raw.type in "tn" else ""
