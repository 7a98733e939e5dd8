"""Numbers as shown: the only place where rounding happens, half-up, from exact values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

_ROUND = Context(prec=60, rounding=ROUND_HALF_UP)
_DIGITS = {"整数": 0, "一位小数": 1, "两位小数": 2}
_STRIP = "去尾零"


class UnknownStyle(ValueError):
    """A number style that is none of the choices; the message is the text found."""


@dataclass(frozen=True, slots=True)
class Decimals:
    """How many decimals are shown and whether trailing zeros go."""

    digits: int
    strip: bool = False

    @staticmethod
    def named(name: str) -> Decimals:
        """From a choice such as 两位小数 or 一位小数去尾零; UnknownStyle for anything else."""
        strip = name.endswith(_STRIP)
        digits = _DIGITS.get(name.removesuffix(_STRIP))
        if digits is None:
            raise UnknownStyle(name)
        return Decimals(digits, strip)

    def show(self, value: Decimal, thousands: bool = False) -> str:
        rounded = value.quantize(Decimal(1).scaleb(-self.digits), context=_ROUND)
        if not rounded:
            rounded = abs(rounded)  # no “-0.00”
        text = f"{rounded:,f}" if thousands else f"{rounded:f}"
        return text.rstrip("0").rstrip(".") if self.strip and "." in text else text


def plain(value: Decimal) -> str:
    """Every digit as given, without exponent or superfluous zeros: for figures printed as typed."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """One document's way of writing amounts (万元), percentages (from fractions) and counts."""

    thousands: bool
    money_decimals: Decimals
    percent_decimals: Decimals

    def money(self, value: Decimal) -> str:
        return self.money_decimals.show(value, self.thousands)

    def percent(self, ratio: Decimal) -> str:
        return self.percent_decimals.show(ratio * 100) + "%"

    def count(self, value: Decimal) -> str:
        return plain(value)


@dataclass(frozen=True, slots=True)
class TableStyle:
    """Amounts in the official tables; a zero is printed as a blank."""

    thousands: bool
    decimals: Decimals

    def money(self, value: Decimal) -> str:
        return self.decimals.show(value, self.thousands) if value else ""
