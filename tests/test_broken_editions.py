"""Every mistake in an edition's files is told with file, place and remedy: the mistakes are data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from generator.commands import cli
from generator.editions import Library, ids, load
from generator.tryout import faults

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "broken_editions.yaml").read_text(encoding="utf-8"))
PARENT, EDITION = "wuhan-final-2021", "某市-决算"


def heir(root: Path) -> Path:
    """An edition of one's own that changes nothing but its name."""
    folder = root / EDITION
    folder.mkdir(parents=True)
    text = load(PARENT).find("edition.yaml").read_text(encoding="utf-8")
    assert f"id: {PARENT}\n" in text
    text = text.replace(f"id: {PARENT}\n", f"id: {EDITION}\nextends: {PARENT}\n")
    (folder / "edition.yaml").write_text(text, encoding="utf-8")
    return folder


def damage(folder: Path, file: str, edit: dict[str, Any]) -> None:
    path = folder / file
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(load(PARENT).find(file), path)
    ((how, what),) = edit.items()
    if how == "replace":
        text = path.read_text(encoding="utf-8")
        assert what[0] in text, f"{file} no longer has {what[0]!r}"
        path.write_text(text.replace(*what), encoding="utf-8")
    elif how == "append":
        path.write_text(path.read_text(encoding="utf-8") + what, encoding="utf-8")
    elif how == "write":
        path.write_text(what, encoding="utf-8")
    else:
        assert how == "bytes"
        path.write_bytes(path.read_text(encoding="utf-8").encode(what))


def test_an_edition_that_changes_nothing_is_in_order(tmp_path: Path) -> None:
    heir(tmp_path)
    assert faults(Library((tmp_path,)), EDITION) == ()


@pytest.mark.parametrize("case", CASES, ids=[case["mistake"] for case in CASES])
def test_a_mistake_is_told_with_file_place_and_remedy(tmp_path: Path, case: dict[str, Any]) -> None:
    damage(heir(tmp_path), case["file"], case["edit"])
    found = faults(Library((tmp_path,)), EDITION)
    assert found
    told = [f"{fault.message} {fault.fix}" for fault in found]
    assert any(all(str(piece) in one for piece in case["expect"]) for one in told), told
    assert all(fault.fix.endswith("。") for fault in found), told


@pytest.mark.parametrize("command", ["new", "rules", "editions check"])
def test_commands_refuse_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(tmp_path)
    damage(heir(tmp_path / "版式"), "rules/texts.yaml", {"replace": ["severity: warning", "severity: 警告"]})
    arguments = [*command.split(), *([] if " " in command else ["--edition"]), EDITION, "--templates", "版式"]
    result = CliRunner().invoke(cli.gongkai, arguments)
    assert result.exit_code == (1 if "check" in command else 2)
    assert "某市-决算/rules/texts.yaml 第" in result.output
    assert "Traceback" not in result.output
    assert "程序内部出错" not in result.output


@pytest.fixture
def broken_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of editions in which one is wrong in its edition.yaml; it serves the years of its parent."""
    monkeypatch.chdir(tmp_path)
    damage(heir(tmp_path / "版式"), "edition.yaml", {"replace": ["\nforms:", "\nform_s:"]})
    return tmp_path / "版式"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.gongkai, [*arguments, "--templates", "版式"])
    assert "Traceback" not in result.output
    assert "程序内部出错" not in result.output
    return result.exit_code, result.output


def test_one_broken_edition_does_not_hide_the_others(broken_beside: Path) -> None:
    code, said = run("editions")
    assert code == 1
    assert all(f"\n{name} " in f"\n{said}" for name in ids())
    assert f"{EDITION}：版式有误" in said
    assert f"{EDITION}/edition.yaml" in said
    assert "处理：" in said
    code, said = run("editions", "--format", "json")
    listed = {one["id"]: one for one in json.loads(said)}
    assert code == 1
    assert set(listed) == {*ids(), EDITION}
    assert listed[EDITION]["fault"]["message"]
    assert run("editions", "check", PARENT)[0] == 0
    assert run("editions", "diff", *ids()[-2:])[0] == 0


def test_a_new_workbook_is_for_the_sound_edition_of_its_year(broken_beside: Path) -> None:
    year = load(PARENT).years[-1]
    code, said = run("new", "--year", str(year), "-o", "空白.xlsx")
    assert (code, Path("空白.xlsx").exists()) == (0, True), said
    code, said = run("new", "--edition", EDITION, "-o", "另一.xlsx")
    assert code == 2
    assert f"{EDITION}/edition.yaml" in said


def test_a_year_that_only_the_broken_edition_serves_tells_its_fault(broken_beside: Path) -> None:
    path = broken_beside / EDITION / "edition.yaml"
    text, years = path.read_text(encoding="utf-8"), load(PARENT).years
    line = next(line for line in text.splitlines() if line.startswith("years:"))
    path.write_text(text.replace(line, "years: [2031]"), encoding="utf-8")
    code, said = run("new", "--year", "2031", "-o", "空白.xlsx")
    assert code == 2
    assert f"{EDITION}/edition.yaml" in said
    code, said = run("new", "--year", "2032", "-o", "空白.xlsx")
    assert code == 2
    assert EDITION not in said  # nobody asked for it
    assert run("new", "--year", str(years[-1]), "-o", "空白.xlsx")[0] == 0


@pytest.mark.parametrize("command", ["check", "generate"])
def test_a_workbook_of_a_sound_edition_is_read_beside_a_broken_one(broken_beside: Path, command: str) -> None:
    assert run("new", "--year", str(load(PARENT).years[-1]), "-o", "空白.xlsx")[0] == 0
    code, said = run(command, "空白.xlsx", "--no-mark")
    assert code == 1  # nothing is filled in
    assert EDITION not in said


def test_a_workbook_that_names_the_broken_edition_tells_its_fault(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    folder = heir(tmp_path / "版式")
    assert run("new", "--edition", EDITION, "-o", "空白.xlsx")[0] == 0
    damage(folder, "edition.yaml", {"replace": ["\nforms:", "\nform_s:"]})
    code, said = run("check", "空白.xlsx", "--no-mark")
    assert code == 2
    assert f"{EDITION}/edition.yaml" in said
