"""What stands around the text of a section: page set-up, header and footer, and the mark of a draft."""

from __future__ import annotations

import copy
from typing import Any

from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import nsmap, qn
from lxml import etree

from .markup import DECLARATION, attribute
from .styles import StyleSheet

DRAFT = "草稿"
_HEADER, _FOOTER = qn("w:headerReference"), qn("w:footerReference")
_VML = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
_SPACES = f'xmlns:w="{nsmap["w"]}" xmlns:r="{nsmap["r"]}"'
_MARK_STYLE = (
    "position:absolute;margin-left:0;margin-top:0;width:380pt;height:190pt;rotation:315;z-index:-251658752;"
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:center;mso-position-vertical-relative:margin"
)


class Furniture:
    """Makes the w:sectPr of each section from those of style.docx.

    The cover has no header or footer but the draft's mark; a draft carries the mark in every header there is.
    """

    def __init__(self, part: Any, sheet: StyleSheet, draft: bool) -> None:
        self._part = part
        self._sheet = sheet
        self._draft = draft
        self._made: dict[tuple[bool, bool], str] = {}
        self._marked: dict[str, str] = {}  # header type → relationship id
        self._blank: dict[str, str] = {}

    def section(self, landscape: bool, cover: bool, first: bool) -> str:
        """The w:sectPr; ``first`` in the document inherits nothing."""
        key = landscape, cover
        if key not in self._made:
            self._made[key] = self._section(landscape, cover, first)
        return self._made[key]

    def _section(self, landscape: bool, cover: bool, first: bool) -> str:
        section = copy.deepcopy(self._sheet.page(landscape).xml)
        references = [e for e in section if e.tag in (_HEADER, _FOOTER)]
        if not references:  # nothing of its own: what the other orientation has
            other = self._sheet.page(not landscape).xml
            references = [copy.deepcopy(e) for e in other if e.tag in (_HEADER, _FOOTER)]
        unwanted = {_HEADER, _FOOTER, qn("w:type"), qn("w:pgNumType")} | ({qn("w:titlePg")} if cover else set())
        for element in list(section):
            if element.tag in unwanted:
                section.remove(element)
        kinds = ["default", "even"] + (["first"] if section.find("w:titlePg", nsmap) is not None else [])
        found = {(e.tag, e.get(qn("w:type"), "default")): e.get(qn("r:id"), "") for e in references}
        if cover:
            found = {} if first else {(_FOOTER, kind): self._empty_footer(kind) for kind in kinds}
        if self._draft:
            for kind in kinds:
                found[_HEADER, kind] = self._header(kind, found.get((_HEADER, kind), ""))
        for at, ((tag, kind), id) in enumerate(sorted(found.items())):
            reference = section.makeelement(tag, {qn("w:type"): kind, qn("r:id"): id}, nsmap={"r": nsmap["r"]})
            section.insert(at, reference)
        section.insert(len(found), section.makeelement(qn("w:type"), {qn("w:val"): "nextPage"}))
        return etree.tostring(section, encoding="unicode", with_tail=False)

    def _header(self, kind: str, existing: str) -> str:
        """Relationship id of a header of that kind with the draft's mark in it."""
        key = existing or kind
        if key in self._marked:
            return self._marked[key]
        number = len(self._marked) + 1
        if existing:
            header = self._part.related_parts[existing]
            paragraph = next(header.element.iter(qn("w:p")))
            paragraph.append(etree.fromstring(_mark(number)))
            self._marked[key] = existing
        else:
            look = self._sheet.header_id
            style = f'<w:pPr><w:pStyle w:val="{look}"/></w:pPr>' if look else ""
            xml = f"{DECLARATION}<w:hdr {_SPACES} {_VML}><w:p>{style}{_mark(number)}</w:p></w:hdr>"
            name = PackURI(f"/word/headerDraft{number}.xml")
            part = Part(name, CT.WML_HEADER, xml.encode(), self._part.package)
            self._marked[key] = self._part.relate_to(part, RT.HEADER)
        return self._marked[key]

    def _empty_footer(self, kind: str) -> str:
        if kind not in self._blank:
            xml = f"{DECLARATION}<w:ftr {_SPACES}><w:p/></w:ftr>"
            name = PackURI(f"/word/footerBlank{len(self._blank) + 1}.xml")
            part = Part(name, CT.WML_FOOTER, xml.encode(), self._part.package)
            self._blank[kind] = self._part.relate_to(part, RT.FOOTER)
        return self._blank[kind]


def _mark(number: int) -> str:
    """A run with the word 草稿 across the page behind the text, as Word's own watermarks are made."""
    text = attribute(DRAFT)
    font = attribute("font-family:'黑体';font-size:1pt")
    return (
        f"<w:r {_SPACES} {_VML}><w:rPr><w:noProof/></w:rPr><w:pict>"
        '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
        'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/>'
        '<v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/>'
        '<v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/><v:f eqn="mid @5 @6"/>'
        '<v:f eqn="mid @8 @5"/><v:f eqn="mid @7 @8"/><v:f eqn="mid @6 @7"/><v:f eqn="sum @6 0 @5"/></v:formulas>'
        '<v:path textpathok="t" o:connecttype="custom" o:connectlocs="@9,0;@10,10800;@11,21600;@12,10800" '
        'o:connectangles="270,180,90,0"/><v:textpath on="t" fitshape="t"/><v:handles>'
        '<v:h position="#0,bottomRight" xrange="6629,14971"/></v:handles><o:lock v:ext="edit" text="t" '
        'shapetype="t"/></v:shapetype>'
        f'<v:shape id="PowerPlusWaterMarkObject{number}" o:spid="_x0000_s{2048 + number}" type="#_x0000_t136" '
        f'alt={text} style="{_MARK_STYLE}" o:allowincell="f" fillcolor="silver" stroked="f">'
        f'<v:fill opacity=".5"/><v:textpath style={font} string={text}/></v:shape></w:pict></w:r>'
    )
