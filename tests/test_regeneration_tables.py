"""Tables and charts that people rearranged before the document was generated again, and what is said of them."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from generator.model.revised import Fate
from generator.revision.tables import by_hand
from tests.hand import Word, generated, nothing, paragraph
from tests.support import W
from tests.test_regeneration import COLUMNS, GRID, Case, chart_of, last_year_higher, other_income, sound

GENERAL = "g_t_general_grid"
ADVICE = "两者不一致，数据有误的请更正工作簿"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def last_subject(content: dict[str, Any]) -> None:
    """The last line of table 5 has another amount."""
    row = content["general"]["subjects"][-1]
    row["basic"] = Decimal("7777700.00")


def rows_of(*tables: etree._Element) -> list[str]:
    return ["".join(row.itertext()) for table in tables for row in table.iter(W + "tr")]


def cut(word: Word, mark: str, *, head: bool) -> None:
    """A table cut in two as Word does it; with ``head`` the second half gets a line 续表 and the head once more."""
    table = word.block(mark)
    rows = table.findall(W + "tr")
    other = etree.Element(W + "tbl")
    for name in ("tblPr", "tblGrid"):
        other.append(copy.deepcopy(table.find(W + name)))
    if head:
        other.append(copy.deepcopy(rows[0]))
        for mark in list(other.iter(W + "bookmarkStart", W + "bookmarkEnd")):  # a copy gets none
            mark.getparent().remove(mark)
    for row in rows[len(rows) // 2 :]:
        other.append(row)
    table.addnext(other)
    table.addnext(paragraph("续表" if head else ""))


@pytest.mark.parametrize("head", [False, True])
def test_a_table_cut_in_two_is_still_kept_up_to_date(case: Case, head: bool) -> None:
    word = case.word
    cut(word, GENERAL, head=head)
    case.save(word)
    written = case.put(last_subject)
    first = case.word.block(GENERAL)
    line = first.getnext()
    second = line.getnext()
    assert (line.tag, second.tag) == (W + "p", W + "tbl")
    fresh = rows_of(Word(generated(last_subject)[0]).block(GENERAL))
    assert any("777.77" in row for row in fresh)
    now = rows_of(first, second)
    assert now == [*fresh[: len(fresh) // 2], *fresh[:1] * head, *fresh[len(fresh) // 2 :]]
    assert not [one for one in written.revisions if one.fate is Fate.INSERTED and one.text.startswith("表格")]
    assert [one.place for one in written.revisions if one.fate is Fate.UPDATED] == ["表5"]
    assert not case.put(last_subject).changed
    sound(case.path)


def test_two_tables_put_together_are_both_kept_up_to_date(case: Case) -> None:
    word = case.word
    first, second = word.block(GENERAL), word.block("g_t_basic_grid")
    taken = rows_of(first, second)
    for row in second.findall(W + "tr"):
        first.append(row)
    word.body.remove(second)
    case.save(word)
    assert rows_of(case.word.block(GENERAL)) == taken
    case.put(last_subject)
    now = rows_of(case.word.block(GENERAL))
    fresh = Word(generated(last_subject)[0])
    assert now == rows_of(fresh.block(GENERAL), fresh.block("g_t_basic_grid"))
    sound(case.path)


def test_the_report_names_the_row_that_was_edited(case: Case) -> None:
    word = case.word
    table = word.block(GRID)
    next(t for t in table.iter(W + "t") if t.text == "9.64").text = "9.99"
    rows = table.findall(W + "tr")
    table.remove(rows[6])
    case.save(word)
    kept = [one for one in case.put(nothing).revisions if one.fate is Fate.KEPT]
    assert [(one.place, one.note) for one in kept] == [
        ("表1", f"9.64 → 9.99；工作簿此处是 9.64，{ADVICE}；这张表另有 1 处")
    ]
    written = case.put(other_income)
    clash = [one for one in written.revisions if one.fate is Fate.CONFLICT]
    assert [one.text for one in clash] == ["八、其他收入，收入 / 金额 9.99"]
    assert "10.64" in clash[0].note


def test_the_report_names_the_item_beside_the_cell_that_was_edited(case: Case) -> None:
    """Table 6 has three items in a row."""
    word = case.word
    row = next(row for row in word.block("g_t_basic_grid").iter(W + "tr") if "30201" in "".join(row.itertext()))
    cells = list(row.iter(W + "tc"))
    at = next(n for n, cell in enumerate(cells) if "".join(cell.itertext()) == "30201")
    next(cells[at + 2].iter(W + "t")).text = "61.23"
    case.save(word)
    kept = [one for one in case.put(nothing).revisions if one.fate is Fate.KEPT]
    assert [(one.place, one.text) for one in kept] == [("表6", "30201 办公费，公用经费 / 决算数")]


def test_figures_typed_into_a_chart_are_told(case: Case) -> None:
    word = case.word
    name, data = chart_of(word, COLUMNS)
    word.parts[name] = data.replace(b"5120.36489", b"5555.5")
    case.save(word)
    kept = [one for one in case.put(nothing).revisions if one.fate is Fate.KEPT]
    assert [(one.place, one.note) for one in kept] == [("图1", "图中的数经手工修改")]
    assert Fate.CONFLICT in {one.fate for one in case.put(last_year_higher).revisions}


def test_a_figure_changed_in_a_table_is_told_with_that_of_the_workbook(case: Case) -> None:
    word = case.word
    nodes = [node for node in word.block(GENERAL).iter(W + "t") if node.text]
    first = next(node for node in nodes if re.fullmatch(r"[\d,]+\.\d\d", node.text or ""))
    was = first.text
    nodes[0].text = "功能分类 科目编码"
    first.text = "1234.56"
    case.save(word)
    for change in (nothing, last_year_higher):  # the same without and with another correction
        [said] = [one for one in case.put(change).revisions if one.fate is Fate.KEPT]
        assert said.note.startswith(f"{was} → 1234.56；工作簿此处是 {was}")
        assert "更正工作簿" in said.note
        assert "另有 1 处" in said.note
        assert "1234.56" in "".join(case.word.block(GENERAL).itertext())


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("2,829.00", "2,839.00", True),
        ("300", "310", True),
        ("", "310", True),
        ("300", "", True),
        ("300", "约300", True),
        ("2,829.00", "2829", False),  # the same figure
        ("55.20%", "55.2%", False),
        ("行政运行", "行政运行支出", False),
        ("", "无", False),
    ],
)
def test_only_a_figure_that_differs_is_compared_with_the_workbook(was: str, now: str, told: bool) -> None:
    line = etree.Element(W + "tbl")
    row = etree.SubElement(line, W + "tr")
    for text in ("合计", now):
        etree.SubElement(etree.SubElement(etree.SubElement(row, W + "tc"), W + "p"), W + "r").append(written(text))
    _, note = by_hand([("合计", was)], [("合计", now)], [line])
    assert ("工作簿此处是" in note) == told


def written(text: str) -> etree._Element:
    node = etree.Element(W + "t")
    node.text = text
    return node
