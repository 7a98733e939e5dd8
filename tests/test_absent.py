"""What an edition declares absent: the rules that speak of it say why they do not apply, and all others do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from generator import editions
from generator.checks import rules
from generator.checks.explain import explained
from generator.checks.live import live
from generator.checks.rule import Outcome
from generator.checks.run import evaluate
from generator.commands.rules import explanation
from generator.editions import Edition, EditionError, Library
from generator.model.book import Book
from generator.workbook.blank import build

PARENT = next(i for i in editions.ids() if editions.load(i).kind == "final" and "capital" in editions.load(i)._by_id)
REASON = "本版式没有国有资本经营预算财政拨款支出决算表"
CELLS = "财政拨款总表没有国有资本经营预算一栏"
GONE = {"capital": REASON, "fiscal.*.capital": CELLS}


def edition(folder: Path, absent: dict[str, str] | None, *, without: str = "tables/09-capital.yaml") -> Edition:
    """The parent without its table 9 and without the columns of that money in table 4."""
    own = folder / "某市版式"
    parent = editions.load(PARENT)
    data = yaml.safe_load(parent.find("edition.yaml").read_text(encoding="utf-8"))
    data |= {"id": own.name, "extends": PARENT, "forms": [f for f in data["forms"] if f != without]}
    if absent is not None:
        data["absent"] = absent
    (own / "tables").mkdir(parents=True)
    (own / "edition.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    fiscal = yaml.safe_load(parent.find("tables/04-fiscal.yaml").read_text(encoding="utf-8"))
    for block in fiscal["blocks"]:
        block["columns"] = [c for c in block["columns"] if c["key"] != "capital"]
        for column in block["columns"]:
            if "capital" in column.get("is", ""):
                column["is"] = " + ".join(c["key"] for c in block["columns"] if c["key"] in ("gpb", "fund"))
    (own / "tables" / "04-fiscal.yaml").write_text(yaml.safe_dump(fiscal, allow_unicode=True), encoding="utf-8")
    return Library((folder,)).load(own.name)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    return edition(tmp_path_factory.mktemp("版式"), GONE)


def test_a_key_that_is_not_there_and_not_declared_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EditionError, match=r"rules/.*capital"):
        rules.load(edition(tmp_path, None))


def test_rules_say_why_they_do_not_apply(ours: Edition) -> None:
    parent = {rule.id: rule for rule in rules.load(editions.load(PARENT))}
    found = {rule.id: rule for rule in rules.load(ours)}
    assert found.keys() == parent.keys()
    lacking = {rule.id for rule in found.values() if rule.absent}
    assert lacking
    assert {a.reason for i in lacking for a in found[i].absent} <= {REASON, CELLS, f"{REASON}；{CELLS}"}
    assert all(found[i].checks == parent[i].checks for i in found.keys() - lacking)
    assert any(rule.absent and rule.checks for rule in found.values())  # what is left of a rule is checked


def test_no_check_speaks_of_what_is_not_there(ours: Edition) -> None:
    for rule in rules.load(ours) + rules.hints(ours):
        for check in rule.checks:
            scopes = [*check.scope, *(scope for each in check.each for scope in each.codes)]
            assert all(scope.form in ours._by_id for scope in scopes), rule.id
            assert not any(text.startswith("capital.") for texts in check.given.values() for text in texts), rule.id
    assert not any("capital." in str(check.formula) for check in live(ours))
    assert len(live(ours)) > 100
    assert build(ours, checks=live(ours))


def test_the_catalogue_tells_the_reason(ours: Edition) -> None:
    for rule in explained(ours):
        text = explanation(rule, 100)
        assert "不适用" in rule.how or not rule.absent
        assert all(reason in text.replace("\n", "").replace(" ", "") for reason in rule.absent)


def test_a_check_that_does_not_apply_is_reported_so(ours: Edition) -> None:
    told = [r for r in evaluate(ours, Book(ours.id, "", {})) if REASON in r.words.get("reason", "")]
    assert told
    assert {r.outcome for r in told} == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ({"general": "没有"}, "本版式有“general”"),
        ({"general.all": "没有"}, "本版式有“general.all”"),
        ({"general.*.total": "没有"}, "本版式有“general.*.total”"),
        ({"capital": ""}, "没有写理由"),
        ({"*.all": "没有"}, "不是键的路径"),
        ({"capital.all.total.more": "没有"}, "不是键的路径"),
    ],
)
def test_a_wrong_declaration_is_an_error_of_the_edition(tmp_path: Path, absent: dict[str, str], message: str) -> None:
    with pytest.raises(EditionError) as error:
        edition(tmp_path, absent)
    assert message in str(error.value)
    assert "edition.yaml" in str(error.value)
