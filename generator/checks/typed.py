"""Numbers as people type them into a performance form: 3,097.76万元, 99分, 97.89%."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from ..model.cell import Cell

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_QUANTITY = re.compile(r"[≥≤<>=]{0,2}(-?\d+(?:\.\d+)?)([^\d≥≤<>]{0,6})")
_UNITS = ("万元", "元", "分", "%")
_HALF = Decimal("0.5")
_FINEST = Decimal("0.005")
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Typed:
    """``value`` as meant (a percentage as a fraction); ``slack``: how far rounding to the digits typed may lead."""

    value: Decimal
    slack: Decimal
    whole: bool  # typed without decimals


def amount(cell: Cell | None) -> Typed | None:
    """An amount or score; None when the cell is blank or holds no plain number."""
    if cell is None or cell.is_blank:
        return None
    found = _amount(cell.text)
    return _amount(f"{cell.number:f}") if found is None and cell.number is not None else found


@lru_cache(maxsize=1024)
def _amount(text: str) -> Typed | None:
    text = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "").strip()
    for unit in _UNITS:
        text = text.removesuffix(unit)
    if not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text)
    slack = _HALF.scaleb(-_decimals(text))
    return Typed(value, max(slack, _FINEST), "." not in text)


def share(cell: Cell | None) -> Typed | None:
    """A rate: 97.89%, or a plain 97.89 or 0.9789 (nobody executes less than 2 % of a budget in whole percents)."""
    found = amount(cell)
    if found is None or cell is None:
        return None
    text = unicodedata.normalize("NFKC", cell.text).strip()
    percent = text.endswith("%") or found.value > 2
    if not percent:
        return Typed(found.value, max(_HALF.scaleb(-_decimals(text)), _FINEST / _HUNDRED), False)
    return Typed(found.value / _HUNDRED, found.slack / _HUNDRED, found.whole)


def signed_share(cell: Cell | None) -> Typed | None:
    """A rate of any size: 0.2078, -21.33%; without a percent sign it is a fraction."""
    found = amount(cell)
    if found is None or cell is None:
        return None
    text = unicodedata.normalize("NFKC", cell.text).strip()
    scale = _HUNDRED if text.endswith("%") else Decimal(1)
    return Typed(found.value / scale, _HALF.scaleb(-_decimals(text)) / scale, found.whole)


@dataclass(frozen=True, slots=True)
class Quantity:
    value: Decimal
    unit: str


def quantity(cell: Cell | None) -> Quantity | None:
    """A number with its unit, as a target or a result is typed: 80000件, 85%, ≥90%; None for anything else."""
    if cell is None or cell.is_blank:
        return None
    text = unicodedata.normalize("NFKC", cell.text).replace(",", "").replace(" ", "")
    found = _QUANTITY.fullmatch(text)
    return Quantity(Decimal(found[1]), found[2]) if found else None


def _decimals(text: str) -> int:
    return len(text.rstrip("%").partition(".")[2])
