"""What somebody typed stays text in everything the later commands write: new workbooks, 汇总.xlsx, letters, redlines,
review pages, JSON; and names of files are names."""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from altered import alter
from click.testing import CliRunner, Result
from support import ROOT, sample

from generator.commands import cli
from generator.workbook.read import read

FORMULA = '=HYPERLINK("http://evil.example","点")'
COMMAND = "=cmd|'/c calc'!A0"
SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
ESCAPE = "_x001B_]0;title_x0007__x001B_[2J"
TEXTS = (FORMULA, COMMAND, SCRIPT, "+SUM(A1)", "-2+3", "@cmd", "{{7*7}}", "{% x %}", "&amp;<b>")
YEAR = 2021


@dataclass(frozen=True)
class Made:
    folder: Path
    results: dict[str, Result]

    def workbooks(self) -> Iterator[Path]:
        yield from sorted(p for p in self.folder.rglob("*.xlsx") if "报送" not in p.parts)

    def documents(self) -> Iterator[Path]:
        yield from sorted(self.folder.rglob("*.docx"))


def _places(workbook: Path) -> dict[str, str]:
    """Cells of text: the unit's name, its duties, a reason, a project's name."""
    _, book = read(workbook)
    unit = book.sheet("unit")
    assert unit is not None
    found = {"name": str(unit.cell("name", "value").ref)}  # type: ignore[union-attr]
    reasons = [str(row.cells["reason"].ref) for row in book.rows("changes", "years") if "reason" in row.cells]
    found |= {"reason": reasons[0], "reason2": reasons[1]}
    found["duties"] = next(
        str(cell.ref)
        for data in book
        for block in data.blocks.values()
        for row in block.rows
        for cell in row.cells.values()
        if cell.number is None and len(cell.text) > 30 and cell.ref.sheet not in reasons[0]
    )
    return found


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.gongkai, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("text")
    sent = folder / "报送"
    sent.mkdir()
    plain = sample("sample-2021", sent)
    places = _places(plain)
    hostile = alter(
        plain,
        sent / "=1+1 某局.xlsx",
        {
            places["name"]: FORMULA,
            places["duties"]: "\n".join((*TEXTS, ESCAPE)),
            places["reason"]: COMMAND,
            places["reason2"]: SCRIPT,
        },
    )
    out = folder / "公开.docx"
    results = {
        "generate": run("generate", plain, "-o", out, "--draft", "--no-mark"),
        "again": run(
            "generate",
            hostile,
            "-o",
            out,
            "--draft",
            "--redline",
            "--review",
            "--format",
            "json",
            "--marked",
            folder / "再.xlsx",
        ),
        "check": run("check", hostile, "--marked", folder / "标注.xlsx", "--format", "json", "--all"),
        "spoken": run("check", hostile, "--no-mark", "--all"),
        "diff": run("diff", plain, hostile),
        "diff json": run("diff", plain, hostile, "--format", "json"),
        "documents": run("diff", out, out.with_name("公开.审阅.html")),
        "roll": run("roll", hostile, "--year", str(YEAR + 1), "-o", folder / "本年.xlsx"),
        "import": run("import", plain, "--into", hostile, "-o", folder / "导入.xlsx", "--unit", "元"),
        "consolidate": run("consolidate", hostile, plain, "-o", folder / "部门.xlsx", "--name", COMMAND),
        "batch": run("batch", sent, "-o", folder / "结果", "--jobs", "1"),
    }
    return Made(folder, results)


def test_every_command_did_its_work(made: Made) -> None:
    said = {name: (result.exit_code, result.output[-300:]) for name, result in made.results.items()}
    assert {name for name, (code, _) in said.items() if code not in (0, 1)} == {"documents"}, said
    names = {path.name for path in made.workbooks()} | {path.name for path in made.documents()}
    assert {"标注.xlsx", "本年.xlsx", "导入.xlsx", "部门.xlsx", "汇总.xlsx", "公开.docx", "公开.修订.docx"} <= names
    assert any("退回意见" in name for name in names)


def _parts(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name).decode("utf-8", "replace") for name in package.namelist()}


def test_no_text_became_a_formula_or_a_link_in_any_workbook(made: Made) -> None:
    seen = 0
    for path in made.workbooks():
        parts = _parts(path)
        sheets = "".join(data for name, data in parts.items() if "worksheets/" in name)
        formulas = re.findall("<f[^>]*>[^<]*", sheets)
        assert not [f for f in formulas if "HYPERLINK(&quot;http" in f or "cmd|" in f or "evil" in f], path
        rels = "".join(data for name, data in parts.items() if name.endswith(".rels"))
        assert "evil.example" not in rels
        assert not re.search(r"<definedName[^>]*>[^<]*(cmd\||evil)", parts["xl/workbook.xml"])
        seen += "evil.example" in html.unescape("".join(parts.values()))
    assert seen > 4


def test_the_texts_are_still_there_in_the_new_workbooks(made: Made) -> None:
    for name, wanted in (("本年.xlsx", (FORMULA, COMMAND)), ("导入.xlsx", TEXTS), ("部门.xlsx", TEXTS)):
        whole = html.unescape("".join(_parts(made.folder / name).values()))
        assert [text for text in wanted if text not in whole] == [], name
    comments = "".join(data for name, data in _parts(made.folder / "本年.xlsx").items() if "comments" in name)
    assert COMMAND in html.unescape(comments)  # last year's reason


def test_the_review_page_shows_the_text_and_runs_none_of_it(made: Made) -> None:
    page = (made.folder / "公开.审阅.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "alert(1)" in page  # shown
    assert page.count("<script") == page.count("</script>")


def test_documents_lead_nowhere(made: Made) -> None:
    for path in made.documents():
        with zipfile.ZipFile(path) as package:
            for name in package.namelist():
                data = package.read(name)
                if name.endswith(".rels"):
                    assert b"evil.example" not in data, path
                if name.endswith(".xml"):
                    assert not re.search(rb"<w:instrText[^>]*>[^<]*(evil|cmd)", data), path


def test_the_terminal_is_told_no_commands(made: Made) -> None:
    for name, result in made.results.items():
        assert "\x1b" not in result.output, name
        assert "\x07" not in result.output, name
    for name in ("again", "check", "diff json"):
        assert json.loads(made.results[name].stdout), name


def test_departments_with_names_that_are_no_names(tmp_path: Path) -> None:
    """Names alike but for their case, names of devices, of three hundred characters; unit names that lead elsewhere."""
    sent = tmp_path / "报送"
    (sent / "甲").mkdir(parents=True)
    plain = (ROOT / "inputs" / "sample-2021.xlsx").read_bytes()
    base = tmp_path / "样本.xlsx"
    base.write_bytes(plain)
    name = _places(base)["name"]
    files = ("A局.xlsx", "a局.xlsx", "甲/A局.xlsx", "con.xlsx", "局" * 80 + ".xlsx", "某局 ..xlsx")
    units = ("../../越界", "..\\越界", "同名局", "CON", "局" * 300, "同名局")
    for file, unit in zip(files, units, strict=True):
        alter(base, sent / file, {name: unit})
    base.unlink()
    result = run("batch", sent, "-o", tmp_path / "结果", "--jobs", "1", "--format", "json")
    assert result.exit_code in (0, 1), result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["报送", "结果"])
    written = [path for path in (tmp_path / "结果").rglob("*") if path.is_file() and ".gongkai" not in path.parts]
    documents = [path for path in written if path.suffix == ".docx"]
    folded = [str(path.relative_to(tmp_path)).casefold() for path in written]
    assert len(set(folded)) == len(folded)
    assert len(documents) >= len(files), written
    assert all(len(path.name.encode()) <= 255 and not re.fullmatch(r"(?i)con(\..*)?", path.name) for path in written)
    assert not any(part in ("..", ".") for path in written for part in path.parts)
