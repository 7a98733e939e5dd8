"""导入报表软件导出的公开表：各种版面都认得出，没有认出的逐条说明，不作任何没有说明的折算。"""

from __future__ import annotations

import json
import tempfile
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import xlrd
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.checks.live import live
from generator.commands.cli import gongkai
from generator.editions import Edition
from generator.exchange import spreadsheets
from generator.exchange.recognise import recognise
from generator.exchange.source import Source
from generator.exchange.tables import UNITS, Imported, put_in
from generator.model.book import WAN
from generator.model.finding import Refusal
from generator.workbook.blank import build
from generator.workbook.cells import Raw, Sheet
from generator.workbook.read import read

from exported import Grid, Layout, amounts, grids_of, laid_out, write  # isort: skip
from support import load_source  # isort: skip

NAMES = ("sample-2021", "hanyang-2019", "qiaokou-2024", "hongshan-budget-2021")


@lru_cache(maxsize=8)
def origin(name: str) -> tuple[Edition, Source, list[Grid], bytes]:
    """The edition, the sample as read, its tables, and a workbook of the same unit with everything else filled in."""
    edition, content = load_source(name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "样本.xlsx"
        whole = build(edition, content)
        path.write_bytes(whole)
        source = Source(*read(path))
    rest = {form: value for form, value in content.items() if form not in {f.id for f in edition.tables}}
    return edition, source, grids_of(edition, whole), build(edition, rest)


def export(name: str, layout: Layout, folder: Path) -> list[Path]:
    edition, source, tables, _ = origin(name)
    now = source.book.unit_of_amount
    factor = {("万元", True): Decimal(10000), ("元", False): Decimal("0.0001")}.get((now, layout.yuan), Decimal(1))
    made = []
    for table in tables:
        grid = laid_out(table, layout, now == "元")
        amounts(grid, edition, factor, layout.texts)
        made.append(grid)
    return write(made, folder, layout)


def imported(name: str, layout: Layout, folder: Path, unit: str = "") -> tuple[Source, Imported]:
    edition, _, _, blank = origin(name)
    path = folder / "工作簿.xlsx"
    path.write_bytes(blank)
    made = put_in(Source(*read(path)), [spreadsheets.load(p) for p in export(name, layout, folder)], unit)
    out = folder / "新.xlsx"
    out.write_bytes(build(edition, made.content))
    return Source(*read(out)), made


def figures(source: Source) -> dict[tuple[str, str, str], Decimal]:
    return {
        (data.form.id, row.key, column): round(data.row_figure(row, column).value, 6)
        for data in source.book
        if data.form.id in {f.id for f in source.edition.tables}
        for block in data.blocks.values()
        for row in block.rows
        for column, cell in row.cells.items()
        if cell.number
    }


def rest(source: Source) -> dict[Any, str]:
    tables = {f.id for f in source.edition.tables}
    return {
        (data.form.id, key, n, column): cell.text
        for data in source.book
        if data.form.id not in tables
        for key, block in data.blocks.items()
        for n, row in enumerate(block.rows)
        for column, cell in row.cells.items()
        if not cell.formula and cell.number is None
    }


layouts = st.builds(
    Layout,
    blank_rows=st.lists(st.sampled_from([0, 1, 2, 4, 6, 7]), max_size=3, unique=True).map(tuple),
    blank_columns=st.lists(st.sampled_from([1, 2, 3, 4]), max_size=2, unique=True).map(tuple),
    rows_above=st.integers(0, 3),
    spaced=st.booleans(),
    yuan=st.booleans(),
    titled=st.booleans(),
    split_codes=st.booleans(),
    texts=st.booleans(),
    merged=st.booleans(),
    old=st.booleans(),
    single_file=st.booleans(),
    sheet_names=st.just(True),
)


@lru_cache(maxsize=8)
def blank(name: str) -> Source:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "工作簿.xlsx"
        path.write_bytes(origin(name)[3])
        return Source(*read(path))


def taken(made: Imported) -> dict[tuple[str, str, str], Decimal]:
    """In 万元, what ``figures`` gives once it is written and read."""
    return {
        (table.form.id, row.key, column): round(cell.number * UNITS[table.unit] / WAN, 6)
        for table in made.tables
        for block in table.data.blocks.values()
        for row in block.rows
        for column, cell in row.cells.items()
        if cell.number
    }


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(NAMES), layout=layouts)
def test_any_layout_gives_the_same_figures(name: str, layout: Layout) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = put_in(blank(name), [spreadsheets.load(p) for p in export(name, layout, Path(folder))])
        assert len(made.tables) == len(blank(name).edition.tables), made.missed
        assert taken(made) == figures(origin(name)[1])
        assert made.missed == []


_WORDS = ("财政拨款", "决算", "明细", "总", "一般公共预算", "政府性基金", "支出", "预算", "国有资本经营", "部门")


@pytest.mark.parametrize("name", NAMES)
def test_a_title_with_words_missing_is_never_taken_for_another_table(name: str) -> None:
    """“一般公共预算支出决算表” holds the name of 支出决算表 and is not it."""
    edition, _, tables, _ = origin(name)
    known = 0
    for grid in tables:
        title = grid.cells[1, 1]
        for word in (word for word in _WORDS if word in title):
            sheet = Sheet("Sheet1")
            for (row, column), value in sorted({**grid.cells, (1, 1): title.replace(word, "", 1)}.items()):
                kind = "t" if isinstance(value, str) else "n"
                sheet.rows.setdefault(row, {})[column] = Raw(kind, str(value), "", False)
            fit = recognise(edition, sheet, "导出", True)
            assert fit is None or fit.form.id == grid.form, (title, word)
            known += fit is not None
    assert known > 15


def test_the_row_of_column_numbers_is_no_amount(tmp_path: Path) -> None:
    """Nor where the head lacks one of the form's columns."""
    _, _, tables, blank_book = origin("sample-2021")
    grid = laid_out(next(t for t in tables if t.form == "three_public"), Layout(), True)
    place = next(p for p, v in grid.cells.items() if v == "公务用车购置费")
    grid.cells[place] = "购车费"
    (tmp_path / "工作簿.xlsx").write_bytes(blank_book)
    files = [spreadsheets.load(p) for p in write([grid], tmp_path, Layout())]
    made = put_in(Source(*read(tmp_path / "工作簿.xlsx")), files)
    wanted = origin("sample-2021")[1].book
    for column in ("budget_total", "final_total", "final_reception"):
        assert taken(made)["three_public", "all", column] == wanted.figure("three_public", "all", column).value
    assert any("公务用车购置费" in line for line in made.missed)


@pytest.mark.parametrize("name", NAMES)
def test_everything_else_stays(name: str, tmp_path: Path) -> None:
    new, made = imported(name, Layout(), tmp_path)
    old = Source(*read(tmp_path / "工作簿.xlsx"))
    assert made.missed == []
    assert rest(new) == rest(old)


def test_amounts_are_converted_only_in_words(tmp_path: Path) -> None:
    new, made = imported("qiaokou-2024", Layout(yuan=True), tmp_path)
    assert figures(new) == figures(origin("qiaokou-2024")[1])
    assert new.book.unit_of_amount == "万元"
    assert sum("由元折算为万元（没有四舍五入）" in line for line in made.done) == 9


def test_an_empty_workbook_takes_the_unit_of_the_tables(tmp_path: Path) -> None:
    edition, source, _, _ = origin("qiaokou-2024")
    path = tmp_path / "空白.xlsx"
    path.write_bytes(build(edition, year=2024))
    files = [spreadsheets.load(p) for p in export("qiaokou-2024", Layout(yuan=True), tmp_path)]
    made = put_in(Source(*read(path)), files)
    path.write_bytes(build(edition, made.content))
    new = Source(*read(path))
    assert new.book.unit_of_amount == "元"
    assert "金额单位改为“元”" in made.done[0]
    assert figures(new) == figures(source)


def test_nobody_guesses_the_unit(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="没有写明金额单位"):
        imported("sample-2021", Layout(silent=True), tmp_path)
    new, made = imported("sample-2021", Layout(silent=True), tmp_path, unit="元")
    assert figures(new) == figures(origin("sample-2021")[1])
    assert any("按--unit 写明的“元”" in line for line in made.noted)


def broken(layout: Layout, change: Any, folder: Path) -> Imported:
    edition, _, tables, blank = origin("sample-2021")
    grid = laid_out(tables[0], layout, True)
    amounts(grid, edition, Decimal(1), False)
    change(grid)
    (folder / "工作簿.xlsx").write_bytes(blank)
    files = [spreadsheets.load(p) for p in write([grid], folder, layout)]
    return put_in(Source(*read(folder / "工作簿.xlsx")), files)


@pytest.mark.parametrize("old", [False, True])
def test_error_cells_are_no_blanks(old: bool, tmp_path: Path) -> None:
    def change(grid: Grid) -> None:
        place = next(p for p, v in grid.cells.items() if isinstance(v, float))
        grid.cells[place] = "#DIV/0!"

    made = broken(Layout(old=old), change, tmp_path)
    assert any("#DIV/0!" in line and "01收入支出决算总表!" in line for line in made.missed)


@pytest.mark.parametrize("old", [False, True])
def test_what_fits_nowhere_is_named(old: bool, tmp_path: Path) -> None:
    def change(grid: Grid) -> None:
        bottom = max(row for row, _ in grid.cells) + 1
        grid.cells[bottom, 1] = "九、没有这一项"
        grid.cells[bottom, 3] = 77.5

    made = broken(Layout(old=old), change, tmp_path)
    assert any("77.5" in line and "C" in line for line in made.missed)


def test_other_sheets_and_second_copies_are_told(tmp_path: Path) -> None:
    edition, _, tables, blank = origin("sample-2021")
    grid = laid_out(tables[0], Layout(), True)
    other = Grid("通讯录", {(1, 1): "科室", (2, 1): "办公室"}, [], (1, 1))
    twice = laid_out(tables[0], Layout(), True)
    twice.name = "收入支出决算总表副本"
    (tmp_path / "工作簿.xlsx").write_bytes(blank)
    files = [spreadsheets.load(p) for p in write([grid, other, twice], tmp_path, Layout())]
    made = put_in(Source(*read(tmp_path / "工作簿.xlsx")), files)
    assert [table.form.id for table in made.tables] == ["totals"]
    assert any("通讯录" in line and "没有认出" in line for line in made.missed)
    assert any("副本" in line and "已用" in line for line in made.missed)
    assert any("仍为工作簿原有内容" in line for line in made.noted)
    assert edition.tables


def test_another_year_is_told(tmp_path: Path) -> None:
    def change(grid: Grid) -> None:
        grid.cells = {p: v.replace("2021", "2020") if isinstance(v, str) else v for p, v in grid.cells.items()}

    assert any("2020 年度" in line for line in broken(Layout(), change, tmp_path).missed)


@pytest.mark.parametrize("data", [b"", b"not a workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_other_files_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "坏.xls").write_bytes(data)
    with pytest.raises(Refusal, match=r"坏\.xls"):
        spreadsheets.load(tmp_path / "坏.xls")


def test_a_name_of_old_times_that_cant_be_worked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel opens such a file; it is not called damaged."""

    def open_workbook(**_: object) -> None:
        raise xlrd.formula.FormulaError("ERROR *** Token 0x2d (AreaN) found in NAME formula")

    monkeypatch.setattr(xlrd, "open_workbook", open_workbook)
    (tmp_path / "旧.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(Refusal, match=r"旧\.xls.*名称公式") as caught:
        spreadsheets.load(tmp_path / "旧.xls")
    assert "另存为 .xlsx" in caught.value.fix


def test_the_command(tmp_path: Path) -> None:
    files = export("sample-2021", Layout(old=True, single_file=False), tmp_path)
    into, out = tmp_path / "工作簿.xlsx", tmp_path / "新.xlsx"
    edition = origin("sample-2021")[0]
    rest = {form: v for form, v in load_source("sample-2021")[1].items() if form not in {f.id for f in edition.tables}}
    into.write_bytes(build(edition, rest, checks=live(edition)))
    before = [path.read_bytes() for path in (into, *files)]
    arguments = ["import", *map(str, files), "--into", str(into), "-o", str(out)]
    done = CliRunner().invoke(gongkai, arguments)
    assert done.exit_code == 0, done.output
    assert "导入 9 张表" in done.output
    assert "自行增加的工作表" not in done.output  # its own hidden sheets are no additions
    assert [path.read_bytes() for path in (into, *files)] == before
    assert figures(Source(*read(out))) == figures(origin("sample-2021")[1])
    assert CliRunner().invoke(gongkai, arguments).exit_code == 2
    told = CliRunner().invoke(gongkai, [*arguments, "--force", "--format", "json"])
    assert len(json.loads(told.stdout)["tables"]) == 9
