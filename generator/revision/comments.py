"""Word comments that say what the data says now, beside words that were left as the user wrote them."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from .body import Body
from .package import ContentTypes, Parts, parse, serialize
from .xmlnames import ID, PPR, W14_SPACE, W_SPACE, XML_SPACE, P, R, T, w

AUTHOR = "gongkai"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
_START, _END, _REFERENCE = w("commentRangeStart"), w("commentRangeEnd"), w("commentReference")
_COMMENT = w("comment")
_DONE, _PARAGRAPH_ID = "done", "paraId"


def waiting(body: Body, parts: Mapping[str, bytes]) -> dict[str, str]:
    """Our comments that nobody took away or marked as resolved: number → words."""
    name, more = body.relations.of_type("/comments"), body.relations.of_type("/commentsExtended")
    if name not in parts:
        return {}
    resolved = set()
    for one in parse(parts[more]) if more in parts else ():
        told = {etree.QName(key).localname: value for key, value in one.attrib.items()}
        if told.get(_DONE) in ("1", "true"):
            resolved.add(told.get(_PARAGRAPH_ID))
    found = {}
    for one in parse(parts[name]).iter(_COMMENT):
        lines = {line.get(f"{{{W14_SPACE}}}{_PARAGRAPH_ID}") for line in one.iter(P)} - {None}
        if one.get(w("author")) == AUTHOR and not lines & resolved:
            found[one.get(ID, "")] = "".join(map(str, one.itertext()))
    here = {mark.get(ID) for mark in body.root.iter(_REFERENCE)} if found else set()
    return {id: words for id, words in found.items() if id in here}


def within(element: etree._Element, open: Mapping[str, str]) -> bool:
    """Whether one of these comments stands in the element."""
    return bool(open) and any(mark.get(ID) in open for mark in element.iter(_REFERENCE))


def said(paragraph: etree._Element, open: Mapping[str, str]) -> str:
    """What those of these comments say that stand in the paragraph."""
    return "".join(open.get(mark.get(ID, ""), "") for mark in paragraph.iter(_REFERENCE)) if open else ""


class Comments:
    """The comments of a document; ``add`` sets one beside a paragraph, ``save`` writes the part."""

    def __init__(self, body: Body, parts: Parts) -> None:
        self._body, self._parts = body, parts
        self._name = body.relations.of_type("/comments")
        found = self._name in parts
        self.root = parse(parts[self._name]) if found else etree.Element(_COMMENT + "s", nsmap={"w": W_SPACE})
        ids = [one.get(ID, "") for one in self.root.iter(_COMMENT)]
        self._next = 1 + max((int(id) for id in ids if id.isdigit()), default=-1)
        self.changed = False
        self.withdrawn = 0

    def add(self, paragraph: etree._Element, text: str) -> None:
        """A comment of ours over the whole paragraph. An older one of ours there, not answered, is replaced."""
        self._drop_ours(paragraph)
        id = str(self._next)
        self._next += 1
        self.changed = True
        comment = etree.SubElement(self.root, _COMMENT, {ID: id, w("author"): AUTHOR, w("initials"): AUTHOR[0]})
        for line in text.split("\n"):
            run = etree.SubElement(etree.SubElement(comment, P), R)
            words = etree.SubElement(run, T)
            words.text = line
            words.set(XML_SPACE, "preserve")
        at = 1 if len(paragraph) and paragraph[0].tag == PPR else 0
        paragraph.insert(at, etree.Element(_START, {ID: id}))
        etree.SubElement(paragraph, _END, {ID: id})
        etree.SubElement(etree.SubElement(paragraph, R), _REFERENCE, {ID: id})

    def withdraw(self, paragraph: etree._Element) -> None:
        """Take our own comment away from a paragraph that says what the data says again."""
        if next(paragraph.iter(_REFERENCE), None) is not None:
            self.withdrawn += self._drop_ours(paragraph)

    def _drop_ours(self, paragraph: etree._Element) -> int:
        ours = {one.get(ID) for one in self.root.iter(_COMMENT) if one.get(w("author")) == AUTHOR}
        here = {mark.get(ID) for mark in paragraph.iter(_START, _REFERENCE)} & ours
        for mark in list(paragraph.iter(_START, _END, _REFERENCE)):
            parent = mark.getparent()
            if mark.get(ID) in here and parent is not None:
                parent.remove(mark)
                if parent.tag == R and not len(parent) and parent.getparent() is not None:
                    parent.getparent().remove(parent)  # type: ignore[union-attr]
        for one in list(self.root.iter(_COMMENT)):
            if one.get(ID) in here:
                self.root.remove(one)
                self.changed = True
        return len(here)

    def save(self, types: ContentTypes) -> None:
        if not self.changed:
            return
        if not self._name:
            self._name = "word/comments.xml"
            number = 1
            while self._name in self._parts:
                number += 1
                self._name = f"word/comments{number}.xml"
            types.set(self._name, _TYPE)
            self._body.relations.add(_KIND, self._name)
        self._parts[self._name] = serialize(self.root)
