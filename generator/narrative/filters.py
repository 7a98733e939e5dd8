"""Filters of the chapters: the only ways by which a number gets into a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..model.blocks import SpanKind
from .spans import WrongTemplate
from .values import Amount, Text

_HALF = str.maketrans("（）", "()")


def _amount(value: object, name: str) -> Amount:
    if not isinstance(value, Amount):
        raise WrongTemplate(f"{name} 过滤器只用于金额、比例和数量，这里是 {type(value).__name__} {value!r}")
    return value


def _figure(amount: Amount, shown: str) -> str:
    return amount.desk.marks.mark(shown, SpanKind.FIGURE, amount.figure.cells, amount.figure)


def money(value: object) -> str:
    """An amount in 万元, in the document's number style."""
    amount = _amount(value, "money")
    return _figure(amount, amount.desk.style.money(amount.figure.value))


def percent(value: object) -> str:
    """A fraction as a percentage."""
    amount = _amount(value, "percent")
    return _figure(amount, amount.desk.style.percent(amount.figure.value))


def count(value: object) -> str:
    """People, vehicles, projects: the plain number."""
    amount = _amount(value, "count")
    return _figure(amount, amount.desk.style.count(amount.figure.value))


def half(value: str | Text) -> str | Text:
    """Brackets half-width, as the form prints subject names in sentences."""
    return _each(value, lambda text: text.translate(_HALF))


def without(value: str | Text, end: str) -> str | Text:
    """Without ``end``, unless nothing would be left."""
    return _each(value, lambda text: text.strip().removesuffix(end) or text)


def ending(value: Text, end: str) -> Text:
    """With ``end``, unless it ends so already."""
    return value.changed(lambda text: text if text.strip().endswith(end) else text.strip() + end)


def clause(value: Text, *starts: str) -> Text:
    """Words to stand inside a sentence: no punctuation at the ends, no lead that the sentence has already."""
    return value.clause().without_start(*starts).clause()


def listed(text: str, between: str) -> str:
    """Pieces that each end in ``||``, joined: {% set items | listed("；") %}…||…||{% endset %}. Empty ones go."""
    pieces = (piece.strip() for piece in text.split("||"))
    return between.join(piece for piece in pieces if piece)


def _each(value: str | Text, change: Callable[[str], str]) -> str | Text:
    return value.changed(change) if isinstance(value, Text) else change(value)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": money,
    "percent": percent,
    "count": count,
    "half": half,
    "without": without,
    "ending": ending,
    "clause": clause,
    "listed": listed,
}
