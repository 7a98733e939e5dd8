"""Sheets read by pattern say the same as sheets read as XML, and whatever is unusual is left to the XML parser."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.workbook import cells, plain
from generator.workbook.package import open_package

INPUTS = sorted((Path(__file__).parents[1] / "inputs").glob("*.xlsx"))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_both_ways_read_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_package(path) as package:
        strings = cells.shared_strings(package)

        def read() -> list[tuple[object, object]]:
            sheets = [cells.read_sheet(package, s.name, s.part, strings) for s in package.sheets]
            return [(sheet.rows, sheet.merges) for sheet in sheets]

        for sheet in package.sheets:
            if sheet.name.startswith("校验"):  # array formulas, and no form: read as XML
                continue
            usual = plain.split(package.data(sheet.part))
            assert usual is not None
            assert list(plain.rows_of(usual[0]))
        by_pattern = read()
        monkeypatch.setattr(plain, "split", lambda data: None)
        assert read() == by_pattern


def test_cells_of_every_usual_kind() -> None:
    rows = (
        '<row r="2" ht="20" customHeight="1"><c r="A2" s="3"/><c r="B2" s="1"><v>1.5</v></c>'
        '<c r="C2" t="s"><v>0</v></c><c r="D2" s="2" t="str"><f>A1&amp;"x"</f><v>甲</v></c>'
        '<c r="E2" t="inlineStr"><is><t xml:space="preserve"> 乙 </t></is></c><c r="F2"><f>A1</f><v/></c>'
        '<c r="G2" t="str"><v>&lt;b&gt; &amp;quot; &amp;&quot;</v></c></row>'
        '<row r="3"/><row r="5"><c r="AA5" t="b"><f t="shared" si="0"/><v>1</v></c></row>'
    )
    assert list(plain.rows_of(rows)) == [
        (
            2,
            [
                ("B", "n", "1.5", "1", False),
                ("C", "s", "0", "", False),
                ("D", "str", "甲", "2", True),
                ("E", "inlineStr", " 乙 ", "", False),
                ("F", "n", None, "", True),
                ("G", "str", '<b> &quot; &"', "", False),
            ],
        ),
        (5, [("AA", "b", "1", "", True)]),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1" t="str"><v>a&nbsp;b</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>a&#65;b</v></c></row>',
        '<row r="1"><c r="A1"><f>A&b</f><v>1</v></c></row>',
        '<row r="1"><c r="A1"><f t="shared" si=0/><v>1</v></c></row>',
        '<row r="1" ht="2><c r="A1"><v>1</v></c></row>',
        '<row r="1" r="2"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A2"><v>1</v></c></row>',
        '<row r="1"><c r="A1" s="1" s="2"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>a\r\nb</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>a\x01</v></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><r><t>a</t></r></is></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><v>a</v></c></row>',
        '<row r="1"><c><v>1</v></c></row>',
        '<row><c r="A1"><v>1</v></c></row>',
        '<row r="2"/><row r="1"/>',
        '<row r="1"><c r="A1"><v>1</v></c>',
        '<row r="1"><c r="A1"><v>1</c></row>',
        '<row r="1"><c r="A1" s=1><v>1</v></c></row>',
        '<row r="1"><row r="2"></row></row>',
        '<c r="A1"><v>1</v></c>',
        '<x:row r="1"></x:row>',
        ' <row r="1"></row>',
        '<row r="1"></row> ',
    ],
)
def test_anything_unusual_is_left_to_the_parser(rows: str) -> None:
    with pytest.raises(plain.Unusual):
        list(plain.rows_of(rows))


@pytest.mark.parametrize(
    "data",
    [
        b"<worksheet><sheetData/></worksheet>",
        b"<worksheet><!-- <sheetData> --><sheetData></sheetData></worksheet>",
        b"<worksheet><sheetData>\xff</sheetData></worksheet>",
        b"<x:worksheet><x:sheetData></x:sheetData></x:worksheet>",
    ],
)
def test_an_unusual_sheet_is_not_split(data: bytes) -> None:
    assert plain.split(data) is None
