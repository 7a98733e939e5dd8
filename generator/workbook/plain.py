"""Sheets written as Excel, WPS and our own blank workbook write them, read by pattern instead of a tree of elements.

That takes half the time. Nothing is guessed: the patterns must cover the rows without a gap, in rising order; at the
first thing unusual (an entity, a comment, a prefix, rich text) the caller takes the XML parser instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_OPEN, _CLOSE = b"<sheetData>", b"</sheetData>"
_EMPTY = r'<c r="[A-Z]{1,3}\d{1,7}"[^<>/&]*/>'
# Not what an XML parser refuses or changes: entities, control characters, the line ends of other systems.
_TEXT = "[^<&\\x00-\\x08\\x0b-\\x1f\ufffe\uffff]*"
_TOKEN = re.compile(
    rf'(?:{_EMPTY})*(?:<c r="([A-Z]{{1,3}})\d{{1,7}}"([^<>/&]*)>'
    r"(<f(?: [^<>]*)?(?:/>|>[^<]*</f>))?"
    rf"(?:<v>({_TEXT})</v>|<v/>)?"
    rf'(?:<is><t(?: xml:space="preserve")?>({_TEXT})</t></is>)?'
    r'</c>|<row r="(\d{1,7})"[^<>/&]*(/?)>|(</row>))'
)
_ATTRIBUTES = re.compile(r'(?: [A-Za-z:0-9]+="[^"]*")*')
_ATTRIBUTE = re.compile(r' ([A-Za-z:0-9]+)="([^"]*)"')

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


def rows_of(text: str) -> Iterator[tuple[int, list[PlainCell]]]:
    """Row numbers and the cells that hold a value or a formula; raises Unusual."""
    number = last = end = 0
    cells: list[PlainCell] = []
    found = None
    # A scanner's matches follow each other without a gap.
    for found in iter(_TOKEN.scanner(text).match, None):  # type: ignore[attr-defined]
        letters, attributes, formula, value, inline, row, empty, over = found.groups()
        if letters is not None and number:
            style, kind = _style_and_kind(attributes)
            if inline is not None:
                if kind != "inlineStr" or value is not None:
                    raise Unusual
                value = inline
            elif kind == "inlineStr":
                raise Unusual
            cells.append((letters, kind, value, style, formula is not None))
        elif row is not None and not number and last < int(row):
            last = int(row)
            if not empty:
                number = last
        elif over is not None and number:
            yield number, cells
            number, cells = 0, []
        else:
            raise Unusual
    end = found.end() if found is not None else 0
    if number or end != len(text):
        raise Unusual


@lru_cache(maxsize=4096)
def _style_and_kind(attributes: str) -> tuple[str, str]:
    if not _ATTRIBUTES.fullmatch(attributes):
        raise Unusual
    named = dict(_ATTRIBUTE.findall(attributes))
    return named.get("s", ""), named.get("t", "n")
