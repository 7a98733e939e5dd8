"""The parts of a .docx by name, the relations between them, and their content types."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, MutableMapping

from lxml import etree

from .xmlnames import CONTENT_TYPES, PACKAGE_RELATIONS

Parts = MutableMapping[str, bytes]
_REL, _TYPES = f"{{{PACKAGE_RELATIONS}}}Relationship", "[Content_Types].xml"
_DEFAULT, _OVERRIDE = f"{{{CONTENT_TYPES}}}Default", f"{{{CONTENT_TYPES}}}Override"
_OFFICE_DOCUMENT = "/officeDocument"


class Unreadable(ValueError):
    """Not a Word document that could be merged; the message says why, for the user."""


def parse(data: bytes) -> etree._Element:
    """XML as a tree; nothing outside the part is ever loaded. Unreadable when it is no XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("文档内容已损坏") from error


def serialize(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def relations_name(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


class Relations:
    """The relations of one part ("" for the package)."""

    def __init__(self, parts: Mapping[str, bytes], part: str) -> None:
        self.part = part
        self.name = relations_name(part)
        data = parts.get(self.name)
        self.root = parse(data) if data else etree.Element(f"{{{PACKAGE_RELATIONS}}}Relationships")
        self._changed = False

    def __iter__(self) -> Iterator[tuple[str, str, str, bool]]:
        """Id, type, target as written, whether it leads outside the file."""
        for one in self.root.iter(_REL):
            outside = one.get("TargetMode") == "External"
            yield one.get("Id", ""), one.get("Type", ""), one.get("Target", ""), outside

    def target(self, id: str) -> str:
        """Name of the part that a relation leads to; empty when there is none."""
        return next((self.resolve(t) for i, _, t, outside in self if i == id and not outside), "")

    def resolve(self, target: str) -> str:
        if target.startswith("/"):
            return target[1:]
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.part), target))

    def of_type(self, ending: str) -> str:
        """The part that the first relation whose type ends so leads to; empty when there is none."""
        return next((self.resolve(t) for _, kind, t, outside in self if kind.endswith(ending) and not outside), "")

    def add(self, kind: str, target: str, outside: bool = False) -> str:
        """Id of a relation of that kind to a part (by its name) or to an address outside; an equal one serves too."""
        written = target if outside else posixpath.relpath(target, posixpath.dirname(self.part) or ".")
        taken = set()
        for id, known, old, is_outside in self:
            taken.add(id)
            if known == kind and is_outside == outside and (old == target if outside else self.resolve(old) == target):
                return id
        id = next(f"rId{n}" for n in range(len(taken) + 1, 2 * len(taken) + 3) if f"rId{n}" not in taken)
        attributes = {"Id": id, "Type": kind, "Target": written} | ({"TargetMode": "External"} if outside else {})
        etree.SubElement(self.root, _REL, attributes)
        self._changed = True
        return id

    def keep_only(self, wanted: set[str], endings: tuple[str, ...]) -> None:
        """Drop relations of those kinds that nobody uses any more."""
        for one in list(self.root.iter(_REL)):
            if one.get("Type", "").rpartition("/")[2] in endings and one.get("Id", "") not in wanted:
                self.root.remove(one)
                self._changed = True

    def save(self, parts: Parts) -> None:
        if self._changed:
            parts[self.name] = serialize(self.root)


class ContentTypes:
    def __init__(self, parts: Mapping[str, bytes]) -> None:
        if _TYPES not in parts:
            raise Unreadable("文档缺少内容类型说明")
        self.root = parse(parts[_TYPES])
        self._changed = False

    def of(self, part: str) -> str:
        for one in self.root.iter(_OVERRIDE):
            if one.get("PartName", "").lstrip("/") == part:
                return one.get("ContentType", "")
        ending = part.rpartition(".")[2].lower()
        for one in self.root.iter(_DEFAULT):
            if one.get("Extension", "").lower() == ending:
                return one.get("ContentType", "")
        return ""

    def set(self, part: str, kind: str) -> None:
        if self.of(part) != kind:
            etree.SubElement(self.root, _OVERRIDE, {"PartName": f"/{part}", "ContentType": kind})
            self._changed = True

    def drop_missing(self, parts: Mapping[str, bytes]) -> None:
        for one in list(self.root.iter(_OVERRIDE)):
            if one.get("PartName", "").lstrip("/") not in parts:
                self.root.remove(one)
                self._changed = True

    def save(self, parts: Parts) -> None:
        if self._changed:
            parts[_TYPES] = serialize(self.root)


def main_part(parts: Mapping[str, bytes]) -> str:
    """Name of the part with the text; Unreadable when the file is no Word document."""
    name = Relations(parts, "").of_type(_OFFICE_DOCUMENT)
    if not name or name not in parts:
        raise Unreadable("文件不是 Word 文档")
    return name


def reachable(parts: Mapping[str, bytes]) -> set[str]:
    """Parts that relations lead to from the package, with their relation parts."""
    found: set[str] = set()
    waiting = [""]
    while waiting:
        part = waiting.pop()
        name = relations_name(part)
        if name not in parts:
            continue
        found.add(name)
        relations = Relations(parts, part)
        for _, _, target, outside in relations:
            where = relations.resolve(target) if not outside else ""
            if where in parts and where not in found:
                found.add(where)
                waiting.append(where)
    return found
