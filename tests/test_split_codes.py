"""Codes printed over three columns 类, 款, 项: in the workbook, read back however they are typed, and in Word."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from generator import editions
from generator.editions import Edition, EditionError
from generator.editions.forms import form as form_of
from generator.editions.node import Node
from generator.model.blocks import Grid
from generator.model.book import Book
from generator.model.finding import Severity
from generator.model.heads import table_head
from generator.narrative.compose import compose
from generator.workbook import recognise
from generator.workbook.blank import build
from generator.workbook.codes import joined
from generator.workbook.read import read

from made_content import made_content  # isort: skip
from raw_xlsx import pages, xlsx  # isort: skip
from split_edition import split  # isort: skip

NUMBERS = {
    "income": {
        "subjects": [
            {"code": "201", "fiscal": 9},
            {"code": "20103", "fiscal": 9},
            {"code": "2010350", "fiscal": 4},
            {"code": "2010399", "fiscal": 5},
        ]
    }
}


@pytest.fixture(scope="module")
def edition() -> Edition:
    return split(editions.load("wuhan-final-2021"))


@pytest.fixture
def read_split(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Book]:
    monkeypatch.setattr(recognise.Recogniser, "choose", lambda self, given: recognise.Choice(edition))
    return lambda path: read(path)[1]


@pytest.fixture(scope="module")
def filled(edition: Edition) -> bytes:
    return build(edition, NUMBERS)


def workbook(edition: Edition, data: bytes, change: Callable[[Worksheet], None], path: Path) -> Path:
    """The filled workbook after ``change`` to its income table."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book[edition.form("income").sheet])
    book.save(path)
    return path


def codes_apart(sheet: Worksheet, write: Callable[[str], tuple[Any, ...]]) -> None:
    """The codes in cells that are no longer merged."""
    for area in [a for a in sheet.merged_cells.ranges if a.min_col == 1 and a.max_col == 3 and a.min_row > 7]:
        sheet.unmerge_cells(area.coord)
    for row in range(7, sheet.max_row + 1):
        code = str(sheet.cell(row, 1).value or "")
        if code.isdigit():
            for at, piece in enumerate(write(code), 1):
                cell = sheet.cell(row, at)
                cell.value = piece
                cell.number_format = "@" if isinstance(piece, str) else "General"


def pieces(code: str) -> tuple[str, ...]:
    return tuple(filter(None, (code[:3], code[3:5], code[5:])))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda code: (code,), id="首栏"),
        pytest.param(lambda code: (None, code), id="第二栏"),
        pytest.param(lambda code: (None, None, code), id="第三栏"),
        pytest.param(lambda code: (int(code), None, None), id="数字"),
        pytest.param(pieces, id="逐栏"),
        pytest.param(lambda code: tuple(map(int, pieces(code))), id="逐栏数字"),
        pytest.param(lambda code: tuple(code[:n] for n in (3, 5, 7) if n <= len(code)), id="逐级写全"),
        pytest.param(lambda code: tuple([None] * ((len(code) - 3) // 2) + [code]), id="各级一栏"),
    ],
)
def test_codes_are_read_however_they_are_typed(
    edition: Edition,
    filled: bytes,
    read_split: Callable[[Path], Book],
    tmp_path: Path,
    write: Callable[[str], tuple[Any, ...]],
) -> None:
    path = workbook(edition, filled, lambda s: codes_apart(s, write), tmp_path / "填报.xlsx")
    book = read_split(path)
    data = book.sheet("income")
    assert data is not None
    rows = data.blocks["subjects"].rows
    assert [row.key for row in rows] == ["all", "201", "20103", "2010350", "2010399"]
    assert [row.cells["code"].text for row in rows[1:]] == ["201", "20103", "2010350", "2010399"]
    assert [data.row_figure(row, "fiscal").value for row in rows[3:]] == [4, 5]
    assert [f.message for f in book.findings if f.rule in ("S3", "S8")] == []


@pytest.mark.parametrize(
    "typed", [("201", "5"), ("201", "", "50"), ("201", "20204"), ("201", "类款"), ("20103", "50"), ("201", "03", "5")]
)
def test_codes_that_do_not_fit_together_are_named(
    edition: Edition, filled: bytes, read_split: Callable[[Path], Book], tmp_path: Path, typed: tuple[str, ...]
) -> None:
    def write(code: str) -> tuple[str, ...]:
        return typed if code == "2010399" else pieces(code)

    path = workbook(edition, filled, lambda s: codes_apart(s, write), tmp_path / "填报.xlsx")
    book = read_split(path)
    data = book.sheet("income")
    assert data is not None
    assert [row.key for row in data.blocks["subjects"].rows] == ["all", "201", "20103", "2010350"]
    (found,) = [f for f in book.findings if f.severity is Severity.ERROR and f.rule in ("S3", "S8")]
    assert found.rule == "S8"
    assert found.cells[0].address == "A11"
    assert "合不成一个编码" in found.message
    assert "如 201、03、50" in found.fix


def test_a_table_pasted_with_one_column_of_codes_is_read(
    edition: Edition, read_split: Callable[[Path], Book], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As other forms print it: one column of codes, no 类, 款, 项."""
    whole = editions.load(edition.id)
    content = made_content(whole)
    path = tmp_path / "粘贴.xlsx"
    path.write_bytes(xlsx(pages(whole, content)))
    ours = read_split(path)
    monkeypatch.undo()
    theirs = read(path, whole.id)[1]
    assert [f.message for f in ours.findings] == [f.message for f in theirs.findings]
    for form in edition.tables:
        here, there = ours.sheet(form.id), theirs.sheet(form.id)
        assert here is not None
        assert there is not None
        assert {k: [r.key for r in b.rows] for k, b in here.blocks.items()} == {
            k: [r.key for r in b.rows] for k, b in there.blocks.items()
        }


@pytest.mark.parametrize("bare", [False, True])
def test_every_value_comes_back(
    edition: Edition, read_split: Callable[[Path], Book], tmp_path: Path, bare: bool
) -> None:
    content = made_content(edition)
    path = tmp_path / "填报.xlsx"
    path.write_bytes(xlsx(pages(edition, content)) if bare else build(edition, content))
    book = read_split(path)
    assert [f.message for f in book.findings] == []
    for form in edition.tables:
        data = book.sheet(form.id)
        assert data is not None
        for block in form.blocks:
            for given in content[form.id][block.key] if block.open is not None else ():
                row = data.blocks[block.key].by_key[given.get("_key") or given["code"]]
                for column in (c for c in block.columns if c.key in given and c.key in row.cells):
                    cell = row.cells[column.key]
                    assert (cell.text if cell.number is None else cell.number) == given[column.key], str(cell.ref)


def test_the_head_stands_as_published(edition: Edition) -> None:
    """类, 款, 项 beside the 栏次 line and the 合计 line, under one head."""
    cells, depth = table_head(edition.form("income"))
    assert depth == 3
    assert [(c.text, c.column, c.across, c.down) for c in cells if c.row == 1] == [
        ("功能分类科目编码", 0, 3, 1),
        ("科目名称", 3, 1, 1),
    ]
    last = [(c.text, c.column, c.down) for c in cells if c.row == 2]
    assert last[:4] == [("类", 0, 2), ("款", 1, 2), ("项", 2, 2), ("栏次", 3, 1)]
    assert [text for text, _, _ in last[4:]] == [str(n) for n in range(1, len(last) - 3)]


def test_the_word_table_reads_in_the_published_order(
    edition: Edition, read_split: Callable[[Path], Book], tmp_path: Path
) -> None:
    path = tmp_path / "填报.xlsx"
    path.write_bytes(build(edition, made_content(edition) | NUMBERS))
    disclosure, _ = compose(edition, read_split(path), draft=True)
    grid = next(b for s in disclosure.sections for b in s.blocks if isinstance(b, Grid) and b.id == "t.income.grid")
    lines = [[cell.text for cell in row] for row in grid.rows]
    assert lines[2][:6] == ["类", "款", "项", "栏次", "1", "2"]
    assert lines[3][:3] == ["合计", "9", "9"] or lines[3][:3] == ["合计", "9.00", "9.00"]
    assert lines[4][0] == "201"
    assert grid.rows[4][0].colspan == 3
    assert grid.head_rows == 4  # a name cannot reach out of what is repeated on every page
    assert all(sum(c.colspan for c in row) in (len(grid.widths), len(grid.widths) - 3) for row in grid.rows[3:])


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_the_sums_of_the_workbook_see_codes_piece_by_piece(edition: Edition, tmp_path: Path) -> None:
    from test_blank import _calculated

    content = {"income": {"subjects": [{k: v for k, v in row.items() if k == "code" or len(row["code"]) == 7}
                                       for row in NUMBERS["income"]["subjects"]]}}  # fmt: skip
    path = workbook(edition, build(edition, content), lambda s: codes_apart(s, pieces), tmp_path / "逐栏.xlsx")
    sheet = _calculated(path.read_bytes(), tmp_path)[edition.form("income").sheet]
    rows = {str(sheet.cell(row, 4).value): sheet.cell(row, 6).value for row in range(7, 12)}
    assert list(rows.values()) == [9, 9, 9, 4, 5]


def test_pieces_make_a_code_or_none() -> None:
    levels = (3, 5, 7)
    assert joined([(0, "201"), (1, "03")], levels) == "20103"
    assert joined([(0, "201"), (1, "20103"), (2, "2010350")], levels) == "2010350"
    assert joined([(1, "20103"), (2, "2010350")], levels) == "2010350"
    assert joined([(0, "201"), (2, "50")], levels) == ""
    assert joined([(1, "03"), (2, "50")], levels) == ""
    assert joined([(0, "2"), (1, "01"), (2, "50")], levels) == ""


def test_a_split_that_cannot_be_is_an_error_of_the_edition() -> None:
    data = {
        "id": "t",
        "sheet": "表",
        "title": "表",
        "blocks": [
            {
                "key": "b",
                "columns": [{"key": "code", "head": ["编码"], "kind": "code", "split": ["类", "款"]}],
                "open": {"by_code": [3, 5, 7]},
            }
        ],
    }
    with pytest.raises(EditionError, match=r"tables/x\.yaml: .*列 code 不能写 split"):
        form_of(Node(data, "tables/x.yaml"), "tables")
