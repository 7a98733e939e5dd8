"""Every cell as a second and a third reader see it: openpyxl and calamine. No sheet, row or number is lost."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel

from generator import editions
from generator.workbook import cells, values
from generator.workbook.cells import Raw
from generator.workbook.package import unpack

from made_content import made_content  # isort: skip
from raw_xlsx import X, pages, xlsx  # isort: skip
from support import INPUTS  # isort: skip

Cells = dict[tuple[str, int, int], Any]


def ours(data: bytes) -> Cells:
    with unpack(data) as package:
        strings = cells.shared_strings(package)
        sheets = [cells.read_sheet(package, s.name, s.part, strings) for s in package.sheets]
    return {
        (sheet.name, row, column): raw
        for sheet in sheets
        for row, found in sheet.rows.items()
        for column, raw in found.items()
    }


def theirs(data: bytes) -> Cells:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values_, formulas = (openpyxl.load_workbook(io.BytesIO(data), data_only=only) for only in (True, False))
    found: Cells = {}
    for sheet in values_.worksheets:
        written = formulas[sheet.title]._cells
        for place, cell in sheet._cells.items():  # not cell by cell over a range that may be the whole sheet
            value = cell.value
            if value is not None or written[place].data_type == "f":
                if isinstance(value, (datetime, date, time, timedelta)):
                    value = to_excel(value, values_.epoch)
                found[(sheet.title, *place)] = value
    return found


def same(raw: Raw, value: Any) -> bool:
    """What openpyxl says of a cell is what stands in ours."""
    if value is None or value == "":
        return raw.type in ("", "t") and raw.text == ""
    if isinstance(value, bool):
        return (raw.type, raw.text) == ("b", str(int(value)))
    if isinstance(value, (int, float)):
        number = values.stored(raw.text)
        return raw.type == "n" and number is not None and abs(float(number) - value) <= abs(value) * 1e-14 + 1e-9
    if raw.type == "e":
        return raw.text == value
    return raw.type == "t" and raw.text == cells.unescape(value)


def differences(data: bytes) -> list[str]:
    mine, other = ours(data), theirs(data)
    lost = [
        f"{place} only openpyxl has: {other[place]!r}" for place in other if place not in mine and other[place] != ""
    ]
    more = [f"{place} only we have: {mine[place]}" for place in mine if place not in other]
    return (
        lost
        + more
        + [
            f"{place}: {mine[place]} is not {other[place]!r}"
            for place in mine.keys() & other.keys()
            if not same(mine[place], other[place])
        ]
    )


def calamine_differences(data: bytes) -> list[str]:
    """Numbers and texts that calamine sees; it shows errors as blanks and dates as dates, so these are left out."""
    calamine = pytest.importorskip("python_calamine", reason="the second reader python-calamine is not installed")
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    mine = ours(data)
    wrong = []
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        for row, line in enumerate(sheet.to_python(skip_empty_area=False), 1):
            for column, value in enumerate(line, 1):
                raw = mine.get((name, row, column))
                if isinstance(value, bool) or value in ("", None) or not isinstance(value, (int, float, str)):
                    continue
                if raw is None or not same(raw, value):
                    wrong.append(f"{name} {row},{column}: {raw} is not {value!r}")
    return wrong


def varied(seed: int) -> bytes:
    """A workbook of everything that openpyxl can write, at random places."""
    rng = random.Random(seed)
    book = openpyxl.Workbook()
    if seed % 2:
        book.epoch = CALENDAR_MAC_1904
    for number in range(3):
        sheet = book.active if not number else book.create_sheet(f" 表 {number}　(副本)")
        sheet.sheet_state = "hidden" if number == 2 else "visible"
        for _ in range(150):
            cell = sheet.cell(rng.choice((1, 2, 3, 50, 7_000, rng.randrange(1, 200))), rng.randrange(1, 60))
            if cell.value is None:  # a date's format stays with a cell
                cell.value = rng.choice(CONTENTS)
            if rng.random() < 0.3:
                cell.fill = PatternFill("solid", fgColor="FFFF00")
        for _ in range(30):
            sheet.cell(rng.randrange(1, 300), rng.randrange(1, 80)).fill = PatternFill("solid", fgColor="FF0000")
        sheet.merge_cells("BZ1:CC4")
        sheet.conditional_formatting.add(
            "A1:A9", openpyxl.formatting.rule.CellIsRule(operator="lessThan", formula=["0"])
        )
        sheet.freeze_panes = "B2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


CONTENTS: list[Any] = [
    0, -0.0, 1, -5, 3097.76, 0.1 + 0.2, 1e300, 5e-324, 12345678901234567, 9007199254740993, Decimal("12.345"), True,
    False, "", " ", "文字", " 两端有空格 ", "一\n二", "研究<A&B>费", "{{7*7}}", "'12", "3,097.76", "_x000D_",
    "a_x0041_b", "𠮷〇㐂\ue000", "\u202e逆\u200b", "=1+1", "=SUM(A1:A9)", "#REF!", "#N/A", "#DIV/0!",
    datetime(2022, 11, 8), datetime(2022, 11, 8, 13, 30), date(1999, 12, 31), time(8, 15),
    "長" * 32_767, "]]>", "<!DOCTYPE x>",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_a_workbook_of_everything(seed: int) -> None:
    data = varied(seed)
    assert differences(data) == []


@pytest.mark.parametrize("path", sorted(INPUTS.glob("*.xlsx")), ids=lambda path: path.stem)
def test_the_samples(path: Path) -> None:
    assert differences(path.read_bytes()) == []
    assert calamine_differences(path.read_bytes()) == []


@pytest.mark.parametrize("name", editions.ids())
def test_plain_sheets_of_every_edition(name: str) -> None:
    edition = editions.load(name)
    data = xlsx(pages(edition, made_content(edition)))
    assert differences(data) == []
    assert calamine_differences(data) == []


FAR = '<row r="900000"><c r="AZ900000"><v>7</v></c></row>'


def odd_workbooks() -> Iterator[tuple[str, bytes]]:
    """Sheets as no usual program writes them, and yet no damage."""
    edition = editions.load(editions.ids()[0])

    def with_rows(change: Any) -> bytes:
        made = pages(edition, made_content(edition))
        table = next(page for page in made if page.name == edition.tables[0].sheet)
        text = table.xml()
        page_xml = change(text)
        assert page_xml != text
        table.__class__ = type("Fixed", (table.__class__,), {"xml": lambda self, main="": page_xml})
        return xlsx(made)

    import re

    yield (
        "rows_out_of_order",
        with_rows(lambda t: re.sub(r"(<row .*?</row>)(<row .*?</row>)", r"\2\1", t, count=3, flags=re.DOTALL)),
    )
    yield "cells_without_addresses", with_rows(lambda t: re.sub(r'<c r="A\d+"', "<c", t))
    yield "comments_and_cdata", with_rows(lambda t: re.sub(r"<v>([^<]*)</v>", r"<!-- x --><v><![CDATA[\1]]></v>", t))
    yield "a_prefix", with_rows(lambda t: re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", t).replace(' xmlns="', ' xmlns:x="'))
    yield "single_quotes_and_spaces", with_rows(lambda t: t.replace('"', "'").replace("><", ">\n <"))
    yield "a_dimension_that_lies", with_rows(lambda t: t.replace('ref="A1"', 'ref="A1:B2"', 1))
    yield (
        "a_cell_far_away",
        with_rows(lambda t: t.replace("</sheetData>", FAR + "</sheetData>")),
    )


@pytest.mark.parametrize(
    ("name", "data"), list(odd_workbooks()), ids=lambda given: given if isinstance(given, str) else ""
)
def test_sheets_that_no_usual_program_writes(name: str, data: bytes) -> None:
    assert differences(data) == []


def test_a_large_sheet_without_its_blank_cells() -> None:
    """Ninety thousand formatted rows between the values: thinned out, and nothing of worth is gone."""
    edition = editions.load(editions.ids()[0])
    made = pages(edition, {})
    blank = X('s="1"', "")
    for row in range(500, 90_500):
        for column in range(1, 6):
            made[-1].cells[row, column] = row if row % 9_000 == 0 and column == 3 else blank
    data = xlsx(made)
    assert sum(raw.text.endswith("000") for raw in ours(data).values()) >= 10
    assert differences(data) == []


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_what_libreoffice_made_of_it(tmp_path: Path) -> None:
    source = sorted(INPUTS.glob("*.xlsx"))[0]
    target = tmp_path / "out"
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx",
         "--outdir", str(target), str(source)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    data = (target / source.name).read_bytes()
    assert differences(data) == []
    assert calamine_differences(data) == []
