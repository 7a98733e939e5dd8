"""The marked copy: everything of the user's workbook still there, every cell at fault coloured and explained."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree
from openpyxl.comments import Comment
from openpyxl.styles import Border, Font, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

from generator.model.cell import CellRef
from generator.model.finding import Finding, Refusal, Severity
from generator.pipeline import check
from generator.workbook.mark import mark
from generator.workbook.mark_comments import AUTHOR
from generator.workbook.mark_report import SHEET
from generator.workbook.mark_styles import LIGHT, STRONG
from tests.support import names, sample

TITLE = "某局 校验结果"
M = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


def finding(*cells: tuple[str, int, int], level: Severity = Severity.ERROR, **more: Any) -> Finding:
    refs = tuple(CellRef(*cell) for cell in cells)
    return Finding(**{"rule": "W1", "severity": level, "message": "合计不等", "fix": "请核对", "cells": refs, **more})


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def opened(data: bytes, values: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values, rich_text=True)


def small() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "表 一's（甲）"
    sheet["B2"] = 12.5
    sheet["B2"].number_format = "#,##0.00"
    sheet["B2"].font = Font(bold=True, color="FF112233")
    sheet["B2"].border = Border(left=Side("thin"))
    sheet["C2"] = "=B2*2"
    sheet["D9"] = "末行"
    book.create_sheet("表二")["A1"] = "x"
    return book


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def raw(data: bytes) -> str:
    """The message of the first finding as it stands in the file."""
    root = etree.fromstring(parts(data)["xl/worksheets/sheet3.xml"])
    cell = next(cell for cell in root.iter(M + "c") if cell.get("r") == "E5")
    return "".join(cell.itertext())


def repacked(data: bytes, changes: Mapping[str, bytes | None]) -> bytes:
    """The package with parts replaced, added or (None) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in {**parts(data), **changes}.items():
            if content is not None:
                target.writestr(name, content)
    return out.getvalue()


NAME = "表 一's（甲）"


# What is marked ------------------------------------------------------------------------------------------------------


def test_the_cell_keeps_its_look_but_for_the_fill() -> None:
    book = opened(mark(saved(small()), (finding((NAME, 2, 2)),), title=TITLE))
    cell = book[NAME]["B2"]
    assert cell.fill.fgColor.rgb == "FF" + STRONG[Severity.ERROR]
    assert (cell.value, cell.number_format, cell.font.b, cell.font.color.rgb) == (12.5, "#,##0.00", True, "FF112233")
    assert cell.border.left.style == "thin"
    assert book[NAME]["C2"].fill.fill_type is None
    assert book[NAME]["C2"].value == "=B2*2"


def test_accused_cells_are_strong_and_others_light() -> None:
    cells = ((NAME, 2, 2), (NAME, 2, 3), (NAME, 9, 4))
    sheet = opened(mark(saved(small()), (finding(*cells, tied=2),), title=TITLE))[NAME]
    shades = [sheet[place].fill.fgColor.rgb[2:] for place in ("B2", "C2", "D9")]
    assert shades == [STRONG[Severity.ERROR], STRONG[Severity.ERROR], LIGHT[Severity.ERROR]]


def test_the_worst_finding_colours_the_cell_and_all_are_told() -> None:
    said = (finding((NAME, 2, 2), level=Severity.WARNING, rule="X12", message="收支不等"), finding((NAME, 2, 2)))
    cell = opened(mark(saved(small()), said, title=TITLE))[NAME]["B2"]
    assert cell.fill.fgColor.rgb == "FF" + STRONG[Severity.ERROR]
    assert cell.comment.author == AUTHOR
    assert cell.comment.text == "【错误 W1】合计不等\n处理：请核对\n【警告 X12】收支不等\n处理：请核对"


@pytest.mark.parametrize("place", [(1, 1), (2, 1), (2, 4), (5, 3), (40, 30)])
def test_missing_cells_and_rows_are_made_in_their_order(place: tuple[int, int]) -> None:
    data = mark(saved(small()), (finding((NAME, *place)),), title=TITLE)
    assert opened(data)[NAME].cell(*place).comment is not None
    root = etree.fromstring(parts(data)["xl/worksheets/sheet1.xml"])
    rows = [int(row.get("r", "0")) for row in root.iter(M + "row")]
    assert rows == sorted(set(rows))
    for row in root.iter(M + "row"):
        columns = [openpyxl.utils.cell.coordinate_to_tuple(c.get("r", ""))[1] for c in row]
        assert columns == sorted(set(columns))


def test_comments_that_are_there_go_on() -> None:
    book = small()
    book[NAME]["B2"].comment = Comment("原有批注", "张三")
    book[NAME]["D9"].comment = Comment("别处的批注", "张三")
    sheet = opened(mark(saved(book), (finding((NAME, 2, 2), (NAME, 2, 3)),), title=TITLE))[NAME]
    assert sheet["B2"].comment.text == "原有批注\n【错误 W1】合计不等\n处理：请核对"
    assert sheet["B2"].comment.author == "张三"
    assert sheet["C2"].comment.text.startswith("【错误 W1】")
    assert sheet["D9"].comment.text == "别处的批注"


def test_every_comment_has_one_box() -> None:
    book = small()
    book[NAME]["B2"].comment = Comment("原有批注", "张三")
    found = parts(mark(saved(book), (finding((NAME, 2, 2), (NAME, 2, 3), (NAME, 7, 7)),), title=TITLE))
    drawing = next(data for name, data in found.items() if name.endswith(".vml"))
    assert etree.fromstring(drawing) is not None
    rows, columns = (re.findall(rb"<\w+:%s>(\d+)<" % name, drawing) for name in (b"Row", b"Column"))
    assert sorted(zip(rows, columns, strict=True)) == [(b"1", b"1"), (b"1", b"2"), (b"6", b"6")]
    ids = re.findall(rb'id="(_x0000_s\d+)"', drawing)
    assert len(ids) == len(set(ids)) == 3


def test_a_threaded_comment_is_left_alone() -> None:
    book = small()
    book[NAME]["B2"].comment = Comment("[Threaded comment] 讨论", "tc={A0B1}")
    cell = opened(mark(saved(book), (finding((NAME, 2, 2)),), title=TITLE))[NAME]["B2"]
    assert cell.comment.text == "[Threaded comment] 讨论"
    assert cell.fill.fgColor.rgb == "FF" + STRONG[Severity.ERROR]


# The first sheet -----------------------------------------------------------------------------------------------------


def test_findings_are_listed_most_serious_first_with_links_that_lead_there() -> None:
    said = (
        finding(("表二", 1, 1), level=Severity.INFO, rule="W2"),
        finding((NAME, 2, 2), (NAME, 2, 3), ("表二", 3, 1), answer="已核实"),
        finding(("没有的表", 1, 1), rule="S1"),
        finding(rule="S2"),
    )
    book = opened(mark(saved(small()), said, title=TITLE))
    sheet = book.worksheets[0]
    assert (sheet.title, book.active.title, sheet.freeze_panes) == (SHEET, SHEET, "A5")
    assert sheet["A1"].value == TITLE
    assert sheet["A2"].value.startswith("共 4 项：错误 3 项，警告 0 项，提示 1 项。")
    assert [cell.value for cell in sheet[4]][:7] == ["序号", "级别", "规则", "位置", "问题", "处理", "核实说明"]
    assert [sheet.cell(row, 2).value for row in range(5, 9)] == ["错误", "错误", "错误", "提示"]
    first = [cell.value for cell in sheet[5]]
    assert first == [1, "错误", "W1", f"{NAME}!B2", "合计不等", "请核对", "已核实", "C2", "表二!A3"]
    links = {cell.coordinate: cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink}
    assert links == {"D5": "'表 一''s（甲）'!B2", "H5": "'表 一''s（甲）'!C2", "I5": "'表二'!A3", "D8": "'表二'!A1"}
    assert sheet["D6"].value == "没有的表!A1"
    assert sheet.auto_filter.ref == "A4:I8"
    assert not any(other.sheet_view.tabSelected for other in book.worksheets[1:])


@pytest.mark.parametrize("text", ["=1+1", "+86", "@SUM(A1)", "_x0041_", "a\x07b", "<b>&", "第一行\n第二行", "  空格 "])
def test_text_is_data(text: str) -> None:
    data = mark(saved(small()), (finding((NAME, 2, 2), message=text, fix=text),), title=text)
    book = opened(data)
    sheet = book.worksheets[0]
    assert (sheet["A1"].data_type, sheet["E5"].data_type) == ("s", "s")
    assert openpyxl.utils.escape.unescape(raw(data)) == text
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_a_long_list_is_cut_and_counted() -> None:
    cells = tuple((NAME, row, 2) for row in range(2, 32))
    sheet = opened(mark(saved(small()), (finding(*cells),), title=TITLE)).worksheets[0]
    assert [cell.value for cell in sheet[5]][7:] == ["B3", "B4", "B5", "B6", "B7", "B8 等 24 格"]


def test_a_second_copy_has_a_sheet_of_its_own() -> None:
    once = mark(saved(small()), (finding((NAME, 2, 2)),), title=TITLE)
    twice = opened(mark(once, (finding((NAME, 2, 3)),), title=TITLE))
    assert twice.sheetnames[:2] == [f"{SHEET}(2)", SHEET]


# What stays ----------------------------------------------------------------------------------------------------------


def test_names_and_filters_count_the_new_sheet() -> None:
    book = small()
    book["表二"].defined_names["局部"] = DefinedName("局部", attr_text="'表二'!$A$1")
    book.defined_names["全局"] = DefinedName("全局", attr_text="'表二'!$A$1")
    book[NAME].print_title_rows = "1:2"
    book["表二"].auto_filter.ref = "A1:A3"
    made = opened(mark(saved(book), (finding((NAME, 2, 2)),), title=TITLE))
    assert made["表二"].defined_names["局部"].attr_text == "'表二'!$A$1"
    assert made.defined_names["全局"].attr_text == "'表二'!$A$1"
    assert made[NAME].print_title_rows == "$1:$2"
    assert made["表二"].auto_filter.ref == "A1:A3"


def test_tables_pictures_and_unknown_parts_keep_their_bytes() -> None:
    book = small()
    book["表二"]["A1"], book["表二"]["A2"] = "列", 1
    book["表二"].add_table(Table(displayName="t1", ref="A1:A2"))
    extra = {
        "xl/media/image1.png": b"\x89PNG<!DOCTYPE",
        "customXml/item1.xml": b"<a/>",
        "xl/calcChain.xml": b"<calcChain/>",
    }
    data = repacked(saved(book), extra)
    before, after = parts(data), parts(mark(data, (finding((NAME, 2, 2)),), title=TITLE))
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {
        "[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml",
        "xl/worksheets/sheet1.xml",
    }  # fmt: skip


def test_elements_of_other_programs_stay() -> None:
    data = saved(small())
    sheet = parts(data)["xl/worksheets/sheet1.xml"].decode()
    more = '<extLst><ext xmlns:x14="http://x14" uri="{78C0D931}"><x14:rules a="1"/></ext></extLst></worksheet>'
    data = repacked(data, {"xl/worksheets/sheet1.xml": sheet.replace("</worksheet>", more).encode()})
    after = parts(mark(data, (finding((NAME, 2, 2)),), title=TITLE))["xl/worksheets/sheet1.xml"].decode()
    assert '<x14:rules a="1"/>' in after
    assert after.index("<legacyDrawing") < after.index("<extLst")


def test_a_workbook_without_styles_can_be_marked() -> None:
    data = saved(small())
    rels = re.sub(rb"<Relationship [^>]*styles[^>]*/>", b"", parts(data)["xl/_rels/workbook.xml.rels"])
    types = re.sub(rb"<Override [^>]*styles[^>]*/>", b"", parts(data)["[Content_Types].xml"])
    changes = {"xl/styles.xml": None, "xl/_rels/workbook.xml.rels": rels, "[Content_Types].xml": types}
    sheet = re.sub(rb' s="\d+"', b"", parts(data)["xl/worksheets/sheet1.xml"])
    data = repacked(data, {**changes, "xl/worksheets/sheet1.xml": sheet})
    cell = opened(mark(data, (finding((NAME, 2, 2)),), title=TITLE))[NAME]["B2"]
    assert (cell.value, cell.fill.fgColor.rgb) == (12.5, "FF" + STRONG[Severity.ERROR])


def test_rows_and_cells_without_addresses_keep_their_places() -> None:
    data = saved(small())
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"
    bare = '<worksheet xmlns="{}"><sheetData>' + rows + "</sheetData></worksheet>"
    data = repacked(data, {"xl/worksheets/sheet1.xml": bare.format(M.strip("{}")).encode()})
    sheet = opened(mark(data, (finding((NAME, 1, 2), (NAME, 2, 3)),), title=TITLE))[NAME]
    assert [sheet[place].value for place in ("A1", "B1", "A2")] == [1, 2, 3]
    assert sheet["B1"].comment
    assert sheet["C2"].comment


def test_no_findings_no_marks() -> None:
    data = saved(small())
    made = mark(data, (), title=TITLE)
    assert parts(made)["xl/worksheets/sheet2.xml"] == parts(data)["xl/worksheets/sheet2.xml"]
    assert opened(made)[SHEET]["A2"].value == "没有发现问题。"


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(saved(small()))
    said = (finding((NAME, 2, 2)), finding(("表二", 3, 3), level=Severity.WARNING))
    assert mark(path, said, title=TITLE) == mark(path.read_bytes(), said, title=TITLE)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"a,b\n1,2\n"])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal):
        mark(data, (), title=TITLE)


# Whole workbooks -----------------------------------------------------------------------------------------------------


def _broken(name: str, folder: Path) -> Path:
    """A sample with two wrong figures, stored values and all, changed in its own XML."""
    path = sample(name, folder)
    book = openpyxl.load_workbook(path, data_only=True)
    for title in book.sheetnames:
        if title.startswith(("01", "03")):
            sheet = book[title]
            cells = [
                c for row in sheet.iter_rows(min_row=6) for c in row if isinstance(c.value, float) and c.value > 100
            ]
            cells[0].value = round(cells[0].value * 10, 2)
    book.save(path)
    return path


def _everything(book: openpyxl.Workbook) -> dict[str, object]:
    return {
        f"{sheet.title}!{cell.coordinate}": getattr(cell.value, "text", cell.value)
        for sheet in book
        if sheet.title != SHEET
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


@pytest.mark.parametrize("name", names())
def test_a_filled_workbook_keeps_all_values_and_formulas(name: str, tmp_path: Path) -> None:
    path = sample(name, tmp_path)
    before = path.read_bytes()
    sheets = opened(before).sheetnames
    said = tuple(finding((title, row, 3)) for title in sheets for row in (1, 7, 60))
    after = mark(path, said, title=TITLE)
    assert path.read_bytes() == before
    for values in (True, False):
        assert _everything(opened(after, values)) == _everything(opened(before, values))


@pytest.mark.parametrize("name", names())
def test_every_cell_of_every_finding_is_marked(name: str, tmp_path: Path) -> None:
    path = _broken(name, tmp_path)
    findings = check(path).findings
    assert any(found.severity is Severity.ERROR for found in findings)
    made = opened(mark(path, findings, title=TITLE))
    colours = {"FF" + colour for shades in (STRONG, LIGHT) for colour in shades.values()}
    for found in findings:
        for ref in found.cells:
            cell = made[ref.sheet].cell(ref.row, ref.column)
            assert cell.fill.fgColor.rgb in colours, ref
            assert found.message in cell.comment.text, ref
    report = made[SHEET]
    assert [report.cell(row, 3).value for row in range(5, 5 + len(findings))] == [found.rule for found in findings]


@needs_office
def test_libreoffice_opens_it_and_sees_the_same(tmp_path: Path) -> None:
    path = _broken(names()[0], tmp_path)
    marked = tmp_path / "marked.xlsx"
    marked.write_bytes(mark(path, check(path).findings, title=TITLE))
    command = ["soffice", f"-env:UserInstallation={(tmp_path / 'lo').as_uri()}", "--headless", "--convert-to"]
    command += ["xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), str(marked)]
    subprocess.run(command, check=True, timeout=180, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    theirs, ours = (openpyxl.load_workbook(p) for p in (tmp_path / "out" / "marked.xlsx", marked))
    assert theirs.sheetnames == ours.sheetnames
    for sheet in ours:
        said = {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}
        other = theirs[sheet.title]
        assert {place: other[place].comment.text for place in said} == said
        for place in said:
            assert other[place].fill.fgColor.rgb == sheet[place].fill.fgColor.rgb


# What leads out of the file ------------------------------------------------------------------------------------------

LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def wired(*relations: str, owner: str = "xl/workbook.xml", **more: bytes) -> bytes:
    """A workbook with more relationships of one part, and more parts (``__`` for a slash, ``_xml`` for an ending)."""
    data = saved(small())
    folder, _, name = owner.rpartition("/")
    path = f"{folder}/_rels/{name}.rels"
    old = parts(data).get(
        path, b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
    )
    root = etree.fromstring(old)
    for relation in relations:
        root.append(etree.fromstring(relation.replace("<Relationship", f'<Relationship xmlns="{root.nsmap[None]}"')))
    found = {key.replace("__", "/").replace("_xml", ".xml"): content for key, content in more.items()}
    return repacked(data, {path: etree.tostring(root), **found})


def marked(data: bytes) -> dict[str, bytes]:
    return parts(mark(data, (finding((NAME, 2, 2)),), title=TITLE))


def test_sheets_of_macros_are_refused() -> None:
    data = wired(f'<Relationship Id="rIdM" Type="{LINKS}/xlMacrosheet" Target="macrosheets/sheet1.xml"/>')
    with pytest.raises(Refusal, match="宏表"):
        mark(data, (), title=TITLE)


def test_names_of_macros_are_gone_and_others_stay() -> None:
    data = saved(small())
    book = parts(data)["xl/workbook.xml"].decode()
    names = '<definedName name="auto_open" xlm="1">x!A1</definedName>'
    names += '<definedName name="run" vbProcedure="true">x</definedName>'
    area = "<definedName name=\"区域\">'表二'!$A$1</definedName>"

    def after(inside: str) -> bytes:
        text = re.sub(r"<definedNames ?/?>(</definedNames>)?", "", book)
        text = text.replace("</sheets>", f"</sheets><definedNames>{inside}</definedNames>")
        return marked(repacked(data, {"xl/workbook.xml": text.encode()}))["xl/workbook.xml"]

    assert "区域".encode() in after(names + area)
    assert b"auto_open" not in after(names + area)
    assert b"vbProcedure" not in after(names + area)
    assert etree.fromstring(after(names)).xpath("count(//*[local-name()='definedName' and @vbProcedure])") == 0


def test_sources_of_data_lead_nowhere_and_are_not_asked_by_themselves() -> None:
    connections = (
        b'<connections xmlns="%s"><connection id="1" name="q" odcFile="\\\\host\\a.odc" refreshOnLoad="1" interval="5">'
        b'<dbPr connection="Provider=x;Password=y" command="drop"/><webPr url="http://example.com" post="a=b"/>'
        b"</connection></connections>" % M.strip("{}").encode()
    )
    data = wired(
        f'<Relationship Id="rIdC" Type="{LINKS}/connections" Target="connections.xml"/>',
        xl__connections_xml=connections,
    )
    (node,) = etree.fromstring(marked(data)["xl/connections.xml"])
    assert {key: node.get(key) for key in ("name", "odcFile", "refreshOnLoad", "interval")} == {
        "name": "q", "odcFile": "", "refreshOnLoad": "0", "interval": "0",
    }  # fmt: skip
    assert [dict(one.attrib) for one in node] == [{"connection": "", "command": ""}, {"url": "", "post": ""}]


def test_a_link_to_another_workbook_keeps_its_place_and_leads_nowhere() -> None:
    """Formulas count on the place; the path would tell the receiver whose computer it was."""
    owner = "xl/externalLinks/externalLink1.xml"
    book = b'<externalLink xmlns="%s"/>' % M.strip("{}").encode()
    path = f'<Relationship Id="rId1" Type="{LINKS}/externalLinkPath" Target="file:///C:/a.xlsx" TargetMode="External"/>'
    made = marked(wired(path, owner=owner, xl__externalLinks__externalLink1_xml=book))
    (relation,) = etree.fromstring(made["xl/externalLinks/_rels/externalLink1.xml.rels"])
    assert (relation.get("Id"), relation.get("Target")) == ("rId1", "已断开")


def test_of_several_links_only_those_that_lead_out_are_gone() -> None:
    data = wired(
        f'<Relationship Id="rIdH" Type="{LINKS}/hyperlink" Target="http://example.com/" TargetMode="External"/>',
        owner="xl/worksheets/sheet1.xml",
    )
    sheet = parts(data)["xl/worksheets/sheet1.xml"].decode()
    links = f'<hyperlinks><hyperlink xmlns:r="{LINKS}" ref="A1" r:id="rIdH"/>'
    links += '<hyperlink ref="A2" location="B2"/></hyperlinks>'
    data = repacked(data, {"xl/worksheets/sheet1.xml": sheet.replace("<pageMargins", links + "<pageMargins").encode()})
    made = etree.fromstring(marked(data)["xl/worksheets/sheet1.xml"])
    assert [link.get("ref") for link in made.iter(M + "hyperlink")] == ["A2"]


def test_the_kind_of_macros_is_not_left_as_what_files_ending_so_are() -> None:
    """Old workbooks call every .bin a project of macros; the settings of printers end so too."""
    data = saved(small())
    types = parts(data)["[Content_Types].xml"]
    more = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    made = marked(repacked(data, {"[Content_Types].xml": types.replace(b"</Types>", more)}))
    assert b"vbaProject" not in made["[Content_Types].xml"]
    assert b'Extension="bin"' in made["[Content_Types].xml"]


# Sheets of other programs --------------------------------------------------------------------------------------------


def test_a_sheet_without_any_rows_can_be_marked() -> None:
    empty = f'<worksheet xmlns="{M.strip("{}")}"><sheetFormatPr defaultRowHeight="15"/><pageMargins left="1" right="1" '
    empty += 'top="1" bottom="1" header="1" footer="1"/></worksheet>'
    data = repacked(saved(small()), {"xl/worksheets/sheet1.xml": empty.encode()})
    made = mark(data, (finding((NAME, 2, 2)),), title=TITLE)
    assert opened(made)[NAME]["B2"].comment
    order = [etree.QName(child).localname for child in etree.fromstring(parts(made)["xl/worksheets/sheet1.xml"])]
    assert order[:3] == ["sheetFormatPr", "sheetData", "pageMargins"]


def test_a_cell_that_is_made_has_the_look_of_its_row() -> None:
    data = saved(small())
    sheet = parts(data)["xl/worksheets/sheet1.xml"].decode()
    style = re.search(r'<c r="B2" s="(\d+)"', sheet)[1]  # type: ignore[index]
    row = re.sub(r'<row r="2"', f'<row r="2" s="{style}" customFormat="1"', sheet)
    row = row.replace("</row>", '<extLst xmlns:x="y"/></row>', 1)  # what some programs leave behind the cells
    data = repacked(data, {"xl/worksheets/sheet1.xml": row.encode()})
    cell = opened(mark(data, (finding((NAME, 2, 6)),), title=TITLE))[NAME]["F2"]
    assert (cell.font.bold, cell.font.color.rgb, cell.number_format) == (True, "FF112233", "#,##0.00")
    assert cell.fill.fgColor.rgb == "FF" + STRONG[Severity.ERROR]
