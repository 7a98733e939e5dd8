"""The parts of a workbook that is being marked: changed, added, everything else passed on byte for byte."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Sequence

from lxml import etree

from .package import Package
from .xmlparts import local, parse

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_LINKS = {
    False: "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    True: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml."
TYPES_PART = "[Content_Types].xml"
# What XML cannot hold is written in the file format's own way, and so is text that looks like it.
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def escaped(text: str) -> str:
    """``text`` as a cell or comment may hold it."""
    return _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text.replace("\r\n", "\n"))


def put_before(root: etree._Element, child: etree._Element, later: Sequence[str]) -> None:
    """Insert ``child`` before the first of the elements that the format wants behind it."""
    for index, node in enumerate(root):
        if local(node.tag) in later:
            root.insert(index, child)
            return
    root.append(child)


class Parts:
    """A copy in the making. Trees handed out are written back at the end; untouched parts keep their bytes."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._names = {name.lstrip("/").casefold(): name for name in package.parts}
        self._trees: dict[str, etree._Element] = {}
        self._bytes: dict[str, bytes] = {}
        self.workbook = package.workbook
        self.main = etree.QName(self.tree(self.workbook)).namespace or ""
        self.links = _LINKS[self.main == _STRICT_MAIN]  # the namespace of relationships, r:id and their types

    def q(self, name: str) -> str:
        """A name in the spreadsheet's namespace."""
        return f"{{{self.main}}}{name}"

    def root(self, name: str) -> etree._Element:
        """The root of a new part in the spreadsheet's namespace, which needs no prefix in it."""
        return etree.fromstring(f'<{name} xmlns="{self.main}"/>')

    def has(self, part: str) -> bool:
        return part.casefold() in self._names

    def names(self, ending: str) -> list[str]:
        """Parts whose names end so, in any case."""
        return [name for key, name in self._names.items() if key.endswith(ending)]

    def drop(self, part: str) -> None:
        """Leave a part out, and its own relationships; what points to it is the caller's business."""
        for name in (part, _relations_of(part)):
            self._names.pop(name.casefold(), None)
            self._trees.pop(name, None)
            self._bytes.pop(name, None)

    def data(self, part: str) -> bytes:
        return self._bytes[part] if part in self._bytes else self._package.data(part)

    def put(self, part: str, data: bytes) -> None:
        """Replace or add a part that is no tree."""
        self._names.setdefault(part.casefold(), part)
        self._bytes[part] = data

    def opened(self, part: str) -> bool:
        """Has the part been handed out as a tree?"""
        return part in self._trees

    def tree(self, part: str) -> etree._Element:
        """The root of a part, to be changed in place."""
        if part not in self._trees:
            self._trees[part] = parse(self.data(part), part, whole=True)
        return self._trees[part]

    def add(self, part: str, root: etree._Element, kind: str) -> None:
        """A new part with its content type (after the common beginning)."""
        self._names[part.casefold()] = part
        self._trees[part] = root
        etree.SubElement(self.tree(TYPES_PART), f"{{{_TYPES}}}Override", PartName="/" + part, ContentType=KIND + kind)

    def default_type(self, ending: str, kind: str) -> None:
        """The content type of all parts with this ending, unless it is declared already."""
        root = self.tree(TYPES_PART)
        if not any(local(n.tag) == "Default" and n.get("Extension", "").lower() == ending for n in root):
            root.insert(0, etree.Element(f"{{{_TYPES}}}Default", Extension=ending, ContentType=kind))

    def free(self, pattern: str) -> str:
        """The first unused name of ``pattern``, in which {} is a number; it lies beside the workbook part."""
        number = 1
        folder = posixpath.dirname(self.workbook)
        while self.has(posixpath.join(folder, pattern.format(number))):
            number += 1
        return posixpath.join(folder, pattern.format(number))

    def related(self, part: str, kind: str) -> str:
        """The part that ``part`` points to with a relationship of that kind; "" when there is none."""
        return next((path for found, path in self._relations(part).values() if found == kind and self.has(path)), "")

    def pointed(self, part: str, id: str) -> str:
        return self._relations(part).get(id, ("", ""))[1]

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        folder = posixpath.dirname(part)
        found = {}
        for node in self._relation_tree(part):
            if local(node.tag) == "Relationship" and node.get("TargetMode") != "External":
                target = node.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                found[node.get("Id", "")] = (node.get("Type", "").rpartition("/")[2], posixpath.normpath(path))
        return found

    def _relation_tree(self, part: str) -> etree._Element:
        name = _relations_of(part)
        if name not in self._trees and not self.has(name):
            return etree.fromstring(f'<Relationships xmlns="{_RELATIONS}"/>')
        return self.tree(name)

    def relate(self, part: str, kind: str, target: str) -> str:
        """A new relationship from ``part`` to ``target``; its id."""
        name = _relations_of(part)
        root = self._relation_tree(part)
        self._trees[name] = root
        self._names.setdefault(name.casefold(), name)
        used = {node.get("Id") for node in root}
        number = 1
        while f"rId{number}" in used:
            number += 1
        etree.SubElement(
            root, f"{{{_RELATIONS}}}Relationship", Id=f"rId{number}", Type=f"{self.links}/{kind}", Target="/" + target
        )
        return f"rId{number}"

    def packed(self) -> bytes:
        """The archive: parts in their old order, new ones behind; the same bytes for the same content."""
        out = io.BytesIO()
        trees = {part.casefold(): root for part, root in self._trees.items()}
        with zipfile.ZipFile(out, "w") as target:
            for key, name in self._names.items():
                if key in trees:
                    data = etree.tostring(trees[key], xml_declaration=True, encoding="UTF-8", standalone=True)
                elif any(key == part.casefold() for part in self._bytes):
                    data = next(data for part, data in self._bytes.items() if part.casefold() == key)
                else:
                    data = self._package.raw(name)
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                target.writestr(entry, data)
        return out.getvalue()


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", name + ".rels")
