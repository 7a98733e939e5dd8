"""How many lines a text takes, without a font file: Chinese is one em wide, Latin after a small table.

The rules are those observed of Word and LibreOffice: greedy fill, a number or Latin word is never broken, no line
begins with a closing mark or ends with an opening one, stops hang into the margin, and Chinese and Latin stand a
little apart.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

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


def _is_times(font: str) -> bool:
    return font.startswith("Times")


@lru_cache(maxsize=4096)
def _character(character: str, times: bool) -> float:
    code = ord(character)
    if code < 0x20:
        return 0.0
    if code < 0x7F:
        return _TIMES[code - 0x20] / 1000 if times else 0.5
    if code < 0xA0 or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if code < 0x590 and character not in "§¨°±·×÷":
        return 0.55
    return 1.0


def text_width(text: str, font: str = "Times New Roman") -> float:
    """Width on one line, in em."""
    times = _is_times(font)
    width, before = 0.0, ""
    for token in _TOKEN.findall(text):
        if before and before.isascii() != token.isascii() and _apart(before, token):
            width += GAP
        width += sum(_character(character, times) for character in token)
        before = token
    return width


def _apart(left: str, right: str) -> bool:
    """Whether a gap stands between Chinese and Latin here: between letters or figures, never beside marks."""
    other = left[-1] if right.isascii() else right[0]
    latin = right[0] if right.isascii() else left[-1]
    return latin.isalnum() and (other.isalpha() or other.isdigit())


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
    if "\n" in text:
        pieces = text.split("\n")
        return sum(line_count(piece, size, width, 0 if n else first, font, gap, hang) for n, piece in enumerate(pieces))
    if (len(text) * 1.2 + 1) * size <= width - first:
        return 1
    return _fill(text, width / size, first / size, _is_times(font), gap, hang)


def _fill(text: str, room: float, first: float, times: bool, gap: float, hang: bool) -> int:
    room = max(room, 1.0) + 1e-6
    lines, used = 1, first
    since_break = 0.0  # width of what would move to the next line together with the coming token
    before = ""
    for token in _TOKEN.findall(text):
        ascii_token = token.isascii()
        width = sum(_character(character, times) for character in token)
        if token.isspace():
            used += width
            since_break, before = 0.0, token
            continue
        if before and not before.isspace() and before.isascii() != ascii_token and _apart(before, token):
            used += gap
        tied = bool(before) and (token[0] in _CLOSING or before[-1] in _OPENING)
        if not tied:
            since_break = 0.0
        if used + width > room and before:
            if hang and token in _HANGING and not before[-1].isascii():
                used = room
                before = token
                since_break += width
                continue
            lines += 1
            used = since_break
        while used + width > room:  # a word longer than the line is broken anywhere
            lines += 1
            width -= max(room - used, 1.0)
            used = 0.0
        used += width
        since_break += width
        before = token
    return lines
