"""How many lines a text takes, without a font file: Chinese is one em wide, Latin after a small table.

The rules are those observed of Word and LibreOffice: greedy fill, a number or Latin word is never broken, no line
begins with a closing mark or ends with an opening one, stops hang into the margin, and Chinese and Latin stand a
little apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

GAP = 0.2  # em between Chinese and Latin; Word's own may be 0.25
# A Latin word or number (it may break after / - ! ? before a letter), a dash of two, or one character.
_TOKEN = re.compile(r"(?:[!-~](?<![-/!?|](?=[A-Za-z])))*[!-~]|—{2,}|.", re.DOTALL)
_OPENING = frozenset("([{£¥〈《「『【〔〖（［｛￡￥“‘〝")
_HANGING = frozenset("、。，．：；！？")
_CLOSING = _HANGING | frozenset("!%),.:;?]}¢°·'\"〉》」』】〕〗〞）］｝｜～￠々‖•ˇˉ―′’”℃‰％…")

# Times New Roman (and every metric-compatible substitute), 1/1000 em from U+0020 on.
# fmt: off
_TIMES = (
    250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722,
    722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333,
    278, 333, 469, 500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500,
    500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
)
# fmt: on


_WIDE_GAP = 0.25  # em between Chinese and Latin, as Word may have it


class _Widths(dict[str, float]):
    """Width of a character in em, found once."""

    def __init__(self, times: bool) -> None:
        super().__init__()
        self._times = times

    def __missing__(self, character: str) -> float:
        self[character] = width = self._width(character)
        return width

    def _width(self, character: str) -> float:
        code = ord(character)
        if code < 0x20:
            return 0.0
        if code < 0x7F:
            return _TIMES[code - 0x20] / 1000 if self._times else 0.5
        if code < 0xA0 or unicodedata.category(character) in ("Mn", "Me", "Cf"):
            return 0.0
        if code < 0x590 and character not in "§¨°±·×÷":
            return 0.55
        return 1.0


_WIDTHS = {True: _Widths(True), False: _Widths(False)}


class Measured(NamedTuple):
    """Tokens of a text as (width, a gap before, tied to what is before, blank, may hang); ``total`` in em."""

    tokens: tuple[tuple[float, bool, bool, bool, bool], ...]
    total: float


@lru_cache(maxsize=4096)
def _measured(text: str, times: bool) -> Measured:
    widths = _WIDTHS[times]
    tokens: list[tuple[float, bool, bool, bool, bool]] = []
    total, before, before_ascii, before_space = 0.0, "", False, True
    for token in _TOKEN.findall(text):
        is_ascii = token.isascii()
        width = widths[token] if len(token) == 1 else sum([widths[character] for character in token])
        space = token.isspace()
        gap = tied = hang = False
        if not (space or before_space):
            gap = is_ascii != before_ascii and _apart(before, token, is_ascii)
            tied = token[0] in _CLOSING or before[-1] in _OPENING
            hang = token in _HANGING and not before_ascii
        tokens.append((width, gap, tied, space, hang))
        total += width + _WIDE_GAP if gap else width
        before, before_ascii, before_space = token, is_ascii, space
    return Measured(tuple(tokens), total)


def _apart(left: str, right: str, right_ascii: bool) -> bool:
    """Whether a gap stands between Chinese and Latin here: between letters or figures, never beside marks."""
    other, latin = (left[-1], right[0]) if right_ascii else (right[0], left[-1])
    return latin.isalnum() and other.isalnum()


def _is_times(font: str) -> bool:
    return font.startswith("Times")


def text_width(text: str, font: str = "Times New Roman") -> float:
    """Width on one line in em, on the wide side."""
    return _measured(text, _is_times(font)).total


def line_count(
    text: str,
    size: int,
    width: int,
    first: int = 0,
    font: str = "Times New Roman",
    gap: float = GAP,
    hang: bool = True,
) -> int:
    """Lines that ``text`` takes in ``width`` twips at type of ``size`` twips; ``first`` indents the first line.

    ``hang`` lets a stop stand in the margin (LibreOffice does not in table cells).
    """
    return lines_of(measured(text, font), size, width, first, gap, hang)


@lru_cache(maxsize=4096)
def measured(text: str, font: str) -> tuple[Measured, ...]:
    """Each line of ``text``, to be counted at many sizes by ``lines_of``."""
    times = _is_times(font)
    return tuple([_measured(line, times) for line in text.split("\n")])


def lines_of(
    text: Sequence[Measured], size: int, width: int, first: int = 0, gap: float = GAP, hang: bool = True
) -> int:
    """As ``line_count``."""
    count = 0
    for line in text:
        if line.total * size <= width - first or not line.tokens:
            count += 1
        else:
            count += _fill(line, width / size, first / size, gap, hang)
        first = 0
    return count


def _fill(found: Measured, room: float, first: float, gap: float, hang: bool) -> int:
    room = max(room, 1.0) + 1e-6
    lines, used = 1, first
    moving = 0.0  # width of what would go to the next line together with the coming token
    begun = False
    for width, apart, tied, space, hangs in found.tokens:
        if space:
            used += width
            moving = 0.0
            continue
        if apart:
            used += gap
        if not tied:
            moving = 0.0
        if used + width > room:
            if hang and hangs:
                used = room
                moving += width
                continue
            if begun:
                lines += 1
                used = moving
            while used + width > room:  # a word longer than the line is broken anywhere
                lines += 1
                width -= max(room - used, 1.0)
                used = 0.0
        used += width
        moving += width
        begun = True
    return lines
