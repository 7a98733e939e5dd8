"""A paragraph's text as a reader sees it once all tracked changes are accepted, and changes written back into it.

Runs are never relied upon: editors split and join them. Characters know the text node they stand in, and a change
touches those nodes only, so formatting, pictures, comments and tracked changes around it stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lxml import etree

from .xmlnames import MC_SPACE, PPR, RPR, XML_SPACE, P, T, w

_GONE = {w("del"), w("moveFrom"), w("delText"), w("instrText"), w("delInstrText")}
# What holds text of its own that is not part of the line.
_OTHER = {w("drawing"), w("pict"), w("object"), f"{{{MC_SPACE}}}AlternateContent", PPR, RPR, w("sdtPr"), w("rt")}
_SIGNS = {w("tab"): "\t", w("br"): "\n", w("cr"): "\n", w("noBreakHyphen"): "-", w("softHyphen"): ""}
_PASSED = _GONE | _OTHER
_MORE = tuple(map(w, ("commentReference", "ins", "del", "moveFrom", "moveTo", "footnoteReference", "endnoteReference")))
_PICTURES = tuple(map(w, ("drawing", "pict", "object")))
_TYPE = w("type")
_FAR_BREAKS = ("page", "column")


class CannotWrite(Exception):
    """The change would touch something that is no plain text."""


def pieces(element: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Text nodes and signs below ``element`` in order, with their text."""
    for child in element:
        tag = child.tag
        if tag == T:
            if child.text:
                yield child, child.text
        elif tag in _PASSED:
            continue
        elif tag in _SIGNS:
            if child.get(_TYPE) not in _FAR_BREAKS:
                yield child, _SIGNS[tag]
        elif len(child):
            yield from pieces(child)


def plain(element: etree._Element) -> str:
    """Text of a paragraph, or of the paragraphs of a cell one below the other."""
    if element.tag == P:
        return "".join(text for _, text in pieces(element))
    return "\n".join(plain(paragraph) for paragraph in paragraphs(element))


def paragraphs(element: etree._Element) -> list[etree._Element]:
    """The paragraphs of a block-level element, those of nested tables included, those of text boxes not."""
    if element.tag == P:
        return [element]
    found: list[etree._Element] = []
    for child in element:
        if child.tag == P:
            found.append(child)
        elif child.tag not in _PASSED and len(child):
            found += paragraphs(child)
    return found


def holds_more(element: etree._Element, drawn: bool = False) -> bool:
    """Whether an element holds what is no text and would be lost with it: comments, tracked changes, notes, and
    pictures, unless it is ``drawn`` itself."""
    found = _MORE if drawn else (*_MORE, *_PICTURES)
    return next(element.iter(*found), None) is not None


class Flat:
    """The text of some paragraphs as one string, joined by line breaks, with the place of every character."""

    def __init__(self, lines: Sequence[etree._Element]) -> None:
        text: list[str] = []
        self._spots: list[tuple[etree._Element, int] | None] = []
        for number, line in enumerate(lines):
            if number:
                text.append("\n")
                self._spots.append(None)
            for node, piece in pieces(line):
                text.append(piece)
                plain_text = node.tag == T
                self._spots += [(node, at) if plain_text else None for at in range(len(piece))]
        self.text = "".join(text)

    def can_change(self, start: int, end: int) -> bool:
        """Whether ``text[start:end]`` is plain text; for an insertion, whether there is text beside it."""
        if start < end:
            return all(spot is not None for spot in self._spots[start:end])
        return self._beside(start) is not None

    def _beside(self, at: int) -> tuple[etree._Element, int] | None:
        """Node and offset where text inserted at ``at`` belongs: better behind a character than before one."""
        if 0 < at <= len(self._spots) and self._spots[at - 1] is not None:
            node, offset = self._spots[at - 1]  # type: ignore[misc]
            return node, offset + 1
        return self._spots[at] if at < len(self._spots) else None

    def change(self, edits: Iterable[tuple[int, int, str]]) -> None:
        """Replace stretches that don't overlap; CannotWrite before anything was done when one can't be."""
        ordered = sorted(edits, key=lambda edit: edit[:2], reverse=True)
        for start, end, new in ordered:
            if not self.can_change(start, end) or "\n" in new or "\t" in new:
                raise CannotWrite
        for start, end, new in ordered:  # from the end, so that offsets before stay true
            self._replace(start, end, new)

    def _replace(self, start: int, end: int, new: str) -> None:
        place = self._spots[start] if start < end else self._beside(start)
        if place is None:
            raise CannotWrite
        home, offset = place
        taken: dict[etree._Element, list[int]] = {}
        for spot in self._spots[start:end]:
            if spot is not None:
                taken.setdefault(spot[0], []).append(spot[1])
        for node, offsets in taken.items():
            kept = node.text or ""
            _set(node, kept[: offsets[0]] + kept[offsets[-1] + 1 :])
        kept = home.text or ""
        _set(home, kept[:offset] + new + kept[offset:])


def _set(node: etree._Element, text: str) -> None:
    node.text = text
    node.set(XML_SPACE, "preserve")
