"""The user's own files: only from the workbook's folder, said when unusable, whole in the finished document."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import docx
import pytest
from book_builder import make_book
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Emu
from lxml import etree

from generator import editions
from generator.document import attach, attached, charts, extensions
from generator.document.render import render
from generator.model.blocks import Attachment, Chart, ChartKind, Disclosure, Paragraph, Section, Series, Span, Style
from generator.model.cell import CellRef
from generator.model.figure import Figure
from generator.model.finding import Finding, Severity
from generator.narrative import attachments
from generator.narrative.context import Context

EDITION = editions.load("wuhan-final-2021")
PLACE = CellRef("附件清单", 4, 2)
BODY = "word/document.xml"
WORD = "http://schemas.microsoft.com/office/word/"
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def png(width: int = 40, height: int = 30) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int = 40, height: int = 30) -> bytes:
    """Headers of a JPEG: enough for its size to be read."""
    jfif = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00\x48\x00\x48\x00\x00"
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + jfif + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x00\xff\xd9"


def word(*paragraphs: str) -> Any:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return document


def saved(document: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


# Which files are taken


def listed(folder: Path, *files: tuple[str | None, str | None]) -> tuple[list[Attachment], tuple[Finding, ...]]:
    rows = [{"title": title, "file": name} for title, name in files]
    book = make_book(EDITION, {"attachments": {"files": rows}}, path=str(folder / "工作簿.xlsx"))
    blocks, findings = attachments.blocks(Context(EDITION, book))
    return [b for b in blocks if isinstance(b, Attachment)], findings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "资料"
    (inside / "附件").mkdir(parents=True)
    (inside / "报告.docx").write_bytes(saved(word("正文")))
    (inside / "附件" / "图.png").write_bytes(png())
    (inside / "照片.JPG").write_bytes(jpeg())
    (tmp_path / "外面.docx").write_bytes(saved(word("外面")))
    return inside


def test_files_in_the_folder_are_taken_with_their_titles(folder: Path) -> None:
    found, findings = listed(folder, ("甲", "报告.docx"), (None, "附件/图.png"), ("丙", "照片.JPG"), (None, None))
    assert findings == ()
    assert [(a.id, a.title, Path(a.path).name) for a in found] == [
        ("attachment.1.file", "甲", "报告.docx"),
        ("attachment.2.file", "图", "图.png"),
        ("attachment.3.file", "丙", "照片.JPG"),
    ]
    assert all(Path(a.path).is_absolute() for a in found)


def test_each_has_a_heading_on_a_new_page_with_its_cell(folder: Path) -> None:
    book = make_book(
        EDITION, {"attachments": {"files": [{"title": "甲", "file": "报告.docx"}]}}, path=str(folder / "a.xlsx")
    )
    (heading, _), _ = attachments.blocks(Context(EDITION, book))
    assert isinstance(heading, Paragraph)
    assert (heading.text, heading.style, heading.new_page) == ("甲", Style.FORM_TITLE, True)
    assert heading.spans[0].cells


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("没有.docx", "找不到"),
        ("../外面.docx", "不是本工作簿所在文件夹中的文件"),
        ("附件/../../外面.docx", "不是本工作簿所在文件夹中的文件"),
        ("附件\\..\\..\\外面.docx", "不是本工作簿所在文件夹中的文件"),
        ("/etc/passwd.docx", "不是本工作簿所在文件夹中的文件"),
        ("C:\\外面.docx", "不是本工作簿所在文件夹中的文件"),
        ("\\\\server\\外面.docx", "不是本工作簿所在文件夹中的文件"),
        ("~/外面.docx", "不是本工作簿所在文件夹中的文件"),
        ("报告.pdf", "不是可以编入的格式"),
        ("附件", "不是可以编入的格式"),
        ("空\0.docx", "打不开"),
        ("长" * 300 + ".docx", "打不开"),
        (None, "没有填写文件名"),
    ],
)
def test_what_can_not_be_taken_is_said(folder: Path, name: str | None, said: str) -> None:
    found, findings = listed(folder, ("甲", name))
    assert found == []
    (finding,) = findings
    assert finding.severity is Severity.WARNING
    assert said in finding.message
    assert str(finding.cells[0]) in finding.message
    assert finding.fix


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", b"%PDF-1.7 ..."),
        ("a.docx", b"PK\x03\x04 cut off"),
        ("a.docx", b""),
        ("a.png", png()[:-16]),
        ("a.png", png(0, 5)),
        ("a.png", jpeg()),
        ("a.jpg", jpeg()[:30]),
        ("a.jpg", jpeg(0, 7)),
        ("a.jpg", b"\xff\xd8\xff"),
    ],
)
def test_a_damaged_or_mislabelled_file_is_said(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)
    found, findings = listed(folder, ("甲", name))
    assert found == []
    assert "内容不是" in findings[0].message or "不是完好的" in findings[0].message


def _spaces() -> Any:
    return word("", "  ")


def _table() -> Any:
    document = docx.Document()
    document.add_table(2, 2)
    return document


def _picture() -> Any:
    document = docx.Document()
    document.add_picture(io.BytesIO(png()))
    return document


@pytest.mark.parametrize(("made", "taken"), [(docx.Document, 0), (_spaces, 0), (_table, 1), (_picture, 1)])
def test_a_file_with_nothing_in_it_has_no_page(folder: Path, made: Any, taken: int) -> None:
    """A title on a page of its own with nothing below is no attachment."""
    (folder / "办法.docx").write_bytes(saved(made()))
    found, findings = listed(folder, ("管理办法", "办法.docx"))
    assert len(found) == taken
    assert [f.message for f in findings] == ["附件“办法.docx”（附件清单!B3）是空白文档，未编入公开文档。"] * (1 - taken)


def test_too_large_a_file_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "LARGEST", 50)
    assert "过大" in listed(folder, ("甲", "报告.docx"))[1][0].message


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder / "链接.docx").symlink_to(folder.parent / "外面.docx")
    assert "链接" in listed(folder, ("甲", "链接.docx"))[1][0].message


# What becomes of Word files


def master(*attached_files: Attachment) -> bytes:
    """A finished document with two sections, and a heading and a mark for each attachment."""
    blocks: list[Any] = [Paragraph("part6", Style.PART, (Span("第六部分 附件"),))]
    for one in attached_files:
        blocks.append(Paragraph(one.id.rpartition(".")[0], Style.FORM_TITLE, (Span(one.title),), new_page=True))
        blocks.append(one)
    wide = Section("wide", (Paragraph("wide", Style.BODY, (Span("横向"),)),), landscape=True)
    made = Disclosure("题", "单位", "主题", 2021, EDITION.id, (wide, Section("part6", tuple(blocks))))
    rendered = render(EDITION.find("style.docx"), made)
    assert rendered.findings == ()
    return rendered.data


def attachment(folder: Path, number: int, document: Any, name: str = "") -> Attachment:
    path = folder / (name or f"{number}.docx")
    path.write_bytes(document if isinstance(document, bytes) else saved(document))
    return Attachment(f"attachment.{number}.file", f"附件标题{number}", str(path), PLACE)


def body(data: bytes) -> list[str]:
    return [p.text for p in docx.Document(io.BytesIO(data)).paragraphs if p.text]


def turned(data: bytes) -> list[str]:
    sections = docx.Document(io.BytesIO(data)).sections
    return ["横" if s.page_width > s.page_height else "竖" for s in sections]


def test_files_stand_below_their_own_headings(tmp_path: Path) -> None:
    first, second = attachment(tmp_path, 1, word("甲一", "甲二")), attachment(tmp_path, 2, word("乙"))
    data = master(first, second)
    assert body(data) == ["横向", "第六部分 附件", "附件标题1", "甲一", "甲二", "附件标题2", "乙"]
    assert turned(data) == ["横", "竖"]


def test_without_a_place_they_come_last(tmp_path: Path) -> None:
    one = attachment(tmp_path, 1, word("甲"))
    data, findings = attach.append(saved(word("正文")), (one,))
    assert findings == ()
    assert body(data) == ["正文", "甲"]


def landscape(document: Any) -> Any:
    last = document.sections[-1]
    last.orientation, last.page_width, last.page_height = WD_ORIENT.LANDSCAPE, last.page_height, last.page_width
    return document


def test_pages_turned_otherwise_stay_so(tmp_path: Path) -> None:
    wide = attachment(tmp_path, 1, landscape(word("宽表")))
    plain = attachment(tmp_path, 2, word("直页"))
    mixed = word("先直")
    mixed.add_section()
    landscape(mixed).add_paragraph("后横")
    both = attachment(tmp_path, 3, mixed)
    assert turned(master(plain)) == ["横", "竖"]
    assert turned(master(wide)) == ["横", "竖", "横"]
    assert turned(master(wide, plain)) == ["横", "竖", "横", "竖"]
    assert turned(master(both)) == ["横", "竖", "竖", "横"]
    assert body(master(wide, plain, both)) == [
        "横向", "第六部分 附件", "附件标题1", "宽表", "附件标题2", "直页", "附件标题3", "先直", "后横",
    ]  # fmt: skip


def test_footers_stay_ours(tmp_path: Path) -> None:
    document = landscape(word("宽表"))
    document.sections[0].header.paragraphs[0].text = "别处的页眉"
    one = attachment(tmp_path, 1, document)
    data, findings = attach.append(saved(word("正文")), (one,))
    assert ["页眉页脚没有带入" in f.message for f in findings] == [True]
    assert b"\xe5\x88\xab\xe5\xa4\x84" not in b"".join(
        zipfile.ZipFile(io.BytesIO(data)).read(n) for n in zipfile.ZipFile(io.BytesIO(data)).namelist()
    )


def mark(paragraph: Any, name: str, id: str = "0") -> None:
    for tag in ("w:bookmarkStart", "w:bookmarkEnd"):
        element = paragraph._p.makeelement(qn(tag), {qn("w:id"): id})
        if tag.endswith("Start"):
            element.set(qn("w:name"), name)
        paragraph._p.append(element)


def test_bookmarks_of_two_files_do_not_clash(tmp_path: Path) -> None:
    files = []
    for number in (1, 2):
        document = word("目标", "链接")
        mark(document.paragraphs[0], "_Toc123")
        field = document.paragraphs[1]._p.makeelement(qn("w:instrText"), {})
        field.text = " PAGEREF _Toc123 \\h "
        document.paragraphs[1].add_run()._r.append(field)
        files.append(attachment(tmp_path, number, document))
    made = docx.Document(io.BytesIO(master(*files)))
    starts = [s for s in made.element.body.iter(qn("w:bookmarkStart")) if s.get(qn("w:name")).startswith("_Toc")]
    names = [s.get(qn("w:name")) for s in starts]
    assert len(set(names)) == 2
    assert [f.text.split()[1] for f in made.element.body.iter(qn("w:instrText")) if "PAGEREF" in f.text] == names
    ids = [s.get(qn("w:id")) for s in made.element.body.iter(qn("w:bookmarkStart"))]
    assert len(ids) == len(set(ids))


def test_a_link_inside_the_second_file_finds_its_own_place(tmp_path: Path) -> None:
    """Both files have a bookmark of the same name; an end without a beginning is nothing."""
    files = []
    for number in (1, 2):
        document = word("目标", "链接")
        mark(document.paragraphs[0], "第一条")
        lone = document.paragraphs[0]._p.makeelement(qn("w:bookmarkEnd"), {qn("w:id"): "99"})
        document.paragraphs[0]._p.append(lone)
        link = document.paragraphs[1]._p.makeelement(qn("w:hyperlink"), {qn("w:anchor"): "第一条"})
        document.paragraphs[1]._p.append(link)
        files.append(attachment(tmp_path, number, document))
    made = docx.Document(io.BytesIO(master(*files))).element.body
    starts = [s.get(qn("w:name")) for s in made.iter(qn("w:bookmarkStart"))]
    places = [name for name in starts if name.startswith("第一条")]
    assert len(set(places)) == 2
    assert [link.get(qn("w:anchor")) for link in made.iter(qn("w:hyperlink"))] == places


def test_tracked_changes_and_bound_fields_are_seen_to(tmp_path: Path) -> None:
    """What a field is bound to stays behind: bound, it would show nothing."""
    document = word("正文")
    paragraph = document.paragraphs[0]._p
    paragraph.append(paragraph.makeelement(qn("w:ins"), {qn("w:id"): "7"}))
    control = paragraph.makeelement(qn("w:sdt"), {})
    properties = control.makeelement(qn("w:sdtPr"), {})
    properties.append(control.makeelement(qn("w:dataBinding"), {qn("w:xpath"): "/x"}))
    control.append(properties)
    paragraph.append(control)
    data, findings = attach.append(saved(word("封面")), (attachment(tmp_path, 1, document),))
    assert ["修订痕迹仍在，请先接受或拒绝修订" in f.message for f in findings] == [True]
    assert not list(docx.Document(io.BytesIO(data)).element.body.iter(qn("w:dataBinding")))


def test_a_file_that_says_nothing_of_its_pages_goes_on_ours(tmp_path: Path) -> None:
    bare, silent = word("没有分节"), word("没有纸张")
    bare.element.body.remove(bare.element.body.find(qn("w:sectPr")))
    section = silent.element.body.find(qn("w:sectPr"))
    section.remove(section.find(qn("w:pgSz")))
    data = master(attachment(tmp_path, 1, bare), attachment(tmp_path, 2, silent))
    assert turned(data) == ["横", "竖"]
    assert body(data)[2:] == ["附件标题1", "没有分节", "附件标题2", "没有纸张"]


def test_flat_pages_in_the_middle_and_none_at_the_end(tmp_path: Path) -> None:
    """The last section of such a file is missing: some programs write it so."""
    document = landscape(word("横页"))
    document.add_section()
    document.element.body.remove(document.element.body[-1])
    data, findings = attach.append(saved(word("正文")), (attachment(tmp_path, 1, document),))
    assert findings == ()
    assert body(data) == ["正文", "横页"]


def _broken_page() -> Any:
    document = landscape(word("横页"))
    document.element.body.find(qn("w:sectPr")).find(qn("w:pgSz")).set(qn("w:w"), "29.7cm")
    return document


def _same_bookmark_twice() -> Any:
    document = word("一", "二")
    for number, paragraph in enumerate(document.paragraphs):
        mark(paragraph, "同名", str(number))
    return document


@pytest.mark.parametrize(
    ("made", "said"), [(_broken_page, "的结构无法与公开文档合并"), (_same_bookmark_twice, "合并后结构不完整")]
)
def test_a_file_that_would_break_the_document_is_left_out(tmp_path: Path, made: Any, said: str) -> None:
    whole = saved(word("正文"))
    data, (finding,) = attach.append(whole, (attachment(tmp_path, 1, made()),))
    assert data == whole
    assert said in finding.message


def test_a_style_whose_ancestor_did_not_come_along_stands_alone(tmp_path: Path) -> None:
    """A name that leads nowhere makes Word repair the file."""
    document = word("特别")
    style = document.styles.add_style("特别样式", 1)
    style.element.get_or_add_basedOn().set(qn("w:val"), "Nowhere")
    document.paragraphs[0].style = style
    data, _ = attach.append(saved(word("正文")), (attachment(tmp_path, 1, document),))
    styles = docx.Document(io.BytesIO(data)).styles.element
    ids = {one.get(qn("w:styleId")) for one in styles.iter(qn("w:style"))}
    assert {link.get(qn("w:val")) for link in styles.iter(qn("w:basedOn"))} <= ids
    assert "特别样式" in {name.get(qn("w:val")) for name in styles.iter(qn("w:name"))}


def test_lists_pictures_and_charts_come_along(tmp_path: Path) -> None:
    document = word("文字")
    document.add_paragraph("项", style="List Number")
    document.add_picture(io.BytesIO(png()))
    series = Series("甲", (Figure(EDITION.tolerances["tail"]),), ("0.01",))
    chart = Chart("x", ChartKind.COLUMN, ("一",), (series,), "图")
    document.add_paragraph().add_run()._r.append(charts.inline(document.part, chart, 7, 4_000_000, 2_000_000))
    part = next(p for p in document.part.package.iter_parts() if "charts" in str(p.partname))
    (relation,) = part.rels.values()  # docxcompose knows ids of the form rIdN alone
    part._blob = part.blob.replace(relation.rId.encode(), b"R9x")
    part.rels.clear()
    part.rels["R9x"] = relation
    relation._rId = "R9x"
    one = attachment(tmp_path, 1, document)
    data = master(one)
    package = zipfile.ZipFile(io.BytesIO(data))
    names = package.namelist()
    assert sum(name.startswith("word/charts/chart") for name in names) == 1
    assert sum(name.startswith("word/embeddings/") for name in names) == 1
    assert sum(name.startswith("word/media/") for name in names) == 1
    made = docx.Document(io.BytesIO(data))
    assert attached.sound(made)
    pictured = next(p for p in made.paragraphs if p._p.findall(".//" + qn("w:drawing")))
    assert pictured._p.pPr.find(qn("w:spacing")).get(qn("w:lineRule")) == "auto"


def test_extensions_of_word_may_be_passed_over_as_in_the_file_they_come_from(tmp_path: Path) -> None:
    """Else another program may refuse the whole document: w14:paraId is in every paragraph that Word writes."""
    document = word("一", "二")
    space = "http://schemas.microsoft.com/office/word/2010/wordml"
    document.paragraphs[0]._p.set(f"{{{space}}}paraId", "00000001")
    made = etree.fromstring(zipfile.ZipFile(io.BytesIO(master(attachment(tmp_path, 1, document)))).read(BODY))
    assert made.findall(f".//*[@{{{space}}}paraId='00000001']")
    mc = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
    assert space in [made.nsmap[prefix] for prefix in made.get(f"{mc}Ignorable").split()]


@pytest.mark.parametrize(
    ("root", "inside", "ignorable"),
    [
        ('xmlns:w="urn:w"', f'<w:p xmlns:w14="{WORD}2010/wordml" w14:paraId="1"/>', "w14"),
        ('xmlns:w="urn:w" xmlns:w14="urn:another"', f'<w:p xmlns:a="{WORD}2010/wordml" a:paraId="1"/>', "a"),
        ('xmlns:w="urn:w" xmlns:w14="urn:x"', f'<w:p xmlns:w14="{WORD}2012/wordml" w14:a="1"/>', "ext1"),
        (f'xmlns:w="urn:w" xmlns:w14="{WORD}2010/wordml" {MC} mc:Ignorable="w14"', '<w:p w14:paraId="1"/>', "w14"),
        ('xmlns:w="urn:w"', f'<s:wsp xmlns:s="{WORD}2010/wordprocessingShape"/>', None),
    ],
)
def test_each_extension_has_a_name_of_its_own(root: str, inside: str, ignorable: str | None) -> None:
    made = etree.fromstring(extensions.declared(f"<w:document {root}>{inside}</w:document>".encode()))
    assert made.get("{http://schemas.openxmlformats.org/markup-compatibility/2006}Ignorable") == ignorable
    assert etree.fromstring(extensions.declared(etree.tostring(made))).attrib == made.attrib


def test_comments_are_left_out_and_said(tmp_path: Path) -> None:
    document = word("有批注")
    document.add_comment(document.paragraphs[0].add_run("处"), text="意见")
    one = attachment(tmp_path, 1, document)
    data, findings = attach.append(saved(word("正文")), (one,))
    assert "批注没有带入" in findings[0].message
    assert str(PLACE) in findings[0].message
    assert not list(docx.Document(io.BytesIO(data)).element.body.iter(qn("w:commentReference")))


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04",
        b"nonsense",
        pytest.param(png(), id="a picture"),
        pytest.param(saved(word("x"))[:-200], id="cut off"),
    ],
)
def test_an_unusable_word_file_leaves_the_document_as_it_was(tmp_path: Path, data: bytes) -> None:
    whole = saved(word("正文"))
    bad, good = attachment(tmp_path, 1, data), attachment(tmp_path, 2, word("好"))
    made, findings = attach.append(whole, (bad, good))
    assert body(made) == ["正文", "好"]
    assert [f.severity for f in findings] == [Severity.WARNING]
    assert "1.docx" in findings[0].message


def test_a_word_file_with_other_contents_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("_rels/.rels", "<Relationships/>")
    whole = saved(word("正文"))
    made, findings = attach.append(whole, (attachment(tmp_path, 1, stream.getvalue()),))
    assert made == whole
    assert len(findings) == 1


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attach, "_MOST_BYTES", 1000)
    whole = saved(word("正文"))
    made, findings = attach.append(whole, (attachment(tmp_path, 1, word("x")),))
    assert made == whole
    assert "解压后过大" in findings[0].message


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [("_MOST_XML", 1000, "解压后过大"), ("_MOST_TAGS", 50, "内容过多"), ("_MOST_BLOCKS", 2, "合计不能超过 2 段")],
)
def test_files_that_are_too_much_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, said: str
) -> None:
    monkeypatch.setattr(attach, limit, most)
    whole = saved(word("正文"))
    made, findings = attach.append(whole, (attachment(tmp_path, 1, word("甲", "乙", "丙")),))
    assert made == whole
    assert [said in finding.message for finding in findings] == [True]


def test_all_files_together_have_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attach, "_MOST_BLOCKS", 5)
    files = [attachment(tmp_path, number, word("甲", "乙")) for number in (1, 2)]  # with its section three blocks each
    made, findings = attach.append(saved(word("正文")), tuple(files))
    assert body(made) == ["正文", "甲", "乙"]
    assert ["2.docx" in finding.message for finding in findings] == [True]


def test_a_file_that_went_away_and_pictures_beside_it(tmp_path: Path) -> None:
    gone, good = attachment(tmp_path, 1, word("甲")), attachment(tmp_path, 2, word("乙"))
    Path(gone.path).unlink()
    picture = Attachment("attachment.3.file", "图", str(tmp_path / "图.png"), PLACE)  # set elsewhere
    made, findings = attach.append(saved(word("正文")), (gone, picture, good))
    assert body(made) == ["正文", "乙"]
    assert ["1.docx" in f.message and "打不开" in f.message for f in findings] == [True]


SCRIPT = """
import hashlib, sys
from generator.document import attach
from generator.model.blocks import Attachment
from generator.model.cell import CellRef
data, _ = attach.append(open(sys.argv[1], "rb").read(), (Attachment("a.1.file", "t", sys.argv[2], CellRef("s", 1, 1)),))
print(hashlib.sha256(data).hexdigest())
"""


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    document = word("文字")
    document.add_paragraph("项", style="List Number")
    document.add_paragraph("点", style="List Bullet")
    one = attachment(tmp_path, 1, document)
    (tmp_path / "master.docx").write_bytes(saved(word("正文")))
    seen = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "master.docx"), one.path],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(run.stdout)
    assert len(seen) == 1


# Pictures


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((40, 30), (40 * 12700, 30 * 12700)),
        ((4000, 1000), (5_000_000, 1_250_000)),
        ((1000, 4000), (750_000, 3_000_000)),
    ],
)
def test_pictures_keep_their_shape_within_the_page(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    path = tmp_path / "图.png"
    path.write_bytes(png(*size))
    part = docx.Document().part
    drawing = attach.picture(part, Attachment("attachment.1.file", "甲<&>", str(path), PLACE), 5_000_000, 3_000_000)
    extent = drawing[0].find(qn("wp:extent"))
    assert extent is not None
    assert (Emu(int(extent.get("cx", 0))), Emu(int(extent.get("cy", 0)))) == pytest.approx(expected, abs=2)
    assert drawing.xpath(".//wp:docPr/@descr", namespaces={"wp": attach._WP}) == ["甲<&>"]
    (blip,) = drawing.xpath(".//@r:embed", namespaces={"r": attach._R})
    assert part.related_parts[blip].blob == path.read_bytes()


@pytest.mark.parametrize("data", [png()[:40], png(0, 5), png(5, 0), b"GIF89a"])
def test_a_broken_picture_is_a_value_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "图.png"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="图"):
        attach.picture(docx.Document().part, Attachment("a", "t", str(path), PLACE), 1000, 1000)
