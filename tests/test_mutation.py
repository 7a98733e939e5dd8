"""Slips of the fingers against the checks: a seeded sample of mutation.py; `python tests/mutation.py --all` has all.

One test overwrites a cell of a real file and has LibreOffice recalculate it.
"""

from __future__ import annotations

import shutil
import subprocess
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from statistics import median

import pytest
from mutation import INVENTED, Bench, Result, benches, slips, trials
from support import sample

from generator import editions
from generator.checks.run import run
from generator.model.cell import CellKind
from generator.model.finding import Severity
from generator.workbook.read import read

STEP = {"pasted": 90, "live": 40, "over": 150}


@lru_cache(maxsize=1)
def workbooks() -> tuple[Bench, ...]:
    return tuple(benches())


@lru_cache(maxsize=3)
def results(mode: str) -> tuple[Result, ...]:
    return tuple(r for n, bench in enumerate(workbooks()) for r in trials(bench, mode, STEP[mode], seed=n))


def share(found: list[bool]) -> float:
    assert len(found) > 20
    return sum(found) / len(found)


def test_the_workbooks_are_sound_before_anything_is_altered() -> None:
    assert len(workbooks()) >= 3
    for bench in workbooks():
        for book in (bench.book, bench.living):
            assert [f.message for f in run(bench.edition, book) if f.severity is Severity.ERROR] == []


@pytest.mark.parametrize("mode", list(STEP))
def test_a_text_in_an_amount_is_always_caught_and_named(mode: str) -> None:
    found = [r for r in results(mode) if r.kind == "text"]
    assert [r.cell for r in found if not r.caught or r.place > 2] == []


@pytest.mark.parametrize("mode", list(STEP))
def test_a_wrong_amount_is_caught(mode: str) -> None:
    """Cells that only have a limit are counted apart: a slip inside the limit contradicts nothing."""
    found = [r for r in results(mode) if r.kind != "text" and not r.limited]
    first = {bench.name for bench in workbooks() if bench.edition.id == INVENTED}
    assert share([r.caught for r in found if r.large and r.book in first]) >= 0.99
    assert share([r.caught for r in found if not r.within]) >= 0.97


@pytest.mark.parametrize("mode", ["pasted", "live"])
def test_in_the_tables_of_other_editions_too(mode: str) -> None:
    """Not in their performance forms, where some numbers are data without a second place."""
    others = {bench.name for bench in workbooks() if bench.edition.id != INVENTED}
    assert len(others) >= len(editions.ids()) - 1
    found = [r for r in results(mode) if r.book in others and r.kind != "text" and not r.limited]
    assert share([r.caught for r in found if not r.within and r.table[:1].isdigit()]) >= 0.97


def test_with_pasted_sums_the_cell_is_named_first() -> None:
    found = [r for r in results("pasted") if r.caught]
    assert share([r.place == 1 for r in found if r.table[:2] <= "05"]) >= 0.95
    assert share([r.place <= 2 for r in found]) >= 0.99
    assert median(r.named for r in found) <= 4


def test_behind_living_sums_the_cell_is_named_first() -> None:
    found = [r for r in results("live") if r.caught]
    assert share([r.place <= 2 for r in found]) >= 0.97
    assert share([r.place == 1 for r in found]) >= 0.70


def test_an_overwritten_formula_is_named_first() -> None:
    found = [r for r in results("over") if r.caught]
    assert share([r.place <= 2 for r in found]) >= 0.97


@pytest.mark.skipif(shutil.which("soffice") is None, reason="没有 LibreOffice")
def test_in_a_file_that_libreoffice_recalculated(tmp_path: Path) -> None:
    """Three slips in one living workbook, far from each other: recalculated, read, and each named first."""
    openpyxl = pytest.importorskip("openpyxl")
    (tmp_path / "clean").mkdir()
    source = sample("sample-2021", tmp_path / "clean")
    edition, before = read(source)
    wheres = (("fiscal", "205", "gpb"), ("totals", "208", "amount"), ("general", "2101102", "basic"))
    cells = [before.sheet(form).cell(row, column) for form, row, column in wheres]  # type: ignore[union-attr]
    file = openpyxl.load_workbook(source)
    for cell in cells:
        assert cell is not None
        assert cell.number is not None
        assert not cell.formula
        file[cell.ref.sheet][cell.ref.address] = float(cell.number * Decimal("1.37"))
    slipped = tmp_path / "slipped.xlsx"
    file.save(slipped)  # openpyxl drops the stored results: LibreOffice has to calculate them
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(tmp_path / "out"),
        str(slipped),
    ]
    subprocess.run(command, check=True, timeout=180, capture_output=True)
    _, book = read(tmp_path / "out" / "slipped.xlsx")
    found = [f for f in run(edition, book) if f.severity is Severity.ERROR]
    assert {f.cells[0] for f in found} == {cell.ref for cell in cells if cell is not None}
    assert all(f.tied == 1 for f in found)


def test_slips_change_something() -> None:
    bench = workbooks()[0]
    for cell in bench.numbers("pasted")[::40]:
        for slip in slips(bench, cell):
            assert slip.cell.kind is not CellKind.NUMBER or slip.cell.number != cell.number
