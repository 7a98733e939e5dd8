"""The sheet 校验: what its formulas show, calculated by a spreadsheet, is what the checks say of the same workbook."""

from __future__ import annotations

import copy
import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from generator import editions
from generator.checks.formula import State
from generator.checks.live import live
from generator.checks.rule import Outcome, RuleResult, Sums
from generator.checks.rules import load
from generator.checks.run import evaluate
from generator.model.expression import Call, references
from generator.model.form import Role
from generator.model.livecheck import EVERY, LiveCheck, Over
from generator.workbook.blank import build
from generator.workbook.blank_checks import HELPER, SHEET
from generator.workbook.blank_trees import terms
from generator.workbook.read import read
from tests.support import load_source, names, raw_source

EDITION = editions.load("wuhan-final-2021")
CHECKS = live(EDITION)
NAMES = [name for name in names() if raw_source(name)[0] == EDITION.id]  # the others: test_every_edition
FIRST = 5  # the first line of the sheet
needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


@lru_cache(maxsize=4)
def sample(name: str) -> bytes:
    edition, content = load_source(name)
    return build(edition, content, checks=live(edition))


def shown(sheet: Worksheet) -> list[dict[str, object]]:
    """The lines of the sheet by the heads of its columns."""
    heads = [cell.value for cell in sheet[FIRST - 1]][:7]
    rows = sheet.iter_rows(min_row=FIRST, max_col=7, values_only=True)
    return [dict(zip(map(str, heads), row, strict=True)) for row in rows if row[0]]


# A workbook with something wrong in it -------------------------------------------------------------


Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Slip:
    """What is done to a filled workbook: sheet by form id, cell found by row key and column key."""

    form: str
    row: str
    column: str
    change: Change


def times(factor: float) -> Change:
    return lambda value: round(float(value or 0) * factor, 2)


def plus(amount: float) -> Change:
    return lambda value: round(float(value or 0) + amount, 6)


def to(new: object) -> Change:
    return lambda _: new


def whole(value: Any) -> object:
    return int(value)


@dataclass(frozen=True)
class Case:
    """``pasted``: the amounts of the official tables are values, as an export gives them; else sums are live."""

    pasted: bool
    slips: tuple[Slip, ...] = ()


CASES = {
    "clean": Case(pasted=False),
    "pasted": Case(
        pasted=True,
        slips=(
            Slip("totals", "gpb", "amount", times(10)),
            Slip("totals", "208", "amount", times(0)),  # a class in the wrong place
            Slip("totals", "205", "amount", plus(7)),
            Slip("expenditure", "last", "basic", plus(0.01)),
            Slip("income", "last", "fiscal", plus(0.02)),  # within the tail of shown sums
            Slip("three_public", "all", "final_running", times(-1)),
            Slip("expenditure", "last", "code", whole),  # codes typed as numbers are the same codes
            Slip("general", "last", "code", whole),
            Slip("unit", "staff_canogong", "value", plus(100000)),
            Slip("other", "micro", "value", plus(1e9)),
        ),
    ),
    "live sums": Case(
        pasted=False,
        slips=(
            Slip("general", "last", "project", times(-1)),
            Slip("income", "all", "total", to(None)),  # totals blanked
            Slip("general", "all", "basic", to(None)),
            Slip("fiscal", "gpb", "amount", to("待定")),
            Slip("expenditure", "last", "code", to("2299999")),  # a row moved to another class
        ),
    ),
}
Places = dict[str, dict[str, dict[str, tuple[int, int]]]]


@lru_cache(maxsize=4)
def places(name: str) -> Places:
    """Where the reader finds every cell of a sample: form id → row key → column key → (row, column)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.xlsx"
        path.write_bytes(sample(name))
        _, book = read(path)
    return {
        data.form.id: {
            key: {column: (cell.ref.row, cell.ref.column) for column, cell in row.cells.items()}
            for key, row in data.rows.items()
        }
        for data in book
    }


def broken(name: str, case: Case, path: Path) -> Path:
    """A sample with what the case does to it."""
    book = openpyxl.load_workbook(io.BytesIO(sample(name)))
    values = openpyxl.load_workbook(io.BytesIO(sample(name)), data_only=True)
    where = places(name)
    for form in EDITION.forms if case.pasted else ():
        for row in where[form.id].values() if form.role is Role.TABLE else ():
            for place in row.values():
                cell = book[form.sheet].cell(*place)
                if cell.data_type == "f":
                    value = values[form.sheet].cell(*place).value
                    cell.value = None if value == "" else value
    for slip in case.slips:
        sheet = EDITION.form(slip.form).sheet
        rows = where[slip.form]
        key = max(key for key in rows if key.isdigit()) if slip.row == "last" else slip.row
        place = rows[key][slip.column]
        book[sheet].cell(*place).value = slip.change(values[sheet].cell(*place).value)
    book.save(path)
    return path


def calculated(paths: list[Path], folder: Path) -> list[Path]:
    """The workbooks as LibreOffice calculates them."""
    command = ["soffice", f"-env:UserInstallation={(folder / 'lo').as_uri()}", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out"), *map(str, paths)]
    subprocess.run(command, check=True, timeout=600, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return [folder / "out" / path.name for path in paths]


# What the checks say -------------------------------------------------------------------------------


def about(check: LiveCheck, result: RuleResult) -> bool:
    """Is the result one that the line stands for?"""
    if result.rule.id != check.rule or result.left is None or result.right is None:
        return False
    operator = result.check.formula.operator if result.check.formula is not None else "="
    if operator != check.formula.operator:
        return False
    left = [(o.form, o.row, o.column) for _, o in result.left.terms]
    right = [(o.form, o.row, o.column) for _, o in result.right.terms]
    if any(isinstance(term, Call) and term.name == "children" for _, term in terms(check.formula.right, 1)):
        return result.how is Sums.CHILDREN and _fits(check, check.formula.left, left)
    if (result.how is Sums.CHILDREN) and check.over is not Over.ONE:
        return False
    return _fits(check, check.formula.left, left) and _fits(check, check.formula.right, right)


def _fits(check: LiveCheck, tree: object, found: list[tuple[str, str, str]]) -> bool:
    wanted = [ref.parts for ref in references(tree) if len(ref.parts) == 3]  # type: ignore[arg-type]
    if any(parts[1] == EVERY for parts in wanted):
        return {(f[0], f[2]) for f in found} <= {(p[0], p[2]) for p in wanted}  # the list may be empty
    fixed = {row.key for block in EDITION.form(wanted[0][0]).blocks for row in block.rows} if wanted else set()
    if len(wanted) != len(found):
        return False
    if check.over is Over.CODES and any("{" in w[1] and not f[1].isdigit() for w, f in zip(wanted, found, strict=True)):
        return False
    return all(
        w[0] == f[0] and w[2] == f[2] and _same_row(check, w[1], f[1], fixed)
        for w, f in zip(wanted, found, strict=True)
    )


def _same_row(check: LiveCheck, wanted: str, found: str, fixed: set[str]) -> bool:
    return wanted == found or ("{" in wanted and not (check.over is Over.PARENTS and found in fixed))


def expected(results: list[RuleResult]) -> set[str]:
    """The verdicts that agree with the outcomes in all places of a line."""
    outcomes = {result.outcome for result in results}
    if Outcome.BROKEN in outcomes:
        return {"不符"}
    unclear = [result for result in results if result.outcome is Outcome.UNANSWERABLE]
    if unclear:
        blank = all(o.state is State.BLANK for result in unclear for o in result.blame)
        return {"不符"} if blank else {"无法核对", "不符"}
    if Outcome.HOLDS in outcomes:
        sides = [side for result in results for side in (result.left, result.right) if side is not None]
        if not any(side.value for side in sides):
            return {"未填", "通过"}  # nothing against nothing: zeros that nobody may have typed
        return {"尾差"} if any(result.tail for result in results) else {"通过"}
    return {"未填", "不适用"}


def disagreements(path: Path) -> list[str]:
    """Lines of the sheet as stored in the workbook that say something else than the checks."""
    edition, book = read(path)
    results = evaluate(edition, book)
    lines = shown(openpyxl.load_workbook(path, data_only=True)[SHEET])
    assert len(lines) == len(CHECKS)
    wrong = []
    for check, line in zip(CHECKS, lines, strict=True):
        found = [result for result in results if about(check, result)]
        wanted = expected(found)
        if line["结果"] not in wanted:
            wrong.append(f"{check.rule} {check.text}: {line['结果']}, not {wanted} ({len(found)} results)")
    return wrong


@needs_office
@pytest.mark.parametrize("name", NAMES)
def test_every_line_says_what_the_checks_say(name: str, tmp_path: Path) -> None:
    paths = [broken(name, case, tmp_path / f"{number}.xlsx") for number, case in enumerate(CASES.values())]
    made = calculated(paths, tmp_path)
    assert {case: disagreements(path) for case, path in zip(CASES, made, strict=True)} == {case: [] for case in CASES}
    verdicts = [{line["结果"] for line in shown(_book(path)[SHEET])} for path in made]
    assert "不符" not in verdicts[0]
    assert all({"通过", "不符"} <= found for found in verdicts[1:])
    assert "无法核对" in verdicts[-1]


@needs_office
@pytest.mark.parametrize("name", NAMES)
def test_stored_values_are_what_a_spreadsheet_calculates(name: str, tmp_path: Path) -> None:
    """All sheets: what openpyxl saves has no stored values, so everything is calculated."""
    (path,) = calculated([broken(name, Case(pasted=False), tmp_path / "in.xlsx")], tmp_path)
    theirs, ours = _book(path), openpyxl.load_workbook(io.BytesIO(sample(name)), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(sample(name)))
    wrong = []
    for sheet in formulas:
        cells = (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f")
        for cell in cells:
            if sheet.title == HELPER and isinstance(cell.value, ArrayFormula):
                continue  # codes in one shape: the program fills them in
            mine, other = ours[sheet.title][cell.coordinate].value, theirs[sheet.title][cell.coordinate].value
            near = isinstance(mine, (int, float)) and other == pytest.approx(mine, rel=1e-12, abs=1e-7)
            if not near and (mine or "") != (other or ""):
                wrong.append(f"{sheet.title}!{cell.coordinate}: {mine!r}, calculated {other!r}")
    assert wrong == []


# Without a spreadsheet: the values stored in what is handed out ------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_handed_out_with_the_right_verdicts(name: str, tmp_path: Path) -> None:
    path = tmp_path / "sample.xlsx"
    path.write_bytes(sample(name))
    assert disagreements(path) == []
    found = [line["结果"] for line in shown(_book(path)[SHEET])]
    assert found.count("通过") > 60
    assert "不符" not in found
    assert str(_book(path)[SHEET]["A2"].value).startswith(f"共 {len(CHECKS)} 项，通过 ")


@pytest.mark.parametrize(
    ("form", "block", "row", "column", "by"),
    [
        ("totals", "income", "gpb", "amount", Decimal("0.07")),
        ("totals", "expenditure", "208", "amount", Decimal(12)),
        ("expenditure", "subjects", 2, "project", Decimal("0.1")),
        ("fiscal", "income", "opening_gpb", "amount", Decimal(-3)),
        ("three_public", "all", "all", "final_reception", Decimal(900)),
    ],
)
def test_content_with_an_error_is_handed_out_with_the_right_verdicts(
    form: str, block: str, row: str | int, column: str, by: Decimal, tmp_path: Path
) -> None:
    name = NAMES[0]
    edition, content = load_source(name)
    content = copy.deepcopy(content)
    blocks = content[form]
    block = block if block in blocks else next(iter(blocks))
    rows = blocks[block]
    if isinstance(row, int):
        chosen = [r for r in rows if len(str(r.get("code", ""))) == max(len(str(q.get("code", ""))) for q in rows)][row]
    else:
        chosen = rows[row] if isinstance(rows, dict) else next(r for r in rows if r.get("_key") == row)
    chosen[column] = Decimal(str(chosen.get(column, 0))) + by * 10000
    path = tmp_path / "sample.xlsx"
    path.write_bytes(build(edition, content, checks=CHECKS))
    assert disagreements(path) == []
    assert "不符" in {line["结果"] for line in shown(_book(path)[SHEET])}


def test_a_blank_workbook_has_nothing_to_pass(tmp_path: Path) -> None:
    path = tmp_path / "blank.xlsx"
    path.write_bytes(build(EDITION, checks=CHECKS))
    assert disagreements(path) == []
    book = _book(path)
    assert book.sheetnames[1] == SHEET
    assert book[HELPER].sheet_state == "hidden"
    assert {line["结果"] for line in shown(book[SHEET])} <= {"未填", "不适用"}
    assert {SHEET, HELPER} <= set(read(path)[1].ignored_sheets)


def test_every_relation_of_the_catalogue_has_its_line() -> None:
    """Left out are coded rules and those about sheets of which there are several."""
    single = {form.id for form in EDITION.forms if form.role is not Role.PERFORMANCE and not form.repeat}
    wanted = {
        rule.id
        for rule in load(EDITION)
        for check in rule.checks
        if (
            check.formula is not None
            and {ref.parts[0] for ref in references(check.formula) if len(ref.parts) == 3} <= single
        )
        or (check.implied and {scope.form for scope in check.scope} & single)
    }
    assert wanted == {check.rule for check in CHECKS}
    assert len({check.text + check.formula.operator for check in CHECKS}) == len(CHECKS)


def test_lines_lead_to_their_sheets_and_hold_no_new_functions() -> None:
    book = openpyxl.load_workbook(io.BytesIO(sample(NAMES[0])))
    sheet = book[SHEET]
    for row in range(FIRST, FIRST + len(CHECKS)):
        target = sheet.cell(row, 1).hyperlink.location
        name, _, place = target.rpartition("!")
        assert re.fullmatch("[A-Z]+[0-9]+", place)
        assert name.strip("'").replace("''", "'") in book.sheetnames
    formulas = [c.value for made in (sheet, book[HELPER]) for r in made.iter_rows() for c in r if c.data_type == "f"]
    used = {name for f in formulas for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", getattr(f, "text", None) or str(f))}
    assert used <= {
        "ABS", "AND", "COUNT", "COUNTA", "COUNTIF", "COUNTIFS", "IF", "IFERROR", "INDEX", "ISNUMBER", "LEFT", "LEN",
        "MATCH", "MAX", "N", "NOT", "ROUND", "SUM", "SUMIF", "SUMPRODUCT", "TRIM", "VALUE",
    }  # fmt: skip


def test_a_workbook_without_checks_has_no_such_sheet() -> None:
    book = openpyxl.load_workbook(io.BytesIO(build(EDITION)))
    assert not {SHEET, HELPER} & set(book.sheetnames)


def _book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path, data_only=True)
