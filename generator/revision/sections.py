"""Where sections end: the user's page set-up stays, and a section that the data brings gets one like its fellows'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy

from lxml import etree

from ..model.state import UnitState
from .body import Body, Unit
from .xmlnames import PPR, R_SPACE, SECT, w

_BEFORE_CHANGE = w("pPrChange")


class Sections:
    """A section's end stands in the properties of a paragraph; kinds are those of ``UnitState.section``."""

    def __init__(self, base: Sequence[UnitState], new: Sequence[UnitState], user: Body) -> None:
        self._user = user
        self._free: dict[str, list[etree._Element]] = {}
        before, after = (Counter(unit.section for unit in units if unit.section) for units in (base, new))
        self._more = {kind: max(after[kind] - before[kind], 0) for kind in after}
        self._patterns: dict[str, etree._Element] = {}
        known = {mark: unit for unit in user.units for mark in unit.marks}
        links = {f">{unit.anchor}": unit for unit in user.units if unit.anchor}
        self._kinds = {unit.id: unit.section for unit in base}
        for unit in base:
            found = known.get(unit.id) or links.get(unit.id)
            if unit.section and found is not None and found.section is not None:
                self._patterns.setdefault(unit.section, found.section)

    def drop(self, unit: Unit) -> None:
        """A unit goes: its section's end is free for another."""
        section = unit.section
        if section is not None:
            kind = next((k for k, pattern in self._patterns.items() if pattern is section), "")
            self._free.setdefault(kind, []).append(section)

    def keep(self, made: etree._Element, old: Unit) -> None:
        """Give a unit made anew the section's end of the one that it replaces, or none."""
        properties = made.find(PPR)
        own = properties.find(SECT) if properties is not None else None
        if own is not None and properties is not None:
            properties.remove(own)
        if old.section is not None:
            _set(made, old.section)

    def settle(self, unit: Unit, base: UnitState, new: UnitState) -> None:
        """A paragraph that ended a section and no longer does, or the other way round."""
        section = unit.section
        if base.section and not new.section and section is not None:
            parent = section.getparent()
            if parent is not None:
                parent.remove(section)
            self._free.setdefault(base.section, []).append(section)
        elif new.section and not base.section and section is None:
            self._give(unit.element, new.section)

    def settle_new(self, made: etree._Element, unit: UnitState) -> None:
        if not unit.section:
            return
        properties = made.find(PPR)
        own = properties.find(SECT) if properties is not None else None
        if own is not None and properties is not None:
            properties.remove(own)
        self._give(made, unit.section, own)

    def _give(self, element: etree._Element, kind: str, own: etree._Element | None = None) -> None:
        free = self._free.get(kind) or self._free.get("")
        if free:
            _set(element, free.pop(0))
        elif self._more.get(kind, 0) > 0:
            self._more[kind] -= 1
            if kind in self._patterns:
                _set(element, deepcopy(self._patterns[kind]))
            elif own is not None:  # a kind of page that the user's file has not: without headers of its own
                for child in list(own):
                    if child.get(f"{{{R_SPACE}}}id"):
                        own.remove(child)
                _set(element, own)


def _set(element: etree._Element, section: etree._Element) -> None:
    properties = element.find(PPR)
    if properties is None:
        properties = etree.Element(PPR)
        element.insert(0, properties)
    change = properties.find(_BEFORE_CHANGE)
    if change is not None:
        change.addprevious(section)
    else:
        properties.append(section)
