"""Blocks as rows and cells: fixed rows by label or code, open tables by code, free lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..model.book import BlockData, RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.finding import Severity
from ..model.form import AMOUNT_KINDS, Block, Column, Form, Kind, Row
from . import values
from .cells import Raw, Sheet
from .codes import CodeCells
from .convert import Converter
from .match import loose, match_labels, norm
from .values import Reading

_NOT_READ = frozenset({Kind.LABEL, Kind.LINE, Kind.HELP, Kind.RATE})
_NAMED = 8  # missing rows named in a message
_LABELS = frozenset({Kind.LABEL, Kind.CODE, Kind.NAME})


@dataclass
class BlockReader:
    """One block of one sheet. ``places``: column key → sheet column; ``rows``: the sheet rows it may use;
    ``lead``: sheet columns of the table left of the block's first amount, for labels that span several."""

    form: Form
    block: Block
    sheet: Sheet
    places: dict[str, int]
    rows: Sequence[int]
    convert: Converter
    lead: Sequence[int] = ()
    first: int = 1  # the sheet row right below the head
    decimals: int | None = None  # decimals allowed in money
    codes: Sequence[int] = ()  # sheet columns over which the block's codes are spread, when there are several

    def read(self) -> BlockData:
        block = self.block
        self.used: set[int] = set()
        code = next((c for c in self.block.columns if c.kind is Kind.CODE and c.key in self.places), None)
        self._code_key = code.key if code is not None else ""
        columns = self.codes or ((self.places[self._code_key],) if self._code_key else ())
        levels = self.block.open.levels if self.block.open is not None else ()
        self._codes = CodeCells(self.sheet, columns, levels, self.convert.notes)
        fixed = self._fixed()
        if block.open is None:
            data = fixed
        elif block.open.by_code:
            data = [*fixed, *self._by_code(block.open.levels)]
        else:
            data = [*fixed, *self._list()]
        self.used |= self._codes.broken
        return BlockData(block.key, tuple(data), self._free())

    def _free(self) -> CellRef | None:
        """The first cell to type in, of the first row below the head that is not used."""
        at = next((self.places[c.key] for c in self.block.columns if c.key in self.places and _typed(c)), 0)
        number = self.first
        while number in self.used:
            number += 1
        return CellRef(self.sheet.name, number, at) if at else None

    # fixed rows

    def _fixed(self) -> list[RowData]:
        rows = [row for row in self.block.rows if not row.spacer]
        if not rows:
            return []
        where = self._where(rows)
        found = []
        for at, row in enumerate(rows):
            if at in where:
                number, column = where[at]
                self.used.add(number)
                found.append(self._row(row.key, number, column, row))
        self._missing([row for at, row in enumerate(rows) if at not in where])
        return found

    def _where(self, rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
        """Position in ``rows`` → sheet row and column of its label."""
        code_at = self.places[self._code_key] if self._code_key else None
        label_columns = [self.places[c.key] for c in self.block.columns if c.kind in _LABELS and c.key in self.places]
        if not label_columns:
            return self._single(rows)
        where: dict[int, tuple[int, int]] = {}
        if code_at is not None and any(row.code for row in rows):
            by_code: dict[str, int] = {}
            for number in self.rows:
                code = self._codes.at(number)
                if code:
                    by_code.setdefault(code, number)
            for at, row in enumerate(rows):
                if row.code in by_code:
                    where[at] = (by_code[row.code], code_at)
            if self.block.open is None:
                self._miscoded(rows, where, by_code, label_columns[-1], code_at)
        self._match(rows, where, label_columns[-1:] if self.block.label_column else label_columns, code_at)
        spanning = [at for at, row in enumerate(rows) if at not in where and not row.code]
        for at in spanning:
            columns = self.lead[-rows[at].label_span :] if rows[at].label_span else label_columns
            hit = self._anywhere(norm(rows[at].label), columns, {n for n, _ in where.values()})
            if hit is not None:
                where[at] = hit
        self._names(rows, where, label_columns[-1], code_at)
        return where

    def _match(
        self, rows: Sequence[Row], where: dict[int, tuple[int, int]], columns: Sequence[int], code_at: int | None
    ) -> None:
        """Rows not found by code, by their labels."""
        open_at = [at for at, row in enumerate(rows) if at not in where and (row.code or not row.label_span)]
        taken = {number for number, _ in where.values()}
        labels: list[tuple[int, str]] = []
        places: dict[int, int] = {}
        for number in self.rows:
            if number in taken or self._codes.at(number):
                continue
            for column in columns:
                label = self.sheet.label(number, column)
                if label:
                    labels.append((number, label))
                    places[number] = column
                    break
        if self.block.open is not None:
            wanted = {norm(rows[at].label) for at in open_at}
            labels = [(number, label) for number, label in labels if label in wanted or loose(label) in wanted]
        for at, number in match_labels([norm(rows[at].label) for at in open_at], labels).items():
            where[open_at[at]] = (number, places[number])

    def _single(self, rows: Sequence[Row]) -> dict[int, tuple[int, int]]:
        """A block without labels has one row: the first that holds amounts, else the first below the head."""
        columns = [self.places[c.key] for c in self.block.value_columns if c.key in self.places]
        if not columns or not rows:
            return {}
        number = next((n for n in self.rows if self._like_amounts(n, columns)), self.first)
        return {0: (number, columns[0])}

    def _like_amounts(self, number: int, columns: Sequence[int]) -> bool:
        raws = [raw for at in columns if (raw := self.sheet.get(number, at)) is not None]
        return len(raws) > 1 or any(
            raw.type != "t" or values.typed(raw.text).reading is not Reading.BAD for raw in raws
        )

    def _anywhere(self, label: str, columns: Iterable[int], taken: set[int]) -> tuple[int, int] | None:
        wanted = set(columns)
        allowed = self._row_set
        for row, column in self.sheet.index.get(label, ()):
            if column in wanted and row in allowed and row not in taken:
                return row, column
        return None

    @cached_property
    def _row_set(self) -> set[int]:
        return set(self.rows)

    def _names(self, rows: Sequence[Row], where: dict[int, tuple[int, int]], name_at: int, code_at: int | None) -> None:
        """A code of the form beside another name than the form's."""
        for at, (number, column) in where.items():
            row = rows[at]
            if row.code and column == code_at:
                name = self.sheet.label(number, name_at)
                if name and loose(name) != loose(norm(row.label)):
                    raw = self.sheet.get(number, name_at)
                    self.convert.notes.cell(
                        "S3",
                        Severity.WARNING,
                        CellRef(self.sheet.name, number, name_at),
                        raw.text if raw else "",
                        f"与表样的科目名称不同，编码 {row.code} 应为“{row.label}”",
                        "请核对编码和金额是否填在同一行。",
                    )

    def _miscoded(
        self,
        rows: Sequence[Row],
        where: dict[int, tuple[int, int]],
        by_code: dict[str, int],
        name_at: int,
        code_at: int,
    ) -> None:
        """A name of the form beside a code that is none of the form's: the row is found, the code is wrong."""
        ours = {row.code for row in rows}
        named: dict[str, list[tuple[str, int]]] = {}
        for code, number in by_code.items():
            if code not in ours:
                named.setdefault(loose(self.sheet.label(number, name_at)), []).append((code, number))
        for at, row in enumerate(rows if named else ()):
            found = named.get(loose(norm(row.label)), ()) if row.code and at not in where else ()
            if len(found) == 1:
                code, number = found[0]
                where[at] = (number, code_at)
                ref = CellRef(self.sheet.name, number, self._codes.column(number))
                what = f"与表样的编码不同，“{row.label}”应为 {row.code}"
                self.convert.notes.cell("S3", Severity.ERROR, ref, code, what, "请核对并改正该格的科目编码。")

    def _missing(self, rows: Sequence[Row]) -> None:
        """An error, but for settings: a workbook that is older than a setting is read by its default."""
        for row in (row for row in rows if row.has_default):
            what = f"{self.sheet.name} 中没有“{row.label}”一行，按默认的“{row.default}”处理。"
            self.convert.notes.add(
                "S3", Severity.INFO, what, "不需要另选的，无需更正；要另选的，请改用新的空白工作簿。"
            )
        rows = [row for row in rows if not row.has_default]
        if not rows:
            return
        coded = "code" in self.places and self.block.label_column is not None
        names = [f"{row.code} {row.label}" if row.code and coded else row.label for row in rows]
        named = "、".join(f"“{name}”" for name in names[:_NAMED] if name)
        count = f"等 {len(rows)} 行" if len(rows) > _NAMED else f" {len(rows)} 行" if len(rows) > 1 else "一行"
        title = f"“{self.block.title}”中" if self.block.title else ""
        top = [CellRef(self.sheet.name, self.rows[0], min(self.places.values()))] if self.rows and self.places else []
        self.convert.notes.add(
            "S3",
            Severity.ERROR,
            f"{self.sheet.name} {title}缺少{named}{count}。" if named else f"{self.sheet.name} 缺少填写金额的一行。",
            "请恢复表样原有的项目名称和各行；没有金额的行也要保留，金额留空。",
            top,
        )

    # open rows

    def _by_code(self, levels: tuple[int, ...]) -> list[RowData]:
        if not self._code_key:
            return []
        found: list[RowData] = []
        seen: dict[str, int] = {}
        for number in self.rows:
            if number in self.used:
                continue
            code = self._codes.at(number)
            if not code:
                continue
            code_at = self._codes.column(number)
            self.used.add(number)
            ref = CellRef(self.sheet.name, number, code_at)
            last = next((row.key for row in reversed(found) if len(row.key) in levels), "")
            self._check_code(code, ref, levels, seen, last)
            seen.setdefault(code, number)
            found.append(self._row(code, number, code_at))
        self._parents(found, levels, seen)
        return found

    def _check_code(self, code: str, ref: CellRef, levels: tuple[int, ...], seen: dict[str, int], last: str) -> None:
        note = self.convert.notes.cell
        if code in seen:
            what = f"科目编码与第 {seen[code]} 行重复"
            note("S8", Severity.ERROR, ref, code, what, "同一科目只能有一行，请合并或改正编码。")
        elif len(code) not in levels:
            lengths = "、".join(map(str, levels))
            note("S8", Severity.ERROR, ref, code, f"科目编码位数不对，应为 {lengths} 位", "请核对科目编码。")
        elif last and last > code and not last.startswith(code):
            note("S8", Severity.WARNING, ref, code, "科目编码没有按从小到大排列", "请按编码顺序排列各行。")

    def _parents(self, found: Sequence[RowData], levels: tuple[int, ...], seen: dict[str, int]) -> None:
        for row in found:
            if len(row.key) in levels and row.ref is not None:
                upper = [row.key[:n] for n in levels if n < len(row.key)]
                lacking = [code for code in upper if code not in seen]
                if lacking:
                    what = f"缺少上级科目 {'、'.join(lacking)} 的行"
                    self.convert.notes.cell(
                        "S8", Severity.WARNING, row.ref, row.key, what, "请补上类、款各级科目的行。"
                    )

    def _list(self) -> list[RowData]:
        hints = {norm(text) for text in (self.block.hint, self.form.hint) if text}
        found: list[RowData] = []
        columns = [
            (c, self.places[c.key]) for c in self.block.columns if c.key in self.places and c.kind not in _NOT_READ
        ]
        for number in self.rows:
            if number in self.used or not self._filled(number, columns):
                continue
            self.used.add(number)
            if hints and any(self.sheet.label(number, at) in hints for _, at in columns[:1]):
                continue
            found.append(self._row(str(len(found) + 1), number, columns[0][1]))
        return found

    def _filled(self, number: int, columns: Sequence[tuple[Column, int]]) -> bool:
        """Anything typed there; a prepared formula that shows nothing or zero does not count."""
        for column, at in columns:
            raw = self.sheet.get(number, at)
            if raw is not None and not idle(raw) and not (raw.formula and column.show) and raw.text.strip():
                return True
        return False

    # both

    def _row(self, key: str, number: int, label_at: int, row: Row | None = None) -> RowData:
        name, note, convert = self.sheet.name, self.decimals, self.convert.cell
        raws = self.sheet.rows.get(number, {})
        cells: dict[str, Cell] = {}
        for column, at in self._read_columns:
            ref, raw = CellRef(name, number, at), raws.get(at)
            if raw is None:
                cells[column.key] = Cell(ref, CellKind.BLANK)
            elif row is None:
                cells[column.key] = convert(ref, raw, column.kind, column.choices, note)
            else:
                kind, choices = self.block.kind_of(row, column), row.choices or column.choices
                cells[column.key] = convert(ref, raw, kind, choices, note, row.required)
        if self.codes and self._codes.at(number):
            ref = CellRef(name, number, self._codes.column(number))
            cells[self._code_key] = Cell(ref, CellKind.TEXT, text=self._codes.at(number))
        label = self._raw_text(number, self._label_place) if self._label_place else ""
        label = label or self._raw_text(number, label_at)
        return RowData(key, cells, label, CellRef(self.sheet.name, number, label_at))

    @cached_property
    def _read_columns(self) -> list[tuple[Column, int]]:
        return [(c, self.places[c.key]) for c in self.block.columns if c.key in self.places and c.kind not in _NOT_READ]

    @cached_property
    def _label_place(self) -> int:
        """The sheet column of the rows' labels or names, 0 when there is none."""
        labels = [self.places.get(c.key, 0) for c in self.block.columns if c.kind in (Kind.LABEL, Kind.NAME)]
        return labels[0] if labels else 0

    def _raw_text(self, number: int, column: int) -> str:
        raw = self.sheet.get(number, column)
        return raw.text.strip() if raw is not None and raw.type in "tn" else ""

    def _amount_places(self) -> list[int]:
        return [self.places[c.key] for c in self.block.value_columns if c.kind in AMOUNT_KINDS and c.key in self.places]

    def stray(self) -> list[CellRef]:
        """Amounts of the block's columns in rows that are no row of the form."""
        found = []
        places = self._amount_places()
        for number in self.rows:
            if number not in self.used:
                for at in places:
                    raw = self.sheet.get(number, at)
                    if raw is not None and not idle(raw) and self._is_amount(raw):
                        found.append(CellRef(self.sheet.name, number, at))
        return found

    @staticmethod
    def _is_amount(raw: Raw) -> bool:
        if raw.type == "n":
            return bool(values.stored(raw.text))
        return raw.type == "t" and bool(values.typed(raw.text).number)


def _typed(column: Column) -> bool:
    return column.kind not in _NOT_READ and not column.show


def idle(raw: Raw) -> bool:
    """A formula that shows nothing: blank, zero, or not yet calculated."""
    return raw.formula and (not raw.text.strip() or (raw.type == "n" and not values.stored(raw.text)))
