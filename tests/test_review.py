"""The review page: from a figure to its cells and back, by mouse and keyboard, offline, whatever the cells say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from generator import pipeline
from generator.companions import review
from generator.model.blocks import Disclosure, Paragraph, Section, Span, SpanKind, Style
from generator.model.cell import CellRef
from generator.model.figure import Figure
from generator.model.written import WrittenBlock
from generator.review.formula import exact, in_numbers, in_words
from generator.review.overlay import overlay
from generator.review.page import untouched
from tests.altered import alter
from tests.browser import needs_browser, opened, requests
from tests.hand import Word
from tests.support import INPUTS, sample

MOST = 2_000_000  # bytes
HOSTILE = '</script><script>window.broken=1</script>"><img src=x onerror="window.broken=1">&lt;b&gt;<!-- ]]>'


def reviewed(workbook: Path, target: Path | None = None) -> Path:
    made = pipeline.generate(workbook, target or workbook.with_suffix(".docx"), draft=True)
    path, aside = review(made, workbook)
    assert path is not None
    assert aside is None
    return path


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reviewed(sample("sample-2021", tmp_path_factory.mktemp("review")))


class Tags(HTMLParser):
    """Every element with its attributes, and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._silent = tag if tag in ("script", "style") else self._silent

    def handle_endtag(self, tag: str) -> None:
        self._silent = "" if tag == self._silent else self._silent

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data


@pytest.mark.parametrize("name", sorted(path.stem for path in INPUTS.glob("*.xlsx")))
def test_one_small_file_that_needs_nothing_else(name: str, tmp_path: Path) -> None:
    data = reviewed(sample(name, tmp_path)).read_bytes()
    assert len(data) < MOST
    tags = Tags(data.decode())
    policy = next(a["content"] for tag, a in tags.found if tag == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag, attributes in tags.found:
        assert tag not in ("img", "link", "iframe", "object", "embed", "base", "form")
        assert not {"src", "srcset", "style", "action", "background"} & set(attributes)
        assert not any(key.startswith("on") for key in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for _, a in tags.found if a.get("href")} <= set(ids)  # type: ignore[index]


def test_the_same_workbook_gives_the_same_page(page: Path, tmp_path: Path) -> None:
    assert reviewed(sample("sample-2021", tmp_path)).read_bytes() == page.read_bytes()


def test_a_page_that_was_changed_is_kept_aside(tmp_path: Path) -> None:
    workbook = sample("sample-2021", tmp_path)
    path = reviewed(workbook)
    assert untouched(path.read_bytes())
    path.write_bytes(path.read_bytes().replace("公开".encode(), "改过".encode(), 1))
    assert not untouched(path.read_bytes())
    _, aside = review(pipeline.generate(workbook, workbook.with_suffix(".docx"), draft=True), workbook)
    assert aside is not None
    assert "改过" in aside.read_text(encoding="utf-8")


def test_text_and_tables_are_those_of_the_document(page: Path) -> None:
    text = Tags(page.read_text(encoding="utf-8")).text
    document = Word(page.with_name("sample-2021.docx").read_bytes())
    squeezed = re.sub(r"\s", "", text)
    for mark in ("g_p3_s1_text", "g_p3_s3_text", "g_cover_title_1"):
        assert re.sub(r"\s", "", document.text(mark)) in squeezed


def test_every_figure_of_a_sentence_leads_somewhere(page: Path) -> None:
    tags = Tags(page.read_text(encoding="utf-8"))
    ids = {attributes.get("id") for _, attributes in tags.found}
    figures = [attributes for tag, attributes in tags.found if tag == "b" and "f" in (attributes.get("class") or "")]
    assert len(figures) > 100
    for attributes in figures:
        cells = (attributes.get("data-c") or "").split()
        assert cells
        assert all(f"c{cell}" in ids for cell in cells)


def test_a_figure_in_words_that_no_cell_holds_is_marked(tmp_path: Path) -> None:
    workbook = alter(
        sample("sample-2021", tmp_path),
        tmp_path / "a.xlsx",
        {"文字材料!A7": "（二）2021年12月办会76543次，投入5579.6万元，占98.7654%，见第3条。"},
    )
    text = reviewed(workbook).read_text(encoding="utf-8")
    loose = re.findall(r'<mark class="loose"[^>]*>([^<]*)</mark>', text)
    tied = re.findall(r'<b class="f same"[^>]*>([^<]*)</b>', text)
    assert "76543" in loose
    assert "98.7654%" in loose
    assert "5579.6" in tied
    assert not {"2021", "12", "3"} & {*loose, *tied[:1]}


def test_hand_edits_are_shown_as_what_they_are(tmp_path: Path) -> None:
    workbook = sample("sample-2021", tmp_path)
    target = workbook.with_suffix(".docx")
    pipeline.generate(workbook, target, draft=True)
    word = Word(target.read_bytes())
    word.reword("g_p1_duties_2", "管理", "统筹管理31415926项")
    target.write_bytes(word.save())
    text = reviewed(workbook).read_text(encoding="utf-8")
    assert re.search(r'<span class="hand">统筹', text)
    assert re.search(r'<mark class="loose"[^>]*>31415926</mark>', text)


@pytest.mark.parametrize("rest", ["公务接待费支出", "2021年接待费支出"])
def test_the_number_of_a_paragraph_is_not_taken_for_an_edit(rest: str) -> None:
    spans = (
        Span("3", SpanKind.NUMERAL),
        Span("."),
        Span(rest, SpanKind.USER),
        Span("决算为"),
        Span("1,234.56", SpanKind.FIGURE, (CellRef("07", 8, 12),)),
        Span("万元，为"),
        Span("98.00%", SpanKind.FIGURE, (CellRef("07", 8, 12),)),
        Span("。"),
    )
    known = Paragraph("p", Style.BODY, spans)
    disclosure = Disclosure("", "", "", 2021, "", (Section("s", (known,)),))
    text = f"3.{rest}决算为1,234.56万元，改为98.00%。"
    (block,) = overlay(disclosure, (WrittenBlock(("g_p",), "body", text, None),), {"p": "g_p"})[0].blocks
    assert isinstance(block, Paragraph)
    assert [span.text for span in block.spans if span not in spans] == ["万元，", "改", "为"]
    assert [span.text for span in block.spans if span.kind is SpanKind.USER] == [rest, "改"]
    assert block.spans[0] == spans[0]


def test_findings_are_marked_at_both_ends(tmp_path: Path) -> None:
    workbook = alter(sample("sample-2021", tmp_path), tmp_path / "a.xlsx", {"03支出决算表!C7": 1})
    text = reviewed(workbook).read_text(encoding="utf-8")
    document, _, book = text.partition('<section id="book"')
    assert 'data-s="e"' in document.partition("<main")[2]
    assert re.search(r'<td id="c\d+\.7\.3"[^>]* data-s="e"', book)


def test_how_a_figure_was_reckoned() -> None:
    now = Figure(Decimal("5647.95"), (CellRef("总表", 7, 3),))
    before = Figure(Decimal("5120.36"), (CellRef("总表", 7, 4),))
    names = {now.cells[0]: "本年", before.cells[0]: "上年"}
    difference = now - before
    rate = abs(difference).over(before)
    assert in_words(difference, names.__getitem__) == "本年 − 上年"
    assert in_numbers(difference) == "5647.95 − 5120.36"
    assert in_words(rate, names.__getitem__) == "|本年 − 上年| ÷ 上年"
    assert exact(rate, "10.3%") == "10.3038%"
    assert in_words(difference.over(before), names.__getitem__) == "（本年 − 上年） ÷ 上年"
    total = Figure.sum([now] * 20)
    assert in_words(total, names.__getitem__).endswith("（共 20 项）")


# In a browser


@pytest.fixture(scope="module")
def driver(page: Path) -> Iterator[Any]:
    with opened(page) as found:
        yield found


def css(driver: Any, selector: str) -> Any:
    return driver.find_element("css selector", selector)


def keys(driver: Any, *pressed: str) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(driver).send_keys(*pressed).perform()


def focused(driver: Any) -> Any:
    return driver.switch_to.active_element


@needs_browser
def test_clicking_a_figure_shows_formula_cells_and_values(driver: Any) -> None:
    figure = css(driver, "#b-p3\\.s1\\.text b.f[data-k]")
    shown = figure.text
    figure.click()
    panel = css(driver, "#panel").text
    assert shown in panel
    assert "公式：" in panel
    assert "−" in panel or "÷" in panel
    cells = figure.get_attribute("data-c").split()
    assert len(driver.find_elements("css selector", "#panel li button")) == len(cells)
    lit = driver.find_elements("css selector", "#book td.lit")
    assert {cell.get_attribute("id") for cell in lit} == {f"c{cell}" for cell in cells}
    css(driver, "#panel li button").click()
    assert focused(driver).get_attribute("id") == f"c{cells[0]}"
    assert focused(driver).is_displayed()


@needs_browser
def test_clicking_a_cell_shows_every_place_that_uses_it(driver: Any) -> None:
    cell = css(driver, "#b-p3\\.s3\\.text b.f").get_attribute("data-c").split()[0]
    css(driver, f"#t{cell.split('.')[0]}").click()
    driver.find_element("id", f"c{cell}").click()
    users = [
        one
        for one in driver.find_elements("css selector", "main [data-c]")
        if cell in one.get_attribute("data-c").split()
    ]
    buttons = driver.find_elements("css selector", "#panel li button")
    assert len(buttons) == len(users) > 1
    assert "三、支出决算情况说明" in css(driver, "#panel").text
    buttons[0].click()
    assert cell in focused(driver).get_attribute("data-c").split()


@needs_browser
def test_all_by_keyboard(driver: Any) -> None:
    from selenium.webdriver import Keys

    driver.refresh()
    keys(driver, Keys.TAB)
    assert focused(driver).text == "跳到公开文档"
    keys(driver, Keys.ENTER)
    for _ in range(60):
        keys(driver, Keys.TAB)
        if "data-c" in (focused(driver).get_attribute("outerHTML") or "").split(">")[0]:
            break
    figure = focused(driver)
    assert figure.get_attribute("data-c")
    keys(driver, Keys.ENTER)
    assert css(driver, "#panel").is_displayed()
    assert focused(driver).tag_name == "button"
    keys(driver, Keys.ENTER)  # on to the cell
    assert focused(driver).tag_name == "td"
    cell = focused(driver).get_attribute("id")
    keys(driver, Keys.ARROW_DOWN)
    assert focused(driver).tag_name == "td"
    assert focused(driver).get_attribute("id") != cell
    keys(driver, Keys.ENTER)
    assert "填列：" in css(driver, "#panel").text
    below = css(driver, ".sheet.now td.on")
    keys(driver, Keys.ESCAPE) if below else None
    assert not css(driver, "#panel").is_displayed()
    assert focused(driver).tag_name == "td"


@needs_browser
def test_tabs_turn_with_arrow_keys(driver: Any) -> None:
    from selenium.webdriver import Keys

    css(driver, "#t0").click()
    keys(driver, Keys.ARROW_RIGHT)
    assert focused(driver).get_attribute("id") == "t1"
    assert [one.get_attribute("id") for one in driver.find_elements("css selector", ".sheet.now")] == ["s1"]
    keys(driver, Keys.END)
    assert css(driver, "[role=tab][aria-selected=true]").get_attribute("id") == focused(driver).get_attribute("id")


@needs_browser
def test_printed_it_is_document_and_sheets_only(driver: Any) -> None:
    css(driver, "main b.f").click()
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not css(driver, "#panel").is_displayed()
        assert not css(driver, "#tabs").is_displayed()
        sheets = driver.find_elements("css selector", ".sheet")
        assert len(sheets) > 10
        assert all(sheet.is_displayed() for sheet in sheets)
        assert len(driver.execute_cdp_cmd("Page.printToPDF", {})["data"]) > 10_000
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})


@needs_browser
def test_no_errors_and_no_requests(driver: Any, page: Path) -> None:
    driver.refresh()
    assert driver.get_log("browser") == []
    asked = {url for url in requests(driver) if not url.startswith(("data:", "chrome"))}
    assert asked <= {page.as_uri()}


@needs_browser
def test_hostile_cells_are_only_text(tmp_path: Path) -> None:
    changes = {"文字材料!A7": HOSTILE, "项目清单!A5": HOSTILE, "重点工作!A29": "=1+1<svg onload=window.broken=1>"}
    path = reviewed(
        alter(sample("sample-2021", tmp_path), tmp_path / "<坏>&.xlsx".replace("<", "(").replace(">", ")"), changes)
    )
    with opened(path) as driver:
        assert driver.execute_script("return window.broken") is None
        assert driver.find_elements("css selector", "img, main script, #book script") == []
        assert HOSTILE in css(driver, "#b-p1\\.duties\\.2").text
        for selector in ("#b-p1\\.duties\\.2 [data-c]", "main td.u"):
            driver.execute_script("arguments[0].click()", css(driver, selector))
        assert driver.execute_script("return window.broken") is None
        assert driver.get_log("browser") == []
