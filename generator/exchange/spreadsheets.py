"""Files of other programs as raw sheets: .xlsx by the workbook reader, .xls and .et by calamine.

calamine gives error cells as blanks, so that every cell of an old file is read by xlrd too and the two are compared.
xlrd goes first: calamine sets aside room for the whole area between the outermost cells, and a damaged address would
end the process.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from ..model.cell import CellRef
from ..model.finding import Refusal
from ..workbook import cells
from ..workbook.cells import Raw, Sheet, Styles
from ..workbook.package import MAX_CELLS, open_package

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_FILE = 16 << 20  # of an old file: five hundred thousand rows of a table
_MAX_AREA = 2_000_000  # cells between the outermost ones, of all sheets together
_SAVE_AS = "请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入。"
_SENSELESS = (
    AssertionError, AttributeError, LookupError, NameError, TypeError, ValueError, ArithmeticError, OSError,
    EOFError, struct.error, RecursionError, MemoryError,
)  # fmt: skip


@dataclass
class File:
    """One file. ``doubtful``: cells that its two readers do not agree on."""

    path: Path
    sheets: list[Sheet] = field(default_factory=list)
    styles: Styles = field(default_factory=Styles)
    date1904: bool = False
    doubtful: list[CellRef] = field(default_factory=list)


def load(path: Path) -> File:
    """The file's sheets that hold anything, hidden ones last. Refusal when it can't be read."""
    try:
        with path.open("rb") as file:
            old = file.read(len(_OLE)) == _OLE
            size = path.stat().st_size
    except OSError as error:
        raise Refusal(f"读不了文件“{path}”。", "请核对文件名和所在文件夹，并先关闭正在使用它的程序。") from error
    if old and size > _MAX_FILE:
        raise Refusal(f"“{path.name}”过大，不像是决算报表。", "请只导出需要的表。")
    try:
        found = _old(path) if old else _new(path)
    except Refusal as refusal:
        raise Refusal(f"“{path.name}”：{refusal.message}", refusal.fix) from refusal
    for sheet in found.sheets:
        _drop_blanks(sheet)
    found.sheets = [sheet for sheet in found.sheets if sheet.rows]
    return found


def _new(path: Path) -> File:
    with open_package(path) as package:
        strings = cells.shared_strings(package)
        parts = sorted(package.sheets, key=lambda part: part.hidden)
        sheets = [cells.read_sheet(package, part.name, part.part, strings) for part in parts]
        return File(path, sheets, cells.styles(package), package.date1904)


def _old(path: Path) -> File:
    import python_calamine
    import xlrd

    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refusal("文件设有打开密码，读不了。", "请在 Excel 或 WPS 中输入密码打开，取消密码后保存。")
    with _Damaged():
        second = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), ragged_rows=True)
        _within_limits(second)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = File(path, date1904=bool(second.datemode))
        names = [meta.name for meta in sorted(book.sheets_metadata, key=lambda m: "Visible" not in str(m.visible))]
        for name in (name for name in names if name in second.sheet_names()):
            sheet = _sheet(book.get_sheet_by_name(name))
            found.doubtful += _cross_check(sheet, second.sheet_by_name(name), xlrd)
            found.sheets.append(sheet)
    return found


class _Damaged:
    """Whatever the two readers of old files trip over, as a Refusal."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        import python_calamine
        import xlrd

        if error is None or kind is None:
            return
        if issubclass(kind, python_calamine.PasswordError):
            raise Refusal("文件设有打开密码，读不了。", "请在 Excel 或 WPS 中输入密码打开，取消密码后保存。") from error
        if issubclass(kind, (python_calamine.CalamineError, xlrd.XLRDError, xlrd.compdoc.CompDocError)):
            raise Refusal("文件已损坏，或不是 Excel（.xls）、WPS（.et）表格。", _SAVE_AS) from error
        if issubclass(kind, xlrd.formula.FormulaError):  # a defined name that xlrd can't work out; Excel can
            raise Refusal("文件中有旧式的名称公式，读不了。", _SAVE_AS) from error
        # Records that make no sense; a PanicException is how calamine's language gives up, and no Exception.
        if issubclass(kind, _SENSELESS) or kind.__name__ == "PanicException":
            raise Refusal("文件已损坏，读不出来。", _SAVE_AS) from error


def _within_limits(book: Any) -> None:
    sheets = book.sheets()
    area = sum(sheet.nrows * sheet.ncols for sheet in sheets)
    filled = sum(sheet.row_len(row) for sheet in sheets for row in range(sheet.nrows))
    if area > _MAX_AREA or filled > MAX_CELLS:
        raise Refusal(
            f"表中数据过多，或有单元格离表很远（{filled} 格，占 {area} 格的范围）。",
            "请只导出需要的表；表以外的零星单元格请删去整行整列后保存。",
        )


def _sheet(source: Any) -> Sheet:
    sheet = Sheet(source.name)
    for row, values in enumerate(source.to_python(skip_empty_area=False), 1):
        there = {column: raw for column, value in enumerate(values, 1) if (raw := _raw(value)) is not None}
        if there:
            sheet.rows[row] = there
    for (top, left), (bottom, right) in source.merged_cell_ranges or ():
        sheet.merges[top + 1, left + 1] = (bottom + 1, right + 1)
    return sheet


def _raw(value: object) -> Raw | None:
    if isinstance(value, bool):
        return Raw("b", "1" if value else "0", "", False)
    if isinstance(value, int):
        return Raw("n", str(value), "", False)
    if isinstance(value, float):
        return Raw("n", f"{value:.0f}" if value.is_integer() else repr(value), "", False)
    if isinstance(value, (date, datetime, time, timedelta)):
        return Raw("d", str(value), "", False)
    text = str(value)
    return Raw("t", text, "", False) if text else None


def _cross_check(sheet: Sheet, second: Any, xlrd: Any) -> Iterator[CellRef]:
    """Error cells into ``sheet``; the cells of which the two readers say different things."""
    rows: int = second.nrows
    for row in range(rows):
        types, values = second.row_types(row), second.row_values(row)
        for column, (kind, value) in enumerate(zip(types, values, strict=True)):
            first = sheet.get(row + 1, column + 1)
            if kind == xlrd.XL_CELL_ERROR:
                text = xlrd.error_text_from_code.get(value, "#")
                sheet.rows.setdefault(row + 1, {})[column + 1] = Raw("e", text, "", False)
            elif kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_TEXT) and value != "" and not _same(first, value):
                yield CellRef(sheet.name, row + 1, column + 1)
    sheet.rows = {row: dict(sorted(cells.items())) for row, cells in sorted(sheet.rows.items())}


def _same(raw: Raw | None, value: float | str) -> bool:
    if raw is None or isinstance(value, str):
        return raw is not None and raw.text == value
    try:
        return raw.type == "d" or float(raw.text) == value
    except ValueError:
        return False


def _drop_blanks(sheet: Sheet) -> None:
    """Cells of nothing but spaces are no cells."""
    for row in list(sheet.rows):
        kept = {c: raw for c, raw in sheet.rows[row].items() if raw.type != "t" or raw.text.strip()}
        if kept:
            sheet.rows[row] = kept
        else:
            del sheet.rows[row]
