"""Several editions at hand: a workbook is read by its own, and a cell, a year or a pasted table that says otherwise
is told with the cell, both editions and what to do."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from generator import editions
from generator.bureau.letter import advice
from generator.checks.run import run
from generator.commands import cli
from generator.editions import Edition
from generator.model.book import Book
from generator.model.finding import Finding, Severity
from generator.workbook import cells
from generator.workbook.blank import build
from generator.workbook.read import read

from altered import alter  # isort: skip
from made_content import made_content  # isort: skip

IDS = editions.ids()
PAIRS = [(a, b) for a in IDS for b in IDS if a != b]


@lru_cache(maxsize=8)
def filled(edition_id: str) -> bytes:
    return build(editions.load(edition_id), made_content(editions.load(edition_id), open_rows=2))


@lru_cache(maxsize=16)
def place(edition_id: str, row: str) -> str:
    """Where the unit sheet holds the edition or the year."""
    edition = editions.load(edition_id)
    form = edition.form("unit")
    label = next(r.label for b in form.blocks for r in b.rows if r.key == row)
    sheet = openpyxl.load_workbook(io.BytesIO(filled(edition_id)), read_only=True)[form.sheet]
    for line in sheet.iter_rows(max_col=1):
        if line and line[0].value == label:
            return f"{form.sheet}!B{line[0].row}"
    raise AssertionError(label)


def changed(folder: Path, edition_id: str, **cells: Any) -> Path:
    source = folder / "原.xlsx"
    source.write_bytes(filled(edition_id))
    return alter(source, folder / "填报.xlsx", {place(edition_id, row): value for row, value in cells.items()})


def errors(book: Book) -> list[Finding]:
    return [f for f in book.findings if f.severity is Severity.ERROR]


@pytest.mark.parametrize("edition_id", IDS)
def test_a_workbook_is_read_by_its_own_edition(edition_id: str, tmp_path: Path) -> None:
    edition, book = read(changed(tmp_path, edition_id))
    assert edition.id == edition_id
    assert errors(book) == []


@pytest.mark.parametrize("edition_id", IDS)
@pytest.mark.parametrize("saved", ["by the tool", "by Excel"])
def test_a_workbook_that_names_its_edition_asks_no_other(
    edition_id: str, saved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither loads nor tries other editions, and reads each sheet once."""
    path = tmp_path / "填报.xlsx"
    path.write_bytes(filled(edition_id))
    if saved == "by Excel":  # texts in a list of their own
        openpyxl.load_workbook(path).save(path)
    asked: list[str] = []
    listed: list[int] = []
    sheets: list[str] = []
    load, ids, read_sheet = editions.Library.load, editions.Library.ids, cells.read_sheet
    monkeypatch.setattr(editions.Library, "load", lambda self, name: (asked.append(name), load(self, name))[1])
    monkeypatch.setattr(editions.Library, "ids", lambda self: (listed.append(1), ids(self))[1])
    monkeypatch.setattr(cells, "read_sheet", lambda *a: (sheets.append(a[1]), read_sheet(*a))[1])
    edition, _ = read(path, library=editions.Library())
    assert edition.id == edition_id
    assert set(asked) == {edition_id}
    assert len(listed) == 1
    assert len(sheets) == len(set(sheets))


@pytest.mark.parametrize("edition_id", IDS)
@pytest.mark.parametrize("year", ["own", "none"])
def test_without_its_name_the_tables_tell(edition_id: str, year: str, tmp_path: Path) -> None:
    cells: dict[str, Any] = {"edition": None} | ({"year": None} if year == "none" else {})
    edition, book = read(changed(tmp_path, edition_id, **cells))
    assert edition.id == edition_id
    assert all("年度" in f.message for f in errors(book))  # a blank year is told, nothing else


@pytest.mark.parametrize("edition_id", IDS)
def test_an_unknown_name_is_told_and_the_tables_tell(edition_id: str, tmp_path: Path) -> None:
    edition, book = read(changed(tmp_path, edition_id, edition="wuhan-final-xxxx"))
    assert edition.id == edition_id
    (found,) = [f for f in book.findings if "版式" in f.message]
    assert place(edition_id, "edition") in found.message
    assert found.severity is Severity.ERROR  # it may have been made with editions in another folder
    assert "--templates 文件夹" in found.fix
    assert "没有这个版式" in found.message
    assert edition_id in found.fix


@pytest.mark.parametrize(("edition_id", "named"), PAIRS)
def test_another_edition_in_the_cell_alone_leads_to_no_nonsense(edition_id: str, named: str, tmp_path: Path) -> None:
    edition, book = read(changed(tmp_path, edition_id, edition=named))
    assert edition.id == edition_id
    (found,) = errors(book)
    assert found.rule == "S10"
    assert place(edition_id, "edition") in found.message
    for one in map(editions.load, (edition_id, named)):
        assert one.id in found.message
        assert one.name in found.message
    assert f"改为 {edition_id}" in found.fix
    assert f"gongkai new --edition {named}" in found.fix
    assert str(found.cells[0]) == place(edition_id, "edition")
    assert len(found.cells) > 1  # cells that show it


@pytest.mark.parametrize(("edition_id", "forced"), PAIRS)
def test_an_edition_forced_on_another_layout_is_told(edition_id: str, forced: str, tmp_path: Path) -> None:
    edition, book = read(changed(tmp_path, edition_id), forced)
    assert edition.id == forced
    first = book.findings[0]
    assert first.severity is Severity.ERROR
    assert "--edition" in first.message
    assert edition_id in first.message
    assert forced in first.message
    assert any(f.severity is Severity.ERROR for f in run(edition, book))  # nothing is published from it


def _years(edition: Edition) -> Iterator[tuple[int, str]]:
    """A year that another edition of the kind serves and this one does not."""
    for other in map(editions.load, IDS):
        if other.kind == edition.kind and not set(other.years) & set(edition.years):
            yield other.years[-1], other.id


FOREIGN_YEARS = [(i, year, other) for i in IDS for year, other in _years(editions.load(i))]


@pytest.mark.parametrize(("edition_id", "year", "serves"), FOREIGN_YEARS)
def test_a_year_of_another_edition_names_both_and_the_way_out(
    edition_id: str, year: int, serves: str, tmp_path: Path
) -> None:
    edition, book = read(changed(tmp_path, edition_id, year=year))
    assert edition.id == edition_id
    found = next(f for f in errors(book) if place(edition_id, "year") in f.message)
    assert str(year) in found.message
    assert edition_id in found.message
    assert serves in found.fix
    assert f"gongkai new --year {year}" in found.fix
    returned = advice(found.fix)  # as the bureau's letter says it to an accountant
    assert [words for words in ("填错的改正该格", serves, "空白工作簿填报") if words not in returned] == []
    assert "--" not in returned
    assert "批量" not in returned


@pytest.mark.parametrize(("edition_id", "year", "serves"), FOREIGN_YEARS[:2])
def test_titles_of_another_year_name_the_cells_and_the_edition_of_that_year(
    edition_id: str, year: int, serves: str, tmp_path: Path
) -> None:
    """A table pasted with its title from a disclosure of that year."""
    edition = editions.load(edition_id)
    form = edition.tables[1]
    title = form.title.replace("{year}", str(year)).replace("{unit}", "某单位")
    path = tmp_path / "填报.xlsx"
    path.write_bytes(filled(edition_id))
    _, book = read(alter(path, tmp_path / "改.xlsx", {f"{form.sheet}!A1": title}))
    (found,) = [f for f in book.findings if f.rule == "S10"]
    assert f"{form.sheet}!A1" in found.message
    assert f"{year} 年度" in found.message
    assert serves in found.fix


@pytest.mark.parametrize(("edition_id", "named"), [p for p in PAIRS if p[0] == IDS[-1]])
def test_a_whole_change_of_name_and_year_by_hand_is_told_once_each(edition_id: str, named: str, tmp_path: Path) -> None:
    """Last year's workbook with the cells of the edition and the year typed over."""
    year = editions.load(named).years[0]
    _, book = read(changed(tmp_path, edition_id, edition=named, year=year))
    said = errors(book)
    assert place(edition_id, "edition") in said[0].message
    assert len(said) == (1 if year in editions.load(edition_id).years else 2)


def test_an_edition_from_elsewhere_is_asked_for_again(tmp_path: Path) -> None:
    """Made with --templates, checked without: nothing is checked by a form that it was not made for in silence."""
    root, name = tmp_path / "我的 版式", "our-own-form"
    (root / name).mkdir(parents=True)
    text = editions.load(IDS[0]).find("edition.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("id:", "extends:"))]
    (root / name / "edition.yaml").write_text(
        "\n".join([f"id: {name}", f"extends: {IDS[0]}", *lines]), encoding="utf-8"
    )
    output = tmp_path / "试填.xlsx"
    made = CliRunner().invoke(
        cli.gongkai, ["new", "--edition", name, "-o", str(output), "--templates", str(root)], catch_exceptions=False
    )
    assert f'generate {output} --templates "{root}"' in made.output
    _, book = read(output)
    (found,) = [f for f in book.findings if name in f.message]
    assert found.severity is Severity.ERROR
    assert "GONGKAI_TEMPLATES" in found.fix
