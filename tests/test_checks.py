"""Every rule on readable cases, the rule files against the forms, published figures, and growth with rows."""

from __future__ import annotations

import cProfile
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from book_builder import MISSING, make_book, sample_book

from generator import editions
from generator.checks import rules
from generator.checks.formula import Reads
from generator.checks.implied import Implied
from generator.checks.rule import ELSEWHERE, Outcome, RuleResult
from generator.checks.run import evaluate, run
from generator.model.book import BlockData, Book
from generator.model.cell import Cell, CellRef
from generator.model.finding import Finding, Severity

CASES = Path(__file__).parent / "cases" / "rules"
PUBLISHED = Path(__file__).parents[1].parent / "shared" / "data" / "final-2021-wuchang.json"
EDITION = editions.load("wuhan-final-2021")
OUTCOMES = {
    "holds": Outcome.HOLDS,
    "broken": Outcome.BROKEN,
    "unanswerable": Outcome.UNANSWERABLE,
    "not_applicable": Outcome.NOT_APPLICABLE,
}


def _cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            kind = next(iter(case))
            if kind in OUTCOMES:
                yield pytest.param(path.stem, kind, case, id=f"{path.stem} {kind} {case[kind]}")


def _book(case: dict[str, Any]) -> Book:
    if "listed" in case:
        return make_book(EDITION, case["listed"])
    options = {"fund": case.get("fund", False), "capital": case.get("capital", False)}
    return sample_book(EDITION, case.get("changes"), amount_unit=case.get("unit", "万元"), **options)


def _ref(book: Book, place: str) -> CellRef:
    form, *block, row, column = place.split(".")
    sheet = book.sheet(form)
    assert sheet is not None
    cell = sheet.blocks[block[0]].by_key[row].cells[column] if block else sheet.cell(row, column)
    assert cell is not None, place
    return cell.ref


@pytest.mark.parametrize(("rule", "kind", "case"), list(_cases()))
def test_case(rule: str, kind: str, case: dict[str, Any]) -> None:
    book = _book(case)
    results = [r for r in evaluate(EDITION, book) if r.rule.id == rule]
    findings = run(EDITION, book)
    found = {r.outcome for r in results}
    tried_together = {c.coded for r in rules.load(EDITION) if r.id == rule for c in r.checks} & {
        "answers",
        "mixed_units",
    }
    assert OUTCOMES[kind] in found or tried_together
    if kind in ("holds", "not_applicable"):
        assert not {r.outcome for r in results if r.check.severity is not Severity.INFO} & {
            Outcome.BROKEN,
            Outcome.UNANSWERABLE,
        }
        assert not [f for f in findings if f.rule == rule and f.severity is not Severity.INFO]
        _tails(book, case, results, findings)
        return
    if kind == "broken":
        wanted = case.get("severity", "error")
        ours = [f for f in findings if rule in (f.rule, *f.rules) and f.severity.value == wanted]
    elif "reported_by" in case:
        ours = [f for f in findings if f.rule == case["reported_by"] and f.severity is Severity.ERROR]
    else:
        ours = [f for f in findings if f.unanswerable and f.severity is Severity.WARNING and rule in f.message]
    assert ours, "no finding says it"
    best = [f for f in ours if _tells(book, case, f)]
    assert best, "\n".join(f"{f.message} {[str(c) for c in f.cells]}" for f in ours)
    assert all(f.fix for f in ours)
    assert any(all(text in f.fix for text in case.get("fix", ())) for f in best)
    if case.get("only"):
        assert [f for f in findings if f.severity is Severity.ERROR] == best


def _tells(book: Book, case: dict[str, Any], finding: Finding) -> bool:
    """A finding that accuses one cell names the others of its relations in the lines below."""
    cells = [_ref(book, place) for place in case.get("cells", ())]
    named = [c in finding.cells or (bool(finding.tied) and c.address in finding.message) for c in cells]
    right = all(named) or (finding.tied and any(c in finding.cells for c in cells))
    return all(text in finding.message for text in case.get("says", ())) and bool(right)


def _tails(book: Book, case: dict[str, Any], results: list[RuleResult], findings: tuple[Finding, ...]) -> None:
    for place in case.get("tail", ()):
        ref = _ref(book, place)
        assert any(r.tail and ref in r.cells for r in results)
        assert any(f.severity is Severity.INFO and ref in f.cells and "尾差" in f.message for f in findings)


@pytest.mark.parametrize("rule", [rule.id for rule in rules.load(EDITION)])
def test_every_rule_has_cases(rule: str) -> None:
    cases = yaml.safe_load((CASES / f"{rule}.yaml").read_text(encoding="utf-8"))
    kinds = [next(iter(case)) for case in cases]
    kept_by = {check.coded for found in rules.load(EDITION) if found.id == rule for check in found.checks}
    if kept_by <= set(ELSEWHERE):  # listed and explained, but kept by another step or not at all
        assert kinds == (["not_here"] if kept_by <= {"other_edition"} else ["elsewhere"])
        assert all((Path(__file__).parent / case.get("elsewhere", "")).exists() for case in cases)
        return
    assert "holds" in kinds
    assert "broken" in kinds
    assert {"unanswerable", "never_unanswerable"} & set(kinds)


def test_no_cases_without_a_rule() -> None:
    assert {path.stem for path in CASES.glob("*.yaml")} == {rule.id for rule in rules.load(EDITION)}


@pytest.mark.parametrize("fund", [False, True])
@pytest.mark.parametrize("capital", [False, True])
@pytest.mark.parametrize("unit", ["万元", "元"])
def test_a_sound_book_has_no_findings(fund: bool, capital: bool, unit: str) -> None:
    findings = run(EDITION, sample_book(EDITION, fund=fund, capital=capital, amount_unit=unit))
    # Only the tables are filled in here: what the supplementary sheets lack is not this test's matter.
    tables = [f for f in findings if f.rule[0] in "WX"]
    assert [f.message for f in findings if f.severity is Severity.ERROR] == []
    assert [f.message for f in tables if f.severity is not Severity.INFO] == []
    assert {f.rule for f in findings} <= {"S9"}  # the subject list is partial


def test_an_empty_book_breaks_nothing_but_what_is_required() -> None:
    findings = run(EDITION, make_book(EDITION, {}))
    assert {f.rule for f in findings} == {"S10", "D6"}


def test_no_sheet_at_all_is_said_once_for_each() -> None:
    book = make_book(EDITION, {form.id: MISSING for form in EDITION.forms})
    findings = run(EDITION, book)
    assert all(f.unanswerable for f in findings)
    assert len({f.message for f in findings}) == len(findings) <= len(EDITION.forms)


def test_readers_findings_come_once_and_in_order() -> None:
    note = Finding("S4", Severity.INFO, "文本数字已按数字读取")
    error = Finding("S1", Severity.ERROR, "缺少工作表")
    book = sample_book(EDITION, {"totals": {"closing": {"amount": 5}}})
    given = Book(book.edition, book.path, book.sheets, (note, error), book.unit_of_amount)
    findings = run(EDITION, given)
    assert findings.count(note) == findings.count(error) == 1
    assert findings[0] == error
    assert [f.severity for f in findings] == sorted((f.severity for f in findings), key=list(Severity).index)


def test_what_the_reader_said_is_not_said_again() -> None:
    book = sample_book(EDITION, {"unit": {"name": None, "year": 1999}})
    name, year = _ref(book, "unit.name.value"), _ref(book, "unit.year.value")
    said = (
        Finding("S10", Severity.ERROR, "没有填写", cells=(name,)),
        Finding("S10", Severity.WARNING, "", cells=(year,)),
    )
    given = Book(book.edition, book.path, book.sheets, said, book.unit_of_amount)
    found = tuple(f for f in run(EDITION, given) if f.rule == "S10")
    assert found[:2] == said
    assert ["说的都是 2021 年度" in f.message for f in found[2:]] == [True]  # of other cells too: that is new


def test_every_declared_sum_belongs_to_a_rule() -> None:
    """A sum that a form declares is checked by exactly one rule: none forgotten, none said twice."""
    book = sample_book(EDITION, fund=True, capital=True)
    reads = Reads(EDITION, book)
    implied = Implied(reads)
    totals = [r.total.cell for rule in rules.load(EDITION) for c in rule.checks if c.implied for r in implied.of(c)]
    for form in EDITION.forms:
        for block in form.blocks:
            for row in block.rows:
                for column in block.columns:
                    summed = bool(column.sum_of or row.sum_of or row.children) and not column.show
                    cell = reads.book.sheet(form.id).cell(row.key, column.key) if not row.spacer else None  # type: ignore[union-attr]
                    if summed and cell is not None and block.kind_of(row, column).value in ("money", "count"):
                        assert cell.ref in totals, f"{form.id}.{row.key}.{column.key}"


def _altered(book: Book, form_id: str, ref: CellRef, amount: Decimal) -> Book:
    """The book as read after one number was overwritten and nothing recalculated."""
    sheet = book.sheet(form_id)
    assert sheet is not None

    def cell(old: Cell) -> Cell:
        return old._replace(number=amount, text=str(amount)) if old.ref == ref else old

    blocks = {
        key: BlockData(key, tuple(replace(r, cells={c: cell(old) for c, old in r.cells.items()}) for r in block.rows))
        for key, block in sheet.blocks.items()
    }
    return replace(book, sheets={**book.sheets, form_id: (replace(sheet, blocks=blocks),)})


def test_a_wrong_number_in_any_table_is_caught_and_named() -> None:
    """Sums pasted as values, as an export gives them: every seventh number of the nine tables made 1 % larger."""
    book = sample_book(EDITION, fund=True, capital=True)
    places = [
        (form.id, cell)
        for form in EDITION.tables
        for block in book.sheet(form.id).blocks.values()  # type: ignore[union-attr]
        for row in block.rows
        for column, cell in row.cells.items()
        if cell.number and column not in ("code", "name")
    ]
    assert len(places) > 200
    missed = []
    for form_id, cell in places[::7]:
        assert cell.number is not None
        findings = run(EDITION, _altered(book, form_id, cell.ref, cell.number * Decimal("1.01") + Decimal("0.5")))
        if not any(f.severity is Severity.ERROR and cell.ref in f.cells for f in findings):
            missed.append(str(cell.ref))
    assert missed == []


def _published() -> dict[str, Any]:
    """The tables of the published document by key; labels and order are the form's own."""
    content: dict[str, Any] = {}
    for table in json.loads(PUBLISHED.read_text(encoding="utf-8"))["tables"]:
        form = next(f for f in EDITION.tables if f.number == table["no"])
        given: dict[str, Any] = {}
        for row in table.get("rows", ()):
            if "left" not in row:
                block = form.blocks[0]
                key = row["code"] or block.rows[0].key
                given[key] = {**_amounts(block, row["values"]), **({"name": row["label"]} if row["code"] else {})}
                continue
            for block, half in zip(form.blocks, (row["left"], row["right"]), strict=True):
                for declared in block.rows:
                    if half["label"] and declared.label == half["label"] and declared.key not in given:
                        given[declared.key] = _amounts(block, half["values"])
                        break
        for row in table.get("flat", ()):
            given[row["code"]] = {"amount": row["amount"]}
        for label, amount in table.get("totals", {}).items():
            declared = next(r for b in form.blocks for r in b.rows if r.label == label)
            given[declared.key] = {"amount": amount}
        content[form.id] = given
    return content


def _amounts(block: Any, values: list[str | None]) -> dict[str, str | None]:
    keys = [column.key for column in block.columns if column.kind.value == "money"]
    return dict(zip(keys, values, strict=True))


@pytest.mark.skipif(not PUBLISHED.exists(), reason="没有已公开的数据（shared/data）")
def test_published_tables_have_tails_and_no_errors() -> None:
    published = _published()
    published["evaluation"] = {"project_number": 6, "project_amount": {"value": "1802.79"}}
    published["unit"] = {"year": 2021, "name": "某单位", "level": "区级", "unit_type": "其他单位", "cover_date": "某日"}
    findings = run(EDITION, make_book(EDITION, published))
    # Only the tables are filled in here: what the supplementary sheets lack is not this test's matter.
    tables = [f for f in findings if f.rule[0] in "WX"]
    assert [f.message for f in findings if f.severity is Severity.ERROR] == []
    assert [f.message for f in tables if f.severity is not Severity.INFO] == []
    tails = " ".join(f.message for f in findings)
    for table in ("收入决算表", "支出决算表", "一般公共预算财政拨款支出决算表"):  # 21011 is 0.01 off in each
        assert f"{table}有" in tails
    assert all("最大 0.01 万元" in f.message for f in tables)


def _wide(classes: int) -> Book:
    """A book with ``classes`` × 99 项 in tables 2, 3 and 5."""
    codes = [f"{201 + c % 34}{1 + c // 34:02}{n:02}" for c in range(classes) for n in range(1, 100)]
    rows = {code: {"name": "某科目", "total": 1, "fiscal": 1} for code in codes}
    spent = {code: {"name": "某科目", "total": 1, "basic": 1} for code in codes}
    return make_book(EDITION, {"income": rows, "expenditure": spent, "general": spent}, sums=True)


def test_work_grows_with_rows_and_not_faster() -> None:
    """Calls are counted, not seconds: ten times the rows may cost little more than ten times the calls."""

    def calls(book: Book) -> int:
        profile = cProfile.Profile()
        profile.runcall(run, EDITION, book)
        return sum(entry.callcount for entry in profile.getstats())

    small, large = _wide(2), _wide(20)
    calls(small)
    assert calls(large) < 12 * calls(small)


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("formula: totals.gpb.amount", "没有比较什么"),
        ("formula: totals.gpb.amount = nowhere.gpb.amount", "没有表 nowhere"),
        ("formula: totals.gbp.amount = income.all.total", "没有行 gbp"),
        ("formula: totals.gpb.amount = income.all.totel", "没有列 totel"),
        ("formula: totals.gpb = income.all.total", "不是 表.行.列"),
        ('formula: "totals.{item}.amount = income.all.total"', "没有在 each 中列出"),
        ('{formula: "totals.{i}.amount = income.all.total", each: {i: [gpb, gbp]}}', "没有行 gbp"),
        ("formula: sum(totals.gpb.amount) = income.all.total", "没有函数“sum”"),
        ("formula: totals.gpb.amount = = income.all.total", "放错了地方"),
        ("coded: magic", "没有名为“magic”的 coded"),
        ("{coded: required, formula: totals.gpb.amount = income.all.total}", "只能有 formula、implied、coded 之一"),
        ("{implied: [diagonals], scope: [totals]}", "不能写“diagonals”"),
        ("{implied: [rows], scope: [totals.left]}", "没有块 left"),
        ("{formula: totals.gpb.amount = income.all.total, tolerance: some}", "没有名为“some”的容差"),
        ("{formula: totals.gpb.amount = income.all.total, sevrity: error}", "不认识的键 sevrity"),
    ],
)
def test_a_wrong_rule_is_refused_by_file_and_place(tmp_path: Path, rule: str, complaint: str) -> None:
    head = "- id: T1\n  title: 题\n  explain: 释\n  fix: 改\n  basis: 据\n  checks:\n    - "
    (tmp_path / "wrong.yaml").write_text(head + rule, encoding="utf-8")
    edition = replace(EDITION, id=f"wrong {rule}", rule_files=("wrong.yaml",), folders=(tmp_path, *EDITION.folders))
    with pytest.raises(editions.EditionError, match=r"wrong\.yaml 第 \d+ 行: \[0\]\.checks\[0\].*") as caught:
        rules.load(edition)
    assert complaint in str(caught.value)


def test_binary_dust_of_spreadsheets_is_no_difference() -> None:
    dust = Decimal("980.4000000000001")
    assert run(EDITION, sample_book(EDITION, {"income": {"all": {"total": dust}}})) == ()


def test_a_missing_row_is_told_in_the_unit_of_its_workbook() -> None:
    """A 项 of table 5 that table 3 lacks, in a workbook kept in 元: the nothing on the other side is in 元 too."""
    book = sample_book(EDITION, amount_unit="元")
    lost = next(row for row in reversed(book.rows("expenditure", "subjects")) if len(row.key) == 7)
    sheet = book.sheet("expenditure")
    assert sheet is not None
    block = sheet.blocks["subjects"]
    kept = replace(block, rows=tuple(row for row in block.rows if row is not lost))
    changed = replace(book, sheets={**book.sheets, "expenditure": (replace(sheet, blocks={"subjects": kept}),)})
    told = "".join(f.message for f in run(EDITION, changed) if "表中没有该科目" in f.message)
    assert "0.00 元（表中没有该科目）" in told
    assert "万元（表中没有该科目）" not in told


def test_no_cell_is_accused_that_would_have_to_become_negative() -> None:
    """All basic spending of tables 3 and 5 booked as projects but 10.00: no cell of table 6 holds what is too much."""
    codes = [row for row in sample_book(EDITION).rows("general", "subjects") if len(row.key) == 7]
    whole = {row.key: sum(c.number or 0 for k, c in row.cells.items() if k in ("basic", "project")) for row in codes}
    moved: dict[str, Any] = {code: {"basic": None, "project": amount} for code, amount in whole.items()}
    moved["2010301"] = {"basic": 10, "project": whole["2010301"] - 10}
    spent = {**moved, "2010302": {"basic": None, "project": 215.40}}
    findings = run(EDITION, sample_book(EDITION, {"general": moved, "expenditure": spent}))
    told = [f for f in findings if f.rule == "X5"]
    assert [f.severity for f in told] == [Severity.ERROR]
    assert not told[0].tied
    assert "差 755.00 万元" in told[0].message
