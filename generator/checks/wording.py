"""Rules' formulas in the form's own words: keys turned into printed labels and heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product

from ..editions import Edition
from ..model.expression import Binary, Call, Expression, Negative, Number, Ref, references
from ..model.form import Block, Column, Form, Kind, Row, Term
from .formula import COMPARISONS as _COMPARISONS
from .formula import EVERY, amount_columns
from .places import ambiguous, heading, table
from .rule import Check, Each, Sums

_LEVELS = ("类", "款", "项")
_SIGNS = {"=": "=", "<=": "≤", ">=": "≥", "<": "<", ">": ">", "+": "+", "-": "−", "*": "×", "/": "÷"}
_FUNCTIONS = {"max": "较大者", "min": "较小者", "abs": "绝对值", "ratio": "比率"}
_FEW = 5  # addends named one by one
_SHOWN = 12  # relations of one check written out


def relations(edition: Edition, check: Check) -> tuple[str, ...]:
    """What the check compares, one line per relation; nothing for a check written in code."""
    if check.formula is not None:
        return tuple(dict.fromkeys(_expanded(edition, check, check.formula)))[:_SHOWN]
    if check.implied:
        return tuple(dict.fromkeys(_declared(edition, check)))
    return ()


def conditions(edition: Edition, check: Check) -> str:
    """When the check applies, as one sentence; empty when it always does."""
    said = []
    if check.when:
        said.append(f"仅在{_joined(edition, check, check.when)}时核对。")
    if check.unless:
        said.append(f"在{_joined(edition, check, check.unless)}时不核对。")
    return "".join(said)


def _joined(edition: Edition, check: Check, trees: Sequence[Binary]) -> str:
    names = [_Names(edition, check.each, {}).text(tree) for tree in trees]
    return "、".join(f"“{name}”" for name in names) + ("都成立" if len(names) > 1 else "成立")


def _expanded(edition: Edition, check: Check, formula: Binary) -> Iterator[str]:
    listed = [each for each in check.each if each.keys]
    for chosen in product(*(each.keys for each in listed)):
        keys = dict(zip((each.name for each in listed), chosen, strict=True))
        yield _Names(edition, check.each, keys).text(formula)


class _Names:
    """One formula in words. A place filled by the rows of a table is “每个…科目” at first, then “同一科目”."""

    def __init__(self, edition: Edition, each: Sequence[Each], keys: Mapping[str, str]) -> None:
        self._edition, self._keys = edition, keys
        self._rows = {e.name: _every(edition, e) for e in each if not e.keys}
        self._met: set[str] = set()
        self._table = ""  # the table named last on this side: it is not named twice in a row

    def text(self, tree: Expression, outer: str = "") -> str:
        if isinstance(tree, Ref):
            return tree.parts[0] if len(tree.parts) == 1 else self._place(tree.parts)
        if isinstance(tree, Number):
            return f"{tree.value:f}"
        if isinstance(tree, Negative):
            return f"−{self.text(tree.operand, '*')}"
        if isinstance(tree, Call):
            if tree.name == "ratio":
                return "（" + " ÷ ".join(self.text(argument, "*") for argument in tree.arguments) + "）"
            inner = "，".join(self.text(argument) for argument in tree.arguments)
            return f"（{inner}）的{_FUNCTIONS.get(tree.name, tree.name)}"
        left = self.text(tree.left, tree.operator)
        if tree.operator in _COMPARISONS:
            self._table = ""
        right = self.text(tree.right, tree.operator)
        said = f"{left} {_SIGNS.get(tree.operator, tree.operator)} {right}"
        return f"（{said}）" if tree.operator in "+-" and outer in ("*", "/", "-") else said

    def _place(self, parts: tuple[str, ...]) -> str:
        form_id, row, column = (part.format_map(_Kept(self._keys)) for part in parts)
        form = self._edition.form(form_id)
        named = place(form, row, column)
        if table(form) == self._table:
            named = named.removeprefix(self._table + "·")
        self._table = table(form)
        for name, every in self._rows.items():
            if "{" + name + "}" in named:
                named = named.replace("{" + name + "}", "同一科目" if name in self._met else every)
                self._met.add(name)
        return named


class _Kept(dict[str, str]):
    """Places that no listed key fills stay as they are."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _every(edition: Edition, each: Each) -> str:
    lengths = sorted({n for form in edition.forms for b in form.blocks if b.open is not None for n in b.open.levels})
    if each.digits in lengths[: len(_LEVELS)]:
        return f"每个{_LEVELS[lengths.index(each.digits)]}级科目"
    return "每个科目"


def place(form: Form, row: str, column: str) -> str:
    """``收入决算表·合计·本年收入合计``: table, row, and the column where the block has several amounts."""
    block = form.block_of_row(row) or next(b for b in form.blocks if any(c.key == column for c in b.columns))
    declared = next((r for r in block.rows if r.key == row), None)
    label = declared.label if declared is not None else "各行合计" if row == EVERY else row
    parts = [table(form)]
    if declared is not None and ambiguous(form, label) and block.columns[0].head[0] not in (label, ""):
        parts.append(block.columns[0].head[0])
    if label:
        above = heading(block, row)
        parts += [above, label] if above else [label]
    if row == EVERY or len(amount_columns(block, declared)) > 1:
        parts.append(_head(block, column))
    return "·".join(parts)


def _head(block: Block, column: str) -> str:
    """The column's head without what all its amounts share."""
    heads = [c.head for c in amount_columns(block, None)]
    own = next(c.head for c in block.columns if c.key == column)
    kept = [part for n, part in enumerate(own) if not all(len(h) > n and h[n] == part for h in heads)]
    return "·".join(kept or own[-1:])


def _declared(edition: Edition, check: Check) -> Iterator[str]:
    """The sums that forms declare, by table."""
    for scope in check.scope:
        form = edition.form(scope.form)
        for block in form.blocks:
            if scope.covers(block):
                for how in check.implied:
                    yield from _SUMS[how](form, block)


def _columns(form: Form, block: Block) -> Iterator[str]:
    keys = {column.key: column for column in block.columns}
    for column in block.columns:
        if column.sum_of:
            names = [(t.sign, _head(block, keys[t.key].key)) for t in column.sum_of]
            yield f"{table(form)}每行：{_head(block, column.key)} = {_added(names, '各栏')}"


def _rows(form: Form, block: Block) -> Iterator[str]:
    rows: dict[str, Row] = {row.key: row for b in form.blocks for row in b.rows}
    amounts: tuple[Column, ...] = amount_columns(block, None)
    each = "（每一栏）" if len(amounts) > 1 else ""
    for row in block.rows:
        if row.sum_of:
            yield f"{table(form)}{each}：{row.label} = {_added(_named(row.sum_of, rows), '各行')}"


def _named(terms: Sequence[Term], rows: Mapping[str, Row]) -> list[tuple[int, str]]:
    return [(term.sign, rows[term.key].label) for term in terms]


def _added(names: Sequence[tuple[int, str]], every: str) -> str:
    if len(names) > _FEW and all(sign > 0 for sign, _ in names):
        return f"{names[0][1]}至{names[-1][1]}{every}之和"
    joined = ("−" if names[0][0] < 0 else "") + names[0][1]
    return joined + "".join(f" {'+' if sign > 0 else '−'} {name}" for sign, name in names[1:])


def _children(form: Form, block: Block) -> Iterator[str]:
    if block.open is not None and block.open.by_code:
        levels = _LEVELS[: len(block.open.levels)]
        total = next((row.label for row in block.rows if row.children and not row.code), "合计")
        pairs = [f"{total} = 各{levels[0]}之和"]
        pairs += [f"{above} = 所属各{below}之和" for above, below in pairwise(levels)]
        yield f"{table(form)}每一栏：{'；'.join(pairs)}"
        return
    for row in block.rows:
        if row.children and row.code:
            yield f"{table(form)}：{row.code} {row.label} = 编码以 {row.code} 开头的各行之和"


_SUMS = {Sums.COLUMNS: _columns, Sums.ROWS: _rows, Sums.CHILDREN: _children}


def money(edition: Edition, check: Check) -> bool:
    """Whether the check compares amounts of money (counts of people or vehicles have no tails)."""
    if check.formula is None:
        blocks = [b for s in check.scope for b in edition.form(s.form).blocks if s.covers(b)]
        return any(_summed_money(block, check) for block in blocks)
    return any(_is_money(edition, ref) for ref in _refs(check.formula, check.each))


def _summed_money(block: Block, check: Check) -> bool:
    columns, rows = Sums.COLUMNS in check.implied, check.implied != (Sums.COLUMNS,)
    across = columns and any(column.sum_of and column.kind is Kind.MONEY for column in block.columns)
    summed = [row for row in block.rows if row.sum_of or row.children]
    return across or (rows and any(block.kind_of(r, c) is Kind.MONEY for r in summed for c in amount_columns(block, r)))


def _is_money(edition: Edition, ref: tuple[str, ...]) -> bool:
    form = edition.form(ref[0])
    block = form.block_of_row(ref[1])
    blocks = (block,) if block is not None else form.blocks
    one, column = next((b, c) for b in blocks for c in b.columns if c.key == ref[2])
    row = next((r for r in one.rows if r.key == ref[1]), None)
    return (one.kind_of(row, column) if row is not None else column.kind) is Kind.MONEY


def _refs(tree: Expression, each: Sequence[Each]) -> Iterator[tuple[str, ...]]:
    first = _Kept({e.name: e.keys[0] for e in each if e.keys})
    for ref in references(tree):
        if len(ref.parts) > 1:
            yield tuple(part.format_map(first) for part in ref.parts)
