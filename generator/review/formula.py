"""How a figure was reckoned, in words and in numbers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal

from ..model.cell import CellRef
from ..model.figure import Figure, Operation

_MOST = 8  # addends that are spelled out
_DEEPEST = 6
_DIGITS = Context(prec=60, rounding=ROUND_HALF_UP)
_FINE = Decimal("0.000001")
_ROUGH = Decimal("0.0001")
_HUNDRED = Decimal(100)

Name = Callable[[CellRef], str]


def in_words(figure: Figure, name: Name) -> str:
    """收入总计本年数 − 收入总计上年数; the name of its cell for a figure taken as it stands."""
    return _said(figure, lambda leaf: _leaf(leaf, name), 0)


def in_numbers(figure: Figure) -> str:
    """5647.95225 − 5120.36489, exact; the figure itself where nothing was reckoned."""
    return _said(figure, lambda leaf: plain(leaf.value), 0)


def exact(figure: Figure, shown: str) -> str:
    """The value before it was rounded for display; a share as a percentage when it is shown as one."""
    if "%" in shown or "％" in shown:
        return f"{plain(_rounded(figure.value * _HUNDRED, _ROUGH))}%"
    return plain(_rounded(figure.value, _FINE))


def plain(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, context=_DIGITS)


def _leaf(figure: Figure, name: Name) -> str:
    if len(figure.cells) == 1:
        return name(figure.cells[0])
    if not figure.cells:
        return "0"
    return f"“{name(figure.cells[0])}”等 {len(figure.cells)} 格"


def _said(figure: Figure, leaf: Callable[[Figure], str], depth: int) -> str:
    how = figure.how
    if how is None or depth > _DEEPEST:
        return leaf(figure)
    said = [_said(part, leaf, depth + 1) for part in how.parts]
    operation = how.operation
    if operation is Operation.SIZE:
        return f"|{said[0]}|"
    if operation is Operation.NEGATIVE:
        return f"−{_bracketed(how.parts[0], said[0])}"
    if operation is Operation.SUM:
        if not said:
            return "0"
        if len(said) > _MOST:
            return f"{' + '.join(said[: _MOST - 1])} + … + {said[-1]}（共 {len(said)} 项）"
        return " + ".join(said)
    return f" {operation.value} ".join(_bracketed(part, text) for part, text in zip(how.parts, said, strict=True))


def _bracketed(figure: Figure, said: str) -> str:
    """In brackets where the order of reckoning would else be doubtful."""
    inner = figure.how
    single = inner is None or inner.operation is Operation.SIZE or len(inner.parts) == 1
    return said if single else f"（{said}）"
