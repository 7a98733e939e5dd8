"""The marked copy that check and generate write: when, where, and what it never does to anybody's file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from altered import alter
from click.testing import CliRunner, Result
from support import sample

from generator import pipeline
from generator.commands import cli
from generator.model.finding import Finding, Refusal, Severity
from generator.workbook.mark_seal import untouched

WRONG = {"03支出决算表!C12": 999999}  # the total of all expenditure, typed over


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.gongkai, list(arguments))


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbook with one wrong figure in an otherwise empty current folder."""
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "样例"
    elsewhere.mkdir()
    return alter(sample("wuchang-2021", elsewhere), elsewhere / "某局.xlsx", WRONG)


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("outputs/*"))


def test_errors_leave_a_marked_copy_and_the_workbook_as_it_was(broken: Path, tmp_path: Path) -> None:
    before = broken.read_bytes()
    for command in ("check", "generate"):
        result = run(command, str(broken))
        assert result.exit_code == 1
        assert written(tmp_path) == ["某局.校验.xlsx"]
        assert f"标注副本：{Path('outputs') / '某局.校验.xlsx'}" in result.output
        told = json.loads(run(command, str(broken), "--format", "json").stdout)
        assert told["marked"] == str(Path("outputs") / "某局.校验.xlsx")
    assert broken.read_bytes() == before
    assert untouched((tmp_path / "outputs" / "某局.校验.xlsx").read_bytes())


def test_no_copy_where_nothing_is_to_be_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clean = sample("sample-2021", tmp_path)
    result = run("check", str(clean))
    assert result.exit_code == 0
    assert written(tmp_path) == []
    assert "标注副本" not in result.output
    assert "marked" not in json.loads(run("check", str(clean), "--format", "json").stdout)


def test_no_copy_when_none_is_wanted(broken: Path, tmp_path: Path) -> None:
    assert run("check", str(broken), "--no-mark").exit_code == 1
    assert written(tmp_path) == []


@pytest.mark.parametrize("command", ["check", "generate"])
def test_a_copy_goes_where_it_is_wanted(command: str, broken: Path, tmp_path: Path) -> None:
    (tmp_path / "给会计").mkdir()
    assert run(command, str(broken), "--marked", "请改正.xlsx").exit_code == 1
    assert run(command, str(broken), "--marked", "给会计").exit_code == 1
    assert (tmp_path / "请改正.xlsx").is_file()
    assert (tmp_path / "给会计" / "某局.校验.xlsx").is_file()
    assert written(tmp_path) == []


@pytest.mark.parametrize("name", ["请改正.xls", "请改正", "样例/某局.xlsx", "样例/../样例/某局.xlsx"])
def test_a_copy_never_takes_the_workbooks_place(name: str, broken: Path) -> None:
    before = broken.read_bytes()
    result = run("check", str(broken), "--marked", name)
    assert result.exit_code == 2
    assert broken.read_bytes() == before
    assert json.loads(run("check", str(broken), "--marked", name, "--format", "json").stdout)["output"] is None


def test_a_copy_that_was_worked_on_is_kept(broken: Path, tmp_path: Path) -> None:
    """Ours is replaced; one that was saved by another program since, or somebody's own file, is set aside."""
    import openpyxl

    target = tmp_path / "outputs" / "某局.校验.xlsx"
    for _ in range(2):
        assert run("check", str(broken)).exit_code == 1
    assert written(tmp_path) == [target.name]
    openpyxl.load_workbook(target).save(target)
    edited = target.read_bytes()
    for foreign in (edited, b"no workbook at all"):
        target.write_bytes(foreign)
        result = run("check", str(broken))
        assert "已另存为" in result.output
        (aside,) = (path for path in target.parent.iterdir() if path != target)
        assert aside.read_bytes() == foreign
        assert untouched(target.read_bytes())
        aside.unlink()


def test_checking_the_copy_itself_leaves_it_alone(broken: Path, tmp_path: Path) -> None:
    """Who corrects the figures in the marked copy and checks that gets another copy beside it."""
    run("check", str(broken))
    target = tmp_path / "outputs" / "某局.校验.xlsx"
    before = target.read_bytes()
    assert run("check", str(target)).exit_code == 1
    assert target.read_bytes() == before
    assert written(tmp_path) == ["某局.校验.xlsx", "某局.校验.校验.xlsx"]


def test_an_old_copy_is_called_out_of_date(broken: Path, tmp_path: Path) -> None:
    run("check", str(broken))
    shutil.copy(sample("wuchang-2021", broken.parent), broken)
    result = run("check", str(broken))
    assert result.exit_code == 0
    assert "已经过时" in result.output
    assert written(tmp_path) == ["某局.校验.xlsx"]


def test_a_copy_that_cannot_be_written_changes_nothing_else(
    broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outputs").write_bytes(b"a file where the folder should be")
    result = run("check", str(broken))
    assert result.exit_code == 1
    assert "错误 1 条" in result.stdout or "错误" in result.stdout
    assert "标注副本没有写成" in result.stderr
    assert "--marked" in result.stderr

    def fail(*_: object) -> None:
        raise Refusal("不能标注。")

    monkeypatch.setattr(pipeline, "mark", fail)
    told = json.loads(run("check", str(broken), "--format", "json").stdout)
    assert "marked" not in told
    assert told["findings"]


@pytest.mark.parametrize(
    ("findings", "worth"),
    [
        ([], False),
        ([Finding("W2", Severity.INFO, "尾差。")], False),
        ([Finding("X12", Severity.WARNING, "不等。", answer="已核实。")], False),
        ([Finding("X12", Severity.WARNING, "不等。")], True),
        ([Finding("X1", Severity.ERROR, "不等。")], True),
    ],
)
def test_what_is_worth_a_copy(findings: list[Finding], worth: bool) -> None:
    assert pipeline.worth_marking(tuple(findings)) is worth
