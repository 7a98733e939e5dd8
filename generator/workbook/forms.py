"""Performance forms: labelled fields in lines over a grid, and the indicator rows between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..model.book import BlockData, FormData, RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.finding import Severity
from ..model.form import Block, Form, Kind, Line, Part, grid_places
from . import heads
from .blocks import idle
from .cells import Sheet
from .convert import Converter
from .match import norm

_LAST = 1 << 21


@dataclass
class _Open:
    """An open part: rows of the sheet from ``top`` (its head) and ``body`` up to ``end``, 0 while that isn't known."""

    block: Block
    top: int
    body: int
    line: Line
    end: int = 0


@dataclass
class PerformanceReader:
    convert: Converter

    def read(self, form: Form, sheet: Sheet) -> FormData:
        self.form, self.sheet = form, sheet
        self.heads: dict[int, tuple[int, str]] = {}  # grid column → sheet column and label of the line before
        fields: dict[str, RowData] = {}
        parts: list[_Open] = []
        self._header(fields)
        row = 1
        lacking: list[str] = []
        for line, starts in zip(form.lines, grid_places(form.lines), strict=True):
            if line.indicators is not None:
                head = heads.find(sheet, self._paths(line.indicators), row)
                if head is None:
                    self._say_missing([line.indicators.columns[0].head[-1]], "等指标的表头")
                else:
                    if parts and not parts[-1].end:
                        parts[-1].end = head.rows[0]
                    parts.append(_Open(line.indicators, head.rows[0], head.body, line))
                    row = head.body
                continue
            found = self._line(line, starts, row, fields, lacking)
            if found:
                if parts and not parts[-1].end:
                    parts[-1].end = found
                row = found + 1
        if lacking:
            self._say_missing(lacking)
        blocks = {"fields": BlockData("fields", tuple(fields.values()))}
        for part in parts:
            blocks[part.block.key] = self._indicators(part)
        return FormData(form, sheet.name, blocks)

    @staticmethod
    def _paths(block: Block) -> tuple[tuple[str, ...], ...]:
        return heads.normal_paths([column.head for column in block.columns])

    # fields

    def _header(self, fields: dict[str, RowData]) -> None:
        header = self.form.header
        if header is None or not header.field:
            return
        label = norm(header.right)
        for text, places in self.sheet.index.items():
            row, column = places[0]
            if text in (label, label + ":"):
                at = self._next_filled(row, self.sheet.right_of(row, column), 4)
                self._put(fields, header.field, row, at, header.kind, row, column)
                return
            if text.startswith(label + ":"):
                raw = self.sheet.get(row, column)
                value = (
                    raw.text.partition("：" if raw is not None and "：" in raw.text else ":")[2].strip() if raw else ""
                )
                ref = CellRef(self.sheet.name, row, column)
                cell = Cell(
                    ref, CellKind.TEXT if value else CellKind.BLANK, text=value, formula=bool(raw and raw.formula)
                )
                fields[header.field] = RowData(header.field, {"value": cell}, header.right, ref)
                return

    def _next_filled(self, row: int, column: int, reach: int) -> int:
        cells = self.sheet.rows.get(row, {})
        return next((c for c in sorted(cells) if column <= c < column + reach), column)

    def _line(
        self, line: Line, starts: tuple[int, ...], first: int, fields: dict[str, RowData], lacking: list[str]
    ) -> int:
        """Reads the line; the row it was found in, 0 when it is not there."""
        labels = [norm(part.label) for part in line.parts if part.label]
        if not labels:
            return self._below(line, starts, first, fields)
        row = self._row_of(labels, first)
        if not row:
            lacking += [part.label for part in line.parts if part.label]
            return 0
        at = 0
        self.heads = {}
        for index, part in enumerate(line.parts):
            if part.label:
                column = self._column_of(row, norm(part.label), at)
                if column is not None and part.down == 1:
                    self.heads |= {starts[index] + n: (column + n, part.label) for n in range(part.span)}
                if column is None:
                    lacking.append(part.label)
                    column = max(at, 1)
                at = self.sheet.right_of(row, column, part.span)
                if part.span > 1 and (row, column) not in self.sheet.merges:
                    at = self._unmerged(row, column, part, line.parts[index + 1 : index + 2])
            elif part.field:
                before = next((p for p in reversed(line.parts[:index]) if p.label), None)
                self._field(fields, part, row, at, before.label if before else "")
                at = self.sheet.right_of(row, at, part.span)
            else:
                at = self.sheet.right_of(row, at, part.span) if at else at
        return row

    def _below(self, line: Line, starts: tuple[int, ...], row: int, fields: dict[str, RowData]) -> int:
        """A line of fields alone stands right under the labels of the line before."""
        wanted = [(part, at) for part, at in zip(line.parts, starts, strict=True) if part.field]
        if any(at not in self.heads for _, at in wanted):
            return 0
        for part, at in wanted:
            column, label = self.heads[at]
            self._field(fields, part, row, column, label)
        return row

    def _unmerged(self, row: int, column: int, part: Part, following: tuple[Part, ...]) -> int:
        """Behind a label that should cover several columns but is not merged: the value may stand right beside it."""
        if following and following[0].field:
            for at in range(column + 1, column + part.span):
                if self.sheet.get(row, at) is not None:
                    return at
        return column + part.span

    def _row_of(self, labels: list[str], first: int) -> int:
        """The nearest row at or below ``first`` that holds the first label, preferring one that holds them all."""
        rows = [row for row, _ in self.sheet.index.get(labels[0], ()) if row >= first]
        for row in rows:
            if all(self._column_of(row, label, 0) is not None for label in labels[1:]):
                return row
        return rows[0] if rows else 0

    def _column_of(self, row: int, label: str, after: int) -> int | None:
        return next((c for r, c in self.sheet.index.get(label, ()) if r == row and c >= after), None)

    def _field(self, fields: dict[str, RowData], part: Part, row: int, column: int, label: str) -> None:
        self._put(fields, part.field, row, column, part.kind, row, max(column - 1, 1), part.options, label)

    def _put(
        self,
        fields: dict[str, RowData],
        key: str,
        row: int,
        column: int,
        kind: Kind,
        label_row: int,
        label_column: int,
        options: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        cell = self.convert.at(self.sheet, row, column, kind, options)
        text = label or self.sheet.label(label_row, label_column)
        fields[key] = RowData(key, {"value": cell}, text, CellRef(self.sheet.name, label_row, label_column))

    # indicators

    def _indicators(self, part: _Open) -> BlockData:
        block, body, end, line = part.block, part.body, part.end or _LAST, part.line
        head = heads.at(self.sheet, self._paths(block), part.top)
        places: dict[str, int] = {}
        for column, at in zip(block.columns, head.columns, strict=True):
            if at is None:
                self._say_missing(["—".join(column.head)])
            else:
                places[column.key] = at
        above: dict[str, Cell] = {}
        rows: list[RowData] = []
        fixed = {norm(row.label): row for row in block.rows}
        free = 0
        covered = self._covered([places[key] for key in line.merge_down if key in places], body, end)
        for number in self.sheet.rows:
            if not body <= number < end or not self._filled(number, places):
                continue
            cells = {
                c.key: self.convert.at(self.sheet, number, places[c.key], c.kind, c.choices)
                for c in block.columns
                if c.key in places
            }
            self._inherit(cells, above, line.merge_down, number, covered)
            ref = CellRef(self.sheet.name, number, min(places.values()))
            own = (
                fixed.pop(norm(self.sheet.label(number, places.get(block.columns[0].key, 1))), None) if fixed else None
            )
            if own is not None:
                cells.pop(block.columns[0].key, None)
                rows.append(RowData(own.key, cells, own.label, ref))
                continue
            free += 1
            rows.append(RowData(str(free), cells, "", ref))
        if fixed:
            self._say_missing([row.label for row in fixed.values()])
        return BlockData(block.key, tuple(rows))

    def _filled(self, number: int, places: Mapping[str, int]) -> bool:
        raws = (self.sheet.get(number, at) for at in places.values())
        return any(raw is not None and not idle(raw) and raw.text.strip() for raw in raws)

    def _covered(self, columns: list[int], body: int, end: int) -> set[tuple[int, int]] | None:
        """Cells covered by a merge from above; None when nothing is merged (a table pasted without its merges)."""
        covered: set[tuple[int, int]] = set()
        for (row, column), (last, _) in self.sheet.merges.items():
            if column in columns and body <= row < last and row < end:
                covered |= {(number, column) for number in self.sheet.rows if row < number <= last}
        return covered or None

    @staticmethod
    def _inherit(
        cells: dict[str, Cell],
        above: dict[str, Cell],
        merge_down: tuple[str, ...],
        row: int,
        covered: set[tuple[int, int]] | None,
    ) -> None:
        """A blank under a merged cell takes the value above; a new value ends what was merged to its right."""
        for at, key in enumerate(merge_down):
            cell = cells.get(key)
            if cell is None:
                continue
            if cell.kind is CellKind.BLANK and (covered is None or (row, cell.ref.column) in covered):
                cells[key] = above.get(key, cell)
                continue
            if key not in above or above[key].text != cell.text:
                for lower in merge_down[at + 1 :]:
                    above.pop(lower, None)
            above[key] = cell

    def _say_missing(self, labels: list[str], more: str = "") -> None:
        named = "、".join(f"“{label}”" for label in labels)
        self.convert.notes.add(
            "S3",
            Severity.ERROR,
            f"{self.sheet.name} 中找不到{named}{more}，对应的内容没有读取。",
            "请恢复表样原有的栏目文字，或从空白工作簿中复制该表后重新填写。",
        )
