"""Declared sums and ``show:`` expressions as spreadsheet formulas, and their exact values for the cells' caches."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Context, Decimal

from ..editions import EditionError
from ..model.expression import Binary, Call, Expression, Negative, Number, Ref, parse
from ..model.form import AMOUNT_KINDS, Column, Kind
from .blank_plan import BlockPlan, RowPlan, SheetPlan, Value
from .blank_spots import Spot, SubjectList, address, code_text, sheet_prefix, sum_text

ZERO = Decimal(0)
_EXACT = Context(prec=400)  # sums keep every digit
_QUOTIENT = Context(prec=17)  # what a spreadsheet's own number holds
_NUMERIC = AMOUNT_KINDS | {Kind.RATE}


class Formulas:
    """The formula and the value of every cell of the planned sheets."""

    def __init__(self, sheets: Sequence[SheetPlan], subjects: SubjectList) -> None:
        self.sheets = sheets
        self.subjects = subjects
        self._by_id = {sheet.form.id: sheet for sheet in reversed(sheets)}
        self._values: dict[tuple[str, int, int], Value] = {}
        self._open: set[tuple[str, int, int]] = set()

    # What stands in a cell -------------------------------------------------------------------------------------

    def formula(self, spot: Spot) -> str | None:
        """The formula (with "=") that the form gives this cell, whatever its content; None for plain cells."""
        text = self._formula(spot)
        return None if text is None else "=" + text

    def value(self, spot: Spot) -> Value | None:
        """The given content, else the formula's value, else the default; None for a blank."""
        column, row = spot.column, spot.row
        if column.key in row.values:
            return row.values[column.key]
        if spot.id in self._values:
            return self._values[spot.id]
        if spot.id in self._open:
            raise _wrong(
                spot, f"{spot.row.key or spot.column.key} 的公式包含它自己", "请改正 is 或 show，不要相互引用。"
            )
        self._open.add(spot.id)
        found = self._evaluate(spot)
        self._open.discard(spot.id)
        if found is not None:
            self._values[spot.id] = found
        return found

    def computed(self, spot: Spot) -> Value | None:
        """What the form's own formula, else its default, makes of the rest, whatever is given in the cell itself."""
        return self._evaluate(spot)

    def number(self, spot: Spot) -> Decimal:
        """The value as a sum sees it: text and blanks count nothing."""
        value = self.value(spot)
        return ZERO if value is None or isinstance(value, str) else Decimal(value)

    # One declaration per cell ----------------------------------------------------------------------------------

    def _declared(self, spot: Spot) -> str:
        """Which declaration rules the cell; a total column of a total row adds its columns."""
        block, row, column = spot.block.block, spot.row.row, spot.column
        if row is not None and row.spacer:
            return ""
        kind = block.kind_of(row, column) if row is not None else column.kind
        if kind is Kind.NAME and row is None:
            return "name" if spot.block.code_column else ""
        if kind not in _NUMERIC:
            return ""
        if column.sum_of:
            return "columns"
        if row is None:
            by_code = block.open is not None and len(block.open.levels) > 1 and kind is Kind.MONEY and not column.show
            return "codes" if by_code else ("show" if column.show else "")
        if kind is Kind.RATE or not (row.sum_of or row.children or row.show):
            return "show" if column.show else ""
        if row.sum_of:
            return "rows"
        if row.children:
            return "children" if row.code else "top"
        return "row_show" if column is block.value_columns[0] else ("show" if column.show else "")

    def _formula(self, spot: Spot) -> str | None:
        declared = self._declared(spot)
        if declared in ("columns", "rows", "children"):
            return self._guarded(spot, sum_text(self._terms(spot, declared)))
        if declared == "top":
            levels = spot.block.block.open.levels if spot.block.block.open else ()
            return self._by_code(spot, None, levels[0]) if levels else sum_text(self._terms(spot, declared))
        if declared == "codes":
            return self._levels_text(spot)
        if declared == "name":
            code = f"TRIM({self._code(spot)})"
            first, last = self.subjects.first, self.subjects.last
            there = sheet_prefix(self.subjects.sheet)
            codes, names = (f"{there}{address(c, first, 'cr')}:{address(c, last, 'cr')}" for c in (1, 2))
            return f'IFERROR(INDEX({names},MATCH({code},{codes},0)),"")'
        if declared in ("show", "row_show"):
            tree = self._shown(spot)
            text = self._show_text(tree, spot, top=True)
            return self._guarded(spot, f'IFERROR({text},"")' if _divides(tree, top=True) else text)
        return None

    def _evaluate(self, spot: Spot) -> Value | None:
        declared = self._declared(spot)
        if declared in ("columns", "rows", "children"):
            return "" if self._idle(spot) else self._total(self._terms(spot, declared))
        if declared == "top":
            return self._total(self._terms(spot, declared))
        if declared == "codes":
            below = self._code_terms(spot)
            return "" if below is None else self._total(below)
        if declared == "name":
            return self.subjects.names.get(spot.row.code(spot.block.code_column), "")
        if declared in ("show", "row_show"):
            return "" if self._idle(spot) else self._show_value(self._shown(spot), spot)
        row = spot.row.row
        if row is not None and row.default and spot.column is spot.block.block.value_columns[0]:
            return Decimal(row.default) if spot.block.block.kind_of(row, spot.column) in AMOUNT_KINDS else row.default
        return None

    # Sums ------------------------------------------------------------------------------------------------------

    def _terms(self, spot: Spot, declared: str) -> list[tuple[int, Spot]]:
        sheet, block, row, column = spot
        if declared == "columns":
            return [(t.sign, Spot(sheet, block, row, block.block.column(t.key))) for t in column.sum_of]
        if declared == "rows":
            return [(t.sign, self._in_row(spot, t.key)) for t in (row.row.sum_of if row.row else ())]
        if declared == "children" or not (block.block.open and block.block.open.levels):
            return [(1, Spot(sheet, block, r, column)) for r in _below(block, row.code(None))]
        return [(1, Spot(sheet, block, r, column)) for r in block.by_parent.get("", ())]

    def _in_row(self, spot: Spot, key: str) -> Spot:
        found = spot.sheet.find(key)
        assert found is not None  # the form's own sums name its own rows
        block, row = found
        same = [c for c in block.block.columns if c.key == spot.column.key]
        return Spot(spot.sheet, block, row, (same or [c for c in block.block.columns if c.kind in AMOUNT_KINDS])[0])

    def _code_terms(self, spot: Spot) -> list[tuple[int, Spot]] | None:
        """The rows below with the next longer codes under this one; None where the code is no group."""
        block = spot.block
        levels = block.block.open.levels if block.block.open else ()
        code = spot.row.code(block.code_column)
        if len(code) not in levels[:-1]:
            return None
        below = (r for r in block.by_parent.get(code, ()) if r.number > spot.row.number)
        return [(1, Spot(spot.sheet, block, r, spot.column)) for r in below]

    def _total(self, terms: Sequence[tuple[int, Spot]]) -> Decimal:
        total = ZERO
        for sign, spot in terms:
            total = _EXACT.add(total, self.number(spot) if sign > 0 else -self.number(spot))
        return total

    def _code(self, spot: Spot) -> str:
        """What says whether an open row is in use: its code, else its first column."""
        return code_text(spot.block, spot.row.number)

    def _idle(self, spot: Spot) -> bool:
        if spot.row.row is not None:
            return False
        column = spot.block.code_column or spot.block.block.columns[0]
        return str(spot.row.values.get(column.key, "")).strip() == ""

    def _guarded(self, spot: Spot, text: str) -> str:
        return text if spot.row.row is not None else f'IF(TRIM({self._code(spot)})="","",{text})'

    def _levels_text(self, spot: Spot) -> str:
        open_rows = spot.block.block.open
        levels = open_rows.levels if open_rows else ()
        code, text = f"TRIM({self._code(spot)})", '""'
        for short, longer in reversed(list(itertools.pairwise(levels))):
            text = f"IF(LEN({code})={short},{self._by_code(spot, code, longer)},{text})"
        return text

    def _by_code(self, spot: Spot, code: str | None, length: int) -> str:
        """Sum of the rows with codes of ``length`` (under ``code``) over the open range, below this row only."""
        block = spot.block
        first = block.open_start if spot.row.row is not None else spot.row.number + 1
        last = max(block.range_end, first)
        at = block.column_at(spot.column.key)
        codes, money = code_text(block, first, last), f"{address(at, first)}:{address(at, last, 'r')}"
        under = f"*(LEFT(TRIM({codes}),LEN({code}))={code})" if code else "*1"
        # LibreOffice's SUMPRODUCT fails on a range without any number; Excel and WPS don't mind.
        return f"IF(COUNT({money})=0,0,SUMPRODUCT((LEN(TRIM({codes}))={length}){under},{money}))"

    # show: expressions -----------------------------------------------------------------------------------------

    def _source(self, spot: Spot) -> str:
        row = spot.row.row
        return row.show if row is not None and self._declared(spot) == "row_show" else spot.column.show

    def _shown(self, spot: Spot) -> Expression:
        tree = parse(self._source(spot))
        if not _computable(tree):
            fix = "可以写加减乘除、ratio(部分, 全部) 和 lookup(表, 本表的列, 那张表的列)。"
            raise _wrong(spot, f"show 的“{self._source(spot)}”不能写成公式", fix)
        return tree

    def _target(self, ref: Ref, home: Spot) -> Spot | None:
        """The cell a reference means; None when it is a plain number such as 100."""
        if len(ref.parts) == 1:
            column = next((c for c in home.block.block.columns if c.key == ref.parts[0]), None)
            if column is not None:
                return Spot(home.sheet, home.block, home.row, column)
            if ref.parts[0].isdigit():
                return None
        elif len(ref.parts) == 3 and ref.parts[0] in self._by_id:
            sheet = self._by_id[ref.parts[0]]
            found = sheet.find(ref.parts[1])
            if found is not None and ref.parts[2] in found[0].places:
                return Spot(sheet, *found, found[0].block.column(ref.parts[2]))
        fix = "请写本行的列，或写作 表.行.列。"
        raise _wrong(home, f"show 的“{self._source(home)}”中，没有“{'.'.join(ref.parts)}”这一格", fix)

    def _show_text(self, tree: Expression, home: Spot, top: bool = False) -> str:
        if isinstance(tree, Number):
            return str(tree.value)
        if isinstance(tree, Ref):
            target = self._target(tree, home)
            if target is None:
                return tree.parts[0]
            there = "" if target.sheet is home.sheet else sheet_prefix(target.sheet.name)
            return f"N({there}{target.address})"
        if isinstance(tree, Negative):
            return f"-{self._show_text(tree.operand, home)}"
        if isinstance(tree, Binary):
            left, right = self._show_text(tree.left, home), self._show_text(tree.right, home)
            return f"{left}{tree.operator}{right}" if top else f"({left}{tree.operator}{right})"
        if tree.name == "ratio":
            part, whole = (self._show_text(a, home) for a in tree.arguments)
            return f'IF({whole}=0,"",{part}/{whole})'
        sheet, block, column, code = self._lookup(tree, home)
        there = sheet_prefix(sheet.name)
        begin, at = block.rows[0].number, block.column_at(column.key)
        codes = code_text(block, begin, block.range_end, "cr", there)
        money = f"{there}{address(at, begin, 'cr')}:{address(at, block.range_end, 'cr')}"
        here = address(home.block.column_at(code.key), home.row.number, "c")
        return f"IF(COUNT({money})=0,0,SUMPRODUCT((TRIM({codes})=TRIM({here}))*1,{money}))"

    def _show_value(self, tree: Expression, home: Spot) -> Decimal | str:
        if isinstance(tree, Number):
            return tree.value
        if isinstance(tree, Ref):
            target = self._target(tree, home)
            return Decimal(tree.parts[0]) if target is None else self.number(target)
        if isinstance(tree, Negative):
            inner = self._show_value(tree.operand, home)
            return inner if isinstance(inner, str) else -inner
        if isinstance(tree, Binary):
            left, right = self._show_value(tree.left, home), self._show_value(tree.right, home)
            if isinstance(left, str) or isinstance(right, str):
                return ""
            if tree.operator == "/":
                return _QUOTIENT.divide(left, right) if right else ""
            return left + right if tree.operator == "+" else left - right if tree.operator == "-" else left * right
        if tree.name == "ratio":
            part, whole = (self._show_value(a, home) for a in tree.arguments)
            return "" if isinstance(part, str) or isinstance(whole, str) or not whole else _QUOTIENT.divide(part, whole)
        sheet, block, column, code = self._lookup(tree, home)
        wanted = home.row.code(code)
        rows = (r for r in block.rows if r.code(block.code_column) == wanted)
        return sum((self.number(Spot(sheet, block, row, column)) for row in rows), ZERO)

    def _lookup(self, call: Call, home: Spot) -> tuple[SheetPlan, BlockPlan, Column, Column]:
        """``lookup(form, key column here, column there)``: the form's table by code."""
        names = [a.parts[0] for a in call.arguments if isinstance(a, Ref) and len(a.parts) == 1]
        sheet = self._by_id.get(names[0]) if len(names) == 3 else None
        block = next((b for b in sheet.blocks if b.code_column), None) if sheet else None
        if sheet is None or block is None or names[1] not in home.block.places or names[2] not in block.places:
            fix = "请写 lookup(表, 本表的列, 那张表的列)，那张表按科目编码填列。"
            raise _wrong(home, f"show 的“{self._source(home)}”没有指明查哪张表的哪一列", fix)
        return sheet, block, block.block.column(names[2]), home.block.block.column(names[1])


def _wrong(spot: Spot, what: str, fix: str) -> EditionError:
    return EditionError(f"{spot.sheet.form.source}: {what}", fix)


def _computable(tree: Expression) -> bool:
    """Can a cell show it: a sum, product, quotient, share, or what another table has for the code?"""
    if isinstance(tree, Negative):
        return _computable(tree.operand)
    if isinstance(tree, Binary):
        return tree.operator in "+-*/" and _computable(tree.left) and _computable(tree.right)
    if isinstance(tree, Call):
        shares = tree.name == "ratio" and len(tree.arguments) == 2 and all(map(_computable, tree.arguments))
        return shares or tree.name == "lookup"
    return True


def _divides(tree: Expression, top: bool = False) -> bool:
    """Does it divide where the quotient is used further, or without looking whether it divides by nothing?"""
    if isinstance(tree, Negative):
        return _divides(tree.operand)
    if isinstance(tree, Binary):
        return tree.operator == "/" or _divides(tree.left) or _divides(tree.right)
    return isinstance(tree, Call) and tree.name == "ratio" and (not top or any(map(_divides, tree.arguments)))


def _below(block: BlockPlan, code: str) -> list[RowPlan]:
    """Fixed rows on the next level below ``code``."""
    longer = [r for r in block.rows if r.row and len(r.row.code) > len(code) and r.row.code.startswith(code)]
    level = min((len(r.row.code) for r in longer if r.row), default=0)
    return [r for r in longer if r.row and len(r.row.code) == level]
