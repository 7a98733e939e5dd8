"""Every sentence in every branch (cases/narrative/*.yaml), and what holds for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.editions import Edition, EditionError, ids, load
from generator.model.blocks import Contents, Disclosure, Grid, Paragraph, SpanKind
from generator.model.book import Book
from generator.model.finding import Finding
from generator.narrative import compose as compose_module
from generator.narrative import sandbox
from generator.narrative.compose import compose
from tests.book_builder import make_book, merge, sample_book, sample_content

CASES = Path(__file__).parent / "cases" / "narrative"
EDITION = load("wuhan-final-2021")
DECLARED = tuple(dict.fromkeys(d for id in ids() for d in load(id).yaml("chapters/fixed.yaml").texts("fixed_digits")))
# Blocks that the chapters wrote; tables, forms and attachments have their own tests.
CHAPTER = re.compile(r"(cover|part\d|p[1-5])(\.|$)")

Case = Mapping[str, Any]


def cases() -> Iterator[Any]:
    for file in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text(encoding="utf-8")):
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


CASES_READ = tuple(cases())


def write(given: Mapping[str, Any], **more: Any) -> tuple[dict[str, Paragraph], tuple[Finding, ...], Disclosure]:
    disclosure, findings = compose(EDITION, book_of(given, **more))
    found = {block.id: block for s in disclosure.sections for block in s.blocks if isinstance(block, Paragraph)}
    return found, findings, disclosure


sample = lru_cache(maxsize=1)(sample_content)


def book_of(given: Mapping[str, Any] | None = None, *, amount_unit: str = "万元") -> Book:
    if amount_unit != "万元":
        return sample_book(EDITION, given, amount_unit=amount_unit)
    return make_book(EDITION, merge(sample(), given or {}), sums=True)


@cache
def written(name: str) -> tuple[dict[str, Paragraph], tuple[Finding, ...], Disclosure]:
    """The document of the case of that name."""
    return write(next(param.values[0]["given"] for param in CASES_READ if param.id == name))


def all_cases() -> Iterator[tuple[str, dict[str, Paragraph], Disclosure]]:
    """Every case's document, for what must hold in all of them."""
    for param in CASES_READ:
        found, _, disclosure = written(param.id)
        yield param.id, found, disclosure


@pytest.mark.parametrize("name", [param.id for param in CASES_READ])
def test_sentence(name: str) -> None:
    case: Case = next(param.values[0] for param in CASES_READ if param.id == name)
    found, findings, _ = written(name)
    for block, text in case.get("expect", {}).items():
        assert (found[block].text if block in found else "") == text
    if "findings" in case:
        told = [f for f in findings if f.rule != "D5" or any(x.startswith("D5") for x in case["findings"])]
        for line in case["findings"]:
            rule, *words = line.split(" ", 2)
            match = [f for f in told if f.rule == rule and all(word in f.message for word in words)]
            assert len(match) == 1, (line, [f.message for f in told])
            gone = "MISSING" in str(case["given"])
            assert match[0].cells or gone, "a finding leads to a cell or at least to a sheet"
        assert len(told) == len(case["findings"]), [f"{f.rule} {f.message}" for f in told]


OF_TABLES = ("table_decimals",)  # see test_grids.py


def test_every_wording_setting_has_its_sentence() -> None:
    """Each choice other than the default is taken by some case, and changes the document."""
    taken: dict[tuple[str, str], Any] = {}
    for param in CASES_READ:
        for key, choice in param.values[0]["given"].get("wording", {}).items():
            taken[key, choice] = param.values[0]
    rows = [row for block in EDITION.form("wording").blocks for row in block.rows if row.key not in OF_TABLES]
    usual, _, _ = write({})
    for row in rows:
        others = [choice for choice in row.choices if choice != row.default]
        assert any((row.key, choice) in taken for choice in others), row.key
    for (key, choice), case in taken.items():
        row = next(row for row in rows if row.key == key)
        plain = {**case["given"], "wording": {**case["given"]["wording"], key: row.default}}
        with_choice, without = texts(write(case["given"])[0]), texts(write(plain)[0])
        assert (with_choice != without) or choice == row.default, (key, choice)
    assert usual


def texts(found: Mapping[str, Paragraph]) -> dict[str, str]:
    return {id: paragraph.text for id, paragraph in found.items()}


# -- what holds everywhere ---------------------------------------------------------------------------------------

JOINTS = re.compile(r"。。|，，|；；|、、|，。|；。|、。|：。|，；|；，|。，|。；|^[，。；、：]|[\x00-\x08]|\|\|")
LEFTOVERS = re.compile(
    r"XX|××|……|\.\.\.|增加\(减少\)|增长\(下降\)|二选一|参考|None|\{|\}|（）|\(\)|“”|[ \t]{2}|"
    r"主要原因是(?:主要|原因|是|因为|由于|。|，|；)|主要原因是$|主要是(?:主要|是|。|，)|"
    r"(?:占|为|完成年初预算的|完成预算的|总额的|金额的|合计的)(?:[，。；]|万元)|(?:增加|减少|下降|增长|合计|总计)万元|[^0-9]%"
)
CLOSED = re.compile(r"p3\.s\d+\.(text|total|structure|detail|class|yearly|abroad|vehicle|reception|scope|work|project)")


def check_grammar(name: str, found: Mapping[str, Paragraph]) -> None:
    """What no sentence may show, wherever the form's wording meets figures and the user's words."""
    for id, paragraph in found.items():
        if not CHAPTER.match(id) or paragraph.text != "".join(s.text for s in paragraph.spans):
            continue
        words = "".join("某" if s.kind is SpanKind.USER else s.text for s in paragraph.spans)
        fixed = "".join(s.text for s in paragraph.spans if s.kind is SpanKind.FIXED)
        for text, pattern in ((words, JOINTS), (words, LEFTOVERS)):
            fault = pattern.search(text)
            assert fault is None, (name, id, fault[0], paragraph.text)
        for opening, closing in ("“”", "（）", "()"):
            assert fixed.count(opening) == fixed.count(closing), (name, id, fixed)
        if CLOSED.match(id):
            assert words.endswith(("。", "，其中：")), (name, id, paragraph.text)


def check_digits(name: str, found: Mapping[str, Paragraph], sourceless_zero: bool = False) -> int:
    """Each run of digits is a figure or year with its cells, a numeral, the user's, or declared by the edition."""
    walked = 0
    for id, paragraph in found.items():
        if not CHAPTER.match(id):
            continue
        for span in paragraph.spans:
            if not re.search(r"[0-9０-９]", span.text):
                continue
            walked += 1
            left = span.text
            if span.kind is SpanKind.FIXED:
                for phrase in DECLARED:
                    left = left.replace(phrase, "")
                assert not re.search(r"[0-9０-９]", left), (name, id, span)
            elif span.kind in (SpanKind.FIGURE, SpanKind.YEAR):
                # A zero for a sheet that is not in the workbook has no cell to come from.
                assert span.cells or (sourceless_zero and not re.search(r"[1-9]", span.text)), (name, id, span)
            elif span.kind is SpanKind.NUMERAL:
                assert re.fullmatch(r"\d{1,3}", span.text), (name, id, span)
    return walked


def test_grammar() -> None:
    for name, found, _ in all_cases():
        check_grammar(name, found)
        for id, paragraph in found.items():
            # The users of the cases write whole clauses: where theirs meet ours nothing doubles either.
            assert not JOINTS.search(paragraph.text), (name, id, paragraph.text)


def test_every_digit_has_a_source() -> None:
    given = {param.id: str(param.values[0]["given"]) for param in CASES_READ}
    walked = sum(check_digits(name, found, "MISSING" in given[name]) for name, found, _ in all_cases())
    assert walked > 5000


def test_ids_are_unique_and_contents_point_to_headings() -> None:
    for _, _, disclosure in all_cases():
        ids = [block.id for section in disclosure.sections for block in section.blocks]
        assert len(ids) == len(set(ids)), sorted(id for id in ids if ids.count(id) > 1)
        assert all(len("g_" + id) <= 40 for id in ids), "bookmark names have 40 characters at most"
        contents = [b for s in disclosure.sections for b in s.blocks if isinstance(b, Contents)]
        assert len(contents) == 1
        assert {entry.target for entry in contents[0].entries} <= set(ids)


def test_contents_and_headings_have_one_wording() -> None:
    found, _, disclosure = write({})
    contents = next(b for s in disclosure.sections for b in s.blocks if isinstance(b, Contents))
    for entry in contents.entries:
        if not entry.target.startswith("t."):
            assert found[entry.target].text == entry.text
    tables = [entry.text for entry in contents.entries if entry.target.startswith("t.")]
    assert tables[0] == "一、收入支出决算总表(表1)"
    assert tables[-1] == "九、国有资本经营预算财政拨款支出决算表(表9)"


def test_sections() -> None:
    _, _, disclosure = write({})
    ids = [section.id for section in disclosure.sections]
    assert ids[:3] == ["cover", "contents", "overview"]
    assert ids[-4:] == ["narrative", "key_work", "glossary", "attachments"]
    assert disclosure.sections[0].cover
    assert not any(section.cover for section in disclosure.sections[1:])
    heading, first_table = disclosure.sections[3:5]
    assert [block.id for block in heading.blocks] == ["part2"]
    assert first_table.blocks[0].id == "t.totals"
    assert any(isinstance(block, Grid) and block.id == "p4.items" for s in disclosure.sections for block in s.blocks)


def test_ids_follow_names_not_positions() -> None:
    rows = [{"name": name, "budget": 1, "amount": 1, "output": "完成"} for name in ("甲", "乙", "丙")]
    before, _, _ = write({"projects": {"projects": rows}})
    after, _, _ = write({"projects": {"projects": rows[1:]}})
    kept = [id for id in after if id.startswith("p3.s13.project.")]
    assert len(kept) == 2
    for id in kept:
        assert before[id].text.split(".", 1)[1] == after[id].text.split(".", 1)[1]


def test_yuan_and_wan_read_the_same() -> None:
    assert texts(write({})[0]) == texts(write({}, amount_unit="元")[0])


def test_figures_carry_the_cells_they_came_from() -> None:
    found, _, _ = write({"totals": {"income_grand_total": {"amount": 80}}, "changes": {"totals": {"last": 100}}})
    figures = [s for s in found["p3.s1.text"].spans if s.kind is SpanKind.FIGURE]
    sheets = [[cell.sheet for cell in s.cells] for s in figures]
    assert [s.text for s in figures] == ["80.00", "20.00", "20.00%"]
    assert sheets == [["01收入支出决算总表"], ["01收入支出决算总表", "增减原因"], ["01收入支出决算总表", "增减原因"]]
    user = [s for s in found["p3.s1.text"].spans if s.kind is SpanKind.USER]
    assert [s.text for s in user] == ["项目支出减少"]
    assert user[0].cells[0].sheet == "增减原因"


def test_subjects_of_the_glossary_are_those_of_the_table() -> None:
    found, _, _ = write({"general": {"2019901": {"name": "没见过的项", "project": 1}}})
    codes = [id.rpartition(".")[2] for id in found if id.startswith("p5.subject.")]
    book = book_of({"general": {"2019901": {"name": "没见过的项", "project": 1}}})
    assert codes == [row.key for row in book.rows("general", "subjects") if len(row.key) == 7]


def test_draft_is_passed_on() -> None:
    assert compose(EDITION, book_of(), draft=True)[0].draft


# -- templates ---------------------------------------------------------------------------------------------------


def edition_with(tmp_path: Path, **files: str) -> Edition:
    """The edition with some chapters replaced."""
    (tmp_path / "chapters").mkdir()
    for name, text in files.items():
        (tmp_path / "chapters" / f"{name}.j2").write_text(text, encoding="utf-8")
    return replace(EDITION, folders=(tmp_path, *EDITION.folders))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% call para('x') %}\n{{ figure('totals.gpb.amount') }}{% endcall %}", "money"),
        ("{% call para('x') %}\n{{ 5 }}{% endcall %}", "int"),
        ("{% call para('x') %}\n{{ first_time }}{% endcall %}", "bool"),
        ("{% call para('x') %}\n{{ none }}{% endcall %}", "None"),
        ("{% call para('x') %}\n{{ 甲乙 }}{% endcall %}", "甲乙"),
        ("{% call para('x') %}\n{{ '共' ~ figure('totals.gpb.amount') }}{% endcall %}", "money"),
        ("\n{% call para('x') %}共3项{% endcall %}", "“3”"),
        ("\n{{ figure('totals.nothing.amount')|money }}", "nothing"),
        ("\n{{ figure('no_such.gpb.amount')|money }}", "no_such"),
        ("\n{{ unit|money }}", "money"),
        ("\n{% if %}", "%} 前缺少内容"),
        ("\n{{ heading('p9.s1') }}", "p9.s1"),
        ("\n{{ unit.raw.__class__ }}", "unsafe"),
        ("\n{{ para('x') }}", "call"),
        ("\n{% call para('x', 'no_style') %}甲{% endcall %}", "no_style"),
    ],
)
def test_a_wrong_chapter_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    edition = edition_with(tmp_path, glossary=text)
    with pytest.raises(EditionError) as error:
        compose(edition, book_of())
    assert "glossary.j2 第 2 行" in str(error.value)
    assert said in str(error.value)


def test_a_contents_line_without_heading_is_told(tmp_path: Path) -> None:
    edition = edition_with(tmp_path, glossary="")
    with pytest.raises(EditionError, match="第五部分 名词解释"):
        compose(edition, book_of())


def test_marks_survive_macros_loops_sets_and_joins(tmp_path: Path) -> None:
    edition = edition_with(
        tmp_path,
        glossary="""{{ heading("part5") }}
{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}
{% call para("x") %}
  {% set held %}{{ figure("totals.gpb.amount")|money }}{% endset %}
  {% for n in [1, 2] %}{{ numeral(n) }}{{ held }}{% endfor %}
  {{ [held, unit]|join("、") }} {{ twice(unit) ~ "和" ~ year }}
{% endcall %}""",
    )
    disclosure, _ = compose(edition, book_of())
    block = next(b for s in disclosure.sections for b in s.blocks if b.id == "x")
    assert isinstance(block, Paragraph)
    kinds = [(s.text, s.kind.value) for s in block.spans]
    unit = ("江城市临湖区综合事务中心", "user")
    money = ("970.40", "figure")
    assert kinds == [
        ("1", "numeral"), money, ("2", "numeral"), money, money, ("、", "fixed"), unit, unit, unit,
        ("和", "fixed"), ("2021", "year"),
    ]  # fmt: skip
    assert all(s.cells for s in block.spans if s.kind in (SpanKind.FIGURE, SpanKind.USER, SpanKind.YEAR))


def test_compiled_chapters_are_kept_only_in_a_folder_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.tempfile, "gettempdir", lambda: str(tmp_path))
    cache = sandbox._cache()
    assert cache is not None
    folder = next(tmp_path.iterdir())
    assert folder.stat().st_mode & 0o077 == 0
    folder.chmod(0o777)
    assert sandbox._cache() is None
    folder.rmdir()
    folder.write_text("")
    assert sandbox._cache() is None
    monkeypatch.setattr(sandbox.tempfile, "gettempdir", lambda: str(tmp_path / "nowhere"))
    assert sandbox._cache() is None


def test_a_broken_cache_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.tempfile, "gettempdir", lambda: str(tmp_path))
    first = texts(write({})[0])
    sandbox.environment.cache_clear()
    compose(EDITION, book_of())
    kept = files(tmp_path)
    assert kept
    for file in kept:
        file.write_bytes(file.read_bytes()[:40])
    sandbox.environment.cache_clear()
    assert texts(write({})[0]) == first
    monkeypatch.setattr(Path, "write_bytes", _no_space)
    for file in files(tmp_path):
        file.unlink()
    sandbox.environment.cache_clear()
    assert texts(write({})[0]) == first
    sandbox.environment.cache_clear()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_chapters_of_the_edition_are_all_used() -> None:
    folder = EDITION.folders[0] / "chapters"
    named = {f"{name}.j2" for name in EDITION.chapters}
    included = set(
        re.findall(r'include "chapters/([\w.]+)"', "".join(p.read_text("utf-8") for p in folder.glob("*.j2")))
    )
    assert {path.name for path in folder.glob("*.j2")} == named | included
    assert compose_module.__all__ == ["compose"]
