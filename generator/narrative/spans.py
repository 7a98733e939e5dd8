"""How values pass through Jinja2 as text and come out again as spans with their cells.

A value that is not wording of the form becomes a mark: its number in a list, between two control characters that no
text holds (they are stripped from the user's). Marks survive macros, loops, set-blocks and joins like any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model.blocks import Span, SpanKind
from ..model.cell import CellRef
from ..model.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

OPEN, CLOSE = "\x01", "\x02"
_MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE = re.compile(r"[ \t\r\n]+")
_DIGITS = re.compile(r"[0-9０-９]+")


class WrongTemplate(Exception):
    """A chapter does what chapters may not; the message says what (the place is added where it is caught)."""


class Marks:
    """The marked values of one document."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def mark(self, text: str, kind: SpanKind, cells: tuple[CellRef, ...] = (), figure: Figure | None = None) -> str:
        """``text`` as a mark; an empty text stays empty, so that chapters can ask for it."""
        text = clean(text)
        if not text:
            return ""
        self._spans.append(Span(text, kind, cells, figure))
        return f"{OPEN}{len(self._spans) - 1}{CLOSE}"

    def spans(self, text: str) -> tuple[Span, ...]:
        """Rendered text as spans: the white space of the template goes, neighbouring wording becomes one span."""
        found: list[Span] = []
        fixed = ""
        for piece, span in self._pieces(text):
            fixed += _SPACE.sub("", piece)
            if span is None:
                continue
            if fixed:
                found.append(Span(fixed))
            found.append(span)
            fixed = ""
        return (*found, Span(fixed)) if fixed else tuple(found)

    def _pieces(self, text: str) -> Iterator[tuple[str, Span | None]]:
        at = 0
        for match in _MARK.finditer(text):
            yield text[at : match.start()], self._spans[int(match[1])]
            at = match.end()
        yield text[at:], None


def clean(text: str) -> str:
    """The user's text without control characters (Word can't hold them, and marks are made of them)."""
    return _CONTROL.sub("", text)


def stray_digits(spans: Sequence[Span], allowed: Sequence[str]) -> str:
    """The first digits in wording that the edition doesn't declare as its own; empty when there are none."""
    for span in spans:
        if span.kind is not SpanKind.FIXED:
            continue
        text = span.text
        for phrase in allowed:
            text = text.replace(phrase, "")
        found = _DIGITS.search(text)
        if found:
            return found[0]
    return ""


class Open:
    """A value made for chapters: every attribute without an underscore is theirs to use."""

    __slots__ = ()


class Printable(Open):
    """What may stand in ``{{ … }}`` besides text; ``str()`` gives its mark."""

    __slots__ = ()
