"""Workbooks beyond all measure, in the process itself: every limit is drawn closer and a small workbook meets it."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from test_guard import SHEET, WORKBOOK, refused

from generator.model.finding import Refusal
from generator.workbook import package, xmlparts

from raw_xlsx import Page, parts, xlsx, zipped  # isort: skip

NUMBERS = Page("表", {(row, 1): row for row in range(1, 40)})
Patch = pytest.MonkeyPatch


def bare(data: bytes) -> str:
    """What is left of the first sheet of a workbook when its bytes are asked for."""
    with package.unpack(data) as opened:
        return opened.data(SHEET).decode()


def too_large(data: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        bare(data)
    assert caught.value.fix
    return caught.value.message


def sheet(body: str) -> bytes:
    return zipped({**WORKBOOK, SHEET: f"<worksheet>{body}</worksheet>"})


def limit(patch: Patch, **limits: int) -> None:
    for name, value in limits.items():
        patch.setattr(xmlparts if hasattr(xmlparts, name) else package, name, value)


# A sheet too large to be looked at whole: its blank cells are left out first ------------------------


def test_blank_cells_of_a_large_sheet_are_left_out(monkeypatch: Patch) -> None:
    limit(monkeypatch, THIN_FROM=100)
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="3"/></row><row r="2" s="1"/>' + '<row r="3"></row>' * 5
    left = bare(sheet(f"<sheetData>{rows}</sheetData>"))
    assert '<c r="A1"><v>1</v></c>' in left
    assert "B1" not in left
    assert 'r="2"' not in left


@pytest.mark.parametrize(
    "body",
    [
        "<sheetData><row><c><v>1</v></c><c/><c><v>3</v></c></row><row/><row><c><v>4</v></c></row></sheetData>",
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c/><c><v>3</v></c></row></sheetData>',
        '<sheetData><row r="1"><c r="A1"><v><![CDATA[<row r="9"/>]]></v></c></row><row r="2"/></sheetData>',
        "<text>" + "没有行的内容" * 400 + "</text>",
    ],
)
def test_where_cells_are_counted_instead_of_named_none_is_left_out(monkeypatch: Patch, body: str) -> None:
    """A blank cell taken from among them would move those behind it to the left."""
    limit(monkeypatch, THIN_FROM=100)
    assert bare(sheet(body)) == f"<worksheet>{body}</worksheet>"


def test_more_than_any_real_sheet_is_refused(monkeypatch: Patch) -> None:
    whole = xlsx([NUMBERS])
    limit(monkeypatch, THIN_FROM=100, MAX_TEXT=800)
    assert "文件内容过大" in too_large(whole)
    counted = "<sheetData><row><c><v>1</v></c></row>" + "<row><c><v>1</v></c></row>" * 60 + "</sheetData>"
    assert "文件内容过大" in too_large(sheet(counted))
    limit(monkeypatch, THIN_FROM=10**6, MAX_TEXT=10**6, MAX_TAGS=50)
    assert too_large(whole) == f"内部文件 {SHEET} 的内容过多。"


def test_filled_cells_of_a_workbook_have_a_limit_too(monkeypatch: Patch) -> None:
    limit(monkeypatch, MAX_CELLS=100)
    with package.unpack(xlsx([NUMBERS])) as opened:
        opened.spend(100, "表一")
        with pytest.raises(Refusal, match="读到工作表“表二”时已超过 100 个单元格"):
            opened.spend(1, "表二")


# Parts that become trees ----------------------------------------------------------------------------


@pytest.mark.parametrize("piece", ["<x/>", '<x a="1" b="2" c="3" d="4" e="5"/>'])
def test_a_part_of_absurdly_many_elements_or_attributes(monkeypatch: Patch, piece: str) -> None:
    limit(monkeypatch, TREE_TAGS=30, MAX_ATTRIBUTES=40)
    with pytest.raises(Refusal, match="多得不合常理"):
        xmlparts.parse(f"<styleSheet>{piece * (31 if len(piece) < 5 else 9)}</styleSheet>".encode(), "xl/styles.xml")


def test_a_large_sheet_is_read_row_by_row(monkeypatch: Patch) -> None:
    """The same rows whether the sheet is had as a tree or let go as it is read."""
    data = NUMBERS.xml().encode()
    whole = [row.get("r") for row in xmlparts.rows_of(data, SHEET)]
    limit(monkeypatch, WHOLE_TAGS=5)
    assert [row.get("r") for row in xmlparts.rows_of(data, SHEET)] == whole == [str(n) for n in range(1, 40)]
    with pytest.raises(Refusal, match="内容不完整或有错"):
        list(xmlparts.rows_of(data.replace(b"</sheetData>", b"</sheetDatum>"), SHEET))


def test_what_is_no_row_must_not_fill_the_memory(monkeypatch: Patch) -> None:
    limit(monkeypatch, WHOLE_TAGS=5, STREAM_TAGS=10, TREE_TAGS=20)
    data = NUMBERS.xml().encode()
    assert len(list(xmlparts.rows_of(data, SHEET))) == 39
    with pytest.raises(Refusal, match="多得不合常理"):
        list(xmlparts.rows_of(data.replace(b"<sheetData>", b"<sheetData>" + b"<other/>" * 30), SHEET))


# The file, the list of its parts, its sheets -----------------------------------------------------------


def opening(path: Path) -> str:
    with pytest.raises(Refusal) as caught:
        package.open_package(path)
    assert caught.value.fix
    return caught.value.message


def test_files_that_nobody_filled_in(tmp_path: Path, monkeypatch: Patch) -> None:
    path = tmp_path / "填报.xlsx"
    path.write_bytes(xlsx([NUMBERS]))
    with monkeypatch.context() as patch:
        patch.setattr(package, "MAX_FILE", 100)
        assert "文件过大" in opening(path)
    assert "是一个文件夹" in opening(tmp_path)
    assert "找不到文件" in opening(tmp_path / "没有.xlsx")
    assert "读不了文件" in opening(tmp_path / "空\0.xlsx")

    def denied(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert "没有权限读取" in opening(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "管道.xlsx")
    assert "设备或管道" in opening(tmp_path / "管道.xlsx")


def test_a_part_that_is_pointed_to_and_not_there() -> None:
    gone = {name: data for name, data in WORKBOOK.items() if name != "xl/styles.xml"}
    with package.unpack(zipped(gone)) as opened, pytest.raises(Refusal, match="缺少内部文件 xl/styles"):
        opened.tree(opened.related["styles"])


def test_a_workbook_of_no_sheets_and_of_far_too_many(monkeypatch: Patch) -> None:
    chart = WORKBOOK["xl/_rels/workbook.xml.rels"].replace(b'/worksheet"', b'/chartsheet"')
    assert "没有可以读取的工作表" in refused(zipped({**WORKBOOK, "xl/_rels/workbook.xml.rels": chart}))
    monkeypatch.setattr(package, "MAX_SHEETS", 3)
    assert "有 4 张工作表，超过 3 张的上限" in refused(xlsx([Page(f"表{n}") for n in range(4)]))


def test_a_part_is_only_peeped_into_where_it_is_small_and_whole() -> None:
    """Sheets that are no form are looked into for their words; one that can't be read is nobody's fault."""
    odd = "xl/worksheets/sheet1.dat"
    data = bytearray(zipped({**parts([NUMBERS]), odd: NUMBERS.xml()}))
    with package.unpack(bytes(data)) as opened:
        assert opened.small(odd, 10**6) == opened.raw(odd) == NUMBERS.xml().encode()
        assert opened.small(odd, 50) == opened.small("xl/nowhere.xml", 10**6) == b""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        at = archive.getinfo(odd).header_offset + 30 + len(odd)
    data[at + 20 : at + 40] = bytes(20)
    with package.unpack(bytes(data)) as opened:
        assert opened.small(odd, 10**6) == b""
        with pytest.raises(Refusal):
            opened.raw(odd)
