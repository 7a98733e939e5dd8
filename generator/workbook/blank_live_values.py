"""What the live checks come to with the content that the workbook is handed out with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Context, Decimal

from ..model.expression import Binary, Call, Expression, Negative, Number, Ref, references
from ..model.livecheck import CODE, EVERY, ROW, LiveCheck, Over
from .blank_formulas import Formulas
from .blank_live import Compiler
from .blank_plan import BlockPlan, RowPlan, SheetPlan
from .blank_spots import Spot
from .blank_trees import is_children

PASSED, BROKEN, TAIL, EMPTY, OUTSIDE, UNREADABLE = "通过", "不符", "尾差", "未填", "不适用", "无法核对"
ZERO = Decimal(0)
_EXACT = Context(prec=60)
_EIGHT = Decimal("1E-8")
_Read = Callable[[Expression], "tuple[Decimal, int]"]  # value, and how many figures are there


@dataclass(frozen=True)
class Values:
    """What stands in the line's cells: sides and gap, or rows tried, rows right, rows wrong and the first of these."""

    left: Decimal
    right: Decimal
    gap: Decimal
    result: str
    numbers: int = 0
    slack: Decimal = ZERO
    inexact: int = 0
    first: str = ""


class Evaluator:
    """Tries live checks on the planned content. ``wan``: the workbook is in 万元."""

    def __init__(self, compiler: Compiler, formulas: Formulas, wan: bool) -> None:
        self._compiler, self._formulas, self._wan = compiler, formulas, wan
        self._half = Decimal("0.0000005") if wan else Decimal("0.005")
        self._found: dict[tuple[str, str], list[tuple[str, str, RowPlan]]] = {}

    def values(self, check: LiveCheck) -> Values:
        """ZeroDivisionError never leaves here: a share of nothing cannot be checked."""
        try:
            return self._one(check) if check.over is Over.ONE else self._many(check)
        except ZeroDivisionError:
            return Values(ZERO, ZERO, ZERO, UNREADABLE)

    # relations

    def _one(self, check: LiveCheck) -> Values:
        (left, some), (right, more) = (
            self._tree(side, self._read) for side in (check.formula.left, check.formula.right)
        )
        gap = _EXACT.subtract(left, right).quantize(_EIGHT, context=_EXACT)
        numbers = some + more
        slack = self._slack(check, max(numbers, 1))
        if not self._applies(check):
            result = OUTSIDE
        elif self._texts(check):
            result = UNREADABLE
        elif not _fails(check.formula.operator, gap, self._least(check)):
            result = PASSED if numbers and (left or right) else EMPTY
        else:
            result = BROKEN if _fails(check.formula.operator, gap, slack) else TAIL
        return Values(left, right, gap, result, numbers, slack)

    def _many(self, check: LiveCheck) -> Values:
        tried = wrong = inexact = 0
        first = ""
        for name, read in self._places(check):
            (left, some), (right, more) = (self._tree(side, read) for side in (check.formula.left, check.formula.right))
            gap = _EXACT.subtract(left, right).quantize(_EIGHT, context=_EXACT)
            tried += check.over is not Over.ROWS or any(read(ref)[0] for ref in references(check.formula))
            inexact += self._wan and _fails(check.formula.operator, gap, self._least(check))
            if _fails(check.formula.operator, gap, self._slack(check, some + more)):
                wrong += 1
                first = first or name
        tried = tried if check.over is Over.ROWS or self._figures(check) else 0
        if not self._applies(check):
            result = OUTSIDE
        elif not tried:
            result = EMPTY
        else:
            result = BROKEN if wrong else TAIL if inexact and check.tolerance and check.money else PASSED
        counts = Decimal(tried), Decimal(tried - wrong), Decimal(wrong)
        return Values(*counts, result, inexact=inexact, first=first)

    def _places(self, check: LiveCheck) -> Iterator[tuple[str, _Read]]:
        """Every row or code with a name and a way to read references there."""
        if check.over is Over.CODES:
            seen: set[str] = set()
            for area in check.areas:
                rows = self._coded(*self._compiler.area(area))
                new = [code for code, _, _ in rows if code not in seen and len(code) == (check.digits or len(code))]
                yield from ((code, self._at_code(code)) for code in new)
                seen.update(code for code, _, _ in rows)
            return
        sheet, block = self._compiler.area(check.areas[0])
        if check.over is Over.ROWS:
            label = block.code_column
            for row in block.rows:
                yield row.code(label) or (row.row.label if row.row else ""), self._at_row(sheet, block, row)
            return
        family = self._coded(sheet, block)
        parents = {parent for _, parent, _ in family}
        for code, _, row in family:
            if code in parents:
                yield code, self._at_row(sheet, block, row, code)

    def _figures(self, check: LiveCheck) -> bool:
        """Is there any figure in the columns that are looked up by code?"""
        refs = [ref for ref in references(check.formula) if len(ref.parts) == 3 and "{" in ref.parts[1]]
        return any(
            self._number(Spot(found.sheet, found.block, row, found.block.block.column(ref.parts[2])))[0]
            for ref in refs
            for found in self._compiler.coded(ref.parts[0], ref.parts[2])
            for _, _, row in self._coded(found.sheet, found.block)
        )

    # reading

    def _tree(self, tree: Expression, read: _Read) -> tuple[Decimal, int]:
        if isinstance(tree, Ref) or is_children(tree):
            return read(tree)
        if isinstance(tree, Number):
            return tree.value, 0
        if isinstance(tree, Negative):
            value, count = self._tree(tree.operand, read)
            return -value, count
        if isinstance(tree, Binary):
            (left, some), (right, more) = self._tree(tree.left, read), self._tree(tree.right, read)
            how = {"+": _EXACT.add, "-": _EXACT.subtract, "*": _EXACT.multiply, "/": _divide}[tree.operator]
            return how(left, right), some + more
        assert isinstance(tree, Call)
        found = [self._tree(argument, read) for argument in tree.arguments]
        values, count = [value for value, _ in found], sum(n for _, n in found)
        if tree.name == "ratio":
            return _divide(values[0], values[1]), count
        return {"abs": lambda v: abs(v[0]), "max": max, "min": min}[tree.name](values), count  # type: ignore[operator]

    def _number(self, spot: Spot) -> tuple[Decimal, int]:
        value = self._formulas.value(spot)
        return (ZERO, 0) if value is None or isinstance(value, str) else (Decimal(value), 1)

    def _read(self, tree: Expression) -> tuple[Decimal, int]:
        """A reference that names its cell or cells."""
        if isinstance(tree, Call):
            (ref,) = tree.arguments
            assert isinstance(ref, Ref)
            spot = self._compiler.spot(ref)
            assert spot is not None
            return self._children(spot.sheet, spot.block, spot.row.code(None), ref.parts[2])
        assert isinstance(tree, Ref)
        if len(tree.parts) == 1:
            return Decimal(tree.parts[0]), 0
        form, row, column = tree.parts
        spot = self._compiler.spot(tree)
        if spot is not None:
            return self._number(spot)
        if row == EVERY:
            return _added(self._number(found) for found in self._open_spots(form, column))
        return self._at_code(row)(Ref((form, CODE, column)))

    def _open_spots(self, form: str, column: str) -> Iterator[Spot]:
        sheet = self._compiler.sheet(form)
        for block in sheet.blocks:
            if block.block.open is not None and column in block.places:
                yield from (
                    Spot(sheet, block, row, block.block.column(column)) for row in block.rows if row.row is None
                )

    def _at_code(self, code: str) -> _Read:
        def read(tree: Expression) -> tuple[Decimal, int]:
            if not isinstance(tree, Ref) or len(tree.parts) != 3 or tree.parts[1] != CODE:
                return self._read(tree)
            return _added(
                self._number(Spot(found.sheet, found.block, row, found.block.block.column(tree.parts[2])))
                for found in self._compiler.coded(tree.parts[0], tree.parts[2])
                for own, _, row in self._coded(found.sheet, found.block)
                if own == code
            )

        return read

    def _at_row(self, sheet: SheetPlan, block: BlockPlan, row: RowPlan, code: str = "") -> _Read:
        def read(tree: Expression) -> tuple[Decimal, int]:
            if isinstance(tree, Call):
                (ref,) = tree.arguments
                assert isinstance(ref, Ref)
                return self._children(sheet, block, code, ref.parts[2])
            if isinstance(tree, Ref) and len(tree.parts) == 3 and tree.parts[1] == ROW:
                return self._number(Spot(sheet, block, row, block.block.column(tree.parts[2])))
            return self._read(tree)

        return read

    def _children(self, sheet: SheetPlan, block: BlockPlan, code: str, column: str) -> tuple[Decimal, int]:
        rows = (row for _, parent, row in self._coded(sheet, block) if parent == code)
        return _added(self._number(Spot(sheet, block, row, block.block.column(column))) for row in rows)

    def _coded(self, sheet: SheetPlan, block: BlockPlan) -> list[tuple[str, str, RowPlan]]:
        """Rows with a code: code, the nearest code above it ("" where there is none), row."""
        key = (sheet.name, block.block.key)
        if key not in self._found:
            rows = [r for r in block.rows if (r.row is None) == (block.block.open is not None)]
            coded = [(code, row) for row in rows if (code := row.code(block.code_column)).isdigit()]
            there = {code for code, _ in coded}
            levels = sorted(block.block.open.levels if block.block.open else (), reverse=True)
            self._found[key] = [
                (code, next((code[:n] for n in levels if n < len(code) and code[:n] in there), ""), row)
                for code, row in coded
            ]
        return self._found[key]

    # tolerances and conditions

    def _least(self, check: LiveCheck) -> Decimal:
        return self._half if check.money else Decimal("0.0000005")

    def _slack(self, check: LiveCheck, numbers: int) -> Decimal:
        allowed = check.tolerance * numbers if check.money and self._wan else ZERO
        return max(allowed, self._least(check))

    def _applies(self, check: LiveCheck) -> bool:
        wanted, unwanted = ([self._condition(tree) for tree in trees] for trees in (check.when, check.unless))
        return all(wanted) and not (unwanted and all(unwanted))

    def _condition(self, tree: Binary) -> bool:
        (left, _), (right, _) = (self._tree(side, self._read) for side in (tree.left, tree.right))
        return not _fails(tree.operator, _EXACT.subtract(left, right), self._half)

    def _texts(self, check: LiveCheck) -> bool:
        """Does a fixed cell hold something that is no number?"""
        for ref in references(check.formula):
            spot = self._compiler.spot(ref) if len(ref.parts) == 3 and "{" not in ref.parts[1] else None
            if spot is not None and str(self._formulas.value(spot) or "") and not self._number(spot)[1]:
                return True
        return False


def _divide(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise ZeroDivisionError
    return _EXACT.divide(left, right)


def _added(found: Iterator[tuple[Decimal, int]]) -> tuple[Decimal, int]:
    value, count = ZERO, 0
    for one, there in found:
        value, count = _EXACT.add(value, one), count + there
    return value, count


def _fails(operator: str, gap: Decimal, slack: Decimal) -> bool:
    if operator == "=":
        return abs(gap) > slack
    if operator in ("<=", "<"):
        return gap > slack if operator == "<=" else gap >= -slack
    return -gap > slack if operator == ">=" else gap <= slack
