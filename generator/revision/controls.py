"""Content controls around several blocks: opened while the document is merged, closed again around the same blocks.

Word, WPS and LibreOffice put contents and cover pages into them; merging speaks of the blocks inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from .xmlnames import SECT, TBL, P, w

_CONTROL, _CONTENT = w("sdt"), w("sdtContent")


@dataclass(frozen=True)
class Control:
    """A content control taken out of the body, and what stood in it."""

    element: etree._Element
    content: etree._Element
    members: tuple[etree._Element, ...]


def take_apart(body: etree._Element) -> list[Control]:
    """Put the blocks of every content control that holds more than one into the body; those inside others too."""
    found: list[Control] = []
    waiting = list(body.iterchildren(_CONTROL))
    while waiting:
        control = waiting.pop()
        content = control.find(_CONTENT)
        if content is None or sum(child.tag in (P, TBL, _CONTROL) for child in content) < 2:
            continue
        members = tuple(content)
        for member in members:
            control.addprevious(member)
        body.remove(control)
        found.append(Control(control, content, members))
        waiting += [member for member in members if member.tag == _CONTROL]
    return found


def lay_out(body: etree._Element, made: Sequence[etree._Element], controls: list[Control]) -> None:
    """Let the body hold ``made`` in that order, the controls around it. What stands in its place is not touched:
    moving trees is dear."""
    wanted = set(made)
    for child in list(body.iterchildren("*")):
        if child.tag != SECT and child not in wanted:
            body.remove(child)
    end = body.find(SECT)
    place = next(body.iterchildren("*"), None)
    for element in made:
        if place is not None and element is place:
            place = next(place.itersiblings("*"), None)
        elif place is not None:
            place.addprevious(element)
        elif end is not None:
            end.addprevious(element)
        else:
            body.append(element)
    _put_together(body, controls)


def _put_together(body: etree._Element, controls: list[Control]) -> None:
    """Close the controls again, from the first to the last of their blocks that still stand in the body."""
    for control in reversed(controls):
        there = [member for member in control.members if member.getparent() is body]
        if not there:
            continue
        places = sorted(body.index(member) for member in there)
        stretch = list(body)[places[0] : places[-1] + 1]
        stretch[0].addprevious(control.element)
        for element in stretch:
            control.content.append(element)
