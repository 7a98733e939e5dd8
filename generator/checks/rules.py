"""Rules as rows of data: the edition's rule files, read and checked against its forms.

A rule has an id that is never reused, its words, and one or more checks. A check is a formula over form keys, a
sum that the forms declare (``implied``), or a named piece of code (``coded``) for what no formula can say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from itertools import product
from typing import TypeVar

from ..editions import Edition, EditionError
from ..editions.node import Node
from ..model import expression
from ..model.expression import Binary, Call, Expression, Negative, Number, Ref
from ..model.finding import Severity
from ..model.form import Form
from .absent import settled
from .formula import ARITHMETIC, COMPARISONS, EVERY, FUNCTIONS
from .keyed import EditionKey
from .registry import NAMES as CODED_NAMES
from .rule import Absent, Check, Each, Rule, RuleKind, Scope, Sums

_E = TypeVar("_E", bound=Enum)
_TAKES = {"abs": 1, "ratio": 2}  # arguments; max and min take two or more
_NUMBER_OF = re.compile(r"\{(\w+)\.number\}")
_REFERENCE = "请核对表单文件中的 id 和 key；数据写作 表.行.列。"


def _forms(forms: Mapping[str, Form]) -> str:
    return f"本版式的表：{'、'.join(forms)}。"


def load(edition: Edition) -> tuple[Rule, ...]:
    """All rules of the edition in the order of its files; EditionError names file and place of a mistake."""
    return _load(EditionKey(edition), edition.rule_files)


def hints(edition: Edition) -> tuple[Rule, ...]:
    """Relations that usually hold and are never reported: they only choose between cells that may be wrong."""
    return _load(EditionKey(edition), edition.hint_files)


@lru_cache(maxsize=16)
def _load(key: EditionKey, names: tuple[str, ...]) -> tuple[Rule, ...]:
    edition = key.edition
    found: list[Rule] = []
    for name in names:
        for node in edition.yaml(name):
            found.append(_rule(edition, node))
            if any(rule.id == found[-1].id for rule in found[:-1]):
                raise node.fail(f"规则编号 {found[-1].id} 用了两次", "请给其中一条另取编号。")
    return tuple(found)


def _rule(edition: Edition, node: Node) -> Rule:
    severity = _one_of(node, "severity", Severity, "error")
    fix = _told(edition, node, "fix")
    parts = [part for n in node.nodes("checks") for part in _check(edition, n, severity, fix)]
    rule = Rule(
        id=node.text("id"),
        title=_told(edition, node, "title"),
        severity=severity,
        explain=_told(edition, node, "explain"),
        fix=fix,
        basis=_told(edition, node, "basis"),
        checks=tuple(part for part in parts if isinstance(part, Check)),
        source=node.source,
        example=_told(edition, node, "example", ""),
        absent=tuple(part for part in parts if isinstance(part, Absent)),
    )
    if not parts:
        raise node.fail("规则没有 checks", "请至少写一个 formula、implied 或 coded。")
    node.done()
    return rule


def _told(edition: Edition, node: Node, key: str, default: str | None = None) -> str:
    """Words of a rule; {fund.number} is the number of that table in this edition, × where it is declared absent."""
    text = node.text(key) if default is None else node.text(key, default)
    numbers = {form.id: str(form.number) for form in edition.tables}

    def number(match: re.Match[str]) -> str:
        if edition.lacks(match[1]):
            return "×"
        if match[1] not in numbers:
            fix = f"可以写 {'、'.join(f'{{{name}.number}}' for name in numbers)}。"
            raise node.fail(f"{key}：“{match[0]}”不是本版式的表", fix)
        return numbers[match[1]]

    return _NUMBER_OF.sub(number, text)


def _check(edition: Edition, node: Node, severity: Severity, fix: str) -> Iterator[Check | Absent]:
    """The check as far as the edition has what it speaks of."""
    forms = {form.id: form for form in edition.forms}
    ways = [way for way in ("formula", "implied", "coded") if node.has(way)]
    if len(ways) != 1:
        raise node.fail("一个 check 应当且只能有 formula、implied、coded 之一", "请删去多余的，或分成几个 check。")
    each = tuple(_each(edition, name, n) for name, n in node.node("each").items()) if node.has("each") else ()
    coded = node.text("coded", "")
    if coded and coded not in CODED_NAMES:
        raise node.fail(f"没有名为“{coded}”的 coded", f"可用的有：{'、'.join(CODED_NAMES)}。")
    made = Check(
        kind=_one_of(node, "kind", RuleKind, {"formula": "identity", "implied": "sum", "coded": "coded"}[ways[0]]),
        severity=_one_of(node, "severity", Severity, severity.value),
        tolerance=_tolerance(edition, node, "tail" if ways[0] == "implied" else "exact"),
        fix=_told(edition, node, "fix", fix),
        message=node.text("message", ""),
        formula=_comparison(node, node.text("formula")) if ways[0] == "formula" else None,
        each=each,
        when=tuple(_comparison(node, text) for text in node.texts("when", ())),
        unless=tuple(_comparison(node, text) for text in node.texts("unless", ())),
        implied=tuple(_named(node, Sums, name) for name in node.texts("implied", ())),
        coded=coded,
        scope=tuple(_scope(edition, node, text) for text in node.texts("scope", ())),
        conditions_vary=any("{" in text for key in ("when", "unless") for text in node.texts(key, ())),
        text=node.text("formula", ""),
        given=_given(node.node("with")) if node.has("with") else {},
    )
    node.done()
    trees = (*((made.formula,) if made.formula else ()), *made.when, *made.unless)
    dynamic = dict.fromkeys((e.name for e in each if not e.keys), "{}")

    def names(places: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
        for tree in trees:
            for parts in _refs(node, tree.left), _refs(node, tree.right):
                yield from (tuple(_fill(node, part, {**places, **dynamic}) for part in ref) for ref in parts)

    for part in settled(edition, made, names):
        yield part
        if isinstance(part, Check):
            for tree in trees:
                for half in (tree.left, tree.right):
                    _check_refs(forms, node, half, part.each)


def _one_of(node: Node, key: str, kind: type[_E], default: str) -> _E:
    return _named(node, kind, node.text(key, default))


def _named(node: Node, kind: type[_E], name: str) -> _E:
    try:
        return kind(name)
    except ValueError:
        raise node.fail(f"不能写“{name}”", f"可用的有：{'、'.join(str(m.value) for m in kind)}。") from None


def _tolerance(edition: Edition, node: Node, default: str) -> Decimal:
    name = node.text("tolerance", default)
    if name not in edition.tolerances:
        raise node.fail(
            f"没有名为“{name}”的容差", f"可用的有：{'、'.join(edition.tolerances)}（见 edition.yaml 的 tolerances）。"
        )
    return edition.tolerances[name]


def _scope(edition: Edition, node: Node, text: str) -> Scope:
    """``form`` or ``form.block``."""
    form_id, _, block_key = text.partition(".")
    if edition.lacks(*text.split(".")):
        return Scope(form_id, block_key)
    forms = {form.id: form for form in edition.forms}
    if form_id not in forms:
        raise node.fail(f"“{text}”：没有表 {form_id}", _forms(forms))
    if block_key and block_key not in {block.key for block in forms[form_id].blocks}:
        raise node.fail(f"“{text}”：表 {form_id} 没有块 {block_key}", _REFERENCE)
    return Scope(form_id, block_key)


def _each(edition: Edition, name: str, node: Node) -> Each:
    if isinstance(node.data, list):
        return Each(name, keys=tuple(str(n.data) for n in node))
    made = Each(
        name,
        codes=tuple(_scope(edition, node, text) for text in node.texts("codes")),
        digits=node.whole("digits", 0),
    )
    node.done()
    return made


def _given(node: Node) -> dict[str, tuple[str, ...]]:
    """``with:`` of a coded check: names to a text or a list of texts."""
    return {
        name: tuple(str(v.data) for v in value) if isinstance(value.data, list) else (str(value.data),)
        for name, value in node.items()
    }


def _comparison(node: Node, text: str) -> Binary:
    try:
        tree = expression.parse(text)
    except expression.ExpressionError as error:
        raise node.fail(f"公式写错：{error}", _REFERENCE) from error
    if not isinstance(tree, Binary) or tree.operator not in COMPARISONS:
        raise node.fail(f"“{text}”没有比较什么", f"公式两边之间应有 {' '.join(COMPARISONS)} 之一。")
    return tree


def _refs(node: Node, tree: Expression) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, Ref):
        if not (len(tree.parts) == 1 and tree.parts[0].isdigit()):  # a plain number
            yield tree.parts
    elif isinstance(tree, Negative):
        yield from _refs(node, tree.operand)
    elif isinstance(tree, Binary):
        if tree.operator not in ARITHMETIC:
            raise node.fail(f"公式里不能用“{tree.operator}”", f"可用的有：{' '.join(ARITHMETIC)}。")
        yield from _refs(node, tree.left)
        yield from _refs(node, tree.right)
    elif isinstance(tree, Call):
        if tree.name not in FUNCTIONS:
            raise node.fail(f"公式里没有函数“{tree.name}”", f"可用的有：{'、'.join(FUNCTIONS)}。")
        if len(tree.arguments) < 2 if tree.name in ("max", "min") else len(tree.arguments) != _TAKES[tree.name]:
            fix = "请写 abs(甲)、ratio(甲, 乙)、max(甲, 乙, …)、min(甲, 乙, …)。"
            raise node.fail(f"公式里函数“{tree.name}”括号中的个数不对", fix)
        for argument in tree.arguments:
            yield from _refs(node, argument)
    else:
        assert isinstance(tree, Number)


def _check_refs(forms: Mapping[str, Form], node: Node, tree: Expression, each: tuple[Each, ...]) -> None:
    """Every key a reference can name must be there; codes of open tables are known only when a book is read."""
    listed = [e for e in each if e.keys]
    dynamic = {e.name for e in each if not e.keys}
    for parts in _refs(node, tree):
        if len(parts) != 3:
            raise node.fail(f"“{'.'.join(parts)}”不是 表.行.列", _REFERENCE)
        for chosen in product(*(e.keys for e in listed)):
            places = dict(zip((e.name for e in listed), chosen, strict=True)) | dict.fromkeys(dynamic, "{}")
            form_id, row, column = (_fill(node, part, places) for part in parts)
            _check_ref(forms, node, form_id, row, column)


def _fill(node: Node, part: str, places: Mapping[str, str]) -> str:
    try:
        return part.format_map(places)
    except (KeyError, ValueError, IndexError):
        raise node.fail(f"“{part}”中的名称没有在 each 中列出", "请在 each 中补上，或改正名称。") from None


def _can_hold(form: Form, row: str) -> bool:
    """May a row of that code stand in one of the form's open tables?"""
    return row.isdigit() and any(block.open is not None and len(row) in block.open.levels for block in form.blocks)


def _check_ref(forms: Mapping[str, Form], node: Node, form_id: str, row: str, column: str) -> None:
    form = forms.get(form_id)
    if form is None:
        raise node.fail(f"没有表 {form_id}", _forms(forms))
    if "{}" in row or _can_hold(form, row):
        blocks = form.blocks
    elif row == EVERY:
        blocks = tuple(block for block in form.blocks if block.open is not None)
    else:
        fixed = form.block_of_row(row)
        blocks = (fixed,) if fixed is not None else ()
    if not blocks:
        raise node.fail(f"表 {form_id} 没有行 {row}", _REFERENCE)
    if not any(column in {c.key for c in block.columns} for block in blocks):
        raise node.fail(f"表 {form_id} 的行 {row} 没有列 {column}", _REFERENCE)


__all__ = ["Check", "Each", "EditionError", "Rule", "RuleKind", "Scope", "Sums", "load"]
