"""Official tables and supplementary sheets: heads, body, lines around the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ..model import heads as model_heads
from ..model.book import BlockData, FormData
from ..model.cell import CellRef
from ..model.finding import Severity
from ..model.form import AMOUNT_KINDS, Block, Form, Kind, Role
from . import heads, values
from .blocks import BlockReader
from .cells import Sheet
from .codes import split_codes
from .convert import Converter
from .heads import HeadMatch
from .match import loose, norm, year_pattern

_OPTIONAL = frozenset({Kind.LINE, Kind.HELP, Kind.RATE})
_UNITS = ("元", "万元", "千元", "百元", "亿元")
_LONGEST_LINE = 300  # over a table; longer texts are prose
_RESTORE = "请恢复表样的表头文字（全半角、空格、换行不影响）。"


@dataclass
class SheetReader:
    """``divisor`` turns the workbook's money into 万元; ``decimals`` are those allowed in the tables' money."""

    convert: Converter
    divisor: Decimal = Decimal(1)
    decimals: int | None = None
    # What the lines over the tables say: 金额单位, the title's year, the department's normalised name.
    units: list[tuple[CellRef, str]] = field(default_factory=list)
    years: list[tuple[CellRef, int]] = field(default_factory=list)
    names: list[tuple[CellRef, str]] = field(default_factory=list)

    def read(self, form: Form, sheet: Sheet) -> FormData:
        blocks = self._table(form, sheet) if form.role is Role.TABLE else self._stacked(form, sheet)
        return FormData(form, sheet.name, {block.key: block for block in blocks}, self.divisor)

    # official tables: one head over all blocks

    def _table(self, form: Form, sheet: Sheet) -> list[BlockData]:
        placed = model_heads.columns(form)
        paths = heads.normal_paths([column.head for _, column in placed])
        head = heads.find(sheet, paths)
        if head is None:
            self._no_head(form, sheet, "")
            return [BlockData(block.key) for block in form.blocks]
        head, codes = split_codes(sheet, head, placed)
        self._say_columns(form, sheet, head, [(block, column.key) for block, column in placed])
        rows = [row for row in sheet.rows if row >= head.body]
        places: dict[str, dict[str, int]] = {block.key: {} for block in form.blocks}
        for (block, column), at in zip(placed, head.columns, strict=True):
            if at is not None:
                places[block.key][column.key] = at
        ordinals = self._ordinals(form, sheet, rows, places)
        rows = [row for row in rows if row > ordinals]
        first = max(ordinals + 1, head.body)
        found: list[BlockData] = []
        stray: list[CellRef] = []
        readers = []
        for block in form.blocks:
            mine = places[block.key]
            amounts = [mine[c.key] for c in block.value_columns if c.kind in AMOUNT_KINDS and c.key in mine]
            known = sorted(c for p in places.values() for c in p.values())
            lead = [c for c in known if amounts and c < amounts[0]]
            reader = BlockReader(
                form, block, sheet, mine, rows, self.convert, lead, first, self.decimals,
                codes.get(block.key, ()),
            )  # fmt: skip
            found.append(reader.read())
            readers.append(reader)
        for reader in readers:
            stray += reader.stray()
        self._say_stray(form, sheet, stray)
        self._above(form, sheet, head.rows[0])
        return found

    def _ordinals(self, form: Form, sheet: Sheet, rows: list[int], places: dict[str, dict[str, int]]) -> int:
        """The 栏次 row, 0 if there is none: it has its label, or counts 1, 2, 3 … over the amounts."""
        columns = [
            places[block.key][column.key]
            for block, column in model_heads.columns(form)
            if column.kind is Kind.MONEY and column.key in places[block.key]
        ]
        for row in rows[:3]:
            shown = [sheet.label(row, column) for column in columns]
            counted = [str(n) for n in range(1, len(columns) + 1)]
            hits = sum(a == b for a, b in zip(shown, counted, strict=True))
            labelled = len(form.ordinals) > 1 and any(
                sheet.label(row, column) == norm(form.ordinals) for column in sheet.rows[row]
            )
            # Also where some columns of the form are not there: the row itself counts from one end to the other.
            whole = [sheet.label(row, column) for column in sorted(sheet.rows[row])]
            counts = len(whole) > 2 and whole == [str(n) for n in range(1, len(whole) + 1)]
            if labelled or counts or (len(columns) > 1 and hits == len(columns)):
                return row
        return 0

    def _above(self, form: Form, sheet: Sheet, before: int) -> None:
        """The lines over the head: the title's year, 部门：…, 金额单位：…."""
        title = year_pattern(form.title)
        for row, cells in sheet.rows.items():
            if row >= before:
                break
            for column, raw in cells.items():
                if raw.type == "t" and len(raw.text) <= _LONGEST_LINE:
                    text, ref = norm(raw.text), CellRef(sheet.name, row, column)
                    name, colon, rest = text.partition(":")
                    year = title.match(text)
                    if year:
                        self.years.append((ref, int(year[1])))
                    elif colon and name.endswith("单位") and rest in _UNITS:
                        self.units.append((ref, rest))
                    elif colon and rest and name in ("部门", "单位", "编制单位", "公开部门", "公开单位"):
                        self.names.append((ref, rest))

    # supplementary sheets: blocks below each other, each under its own head

    def _stacked(self, form: Form, sheet: Sheet) -> list[BlockData]:
        starts = self._starts(form, sheet)
        found = []
        for at, block in enumerate(form.blocks):
            start = starts[at]
            if start is None:
                self._no_head(form, sheet, block.title)
                found.append(BlockData(block.key))
                continue
            head = start[1]
            later = [s[0] for s in starts[at + 1 :] if s is not None]
            end = min(later, default=1 << 21)
            self._say_columns(form, sheet, head, [(block, c.key) for c in block.columns])
            mine = {c.key: col for c, col in zip(block.columns, head.columns, strict=True) if col is not None}
            rows = [row for row in sheet.rows if head.body <= row < end]
            reader = BlockReader(form, block, sheet, mine, rows, self.convert, sorted(mine.values()), head.body)
            found.append(reader.read())
            self._say_stray(form, sheet, reader.stray())
            if block.open is None:
                self._say_unread(sheet, reader)
        return found

    def _starts(self, form: Form, sheet: Sheet) -> list[tuple[int, HeadMatch] | None]:
        """For each block the row it begins with (its title, else its head) and its head."""
        titles = {norm(b.title): i for i, b in enumerate(form.blocks) if b.title}
        starts: list[tuple[int, HeadMatch] | None] = []
        first = 1
        for at, block in enumerate(form.blocks):
            paths = heads.normal_paths([column.head for column in block.columns])
            words = len({text for path in paths for text in path})
            places = [p for p in heads.candidates(sheet, paths, first, 1 << 21) if p[0] * 2 >= words]
            chosen: tuple[int, int] | None = None
            best = 0
            for score, top in places:
                above = self._title_above(sheet, top, first, titles)
                if above is not None and above[1] == at:
                    chosen = (above[0], top)
                    break
                if above is None and score > best:
                    chosen, best = (top, top), score
            starts.append((chosen[0], heads.at(sheet, paths, chosen[1])) if chosen else None)
            if chosen:
                first = chosen[1] + 1
        return starts

    @staticmethod
    def _title_above(sheet: Sheet, top: int, first: int, titles: dict[str, int]) -> tuple[int, int] | None:
        """Row and block of the section title just above a head (a hint may stand between)."""
        if not titles:
            return None
        seen = 0
        for row in range(top - 1, max(first - 1, top - 8, 0), -1):
            if row not in sheet.rows:
                continue
            for column in sheet.rows[row]:
                text = sheet.label(row, column)
                block = titles.get(text)
                if block is None and text:
                    block = next((i for title, i in titles.items() if loose(title) == loose(text)), None)
                if block is not None:
                    return row, block
            seen += 1
            if seen == 3:
                break
        return None

    # what is said

    def _no_head(self, form: Form, sheet: Sheet, title: str) -> None:
        where = f"“{title}”的表头" if title else "表头"
        self.convert.notes.add("S2", Severity.ERROR, f"{sheet.name} 中找不到{where}，没有读取。", _RESTORE)

    def _say_columns(self, form: Form, sheet: Sheet, head: HeadMatch, columns: Sequence[tuple[Block, str]]) -> None:
        notes = self.convert.notes
        row = head.rows[-1]
        for at, (block, key) in enumerate(columns):
            column = block.column(key)
            name = "—".join(column.head)
            if head.columns[at] is None and column.kind not in _OPTIONAL:
                there = [c for c in head.columns if c is not None]
                cells = [CellRef(sheet.name, row, min(there))] if there else []
                notes.add("S2", Severity.ERROR, f"{sheet.name} 的表头中找不到“{name}”一栏。", _RESTORE, cells)
            elif at in head.renamed and column.kind not in _OPTIONAL:
                here = head.columns[at] or 1
                at_row = next((r for r in head.rows if sheet.label(r, here) == head.renamed[at]), row)
                ref = CellRef(sheet.name, at_row, here)
                what = f"{ref} 的表头是“{head.renamed[at]}”，表样为“{name}”。"
                notes.add("S2", Severity.ERROR, what, _RESTORE, [ref])
        if form.role is Role.TABLE:
            self._say_extra(sheet, head)

    def _say_extra(self, sheet: Sheet, head: HeadMatch) -> None:
        for column, text in head.extra:
            rows = [r for r, cells in sheet.rows.items() if r >= head.body and self._amount(sheet, r, column) and cells]
            if rows:
                refs = [CellRef(sheet.name, row, column) for row in rows]
                message = f"{refs[0]} 起的“{text}”一栏不在表样中，其中的金额没有读取。"
                self.convert.notes.add("S2", Severity.ERROR, message, "请删去多出的一栏，或恢复表样的表头。", refs)

    @staticmethod
    def _amount(sheet: Sheet, row: int, column: int) -> bool:
        raw = sheet.get(row, column)
        return raw is not None and raw.type == "n" and bool(values.stored(raw.text))

    def _say_stray(self, form: Form, sheet: Sheet, stray: Sequence[CellRef]) -> None:
        codes = any(block.open is not None and block.open.by_code for block in form.blocks)
        what = "有金额，但该行没有科目编码，没有读取" if codes else "有金额，但该行对不上表样的任何项目，没有读取"
        fix = "请补填该行的科目编码，或删去多余的金额。" if codes else "请核对该行的项目名称，或删去多余的金额。"
        for ref in dict.fromkeys(stray):
            raw = sheet.get(ref.row, ref.column)
            self.convert.notes.cell("S3", Severity.ERROR, ref, raw.text if raw else "", what, fix)

    def _say_unread(self, sheet: Sheet, reader: BlockReader) -> None:
        """Text filled into a row of a fixed block that has lost its label."""
        value = next((reader.places[c.key] for c in reader.block.value_columns if c.key in reader.places), None)
        known = {norm(text) for text in (reader.form.hint, reader.block.hint, reader.form.title) if text}
        for row in reader.rows:
            raw = sheet.get(row, value) if value is not None else None
            if (
                raw is not None
                and row not in reader.used
                and raw.type == "t"
                and raw.text.strip()
                and value is not None
            ):
                if norm(raw.text) in known or not any(c < value for c in sheet.rows[row]):
                    continue
                ref = CellRef(sheet.name, row, value)
                what = "对不上表样的任何项目，没有读取"
                self.convert.notes.cell("S3", Severity.WARNING, ref, raw.text, what, "请核对该行的项目名称。")
