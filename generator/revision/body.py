"""The body of a document as units: its paragraphs and tables one after the other, each with what identifies it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from ..model.state import UnitState
from . import chartdata
from .controls import Control, take_apart
from .package import Relations, Unreadable, main_part, parse
from .text import plain
from .xmlnames import (
    ANCHOR,
    BOOKMARK,
    DRAWING,
    HYPERLINK,
    NAME,
    OURS,
    PPR,
    R_SPACE,
    SECT,
    TBL,
    TC,
    TR,
    VAL,
    P,
    w,
)  # fmt: skip

_NOISE = re.compile(
    rb' w:rsid\w*="[^"]*"| w14:\w+="[^"]*"| xmlns:w14="[^"]*"| w:noProof="[^"]*"'
    rb"|<w:(?:proofErr|lastRenderedPageBreak|noProof)\b[^>]*></w:\w+>"
    rb'|<w:bookmarkStart [^>]*w:name="(?:g_\w*|_GoBack)"[^>]*></w:bookmarkStart>'
    rb"|<w:bookmarkEnd [^>]*></w:bookmarkEnd>"
)
_SECTION = re.compile(rb"<w:sectPr\b.*?</w:sectPr>", re.DOTALL)
_IDS = re.compile(rb' (?:r:\w+|id)="[^"]*"')
_EMPTY_PROPERTIES = re.compile(rb"<w:(?:rPr|pPr)></w:(?:rPr|pPr)>")
_WRAPPERS = {w("sdt"), w("sdtContent"), w("customXml"), w("ins"), w("moveTo")}
_DELETED_ROW = f"{w('trPr')}/{w('del')}"
_LINKS = (f"{{{R_SPACE}}}id", f"{{{R_SPACE}}}embed", f"{{{R_SPACE}}}link")


@dataclass(slots=True)
class Unit:
    """One block-level child of the body. ``marks`` are the names of our bookmarks in it, ``anchor`` its link's."""

    element: etree._Element
    kind: str
    marks: tuple[str, ...]
    anchor: str = ""
    _text: str | None = None
    _rows: tuple[tuple[str, ...], ...] | None = None

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """A table's cell texts, as they were when first asked for."""
        if self._rows is None:
            self._rows = rows(self.element)
        return self._rows

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = plain(self.element)
        return self._text

    @property
    def section(self) -> etree._Element | None:
        return self.element.find(f"{PPR}/{SECT}")


@dataclass
class Body:
    """A document opened: its parts, the tree of its text, its relations, and the names of its styles by id."""

    parts: Mapping[str, bytes]
    main: str
    root: etree._Element
    relations: Relations
    styles: etree._Element | None
    names: dict[str, str]
    units: list[Unit] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    _digests: dict[str, bytes] = field(default_factory=dict)

    @property
    def body(self) -> etree._Element:
        found = self.root.find(w("body"))
        if found is None:
            raise Unreadable("文档没有正文")
        return found

    def digest(self, unit: Unit) -> str:
        """Of everything in the unit but noise, our bookmarks, numbers of relations, and page set-up."""
        data = etree.tostring(unit.element, method="c14n", exclusive=True, with_tail=False)
        data = _EMPTY_PROPERTIES.sub(b"", _NOISE.sub(b"", _SECTION.sub(b"", data)))
        found = hashlib.sha256(_IDS.sub(b"", data) if b"r:" in data else data)
        if b"r:" in data:
            for part in self.linked(unit.element):
                found.update(self._part(part))
        return found.hexdigest()[:20]

    def linked(self, element: etree._Element) -> Iterator[str]:
        """Parts or addresses that the element refers to, in order."""
        targets = {id: (self.relations.resolve(t) if not out else t) for id, _, t, out in self.relations}
        for node in element.iter():
            if isinstance(node.tag, str) and node.tag != SECT:
                for name in _LINKS:
                    id = node.get(name)
                    if id and not (node.getparent() is not None and node.getparent().tag == SECT):  # type: ignore[union-attr]
                        yield targets.get(id, "")

    def _part(self, name: str) -> bytes:
        if name not in self._digests:
            self._digests[name] = hashlib.sha256(self.parts.get(name, name.encode())).digest()
        return self._digests[name]

    def state(self, unit: Unit, id: str) -> UnitState:
        """The unit as it is to be remembered."""
        section = unit.section
        chart = chartdata.of(self, unit.element) if unit.element.find(f".//{DRAWING}") is not None else ()
        return UnitState(
            id,
            unit.kind,
            self.digest(unit),
            "" if unit.kind == "table" else unit.text,
            self.style(unit),
            "" if section is None else _section_kind(section),
            unit.rows if unit.kind == "table" else (),
            chart,
        )

    def style(self, unit: Unit) -> str:
        """Name of the paragraph's style; empty for other units."""
        found = unit.element.find(f"{PPR}/{w('pStyle')}")
        return self.names.get(found.get(VAL, ""), "") if found is not None else ""


def open_body(parts: Mapping[str, bytes], blocks_of_controls: bool = False) -> Body:
    """The units of a document; Unreadable when it is none.

    With ``blocks_of_controls`` content controls around several blocks are taken apart, to be put together again.
    """
    main = main_part(parts)
    root = parse(parts[main])
    relations = Relations(parts, main)
    styles = relations.of_type("/styles")
    tree = parse(parts[styles]) if styles in parts else None
    found = Body(parts, main, root, relations, tree, style_names(tree))
    if blocks_of_controls:
        found.controls = take_apart(found.body)
    found.units = [_unit(child) for child in found.body if isinstance(child.tag, str) and child.tag != SECT]
    return found


def style_names(tree: etree._Element | None) -> dict[str, str]:
    """Names of styles by id, in lower case: editors disagree on capitals."""
    found: dict[str, str] = {}
    for style in tree.iter(w("style")) if tree is not None else ():
        name = style.find(NAME)
        found[style.get(w("styleId"), "")] = (name.get(VAL, "") if name is not None else "").lower()
    return found


def _unit(element: etree._Element) -> Unit:
    kind = {P: "paragraph", TBL: "table"}.get(element.tag, "other")
    names = [mark.get(NAME, "") for mark in element.iter(BOOKMARK)]
    marks = tuple(dict.fromkeys(name for name in names if name.startswith(OURS)))
    link = element.find(HYPERLINK) if kind == "paragraph" else None
    return Unit(element, kind, marks, link.get(ANCHOR, "") if link is not None else "")


def _section_kind(section: etree._Element) -> str:
    data = etree.tostring(section, method="c14n", exclusive=True, with_tail=False)
    return hashlib.sha256(_IDS.sub(b"", data)).hexdigest()[:12]


def table_rows(table: etree._Element) -> list[etree._Element]:
    """Rows of the accepted view, those inside content controls included."""
    return [row for row in _within(table, TR) if row.find(_DELETED_ROW) is None]


def row_cells(row: etree._Element) -> list[etree._Element]:
    return _within(row, TC)


def _within(place: etree._Element, tag: str) -> list[etree._Element]:
    """Elements of that tag below ``place``, without those of tables in its cells."""
    found: list[etree._Element] = []
    for child in place:
        if child.tag == tag:
            found.append(child)
        elif child.tag in _WRAPPERS:
            found += _within(child, tag)
    return found


def rows(table: etree._Element) -> tuple[tuple[str, ...], ...]:
    """The texts of all cells that stand in the XML, row by row."""
    return tuple(tuple(plain(cell) for cell in row_cells(row)) for row in table_rows(table))


def states(body: Body) -> tuple[UnitState, ...]:
    """Every unit of a document just generated. A unit without a bookmark is named after the one before it."""
    found: list[UnitState] = []
    last, count = "", 0
    for unit in body.units:
        if unit.marks:
            last, count = unit.marks[0], 0
            found.append(body.state(unit, last))
        elif unit.anchor:
            found.append(body.state(unit, f">{unit.anchor}"))
        else:
            count += 1
            found.append(body.state(unit, f"{last}+{count}"))
    return tuple(found)
