"""New looks for a workbook of any origin: fills put on top of present styles, and a few looks of our own."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from ..model.finding import Severity
from .mark_parts import Parts, put_before

# Strong for the cell named first, light for the other cells of the finding.
STRONG = {Severity.ERROR: "F8A19A", Severity.WARNING: "FFD966", Severity.INFO: "BDD7EE"}
LIGHT = {Severity.ERROR: "FBDDD9", Severity.WARNING: "FFF2CC", Severity.INFO: "DDEBF7"}
_LISTS = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles", "colors",
    "extLst",
)  # fmt: skip
_LINE = "8C98A4"
_RESERVED = ("none", "gray125")  # the first two fills are these in every workbook


@dataclass(frozen=True)
class Look:
    """A look of the sheet of findings."""

    bold: bool = False
    size: float = 10.5
    color: str = "000000"
    fill: str = ""
    horizontal: str = "left"
    vertical: str = "top"
    wrap: bool = True
    border: bool = True
    underline: bool = False


class Styles:
    """The workbook's styles part, made when there is none."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        part = parts.related(parts.workbook, "styles")
        if part:
            self._root = parts.tree(part)
        else:
            self._root = parts.root("styleSheet")
            part = parts.free("styles{}.xml") if parts.has("xl/styles.xml") else "xl/styles.xml"
            parts.add(part, self._root, "styles+xml")
            parts.relate(parts.workbook, "styles", part)
        self._least()
        self._fills: dict[str, int] = {}
        self._filled: dict[tuple[int, str], int] = {}
        self._looks: dict[Look, int] = {}

    def _list(self, name: str) -> etree._Element:
        found = self._root.find(self._parts.q(name))
        if found is None:
            found = etree.Element(self._parts.q(name))
            put_before(self._root, found, _LISTS[_LISTS.index(name) + 1 :])
        return found

    def _least(self) -> None:
        """What the format wants to be there before anything can be added."""
        q = self._parts.q
        for name, child in (("fonts", "font"), ("fills", "fill"), ("borders", "border"), ("cellStyleXfs", "xf")):
            found = self._list(name)
            if not len(found):
                etree.SubElement(found, q(child))
        fills = self._list("fills")
        while len(fills) < len(_RESERVED):
            etree.SubElement(fills, q("fill"))
        for fill, pattern in zip(fills, _RESERVED, strict=False):
            if not len(fill):
                etree.SubElement(fill, q("patternFill"), patternType=pattern)
        if not len(self._list("cellXfs")):
            etree.SubElement(self._list("cellXfs"), q("xf"), numFmtId="0", fontId="0", fillId="0", borderId="0")
            self._list("cellXfs")[0].set("xfId", "0")

    def _append(self, name: str, node: etree._Element) -> int:
        found = self._list(name)
        found.append(node)
        found.set("count", str(len(found)))
        return len(found) - 1

    def _fill(self, colour: str) -> int:
        if colour not in self._fills:
            q = self._parts.q
            fill = etree.Element(q("fill"))
            pattern = etree.SubElement(fill, q("patternFill"), patternType="solid")
            etree.SubElement(pattern, q("fgColor"), rgb="FF" + colour)
            etree.SubElement(pattern, q("bgColor"), indexed="64")
            self._fills[colour] = self._append("fills", fill)
        return self._fills[colour]

    def filled(self, style: int, colour: str) -> int:
        """The style with another fill; number format, font, borders and alignment stay."""
        if (style, colour) not in self._filled:
            known = self._list("cellXfs")
            made = deepcopy(known[style if 0 <= style < len(known) else 0])
            made.set("fillId", str(self._fill(colour)))
            made.set("applyFill", "1")
            self._filled[style, colour] = self._append("cellXfs", made)
        return self._filled[style, colour]

    def look(self, look: Look) -> int:
        """The number of a look of our own."""
        if look not in self._looks:
            q = self._parts.q
            font = etree.Element(q("font"))
            if look.bold:
                etree.SubElement(font, q("b"))
            if look.underline:
                etree.SubElement(font, q("u"))
            etree.SubElement(font, q("sz"), val=f"{look.size:g}")
            etree.SubElement(font, q("color"), rgb="FF" + look.color)
            etree.SubElement(font, q("name"), val="宋体")
            etree.SubElement(font, q("charset"), val="134")
            border = etree.Element(q("border"))
            for side in ("left", "right", "top", "bottom", "diagonal"):
                line = etree.SubElement(border, q(side))
                if look.border and side != "diagonal":
                    line.set("style", "thin")
                    etree.SubElement(line, q("color"), rgb="FF" + _LINE)
            xf = etree.Element(q("xf"), numFmtId="0", xfId="0", applyFont="1", applyBorder="1", applyAlignment="1")
            xf.set("fontId", str(self._append("fonts", font)))
            xf.set("fillId", str(self._fill(look.fill)) if look.fill else "0")
            xf.set("borderId", str(self._append("borders", border)))
            xf.set("applyFill", "1" if look.fill else "0")
            place = etree.SubElement(xf, q("alignment"), horizontal=look.horizontal, vertical=look.vertical)
            if look.wrap:
                place.set("wrapText", "1")
            self._looks[look] = self._append("cellXfs", xf)
        return self._looks[look]
