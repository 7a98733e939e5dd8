"""Key figures, ratios and reasons of one department, as its edition's bureau.yaml declares them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from ..checks.formula import EVERY, NotApplicable, Reads, State, side
from ..checks.keyed import EditionKey
from ..editions import Edition
from ..editions.node import Node
from ..model.book import Book
from ..model.expression import Binary, Call, Expression, ExpressionError, parse, references
from ..model.figure import ZERO
from ..model.form import Kind
from .store import Amount

FILE = "bureau.yaml"
PERCENT = "%"
_UNITS = ("万元", "个")  # examples of what stands after other numbers
_FIX = "请对照本版式 tables、inputs 文件夹中的 id 和 key 改正，写法见 docs/edition.md。"


@dataclass(frozen=True)
class KeyFigure:
    key: str
    label: str
    value: Expression
    last: Expression | None = None
    budget: Expression | None = None


@dataclass(frozen=True)
class Ratio:
    key: str
    label: str
    value: Expression
    unit: str = PERCENT


@dataclass(frozen=True)
class View:
    """What is looked at in one edition; ``reasons`` are (form, block, column)."""

    figures: tuple[KeyFigure, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    reasons: tuple[tuple[str, str, str], ...] = ()


def view(edition: Edition) -> View:
    """The edition's bureau.yaml; nothing to see where it has none. EditionError names the place of a mistake."""
    return _view(EditionKey(edition))


@lru_cache(maxsize=16)
def _view(key: EditionKey) -> View:
    edition = key.edition
    if not edition.has(FILE):
        return View()
    node = edition.yaml(FILE)
    made = View(
        tuple(_figure(edition, n) for n in node.nodes("figures", ())),
        tuple(_ratio(edition, n) for n in node.nodes("ratios", ())),
        tuple(_reasons(edition, node)),
    )
    node.done()
    return made


def _figure(edition: Edition, node: Node) -> KeyFigure:
    last, budget = (_formula(edition, node, key) if node.has(key) else None for key in ("last", "budget"))
    made = KeyFigure(node.text("key"), node.text("label"), _formula(edition, node, "value"), last, budget)
    node.done()
    return made


def _ratio(edition: Edition, node: Node) -> Ratio:
    unit = node.text("unit", PERCENT)
    made = Ratio(node.text("key"), node.text("label"), _formula(edition, node, "value"), unit)
    if unit == PERCENT and not _is_share(edition, made.value):
        fix = f"百分数写成 部分 / 总体；不是百分数的，unit 写数后面的单位，如 {'、'.join(_UNITS)}。"
        raise node.fail(f"unit 是“{PERCENT}”，value 却不是两个同类数之比：{node.text('value')}", fix)
    node.done()
    return made


def _is_share(edition: Edition, tree: Expression) -> bool:
    """A quotient of amounts, or of counts: of like by like."""
    if isinstance(tree, Call) and tree.name == "ratio":
        sides = tree.arguments
    elif isinstance(tree, Binary) and tree.operator == "/":
        sides = (tree.left, tree.right)
    else:
        return False
    kinds = [{_kind(edition, parts) for parts in _refs(side)} for side in sides]
    return len(kinds[0]) == 1 and kinds[0] == kinds[-1]


def _kind(edition: Edition, parts: tuple[str, ...]) -> Kind:
    form, key, column_key = parts
    for block in edition.form(form).blocks:
        row = next((row for row in block.rows if row.key == key), None)
        column = next((column for column in block.columns if column.key == column_key), None)
        if column is not None and (row is not None or block.open is not None):
            return block.kind_of(row, column) if row is not None else column.kind
    raise AssertionError(parts)  # a formula names only what there is


def _reasons(edition: Edition, node: Node) -> Iterator[tuple[str, str, str]]:
    for text in node.texts("reasons", ()):
        parts = text.split(".")
        forms = {form.id: form for form in edition.forms}
        if len(parts) != 3 or parts[0] not in forms:
            raise node.fail(f"reasons：“{text}”不是 表单.块.栏", _FIX)
        form, block, column = parts
        if not any(b.key == block and any(c.key == column for c in b.columns) for b in forms[form].blocks):
            raise node.fail(f"reasons：没有“{text}”这一栏", _FIX)
        yield form, block, column


def _formula(edition: Edition, node: Node, key: str) -> Expression:
    text = node.text(key)
    try:
        tree = parse(text)
    except ExpressionError as error:
        raise node.fail(f"{key}：公式写法有误：{error}", _FIX) from error
    for parts in _refs(tree):
        if not _known(edition, parts):
            raise node.fail(f"{key}：本版式没有“{'.'.join(parts)}”（表单.行.栏）", _FIX)
    return tree


def _refs(tree: Expression) -> Iterator[tuple[str, ...]]:
    for ref in references(tree):
        if not (len(ref.parts) == 1 and ref.parts[0].isdigit()):
            yield ref.parts


def _known(edition: Edition, parts: tuple[str, ...]) -> bool:
    if len(parts) != 3:
        return False
    form = next((form for form in edition.forms if form.id == parts[0]), None)
    for block in form.blocks if form is not None else ():
        fixed = any(row.key == parts[1] for row in block.rows)
        listed = block.open is not None and (parts[1] == EVERY or parts[1].isdigit())
        if (fixed or listed) and any(column.key == parts[2] for column in block.columns):
            return True
    return False


def amounts(edition: Edition, book: Book) -> tuple[dict[str, Amount], dict[str, str]]:
    """Key figures and ratios by key; a ratio that can't be formed is left out."""
    reads, seen = Reads(edition, book), view(edition)
    figures = {
        f.key: Amount(
            _text(_value(reads, f.value, blank_is_zero=True)),
            _text(_value(reads, f.last, blank_is_zero=False)),
            _text(_value(reads, f.budget, blank_is_zero=False)),
        )
        for f in seen.figures
    }
    ratios = {ratio.key: _text(_value(reads, ratio.value, blank_is_zero=True)) for ratio in seen.ratios}
    return figures, {key: text for key, text in ratios.items() if text is not None}


def _value(reads: Reads, tree: Expression | None, *, blank_is_zero: bool) -> Decimal | None:
    """None where there is nothing to tell: a cell that is not there, can't be read, or (all of them) is blank."""
    if tree is None:
        return None
    try:
        found = side(reads, tree, {})
    except NotApplicable:
        return None
    states = {operand.state for _, operand in found.terms}
    if states & {State.BAD, State.NO_ROW, State.NO_SHEET}:
        return None
    if not blank_is_zero and not states & {State.NUMBER}:
        return None
    return found.value


def _text(value: Decimal | None) -> str | None:
    return format(value, "f") if value is not None else None


def reasons(edition: Edition, book: Book) -> list[dict[str, str]]:
    """The texts of the declared columns with their cells, as typed."""
    found = []
    for form, block, column in view(edition).reasons:
        for row in book.rows(form, block):
            cell = row.cells.get(column)
            if cell is not None and cell.text.strip():
                found.append({"cell": str(cell.ref), "row": row.label or row.key, "text": cell.text})
    return found


def share(part: str | None, whole: str | None) -> Decimal | None:
    """part / whole of exact texts; None where either is missing or the whole is zero."""
    if part is None or whole is None or Decimal(whole) == ZERO:
        return None
    return Decimal(part) / Decimal(whole)


def growth(amount: Amount) -> Decimal | None:
    """(value - last) / |last| as a fraction."""
    if amount.value is None or amount.last is None or Decimal(amount.last) == ZERO:
        return None
    return (Decimal(amount.value) - Decimal(amount.last)) / abs(Decimal(amount.last))


def completion(amount: Amount) -> Decimal | None:
    return share(amount.value, amount.budget)


__all__ = [
    "FILE", "PERCENT", "KeyFigure", "Ratio", "View", "amounts", "completion", "growth", "reasons", "share", "view",
]  # fmt: skip
