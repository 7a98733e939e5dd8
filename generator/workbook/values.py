"""From what stands in a cell to exact values: numbers typed as text, binary floats, dates, shown text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, DecimalException
from enum import Enum

# Excel keeps 15 significant digits; whatever follows is noise of the binary number.
_FIFTEEN = Context(prec=15, rounding=ROUND_HALF_EVEN)
_ROOMY = Context(prec=60, rounding=ROUND_HALF_UP)
_MICRO = Decimal("0.000001")  # 0.01 元 in 万元 is the finest amount there is
_NOISE = Decimal("0.000000005")
_MAX_EXPONENT = 40
_LAST_DAY, _LAST_DAY_1904 = 2_958_466, 2_957_004  # the day after 31 December 9999
ZERO = Decimal(0)

_STORED = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_TYPED = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d+|\d{1,3}(?:[, ]\d{3})+)?(?P<part>\.\d*)?(?P<exp>[eE][+-]?\d{1,3})?", re.ASCII
)
_SIMPLE = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_BLANKS = frozenset({"", "-", "--", "---", "/", "\\", "无", "无。", "〇", "空", "n/a", "na", "*"})
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−─━﹣－"), "-")
_INVISIBLE = dict.fromkeys([*map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad")], None)
_SPACES = re.compile(r"[\s\u00a0\u3000]+")
_UNITS = ("年度", "年", "人次", "人", "辆", "个", "台", "套", "批次", "批", "户", "项", "次")
_DATE_TEXT = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]\d.*)?$", re.ASCII)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}"
    r"\ufeff\ufffe\uffff\ud800-\udfff]"
)


class Reading(Enum):
    """How a text in an amount cell was understood."""

    PLAIN = "plain"  # a number in plain digits, only stored as text
    REPAIRED = "repaired"  # a number after removing separators, spaces, full-width digits …
    BLANK = "blank"  # nothing, or a mark for nothing
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Parsed:
    reading: Reading
    number: Decimal | None = None


def stored(text: str) -> Decimal | None:
    """The number a spreadsheet stored, at its 15 significant digits; None when the text is no finite number."""
    text = text.strip()
    if not _STORED.fullmatch(text):
        return None
    if len(text) <= 15 and "e" not in text and "E" not in text:
        return Decimal(text)
    try:
        value = _FIFTEEN.create_decimal(text)
    except DecimalException:
        return None
    if not value or value.adjusted() < -_MAX_EXPONENT:
        return ZERO
    return trim(value) if value.adjusted() <= _MAX_EXPONENT else value


def trim(value: Decimal) -> Decimal:
    """Without superfluous zeros after the point, and without an exponent."""
    value = _ROOMY.plus(value).normalize(_ROOMY)
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal(1), context=_ROOMY) if isinstance(exponent, int) and exponent > 0 else value


def amount(value: Decimal) -> Decimal:
    """Without the residue that sums of binary numbers leave far behind the point (3097.76 − 3097.71)."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -6 or abs(value.adjusted()) > _MAX_EXPONENT:
        return value
    near = value.quantize(_MICRO, context=_ROOMY)
    return trim(near) if abs(value - near) < _NOISE else value


def decimals(value: Decimal) -> int:
    """Digits after the point, superfluous zeros not counted."""
    return len(shown(value).partition(".")[2]) if abs(value.adjusted()) <= _MAX_EXPONENT else 0


def typed(text: str, *, counted: bool = False) -> Parsed:
    """A text found where an amount belongs. ``counted`` allows a counting word behind it (3辆, 5人)."""
    plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).translate(_DASHES)
    plain = _SPACES.sub(" ", plain).strip().lstrip("'").strip()
    if plain.lower().replace(" ", "") in _BLANKS:
        return Parsed(Reading.BLANK)
    clean = re.sub(r" ?([,.]) ?", r"\1", plain.replace("。", ".")).replace("- ", "-").replace("+ ", "+")
    clean = clean.removeprefix("¥").strip()
    negative = clean.startswith("(") and clean.endswith(")")
    if negative:
        clean = clean[1:-1].strip()
    if counted:
        clean = next((clean.removesuffix(u).strip() for u in _UNITS if clean.endswith(u)), clean)
    found = _TYPED.fullmatch(clean)
    if not found or (found["whole"] is None and (found["part"] or ".") == ".") or (negative and found["sign"]):
        return Parsed(Reading.BAD)
    whole = (found["whole"] or "0").replace(",", "").replace(" ", "")
    digits = found["sign"] + whole + (found["part"] or "").rstrip(".") + (found["exp"] or "")
    try:
        value = _ROOMY.create_decimal(digits)
    except DecimalException:
        return Parsed(Reading.BAD)
    if abs(value.adjusted()) > _MAX_EXPONENT and value:
        return Parsed(Reading.BAD, value)
    value = -value if negative else value
    return Parsed(
        Reading.PLAIN if _SIMPLE.fullmatch(text) else Reading.REPAIRED, trim(value) if found["exp"] else value
    )


def plain(text: str) -> Decimal | None:
    """The number of a text that is nothing but plain digits, as printed forms have them."""
    return Decimal(text) if len(text) <= _MAX_EXPONENT and _SIMPLE.fullmatch(text) else None


def shown(value: Decimal) -> str:
    """Plain shortest digits, never an exponent (but for what no amount can be)."""
    if abs(value.adjusted()) > _MAX_EXPONENT and value:
        return str(value)
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def shown_as(value: Decimal, code: str) -> str:
    """As the cell's number format shows it, as far as it matters to what is printed: percent, fixed decimals, 000."""
    if abs(value.adjusted()) > _MAX_EXPONENT:
        return shown(value)
    first = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.', "", code.split(";", 1)[0])
    places = re.search(r"\.([0#?]+)", first)
    digits = len(places[1]) if places else 0
    if "%" in first:
        return f"{_round(value * 100, digits):f}%"
    if re.fullmatch(r"0{2,}", first) and value == value.to_integral_value() and value >= 0:
        return shown(value).zfill(len(first))
    if re.search(r"0", first) and "E" not in first.upper() and decimals(value) > digits:
        return shown(_round(value, digits))
    return shown(value)


def _round(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), context=_ROOMY)


def date_text(serial: Decimal, date1904: bool) -> str | None:
    """年月日 for a spreadsheet's day number; None when it is outside the calendar."""
    if not 1 <= serial < (_LAST_DAY_1904 if date1904 else _LAST_DAY):
        return None
    days = int(serial)
    if date1904:
        day = date(1904, 1, 1) + timedelta(days=days)
    else:
        # The spreadsheet's calendar has a 29 February 1900 that never was.
        day = date(1899, 12, 31 if days < 60 else 30) + timedelta(days=days)
    return f"{day.year}年{day.month}月{day.day}日"


def typed_date(text: str) -> str:
    """Digits with -, / or . between year, month and day as 年月日; any other wording as it stands."""
    found = _DATE_TEXT.match(unicodedata.normalize("NFKC", text).strip())
    if not found:
        return text
    try:
        day = datetime(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return text
    return f"{day.year}年{day.month}月{day.day}日"


def clean(text: str) -> tuple[str, bool]:
    """The text with \\n line ends and no control characters; True when some were removed."""
    if text.isprintable():  # no line ends either
        return text.strip(), False
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    without = _CONTROL.sub("", text)
    return without.strip(), len(without) != len(text)
