"""A style.docx that a department made its own in Word: turned pages, running heads, measures, styles taken away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from disclosures import STYLE
from docx.oxml.ns import nsmap, qn
from lxml import etree

from generator.document.package import seal, unpack
from generator.document.render import render, template
from generator.model.blocks import Disclosure, Paragraph, Section, Span, Style
from generator.model.finding import Refusal

DOCUMENT, STYLES, RELATIONS = "word/document.xml", "word/styles.xml", "word/_rels/document.xml.rels"
UPRIGHT = re.compile(rb"<w:p><w:pPr><w:sectPr>.*?</w:sectPr></w:pPr></w:p>")
FLAT = re.compile(rb"<w:sectPr>(?:(?!<w:sectPr>).)*?</w:sectPr></w:body>")
HEAD_REFERENCE = b'<w:headerReference xmlns:r="%s" w:type="default" r:id="rId77"/>' % nsmap["r"].encode()


def line(text: str) -> Section:
    return Section(text, (Paragraph(text, Style.BODY, (Span(text),)),))


def flat(text: str) -> Section:
    return Section(text, line(text).blocks, landscape=True)


def cover(text: str) -> Section:
    return Section(text, line(text).blocks, cover=True)


def made(*sections: Section, draft: bool = False) -> Disclosure:
    return Disclosure("题", "单位", "主题", 2021, "e", sections, draft=draft)


def own(folder: Path, change: dict[str, list[tuple[bytes | re.Pattern[bytes], bytes]]]) -> Path:
    """Our style file with those pieces of its parts replaced."""
    parts = unpack(STYLE.read_bytes())
    for name, pairs in change.items():
        for old, new in pairs:
            pattern = old if isinstance(old, re.Pattern) else re.compile(re.escape(old))
            parts[name], count = pattern.subn(lambda _, new=new: new, parts[name])
            assert count, f"{name} no longer has {old!r}"
    path = folder / "style.docx"
    path.write_bytes(seal(parts))
    return path


def sections(style: Path, *content: Section, draft: bool = False) -> list[etree._Element]:
    parts = unpack(render(style, made(*content, draft=draft)).data)
    return list(etree.fromstring(parts[DOCUMENT]).iter(qn("w:sectPr")))


def page(section: etree._Element) -> dict[str, str]:
    found = {}
    for element in (section.find("w:pgSz", nsmap), section.find("w:pgMar", nsmap)):
        found.update({key.rpartition("}")[2]: value for key, value in element.attrib.items()})
    return found


def with_head() -> dict[str, list[tuple[bytes | re.Pattern[bytes], bytes]]]:
    """A running head of the department's own on the upright pages."""
    head = b'<Relationship Id="rId77" Type="%s/header" Target="header9.xml"/></Relationships>' % nsmap["r"].encode()
    kind = b'<Override PartName="/word/header9.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    kind += b'wordprocessingml.header+xml"/></Types>'
    return {
        RELATIONS: [(b"</Relationships>", head)],
        "[Content_Types].xml": [(b"</Types>", kind)],
        DOCUMENT: [(re.compile(rb"(?<=<w:p><w:pPr><w:sectPr>)"), HEAD_REFERENCE)],
    }


# Pages ---------------------------------------------------------------------------------------------


def test_a_style_file_without_a_flat_page_has_its_upright_page_turned(tmp_path: Path) -> None:
    style = own(tmp_path, {DOCUMENT: [(FLAT, b"</w:body>")]})
    upright, turned = sections(style, line("甲"), flat("乙"))
    assert {key: page(upright)[key] for key in ("w", "h")} == {"w": "11906", "h": "16838"}
    assert "orient" not in page(upright)
    assert {key: page(turned)[key] for key in ("w", "h", "orient")} == {
        "w": "16838",
        "h": "11906",
        "orient": "landscape",
    }
    # What was above is at the right once the sheet lies on its side.
    sides = {key: page(turned)[key] for key in ("top", "right", "bottom", "left")}
    assert sides == {"top": "1587", "right": "2098", "bottom": "1474", "left": "1984"}


def test_a_style_file_of_flat_pages_only_has_them_turned_upright(tmp_path: Path) -> None:
    style = own(tmp_path, {DOCUMENT: [(UPRIGHT, b"")]})
    (upright,) = sections(style, line("甲"))
    assert {key: page(upright)[key] for key in ("w", "h")} == {"w": "11906", "h": "16838"}
    assert "orient" not in page(upright)


def test_a_style_file_without_margins_or_pages(tmp_path: Path) -> None:
    style = own(tmp_path, {DOCUMENT: [(re.compile(rb"<w:pgMar[^>]*/>"), b"")]})
    _, sheet = template(style)
    assert (sheet.portrait.width, sheet.portrait.height) == (11906 - 2 * 1440, 16838 - 2 * 1440)
    style = own(tmp_path, {DOCUMENT: [(re.compile(rb"<w:pgMar[^>]*/>"), b""), (FLAT, b"</w:body>")]})
    assert template(style)[1].landscape.width == 16838 - 2 * 1440
    style = own(tmp_path, {DOCUMENT: [(re.compile(rb"<w:pgSz[^>]*/>"), b"")]})
    with pytest.raises(Refusal, match=r"样式文件 .*style\.docx 不是完好的 Word 文档"):
        render(style, made(line("甲")))


def test_flat_pages_without_heads_of_their_own_have_those_of_the_upright_ones(tmp_path: Path) -> None:
    feet = rb"(?<=<w:sectPr>)(?:<w:footerReference[^>]*/>){2}"
    bare = re.compile(feet + rb'(?=<w:type w:val="nextPage"/><w:pgSz w:w="16838")')
    style = own(tmp_path, {DOCUMENT: [(bare, b"")]})
    for section in sections(style, line("甲"), flat("乙")):
        kinds = [e.get(qn("w:type")) for e in section.iter(qn("w:footerReference"))]
        assert sorted(kinds) == ["default", "even"]


# Heads and feet ------------------------------------------------------------------------------------


def test_a_cover_in_the_middle_has_no_page_number(tmp_path: Path) -> None:
    """A section without feet of its own would have those of the section before it."""
    parts = unpack(render(STYLE, made(line("甲"), cover("封面"), line("乙"))).data)
    _, middle, last = etree.fromstring(parts[DOCUMENT]).iter(qn("w:sectPr"))
    targets = {r.get("Id"): r.get("Target") for r in etree.fromstring(parts[RELATIONS])}

    def feet(section: etree._Element) -> dict[str, bool]:
        found = {
            r.get(qn("w:type")): parts["word/" + targets[r.get(qn("r:id"))]]
            for r in section.iter(qn("w:footerReference"))
        }
        return {kind: b"PAGE" in data for kind, data in found.items()}

    assert feet(middle) == {"default": False, "even": False}
    assert feet(last) == {"default": True, "even": True}


def test_the_mark_of_a_draft_stands_in_the_departments_own_head(tmp_path: Path) -> None:
    style = own(tmp_path, with_head())
    parts = unpack(style.read_bytes())
    parts["word/header9.xml"] = (
        b'<w:hdr xmlns:w="%s"><w:p><w:r><w:t>XX\xe5\xb1\x80</w:t></w:r></w:p></w:hdr>' % nsmap["w"].encode()
    )
    style.write_bytes(seal(parts))
    parts = unpack(render(style, made(line("甲"), draft=True)).data)
    (section,) = etree.fromstring(parts[DOCUMENT]).iter(qn("w:sectPr"))
    targets = {r.get("Id"): r.get("Target") for r in etree.fromstring(parts[RELATIONS])}
    heads = {
        r.get(qn("w:type")): parts["word/" + targets[r.get(qn("r:id"))]] for r in section.iter(qn("w:headerReference"))
    }
    assert set(heads) == {"default", "even"}
    assert all("草稿".encode() in head for head in heads.values())
    assert "XX局".encode() in heads["default"]
    assert heads["default"].count("草稿".encode()) == heads["even"].count("草稿".encode())


# Styles --------------------------------------------------------------------------------------------


def look(folder: Path, change: bytes) -> object:
    """How the body text stands once its style has those properties before its own."""
    parts = unpack(STYLE.read_bytes())
    root = etree.fromstring(parts[STYLES])
    (style,) = (
        s for s in root if s.tag == qn("w:style") and s.find("w:name", nsmap).get(qn("w:val")) == Style.BODY.value
    )
    for old in style.findall("w:pPr", nsmap):
        style.remove(old)
    style.append(etree.fromstring(b'<w:pPr xmlns:w="%s">%s</w:pPr>' % (nsmap["w"].encode(), change)))
    parts[STYLES] = etree.tostring(root)
    path = folder / "style.docx"
    path.write_bytes(seal(parts))
    return template(path)[1].look(Style.BODY)


def test_lines_of_at_least_a_height_are_never_lower_than_their_type(tmp_path: Path) -> None:
    low = look(tmp_path, b'<w:spacing w:line="20" w:lineRule="atLeast"/>')
    assert low.line >= low.size
    assert look(tmp_path, b'<w:spacing w:line="900" w:lineRule="atLeast"/>').line == 900


def test_indents_in_characters_and_switches(tmp_path: Path) -> None:
    found = look(
        tmp_path, b'<w:pageBreakBefore w:val="0"/><w:keepNext/><w:ind w:firstLine="20" w:firstLineChars="200"/>'
    )
    assert (found.first, found.keep_next, found.page_before) == (2 * found.size, True, False)
    assert look(tmp_path, b'<w:ind w:hanging="300"/>').first == -300


def test_a_measure_that_is_no_number_counts_nothing(tmp_path: Path) -> None:
    assert look(tmp_path, b'<w:spacing w:before="12pt"/>').before == 0


def test_styles_that_rest_on_each_other(tmp_path: Path) -> None:
    """Such a file opens in Word; looking for the size of the type must come to an end."""
    parts = unpack(STYLE.read_bytes())
    root = etree.fromstring(parts[STYLES])
    for style in root.findall("w:style", nsmap):
        for base in style.findall("w:basedOn", nsmap):
            style.remove(base)
        base = etree.SubElement(style, qn("w:basedOn"))
        base.set(qn("w:val"), style.get(qn("w:styleId")))
    for gone in root.findall("w:docDefaults", nsmap):
        root.remove(gone)
    parts[STYLES] = etree.tostring(root)
    path = tmp_path / "style.docx"
    path.write_bytes(seal(parts))
    assert render(path, made(line("甲"))).pages == 1
