"""Sheets written as Excel, WPS and our own blank workbook write them, read by pattern instead of a tree of elements.

That takes half the time. Nothing is guessed: the patterns must cover the rows without a gap, in rising order; at the
first thing unusual (a numbered entity, a comment, a prefix, rich text) the caller takes the XML parser instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_OPEN, _CLOSE = b"<sheetData>", b"</sheetData>"
_EMPTY = r'<c r="[A-Z]{1,3}\d{1,7}"[^<>/&]*/>'
# Not what an XML parser refuses or changes: control characters, the line ends of other systems, entities other than the
# five that every writer puts for signs of the markup.
_PLAIN = "[^<&\\x00-\\x08\\x0b-\\x1f\ufffe\uffff]*"
_TEXT = f"{_PLAIN}(?:&(?:amp|lt|gt|quot|apos);{_PLAIN})*"
_SIGNS = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))  # the ampersand last
_TOKEN = re.compile(
    rf'(?:{_EMPTY})*(?:<c r="([A-Z]{{1,3}})\d{{1,7}}"([^<>/&]*)>'
    r"(<f(?: [^<>]*)?(?:/>|>[^<]*</f>))?"
    rf"(?:<v>({_TEXT})</v>|<v/>)?"
    rf'(?:<is><t(?: xml:space="preserve")?(>{_TEXT})</t></is>)?'
    r'</c>|<row r="(\d{1,7})"[^<>/&]*(/?)>|(</row>))|(.+)',
    re.DOTALL,
)
_ATTRIBUTES = re.compile(r'(?: [A-Za-z:0-9]+="[^"]*")*')
_ATTRIBUTE = re.compile(r' ([A-Za-z:0-9]+)="([^"]*)"')

_ROW_END, _SHEET_END = "</row>", b"</worksheet>"
# What stands before the rows and the merged ranges behind them, when they are nothing but plain tags.
_HEAD = re.compile(
    rb"(?:<\?xml[^<>]*\?>)?(?:\s*</?[A-Za-z:0-9]+(?:\s+[A-Za-z:0-9]+=(?:\"[^\"<&]*\"|'[^'<&]*'))*\s*/?>)*"
)
_MERGE_TAG = rb'<mergeCell ref="([A-Z0-9:]+)"/>'
_MERGE = re.compile(_MERGE_TAG)
_MERGES = re.compile(
    rb"<mergeCells[^<>/]*>((?:" + _MERGE_TAG.replace(b"(", b"").replace(b")", b"") + rb")*)</mergeCells>"
)

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


def merges(rest: bytes) -> list[str] | None:
    """Merged ranges of a sheet without its rows; None when it has to be parsed for them."""
    head, _, tail = rest.partition(_OPEN + _CLOSE)
    if not tail.endswith(_SHEET_END) or not _HEAD.fullmatch(head):
        return None
    if b"mergeCell" not in tail:
        return []
    found = _MERGES.search(tail)
    return None if found is None else [reference.decode() for reference in _MERGE.findall(found[1])]


def rows_of(text: str) -> Iterator[tuple[int, list[PlainCell]]]:
    """Row numbers and the cells that hold a value or a formula; raises Unusual."""
    number = last = 0
    cells: list[PlainCell] = []
    # One search for all: the matches follow each other without a gap, since the last choice takes whatever is left.
    for letters, attributes, formula, value, inline, row, empty, over, _rest in _TOKEN.findall(text):
        if letters and number:
            style, kind = _style_and_kind(attributes)
            if (kind == "inlineStr") != bool(inline) or (inline and value):
                raise Unusual
            held = inline[1:] if inline else value or None
            cells.append((letters, kind, _signs(held) if held and "&" in held else held, style, bool(formula)))
        elif row and not number and last < int(row):
            last = int(row)
            if not empty:
                number = last
        elif over and number:
            yield number, cells
            number, cells = 0, []
        else:
            raise Unusual
    if number:
        raise Unusual


def _signs(text: str) -> str:
    for entity, sign in _SIGNS:
        text = text.replace(entity, sign)
    return text


@lru_cache(maxsize=4096)
def _style_and_kind(attributes: str) -> tuple[str, str]:
    if not _ATTRIBUTES.fullmatch(attributes):
        raise Unusual
    named = dict(_ATTRIBUTE.findall(attributes))
    return named.get("s", ""), named.get("t", "n")
