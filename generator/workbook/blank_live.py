"""Live checks as spreadsheet formulas, without anything that older programs lack: no dynamic arrays, no LET.

What is tried on many rows is one array formula over the rows. Codes are first brought into one shape on a hidden
sheet (texts, the code above each), so that pasted numbers and stray spaces do not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..model.expression import Binary, Call, Expression, Ref, references
from ..model.form import Row
from ..model.livecheck import CODE, EVERY, Area, LiveCheck, Over
from .blank_plan import BlockPlan, SheetPlan
from .blank_spots import Spot, address, runs, sheet_prefix
from .blank_trees import Text, expression_text, fails, is_children, terms

TOP = "top"  # stands above codes that nothing stands above
ANY_NUMBER = '">-1E+300"'


@dataclass(frozen=True)
class Codes:
    """Codes of a block in one shape: ranges on the hidden sheet over the same rows as the block's own."""

    sheet: SheetPlan
    block: BlockPlan
    first: int
    last: int
    codes: str
    parents: str  # the code above each
    below: str  # how many rows each has below it

    def money(self, column: str) -> str:
        return column_range(self.sheet, self.block, column, self.first, self.last)

    def figures(self, column: str) -> str:
        """How many rows with a code have a figure other than zero in the column."""
        money = self.money(column)
        return f'(COUNTIFS({self.codes},"?*",{money},">0")+COUNTIFS({self.codes},"?*",{money},"<0"))'

    @property
    def unplaced(self) -> str:
        """How many codes have a length that the table has no level for; "" where codes are the form's own."""
        opened = self.block.block.open
        if opened is None or not opened.levels:
            return ""
        return f"SUMPRODUCT({'*'.join(f'(LEN({self.codes})<>{n})' for n in (0, *sorted(opened.levels)))})"


def column_range(sheet: SheetPlan, block: BlockPlan, column: str, first: int, last: int) -> str:
    at = block.column_at(column)
    return f"{sheet_prefix(sheet.name)}{address(at, first, 'cr')}:{address(at, last, 'cr')}"


def block_rows(block: BlockPlan) -> tuple[int, int]:
    """First and last sheet row that a sum over all rows of the block looks at."""
    return block.rows[0].number, max(block.rows[-1].number, block.range_end if block.block.open is not None else 0)


@dataclass(frozen=True)
class Line:
    """Formulas of one line, without "="; those of ``array`` lines are entered as array formulas.

    For a single relation left and right are its sides, ``numbers`` the figures that are there and ``texts`` the
    cells that hold something else. For a relation over many rows left is the number of rows tried, gap the number
    of those that fail, ``exact`` the number that do not hold to the last digit, ``first`` names the first that fails.
    ``doubt`` counts codes of a wrong length, until which are right a failure says nothing.
    """

    check: LiveCheck
    left: str
    right: str = ""
    numbers: str = ""
    texts: str = ""
    applies: str = ""
    gap: str = ""
    exact: str = ""
    first: str = ""
    doubt: str = ""
    sheet: str = ""  # where the line leads to
    spot: str = ""

    @property
    def array(self) -> bool:
        return self.check.over is not Over.ONE


class Compiler:
    """``flag`` is 1 where the workbook is in 万元, else 0; ``half`` half a 分 in its unit (both addresses)."""

    def __init__(
        self, sheets: Sequence[SheetPlan], codes: Callable[[SheetPlan, BlockPlan], Codes], flag: str, half: str
    ):
        self._sheets = {sheet.form.id: sheet for sheet in reversed(sheets)}
        self._codes, self.flag, self.half = codes, flag, half

    def line(self, check: LiveCheck) -> Line | None:
        """None where the workbook has no place for what the check names."""
        if any(self._missing(ref) for ref in references(check.formula)):
            return None
        makers = {Over.ONE: self._one, Over.ROWS: self._rows, Over.CODES: self._by_code, Over.PARENTS: self._parents}
        sheet, spot = self._leads_to(check)
        made = makers[check.over](check)
        return replace(made, applies=self._applies(check), sheet=sheet, spot=spot, doubt=self._doubt(check))

    def _doubt(self, check: LiveCheck) -> str:
        """For sums and comparisons by code: the codes of a wrong length in the tables they read."""
        found: dict[str, None] = {}
        for side in (check.formula.left, check.formula.right):
            for _, term in terms(side, 1):
                if isinstance(term, Call) and is_children(term):
                    found[self._family(term)[0].unplaced if check.over is Over.ONE else ""] = None
        if check.over in (Over.CODES, Over.PARENTS):
            refs = [r for r in references(check.formula) if len(r.parts) == 3 and "{" in r.parts[1]]
            found |= dict.fromkeys(codes.unplaced for r in refs for codes in self.coded(r.parts[0], r.parts[2]))
        return "+".join(text for text in found if text)

    # places

    def sheet(self, form: str) -> SheetPlan:
        return self._sheets[form]

    def _missing(self, ref: Ref) -> bool:
        return len(ref.parts) == 3 and ref.parts[0] not in self._sheets

    def area(self, area: Area) -> tuple[SheetPlan, BlockPlan]:
        sheet = self._sheets[area.form]
        return sheet, sheet.block(area.block)

    def spot(self, ref: Ref) -> Spot | None:
        """The cell of a fixed row; None for a row of an open table."""
        sheet = self._sheets[ref.parts[0]]
        found = sheet.find(ref.parts[1])
        return Spot(sheet, *found, found[0].block.column(ref.parts[2])) if found is not None else None

    def coded(self, form: str, column: str) -> list[Codes]:
        """Blocks of the form that have codes and that column."""
        sheet = self._sheets[form]
        return [
            self._codes(sheet, block)
            for block in sheet.blocks
            if column in block.places and (block.code_column is not None or any(has_code(r.row) for r in block.rows))
        ]

    def opened(self, form: str, column: str) -> Iterator[str]:
        """The column's ranges in the open lists of the form."""
        sheet = self._sheets[form]
        for block in sheet.blocks:
            if block.block.open is not None and column in block.places:
                yield column_range(sheet, block, column, block.open_start, block_rows(block)[1])

    def _leads_to(self, check: LiveCheck) -> tuple[str, str]:
        ref = next(ref for ref in references(check.formula) if len(ref.parts) == 3)
        sheet = self._sheets[ref.parts[0]]
        spot = self.spot(ref) if "{" not in ref.parts[1] else None
        if spot is not None:
            return sheet.name, spot.address
        block = next((b for b in sheet.blocks if ref.parts[2] in b.places), sheet.blocks[0])
        return sheet.name, address(block.places.get(ref.parts[2], (1, 1))[0], block_rows(block)[0])

    # relations

    def _one(self, check: LiveCheck) -> Line:
        sides = [self._side(side) for side in (check.formula.left, check.formula.right)]
        counted = [part for _, parts, _ in sides for part in parts]
        cells = [cell for _, _, found in sides for cell in found]
        filled = "+".join(f"SUMPRODUCT((LEN({cell})>0)*1)" for cell in cells)
        texts = f"{filled}-COUNT({','.join(cells)})" if cells else "0"
        return Line(check, sides[0][0], sides[1][0], "+".join(counted) or "0", texts)

    def _side(self, tree: Expression) -> tuple[str, list[str], list[str]]:
        """Value, counts of the figures that are there, and the fixed cells (runs of them)."""
        signed = list(terms(tree, 1))
        plain = [(sign, term) for sign, term in signed if isinstance(term, Ref) or is_children(term)]
        counted, cells = [], []
        if len(plain) < len(signed):  # not a sum: as it stands
            text = expression_text(tree, self._value)
            for ref in references(tree):
                counted.append(self._count(ref))
                spot = self.spot(ref) if len(ref.parts) == 3 and "{" not in ref.parts[1] else None
                cells += runs([spot]) if spot is not None else []
            return text, [part for part in counted if part], cells
        spots: dict[int, list[Spot]] = {1: [], -1: []}
        rest = ""
        for sign, term in plain:
            spot = self.spot(term) if isinstance(term, Ref) and len(term.parts) == 3 else None
            if spot is not None:
                spots[sign].append(spot)
            else:
                rest += ("-" if sign < 0 else "+") + self._value(term)
                counted.append(self._count(term))
        text = ""
        for sign, found in spots.items():
            if found:
                ranges = runs(found)
                cells += ranges
                text += f"{'-' if sign < 0 else '+'}SUM({','.join(ranges)})"
        counted += [f"COUNT({','.join(cells)})"] if cells else []
        return (text + rest).removeprefix("+") or "0", [part for part in counted if part], cells

    def _value(self, tree: Expression) -> str:
        """One reference as a number, outside of arrays."""
        if isinstance(tree, Call):  # children
            codes, column, key = self._family(tree)
            return f'SUMIF({codes.parents},"{key}",{codes.money(column)})'
        assert isinstance(tree, Ref)
        if len(tree.parts) == 1:
            return tree.parts[0]
        form, row, column = tree.parts
        spot = self.spot(tree)
        if spot is not None:
            return f"N({sheet_prefix(spot.sheet.name)}{spot.address})"
        if row == EVERY:
            return f"SUM({','.join(self.opened(form, column))})"
        return "(" + "+".join(f'SUMIF({c.codes},"{row}",{c.money(column)})' for c in self.coded(form, column)) + ")"

    def _count(self, tree: Expression) -> str:
        if isinstance(tree, Call):
            codes, column, key = self._family(tree)
            return f'COUNTIFS({codes.parents},"{key}",{codes.money(column)},{ANY_NUMBER})'
        assert isinstance(tree, Ref)
        if len(tree.parts) == 1:
            return ""
        form, row, column = tree.parts
        spot = self.spot(tree)
        if spot is not None:
            return f"COUNT({sheet_prefix(spot.sheet.name)}{spot.address})"
        if row == EVERY:
            return f"COUNT({','.join(self.opened(form, column))})"
        found = self.coded(form, column)
        return "+".join(f'COUNTIFS({c.codes},"{row}",{c.money(column)},{ANY_NUMBER})' for c in found)

    def _family(self, tree: Call) -> tuple[Codes, str, str]:
        (ref,) = tree.arguments
        assert isinstance(ref, Ref)
        spot = self.spot(ref)
        assert spot is not None
        key = spot.row.row.code if spot.row.row is not None else ""
        return self._codes(spot.sheet, spot.block), spot.column.key, key or TOP

    def _rows(self, check: LiveCheck) -> Line:
        sheet, block = self.area(check.areas[0])
        first, last = block_rows(block)

        def cells(ref: Expression) -> str:
            assert isinstance(ref, Ref)
            return column_range(sheet, block, ref.parts[2], first, last)

        def value(ref: Expression) -> str:
            return f"IF(ISNUMBER({cells(ref)}),{cells(ref)},0)"

        numbers = f"({'+'.join(f'ISNUMBER({cells(ref)})' for ref in references(check.formula))})"
        label = block.code_column or block.block.label_column or block.block.columns[0]
        names = column_range(sheet, block, label.key, first, last)
        some = "+".join(f"({value(ref)}<>0)" for ref in references(check.formula))
        return self._many(check, f"SUM(--(({some})>0))", [("1", value, numbers, names)])

    def _by_code(self, check: LiveCheck) -> Line:
        pieces = []
        before: list[str] = []
        for area in check.areas:
            codes = self._codes(*self.area(area)).codes

            def value(ref: Expression, codes: str = codes) -> str:
                if isinstance(ref, Ref) and len(ref.parts) == 3 and ref.parts[1] == CODE:
                    found = self.coded(ref.parts[0], ref.parts[2])
                    return "(" + "+".join(f"SUMIF({c.codes},{codes},{c.money(ref.parts[2])})" for c in found) + ")"
                return self._value(ref)

            def count(ref: Ref, codes: str = codes) -> str:
                if len(ref.parts) == 3 and ref.parts[1] == CODE:
                    found = self.coded(ref.parts[0], ref.parts[2])
                    return "+".join(f"COUNTIFS({c.codes},{codes},{c.money(ref.parts[2])},{ANY_NUMBER})" for c in found)
                return self._count(ref)

            mask = f'({codes}<>"")' if not check.digits else f"(LEN({codes})={check.digits})"
            mask += "".join(f"*(COUNTIF({earlier},{codes})=0)" for earlier in before)
            numbers = "+".join(filter(None, (count(ref) for ref in references(check.formula))))
            pieces.append((mask, value, f"({numbers})", codes))
            before.append(codes)
        refs = [ref for ref in references(check.formula) if len(ref.parts) == 3 and ref.parts[1] == CODE]
        there = dict.fromkeys(c.figures(ref.parts[2]) for ref in refs for c in self.coded(ref.parts[0], ref.parts[2]))
        masks = "+".join(f"SUM({mask}*1)" for mask, _, _, _ in pieces)
        return self._many(check, f"IF({'+'.join(there)}=0,0,{masks})", pieces)

    def _parents(self, check: LiveCheck) -> Line:
        codes = self._codes(*self.area(check.areas[0]))
        (ref,) = set(references(check.formula))
        money = codes.money(ref.parts[2])

        def value(tree: Expression) -> str:
            if isinstance(tree, Call):
                return f"SUMIF({codes.parents},{codes.codes},{money})"
            return f"IF(ISNUMBER({money}),{money},0)"

        mask = f"({codes.below}>0)"
        numbers = f"(ISNUMBER({money})+COUNTIFS({codes.parents},{codes.codes},{money},{ANY_NUMBER}))"
        tried = f"IF({codes.figures(ref.parts[2])}=0,0,SUM({mask}*1))"
        return self._many(check, tried, [(mask, value, numbers, codes.codes)])

    def _many(self, check: LiveCheck, tried: str, pieces: Sequence[tuple[str, Text, str, str]]) -> Line:
        """Failed, inexact, first failed, over all pieces (mask, value, figures that are there, names)."""
        failed, inexact = [], []
        first = '""'
        for mask, value, numbers, names in reversed(pieces):
            left, right = (expression_text(s, value) for s in (check.formula.left, check.formula.right))
            gap = f"ROUND({left}-({right}),8)"
            wrong = fails(check.formula.operator, gap, self.slack(check, numbers))
            failed.append(f"SUM({mask}*({wrong}))")
            inexact.append(f"SUM({mask}*({fails(check.formula.operator, gap, self.least(check))}))")
            first = f'IFERROR(INDEX({names},MATCH(1,{mask}*({wrong}),0))&"",{first})'
        exact = "+".join(inexact) if check.tolerance and check.money else ""
        return Line(check, tried, gap="+".join(failed), exact=exact, first=first)

    # tolerances and conditions

    def least(self, check: LiveCheck) -> str:
        return self.half if check.money else "0.0000005"

    def slack(self, check: LiveCheck, numbers: str) -> str:
        """How far the sides may be apart: per figure in 万元, not at all in 元 and for counts."""
        if not check.tolerance or not check.money:
            return self.least(check)
        return f"IF({self.flag}=0,{self.half},{check.tolerance}*{numbers}+1E-9)"

    def _applies(self, check: LiveCheck) -> str:
        """The conditions, "" when there are none."""
        wanted = [self._condition(tree) for tree in check.when]
        unwanted = [self._condition(tree) for tree in check.unless]
        if unwanted:
            wanted.append(f"NOT(AND({','.join(unwanted)}))")
        return f"AND({','.join(wanted)})" if wanted else ""

    def _condition(self, tree: Binary) -> str:
        left, right = (expression_text(side, self._value) for side in (tree.left, tree.right))
        gap = f"ROUND({left}-({right}),8)"
        return f"NOT({fails(tree.operator, gap, self.half)})"


def has_code(row: Row | None) -> bool:
    return row is not None and bool(row.code)
