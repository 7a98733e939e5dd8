"""The vocabulary of chart parts: elements, colours and type that all charts share."""

from __future__ import annotations

from typing import Any

from lxml import etree

from ..model.blocks import Style

C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TEXT, LINE = "404040", "A6A6A6"  # colours of type and of axes
_SIZE = "1050"  # hundredths of a point


def c(name: str, value: object = None, *children: etree._Element, **attributes: str) -> etree._Element:
    """An element of the chart vocabulary; ``value`` is its ``val``."""
    element = etree.Element(f"{{{C}}}{name}", attributes)
    if value is not None:
        element.set("val", str(value))
    element.extend(children)
    return element


def a(name: str, *children: etree._Element, **attributes: str) -> etree._Element:
    element = etree.Element(f"{{{A}}}{name}", attributes)
    element.extend(children)
    return element


def words(name: str, text: str) -> etree._Element:
    element = c(name)
    element.text = text
    return element


def paint(colour: str) -> etree._Element:
    return a("solidFill", a("srgbClr", val=colour))


def stroke(colour: str | None) -> etree._Element:
    return a("ln", paint(colour), w="6350") if colour else a("ln", a("noFill"))


def shape(fill: str | None, line: str | None = None) -> etree._Element:
    return c("spPr", None, paint(fill) if fill else a("noFill"), stroke(line))


def typefaces_of(part: Any) -> dict[str, str]:
    """Latin and East Asian typeface of captions in the document's own styles; defaults of the document else."""
    root = part.styles.element
    places = [style for style in root.iterchildren(f"{{{_W}}}style") if _name(style) == Style.CAPTION.value]
    places += root.iterchildren(f"{{{_W}}}docDefaults")
    found: dict[str, str] = {}
    for place in places:
        for fonts in place.iter(f"{{{_W}}}rFonts"):
            for key, attribute in (("latin", "ascii"), ("ea", "eastAsia")):
                name = fonts.get(f"{{{_W}}}{attribute}")
                if name:
                    found.setdefault(key, name)
    return found


def _name(style: Any) -> str:
    for name in style.iterchildren(f"{{{_W}}}name"):
        return str(name.get(f"{{{_W}}}val", ""))
    return ""


def properties(name: str, typefaces: dict[str, str]) -> etree._Element:
    faces = (a(key, typeface=typefaces[key]) for key in ("latin", "ea") if key in typefaces)
    return a(name, paint(_TEXT), *faces, sz=_SIZE, b="0")


def text_box() -> etree._Element:
    return a("bodyPr", wrap="none", anchor="ctr")


def text_type(typefaces: dict[str, str]) -> etree._Element:
    paragraph = a("p", a("pPr", properties("defRPr", typefaces)), a("endParaRPr", lang="zh-CN"))
    return c("txPr", None, text_box(), a("lstStyle"), paragraph)
