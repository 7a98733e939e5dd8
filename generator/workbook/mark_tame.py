"""What of the user's workbook does not go into the marked copy: macros, and everything that leads out of the file.

The copy goes by mail to others. Stored values stay as they are; a link into another workbook keeps its place, since
formulas count on it, and leads nowhere.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from lxml import etree

from ..model.finding import Refusal
from .mark_parts import KIND, TYPES_PART, Parts
from .xmlparts import local

_CODE = {"vbaProject", "vbaProjectSignature", "extensibility"}  # the last: buttons that call macros
_MACRO_SHEETS = {"xlMacrosheet", "xlIntlMacrosheet"}
_MAIN_TYPES = ("macroenabled.main+xml", "template.main+xml")
_PRINTER = "application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"
_NOWHERE = "已断开"
_SOURCES = {"connection", "command", "serverCommand", "url", "sourceFile", "odcFile", "post", "editPage"}
_ON_ITS_OWN = {"refreshOnLoad", "interval"}


def tame(parts: Parts) -> None:
    """Change ``parts`` in place; Refusal for sheets of macros, which can't be told from the rest."""
    dropped: set[str] = set()
    for name in parts.names(".rels"):
        owner = posixpath.join(posixpath.dirname(posixpath.dirname(name)), posixpath.basename(name)[: -len(".rels")])
        dropped |= _relations(parts, name, owner)
    for name in dropped:
        parts.drop(name)
    _types(parts, dropped)
    defined = parts.tree(parts.workbook).find(parts.q("definedNames"))
    if defined is not None:
        for one in list(defined):
            if any(one.get(flag) in ("1", "true") for flag in ("vbProcedure", "xlm", "function")):
                defined.remove(one)
        if not len(defined):
            parts.tree(parts.workbook).remove(defined)
    for name in parts.names(".xml"):
        last = posixpath.basename(name).casefold()
        if "externallinks/" in name.casefold() or last.startswith(("connections", "querytable")):
            _cut(parts.tree(name))


def _relations(parts: Parts, name: str, owner: str) -> set[str]:
    """Parts that nothing points to any more, after the relationships in ``name`` have been looked through."""
    if not any(word in parts.data(name) for word in (b"External", b"acro", b"vba", b"extensibility")):
        return set()
    lost: set[str] = set()
    links: set[str] = set()
    root = parts.tree(name)
    for node in list(root):
        kind = node.get("Type", "").rpartition("/")[2]
        if kind in _MACRO_SHEETS:
            raise Refusal("工作簿含有宏表，标注副本不带宏。", "请删去宏表，另存为 .xlsx 后再校验。")
        if kind in _CODE:
            target = node.get("Target", "")
            folder = posixpath.dirname(owner)
            path = target if target.startswith("/") else posixpath.join(folder, target)
            lost.add(posixpath.normpath(path.lstrip("/")))
            root.remove(node)
        elif node.get("TargetMode") == "External":
            if kind == "hyperlink":
                links.add(node.get("Id", ""))
                root.remove(node)
            else:
                node.set("Target", _NOWHERE)
    if links and parts.has(owner):
        _unlink(parts.tree(owner), links)
    return lost


def _unlink(root: etree._Element, ids: set[str]) -> None:
    """Without the elements that made a link of those relationships; what they stood at stays."""
    for node in list(_pointing(root, ids)):
        holder = node.getparent()
        if holder is None:
            continue
        holder.remove(node)
        if local(holder.tag) == "hyperlinks" and not len(holder):
            above = holder.getparent()
            if above is not None:
                above.remove(holder)


def _pointing(root: etree._Element, ids: set[str]) -> Iterator[etree._Element]:
    for node in root.iter(etree.Element):
        if local(node.tag) in ("hyperlink", "hlinkClick", "hlinkHover", "hlinkMouseOver") and any(
            str(key).endswith("}id") and value in ids for key, value in node.attrib.items()
        ):
            yield node


def _types(parts: Parts, dropped: set[str]) -> None:
    gone = {name.casefold() for name in dropped}
    root = parts.tree(TYPES_PART)
    for node in list(root):
        kind = str(node.get("ContentType", "")).casefold()
        if node.get("PartName", "").lstrip("/").casefold() in gone:
            root.remove(node)
        elif kind.endswith(_MAIN_TYPES):
            node.set("ContentType", KIND + "sheet.main+xml")
        elif kind == "application/vnd.ms-office.vbaproject":
            node.set("ContentType", _PRINTER)


def _cut(root: etree._Element) -> None:
    """No source of data, no conversation with another program, no refreshing by itself."""
    for node in root.iter(etree.Element):
        for key in node.attrib:
            if key in ("ddeService", "ddeTopic", "progId"):
                node.set(key, _NOWHERE)
            elif key in _SOURCES:
                node.set(key, "")
            elif key in _ON_ITS_OWN:
                node.set(key, "0")


__all__ = ["tame"]
