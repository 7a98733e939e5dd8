"""The redline: rejecting all of it gives the earlier text, accepting all the present one; in LibreOffice too."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from generator import pipeline
from generator.companions import redline as write_redline
from generator.document.package import seal, unpack
from generator.revision import settle
from generator.revision.body import table_rows
from generator.revision.difference import Kind, around, differences
from generator.revision.package import parse
from generator.revision.redline import redline, row_label
from generator.revision.spots import Spots
from generator.revision.text import plain
from tests.altered import alter
from tests.hand import Word, comment, paragraph, track_insertion
from tests.support import SHARED, W, module_at, sample

VALIDATOR = SHARED / "tools" / "validate_docx.py"
NAME = "word/document.xml"
SPACES = f'xmlns:w="{W[1:-1]}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
CORRECTED = {
    "03支出决算表!E12": 1234567,
    "03支出决算表!A14": "2070199",
    "项目清单!B5": 3990000,
    "项目清单!A6": "群众文化大活动",
    "文字材料!A7": "（二）管理全市重大体育活动。",
    "文字材料!A9": None,
    "增减原因!C6": 62203648.9,
    "重点工作!A30": None,
    "重点工作!B30": None,
    "重点工作!C30": None,
}


def lines(root: etree._Element) -> list[str]:
    """Paragraphs of the body, and rows of tables with their cells one after the other."""
    made: list[str] = []
    for child in root.find(f"{W}body"):  # type: ignore[union-attr]
        if child.tag == f"{W}p":
            made.append(plain(child))
        elif child.tag == f"{W}tbl":
            made += ["|".join(plain(cell) for cell in row.iter(f"{W}tc")) for row in child.iter(f"{W}tr")]
    return made


def text_of(parts: Mapping[str, bytes], settled: str = "") -> list[str]:
    root = parse(parts[NAME])
    if settled:
        getattr(settle, settled)(root)
    return lines(root)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The sample's document, that of the corrected workbook, and the redline of the two."""
    folder = tmp_path_factory.mktemp("redline")
    workbook = sample("sample-2021", folder)
    target = folder / "公开.docx"
    pipeline.generate(workbook, target, draft=True)
    first = folder / "先.docx"
    shutil.copy(target, first)
    made = pipeline.generate(alter(workbook, folder / "改.xlsx", CORRECTED), target, draft=True)
    tracked, aside = write_redline(made)
    assert tracked is not None
    assert aside is None
    assert tracked.name == "公开.修订.docx"
    return first, target, tracked


def test_rejecting_all_gives_the_earlier_text_and_accepting_all_the_present_one(
    versions: tuple[Path, Path, Path],
) -> None:
    first, second, tracked = (unpack(path.read_bytes()) for path in versions)
    assert text_of(tracked, "reject") == text_of(first)
    assert text_of(tracked, "accept") == text_of(second)
    assert text_of(first) != text_of(second)


def test_only_what_differs_is_tracked(versions: tuple[Path, Path, Path]) -> None:
    tracked = parse(unpack(versions[2].read_bytes())[NAME])
    marks = list(tracked.iter(f"{W}ins", f"{W}del"))
    assert marks
    assert {mark.get(f"{W}author") for mark in marks} == {"gongkai"}
    assert len({mark.get(f"{W}date") for mark in marks}) == 1
    numbers = [mark.get(f"{W}id") for mark in marks]
    assert len(set(numbers)) == len(numbers)
    gone = ["".join(node.text or "" for node in mark.iter(f"{W}delText")) for mark in tracked.iter(f"{W}del")]
    came = ["".join(node.text or "" for node in mark.iter(f"{W}t")) for mark in tracked.iter(f"{W}ins")]
    assert any("增加" in text for text in gone)
    assert any("减少" in text for text in came)
    assert "1,355.52" in gone  # the cell of the table, the number as a whole
    assert "123.46" in came
    rows = [row for row in tracked.iter(f"{W}tr") if row.find(f"{W}trPr/{W}ins") is not None]
    assert len(rows) < 10


def test_the_same_versions_give_the_same_bytes(versions: tuple[Path, Path, Path]) -> None:
    first, second = (unpack(path.read_bytes()) for path in versions[:2])
    made = redline(first, second)
    assert made is not None
    assert seal(made) == versions[2].read_bytes()


def test_nothing_to_track_gives_no_redline(versions: tuple[Path, Path, Path]) -> None:
    first = unpack(versions[0].read_bytes())
    assert redline(first, first) is None


@pytest.mark.skipif(not VALIDATOR.is_file(), reason="validate_docx.py is not in ../shared/tools")
def test_word_would_open_it(versions: tuple[Path, Path, Path]) -> None:
    report = module_at(VALIDATOR).validate(str(versions[2]))
    assert [item["msg"] for item in report.items if item["level"] == "error"] == []


MACRO = """
Sub Main(source, target, command)
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  doc = StarDesktop.loadComponentFromURL(ConvertToURL(source), "_blank", 0, hidden())
  Dim none()
  helper = createUnoService("com.sun.star.frame.DispatchHelper")
  helper.executeDispatch(doc.CurrentController.Frame, ".uno:" & command, "", 0, none())
  Dim word(0) As New com.sun.star.beans.PropertyValue
  word(0).Name = "FilterName"
  word(0).Value = "MS Word 2007 XML"
  doc.storeToURL(ConvertToURL(target), word())
  doc.close(True)
End Sub
"""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def in_libreoffice(profile: Path, source: Path, target: Path, command: str) -> None:
    """Run a command of LibreOffice's menus on a document, by a macro in a profile of our own."""
    call = f'macro:///Standard.Settle.Main("{source}","{target}","{command}")'
    office = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", call]
    for _ in range(3):  # the first start of a new profile fills it, and may end before the macro has run
        add_macro(profile / "user" / "basic")
        subprocess.run(office, check=True, timeout=180, capture_output=True)
        if target.is_file():
            return
    raise AssertionError("LibreOffice wrote nothing")


def add_macro(basic: Path) -> None:
    library = basic / "Standard"
    library.mkdir(parents=True, exist_ok=True)
    kind = '<!DOCTYPE {0}:{1} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{1}.dtd">\n'
    space = 'xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink"'
    (basic / "script.xlc").write_text(
        f"{HEAD}{kind.format('library', 'libraries')}<library:libraries {space}><library:library "
        'library:name="Standard" xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple" '
        'library:link="false"/></library:libraries>'
    )
    (library / "script.xlb").write_text(
        f'{HEAD}{kind.format("library", "library")}<library:library {space} library:name="Standard" '
        'library:readonly="false" library:passwordprotected="false"><library:element library:name="Settle"/>'
        "</library:library>"
    )
    (library / "Settle.xba").write_text(
        f'{HEAD}{kind.format("script", "module")}<script:module xmlns:script="http://openoffice.org/2000/script" '
        f'script:name="Settle" script:language="StarBasic">{escape(MACRO, quote=False)}</script:module>'
    )


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_accepts_and_rejects_it_wholly(versions: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source = tmp_path / "tracked.docx"
    shutil.copy(versions[2], source)
    for command, expected in (("RejectAllTrackedChanges", versions[0]), ("AcceptAllTrackedChanges", versions[1])):
        target = tmp_path / f"{command}.docx"
        in_libreoffice(tmp_path / "profile", source, target, command)
        assert filled(target) == filled(expected)


def filled(path: Path) -> list[str]:
    """Lines with something in them; LibreOffice writes cells merged down in its own way."""
    return [re.sub(r"\|+", "|", line) for line in text_of(unpack(path.read_bytes())) if line.strip("| \t")]


# Any two documents

words = st.text("收支总计比上年增加减少，。 万元0123456789.\t&<", max_size=14)
cell = st.lists(words, min_size=1, max_size=2)
row = st.lists(cell, min_size=2, max_size=3)
table = st.lists(row, min_size=1, max_size=4)
block = st.one_of(words, words, words, table)
body = st.lists(block, min_size=1, max_size=7)


def xml(block: Any) -> str:
    if isinstance(block, str):
        inner = "".join(
            "<w:r><w:tab/></w:r>" if piece == "\t" else f'<w:r><w:t xml:space="preserve">{escape(piece)}</w:t></w:r>'
            for piece in re.split("(\t)", block)
            if piece
        )
        return f"<w:p>{inner}</w:p>"
    rows = ""
    for cells in block:
        rows += "<w:tr>" + "".join(f"<w:tc>{''.join(map(xml, texts))}</w:tc>" for texts in cells) + "</w:tr>"
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{rows}</w:tbl>"


def package(blocks: list[Any]) -> dict[str, bytes]:
    main = f"<w:document {SPACES}><w:body>{''.join(map(xml, blocks))}<w:p/><w:sectPr/></w:body></w:document>"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    space = "http://schemas.openxmlformats.org/package/2006"
    return {
        "[Content_Types].xml": f'<Types xmlns="{space}/content-types"/>'.encode(),
        "_rels/.rels": f'<Relationships xmlns="{space}/relationships"><Relationship Id="rId1" Type="{office}" '
        f'Target="{NAME}"/></Relationships>'.encode(),
        NAME: main.encode(),
    }


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body, body)
def test_any_two_documents(old: list[Any], new: list[Any]) -> None:
    before, after = package(old), package(new)
    made = redline(before, after)
    if made is None:
        assert text_of(before) == text_of(after)
        return
    assert text_of(made, "reject") == text_of(before)
    assert text_of(made, "accept") == text_of(after)


@settings(max_examples=60, deadline=None)
@given(body, st.data())
def test_a_document_with_a_few_changes(old: list[Any], data: st.DataObject) -> None:
    """Nearer to life: some paragraphs changed, some gone, some new."""
    new = []
    for one in old:
        fate = data.draw(st.sampled_from(["stays", "stays", "goes", "changes", "comes"]))
        if fate != "goes":
            new.append(data.draw(words) if fate == "changes" else one)
        if fate == "comes":
            new.append(data.draw(block))
    before, after = package(old), package(new)
    made = redline(before, after)
    tracked = made if made is not None else after
    assert text_of(tracked, "reject") == text_of(before)
    assert text_of(tracked, "accept") == text_of(after)


def test_changes_tracked_before_count_as_accepted() -> None:
    inner = "<w:p><w:r><w:t>甲</w:t></w:r><w:ins w:id='1' w:author='x'><w:r><w:t>乙</w:t></w:r></w:ins></w:p>"
    old = package(["甲"])
    new = {**old, NAME: old[NAME].replace(b"<w:body>", f"<w:body>{inner}".encode(), 1)}
    made = redline(package(["甲乙", "甲"]), new)
    assert made is None


def test_differences_of_documents_are_told_with_their_places(versions: tuple[Path, Path, Path]) -> None:
    first, second = (unpack(path.read_bytes()) for path in versions[:2])
    found = differences(first, second)
    said = {(one.kind, one.place) for one in found}
    assert (Kind.CELL, "表3") in said
    assert (Kind.TEXT, "一、收入支出决算总体情况说明") in said
    changed = next(one for one in found if one.kind is Kind.CELL and one.before == "1,355.52")
    assert changed.after == "123.46"
    assert "20701" in changed.spot
    assert "项目支出" in changed.spot
    assert not differences(first, first)


def grid(head: list[list[tuple[str, int]]], *rows: list[str]) -> etree._Element:
    """A table: head rows of texts with the columns they cover, then plain rows."""

    def row(cells: list[tuple[str, int]], marks: str = "") -> str:
        made = (
            f"<w:tc><w:tcPr><w:gridSpan w:val='{n}'/></w:tcPr><w:p><w:r><w:t>{t}</w:t></w:r></w:p></w:tc>"
            for t, n in cells
        )
        return f"<w:tr>{marks}{''.join(made)}</w:tr>"

    heads = "".join(row(cells, "<w:trPr><w:tblHeader/></w:trPr>") for cells in head)
    body = "".join(row([(text, 1) for text in cells]) for cells in rows)
    return etree.fromstring(f"<w:tbl {SPACES}>{heads}{body}</w:tbl>")


BY_SIDE = [
    [("人员经费", 3), ("公用经费", 6)],
    [(name, 1) for name in ("科目编码", "科目名称", "决算数") * 3],
]
THREE = [[("预算数", 2), ("决算数", 2)], [("合计", 1), ("接待费", 1)] * 2, [(str(n), 1) for n in range(1, 5)]]
BALANCE = [[("收入", 3), ("支出", 3)], [(name, 1) for name in ("项目", "行次", "金额") * 2]]
SPLIT = [[("项目", 4), ("本年支出", 2)], [("编码", 3), ("名称", 1), ("基本支出", 1), ("项目支出", 1)]]
LIST = [[("序号", 1), ("重要事项", 1), ("内容", 1), ("完成情况", 1)]]
ITEMS = ["30101", "基本工资", "55.42", "30201", "办公费", "6.20", "31002", "设备购置", ""]


@pytest.mark.parametrize(
    ("head", "row", "cell", "spot"),
    [
        (BY_SIDE, ITEMS, 2, "30101 基本工资，人员经费 / 决算数"),
        (BY_SIDE, ITEMS, 5, "30201 办公费，公用经费 / 决算数"),
        (BY_SIDE, ITEMS, 8, "31002 设备购置，公用经费 / 决算数"),
        (BY_SIDE, ITEMS, 4, "30201，公用经费 / 科目名称"),
        (BY_SIDE, ITEMS, 3, "办公费，公用经费 / 科目编码"),
        (THREE, ["4.00", "4.00", "3.16", "3.16"], 2, "决算数 / 合计"),
        (THREE, ["4.00", "4.00", "3.16", "3.16"], 1, "预算数 / 接待费"),
        (BALANCE, ["一、拨款", "1", "9.00", "一、公共服务", "32", "8.00"], 5, "一、公共服务，支出 / 金额"),
        (BALANCE, ["一、拨款", "1", "9.00", "", "33", "8.00"], 5, "支出 / 金额"),
        (BALANCE, ["一、拨款", "1", "9.00", "一、公共服务", "32", ""], 3, "支出 / 项目"),
        (SPLIT, ["208", "05", "01", "行政", "1.00", "2.00"], 5, "2080501 行政，本年支出 / 项目支出"),
        (SPLIT, ["208", "", "", "社会保障", "1.00", "2.00"], 4, "208 社会保障，本年支出 / 基本支出"),
        (LIST, ["12", "数据共享", "建成 3 个应用", "完成"], 3, "数据共享，完成情况"),
        ([], ["产出", "数量", "接入数量", "接入2万路", "接入3万路", "5"], 5, "接入数量"),
        ([], ["基本支出", "399.67万元", "项目支出", "5.00万元"], 3, "项目支出"),
    ],
)
def test_a_cell_is_named_by_the_item_beside_it_and_all_heads_above(
    head: list[list[tuple[str, int]]], row: list[str], cell: int, spot: str
) -> None:
    other = ["合计", *[""] * (len(row) - 1)]
    usual = ["1", "甲", "2.00", "乙", "丙", "3.00"] if head is BALANCE else other
    table = grid(head, usual, row)
    assert Spots(table_rows(table)).spot(len(head) + 1, cell) == spot


def test_a_row_of_amounts_is_the_same_row_when_all_of_them_change() -> None:
    old, new = (grid(THREE, row) for row in (["4.00", "3.00", "", ""], ["4.10", "3.10", "", "0.20"]))
    assert row_label(old[-1]) == row_label(new[-1])


def test_only_the_words_that_differ_are_shown() -> None:
    long = "收" * 30
    assert around(f"{long}增加5万元", f"{long}减少7万元") == [("…收收收收收收增加5万元", "…收收收收收收减少7万元")]


def test_against_a_document_that_hands_were_at(tmp_path: Path) -> None:
    """Words changed, paragraphs added, a reviewer's comment and tracked change: the earlier version is the user's."""
    workbook = sample("sample-2021", tmp_path)
    target = tmp_path / "公开.docx"
    pipeline.generate(workbook, target, draft=True)
    word = Word(target.read_bytes())
    word.reword("g_p1_duties_2", "管理", "统筹管理")
    word.add_after("g_p1_duties_2", paragraph("另设专班。"))
    comment(word, word.block("g_p1_duties_3"), "请核对")
    track_insertion(word.block("g_p1_duties_5"), "（新增）", 9001)
    target.write_bytes(word.save())
    before = unpack(target.read_bytes())
    made = pipeline.generate(alter(workbook, tmp_path / "改.xlsx", CORRECTED), target, draft=True)
    tracked, _ = write_redline(made)
    assert tracked is not None
    parts, after = unpack(tracked.read_bytes()), unpack(target.read_bytes())
    assert text_of(parts, "reject") == text_of(before, "accept")
    assert text_of(parts, "accept") == text_of(after, "accept")
    assert "另设专班。" in text_of(after, "accept")
    if VALIDATOR.is_file():
        report = module_at(VALIDATOR).validate(str(tracked))
        assert [item["msg"] for item in report.items if item["level"] == "error"] == []


def test_an_edited_redline_is_kept_aside(tmp_path: Path) -> None:
    workbook = sample("sample-2021", tmp_path)
    other = alter(workbook, tmp_path / "改.xlsx", {"增减原因!C6": 62203648.9})
    target = tmp_path / "公开.docx"
    pipeline.generate(workbook, target, draft=True)
    tracked, _ = write_redline(pipeline.generate(other, target, draft=True))
    assert tracked is not None
    with zipfile.ZipFile(tracked, "a") as edited:
        edited.writestr("word/note.txt", "请核对")
    again, aside = write_redline(pipeline.generate(workbook, target, draft=True))
    assert again == tracked
    assert aside is not None
    assert "手工修改" in aside.name
