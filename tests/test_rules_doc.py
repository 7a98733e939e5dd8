"""The rule catalogue as people read it: docs/rules.md follows the data, and every rule can be explained."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator.checks import explain
from generator.commands import chinese, cli
from generator.editions import ids, load

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "rules.md"
RULES = [(name, rule) for name in ids() for rule in explain.explained(load(name))]
KEYED = re.compile(r"[a-z]+[._](?!docx|xlsx)[a-z]+|\{\w*\}")  # a key of a form, a place left open


def run(*arguments: str):
    return CliRunner().invoke(cli.gongkai, ["rules", *arguments])


def test_the_page_says_what_the_data_says() -> None:
    """After changing a rule: python scripts/make_rules_doc.py"""
    made = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_rules_doc.py"), "--check"], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr


def test_a_stale_page_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import make_rules_doc

    stale = tmp_path / "rules.md"
    stale.write_text(PAGE.read_text(encoding="utf-8").replace("尾差", "误差", 1), encoding="utf-8")
    monkeypatch.setattr(make_rules_doc, "PAGE", stale)
    monkeypatch.setattr(sys, "argv", ["make_rules_doc.py", "--check"])
    with pytest.raises(SystemExit, match=r"rules\.md"):
        make_rules_doc.main()


@pytest.mark.parametrize(("name", "rule"), RULES, ids=[f"{name}-{rule.id}" for name, rule in RULES])
def test_every_rule_is_explained_in_the_forms_own_words(name: str, rule: explain.Explained) -> None:
    assert rule.family != "其他"
    assert rule.how
    assert rule.example, "a rule that no formula states needs an example: in its data"
    said = [*(line for group in rule.relations for line in (*group.lines, group.condition)), rule.example]
    for text in (rule.title, rule.explain, rule.fix, rule.basis, *said):
        assert not KEYED.search(text), text
    for text in (rule.explain, rule.fix, rule.example):
        assert text.endswith("。"), text


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        (
            "X1",
            [
                "收入支出决算总表·本年收入合计 = 收入决算表·合计·本年收入合计",
                "收入支出决算总表·八、其他收入 = 收入决算表·合计·其他收入",
            ],
        ),
        ("X2", ["收入支出决算总表·每个类级科目 = 支出决算表·同一科目·本年支出合计"]),
        ("W1", ["一般公共预算财政拨款支出决算表每行：小计 = 基本支出 + 项目支出"]),
        ("W3", ["收入支出决算总表·收入·总计 = 收入支出决算总表·支出·总计"]),
    ],
)
def test_formulas_in_words(wanted: str, lines: list[str]) -> None:
    found = next(rule for name, rule in RULES if (name, rule.id) == ("wuhan-final-2021", wanted))
    said = [line for group in found.relations for line in group.lines]
    for line in lines:
        assert line in said


@pytest.mark.parametrize("edition", ids())
def test_all_rules_are_listed_by_family(edition: str) -> None:
    listed = run("--edition", edition)
    assert listed.exit_code == 0
    places = [listed.output.index(f"  {rule.id} ") for name, rule in RULES if name == edition]
    assert places == sorted(places)
    assert max(map(chinese.width, listed.output.splitlines())) <= 100


@pytest.mark.parametrize("wanted", ["X2", "x2", "Ｘ２"])
def test_one_rule(wanted: str) -> None:
    told = run(wanted)
    assert told.exit_code == 0
    assert told.output.startswith("X2　")
    for label in ("内容", "公式", "尾差", "依据", "处理", "举例"):
        assert f"  {label}  " in told.output


def test_a_family_and_an_unknown_rule() -> None:
    told = run("w", "--edition", ids()[0]).output
    family = [rule.id for name, rule in RULES if name == ids()[0] and rule.id.startswith("W")]
    assert re.findall(r"^W\d+", told, re.MULTILINE) == family
    unknown = run("X77")
    assert unknown.exit_code == 2
    assert "没有规则 X77" in unknown.output
    assert run("X2", "--edition", "无此版式").exit_code == 2


def test_rules_for_programs() -> None:
    told = json.loads(run("X2", "--format", "json").stdout)
    assert [rule["id"] for rule in told["rules"]] == ["X2"]
    assert len(json.loads(run("--format", "json").stdout)["rules"]) == len(explain.explained(load(told["edition"])))


def test_every_id_that_the_code_reports_is_in_the_catalogue() -> None:
    """Ids stand in code where a step other than the rules speaks; gongkai rules must know them all the same."""
    known = {rule.id for _, rule in RULES}
    for path in (ROOT / "generator").rglob("*.py"):
        for found in re.findall(r'"([SWXYNPDF]\d{1,2})"', path.read_text(encoding="utf-8")):
            assert found in known, f"{path.relative_to(ROOT)}: {found}"
