"""docs/adding-an-edition.md done to the letter in a folder outside the repository: its files come from the text."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from generator import pipeline
from generator.bureau.figures import amounts
from generator.commands import cli
from generator.editions import Edition, Library, load
from tests.support import ROOT, docx_lines, docx_tables, fill, load_source

DOC = (ROOT / "docs" / "adding-an-edition.md").read_text(encoding="utf-8")
EDITION, PARENT, SAMPLE = "某市-决算", "wuhan-final-2021", "wuchang-2021"
_STEP = re.compile(r"^(新文件|文件) `([^`]+)`|^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def steps() -> Iterator[tuple[str, str, str]]:
    """What to do with which file: “new” with its text, or “edit” with a piece of a diff."""
    what = name = ""
    for match in _STEP.finditer(DOC):
        if match[1]:
            what, name = ("new" if match[1] == "新文件" else "edit"), match[2]
        elif match[3] in ("yaml", "jinja") and what == "new":
            yield what, name, match[4]
        elif match[3] == "diff":
            assert what == "edit"
            yield what, name, match[4]


def edited(text: str, change: str) -> str:
    """Lines with - go, lines with + stand in their place, lines with a blank tell where."""
    lines = change.splitlines()
    assert all(line[0] in " +-" for line in lines), change
    before = "".join(line[1:] + "\n" for line in lines if line[0] in " -")
    after = "".join(line[1:] + "\n" for line in lines if line[0] in " +")
    return _once(text, before, after) if before in text else _scattered(text, lines)


def _scattered(text: str, lines: list[str]) -> str:
    """Several places in one piece: each run of - and + by itself."""
    for match in re.finditer(r"(?:-[^\n]*\n)+(?:\+[^\n]*\n)+", "\n".join(lines) + "\n"):
        run = match[0].splitlines()
        before = "".join(line[1:] + "\n" for line in run if line[0] == "-")
        after = "".join(line[1:] + "\n" for line in run if line[0] == "+")
        text = _once(text, before, after)
    return text


def _once(text: str, before: str, after: str) -> str:
    assert text.count(before) == 1, f"the document speaks of lines that are not there: {before}"
    return text.replace(before, after)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("外面") / "版式"
    done = list(steps())
    assert len(done) >= 7
    for what, name, text in done:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if what == "new":
            path.write_text(text, encoding="utf-8")
            continue
        if not path.exists():
            source = load(PARENT).find(name.removeprefix(f"{EDITION}/"))
            path.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        path.write_text(edited(path.read_text(encoding="utf-8"), text), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def edition(root: Path) -> Edition:
    return Library((root,)).load(EDITION)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.gongkai, list(arguments))


def content(prior: str) -> dict[str, Any]:
    """The sample of the parent edition, with last year's amount in the new column."""
    made = copy.deepcopy(load_source(SAMPLE)[1])
    row = next(row for row in made["general"]["subjects"] if len(row["code"]) == 7)
    row["prior"] = Decimal(prior)
    return made


@lru_cache(maxsize=1)
def last_year() -> Decimal:
    return Decimal(load_source(SAMPLE)[1]["changes"]["years"]["general"]["last"])


def test_the_files_are_in_order(root: Path) -> None:
    result = run("editions", "check", EDITION, "--templates", str(root))
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, f"版式 {EDITION} 检查完成：没有发现错误。")


def test_what_changed_is_told(root: Path) -> None:
    told = run("editions", "diff", PARENT, EDITION, "--templates", str(root)).output
    assert "＋ 新增栏“上年决算数”" in told
    assert "＋ 新增章节“十四、一般公共预算财政拨款支出上年决算情况说明”" in told
    assert "＋ 新增规则“N90 上年决算数前后一致”" in told
    assert "取消" not in told.replace("“－”为取消", "")
    shown = run("editions", "show", EDITION, "--templates", str(root)).output
    assert re.search(rf"tables/05-general\.yaml +本版式（替换 {PARENT} 的同名文件）", shown)
    assert re.search(rf"tables/01-totals\.yaml +继承自 {PARENT}", shown)
    assert re.search(r"subjects\.csv +各版式共用", shown)


def test_the_blank_workbook_has_the_column(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGKAI_TEMPLATES", str(root))
    path = tmp_path / "试填.xlsx"
    result = run("new", "--edition", EDITION, "--year", "2022", "-o", str(path))
    assert result.exit_code == 0, result.output
    sheet = openpyxl.load_workbook(path)["05一般公共预算财政拨款支出决算表"]
    assert "上年决算数" in {cell.value for row in sheet.iter_rows() for cell in row}


def test_the_column_is_read_and_printed_the_section_and_the_contents_too(
    root: Path, edition: Edition, tmp_path: Path
) -> None:
    workbook = fill(edition, content(str(last_year())), tmp_path / "某局.xlsx")
    library = Library((root,))
    checked = pipeline.check(workbook, library=library)
    assert checked.edition.id == EDITION
    share = amounts(checked.edition, checked.book)[1]["prior_share"]
    assert round(Decimal(share) * last_year(), 2) == checked.book.figure("general", "all", "total").value
    assert checked.book.figure("general", "all", "prior").value == last_year()
    assert not [finding.message for finding in checked.findings if finding.rule == "N90"]
    made = pipeline.generate(workbook, tmp_path / "某局.docx", library=library)
    assert made.output is not None, [finding.message for finding in made.findings]
    amount = f"{last_year():,.2f}"
    table = next(t for t in docx_tables(made.output) if any("上年决算数" in row for row in t))
    total = next(row for row in table if row[0].strip() == "合计")
    assert total[-1].strip() == amount
    lines = docx_lines(made.output)
    title = "十四、一般公共预算财政拨款支出上年决算情况说明"
    assert sum(line.startswith(title) for line in lines) == 2  # in the contents and above the section
    assert any(re.search(rf"上年决算数为{last_year():.2f}万元。$", line.replace(",", "")) for line in lines)


def test_the_rule_is_broken_by_another_amount(root: Path, edition: Edition, tmp_path: Path) -> None:
    workbook = fill(edition, content(str(last_year() + 10)), tmp_path / "某局.xlsx")
    found = [f for f in pipeline.check(workbook, library=Library((root,))).findings if "N90" in (f.rule, *f.rules)]
    assert len(found) == 1
    assert "05一般公共预算财政拨款支出决算表" in {cell.sheet for cell in found[0].cells}
    result = run("check", str(workbook), "--no-mark", "--templates", str(root))
    assert result.exit_code == 1


def test_without_the_folder_the_built_in_editions_are_as_before(root: Path, edition: Edition, tmp_path: Path) -> None:
    assert EDITION not in Library().ids()
    assert EDITION in Library((root,)).ids()
    assert "prior" not in {column.key for column in load(PARENT).form("general").blocks[0].columns}
