"""``read``: an .xlsx as a Book, with everything the reader has to say about it."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from ..editions import BUILT_IN, NO_EDITION, Edition, EditionError, Library
from ..model.book import WAN, Book, FormData
from ..model.cell import CellKind, CellRef
from ..model.finding import Refusal, Severity
from ..model.form import Form, Role
from . import cells
from .convert import Converter
from .forms import PerformanceReader
from .match import SheetMatch, match_sheets, norm
from .notes import Notes
from .package import Package, SheetPart, open_package, within_limits
from .recognise import Recogniser, say_edition, say_year, serving
from .sheets import SheetReader

# Keys of the unit form; they keep their meaning in every edition.
UNIT = "unit"
_YUAN, _WAN = "元", "万元"
_SMALL = 100_000  # bytes of a sheet that may be the unit form
_PEEK = 12  # first rows of a sheet that may name it
_TABLE_DECIMALS = 2
_MIXED = (Decimal(9990), Decimal(10010))  # 元 beside 万元


def read(path: Path | str, edition_id: str | None = None, library: Library = BUILT_IN) -> tuple[Edition, Book]:
    """The workbook at ``path``. The edition, one of ``library``, is ``edition_id``, else the one the workbook names,
    else the one that serves its year, else the one whose sheets it has. Refusal when the file can't be used at all."""
    collecting = gc.isenabled()
    gc.disable()  # many small values and hardly a cycle
    try:
        with within_limits(), open_package(Path(path)) as package:
            return Workbook(package, Path(path), library).read(edition_id)
    finally:
        if collecting:
            gc.enable()


class Workbook:
    """One opened workbook while it is read."""

    def __init__(self, package: Package, path: Path, library: Library = BUILT_IN) -> None:
        self.package, self.path, self.library = package, path, library
        self.parts: dict[str, SheetPart] = {}
        self.notes = Notes()
        for part in sorted(package.sheets, key=lambda part: part.hidden):  # a hidden copy never comes first
            if self.parts.setdefault(part.name, part) is not part:
                self.notes.add(
                    "S1",
                    Severity.ERROR,
                    f"文件中有两张同名的工作表“{part.name}”，只读取了前一张。",
                    "请删去或改名多余的一张。",
                )
        self.names = tuple(self.parts)
        self.strings = cells.shared_strings(package)
        self.convert = Converter(self.notes, cells.styles(package), package.date1904)
        self._sheets: dict[str, cells.Sheet] = {}
        self._tops: dict[str, cells.Sheet] = {}
        self._units: dict[str, FormData | None] = {}

    def sheet(self, name: str) -> cells.Sheet:
        if name not in self._sheets:
            self._sheets[name] = cells.read_sheet(self.package, name, self.parts[name].part, self.strings)
        return self._sheets[name]

    def _peek(self, name: str) -> Iterable[str]:
        if name not in self._tops:
            part = self.parts[name].part
            self._tops[name] = self._sheets.get(name) or cells.read_sheet(self.package, name, part, self.strings, _PEEK)
        index = self._tops[name].index
        return (text for text, places in index.items() if places[0][0] <= _PEEK)

    # which edition

    def read(self, edition_id: str | None) -> tuple[Edition, Book]:
        parts = (self.library, self.names, self._mentioned, self.sheet, self._peek, self._unit, self._year)
        recogniser = Recogniser(*parts)
        try:
            choice = recogniser.choose(edition_id)
        except EditionError as error:
            raise Refusal(str(error), error.fix or NO_EDITION) from error
        say_edition(choice, self._unit(choice.edition), self.notes, given=bool(edition_id))
        return choice.edition, self._book(choice.edition, explicit=bool(edition_id))

    def _mentioned(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of ``ids`` that are a text of the workbook; texts that stand in the cells are looked for in small
        sheets only, up to the first hit: a hint where to look first, nothing more."""
        found = frozenset(ids).intersection(text.strip() for text in self.strings)
        for part in () if found else self.parts.values():
            data = self.package.small(part.part, _SMALL)
            found = frozenset(i for i in ids if f">{i}<".encode() in data)
            if found:
                break
        return found

    def _unit(self, edition: Edition) -> FormData | None:
        """The unit form, read only to tell the edition; what it has to say is said when it is read for good."""
        if edition.id not in self._units:
            self._units[edition.id] = self._read_unit(edition)
        return self._units[edition.id]

    def _read_unit(self, edition: Edition) -> FormData | None:
        form = next((f for f in edition.forms if f.id == UNIT), None)
        names = match_sheets([form], self.names, self._peek).found.get(UNIT) if form is not None else None
        if form is None or not names:
            return None
        quiet = Converter(Notes(), self.convert.styles, self.convert.date1904)
        return SheetReader(quiet).read(form, self.sheet(names[0]))

    @staticmethod
    def _year(unit: FormData | None) -> int | None:
        cell = unit.cell("year", "value") if unit is not None else None
        return int(cell.number) if cell is not None and cell.number is not None else None

    # the book

    def _book(self, edition: Edition, explicit: bool) -> Book:
        match = match_sheets(edition.forms, self.names, self._peek)
        if not any(form.id in match.found for form in edition.forms if form.role is not Role.TABLE):
            raise Refusal(
                "没有单位信息等补充表，只有公开表，像是报表软件导出的表。",
                "请用 gongkai new 生成空白工作簿，再用 gongkai import 导入这些表。",
            )
        self._say_sheets(edition, match)
        quiet_unit = self._unit(edition)
        amount_unit, stated = self._amount_unit(edition, quiet_unit)
        divisor = WAN if amount_unit == _YUAN else Decimal(1)
        reader = SheetReader(self.convert, divisor)
        found: dict[str, tuple[FormData, ...]] = {}
        for form in edition.forms:
            reader.decimals = _TABLE_DECIMALS if form.role is Role.TABLE and amount_unit == _WAN else None
            found[form.id] = tuple(self._form(form, name, reader) for name in match.found.get(form.id, ()))
            if form.repeat:
                found[form.id] = tuple(data for data in found[form.id] if _filled(data))
        found = {form_id: group for form_id, group in found.items() if group}
        self._say_units(reader.units, amount_unit, stated)
        self._say_lines(edition, reader, found.get(UNIT, ()))
        self._say_mixed(edition, found)
        self._say_unit(edition, found.get(UNIT, ()), explicit)
        return Book(
            edition=edition.id,
            path=str(self.path),
            sheets=found,
            findings=self.notes.findings(),
            unit_of_amount=amount_unit,
            ignored_sheets=match.ignored,
        )

    def _form(self, form: Form, name: str, reader: SheetReader) -> FormData:
        if form.role is Role.PERFORMANCE:
            return PerformanceReader(self.convert).read(form, self.sheet(name))
        return reader.read(form, self.sheet(name))

    def _amount_unit(self, edition: Edition, unit: FormData | None) -> tuple[str, CellRef | None]:
        """元 or 万元, and the cell that says so (None: nobody says so, the form's default holds)."""
        cell = unit.cell("amount_unit", "value") if unit is not None else None
        if cell is not None and cell.text in (_YUAN, _WAN):
            return cell.text, cell.ref
        form = next((f for f in edition.forms if f.id == UNIT), None)
        rows = [row for block in form.blocks for row in block.rows if row.key == "amount_unit"] if form else []
        return (rows[0].default if rows and rows[0].default else _WAN), None

    # what is said about the workbook as a whole

    def _say_sheets(self, edition: Edition, match: SheetMatch) -> None:
        for form in edition.forms:
            if form.id not in match.found:
                needed = form.role is Role.TABLE or any(row.required for block in form.blocks for row in block.rows)
                self.notes.add(
                    "S1",
                    Severity.ERROR if needed else Severity.WARNING,
                    f"缺少工作表“{form.sheet}”。",
                    "请从空白工作簿（gongkai new）中复制该表"
                    + ("并填好；没有数据的表也要保留。" if needed else "；确实没有的可以不管。"),
                )
            for name in match.spare.get(form.id, ()):
                self.notes.add(
                    "S1",
                    Severity.ERROR if self.sheet(name).rows else Severity.WARNING,
                    f"工作表“{match.found[form.id][0]}”与“{name}”都像是“{form.sheet}”，只读取了前一张。",
                    "请删去或改名多余的一张。",
                )

    def _say_units(self, lines: list[tuple[CellRef, str]], unit: str, stated: CellRef | None) -> None:
        source = f"{stated} 选的是“{unit}”" if stated else f"单位信息表没有选金额单位，按“{unit}”处理"
        for text, refs in _grouped((ref, text) for ref, text in lines if text != unit).items():
            self.notes.add(
                "S7",
                Severity.ERROR,
                f"{_places(refs)}写的金额单位是“{text}”，{source}，两处不一致。",
                "请核对各表金额的单位：全部以元或全部以万元填写，并与单位信息表一致。",
                [*refs, *([stated] if stated else [])],
            )

    def _say_lines(self, edition: Edition, reader: SheetReader, units: tuple[FormData, ...]) -> None:
        """Year and name over a pasted table against the unit form."""
        data = units[0] if units else None
        year = self._year(data)
        for there, refs in _grouped((ref, y) for ref, y in reader.years if year not in (None, y)).items():
            own = data.cell("year", "value") if data is not None else None
            what = f"{_places(refs)}的标题是 {there} 年度，{own.ref if own else '单位信息表'} 填写的是 {year} 年度。"
            fix = "请核对粘贴的是否为本年度的表，还是单位信息表的年度填错。"
            if there not in edition.years:
                what = what[:-1] + f"，所用版式“{edition.name}”（{edition.id}）也不适用于 {there} 年度。"
                fix += f"确为 {there} 年度公开的，请改正单位信息表的年度。{serving(self.library, there, edition)}"
            self.notes.add("S10", Severity.WARNING, what, fix, [*refs, *([own.ref] if own else [])])
        full = data.text("name") if data is not None else ""
        known = {norm(full), norm(data.text("short_name") if data is not None else "")} - {""}
        other = ((r, n) for r, n in reader.names if full and not any(n == k or n.startswith(k + "(") for k in known))
        for name, refs in _grouped(other).items():
            what = f"{_places(refs)}写的单位是“{name}”，单位信息表填写的是“{full}”，两处不一致。"
            fix = "请核对粘贴的是否为本单位的表；单位名称应全文一致。"
            self.notes.add("S10", Severity.WARNING, what, fix, refs)

    def _say_mixed(self, edition: Edition, found: Mapping[str, tuple[FormData, ...]]) -> None:
        """The largest totals of two tables 10,000 times apart: one is in 元, the other in 万元."""
        tops = []
        for form in edition.tables:
            for data in found.get(form.id, ()):
                amounts = [
                    (abs(cell.number), cell.ref)
                    for row in (data.rows.get(r.key) for block in form.blocks for r in block.rows)
                    for cell in (row.cells.values() if row is not None else ())
                    if cell.kind is CellKind.NUMBER and cell.number
                ]
                if amounts:
                    tops.append(max(amounts))
        if not tops:
            return
        low, low_ref = min(tops)
        for high, ref in tops:
            if _MIXED[0] <= high / low <= _MIXED[1]:
                self.notes.add(
                    "S7",
                    Severity.WARNING,
                    f"{ref} 的 {high:f} 约为 {low_ref} 的 {low:f} 的一万倍，疑似元、万元混用。",
                    "请核对两表的金额单位。",
                    [ref, low_ref],
                )

    def _say_unit(self, edition: Edition, units: tuple[FormData, ...], explicit: bool) -> None:
        for data in units:
            self._say_required(data)
            say_year(edition, self.library, data, self.notes, explicit)

    def _say_required(self, data: FormData) -> None:
        for block in data.form.blocks:
            for row in block.rows:
                cell = data.cell(row.key, "value") if row.required else None
                if cell is not None and cell.is_blank:
                    what = f"{cell.ref} 没有填写“{row.label}”。"
                    fix = "请从下拉列表中选取。" if row.choices else "请在该格填写。"
                    self.notes.add("S10", Severity.ERROR, what, fix + row.comment, [cell.ref])


_T = TypeVar("_T")


def _grouped(lines: Iterable[tuple[CellRef, _T]]) -> dict[_T, list[CellRef]]:
    """The cells by what they say."""
    found: dict[_T, list[CellRef]] = {}
    for ref, text in lines:
        found.setdefault(text, []).append(ref)
    return found


def _places(refs: Sequence[CellRef]) -> str:
    named = "、".join(map(str, refs[:3]))
    return f"{named} 等 {len(refs)} 处" if len(refs) > 3 else f"{named} "


def _filled(data: FormData) -> bool:
    return any(not cell.is_blank for block in data.blocks.values() for row in block.rows for cell in row.cells.values())
