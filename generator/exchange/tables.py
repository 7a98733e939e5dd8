"""Tables exported by another program, put in the place of a workbook's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ..model.book import WAN, BlockData, Book, FormData, RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.finding import Refusal
from ..model.form import Form, Kind, Role, Row
from ..workbook import values
from ..workbook.cells import Sheet
from ..workbook.convert import Converter
from ..workbook.match import norm
from ..workbook.notes import Notes
from ..workbook.sheets import SheetReader
from .content import content
from .recognise import close_head, join_codes, recognise
from .source import Source
from .spreadsheets import File

UNITS: Mapping[str, Decimal] = {"元": Decimal(1), "万元": WAN}  # in 元
_YUAN = "元"
_LINE = "行次"


@dataclass
class Table:
    """One table as it was found. ``unit``: of its amounts, as it says itself ("" when it does not)."""

    file: File
    sheet: str
    data: FormData
    unit: str
    titled: bool
    said: list[str] = field(default_factory=list)
    amounts: int = 0
    missed: int = 0

    @property
    def form(self) -> Form:
        return self.data.form

    @property
    def place(self) -> str:
        return f"“{self.file.path.name}”的工作表“{self.sheet}”"


@dataclass
class Imported:
    """``content`` for ``build``; the tables taken; what was done to amounts; what was not recognised or is doubtful."""

    content: dict[str, Any] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)


def put_in(into: Source, files: Sequence[File], unit: str = "") -> Imported:
    """The workbook ``into`` with the official tables of ``files`` in place of its own; all else stays.

    ``unit`` (元 or 万元) holds for tables that do not say theirs. Refusal when no table is recognised, or when
    nobody says the unit.
    """
    made = Imported()
    for file in files:
        for sheet in file.sheets:
            _take(into, file, sheet, made)
    if not made.tables:
        raise Refusal(
            "没有在这些文件中认出任何一张公开表。",
            f"应是“{into.edition.name}”的 {'、'.join(form.sheet for form in into.edition.tables[:2])} 等表；"
            "请核对文件和工作簿的版式。",
        )
    order = [form.id for form in into.edition.tables]
    made.tables.sort(key=lambda table: order.index(table.form.id))
    _units(made, unit)
    book = _merge(into, made)
    _say(into, made, order)
    made.content = content(into.edition, book)
    return made


def _take(into: Source, file: File, sheet: Sheet, made: Imported) -> None:
    place = f"“{file.path.name}”的工作表“{sheet.name}”"
    fit = recognise(into.edition, sheet, file.path.stem, len(file.sheets) == 1)
    if fit is None:
        at = _first(sheet)
        made.missed.append(
            f"{place}没有认出是哪一张公开表，没有导入（首个有内容的单元格 {at.address}“{_text(sheet, at)}”）。"
        )
        return
    taken = next((table for table in made.tables if table.form.id == fit.form.id), None)
    if taken is not None:
        made.missed.append(f"{place}也是“{fit.form.sheet}”，已用{taken.place}，这一张没有导入。")
        return
    join_codes(fit.form, sheet)
    close_head(fit.form, sheet)
    notes = Notes()
    reader = SheetReader(Converter(notes, file.styles, file.date1904))
    data = reader.read(fit.form, sheet)
    units = {unit for _, unit in reader.units}
    table = Table(file, sheet.name, data, units.pop() if len(units) == 1 else "", fit.titled)
    if units:
        made.missed.append(f"{place}写了不止一种金额单位，请用 --unit 写明。")
    table.amounts = sum(1 for _, _, cell in _money(data) if cell.number is not None)
    unread = _unread(sheet, data)
    named = {ref for finding in notes.findings() for ref in finding.cells}
    for finding in notes.findings():
        line = f"“{file.path.name}”：{finding.message}"
        (made.noted if finding.severity.value == "info" else made.missed).append(line)
    for ref in unread:
        if ref not in named:
            made.missed.append(
                f"“{file.path.name}”：{ref} 的“{_text(sheet, ref)}”没有对上“{fit.form.sheet}”的任何一格，没有导入。"
            )
    for ref in (ref for ref in file.doubtful if ref.sheet == sheet.name):
        made.missed.append(f"“{file.path.name}”：{ref} 两种读法结果不一致，请打开原文件核对。")
    year = into.year
    for ref, there in reader.years:
        if year and there != year:
            made.missed.append(f"“{file.path.name}”：{ref} 的标题是 {there} 年度，工作簿是 {year} 年度，请核对。")
    full = norm(into.word("name"))
    for ref, name in reader.names:
        if full and not name.startswith(full) and not full.startswith(name):
            made.noted.append(
                f"“{file.path.name}”：{ref} 写的单位是“{name}”，工作簿的单位是“{into.word('name')}”，请核对。"
            )
    made.tables.append(table)


def _units(made: Imported, given: str) -> None:
    """Every table gets a unit: its own, else the one given, else the one that all others of the same file say."""
    for table in made.tables:
        if table.unit:
            if table.unit not in UNITS:
                raise Refusal(f"{table.place}的金额单位是“{table.unit}”。", "只能导入以元或万元为单位的表。")
            if given and given != table.unit:
                made.missed.append(
                    f"{table.place}写明金额单位是“{table.unit}”，与 --unit {given} 不同，按表中所写处理。"
                )
            continue
        same = {other.unit for other in made.tables if other.file is table.file and other.unit}
        if given or len(same) == 1:
            table.unit = given or same.pop()
            made.noted.append(
                f"{table.place}没有写金额单位，按{'--unit 写明的' if given else '同一文件其他表的'}“{table.unit}”处理。"
            )
    silent = [table for table in made.tables if not table.unit]
    if silent:
        raise Refusal(
            f"{'、'.join(table.place for table in silent[:3])}{'等' if len(silent) > 3 else ''}没有写明金额单位。",
            "请用 --unit 元 或 --unit 万元 写明。",
        )


def _merge(into: Source, made: Imported) -> Book:
    """The workbook with the tables in it, all in one unit of amount."""
    book = into.book
    wanted = book.unit_of_amount
    stated = {table.unit for table in made.tables}
    if stated == {_YUAN} and wanted != _YUAN and not _other_money(book, {t.form.id for t in made.tables}):
        wanted = _YUAN
        made.done.append("工作簿中没有填过别的金额，金额单位改为“元”，各表金额原样填入，没有折算。")
        book = _with_unit(into, wanted)
    sheets = dict(book.sheets)
    for table in made.tables:
        sheets[table.form.id] = (_scaled(table.data, UNITS[table.unit] / UNITS[wanted]),)
        done = "金额原样填入" if table.unit == wanted else f"由{table.unit}折算为{wanted}（没有四舍五入）"
        by = "" if table.titled else "（没有标题，按表头和项目认定）"
        made.done.append(
            f"{table.form.sheet}：取自{table.place}{by}，金额单位{table.unit}，{done}，{table.amounts} 个金额。"
        )
    return replace(book, sheets=sheets, unit_of_amount=wanted)


def _with_unit(into: Source, unit: str) -> Book:
    sheets = dict(into.book.sheets)
    data = sheets["unit"][0] if sheets.get("unit") else None
    if data is None:
        return into.book
    blocks = {}
    for key, block in data.blocks.items():
        rows = [
            replace(
                row,
                cells={
                    c: cell._replace(kind=CellKind.TEXT, text=unit) if c == "value" else cell
                    for c, cell in row.cells.items()
                },
            )
            if row.key == "amount_unit"
            else row
            for row in block.rows
        ]
        blocks[key] = BlockData(key, tuple(rows))
    sheets["unit"] = (replace(data, blocks=blocks),)
    return replace(into.book, sheets=sheets, unit_of_amount=unit)


def _other_money(book: Book, replaced: set[str]) -> bool:
    return any(
        cell.number and not cell.formula for data in book if data.form.id not in replaced for _, _, cell in _money(data)
    )


def _money(data: FormData) -> Iterator[tuple[RowData, str, Cell]]:
    """The cells of money."""
    if data.form.role is Role.PERFORMANCE:
        return
    for block in data.form.blocks:
        rows: Mapping[str, Row] = {row.key: row for row in block.rows}
        for row in data.blocks[block.key].rows if block.key in data.blocks else ():
            for key, cell in row.cells.items():
                form_row, column = rows.get(row.key), block.column(key)
                if (block.kind_of(form_row, column) if form_row is not None else column.kind) is Kind.MONEY:
                    yield row, key, cell


def _scaled(data: FormData, factor: Decimal) -> FormData:
    if factor == 1:
        return data
    money = {id(cell) for _, _, cell in _money(data)}
    blocks = {
        key: BlockData(
            key,
            tuple(replace(row, cells={c: _times(v, factor, money) for c, v in row.cells.items()}) for row in b.rows),
        )
        for key, b in data.blocks.items()
    }
    return replace(data, blocks=blocks)


def _times(cell: Cell, factor: Decimal, money: set[int]) -> Cell:
    if id(cell) not in money or cell.number is None:
        return cell
    number = cell.number * factor
    return cell._replace(number=number, text=f"{number:f}")


def _unread(sheet: Sheet, data: FormData) -> Iterator[CellRef]:
    """Amounts in the body of the table that were read into no cell: 行次, 栏次 and codes are none."""
    read = {cell.ref for block in data.blocks.values() for row in block.rows for cell in row.cells.values()}
    read |= {row.ref for block in data.blocks.values() for row in block.rows if row.ref is not None}
    if not read:
        return
    first = min(ref.row for ref in read)
    lines = {column for row, column in sheet.index.get(norm(_LINE), ())}
    codes = {c.ref.column for b in data.form.blocks for r in (data.blocks[b.key].rows if b.key in data.blocks else ())
             for k, c in r.cells.items() if b.column(k).kind is Kind.CODE}  # fmt: skip
    spread = {column + n for column in codes for n in range(3)} - {ref.column for ref in read}
    for row, cells in sheet.rows.items():
        if row < first:
            continue
        for column, raw in cells.items():
            ref = CellRef(sheet.name, row, column)
            if ref not in read and column not in lines | codes | spread and _amount(raw.type, raw.text):
                yield ref


def _amount(kind: str, text: str) -> bool:
    if kind == "e":
        return True
    return bool(values.stored(text) if kind == "n" else values.typed(text).number if kind == "t" else None)


def _say(into: Source, made: Imported, order: Sequence[str]) -> None:
    there = {table.form.id for table in made.tables}
    lacking = [into.edition.form(form_id).sheet for form_id in order if form_id not in there]
    if lacking:
        made.noted.append(f"没有导入、仍为工作簿原有内容的表：{'、'.join(lacking)}。")


def _first(sheet: Sheet) -> CellRef:
    row = next(iter(sheet.rows))
    return CellRef(sheet.name, row, min(sheet.rows[row]))


def _text(sheet: Sheet, ref: CellRef) -> str:
    raw = sheet.get(ref.row, ref.column)
    text = " ".join(raw.text.split()) if raw is not None else ""
    return text if len(text) <= 20 else text[:19] + "…"


__all__ = ["Imported", "Table", "put_in"]
