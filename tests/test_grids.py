"""The official tables and the performance forms as grids: equal to the official form, figures with their cells."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from book_builder import MISSING, make_book, sample_book

from generator import editions
from generator.model.blocks import Align, Grid, GridCell, Paragraph, Section, SpanKind, Style
from generator.model.book import Book
from generator.model.form import Form, Kind
from generator.narrative import performance, tables
from generator.narrative.context import Context
from generator.narrative.layout import column_widths, text_ems
from generator.narrative.wording import chinese

EDITION = editions.load("wuhan-final-2021")
PUBLISHED = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "final-2021-wuchang.json"
UNIT = {"unit": {"year": 2021, "name": "某某区档案馆", "level": "区级"}}


def book(content: dict[str, Any]) -> Book:
    return make_book(EDITION, {**UNIT, **content})


def section(one: Book, form_id: str) -> Section:
    return next(s for s in tables.sections(Context(EDITION, one)) if s.id == f"table.{form_id}")


def grid(one: Book, form_id: str) -> Grid:
    return next(b for b in section(one, form_id).blocks if isinstance(b, Grid))


def texts(row: tuple[GridCell, ...]) -> list[str]:
    return [cell.text for cell in row]


def lines(one: Book, form_id: str, style: Style) -> list[str]:
    return [b.text for b in section(one, form_id).blocks if isinstance(b, Paragraph) and b.style is style]


def covered(made: Grid) -> list[int]:
    """Columns that each row fills, cells reaching down from above included."""
    reach: list[tuple[int, int]] = []  # (rows still covered, columns)
    found = []
    for row in made.rows:
        found.append(sum(c.colspan for c in row) + sum(columns for _, columns in reach))
        reach = [(left - 1, columns) for left, columns in reach if left > 1]
        reach += [(c.rowspan - 1, c.colspan) for c in row if c.rowspan > 1]
    return found


@pytest.mark.parametrize("form", EDITION.tables, ids=lambda form: form.id)
def test_every_row_fills_every_column(form: Form) -> None:
    for one in (book({}), sample_book(EDITION, fund=True, capital=True)):
        made = grid(one, form.id)
        assert set(covered(made)) == {len(made.widths)}
        assert min(made.widths) > 0


def test_each_table_has_its_own_section_in_order_and_turned_as_its_form_says() -> None:
    made = tables.sections(Context(EDITION, book({})))
    assert [s.id for s in made] == [f"table.{form.id}" for form in EDITION.tables]
    assert [s.landscape for s in made] == [form.orientation == "landscape" for form in EDITION.tables]
    ids = [block.id for one in made for block in one.blocks]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("chosen", "shown"), [("按版式", "86.20"), ("两位小数去尾零", "86.2"), (None, "86.20")])
def test_decimals_of_the_official_tables_are_a_choice(chosen: str | None, shown: str) -> None:
    wording = {"table_decimals": chosen} if chosen else {}
    made = grid(book({"totals": {"other": {"amount": "86.2"}}, "wording": wording}), "totals")
    texts = [cell.text for row in made.rows for cell in row]
    assert shown in texts
    assert len({"86.20", "86.2"} & set(texts)) == 1


def test_lines_around_a_table() -> None:
    one = book({})
    title, number, unit, *_ = section(one, "totals").blocks
    assert isinstance(title, Paragraph)
    assert isinstance(unit, Paragraph)
    assert (title.id, title.style, title.text) == ("t.totals", Style.TABLE_TITLE, "2021年度收入支出决算总表（表1）")
    assert title.spans[0].kind is SpanKind.YEAR
    assert number == Paragraph("t.totals.number", Style.TABLE_NUMBER, number.spans)  # type: ignore[union-attr]
    assert unit.text == "部门：某某区档案馆"
    assert unit.spans[-1].kind is SpanKind.USER
    assert [str(ref) for ref in unit.spans[-1].cells] == [str(one.sheet("unit").cell("name", "value").ref)]  # type: ignore[union-attr]
    assert "".join(s.text for s in unit.right) == "金额单位：万元"
    assert lines(one, "totals", Style.TABLE_NOTE) == [
        "注：1. 本表反映部门本年度的总收支和年末结转结余情况。",
        "2. 本套报表金额单位转换时可能存在尾数误差。",
    ]


def test_lines_of_a_unit_that_publishes_for_itself_alone() -> None:
    one = make_book(EDITION, {"unit": {**UNIT["unit"], "scope": "单位决算", "head_suffix": "是"}})
    assert [b.text for b in section(one, "fund").blocks if isinstance(b, Paragraph)][2] == "单位：某某区档案馆（本级）"
    assert lines(one, "capital", Style.TABLE_NOTE)[-1] == "本单位无使用国有资本经营预算财政拨款支出。"


@pytest.mark.parametrize("name", ["某某区档案馆（本级）", "某某区档案馆(本级)"])
def test_a_name_that_says_本级_is_not_given_it_twice(name: str) -> None:
    one = make_book(EDITION, {"unit": {**UNIT["unit"], "name": name, "head_suffix": "是"}})
    assert [b.text for b in section(one, "fund").blocks if isinstance(b, Paragraph)][2] == f"部门：{name}"


@pytest.mark.parametrize(
    ("variant", "fund", "capital"),
    [
        (
            "甲",
            "本部门没有政府性基金预算财政拨款收入和使用政府性基金预算财政拨款安排的支出。",
            "本部门无使用国有资本经营预算财政拨款支出。",
        ),
        (
            "乙",
            "本部门没有政府性基金预算财政拨款收入，也没有使用政府性基金预算财政拨款安排的支出。",
            "本部门没有使用国有资本经营预算财政拨款安排的支出。",
        ),
    ],
)
def test_an_empty_table_prints_head_total_and_statement(variant: str, fund: str, capital: str) -> None:
    one = book({"wording": {"statement": variant}})
    for form_id, statement in (("fund", fund), ("capital", capital)):
        made = grid(one, form_id)
        assert len(made.rows) == made.head_rows + 1
        assert texts(made.rows[-1])[0] == "合计"
        assert not any(texts(made.rows[-1])[1:])
        assert lines(one, form_id, Style.TABLE_NOTE)[-1] == statement


def test_a_table_with_any_figure_has_no_statement() -> None:
    zero = book({"fund": {"2290804": {"name": "某项支出", "income": 0}}})
    some = book({"fund": {"2290804": {"name": "某项支出", "income": "0.01"}}})
    assert len(lines(zero, "fund", Style.TABLE_NOTE)) == 2
    assert len(lines(some, "fund", Style.TABLE_NOTE)) == 1
    assert len(grid(zero, "fund").rows) == len(grid(some, "fund").rows)  # rows with no figure are listed too


def test_amounts_are_shown_in_table_style_with_their_cells() -> None:
    one = book({"totals": {"gpb": {"amount": "1234567.895"}, "fund": {"amount": 0}}})
    first, second = grid(one, "totals").rows[3:5]
    assert (first[2].text, first[2].align, first[2].kind) == ("1,234,567.90", Align.RIGHT, SpanKind.FIGURE)
    assert first[2].cells == one.figure("totals", "gpb", "amount").cells != ()
    assert (second[2].text, second[2].cells) == ("", one.figure("totals", "fund", "amount").cells)


def test_amounts_in_yuan_are_shown_in_wan() -> None:
    one = make_book(EDITION, {**UNIT, "totals": {"gpb": {"amount": "30977599.99"}}}, amount_unit="元")
    assert grid(one, "totals").rows[3][2].text == "3,097.76"


def test_an_open_table_lists_the_rows_as_they_stand() -> None:
    rows = [{"code": "229", "name": "其他支出", "total": 3}, {"code": "9990101", "name": "研究<A&B>费", "total": 2}]
    made = grid(book({"expenditure": {"subjects": rows, "all": {"total": 5}}}), "expenditure")
    assert [texts(row)[:3] for row in made.rows[made.head_rows :]] == [
        ["合计", "5.00", ""],
        ["229", "其他支出", "3.00"],
        ["9990101", "研究<A&B>费", "2.00"],
    ]
    total, first = made.rows[made.head_rows], made.rows[made.head_rows + 1]
    assert total[0].colspan == 2
    assert total[0].bold
    assert total[1].bold
    assert first[0].kind is SpanKind.USER
    assert not first[2].bold


def test_a_name_left_blank_is_taken_from_the_known_subjects() -> None:
    made = grid(book({"general": {"2080505": {"total": 1}}}), "general")
    assert texts(made.rows[-1])[1] == EDITION.subjects["2080505"]


def test_a_missing_sheet_prints_an_empty_form() -> None:
    one = book({"basic": MISSING, "income": MISSING})
    assert not any(c.text for row in grid(one, "income").rows for c in row if c.kind is SpanKind.FIGURE)
    assert len(grid(one, "basic").rows) == 31


def test_totals_of_the_detail_table_span_what_the_form_says() -> None:
    made = grid(sample_book(EDITION), "basic")
    assert [(c.text, c.colspan) for c in made.rows[-1] if c.kind is SpanKind.FIXED] == [
        ("人员经费合计", 2),
        ("公用经费合计", 5),
    ]


def test_fixed_tables_fit_one_page_and_long_open_ones_do_not_try() -> None:
    def dense(count: int) -> bool:
        rows = [{"code": f"20101{n:02d}", "name": "某项", "total": 1} for n in range(count)]
        return grid(book({"general": {"subjects": rows}}), "general").dense

    assert grid(book({}), "fiscal").dense
    assert dense(10)
    assert not dense(80)


def test_columns_are_as_wide_as_their_contents_need() -> None:
    form = EDITION.form("fiscal")
    made = grid(book({}), "fiscal")
    kinds = [column.kind for block in form.blocks for column in block.columns]
    by_kind = {kind: [w for w, k in zip(made.widths, kinds, strict=True) if k is kind] for kind in set(kinds)}
    longest = max(text_ems(row.label) for row in form.blocks[1].rows)
    assert by_kind[Kind.LABEL][1] / by_kind[Kind.LINE][1] > longest / 4
    assert len(set(by_kind[Kind.MONEY])) == 1
    wide = column_widths(form, [{2: GridCell("123,456,789,012.34")}], 0)
    assert wide[2] / wide[1] > made.widths[2] / made.widths[1]


def test_a_list_becomes_a_numbered_table() -> None:
    items = [
        {"matter": "甲事", "goal": "建成", "result": "完成"},
        {},
        {"matter": "乙事", "goal": "开工", "result": None},
    ]
    context = Context(EDITION, book({"key_work": {"items": items}}))
    made = tables.list_grid(context, "key_work", "items", id="p4.table", widths=(12, 34, 86, 24))
    assert made is not None
    assert [texts(row) for row in made.rows] == [
        ["序号", "重要事项", "工作内容及目标", "完成情况"],
        ["1", "甲事", "建成", "完成"],
        ["2", "乙事", "开工", ""],
    ]
    assert made.head_rows == 1
    empty = Context(EDITION, book({}))
    assert tables.list_grid(empty, "key_work", "items", id="p4.table", widths=(12, 34, 86, 24)) is None


def test_chinese_numerals() -> None:
    words = {1: "一", 9: "九", 10: "十", 11: "十一", 20: "二十", 35: "三十五", 105: "一百零五", 110: "一百一十"}
    assert {number: chinese(number) for number in words} == words


# The performance forms

INDICATORS = [
    {"level1": "产出指标(64分)", "level2": "数量指标", "level3": "甲", "target": "≥3", "actual": "4", "score": "20"},
    {"level1": None, "level2": None, "level3": "乙", "target": "100%", "actual": "0.995", "score": "24"},
    {"level1": "产出指标(64分)", "level2": "质量指标", "level3": "丙", "target": "无", "actual": "无", "score": "20"},
    {"level1": "效益指标(16分)", "level2": "质量指标", "level3": "丁", "target": "好", "actual": "好", "score": "16"},
]
OVERALL = {"unit_name": "某某区档案馆", "report_date": "2022年3月1日", "basic_total": "399.670", "budget": "12.50",
           "indicators": INDICATORS}  # fmt: skip
PROJECT = {"project_name": "档案数字化", "category": "部门预算项目", "nature": "新增性项目", "type": "一次性项目",
           "report_date": "2022年3月1日", "indicators": INDICATORS[:1]}  # fmt: skip


def forms(content: dict[str, Any]) -> tuple[Any, ...]:
    return performance.blocks(Context(EDITION, book(content)))


def test_nothing_filled_in_prints_nothing() -> None:
    assert forms({}) == ()
    assert forms({"overall_performance": {"report_date": "2022年3月1日"}}) == ()


def test_the_report_keeps_the_users_paragraphs_and_their_headings() -> None:
    long = "一、本段虽以序号开头，但它是正文，因为它很长，有四十个字以上，一行标题是写不下这么多字的，所以按正文排印。"
    rows = ["一、自评结论", "（一）执行情况", "总体良好。", " ", long]
    made = forms({"texts": {"report": [{"text": text} for text in rows]}})
    assert [(b.text, b.style) for b in made] == [
        ("2021年度某某区档案馆绩效评价报告", Style.FORM_TITLE),
        ("一、自评结论", Style.SECTION),
        ("（一）执行情况", Style.SUBSECTION),
        ("总体良好。", Style.BODY),
        (long, Style.BODY),
    ]
    assert all(b.spans[0].cells for b in made[1:])


def test_overall_form_has_the_official_layout() -> None:
    title, head, made = forms({"overall_performance": OVERALL})
    assert title.text == "2021年度某某区档案馆整体绩效自评表"
    assert (head.text, "".join(s.text for s in head.right)) == ("单位名称：某某区档案馆", "填报日期：2022年3月1日")
    assert [" | ".join(f"{c.text}{_span(c)}" for c in row) for row in made.rows] == [
        "单位名称 | 某某区档案馆→6",
        "基本支出总额 | 399.670万元→3 | 项目支出总额 | →2",
        "预算执行情况(万元)(20分)↓2 | →2 | 预算数(A) | 执行数(B) | 执行率(B/A) | 得分(20分*执行率)",
        "部门整体支出总额→2 | 12.50 |  |  | ",
        "年度目标:(80分) | →6",
        "年度绩效指标↓5 | 一级指标 | 二级指标 | 三级指标 | 年初目标值(A) | 实际完成值(B) | 得分",
        "产出指标(64分)↓3 | 数量指标↓2 | 甲 | ≥3 | 4 | 20",
        "乙 | 100% | 0.995 | 24",
        "质量指标 | 丙 | 无 | 无 | 20",
        "效益指标(16分) | 质量指标 | 丁 | 好 | 好 | 16",
        "总分 | →6",
        "偏差大或目标未完成原因分析 | →6",
        "改进措施及结果应用方案 | →6",
    ]
    assert set(covered(made)) == {7}
    assert all(cell.cells for row in made.rows for cell in row if cell.kind is SpanKind.USER and cell.text)


def test_a_form_shrinks_to_one_page_only_while_it_stays_readable() -> None:
    def dense(count: int) -> bool:
        made = forms({"overall_performance": {**OVERALL, "indicators": INDICATORS * count}})
        return next(b for b in made if isinstance(b, Grid)).dense

    assert [dense(1), dense(4), dense(20)] == [True, True, False]


def _span(cell: GridCell) -> str:
    return (f"→{cell.colspan}" if cell.colspan > 1 else "") + (f"↓{cell.rowspan}" if cell.rowspan > 1 else "")


def test_project_forms_are_numbered_and_begin_pages() -> None:
    blank = {"report_date": "2022年3月1日"}
    second = {**PROJECT, "project_name": "库房修缮"}
    made = forms({"overall_performance": OVERALL, "project_performance": [PROJECT, blank, second]})
    titles = [b for b in made if isinstance(b, Paragraph) and b.style in (Style.FORM_TITLE, Style.SECTION)]
    assert [(b.id, b.text, b.new_page) for b in titles] == [
        ("perf.overall_performance", "2021年度某某区档案馆整体绩效自评表", False),
        ("perf.project_performance", "2021年度某某区档案馆项目自评表", True),
        ("perf.project_performance.1", "一、档案数字化", False),
        ("perf.project_performance.2", "二、库房修缮", True),
    ]
    grids = [b for b in made if isinstance(b, Grid)]
    assert len(grids) == 3
    assert set(covered(grids[1])) == {8}


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("部门预算项目", "1、部门预算项目 ☑ 2、市直专项 □ 3、市对下转移支付项目 □"),
        ("市直专项、部门预算项目", "1、部门预算项目 ☑ 2、市直专项 ☑ 3、市对下转移支付项目 □"),
        (None, "1、部门预算项目 □ 2、市直专项 □ 3、市对下转移支付项目 □"),
        ("区级专项", "1、部门预算项目 □ 2、市直专项 □ 3、市对下转移支付项目 □ 区级专项 ☑"),
    ],
)
def test_options_are_printed_with_boxes(typed: str | None, printed: str) -> None:
    made = forms({"project_performance": [{**PROJECT, "category": typed}]})
    rows = next(b for b in made if isinstance(b, Grid)).rows
    assert texts(rows[2]) == ["项目类别", printed]


# The published document: heads, labels and every amount of the nine tables

needs_published = pytest.mark.skipif(not PUBLISHED.is_file(), reason="shared/data is not beside this checkout")


def shown(value: str | None) -> str:
    return f"{Decimal(value):,.2f}" if value and Decimal(value) else ""


def flat(text: str | None) -> str:
    return (text or "").replace(" ", "")


@pytest.fixture(scope="module")
def published() -> dict[int, Any]:
    return {table["no"]: table for table in json.loads(PUBLISHED.read_text(encoding="utf-8"))["tables"]}


@pytest.fixture(scope="module")
def filled(published: dict[int, Any]) -> Book:
    """The published amounts, put at keys by the printed order of rows and columns alone."""
    content: dict[str, Any] = {}
    for form in EDITION.tables:
        table = published[form.number]
        money = [[c.key for c in block.columns if c.kind is Kind.MONEY] for block in form.blocks]
        given: dict[str, Any] = {}
        if "flat" in table:
            given = {one["code"]: {"amount": one["amount"]} for one in table["flat"]}
            totals = list(table["totals"].values())
            given |= {"personnel_total": {"amount": totals[0]}, "public_total": {"amount": totals[1]}}
        for index, row in enumerate(table.get("rows", ())):
            sides = [row["left"], row["right"]] if "left" in row else [row]
            for block, columns, side in zip(form.blocks, money, sides, strict=True):
                values = dict(zip(columns, side["values"], strict=True))
                if side.get("code"):
                    given[side["code"]] = {"name": side["label"], **values}
                elif not block.rows[index].spacer:
                    given[block.rows[index].key] = values
        content[form.id] = given
    return book(content)


@needs_published
@pytest.mark.parametrize("form", EDITION.tables, ids=lambda form: form.id)
def test_heads_equal_the_published_ones(form: Form, published: dict[int, Any]) -> None:
    made = grid(book({}), form.id)
    table = published[form.number]
    assert [[(flat(c.text), c.colspan, c.rowspan) for c in row] for row in made.rows[: made.head_rows]] == [
        [(flat(c["t"]), c["cs"], c["rs"]) for c in row] for row in table["header"]
    ]
    assert len(made.widths) == table["n_columns"]
    assert lines(book({}), form.id, Style.TABLE_NUMBER) == [table["form_no"]]
    title = section(book({}), form.id).blocks[0]
    assert isinstance(title, Paragraph)
    assert flat(title.text) == flat(table["title"])


@needs_published
@pytest.mark.parametrize("form", EDITION.tables, ids=lambda form: form.id)
def test_labels_and_amounts_equal_the_published_ones(form: Form, published: dict[int, Any], filled: Book) -> None:
    made = grid(filled, form.id)
    table = published[form.number]
    body = [[c.text for c in row] for row in made.rows[made.head_rows :]]
    if "flat" in table:
        groups: dict[str, list[list[str]]] = {}
        for one in table["flat"]:
            groups.setdefault(one["group"], []).append([one["code"], flat(one["name"]), shown(one["amount"])])
        for at, listed in enumerate(groups.values()):
            assert [row[3 * at : 3 * at + 3] for row in body[: len(listed)]] == listed
        assert body[-1][1::2] == [shown(value) for value in table["totals"].values()]
        return
    expected = []
    for row in table["rows"]:
        printed: list[str] = []
        for side in [row["left"], row["right"]] if "left" in row else [row]:
            lead = [side["code"]] if side.get("code") else []
            label = [] if form.id == "three_public" else [flat(side["label"])]
            printed += [*lead, *label, *(shown(value) for value in side["values"])]
        expected.append(printed)
    numbered = {at for at, cell in enumerate(made.rows[1]) if cell.text == "行次"}
    assert [[text for at, text in enumerate(row) if at not in numbered] for row in body] == expected
    if numbered:
        count = len(body)
        assert [[row[at] for at in sorted(numbered)] for row in body] == [
            [str(n), str(n + count)] for n in range(1, count + 1)
        ]
