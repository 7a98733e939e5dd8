"""The official tables in their printed layout."""

from __future__ import annotations

from openpyxl.worksheet.worksheet import Worksheet

from ..model.form import AMOUNT_KINDS, Column, Kind, Row
from ..model.heads import columns, table_head
from .blank_formulas import Formulas
from .blank_plan import TABLE_TOP, BlockPlan, RowPlan, SheetPlan
from .blank_sheet import Kit, Pen, expand, text_width
from .blank_spots import Spot, address, code_text
from .blank_style import (
    HEAD_CELL,
    LABEL,
    LINE_LEFT,
    LINE_NUMBER,
    LINE_RIGHT,
    MONEY_IN_TABLE,
    NOTE,
    SUM,
    TITLE,
    Look,
    alarm,
    entry,
)

_ROW_HEIGHT, _DENSE = 15.5, 15.0
_POINTS = 5.6  # width of a character
_CODE_HINT = "可从下拉列表选择，也可直接填写其他编码。"
_SUM_HINT = "较短编码（类、款）的金额由其下一级编码的各行自动汇总，最长编码（项）的金额直接填写。可整表粘贴、插入行。"


def write_table(kit: Kit, sheet: Worksheet, plan: SheetPlan) -> None:
    """Fill ``sheet`` with an official table."""
    _Table(kit, sheet, plan).write()


class _Table:
    def __init__(self, kit: Kit, sheet: Worksheet, plan: SheetPlan) -> None:
        self.kit, self.plan, self.form = kit, plan, plan.form
        self.pen = Pen(kit, sheet, plan)
        self.sheet = sheet
        self.width = len(plan.widths)
        self.covered: set[tuple[int, int]] = set()
        self.dense = all(block.open is None for block in self.form.blocks)

    def write(self) -> None:
        pen, form, plan = self.pen, self.form, self.plan
        pen.widths(plan.widths)
        half = (self.width + 1) // 2
        pen.wording(1, 1, form.title, TITLE, last=self.width)
        self.sheet.row_dimensions[1].height = 30
        pen.put(2, half + 1, form.form_no, LINE_RIGHT, last=self.width)
        pen.wording(3, 1, self.kit.edition.department_line, LINE_LEFT, last=half)
        pen.put(3, half + 1, self.kit.amount_line[1], LINE_RIGHT, last=self.width, formula=self.kit.amount_line[0])
        self._head()
        merges = [_label_place(block, row) for block in plan.blocks for row in block.rows]
        # A label may reach into the block at its left, whose own cells give way.
        self.covered |= {(row, c) for row, first, last in merges if last > first for c in range(first, last + 1)}
        for block in plan.blocks:
            for row in block.rows:
                self._row(block, row)
            self._blank_tail(block)
            watch_sums(pen, self.kit.formulas, plan, block)
            _tint_groups(pen, block)  # after the alarms: the first rule that holds colours the cell
        last = self._notes()
        heights = sum(self.sheet.row_dimensions[row].height or _ROW_HEIGHT for row in range(1, last + 1))
        landscape = form.orientation == "landscape" or (self.dense and sum(plan.widths) * _POINTS > heights)
        pen.page(self.width, last, landscape=landscape, head=plan.head, one=self.dense)
        self.sheet.freeze_panes = address(self._frozen_columns() + 1, plan.head[1] + 1)

    def _head(self) -> None:
        cells, _ = table_head(self.form)
        for head in cells:
            row, first = TABLE_TOP + head.row, 1 + head.column
            last = first + head.across - 1
            cell = self.pen.put(row, first, head.text, HEAD_CELL, last=last, down=head.down)
            self.pen.watch_label(cell, head.text)
            width = sum(self.plan.widths[first - 1 : last])
            # The names 类, 款, 项 stand beside the first row too.
            self.covered |= {(below, first) for below in range(self.plan.head[1] + 1, row + head.down)}
            if head.down == 1:
                self.pen.height(row, head.text, width - 1)
        firsts = [(b.block, c, b.column_at(c.key) - 1) for b in self.plan.blocks for c in b.block.columns]
        for block, column, index in firsts:
            text = column.comment
            if column.kind is Kind.CODE and block.open is not None:
                text = "\n".join(filter(None, (text, _CODE_HINT, _SUM_HINT if block.open.by_code else "")))
            if text:
                head = next(c for c in reversed(cells) if c.column == index and c.text == column.head[-1])
                self.pen.comment(self.sheet.cell(TABLE_TOP + head.row, 1 + index), text)

    def _row(self, block: BlockPlan, row: RowPlan) -> None:
        self.sheet.row_dimensions[row.number].height = _DENSE if self.dense else _ROW_HEIGHT
        if self.dense and len(self.plan.blocks[0].rows) < 5:
            self.sheet.row_dimensions[row.number].height = 30
        _, label_first, label_last = _label_place(block, row)
        line = block.block.first_line
        if row.row is not None and label_first and (row.row.label or label_last > label_first):
            self._label(row.row, row.number, label_first, label_last)
        for column in block.block.columns:
            at, end = block.places[column.key]
            if (row.number, at) in self.covered or (at == label_first and row.row is not None and row.row.label):
                continue
            if column.kind is Kind.LINE:
                number = line + row.number - block.rows[0].number if line else None
                self.pen.put(row.number, at, number, LINE_NUMBER)
            elif column.kind is Kind.CODE and row.row is not None:
                cell = self.pen.put(row.number, at, row.row.code or None, Look(), last=end)
                self.pen.watch_label(cell, row.row.code)
            elif column.kind is Kind.LABEL or (row.row is not None and row.row.spacer):
                self.pen.put(row.number, at, None, Look(), last=end)
            else:
                write_value(self.pen, self.kit.formulas, Spot(self.plan, block, row, column), in_table=True, last=end)
        if block.block.open is not None and row.row is None and (column_code := block.code_column):
            cell = self.sheet.cell(row.number, block.column_at(column_code.key))
            self.pen.pick(cell, self.kit.codes(block.block.open), strict=False)

    def _label(self, row: Row, number: int, first: int, last: int) -> None:
        centred = row.bold and not row.code
        look = LABEL.but(bold=row.bold, horizontal="center" if centred else "left", wrap=not self.dense)
        cell = self.pen.put(number, first, row.label, look, last=last)
        self.pen.watch_label(cell, row.label)

    def _blank_tail(self, block: BlockPlan) -> None:
        """Blocks side by side are printed to the same depth."""
        for number in range(block.rows[-1].number + 1 if block.rows else 0, self.plan.last_row + 1):
            for first, last in block.places.values():
                if (number, first) not in self.covered:
                    self.pen.put(number, first, None, Look(), last=last)

    def _notes(self) -> int:
        at = self.plan.last_row
        for note in self.form.notes:
            at += 1
            formula, now = expand(note, self.kit.words)
            self._note(at, formula, now, now, NOTE)
        statement = _statement(self.kit, self.plan)
        if statement:
            at += 1
            # Not in the column of codes: the sums look down that one, and this formula looks at the sums.
            codes = [block.places[block.code_column.key] for block in self.plan.blocks if block.code_column]
            first = next((last + 1 for first, last in codes if first == 1), 1)
            self._note(at, *statement, NOTE.but(bold=True), first=first)
        return at

    def _note(self, row: int, formula: str, now: str, longest: str, look: Look, first: int = 1) -> None:
        """A line below the table; not merged where it fits, as a longer exported table is pasted over it."""
        total = float(sum(self.plan.widths))
        if not self.dense and text_width(longest) < total:
            self.pen.put(row, first, now, look.but(wrap=False), formula=formula)
        else:
            self.pen.put(row, first, now, look, last=self.width, formula=formula)
            self.pen.height(row, longest, float(sum(self.plan.widths[first - 1 :])), look.size)

    def _frozen_columns(self) -> int:
        """Code and name stay in view beside a wide table."""
        if len(self.form.blocks) > 1:
            return 0
        lead = 0
        for _, column in columns(self.form):
            if column.kind not in (Kind.CODE, Kind.NAME, Kind.LABEL):
                break
            lead += column.across
        return lead


def _label_place(block: BlockPlan, row: RowPlan) -> tuple[int, int, int]:
    """Sheet row, first and last column of the row's label; (row, 0, -1) where it has none."""
    if row.row is None:
        return row.number, 0, -1
    kinds = {column.kind: block.column_at(column.key) for column in reversed(block.block.columns)}
    label = kinds.get(Kind.LABEL, kinds.get(Kind.NAME, 0))
    if row.row.label_span:
        first_amount = min(block.column_at(c.key) for c in block.block.columns if c.kind in AMOUNT_KINDS)
        return row.number, first_amount - row.row.label_span, first_amount - 1
    over = not row.row.code and not row.row.spacer and not (row is block.rows[0] and block.block.split_beside_total)
    first = kinds.get(Kind.CODE, label) if over else label
    return row.number, first, label if label else -1


def _statement(kit: Kit, plan: SheetPlan) -> tuple[str, str, str] | None:
    """The sentence of a table without figures: formula, text now, longest text. It goes when figures appear."""
    if not plan.form.statement:
        return None
    choice_formula, chosen = kit.statement
    only = plan.form.statement_of
    texts = {name: expand(text, kit.words) for name, text in plan.form.statement.items()}
    spots = [
        Spot(plan, block, row, column)
        for block in plan.blocks
        for row in block.rows
        if row.row is not None and not row.row.spacer
        for column in block.block.columns
        if column.kind is Kind.MONEY and (not only or column.key in only)
    ]
    empty = not any(kit.formulas.number(spot) for spot in spots)
    names = list(texts)
    wording = texts[names[0]][0].removeprefix("=")
    for name in names[1:]:
        wording = f'IF({choice_formula}="{name}",{texts[name][0].removeprefix("=")},{wording})'
    amounts = ",".join(spot.address for spot in spots) if only else f"{spots[0].address}:{spots[-1].address}"
    now = texts.get(chosen, texts[names[0]])[1]
    longest = max((text for _, text in texts.values()), key=len)
    return f'=IF(SUMSQ({amounts})=0,{wording},"")', now if empty else "", longest


def write_value(pen: Pen, formulas: Formulas, spot: Spot, *, in_table: bool = False, last: int = 0) -> None:
    """A cell to fill in, or filled by formula unless a value is given."""
    row, column = spot.row, spot.column
    kind = spot.block.block.kind_of(row.row, column) if row.row is not None else column.kind
    formula = formulas.formula(spot)
    value = formulas.value(spot)
    look = entry(kind, formula is not None and kind is not Kind.NAME)
    if in_table:
        look = look.but(wrap=kind in (Kind.NAME,), size=10)
        if kind is Kind.MONEY:
            look = look.but(number=MONEY_IN_TABLE, bold=bool(row.row and row.row.bold))
        if row.row is None and kind is Kind.MONEY and not column.sum_of:
            look = look.but(fill=entry(kind).fill)
    given = column.key in row.values
    cell = pen.put(
        row.number, spot.block.column_at(column.key), value, look, last=last, formula="" if given else formula or ""
    )
    if kind in AMOUNT_KINDS:
        pen.expect_number(cell, whole=kind is Kind.COUNT)
    if column.key in row.comments:
        pen.comment(cell, row.comments[column.key])


def _tint_groups(pen: Pen, block: BlockPlan) -> None:
    """Open rows whose code is a group (类, 款) look like sums: there the formula does the work."""
    code, levels = block.code_column, block.block.open.levels if block.block.open else ()
    money = [block.column_at(c.key) for c in block.block.columns if c.kind is Kind.MONEY]
    if code is None or len(levels) < 2 or not money:
        return
    first = block.open_start
    length = f"LEN(TRIM({code_text(block, first)}))"
    cells = f"{address(min(money), first)}:{address(max(money), block.range_end)}"
    pen.sheet.conditional_formatting.add(cells, alarm(f"AND({length}>0,{length}<{levels[-1]})", SUM))


def watch_sums(pen: Pen, formulas: Formulas, plan: SheetPlan, block: BlockPlan) -> None:
    """Conditional formats over every run of cells whose sum reads the same, the whole open range included."""
    for column in block.block.columns:
        if column.kind not in AMOUNT_KINDS or column.show:
            continue
        at = block.column_at(column.key)
        for row in _watched(block, column):
            formula = formulas.formula(Spot(plan, block, row, column))
            if formula is None:
                continue
            here = address(at, row.number)
            end = max(block.range_end, row.number) if row.row is None else row.number
            pen.watch_sum(here if end == row.number else f"{here}:{address(at, end)}", here, formula)


def _watched(block: BlockPlan, column: Column) -> list[RowPlan]:
    """Every fixed row, and the first open row for all of them."""
    fixed = [r for r in block.rows if r.row is not None and not r.row.spacer and not (r.row.show and not column.sum_of)]
    return fixed + [r for r in block.rows if r.row is None][:1]


__all__ = ["watch_sums", "write_table", "write_value"]
