"""Sheets read without a tree: what comes out is what parsing gives, and anything unusual is parsed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from generator.editions import ids, load
from generator.model.finding import Refusal
from generator.workbook import cells, quick
from generator.workbook.blank import build
from generator.workbook.package import open_package, unpack

ROOT = Path(__file__).resolve().parents[1]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = ("甲", "乙<丙>&丁", "")
BODY = (
    '<row r="1" ht="15.5" customHeight="1"><c r="A1" s="1" t="inlineStr"><is><t>项目</t></is></c><c r="B1" s="2"/>'
    '<c r="C1" t="s"><v>1</v></c><c r="D1"><v>12.50</v></c></row><row r="3"/>'
    '<row r="7" spans="1:9"><c r="B7" t="str"><f>A1&amp;"（&lt;1&gt;）"</f><v>项目（&lt;1&gt;）</v></c>'
    '<c r="C7"><f t="shared" ref="C7:C9" si="0">SUM(D7:E7)</f><v>-1E-2</v></c>'
    '<c r="D7" s="3"><f t="shared" si="0"/></c>'
    '<c r="E7" t="b"><v>1</v></c><c r="F7" t="e"><v>#REF!</v></c><c r="AA7" t="inlineStr">'
    '<is><t xml:space="preserve"> 前后 </t></is></c><c r="AB7" t="str"><f>""</f><v></v></c></row>'
)
MERGES = '<mergeCells count="2"><mergeCell ref="A1:B1"/><mergeCell ref="C1:D3"/></mergeCells>'


def sheet(body: str = BODY, behind: str = MERGES) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="' + MAIN + '"><cols><col min="1" max="2"/></cols>'
    return f'{head}<sheetData>{body}</sheetData>{behind}<pageMargins left="1"/></worksheet>'.encode()


class One:
    """A package that has one sheet."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def data(self, part: str) -> bytes:
        return self._data


def read(data: bytes, top: int = cells.MAX_ROW) -> tuple[object, object]:
    found = cells.read_sheet(One(data), "表", "sheet1.xml", STRINGS, top)  # type: ignore[arg-type]
    return found.rows, found.merges


def parsed(monkeypatch: pytest.MonkeyPatch, data: bytes, top: int = cells.MAX_ROW) -> tuple[object, object]:
    with monkeypatch.context() as patch:
        patch.setattr(quick, "scan", lambda *_: None)
        return read(data, top)


def test_what_is_found_is_what_parsing_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    for top in (cells.MAX_ROW, 7, 6, 3, 1):
        assert quick.scan(sheet(), top) is not None
        rows, _ = read(sheet(), top)
        assert rows == parsed(monkeypatch, sheet(), top)[0]
    rows, merges = read(sheet())
    assert (rows, merges) == parsed(monkeypatch, sheet())
    assert rows[7][2].text == "项目（<1>）"
    assert rows[7][27].text == " 前后 "
    assert merges == {(1, 1): (1, 2), (1, 3): (3, 4)}


@pytest.mark.parametrize("path", sorted((ROOT / "inputs").glob("*.xlsx")), ids=lambda path: path.name)
def test_every_sheet_of_ours_is_usual(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_package(path) as package:
        for part in package.sheets:
            data = package.data(part.part)
            assert quick.scan(data, cells.MAX_ROW) is not None, part.name
            assert read(data) == parsed(monkeypatch, data), part.name


@pytest.mark.parametrize("name", ids())
def test_every_sheet_of_a_blank_workbook_is_usual(name: str) -> None:
    with unpack(build(load(name))) as package:
        for part in package.sheets:
            assert quick.scan(package.data(part.part), cells.MAX_ROW) is not None, part.name


UNUSUAL = {
    "a comment": BODY.replace("<v>12.50</v>", "<v>12.50<!-- x --></v>"),
    "CDATA": BODY.replace("<v>12.50</v>", "<v><![CDATA[12.50]]></v>"),
    "an instruction": BODY.replace("<v>12.50</v>", "<v>12.50<?x y?></v>"),
    "a numbered entity": BODY.replace("项目</t>", "项&#10;目</t>"),
    "an unknown entity": BODY.replace("项目</t>", "项&nbsp;目</t>"),
    "text in runs": BODY.replace("<t>项目</t>", "<r><t>项</t></r><r><t>目</t></r>"),
    "a cell without a place": BODY.replace('<c r="D1">', "<c>"),
    "a row without a number": BODY.replace('<row r="3"/>', "<row/>"),
    "rows in disorder": BODY.replace('<row r="3"/>', '<row r="9"/><row r="3"/>'),
    "the same row twice": BODY + BODY,
    "columns in disorder": BODY.replace('<c r="D1">', '<c r="A1">'),
    "a column too far": BODY.replace('<c r="D1">', '<c r="XFE1">'),
    "another attribute": BODY.replace('<c r="D1">', '<c r="D1" cm="1">'),
    "spaces between": BODY.replace("<row r", "\n  <row r"),
    "a carriage return": BODY.replace("项目</t>", "项\r\n目</t>"),
    "a control character": BODY.replace("项目</t>", "项\x01目</t>"),
    "an unclosed row": BODY.removesuffix("</row>"),
    "a row in a row": BODY.replace('<row r="3"/>', '<row r="3"><row r="4"></row></row>'),
    "a cell outside": '<c r="A1"><v>1</v></c>' + BODY,
    "a prefix": BODY.replace("<row", "<x:row"),
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_anything_unusual_is_parsed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = sheet(UNUSUAL[what])
    assert outcome(read, data) == outcome(lambda d: parsed(monkeypatch, d), data)


def outcome(reader: object, data: bytes) -> object:
    try:
        return reader(data)  # type: ignore[operator]
    except Refusal as refusal:
        return refusal.message


@pytest.mark.parametrize("seed", range(8))
def test_damaged_cells_are_never_read_otherwise(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters inserted, doubled, swapped and left out anywhere among the cells."""
    chance = random.Random(seed)
    for _ in range(250):
        body = list(BODY)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(body))
            action = chance.randrange(4)
            if action == 0:
                del body[at]
            elif action == 1:
                body.insert(at, chance.choice("<>/&\"'= 1Ar;\t\r\n\x00\x0b项"))
            elif action == 2:
                body.insert(at, body[at])
            else:
                other = chance.randrange(len(body))
                body[at], body[other] = body[other], body[at]
        data = sheet("".join(body))
        wanted = outcome(lambda d: parsed(monkeypatch, d), data)
        refused = isinstance(wanted, str)  # for damage in what nobody reads, such as an attribute twice
        assert refused or outcome(read, data) == wanted, "".join(body)


@pytest.mark.parametrize("tail", ['<c r="A1"', "<c>", "&", "</row"])
def test_a_hostile_sheet_takes_no_longer_than_its_length(tail: str) -> None:
    """A hundred thousand pieces before something unknown: given up in a moment."""
    import time

    for piece in ('<c r="B1" s="2"/>', '<c r="B1"><v>1&amp;</v></c>', '<c r="B1"><v>' + "&amp;" * 50 + "</v></c>"):
        data = sheet('<row r="1">' + piece * 100_000 + tail)
        begun = time.perf_counter()
        assert quick.scan(data, cells.MAX_ROW) is None
        assert time.perf_counter() - begun < 5
