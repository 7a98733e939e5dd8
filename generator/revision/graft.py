"""Parts of a freshly generated document put into the user's: styles, relations, numbering and ids are made to fit."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from lxml import etree

from .body import Body
from .package import ContentTypes, Parts, Relations, parse, reachable, relations_name, serialize
from .text import paragraphs
from .xmlnames import BOOKMARK, BOOKMARK_END, ID, NAME, OURS, PPR, R_SPACE, VAL, W_SPACE, WP_SPACE, w

_STYLED = (w("pStyle"), w("rStyle"), w("tblStyle"))
_STYLE_LINKS = (w("basedOn"), w("next"), w("link"))
_NUM_ID, _ABSTRACT_ID, _NUM, _ABSTRACT = w("numId"), w("abstractNumId"), w("num"), w("abstractNum")
_STYLE, _STYLE_ID = w("style"), w("styleId")
_DOC_PR = f"{{{WP_SPACE}}}docPr"
_LINKED = ("chart", "image", "hyperlink", "oleObject", "package", "diagramData", "chartEx")
_LINKS = etree.XPath("//@r:*", namespaces={"r": R_SPACE})
_NUMBERING_END = "/numbering"


class Graft:
    """``take`` makes a copy of an element of ``fresh`` that is at home in ``user``; ``save`` writes what it added."""

    def __init__(self, user: Body, fresh: Body, parts: Parts) -> None:
        self.user, self.fresh, self.parts = user, fresh, parts
        self.types = ContentTypes(parts)
        self._fresh_types = ContentTypes(fresh.parts)
        self._style_of: dict[str, str] = {}
        self._ids = {name: id for id, name in reversed(list(user.names.items()))}
        self._new_styles = False
        self._copied: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._numbering: tuple[str, etree._Element] | None = None
        self._next_mark = 1 + max(map(_whole, (e.get(ID) for e in user.root.iter(BOOKMARK, BOOKMARK_END))), default=0)
        self._next_drawing = 1 + max(map(_whole, (e.get("id") for e in user.root.iter(_DOC_PR))), default=0)

    def take(self, element: etree._Element) -> etree._Element:
        made = deepcopy(element)
        made.tail = None
        for node in list(made.iter("*")):
            if node.tag in _STYLED:
                node.set(VAL, self._style(node.get(VAL, "")))
            elif node.tag == _NUM_ID:
                node.set(VAL, self._number(node.get(VAL, "")))
            elif node.tag == _DOC_PR:
                node.set("id", str(self._next_drawing))
                self._next_drawing += 1
            for name, value in list(node.attrib.items()):
                if str(name).startswith(f"{{{R_SPACE}}}") and value:
                    node.set(name, self._relation(str(value)))
        self._renumber(made)
        return made

    def mark(self, element: etree._Element, name: str) -> None:
        """Set a bookmark at the start of the element's first paragraph."""
        paragraph = next(iter(paragraphs(element)), None)
        if paragraph is None:
            return
        id = str(self._next_mark)
        self._next_mark += 1
        at = 1 if len(paragraph) and paragraph[0].tag == PPR else 0
        paragraph.insert(at, etree.Element(BOOKMARK_END, {ID: id}))
        paragraph.insert(at, etree.Element(BOOKMARK, {ID: id, NAME: name}))

    def _renumber(self, made: etree._Element) -> None:
        ids: dict[str, str] = {}
        for mark in made.iter(BOOKMARK, BOOKMARK_END):
            old = mark.get(ID, "")
            if old not in ids:
                ids[old] = str(self._next_mark)
                self._next_mark += 1
            mark.set(ID, ids[old])

    # Styles

    def _style(self, id: str) -> str:
        """The user's id for a style of the fresh document, which is added to the user's where it is missing."""
        if id in self._style_of:
            return self._style_of[id]
        name = self.fresh.names.get(id, "")
        found = self._ids.get(name) if name else None
        if found is None:
            found = self._add_style(id)
        self._style_of[id] = found
        return found

    def _add_style(self, id: str) -> str:
        source = next((s for s in _styles(self.fresh.styles) if s.get(_STYLE_ID) == id), None)
        if source is None or self.user.styles is None:
            return id
        made, free = deepcopy(source), id
        while free in self.user.names:
            free += "g"
        made.set(_STYLE_ID, free)
        self._style_of[id] = free
        self.user.names[free] = self.fresh.names.get(id, "")
        self.user.styles.append(made)
        self._new_styles = True
        for link in made.iter(*_STYLE_LINKS):
            link.set(VAL, self._style(link.get(VAL, "")))
        return free

    # Relations and parts

    def _relation(self, id: str) -> str:
        for known, kind, target, outside in self.fresh.relations:
            if known == id:
                where = target if outside else self._part(self.fresh.relations.resolve(target))
                return self.user.relations.add(kind, where, outside)
        return id

    def _part(self, name: str) -> str:
        """Name in the user's package of a copy of a part of the fresh one, with all that it leads to."""
        if name in self._copied:
            return self._copied[name]
        data = self.fresh.parts.get(name, b"")
        links = Relations(self.fresh.parts, name)
        alone = not list(links)
        same = next((n for n, d in self.parts.items() if d == data and _ending(n) == _ending(name)), None)
        if alone and same is not None and name.startswith(posixpath.dirname(self.user.main)):
            self._copied[name] = same
            return same
        free = self._free(name)
        self._copied[name] = free
        self.parts[free] = data
        self.types.set(free, self._fresh_types.of(name))
        if not alone:
            own = Relations(self.fresh.parts, name)
            for relation in own.root:
                if relation.get("TargetMode") != "External":
                    target = self._part(own.resolve(relation.get("Target", "")))
                    relation.set("Target", posixpath.relpath(target, posixpath.dirname(free) or "."))
            self.parts[relations_name(free)] = serialize(own.root)
        return free

    def _free(self, name: str) -> str:
        if name not in self.parts:
            return name
        stem, dot, ending = name.rpartition(".")
        stem = stem.rstrip("0123456789")
        return next(
            f"{stem}{n}{dot}{ending}"
            for n in range(1, len(self.parts) + 2)
            if f"{stem}{n}{dot}{ending}" not in self.parts
        )

    # Numbering

    def _number(self, id: str) -> str:
        if id == "0":
            return id
        if id not in self._numbers:
            self._numbers[id] = self._add_number(id)
        return self._numbers[id]

    def _add_number(self, id: str) -> str:
        source = self.fresh.relations.of_type(_NUMBERING_END)
        if source not in self.fresh.parts:
            return id
        theirs = parse(self.fresh.parts[source])
        num = next((n for n in theirs.iter(_NUM) if n.get(_NUM_ID) == id), None)
        link = num.find(_ABSTRACT_ID) if num is not None else None
        if num is None or link is None:
            return id
        abstract = next((a for a in theirs.iter(_ABSTRACT) if a.get(_ABSTRACT_ID) == link.get(VAL)), None)
        name, mine = self._own_numbering(source)
        if abstract is None:
            return id
        for one in mine.iter(_NUM):  # the very same list is there already
            held = one.find(_ABSTRACT_ID)
            if held is not None and one.get(_NUM_ID) == id and held.get(VAL) == link.get(VAL):
                other = next((a for a in mine.iter(_ABSTRACT) if a.get(_ABSTRACT_ID) == link.get(VAL)), None)
                if other is not None and _flat(other) == _flat(abstract) and _flat(one) == _flat(num):
                    return id
        next_abstract = str(1 + max((_whole(a.get(_ABSTRACT_ID)) for a in mine.iter(_ABSTRACT)), default=0))
        next_num = str(1 + max((_whole(n.get(_NUM_ID)) for n in mine.iter(_NUM)), default=0))
        abstract, num = deepcopy(abstract), deepcopy(num)
        abstract.set(_ABSTRACT_ID, next_abstract)
        num.set(_NUM_ID, next_num)
        num.find(_ABSTRACT_ID).set(VAL, next_abstract)  # type: ignore[union-attr]
        last = max((at for at, child in enumerate(mine) if child.tag == _ABSTRACT), default=-1)
        mine.insert(last + 1, abstract)
        nums = [at for at, child in enumerate(mine) if child.tag == _NUM]
        mine.insert(nums[-1] + 1 if nums else last + 2, num)
        self._numbering = name, mine
        return next_num

    def _own_numbering(self, source: str) -> tuple[str, etree._Element]:
        if self._numbering is not None:
            return self._numbering
        name = self.user.relations.of_type(_NUMBERING_END)
        if name in self.parts:
            return name, parse(self.parts[name])
        kind = next(k for _, k, _, _ in self.fresh.relations if k.endswith(_NUMBERING_END))
        name = self._free(source)
        self.types.set(name, self._fresh_types.of(source))
        self.user.relations.add(kind, name)
        return name, etree.Element(w("numbering"), nsmap={"w": W_SPACE})

    # The end

    def save(self) -> None:
        """Write text, styles, numbering and relations into the parts, and drop parts that nothing leads to now."""
        before = reachable(self.parts)
        links: Any = _LINKS(self.user.root)
        used = set(map(str, links))
        self.user.relations.keep_only(used, _LINKED)
        self.parts[self.user.main] = serialize(self.user.root)
        if self._new_styles and self.user.styles is not None:
            self.parts[self.user.relations.of_type("/styles")] = serialize(self.user.styles)
        if self._numbering is not None:
            self.parts[self._numbering[0]] = serialize(self._numbering[1])
        self.user.relations.save(self.parts)
        for name in before - reachable(self.parts):
            del self.parts[name]
        self.types.drop_missing(self.parts)
        self.types.save(self.parts)


def _flat(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)


def _styles(tree: etree._Element | None) -> Iterator[etree._Element]:
    if tree is not None:
        yield from tree.iter(_STYLE)


def _ending(name: str) -> str:
    return name.rpartition(".")[2]


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.lstrip("-").isdigit() else 0


def without_marks(element: etree._Element, taken: set[str]) -> None:
    """Take out our bookmarks that the document has already."""
    ids = set()
    for mark in list(element.iter(BOOKMARK)):
        if mark.get(NAME, "").startswith(OURS) and mark.get(NAME) in taken:
            ids.add(mark.get(ID))
            _remove(mark)
    for end in list(element.iter(BOOKMARK_END)):
        if end.get(ID) in ids:
            _remove(end)


def mend_marks(root: etree._Element) -> None:
    """Take out what LibreOffice leaves of our bookmarks around a page break: ones without an end, ones set twice."""
    ended, seen = {end.get(ID) for end in root.iter(BOOKMARK_END)}, set()
    gone = set()
    for mark in list(root.iter(BOOKMARK)):
        name = mark.get(NAME, "")
        if name.startswith(OURS) and (mark.get(ID) not in ended or name in seen):
            gone.add(mark.get(ID))
            _remove(mark)
        else:
            seen.add(name)
    for end in list(root.iter(BOOKMARK_END)) if gone else ():
        if end.get(ID) in gone:
            _remove(end)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
