"""Word's extensions in parts that other programs wrote, declared so that no program stumbles over them.

A file of Word names its extensions in mc:Ignorable at the root: a program that does not know them passes over them.
What is moved out of such a file into another document loses that leave, and a strict reader may refuse the whole.
"""

from __future__ import annotations

from itertools import chain, count
from typing import Any

from lxml import etree

_MICROSOFT = b"http://schemas.microsoft.com/office/word/"
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_IGNORABLE = f"{{{_MC}}}Ignorable"


def declared(part: bytes) -> bytes:
    """The part, with every extension that may be passed over listed in mc:Ignorable; unchanged when there is none."""
    if _MICROSOFT not in part:
        return part
    root = etree.fromstring(part)
    given = {root.nsmap.get(prefix) for prefix in root.get(_IGNORABLE, "").split()}
    found: dict[str, str] = {}
    for node in root.iter("*"):
        for name in chain((node.tag,), node.attrib):
            space = str(name)[1:].partition("}")[0] if str(name).startswith("{") else ""
            if _may_be_passed_over(space) and space not in given and space not in found:
                found[space] = _prefix(space, root.nsmap, node.nsmap, set(found.values()))
    if not found:
        return part
    names: dict[Any, str] = {"mc": _MC, **root.nsmap, **{prefix: space for space, prefix in found.items()}}
    made = etree.Element(root.tag, {str(name): str(value) for name, value in root.attrib.items()}, names)
    made.set(_IGNORABLE, " ".join(chain(root.get(_IGNORABLE, "").split(), found.values())))
    made.text = root.text
    made.extend(root)
    return etree.tostring(made, xml_declaration=True, encoding="UTF-8", standalone=True)


def _may_be_passed_over(space: str) -> bool:
    """Refinements of what stands there anyway; shapes and groups have their own way, mc:AlternateContent."""
    return space.startswith(_MICROSOFT.decode()) and ("/wordml" in space or space.endswith("/wordprocessingDrawing"))


def _prefix(space: str, outer: dict[str | None, str], inner: dict[str | None, str], taken: set[str]) -> str:
    """The prefix that stands for the namespace at the root, or in the moved text, or one that nobody has."""
    for names in (outer, inner):
        for prefix, one in names.items():
            if prefix and one == space and outer.get(prefix, space) == space and prefix not in taken:
                return prefix
    return next(name for name in (f"ext{n}" for n in count(1)) if name not in outer and name not in taken)


__all__ = ["declared"]
