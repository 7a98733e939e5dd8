"""Sheets written as Excel, WPS and our own blank workbook write them, read by pattern instead of a tree of elements.

That takes half the time. Nothing is guessed: the patterns must cover the rows without a gap, in rising order; at the
first thing unusual (an entity of another kind, a comment, a prefix, rich text) the caller takes the XML parser instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_OPEN, _CLOSE = b"<sheetData>", b"</sheetData>"
_EMPTY = r'<c r="[A-Z]{1,3}\d{1,7}"(?: s="\d{1,9}")?(?: t="[A-Za-z]{1,9}")?/>'
# Not what an XML parser refuses or changes: entities, control characters, the line ends of other systems.
_LETTERS = "[^<&\\x00-\\x08\\x0b-\\x1f\ufffe\uffff]*"
_TEXT = f"{_LETTERS}(?:&(?:amp|lt|gt|quot|apos);{_LETTERS})*"
_MORE = r'(?: (?!r=)[A-Za-z0-9:]+="[^"<>&]*")*'
_TOKEN = re.compile(
    rf'(?:{_EMPTY})*(?:<c r="([A-Z]{{1,3}})(\d{{1,7}})"([^<>/&]*)>'
    rf"(<f{_MORE}(?:/>|>{_TEXT}</f>))?"
    rf"(?:<v>({_TEXT})</v>|<v/>)?"
    rf'(?:<is><t(?: xml:space="preserve")?(>{_TEXT})</t></is>)?'
    rf'</c>|<row r="(\d{{1,7}})"{_MORE}(/?)>|(</row>))|(.+)',
    re.DOTALL,
)
_ATTRIBUTES = re.compile(r'(?: [A-Za-z:0-9]+="[^"]*")*')
_ATTRIBUTE = re.compile(r' ([A-Za-z:0-9]+)="([^"]*)"')

_ROW_END = "</row>"
# A cell's column letters, type, value (of an inline string its text), style, and whether it has a formula.
PlainCell = tuple[str, str, str | None, str, bool]


class Unusual(Exception):
    """The sheet has to be read as XML."""


def split(data: bytes) -> tuple[str, bytes] | None:
    """The rows as text, and the sheet without them, which is still to be parsed; None for an unusual sheet."""
    start, end = data.find(_OPEN), data.rfind(_CLOSE)
    if not 0 <= start < end or b"<!" in data:
        return None
    try:
        return data[start + len(_OPEN) : end].decode(), data[: start + len(_OPEN)] + data[end:]
    except UnicodeDecodeError:
        return None


def first_rows(text: str, count: int) -> str:
    """The rows as far as the end of the row of that number, counted as they stand."""
    end = 0
    for _ in range(count):
        next_end = text.find(_ROW_END, end)
        if next_end < 0:
            return text
        end = next_end + len(_ROW_END)
    return text[:end]


def rows_of(text: str) -> Iterator[tuple[int, list[PlainCell]]]:
    """Row numbers and the cells that hold a value or a formula; raises Unusual."""
    number = last = 0
    here = ""
    cells: list[PlainCell] = []
    # One search for all: the matches follow each other without a gap, since the last choice takes whatever is left.
    for letters, digits, attributes, formula, value, inline, row, empty, over, _rest in _TOKEN.findall(text):
        if letters and digits == here:
            style, kind = _style_and_kind(attributes)
            if (kind == "inlineStr") != bool(inline) or (inline and value):
                raise Unusual
            found = inline[1:] if inline else value
            if "&" in found:
                found = _unescaped(found)
            cells.append((letters, kind, found or None, style, bool(formula)))
        elif row and not number and last < int(row):
            last = int(row)
            if not empty:
                number, here = last, row
        elif over and number:
            yield number, cells
            number, here, cells = 0, "", []
        else:
            raise Unusual
    if number:
        raise Unusual


@lru_cache(maxsize=4096)
def _style_and_kind(attributes: str) -> tuple[str, str]:
    if not _ATTRIBUTES.fullmatch(attributes):
        raise Unusual
    pairs = _ATTRIBUTE.findall(attributes)
    named = dict(pairs)
    if len(named) < len(pairs) or "r" in named:
        raise Unusual
    return named.get("s", ""), named.get("t", "n")


def _unescaped(text: str) -> str:
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
    return text.replace("&amp;", "&")
