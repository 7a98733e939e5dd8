"""Slips of the fingers: does the amount that would fit differ from the amount that stands there as slips do?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from .linear import Interval

_WAN = Decimal(10000)
_TEN = Decimal(10)
_CENT = Decimal("0.01")
_UNIT = "金额单位填错（元与万元混淆）"
_LONG = 7  # digits; among longer numbers one digit more or less rarely fits by chance


@dataclass(frozen=True, slots=True)
class Slip:
    """``words`` for the user; ``value`` is what was probably meant. A ``telling`` slip rarely fits by chance."""

    words: str
    value: Decimal
    telling: bool = True


def recognise(value: Decimal, wanted: Interval, near: Decimal) -> Slip | None:
    """The slip that made ``value`` out of an amount inside ``wanted``; of several the one closest to ``near``.

    Amounts are as they stand in the workbook. Slips that can produce almost anything are only asked last.
    """
    if wanted.holds(Decimal(0)):
        return None  # a ten-thousandth of anything is nearly nothing
    if abs(near - value * _WAN) <= _WAN * _CENT / 2 and abs(value) >= 1:
        return Slip(_UNIT, near)  # in 万元, rounded to two decimals, where 元 belongs
    for slips in (_telling(value), _missing(value)):
        fitting = [slip for slip in slips if slip.value != value and wanted.holds(slip.value)]
        if fitting:
            return min(fitting, key=lambda slip: abs(slip.value - near))
    return None


def _telling(value: Decimal) -> Iterator[Slip]:
    if not value:
        return
    yield Slip("正负号填反", -value)
    for places in (1, 2, 3):
        yield Slip("小数点错位", value * _TEN**places)
        yield Slip("小数点错位", value / _TEN**places)
    yield Slip(_UNIT, value / _WAN)
    yield Slip(_UNIT, value * _WAN)
    digits, exponent = _digits(value)
    yield Slip("相邻两位数字颠倒", _number(digits[0] + "0" + digits[1:], exponent, value))  # 0 came first and was lost
    for n in range(len(digits) - 1):
        if digits[n] != digits[n + 1]:
            swapped = digits[:n] + digits[n + 1] + digits[n] + digits[n + 2 :]
            yield Slip("相邻两位数字颠倒", _number(swapped, exponent, value))
        else:
            yield Slip("数字重复录入", _number(digits[:n] + digits[n + 1 :], exponent, value))
            yield Slip("数字重复录入", _number(digits[:n] + digits[n + 1 :], exponent, value) / _TEN)


def _missing(value: Decimal) -> Iterator[Slip]:
    """One digit left out, or one too many: many amounts are that near to a short number, so it tells little."""
    if not value:
        return
    digits, exponent = _digits(value)
    long = len(digits) >= _LONG
    for n in range(len(digits) + 1):
        for digit in "0123456789":
            longer = digits[:n] + digit + digits[n:]
            yield Slip("漏录一位数字", _number(longer, exponent, value), telling=long)
    for n in range(len(digits)):
        yield Slip("多录一位数字", _number(digits[:n] + digits[n + 1 :], exponent, value), telling=long)


def _digits(value: Decimal) -> tuple[str, int]:
    """The digits as typed with at least two decimals, and their exponent."""
    plain = value.normalize()
    exponent = plain.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent > -2:
        plain, exponent = plain.quantize(Decimal("0.01")), -2
    return "".join(map(str, plain.as_tuple().digits)), exponent


def _number(digits: str, exponent: int, like: Decimal) -> Decimal:
    made = Decimal(digits or "0").scaleb(exponent)
    return -made if like < 0 else made
