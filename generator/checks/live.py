"""The catalogue's relations in the form that a workbook can show live: formulas of rules and sums of forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import product

from ..editions import Edition
from ..model.book import Book
from ..model.expression import Binary, Call, Expression, Negative, Ref, references
from ..model.form import Block, Form, Role, Row
from ..model.livecheck import CHILDREN, CODE, EVERY, ROW, Area, LiveCheck, Over
from . import places, rules
from .formula import Reads, amount_columns
from .rule import Check, Each, Rule, Scope, Sums

_CLASSES = {0: "各科目", 1: "各类", 2: "各款", 3: "各项"}
_FEW = 6  # terms named one by one
_SIGNS = {"=": " = ", "<=": " ≤ ", ">=": " ≥ ", "<": " < ", ">": " > "}


def live(edition: Edition) -> tuple[LiveCheck, ...]:
    """Every relation of the catalogue over single sheets of the form, in the order of the rules. Rules that are
    coded, or that look at sheets of which there may be several, have no place in a workbook's own formulas."""
    compiler = _Compiler(edition)
    return tuple(check for rule in rules.load(edition) for check in compiler.rule(rule))


class _Compiler:
    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.forms = {form.id: form for form in edition.forms}
        self.reads = Reads(edition, Book(edition.id, "", {}))  # an empty book: only places are named

    def rule(self, rule: Rule) -> Iterator[LiveCheck]:
        for check in rule.checks:
            if check.formula is not None:
                yield from self._formula(rule, check, check.formula)
            for how in check.implied:
                for scope in check.scope:
                    yield from self._sums(rule, check, how, scope)

    # formulas of rules

    def _formula(self, rule: Rule, check: Check, formula: Binary) -> Iterator[LiveCheck]:
        by_code = [each for each in check.each if each.codes]
        if len(by_code) > 1 or (by_code and check.conditions_vary):
            return
        listed = [each for each in check.each if not each.codes]
        for chosen in product(*(each.keys for each in listed)):
            filled = dict(zip((each.name for each in listed), chosen, strict=True))
            filled |= {each.name: CODE for each in by_code}
            tree = _filled(formula, filled)
            when = tuple(_filled(condition, filled) for condition in check.when)
            unless = tuple(_filled(condition, filled) for condition in check.unless)
            if not all(self._plain(ref) for part in (tree, *when, *unless) for ref in references(part)):
                continue
            areas = tuple(area for each in by_code for area in self._areas(each))
            digits = by_code[0].digits if by_code else 0
            yield LiveCheck(
                rule.id, rule.title, self._text(tree, digits), tree, check.tolerance, self._money(tree), when, unless,
                Over.CODES if by_code else Over.ONE, areas, digits,
            )  # fmt: skip

    def _plain(self, ref: Ref) -> bool:
        """Does it name cells of a sheet that there is exactly once?"""
        if len(ref.parts) == 1:
            return ref.parts[0].isdigit()
        form = self.forms[ref.parts[0]]
        return (
            form.role is not Role.PERFORMANCE and not form.repeat and ("{" not in ref.parts[1] or ref.parts[1] == CODE)
        )

    def _areas(self, each: Each) -> Iterator[Area]:
        for scope in each.codes:
            for block in self.forms[scope.form].blocks:
                by_code = block.open is not None and block.open.by_code
                if scope.covers(block) and (by_code or any(row.code for row in block.rows)):
                    yield Area(scope.form, block.key)

    def _money(self, tree: Expression) -> bool:
        operands = [self.reads.at(*ref.parts) for ref in references(tree) if len(ref.parts) == 3]
        return bool(operands) and all(operand.money for operand in operands)

    # sums that the forms declare

    def _sums(self, rule: Rule, check: Check, how: Sums, scope: Scope) -> Iterator[LiveCheck]:
        form = self.forms[scope.form]
        if form.role is Role.PERFORMANCE or form.repeat:
            return
        makers = {Sums.COLUMNS: self._columns, Sums.ROWS: self._rows, Sums.CHILDREN: self._children}
        for block in form.blocks:
            if scope.covers(block):
                for text, tree, over in makers[how](form, block):
                    area = (Area(form.id, block.key),) if over is not Over.ONE else ()
                    money = self._money(_first_row(tree, block))
                    yield LiveCheck(rule.id, rule.title, text, tree, check.tolerance, money, over=over, areas=area)

    def _columns(self, form: Form, block: Block) -> Iterator[tuple[str, Binary, Over]]:
        fixed = [row.key for row in block.rows if not row.spacer]
        alone = block.open is None and len(fixed) == 1
        row = fixed[0] if alone else ROW
        for column in block.columns:
            if column.sum_of:
                right = _sum((term.sign, Ref((form.id, row, term.key))) for term in column.sum_of)
                tree = Binary("=", Ref((form.id, row, column.key)), right)
                yield self._text(tree, 0), tree, Over.ONE if alone else Over.ROWS

    def _rows(self, form: Form, block: Block) -> Iterator[tuple[str, Binary, Over]]:
        for row in block.rows:
            for column in amount_columns(block, row) if row.sum_of else ():
                right = _sum((term.sign, Ref((form.id, term.key, column.key))) for term in row.sum_of)
                tree = Binary("=", Ref((form.id, row.key, column.key)), right)
                yield self._text(tree, 0), tree, Over.ONE

    def _children(self, form: Form, block: Block) -> Iterator[tuple[str, Binary, Over]]:
        opened = block.open is not None and block.open.by_code
        for row in block.rows:
            for column in amount_columns(block, row) if row.children else ():
                left = Ref((form.id, row.key, column.key))
                if opened:
                    tree = Binary("=", left, Call(CHILDREN, (left,)))
                    yield self._name(left, 0) + " = 各类之和", tree, Over.ONE
                    continue
                below = _below(block, row)
                if below:
                    tree = Binary("=", left, _sum((1, Ref((form.id, child.key, column.key))) for child in below))
                    yield self._text(tree, 0), tree, Over.ONE
        if opened and block.open is not None and len(block.open.levels) > 1:
            for column in amount_columns(block, None):
                left = Ref((form.id, ROW, column.key))
                text = f"{places.table(form)}类、款级科目{self._column(left)} = 所属下级科目之和"
                yield text, Binary("=", left, Call(CHILDREN, (left,))), Over.PARENTS

    # words

    def _text(self, tree: Binary, digits: int) -> str:
        sides = []
        first = ""
        for side in (tree.left, tree.right):
            text, first = self._side(side, digits, first)
            sides.append(text)
        return _SIGNS[tree.operator].join(sides)

    def _side(self, tree: Expression, digits: int, form: str) -> tuple[str, str]:
        """The side in words; the table is named where it changes."""
        terms = list(_terms(tree, 1))
        if not terms or any(ref is None for _, ref in terms):
            return self._words(tree, digits), form
        said = ""
        for at, (sign, ref) in enumerate(terms):
            assert ref is not None
            if len(ref.parts) != 3:
                name = ref.parts[0]
            else:
                name = self._name(ref, digits, short=ref.parts[0] == form)
                form = ref.parts[0]
            if len(terms) > _FEW and 1 < at < len(terms) - 1:
                said += " + …" if at == 2 else ""
                continue
            said += ((" − " if at else "−") if sign < 0 else " + " if at else "") + name
        return said, form

    def _words(self, tree: Expression, digits: int, outer: str = "") -> str:
        if isinstance(tree, Ref):
            return self._name(tree, digits) if len(tree.parts) == 3 else tree.parts[0]
        if isinstance(tree, Negative):
            return "−" + self._words(tree.operand, digits, "*")
        if isinstance(tree, Binary):
            sign = {"*": " × ", "/": " ÷ ", "-": " − "}.get(tree.operator, f" {tree.operator} ")
            left, right = (self._words(side, digits, tree.operator) for side in (tree.left, tree.right))
            return (
                f"（{left}{sign}{right}）"
                if tree.operator in "+-" and outer in ("*", "/", "-")
                else left + sign + right
            )
        if isinstance(tree, Call):
            names = {"abs": "绝对值", "max": "较大者", "min": "较小者", "ratio": "比例"}
            return f"{names.get(tree.name, '')}（{'，'.join(self._words(a, digits) for a in tree.arguments)}）"
        return f"{tree.value:f}"

    def _name(self, ref: Ref, digits: int, short: bool = False) -> str:
        form = self.forms[ref.parts[0]]
        table = "" if short else places.table(form)
        if ref.parts[1] == CODE:
            opened = next((b.open for b in form.blocks if b.open is not None and b.open.by_code), None)
            levels = sorted(opened.levels) if opened is not None else [digits]
            return table + _CLASSES[levels.index(digits) + 1 if digits in levels else 0] + self._column(ref)
        if ref.parts[1] == ROW:
            return table + ("" if short else "各行") + self._column(ref)
        if ref.parts[1] == EVERY:
            return f"{table}各行{self._column(ref)}之和"
        return table + places.in_table(self.reads, self.reads.at(*ref.parts))

    def _column(self, ref: Ref) -> str:
        """The column's name; for a place that stands for many rows, as in the first fixed row that has it."""
        form_id, row, column = ref.parts
        if row in (ROW, CODE):
            blocks = [b for b in self.forms[form_id].blocks if any(c.key == column for c in b.columns)]
            fixed = [r for b in blocks for r in b.rows if not r.spacer and (r.code or row == ROW or b.open is not None)]
            row = fixed[0].key if fixed else row
        return places.column_name(self.reads, self.reads.at(form_id, row, column))


def _filled(tree: Expression, places_: Mapping[str, str]) -> Binary:
    filled = _fill(tree, places_)
    assert isinstance(filled, Binary)
    return filled


def _fill(tree: Expression, filled: Mapping[str, str]) -> Expression:
    if isinstance(tree, Ref):
        return Ref(tuple(part.format_map(filled) if "{" in part else part for part in tree.parts))
    if isinstance(tree, Negative):
        return Negative(_fill(tree.operand, filled))
    if isinstance(tree, Binary):
        return Binary(tree.operator, _fill(tree.left, filled), _fill(tree.right, filled))
    if isinstance(tree, Call):
        return Call(tree.name, tuple(_fill(argument, filled) for argument in tree.arguments))
    return tree


def _terms(tree: Expression, sign: int) -> Iterator[tuple[int, Ref | None]]:
    """Signed references of a plain sum; None where it is anything else."""
    if isinstance(tree, Ref):
        yield sign, tree
    elif isinstance(tree, Negative):
        yield from _terms(tree.operand, -sign)
    elif isinstance(tree, Binary) and tree.operator in ("+", "-"):
        yield from _terms(tree.left, sign)
        yield from _terms(tree.right, sign if tree.operator == "+" else -sign)
    else:
        yield sign, None


def _sum(terms: Iterable[tuple[int, Ref]]) -> Expression:
    (sign, first), *rest = terms
    start: Expression = first if sign > 0 else Negative(first)
    return reduce(lambda tree, term: Binary("+" if term[0] > 0 else "-", tree, term[1]), rest, start)


def _below(block: Block, parent: Row) -> list[Row]:
    """Fixed rows that belong to ``parent``: the nearest code above them is its own."""
    codes = {row.code for row in block.rows if row.code}
    found = []
    for row in block.rows:
        above = next((row.code[:n] for n in range(len(row.code) - 1, 0, -1) if row.code[:n] in codes), "")
        if row.code and row is not parent and above == parent.code:
            found.append(row)
    return found


def _first_row(tree: Binary, block: Block) -> Expression:
    """The sum in one of its rows, to ask what kind of figures it adds."""
    fixed = [row.key for row in block.rows if not row.spacer]
    return _fill(tree, {"row": fixed[0] if fixed else "row"})


__all__ = ["live"]
