"""What a unit may lack, in every edition: a prior year, a budget, projects, 三公 … and whole sentences still."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from book_builder import make_book
from support import load_source, names
from test_final_2019 import plain_content

from generator import editions
from generator.editions import Edition
from generator.model.blocks import Chart, Paragraph
from generator.narrative.compose import compose

Content = dict[str, Any]
WRONG = {
    "doubled punctuation": r"[。；，、：][。；，、：]",
    "empty brackets": r"\(\)|（）|“”",
    "a change of nothing": r"(增加|减少|增长|下降)0(\.0+)?(万元|%)",
    "level and yet compared": r"持平[，。]?(增加|减少|增长|下降)|与上年相比与上年",
    "no projects counted": r"(?<![\d.])0个(一级)?项目",
    "a reason without words": r"主要原因(是|为|：)?[。，；]|主要成效：?[。；]",
    "a list without items": r"(包括|主要用于|主要包括)[：]?。",
    "no value": r"None|Undefined|\{|\}",
    "unfinished": r"[，；、]$",
}


def _columns(content: Content, form: str, column: str, value: Any) -> None:
    for row in content.get(form, {}).values():
        for one in row if isinstance(row, list) else [row]:
            if isinstance(one, dict) and column in one:
                one[column] = value


def _blank(content: Content, *forms: str) -> None:
    for form in forms:
        content.pop(form, None)


def first_time(content: Content) -> None:
    content["unit"]["first_time"] = {"value": "是"}
    _columns(content, "changes", "last", None)


def no_prior_year(content: Content) -> None:
    _columns(content, "changes", "last", None)


def nothing_last_year(content: Content) -> None:
    _columns(content, "changes", "last", 0)


def no_reasons(content: Content) -> None:
    for form in ("changes", "initial_budget"):
        _columns(content, form, "reason", None)


def reasons_none(content: Content) -> None:
    for form in ("changes", "initial_budget"):
        _columns(content, form, "reason", "无")


def no_budget(content: Content) -> None:
    _blank(content, "initial_budget")
    _columns(content, "changes", "initial", None)


def budget_of_nothing(content: Content) -> None:
    for form in ("changes", "initial_budget"):
        _columns(content, form, "initial", 0)


def no_projects(content: Content) -> None:
    _blank(content, "projects", "evaluation", "project_performance")
    for form in ("general", "expenditure"):
        _columns(content, form, "project", None)


def no_three_public(content: Content) -> None:
    _blank(content, "three_public")
    _columns(content, "changes", "initial", 0)


def nothing_else(content: Content) -> None:
    """No cars, no procurement, no equipment."""
    _blank(content, "other", "fund", "capital")


def no_basic(content: Content) -> None:
    _blank(content, "basic")
    for form in ("general", "expenditure"):
        _columns(content, form, "basic", None)


def no_texts(content: Content) -> None:
    _blank(content, "texts", "evaluation", "key_work", "subjects")


def nothing(content: Content) -> None:
    unit = content["unit"]
    content.clear()
    content["unit"] = unit


LACKS: tuple[Callable[[Content], None], ...] = (
    first_time,
    no_prior_year,
    nothing_last_year,
    no_reasons,
    reasons_none,
    no_budget,
    budget_of_nothing,
    no_projects,
    no_three_public,
    nothing_else,
    no_basic,
    no_texts,
    nothing,
)


@cache
def _source(edition_id: str) -> tuple[Edition, Content]:
    edition, content = load_source(next(name for name in names() if load_source(name)[0].id == edition_id))
    return edition, plain_content(edition, content)


@pytest.mark.parametrize("lack", LACKS, ids=[lack.__name__ for lack in LACKS])
@pytest.mark.parametrize("edition_id", editions.ids())
def test_sentences_stay_whole(edition_id: str, lack: Callable[[Content], None]) -> None:
    edition, source = _source(edition_id)
    content = copy.deepcopy(source)
    lack(content)
    disclosure, _ = compose(edition, make_book(edition, content, sums=True), draft=True)
    blocks = [block for section in disclosure.sections for block in section.blocks]
    said = {b.id: b.text for b in blocks if isinstance(b, Paragraph) and b.id.startswith(("p1.", "p3."))}
    wrong = [(id, name, text) for id, text in said.items() for name, sign in WRONG.items() if re.search(sign, text)]
    assert wrong == []
    captions = [re.match(r"图(\d+)：", text) for id, text in said.items() if id.endswith(".caption")]
    charts = [block for block in blocks if isinstance(block, Chart)]
    assert [int(found[1]) for found in captions if found] == list(range(1, len(charts) + 1))
    if lack in (first_time, no_prior_year, nothing):
        year = f"{disclosure.year - 1}年"
        assert not [text for id, text in said.items() if year in text and id != "p3.s10.assets"]  # cars of a budget


@pytest.mark.parametrize("name", ["某某局（本级）", "某某局(本级)"])
@pytest.mark.parametrize("edition_id", editions.ids())
def test_a_name_that_says_本级_is_not_given_it_again(edition_id: str, name: str) -> None:
    edition, source = _source(edition_id)
    content = {**source, "unit": {**source["unit"], "name": {"value": name}}}
    disclosure, _ = compose(edition, make_book(edition, content, sums=True), draft=True)
    said = [b.text for section in disclosure.sections for b in section.blocks if isinstance(b, Paragraph)]
    assert [text for text in said if re.search(r"本级[)）]?[(（]?本级", text)] == []


def test_operating_costs_that_ended_are_not_put_down_to_the_kind_of_unit() -> None:
    edition, source = _source("wuhan-final-2019")
    changes = {**source["changes"], "operating": {"this": 0, "last": 8}}
    content = {**source, "changes": changes, "unit": {**source["unit"], "unit_type": {"value": "公益一类事业单位"}}}
    disclosure, _ = compose(edition, make_book(edition, content, sums=True), draft=True)
    text = next(b.text for s in disclosure.sections for b in s.blocks if b.id == "p3.s10.1.text")
    assert text.endswith("无机关运行经费支出，比2018年减少8.00万元，下降100.00%。")
