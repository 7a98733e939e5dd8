"""The Word writer: what must hold of the file whatever the disclosure says."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import docx
import pytest
from disclosures import STYLE, codes_grid, disclosure, spans, table_section, totals_grid
from docx.oxml.ns import nsmap, qn
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from generator.document.bookmarks import Bookmarks
from generator.document.measure import line_count, text_width
from generator.document.package import fingerprint_ok, seal, unpack
from generator.document.render import render, template
from generator.model.blocks import (
    Align,
    Attachment,
    Contents,
    ContentsEntry,
    Disclosure,
    Grid,
    GridCell,
    Paragraph,
    Section,
    Span,
    SpanKind,
    Style,
)
from generator.model.cell import CellRef

VALIDATOR = Path(__file__).parents[1].parent / "shared" / "tools" / "validate_docx.py"
W = nsmap


def made(*blocks: object, draft: bool = False, **more: object) -> Disclosure:
    section = Section("s", tuple(blocks), **more)  # type: ignore[arg-type]
    return Disclosure("标题", "某单位", "决算公开", 2021, "wuhan-final-2021", (section,), draft=draft)


def body(doc: Disclosure) -> etree._Element:
    return etree.fromstring(unpack(render(STYLE, doc).data)["word/document.xml"])


def texts(root: etree._Element) -> list[str]:
    """Of every paragraph; the page number of a contents entry is no text of it."""
    found = []
    for paragraph in root.iter(qn("w:p")):
        runs = [t.text or "" for t in paragraph.iter(qn("w:t"))]
        found.append("".join(runs[:-1] if paragraph.find("w:hyperlink", W) is not None else runs))
    return found


def line(text: str, style: Style = Style.BODY, id: str = "p", **more: object) -> Paragraph:
    return Paragraph(id, style, (Span(text, SpanKind.USER),), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def big() -> Disclosure:
    return disclosure(1)


def validate(data: bytes, folder: Path) -> None:
    if not VALIDATOR.exists():
        pytest.skip("validate_docx.py is not beside this checkout")
    target = folder / "out.docx"
    target.write_bytes(data)
    done = subprocess.run([sys.executable, str(VALIDATOR), str(target)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "errors=0 warnings=0" in done.stdout, done.stdout


def test_whole_document_is_valid(big: Disclosure, tmp_path: Path) -> None:
    validate(render(STYLE, big).data, tmp_path)


def test_draft_is_valid(tmp_path: Path) -> None:
    validate(render(STYLE, disclosure(2, draft=True)).data, tmp_path)


def test_same_input_same_bytes(big: Disclosure) -> None:
    assert render(STYLE, big).data == render(STYLE, big).data


def test_parts_sorted_and_without_times(big: Disclosure) -> None:
    with zipfile.ZipFile(io.BytesIO(render(STYLE, big).data)) as archive:
        names = archive.namelist()
        assert names[0] == "[Content_Types].xml"
        assert names[1:] == sorted(names[1:])
        assert len({info.date_time for info in archive.infolist()}) == 1


def test_every_text_arrives_once_and_in_order(big: Disclosure) -> None:
    expected: list[str] = []
    for section in big.sections:
        for block in section.blocks:
            if isinstance(block, Paragraph):
                expected.append(block.text + "".join(s.text for s in block.right))
            elif isinstance(block, Contents):
                expected += [block.title, *(entry.text for entry in block.entries)]
            elif isinstance(block, Grid):
                expected += [cell.text.replace("\n", "") for row in block.rows for cell in row if cell.text]
    found = [text for text in texts(body(big)) if text]
    assert found == expected


def test_core_properties_name_title_unit_and_subject() -> None:
    doc = disclosure(3)
    parts = unpack(render(STYLE, doc).data)
    core = docx.Document(io.BytesIO(render(STYLE, doc).data)).core_properties
    assert (core.title, core.subject, core.author) == (doc.title, doc.subject, "gongkai")
    assert core.created == core.modified
    assert doc.unit in parts["docProps/app.xml"].decode()


def test_navigation_pane_shows_parts_sections_and_tables(big: Disclosure) -> None:
    levels: dict[str, str] = {}
    document = docx.Document(io.BytesIO(render(STYLE, big).data))
    for style in document.styles.element.iter(qn("w:style")):
        outline = style.find("w:pPr/w:outlineLvl", W)
        if outline is not None:
            levels[style.find("w:name", W).get(qn("w:val"))] = outline.get(qn("w:val"))
    assert levels["heading 1"] == "0"
    assert {levels[name] for name in ("heading 2", "公开表题", "公开附表题")} == {"1"}
    assert levels["heading 3"] == "2"


# --- pages, sections -------------------------------------------------------------------------------------------


def test_cover_has_no_page_number_and_pages_count_through() -> None:
    root = body(disclosure(1))
    sections = list(root.iter(qn("w:sectPr")))
    assert sections[0].find("w:footerReference", W) is None
    assert all(s.find("w:footerReference", W) is not None for s in sections[1:])
    assert all(s.find("w:pgNumType", W) is None for s in sections)


def test_page_number_stands_at_the_outer_side() -> None:
    parts = unpack(render(STYLE, disclosure(1)).data)
    assert b"evenAndOddHeaders" in parts["word/settings.xml"]
    rels = {r.get("Id"): r.get("Target") for r in etree.fromstring(parts["word/_rels/document.xml.rels"])}
    section = list(etree.fromstring(parts["word/document.xml"]).iter(qn("w:sectPr")))[-1]
    for reference in section.iter(qn("w:footerReference")):
        footer = etree.fromstring(parts["word/" + rels[reference.get(qn("r:id"))]])
        side = {"default": "right", "even": "left"}[reference.get(qn("w:type"))]
        assert footer.find(".//w:jc", W).get(qn("w:val")) == side
        assert "PAGE" in "".join(t.text for t in footer.iter(qn("w:instrText")))


def test_neighbours_of_one_orientation_share_a_word_section() -> None:
    first = table_section("a", "甲表", 1, totals_grid("a.grid", 5), landscape=False)
    second = table_section("b", "乙表", 2, totals_grid("b.grid", 5), landscape=False)
    third = table_section("c", "丙表", 3, codes_grid("c.grid", 5), landscape=True)
    doc = Disclosure("t", "u", "s", 2021, "e", (first, second, third))
    root = body(doc)
    assert len(list(root.iter(qn("w:sectPr")))) == 2
    breaks = [texts(p)[0] for p in root.iter(qn("w:p")) if p.find("w:pPr/w:pageBreakBefore", W) is not None]
    assert breaks == ["2021年度乙表（表2）"]
    assert render(STYLE, doc).pages == 3


def test_a_user_may_restyle_the_style_file(tmp_path: Path) -> None:
    """Larger type and narrower margins move the pages: nothing is known by heart."""
    parts = unpack(STYLE.read_bytes())
    parts["word/styles.xml"] = parts["word/styles.xml"].replace(b'w:line="579"', b'w:line="900"')
    other = tmp_path / "style.docx"
    other.write_bytes(seal(parts))
    doc = made(*(line("本部门认真贯彻落实各项决策部署。" * 20, id=f"p{n}") for n in range(6)))
    assert (render(other, doc).pages or 0) > (render(STYLE, doc).pages or 0)


def test_a_style_that_was_removed_is_said(tmp_path: Path) -> None:
    parts = unpack(STYLE.read_bytes())
    parts["word/styles.xml"] = parts["word/styles.xml"].replace("公开图题".encode(), "别的样式".encode())
    other = tmp_path / "style.docx"
    other.write_bytes(seal(parts))
    findings = render(other, made(line("图"))).findings
    assert [f.message for f in findings] == ["样式文件中没有“公开图题”样式，已按默认段落样式排版。"]


# --- contents --------------------------------------------------------------------------------------------------


def test_contents_are_text_with_links_and_cached_numbers(big: Disclosure) -> None:
    root = body(big)
    contents = next(b for s in big.sections for b in s.blocks if isinstance(b, Contents))
    links = list(root.iter(qn("w:hyperlink")))
    names = {b.get(qn("w:name")) for b in root.iter(qn("w:bookmarkStart"))}
    assert len(links) == len(contents.entries)
    for link, entry in zip(links, contents.entries, strict=True):
        anchor = link.get(qn("w:anchor"))
        assert anchor in names
        assert anchor == "g_" + entry.target.replace(".", "_")
        assert re.fullmatch(rf" PAGEREF {anchor} \\h ", "".join(t.text for t in link.iter(qn("w:instrText"))))
        shown = [t.text for t in link.iter(qn("w:t"))]
        assert shown[0] == entry.text
        assert shown[-1].isdigit()
    numbers = [int([t.text for t in link.iter(qn("w:t"))][-1]) for link in links]
    assert numbers == sorted(numbers)


def test_nothing_asks_on_opening(big: Disclosure) -> None:
    parts = unpack(render(STYLE, big).data)
    assert b"updateFields" not in parts["word/settings.xml"]
    assert b" TOC " not in parts["word/document.xml"]
    assert b"dirty" not in parts["word/document.xml"]


def test_an_entry_without_a_heading_is_said_and_has_no_number() -> None:
    contents = Contents("toc", "目录", (ContentsEntry(1, "第九部分", "nowhere"), ContentsEntry(1, "正文", "p")))
    rendered = render(STYLE, made(contents, line("正文")))
    assert [f.severity.value for f in rendered.findings] == ["warning"]
    assert "第九部分" in rendered.findings[0].message


# --- tables ----------------------------------------------------------------------------------------------------


def rows_of(root: etree._Element) -> list[list[tuple[int, str, str]]]:
    """Per row its cells as (columns covered, vMerge, text)."""
    found = []
    for row in root.iter(qn("w:tr")):
        cells = []
        for cell in row.iter(qn("w:tc")):
            span, merge = cell.find("w:tcPr/w:gridSpan", W), cell.find("w:tcPr/w:vMerge", W)
            across = int(span.get(qn("w:val"))) if span is not None else 1
            kind = merge.get(qn("w:val")) if merge is not None else ""
            cells.append((across, kind, "".join(t.text or "" for t in cell.iter(qn("w:t")))))
        found.append(cells)
    return found


def test_merged_cells_become_spans() -> None:
    grid = Grid(
        "g",
        (20, 20, 20),
        (
            (GridCell("项目", 2), GridCell("合计", 1, 2)),
            (GridCell("编码"), GridCell("名称")),
            (GridCell("1"), GridCell("2"), GridCell("3")),
        ),
        head_rows=2,
    )
    root = body(made(grid))
    assert rows_of(root) == [
        [(2, "", "项目"), (1, "restart", "合计")],
        [(1, "", "编码"), (1, "", "名称"), (1, "continue", "")],
        [(1, "", "1"), (1, "", "2"), (1, "", "3")],
    ]
    assert len(root.findall(".//w:tblHeader", W)) == 2
    assert len(root.findall(".//w:cantSplit", W)) == 3


def test_rows_that_do_not_fit_their_columns_still_make_a_table(tmp_path: Path) -> None:
    grid = Grid(
        "g",
        (10, 10),
        (
            (GridCell("多"), GridCell("余"), GridCell("的")),
            (GridCell("少"),),
            (GridCell("太宽", 5, 9),),
            (),
        ),
        head_rows=9,
    )
    rows = rows_of(body(made(grid)))
    assert [sum(span for span, _, _ in row) for row in rows] == [2, 2, 2, 2]
    validate(render(STYLE, made(grid)).data, tmp_path)


def test_widths_fill_the_text_area(big: Disclosure) -> None:
    root = body(big)
    for table in root.iter(qn("w:tbl")):
        columns = [int(c.get(qn("w:w"))) for c in table.iter(qn("w:gridCol"))]
        assert sum(columns) in (8845, 12756)
        assert min(columns) > 0
        assert table.find("w:tblPr/w:tblLayout", W).get(qn("w:type")) == "fixed"


@pytest.mark.parametrize(
    ("rows", "landscape"), [(5, False), (31, False), (45, False), (5, True), (31, True), (38, True)]
)
def test_dense_tables_fit_one_page(rows: int, landscape: bool) -> None:
    section = table_section("t", "收入支出决算总表", 1, totals_grid("t.grid", rows), landscape, notes=2)
    doc = Disclosure("t", "u", "s", 2021, "e", (section,))
    assert render(STYLE, doc).pages == 1


def test_amounts_stand_on_one_line() -> None:
    head = tuple(GridCell(f"第{n}列") for n in range(12))
    amounts = tuple(GridCell("1,234,567,890.12", align=Align.RIGHT) for _ in range(12))
    grid = Grid("g", (11.0,) * 12, (head, amounts), 1)
    root = body(made(grid, landscape=True))
    size = int(root.find(".//w:tr/w:tc//w:sz", W).get(qn("w:val"))) * 10
    narrowest = min(int(c.get(qn("w:w"))) for c in root.iter(qn("w:gridCol")))
    assert text_width("1,234,567,890.12") * size < narrowest


def test_long_text_of_a_cell_is_all_there_and_its_row_may_break() -> None:
    text = "本年度通过政务云租用项目保障了全区各部门信息系统稳定运行，" * 120
    grid = Grid("g", (20, 136), ((GridCell("指标"), GridCell("内容")), (GridCell("一"), GridCell(text))), 1)
    root = body(made(grid))
    assert text in texts(root)
    assert [row.find("w:trPr/w:cantSplit", W) is None for row in root.iter(qn("w:tr"))] == [False, True]
    assert (render(STYLE, made(grid)).pages or 0) > 1


def test_a_goal_across_the_table_stays_with_its_indicators() -> None:
    goal, item = (GridCell("目标1：按期办结", 2),), (GridCell("产出指标"), GridCell("100%"))
    grid = Grid("g", (10, 10), ((GridCell("指标"), GridCell("目标值")), item, goal, item, goal, goal), 1)
    tied = [row.find(".//w:keepNext", W) is not None for row in body(made(grid)).iter(qn("w:tr"))]
    assert tied == [False, False, True, False, False, False]


def test_a_goal_beside_its_label_stays_with_its_indicators() -> None:
    goal, one = (GridCell("年度绩效目标1"), GridCell("按期办结", 2)), (GridCell("产出指标"), GridCell("100%"))
    label = GridCell("年度绩效指标", rowspan=40)
    rows = (goal, goal, (label, *one), *(one for _ in range(39)), goal)
    grid = Grid("g", (10, 10, 10), rows)
    tied = [row.find(".//w:keepNext", W) is not None for row in body(made(grid)).iter(qn("w:tr"))]
    assert [n for n, found in enumerate(tied) if found] == [1, 2, 40]


def test_a_table_over_pages_is_drawn_closer_where_that_saves_a_page() -> None:
    """No row alone on the last page that a little less air would bring back; no less air than that needs."""

    def set_(rows: int) -> tuple[int, int]:
        grid = Grid("g", (10, 10), tuple((GridCell("指标"), GridCell("完成")) for _ in range(rows)))
        doc = made(grid)
        heights = {int(h.get(qn("w:val"))) for h in body(doc).iter(qn("w:trHeight"))}
        return render(STYLE, doc).pages or 0, heights.pop()

    pages = [set_(rows) for rows in range(40, 90)]
    usual = max(height for _, height in pages)
    first_on_three = next(n for n, (count, _) in enumerate(pages) if count == 3)
    assert [count for count, _ in pages] == sorted(count for count, _ in pages)
    assert pages[first_on_three - 1][1] < usual == pages[first_on_three][1]


def test_two_tables_do_not_run_together() -> None:
    one = Grid("a", (10,), ((GridCell("甲"),),))
    two = Grid("b", (10,), ((GridCell("乙"),),))
    tags = [etree.QName(e).localname for e in body(made(one, two)).find("w:body", W)]
    assert tags == ["tbl", "p", "tbl", "p", "sectPr"]


def part_title(unit: str) -> Paragraph:
    named = Span(unit, SpanKind.USER), Span("2021", SpanKind.YEAR)
    return Paragraph("p", Style.PART, (Span("第三部分 "), *named, Span("年度"), Span("部门"), Span("决算情况说明")))


@pytest.mark.parametrize("length", range(2, 20))
def test_a_part_title_in_two_lines_keeps_its_last_phrase_whole(length: int) -> None:
    """With a name of any length that leaves a place to break at: the year's, or what follows its word."""
    block = part_title("某" * length)
    ((element,),) = [list(body(made(block)).iter(qn("w:p")))[:1]]
    _, sheet = template(STYLE)
    look, width = sheet.look(Style.PART), sheet.portrait.width
    assert "".join(node.text or "" for node in element.iter(qn("w:t"))) == block.text
    indent = element.find(".//w:pPr/w:ind", nsmap)
    count = line_count(block.text, look.size, width, 0, look.latin)
    assert (indent is not None) == (count == 2 and length < 16)
    if indent is not None:
        sides = [int(indent.get(qn(f"w:{side}"), "0")) for side in ("left", "right")]
        assert sides[0] == sides[1] > 0
        room = width - sum(sides)
        assert line_count(block.text, look.size, room, 0, look.latin) == count
        ends = [block.text.index("2021"), block.text.index("部门")]
        for gap in (0.0, 0.25):
            fits = [n for n in range(len(block.text)) if line_count(block.text[:n], look.size, room, 0, gap=gap) == 1]
            assert max(fits) in (*ends, *range(ends[0], ends[0] + 4))  # a year is never broken


def test_right_half_stands_at_the_right_margin() -> None:
    root = body(made(line("部门：某单位", Style.TABLE_UNIT, right=spans("金额单位：万元"))))
    tab = root.find(".//w:tabs/w:tab", W)
    assert (tab.get(qn("w:val")), tab.get(qn("w:pos"))) == ("right", "8845")


# --- text is data ----------------------------------------------------------------------------------------------

HOSTILE = [
    "研究<A&B>费",
    "{{7*7}} {% if x %} ${x}",
    "<w:p/></w:t>",
    "]]>",
    "a\u200bb\u202ec\u2066d",
    "𠮷〇㐂\ue000",
    "\"引号\" & '单引号'",
    " 前后空格 ",
    "=SUM(A1)",
    "中" * 3000,
    "A" * 3000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_arrives_literally(text: str, tmp_path: Path) -> None:
    grid = Grid("g", (20, 20), ((GridCell(text), GridCell(text, align=Align.RIGHT)),), description=text)
    contents = Contents("c", text, (ContentsEntry(2, text, "p"),))
    found = texts(body(made(contents, line(text, Style.SECTION), grid, line(text, id="q", right=spans(text)))))
    assert found[:6] == [text, text, text, text, text, text + text]


def test_what_xml_cannot_hold_is_left_out_and_lines_break() -> None:
    text = "甲\x00乙\x0b丙\ud800丁\ufffe\r\n戊\t己"
    root = body(made(line(text), Grid("g", (20,), ((GridCell(text),),))))
    assert [found for found in texts(root) if found] == ["甲乙丙丁戊己", "甲乙丙丁戊己"]
    assert len(root.findall(".//w:br", W)) == 2
    assert len(root.findall(".//w:r/w:tab", W)) == 2


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=20), st.booleans())
def test_any_text_makes_a_document(text: str, id: str, draft: bool) -> None:
    doc = made(line(text, id=id), Grid(id + "g", (3, 5), ((GridCell(text, 2, 2),), ())), draft=draft)
    assert docx.Document(io.BytesIO(render(STYLE, doc).data)).paragraphs


def test_latin_and_chinese_fonts_are_named_everywhere() -> None:
    parts = unpack(STYLE.read_bytes())
    root = etree.fromstring(parts["word/styles.xml"])
    found = list(root.iter(qn("w:rFonts")))
    assert root.find("w:docDefaults/w:rPrDefault/w:rPr/w:rFonts", W) is not None
    for fonts in found:
        assert {"ascii", "hAnsi", "eastAsia"} <= {etree.QName(name).localname for name in fonts.attrib}
        assert not any("Theme" in name for name in fonts.attrib)


def test_quotes_stay_chinese() -> None:
    run = body(made(line("“三公”经费"))).find(".//w:r/w:rPr/w:rFonts", W)
    assert run is not None
    assert run.get(qn("w:hint")) == "eastAsia"


# --- bookmarks -------------------------------------------------------------------------------------------------


def test_every_block_has_its_mark(big: Disclosure) -> None:
    root = body(big)
    names = [b.get(qn("w:name")) for b in root.iter(qn("w:bookmarkStart"))]
    ids = [b.get(qn("w:id")) for b in root.iter(qn("w:bookmarkStart"))]
    expected = ["g_" + b.id.replace(".", "_") for s in big.sections for b in s.blocks]
    assert names == expected
    assert len(set(ids)) == len(ids)
    assert ids == [b.get(qn("w:id")) for b in root.iter(qn("w:bookmarkEnd"))]
    for mark in root.iter(qn("w:bookmarkStart")):
        assert mark.getparent().tag == qn("w:p")


@given(st.lists(st.text(max_size=60), unique=True, max_size=30))
def test_names_of_marks_are_unique_and_word_accepts_them(ids: list[str]) -> None:
    marks = Bookmarks()
    names = [marks.name(id) for id in ids]
    assert len({name.lower() for name in names}) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,39}", name) for name in names)


def test_two_ids_that_look_alike_get_two_names() -> None:
    marks = Bookmarks()
    assert marks.name("a.b") == "g_a_b"
    assert marks.name("a_b") != "g_a_b"
    assert marks.name("a.b") == "g_a_b"


# --- draft, fingerprint ----------------------------------------------------------------------------------------


def test_draft_mark_is_on_every_page_and_never_in_the_body() -> None:
    parts = unpack(render(STYLE, disclosure(2, draft=True)).data)
    assert "草稿" not in parts["word/document.xml"].decode()
    rels = {r.get("Id"): r.get("Target") for r in etree.fromstring(parts["word/_rels/document.xml.rels"])}
    root = etree.fromstring(parts["word/document.xml"])
    for section in root.iter(qn("w:sectPr")):
        kinds = set()
        for reference in section.iter(qn("w:headerReference")):
            kinds.add(reference.get(qn("w:type")))
            assert "草稿" in parts["word/" + rels[reference.get(qn("r:id"))]].decode()
        assert kinds == {"default", "even"}


def test_no_draft_mark_in_the_final_document(big: Disclosure) -> None:
    parts = unpack(render(STYLE, big).data)
    assert not any("草稿".encode() in content for content in parts.values())


def test_fingerprint_tells_edits() -> None:
    data = render(STYLE, made(line("原文"))).data
    assert fingerprint_ok(data) is True
    parts = unpack(data)
    edited = dict(parts)
    edited["word/document.xml"] = parts["word/document.xml"].replace("原文".encode(), "改文".encode())
    repacked = io.BytesIO()
    with zipfile.ZipFile(repacked, "w") as archive:
        for name, content in edited.items():
            archive.writestr(name, content)
    assert fingerprint_ok(repacked.getvalue()) is False
    document = docx.Document(io.BytesIO(data))
    document.add_paragraph("新增一段")
    saved = io.BytesIO()
    document.save(saved)
    assert fingerprint_ok(saved.getvalue()) is False


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip", STYLE.read_bytes(), STYLE.read_bytes()[:-40]])
def test_what_is_not_ours_has_no_fingerprint(data: bytes) -> None:
    assert fingerprint_ok(data) is None


# --- attachments -----------------------------------------------------------------------------------------------


def test_a_damaged_picture_is_said(tmp_path: Path) -> None:
    bad = tmp_path / "照片.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n")
    attachment = Attachment("a.file", "照片", str(bad), CellRef("附件", 3, 2))
    rendered = render(STYLE, made(line("照片", Style.FORM_TITLE, "a"), attachment))
    assert ["照片.png" in f.message and f.cells == (attachment.cell,) for f in rendered.findings] == [True]
    assert fingerprint_ok(rendered.data) is True


def test_an_appended_word_file_leaves_pages_unknown(tmp_path: Path) -> None:
    inner = docx.Document()
    inner.add_paragraph("附件正文")
    path = tmp_path / "附件.docx"
    inner.save(str(path))
    attachment = Attachment("a.file", "附件", str(path), CellRef("附件", 3, 2))
    rendered = render(STYLE, made(line("附件", Style.FORM_TITLE, "a"), attachment))
    assert rendered.pages is None
    assert fingerprint_ok(rendered.data) is True
    assert rendered.data == render(STYLE, made(line("附件", Style.FORM_TITLE, "a"), attachment)).data
    assert "附件正文" in "".join(texts(etree.fromstring(unpack(rendered.data)["word/document.xml"])))


def test_entries_behind_an_appended_word_file_are_estimates(tmp_path: Path) -> None:
    path = tmp_path / "附件.docx"
    docx.Document().save(str(path))
    contents = Contents("c", "目录", (ContentsEntry(1, "正文", "p"), ContentsEntry(1, "附表", "later")))
    attachment = Attachment("a.file", "附件", str(path), CellRef("附件", 3, 2))
    blocks = (contents, line("正文"), line("附件", Style.FORM_TITLE, "a"), attachment, line("附表", id="later"))
    findings = render(STYLE, made(*blocks)).findings
    assert ["“附表”等 1 个目录条目" in f.message for f in findings] == [True]
    assert findings[0].severity.value == "info"


# --- measuring -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "em", "lines"),
    [
        ("一二三四五六七八九十", 10, 1),
        ("一二三四五六七八九十一", 10, 2),
        ("一二三四五六七八九十。", 10, 1),  # the stop hangs
        ("一二三四五六七八九十）", 10, 2),  # a closing mark does not
        ("一二三四五六七八12345元", 10, 2),  # a number is not broken
        ("一二三四五六七八九（十", 10, 2),
        ("一二\n三四", 10, 2),
        ("", 10, 1),
        ("https://www.example.gov.cn/one/two", 5, 4),
    ],
)
def test_lines(text: str, em: int, lines: int) -> None:
    assert line_count(text, 320, em * 320) == lines


def test_narrower_is_never_fewer_lines() -> None:
    text = "全年收入总计1,234.56万元，与上年相比增加103.08万元（增长12.5%），主要原因是“三公”经费调整。" * 3
    counts = [line_count(text, 320, width * 320) for width in range(40, 4, -1)]
    assert counts == sorted(counts)
