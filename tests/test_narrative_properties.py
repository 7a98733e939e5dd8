"""The narrative over many generated workbooks: hostile words stay literal, numbers agree, grammar holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.model.blocks import SpanKind
from generator.narrative.compose import compose
from generator.narrative.numbers import Decimals
from generator.narrative.values import Desk, Text, reason
from tests.book_builder import make_book, merge
from tests.test_narrative import EDITION, check_digits, check_grammar, sample, write

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

amounts = st.one_of(
    st.none(),
    st.sampled_from([Decimal(0), Decimal("0.001"), Decimal("0.005"), Decimal("100"), Decimal("1e7")]),
    st.decimals(min_value=0, max_value=10**6, places=4, allow_nan=False, allow_infinity=False),
)
HOSTILE = [
    "{{7*7}}",
    "{% for x in y %}",
    "<w:p>研究<A&B>费</w:p>",
    "&amp;",
    "\x01\x31\x02",
    "||",
    "𠮷〇㐂",
    "=1+1",
    "第22中学",
    "50%",
]
words = st.one_of(
    st.none(),
    st.sampled_from(HOSTILE),
    st.sampled_from(
        ["项目减少。", "主要原因是人员增加；", "无", "是因为政策调整", "一是甲；二是乙。", "  ", "因为", "。"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=30),
)


@st.composite
def books(draw: st.DrawFn) -> dict[str, Any]:
    """Changes to the sample: any amount, any words, any setting, on the sheets that sentences are made of."""
    made: dict[str, Any] = {"wording": {}, "unit": {}}
    for block in EDITION.form("wording").blocks:
        for row in block.rows:
            made["wording"][row.key] = draw(st.sampled_from(row.choices))
    for key in ("scope", "first_time", "unit_type", "level"):
        row = next(r for b in EDITION.form("unit").blocks for r in b.rows if r.key == key)
        made["unit"][key] = draw(st.sampled_from(row.choices))
    for key in ("sub_admin", "sub_canogong", "sub_full", "sub_other", "retired_lixiu", "staff_admin"):
        made["unit"][key] = draw(st.integers(0, 3))
    changes: dict[str, Any] = {}
    for block in EDITION.form("changes").blocks:
        for row in block.rows:
            columns = [c.key for c in block.columns if c.key in ("last", "initial")]
            changes[row.key] = {columns[0]: draw(amounts), "reason": draw(words)}
    changes["operating"]["this"] = draw(amounts)
    made["changes"] = changes
    made["initial_budget"] = {c: {"initial": draw(amounts), "reason": draw(words)} for c in ("201", "208", "229")}
    keys = ("final_abroad", "final_purchase", "final_running", "final_reception")
    made["three_public"] = {"all": {key: draw(amounts) for key in keys}}
    money = ("goods", "works", "services", "sme", "micro", "car_repair", "car_fuel")
    made["other"] = {key: {"value": draw(amounts)} for key in money}
    made["other"] |= {key: draw(st.integers(0, 2)) for key in ("car_kept", "car_fiscal", "car_misc", "car_law")}
    made["other"] |= {"car_misc_use": draw(words), "car_use": draw(words)}
    made["evaluation"] = {key: draw(words) for key in ("project_purpose", "project_result", "overall_result")}
    made["evaluation"]["project_amount"] = {"value": draw(amounts)}
    texts = ("name", "effect", "output", "issues", "measures")
    made["projects"] = {
        "projects": [
            {"budget": draw(amounts), "amount": draw(amounts), **{key: draw(words) for key in texts}}
            for _ in range(draw(st.integers(0, 3)))
        ]
    }
    made["totals"] = {"other": {"amount": draw(amounts)}, "institution": {"amount": draw(amounts)}}
    made["general"] = {"2010302": {"project": draw(amounts)}}
    return made


@QUICK
@given(books())
def test_any_workbook_reads_well(changes: dict[str, Any]) -> None:
    found, findings, disclosure = write(changes)
    check_grammar("generated", found)
    assert check_digits("generated", found) > 20
    ids = [block.id for section in disclosure.sections for block in section.blocks]
    assert len(ids) == len(set(ids))
    assert len(findings) == len(set(findings))


@QUICK
@given(st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1))
def test_words_stay_literal(word: str) -> None:
    text = f"甲{word}乙"
    book = make_book(
        EDITION, merge(sample(), {"unit": {"name": text}, "changes": {"totals": {"reason": text}}}), sums=True
    )
    disclosure, _ = compose(EDITION, book)
    found = {block.id: block for section in disclosure.sections for block in section.blocks}
    literal = "".join(c for c in text if c == "\t" or ord(c) >= 32).replace("\x7f", "")
    for id in ("p3.s1.text", "p3.s10.text", "p1.staff.working"):
        spans = [span.text for span in found[id].spans if span.kind is SpanKind.USER]  # type: ignore[union-attr]
        assert "".join(literal.split("\n")) in spans, id
    assert "49" not in "".join(s.text for s in found["p3.s10.text"].spans if s.kind is SpanKind.FIXED)  # type: ignore[union-attr]


@QUICK
@given(*(st.decimals(min_value=0, max_value=10**6, places=4, allow_nan=False, allow_infinity=False),) * 2)
def test_shown_numbers_agree(this: Decimal, last: Decimal) -> None:
    """The sentence's direction, difference and rate follow from the exact values, and from those shown to a tail."""
    given = {"totals": {"income_grand_total": {"amount": this}}, "changes": {"totals": {"last": last, "reason": "丙"}}}
    paragraph = write(given)[0]["p3.s1.text"]
    figures = [s.text.replace(",", "") for s in paragraph.spans if s.kind is SpanKind.FIGURE]
    two = Decimals(2)
    assert figures[0] == two.show(this)
    if len(figures) == 1:
        assert "持平" in paragraph.text
        assert two.show(abs(this - last)) == "0.00"
        return
    assert ("增加" in paragraph.text) == (this > last)
    assert ("减少" in paragraph.text) == (this < last)
    assert figures[1] == two.show(abs(this - last))
    assert abs(abs(Decimal(two.show(this)) - Decimal(two.show(last))) - Decimal(figures[1])) <= Decimal("0.01")
    if len(figures) == 3:
        assert last
        assert abs(Decimal(figures[2].rstrip("%")) - abs(this - last) / last * 100) <= Decimal("0.005")
        assert ("增长" in paragraph.text) == (this > last)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(words)
def test_a_reason_fits_its_place(word: str | None) -> None:
    """Whatever is typed, the clause neither repeats its lead nor ends in punctuation, and cleaning is done once."""
    desk: Any = Desk(None, None)  # type: ignore[arg-type]
    once = reason(Text(word or "", desk))
    assert reason(once).raw == once.raw
    assert not once.raw.startswith(("主要原因", "是因为", "因为", "由于"))
    assert not once.raw.endswith(("。", "；", "，", " "))
