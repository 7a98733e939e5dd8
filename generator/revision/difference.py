"""What two documents say differently: paragraph by paragraph, cell by cell, with the place as one says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from enum import Enum
from typing import NamedTuple

from lxml import etree

from . import align, chartdata
from .body import Body, Unit, row_cells, table_rows
from .redline import row_key, row_label, row_likeness, settled
from .spots import Spots
from .text import plain
from .tokens import tokens

_NUMBERED = re.compile(r"[（(]\s*(表\s*\d+)\s*[）)]\s*$")
_HEADING = re.compile(r"(?:heading|标题)\s*(\d)")
_CONTENTS = "目录"
_DEEPEST = 3
_AROUND = 6  # words shown on either side of a difference
_MOST = 1_500_000  # tokens times tokens
_WORDS = re.compile(r"[^\W\d_]")


class Kind(Enum):
    TEXT = "text"
    ADDED = "added"
    GONE = "gone"
    CELL = "cell"
    ROW_ADDED = "row added"
    ROW_GONE = "row gone"
    CHART = "chart"


class Difference(NamedTuple):
    """``spot`` tells a table's row and column in words; texts are whole."""

    kind: Kind
    place: str
    before: str
    after: str
    spot: str = ""


def differences(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[Difference, ...]:
    """In the order of the new document. Unreadable when one of them is no Word document."""
    before, after = settled(old), settled(new)
    return tuple(_all(before, after))


def _all(old: Body, new: Body) -> Iterator[Difference]:
    place = _Place()
    for left, right in align.units(old.units, new.units):
        if right is not None:
            place.passes(new, right)
        elif left is not None and right is None:
            place.passes(old, left)
        if left is not None and right is not None and "table" in (left.kind, right.kind):
            if left.kind == right.kind:
                yield from _table(left.element, right.element, place.said)
            continue
        if left is not None and right is not None and left.anchor and left.anchor == right.anchor:
            continue  # a line of the contents: its page follows from the rest
        if left is not None and right is not None:
            yield from _chart(chartdata.of(old, left.element), chartdata.of(new, right.element), place.said)
        before, after = left.text.strip() if left else "", right.text.strip() if right else ""
        if before != after:
            kind = Kind.TEXT if left and right else Kind.ADDED if right else Kind.GONE
            yield Difference(kind, place.said, before, after)


def _chart(old: chartdata.Data, new: chartdata.Data, place: str) -> Iterator[Difference]:
    """Series and categories whose figures differ; labels follow from them."""
    if not old or not new:
        return
    before, after = ({row[0]: "，".join(row[1:]) for row in chartdata.figures(data)} for data in (old, new))
    for name in {**before, **after}:
        if before.get(name, "") != after.get(name, ""):
            yield Difference(Kind.CHART, place, before.get(name, ""), after.get(name, ""), f"图中{name or '项目'}")


class _Place:
    """Where one is: the nearest heading, or the number of the table that the heading announces."""

    def __init__(self) -> None:
        self.said = ""

    def passes(self, body: Body, unit: Unit) -> None:
        style = body.style(unit)
        heading = _HEADING.search(style)
        text = unit.text.strip()
        number = _NUMBERED.search(text) if unit.kind == "paragraph" else None
        if unit.anchor:
            self.said = _CONTENTS
        elif number:
            self.said = number[1].replace(" ", "")
        elif heading and int(heading[1]) <= _DEEPEST and text:
            self.said = text


def _table(old: etree._Element, new: etree._Element, place: str) -> Iterator[Difference]:
    spots, at = Spots(table_rows(new)), -1
    for left, right in align.pairs(table_rows(old), spots.lines, row_key, row_likeness, row_label):
        at += right is not None
        if left is None and right is not None:
            yield Difference(Kind.ROW_ADDED, place, "", _line(right), _label(right))
        elif right is None and left is not None:
            yield Difference(Kind.ROW_GONE, place, _line(left), "", _label(left))
        elif left is not None and right is not None:
            yield from _row(left, right, spots, at, place)


def _row(old: etree._Element, new: etree._Element, spots: Spots, at: int, place: str) -> Iterator[Difference]:
    before, after = row_cells(old), row_cells(new)
    if len(before) != len(after):
        yield Difference(Kind.TEXT, place, _line(old), _line(new), _label(new))
        return
    for cell, (one, other) in enumerate(zip(before, after, strict=True)):
        was, now = plain(one).strip(), plain(other).strip()
        if was != now:
            yield Difference(Kind.CELL, place, was, now, spots.spot(at, cell))


def _label(row: etree._Element) -> str:
    """What tells a row that came or went: its first words, and a code before them."""
    texts = [text for cell in row_cells(row) if (text := plain(cell).strip())]
    first = next((at for at, text in enumerate(texts) if _WORDS.search(text)), None)
    if first is None:
        return ""
    code = texts[first - 1] if first and texts[first - 1].isdigit() else ""
    return " ".join(part for part in (code, texts[first]) if part)


def _line(row: etree._Element) -> str:
    return "｜".join(text for cell in row_cells(row) if (text := plain(cell).strip()))


def around(before: str, after: str) -> list[tuple[str, str]]:
    """The words that differ between two texts, each with a little of what stands around it."""
    left, right = tokens(before), tokens(after)
    if len(left) * len(right) > _MOST:
        return [(before, after)]
    found: list[list[int]] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if found and a - found[-1][1] <= 2 * _AROUND:
            found[-1][1], found[-1][3] = b, d
        else:
            found.append([a, b, c, d])
    return [(_cut(left, a, b), _cut(right, c, d)) for a, b, c, d in found]


def _cut(words: list[str], start: int, end: int) -> str:
    first, last = max(start - _AROUND, 0), min(end + _AROUND, len(words))
    return ("…" if first else "") + "".join(words[first:last]) + ("…" if last < len(words) else "")
