"""The four figures: what they show, and the native chart parts that Word can edit."""

from __future__ import annotations

import io
import itertools
import zipfile
from decimal import Decimal
from typing import Any

import docx
import pytest
from book_builder import make_book, sample_book
from lxml import etree
from openpyxl import load_workbook

from generator import editions
from generator.document import chartbook, pielabels
from generator.document import charts as drawn
from generator.editions import EditionError
from generator.model.blocks import Chart, ChartKind, Paragraph, Series, SpanKind, Style
from generator.model.book import Book
from generator.model.figure import Figure
from generator.narrative import charts
from generator.narrative.compose import compose
from generator.narrative.context import Context

EDITION = editions.load("wuhan-final-2021")
UNIT = {"year": 2021, "name": "某某区档案馆", "level": "区级"}
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
WIDTH, HEIGHT = 5_600_000, 2_400_000

BOTH_YEARS = {
    "unit": UNIT,
    "totals": {"income_grand_total": {"amount": "3097.755"}, "expenditure_grand_total": {"amount": "3097.755"}},
    "changes": {"totals": {"last": "4090.91"}},
}
STRUCTURE = {
    "unit": UNIT,
    "income": {"all": {"total": 1000, "fiscal": "777.75", "institution": "222.25", "superior": 0, "other": None}},
}


def build(content: dict[str, Any], chart_id: str) -> tuple[Chart, Any] | None:
    return charts.build(Context(EDITION, make_book(EDITION, content)), chart_id)


def chart(content: dict[str, Any], chart_id: str) -> Chart:
    made = build(content, chart_id)
    assert made is not None
    return made[0]


def test_captions_are_the_forms_own() -> None:
    context = Context(EDITION, sample_book(EDITION))
    assert [charts.build(context, id)[1].text for id in charts.ids(context)] == [  # type: ignore[index]
        "图1：收、支决算总计变动情况",
        "图2：收入决算结构",
        "图3：支出决算结构",
        "图4：财政拨款收、支决算总计变动情况",
    ]
    caption = charts.build(context, "p3.s1.chart")[1]  # type: ignore[index]
    assert (caption.id, caption.style) == ("p3.s1.chart.caption", Style.CAPTION)
    assert [s.text for s in caption.spans if s.kind is SpanKind.NUMERAL] == ["1"]


def test_two_years_are_compared() -> None:
    made = chart(BOTH_YEARS, "p3.s1.chart")
    assert made.kind is ChartKind.COLUMN
    assert made.categories == ("2020年度", "2021年度")
    assert [s.labels for s in made.series] == [("4,090.91", "3,097.76")] * 2
    assert [p.value for p in made.series[0].points] == [Decimal("4090.91"), Decimal("3097.755")]
    assert all(point.cells for one in made.series for point in one.points)
    assert made.description == (
        "柱形图：2020年度收入总计4,090.91万元，支出总计4,090.91万元；2021年度收入总计3,097.76万元，支出总计3,097.76万元。"
    )


def test_a_new_unit_shows_this_year_alone() -> None:
    made = chart({**BOTH_YEARS, "unit": {**UNIT, "first_time": "是"}}, "p3.s1.chart")
    assert made.categories == ("2021年度",)
    assert [s.labels for s in made.series] == [("3,097.76",)] * 2


@pytest.mark.parametrize("known", [{"first_time": "是"}, {}])
def test_the_caption_of_one_year_speaks_of_no_change(known: dict[str, str]) -> None:
    content = {**BOTH_YEARS, "unit": {**UNIT, **known}, "changes": {"totals": {"last": None}}}
    assert build(content, "p3.s1.chart")[1].text == "图1：收、支决算总计情况"  # type: ignore[index]


def test_charts_are_numbered_as_they_are_printed() -> None:
    book = make_book(EDITION, {**STRUCTURE, "fiscal": {"income_grand_total": {"amount": 5}}})
    disclosure, _ = compose(EDITION, book)
    blocks = [block for section in disclosure.sections for block in section.blocks]
    captions = [b.text for b in blocks if isinstance(b, Paragraph) and b.style is Style.CAPTION]
    assert captions == ["图1：收入决算结构", "图2：财政拨款收、支决算总计情况"]


def test_labels_follow_the_number_style() -> None:
    style = {"thousands": "无", "money_decimals": "两位小数去尾零", "percent_decimals": "一位小数"}
    assert chart({**BOTH_YEARS, "wording": style}, "p3.s1.chart").series[0].labels == ("4090.91", "3097.76")
    assert chart({**STRUCTURE, "wording": style}, "p3.s2.chart").series[0].labels == ("77.8%", "22.2%")


def test_a_pie_shows_only_what_there_is() -> None:
    made = chart(STRUCTURE, "p3.s2.chart")
    assert made.kind is ChartKind.PIE
    assert made.categories == ("财政拨款收入", "事业收入")
    assert made.series[0].labels == ("77.78%", "22.23%")  # each half-up by itself
    assert made.description == "饼图：财政拨款收入777.75万元，占77.78%；事业收入222.25万元，占22.23%。"


def test_a_chart_with_nothing_to_show_is_none() -> None:
    empty = Context(EDITION, make_book(EDITION, {"unit": UNIT}))
    assert [charts.build(empty, id) for id in charts.ids(empty)] == [None] * 4
    assert build({"unit": UNIT, "income": {"all": {"total": -5, "other": -5}}}, "p3.s2.chart") is None


def test_an_unknown_chart_is_an_error_that_names_it() -> None:
    with pytest.raises(EditionError, match=r"p9\.s1\.chart"):
        build({"unit": UNIT}, "p9.s1.chart")


# The chart parts


def figures(*values: str) -> tuple[Figure, ...]:
    return tuple(Figure(Decimal(value.replace(",", ""))) for value in values)


def column(*rows: tuple[str, ...], categories: tuple[str, ...] = ("2020年度", "2021年度")) -> Chart:
    series = tuple(Series(f"甲<&>{n}", figures(*row), row) for n, row in enumerate(rows, 1))
    return Chart("x", ChartKind.COLUMN, categories, series, "说明<&>")


def pie(*values: str) -> Chart:
    whole = sum(Decimal(value) for value in values)
    labels = tuple(f"{Decimal(value) / whole * 100:.2f}%" for value in values)
    names = tuple(f"第{n}项收入" for n in range(1, len(values) + 1))
    return Chart("x", ChartKind.PIE, names, (Series("金额", figures(*values), labels),), "饼图")


def write(*made: Chart) -> zipfile.ZipFile:
    document = docx.Document()
    for number, one in enumerate(made, 1):
        run = document.add_paragraph().add_run()
        run._r.append(drawn.inline(document.part, one, number, WIDTH, HEIGHT))
    stream = io.BytesIO()
    document.save(stream)
    return zipfile.ZipFile(stream)


def xml(package: zipfile.ZipFile, name: str) -> Any:
    return etree.fromstring(package.read(name))


def cached(series: Any, place: str) -> list[str]:
    return [v.text for v in series.find(f"{C}{place}").iter(f"{C}v")]


@pytest.mark.parametrize(
    "made",
    [column(("4,090.91", "3,097.76"), ("1,000.50", "0.00")), pie("90", "5.5", "4.5"), column(("-3", "2"))],
    ids=["columns", "pie", "below zero"],
)
def test_cached_values_equal_the_workbook_inside(made: Chart) -> None:
    package = write(made)
    root = xml(package, "word/charts/chart1.xml")
    sheet = load_workbook(io.BytesIO(package.read("word/embeddings/Microsoft_Excel_Sheet1.xlsx"))).active
    assert sheet is not None
    for number, one in enumerate(root.iter(f"{C}ser"), 2):
        names, values = cached(one, "cat"), cached(one, "val")
        assert names == list(made.categories)
        assert [Decimal(value) for value in values] == [p.value for p in made.series[number - 2].points]
        assert [sheet.cell(row, 1).value for row in range(2, len(names) + 2)] == names
        inside = [Decimal(str(sheet.cell(row, number).value)) for row in range(2, len(names) + 2)]
        assert inside == [Decimal(value) for value in values]
        assert sheet.cell(1, number).value == cached(one, "tx")[0] == made.series[number - 2].name
        letter = "ABCD"[number - 1]
        assert one.find(f".//{C}val//{C}f").text == f"Sheet1!${letter}$2:${letter}${len(names) + 1}"
    relations = xml(package, "word/charts/_rels/chart1.xml.rels")
    external = root.find(f"{C}externalData").values()[0]
    assert [r.get("Id") for r in relations] == [external]


def test_both_axes_are_present_and_start_at_zero() -> None:
    root = xml(write(column(("5", "6"))), "word/charts/chart1.xml")
    axes = [*root.iter(f"{C}catAx"), *root.iter(f"{C}valAx")]
    assert [axis.find(f"{C}delete").get("val") for axis in axes] == ["0", "0"]
    assert axes[1].find(f"{C}scaling/{C}min").get("val") == "0"
    negative = xml(write(column(("-5", "6"))), "word/charts/chart1.xml")
    assert negative.find(f".//{C}valAx/{C}scaling/{C}min") is None


def test_amounts_keep_their_style_when_edited() -> None:
    def formats(*labels: str) -> list[str]:
        root = xml(write(column(labels)), "word/charts/chart1.xml")
        usual = root.find(f".//{C}ser/{C}dLbls/{C}numFmt").get("formatCode")
        own = {d.find(f"{C}idx").get("val"): d.find(f"{C}numFmt").get("formatCode") for d in root.iter(f"{C}dLbl")}
        return [own.get(str(n), usual) for n in range(len(labels))]

    assert formats("4,090.91", "350.00") == ["#,##0.00", "#,##0.00"]
    assert formats("4090.91", "350.5") == ["0.00", "0.0"]
    assert formats("4090", "350.25") == ["0", "0.00"]


def test_pie_labels_are_our_own_words() -> None:
    made = pie("2698.09", "399.67")
    root = xml(write(made), "word/charts/chart1.xml")
    assert ["".join(t.text for t in d.iter(f"{A}t")) for d in root.iter(f"{C}dLbl")] == [
        f"{name} {label}" for name, label in zip(made.categories, made.series[0].labels, strict=True)
    ]


def test_drawings_say_what_they_show_and_have_ids_of_their_own() -> None:
    package = write(column(("1", "2")), pie("1", "2"))
    document = etree.fromstring(package.read("word/document.xml"))
    found = document.xpath("//wp:docPr", namespaces={"wp": drawn._WP})
    assert [(d.get("descr"), d.get("id")) for d in found] == [("说明<&>", "1001"), ("饼图", "1002")]
    types = package.read("[Content_Types].xml").decode()
    assert types.count("drawingml.chart+xml") == 2


def test_typefaces_are_those_of_the_caption_style() -> None:
    document = docx.Document(str(EDITION.find("style.docx")))
    drawn.inline(document.part, column(("1", "2")), 1, WIDTH, HEIGHT)
    part = next(p for p in document.part.package.iter_parts() if str(p.partname).endswith("chart1.xml"))
    root = etree.fromstring(part.blob)
    fonts = document.styles[Style.CAPTION.value].element.rPr.rFonts
    assert {e.get("typeface") for e in root.iter(f"{A}ea")} == {fonts.get(docx.oxml.ns.qn("w:eastAsia"))}


def test_the_same_chart_gives_the_same_bytes() -> None:
    def parts() -> dict[str, bytes]:
        package = write(column(("1", "2")), pie("1", "2"))
        return {name: package.read(name) for name in package.namelist()}

    assert parts() == parts()
    assert chartbook.build((("", "甲"), ("乙", Decimal(1)))) == chartbook.build((("", "甲"), ("乙", Decimal("1.00"))))


@pytest.mark.parametrize(
    "shares",
    [
        (1.0,),
        (0.871, 0.129),
        (0.9254, 0.0124, 0.0062, 0.0034, 0.0012, 0.0514),
        (0.9995, 0.0001, 0.0001, 0.0001, 0.0001, 0.0001),
        (1 / 6,) * 6,
        (0.0001, 0.0001, 0.4999, 0.4999),
    ],
)
def test_pie_labels_stay_apart(shares: tuple[float, ...]) -> None:
    line = 0.08
    made = pielabels.layout(shares, WIDTH, HEIGHT, line)
    places: dict[bool, list[float]] = {True: [], False: []}
    start = made.start / 360
    for share, (_, shift) in zip(shares, made.shifts, strict=True):
        angle = (start + share / 2) * 2 * 3.141592653589793
        start += share
        natural = 0.5 - (pielabels._SIZE / 2 + pielabels._GAP) * pielabels.math.cos(angle)
        places[pielabels.math.sin(angle) >= 0].append(natural + shift)
    for side in places.values():
        assert all(0 < place < 1 for place in side)
        assert all(b - a > line * 0.85 for a, b in itertools.pairwise(sorted(side)))


def test_a_sample_book_has_all_four() -> None:
    one: Book = sample_book(EDITION)
    context = Context(EDITION, one)
    assert all(charts.build(context, id) for id in charts.ids(context))
