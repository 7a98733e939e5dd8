"""What style.docx says: page set-up and, for every role, the measures that decide how many lines a text takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from docx.oxml.ns import nsmap, qn
from lxml import etree

from ..model.blocks import Style
from ..model.finding import Finding, Severity

# Styles of the writer's own, beside those of Style.
CELL, BREAK, TABLE = "公开表格文字", "公开分节", "公开表格"

_AUTO_LINE = 1.3  # single spacing of Chinese type, in em; fonts differ by a few hundredths
_FULL_LINE = 240  # w:line of single spacing under lineRule auto
_DEFAULT_HALF_POINTS = 20


@dataclass(frozen=True, slots=True)
class Look:
    """One paragraph style, resolved. Lengths in twips; ``line`` is the pitch of one line."""

    id: str
    size: int = 200
    line: int = 260
    rule: str = "auto"
    before: int = 0
    after: int = 0
    left: int = 0
    right: int = 0
    first: int = 0  # negative when hanging
    keep_next: bool = False
    keep_lines: bool = False
    widow: bool = True
    page_before: bool = False
    latin: str = ""
    centred: bool = False


@dataclass(frozen=True, slots=True)
class PageSetup:
    """Text area in twips, and the w:sectPr children to repeat (references, page size, margins …)."""

    width: int
    height: int
    xml: etree._Element


@dataclass(frozen=True, slots=True)
class CellMargins:
    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class StyleSheet:
    looks: Mapping[str, Look]  # by lower-case style name
    table_id: str
    margins: CellMargins
    portrait: PageSetup
    landscape: PageSetup
    findings: tuple[Finding, ...]
    header_id: str = ""

    def look(self, style: Style | str) -> Look:
        name = style.value if isinstance(style, Style) else style
        return self.looks[name.lower()]

    def page(self, landscape: bool) -> PageSetup:
        return self.landscape if landscape else self.portrait


def read(styles: etree._Element, body: etree._Element) -> StyleSheet:
    """From the w:styles and w:body elements of style.docx; a style that was removed falls back to the default one."""
    reader = _Styles(styles)
    findings: list[Finding] = []
    looks: dict[str, Look] = {}
    for name in (*(style.value for style in Style), CELL, BREAK):
        if name.lower() not in reader.ids:
            message = f"样式文件中没有“{name}”样式，已按默认段落样式排版。"
            fix = "在 style.docx 中恢复该样式，或改用本版本自带的样式文件。"
            findings.append(Finding("F4", Severity.WARNING, message, fix))
        looks[name.lower()] = reader.look(name)
    table_id = reader.ids.get(TABLE.lower(), "")
    portrait, landscape = _pages(body)
    return StyleSheet(
        looks, table_id, reader.margins(table_id), portrait, landscape, tuple(findings), reader.ids.get("header", "")
    )


class _Styles:
    def __init__(self, root: etree._Element) -> None:
        self.by_id = {s.get(qn("w:styleId"), ""): s for s in root.iterchildren(qn("w:style"))}
        self.ids: dict[str, str] = {}
        self.default = ""
        for id, style in self.by_id.items():
            name = style.find("w:name", nsmap)
            if name is not None:
                self.ids[name.get(qn("w:val"), "").lower()] = id
            if style.get(qn("w:default")) in ("1", "true", "on") and style.get(qn("w:type")) == "paragraph":
                self.default = id
        self.defaults = root.find("w:docDefaults", nsmap)

    def chain(self, id: str) -> list[etree._Element]:
        """The style and those it is based on, nearest first."""
        found: list[etree._Element] = []
        while id in self.by_id and self.by_id[id] not in found:
            found.append(self.by_id[id])
            base = found[-1].find("w:basedOn", nsmap)
            id = base.get(qn("w:val"), "") if base is not None else ""
        return found

    def look(self, name: str) -> Look:
        id = self.ids.get(name.lower(), self.default)
        sources = self.chain(id)
        if self.defaults is not None:
            sources = [*sources, *self.defaults.iterchildren()]

        def value(path: str, attribute: str = "val") -> str | None:
            for source in sources:
                for element in source.iterfind(f".//{path}", nsmap):
                    found = element.get(qn(f"w:{attribute}"))
                    if found is not None:
                        return str(found)
            return None

        def switch(path: str) -> bool:
            for source in sources:
                element = source.find(f".//{path}", nsmap)
                if element is not None:
                    return element.get(qn("w:val")) not in ("0", "false", "off")
            return False

        size = round(float(value("w:sz") or _DEFAULT_HALF_POINTS) * 10)
        rule = value("w:spacing", "lineRule") or "auto"
        line = _number(value("w:spacing", "line"), _FULL_LINE)
        if rule == "auto":
            line = round(line / _FULL_LINE * size * _AUTO_LINE)
        elif rule == "atLeast":
            line = max(line, round(size * _AUTO_LINE))
        first = _number(value("w:ind", "firstLine")) - _number(value("w:ind", "hanging"))
        characters = _number(value("w:ind", "firstLineChars"))
        if characters:
            first = characters * size // 100
        return Look(
            id=id,
            size=size,
            line=line,
            rule=rule,
            before=_number(value("w:spacing", "before")),
            after=_number(value("w:spacing", "after")),
            left=_number(value("w:ind", "left")),
            right=_number(value("w:ind", "right")),
            first=first,
            keep_next=switch("w:keepNext"),
            keep_lines=switch("w:keepLines"),
            widow=switch("w:widowControl"),
            page_before=switch("w:pageBreakBefore"),
            latin=value("w:rFonts", "ascii") or "",
            centred=value("w:jc") == "center",
        )

    def margins(self, table_id: str) -> CellMargins:
        sides: dict[str, int] = {}
        for style in reversed(self.chain(table_id)):
            for side in ("top", "left", "bottom", "right"):
                element = style.find(f"w:tblPr/w:tblCellMar/w:{side}", nsmap)
                if element is not None:
                    sides[side] = _number(element.get(qn("w:w")))
        return CellMargins(sides.get("top", 0), sides.get("left", 108), sides.get("bottom", 0), sides.get("right", 108))


def _number(text: str | None, default: int = 0) -> int:
    try:
        return round(float(text)) if text else default
    except ValueError:  # a universal measure such as "12pt", which no editor in use writes here
        return default


def _pages(body: etree._Element) -> tuple[PageSetup, PageSetup]:
    """The first portrait and the first landscape section; a missing one is the other turned round."""
    found: dict[bool, PageSetup] = {}
    for section in body.iter(qn("w:sectPr")):
        size = section.find("w:pgSz", nsmap)
        if size is not None:
            turned = _number(size.get(qn("w:w"))) > _number(size.get(qn("w:h")))
            found.setdefault(turned, _setup(section))
    if not found:
        raise ValueError("style.docx has no section with a page size")
    for turned in (False, True):
        if turned not in found:
            found[turned] = _setup(_turned(found[not turned].xml))
    return found[False], found[True]


def _setup(section: etree._Element) -> PageSetup:
    size, margin = section.find("w:pgSz", nsmap), section.find("w:pgMar", nsmap)

    def of(element: etree._Element | None, name: str, default: int = 0) -> int:
        return abs(_number(element.get(qn(f"w:{name}")), default)) if element is not None else default

    width = of(size, "w") - of(margin, "left", 1440) - of(margin, "right", 1440) - of(margin, "gutter")
    height = of(size, "h") - of(margin, "top", 1440) - of(margin, "bottom", 1440)
    return PageSetup(width, height, section)


def _turned(section: etree._Element) -> etree._Element:
    turned = etree.fromstring(etree.tostring(section))
    size, margin = turned.find("w:pgSz", nsmap), turned.find("w:pgMar", nsmap)
    if size is not None:
        width, height = size.get(qn("w:w"), "0"), size.get(qn("w:h"), "0")
        size.set(qn("w:w"), height)
        size.set(qn("w:h"), width)
        if int(height) > int(width):
            size.set(qn("w:orient"), "landscape")
        else:
            size.attrib.pop(qn("w:orient"), "")
    if margin is not None:
        sides = ("top", "right", "bottom", "left")
        values = [margin.get(qn(f"w:{side}"), "1440") for side in sides]
        for side, value in zip(sides, values[-1:] + values[:-1], strict=True):
            margin.set(qn(f"w:{side}"), value)
    return turned
