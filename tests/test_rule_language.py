"""The formula language of editions: what may be written, what is told when it may not, and what it comes to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from generator.checks.formula import NotApplicable, Operand, Side, State, satisfied, side
from generator.model.expression import (
    Binary,
    Call,
    ExpressionError,
    Negative,
    Number,
    Ref,
    parse,
    references,
    terms,
)
from generator.workbook import values
from generator.workbook.values import Reading

KEYS = ("a", "b", "c", "d", "201")


def test_what_a_rule_may_say() -> None:
    assert parse("t.a.x = -(b - 0.5) * ratio(c, d) / e") == Binary(
        "=",
        Ref(("t", "a", "x")),
        Binary(
            "/",
            Binary(
                "*",
                Negative(Binary("-", Ref(("b",)), Number(Decimal("0.5")))),
                Call("ratio", (Ref(("c",)), Ref(("d",)))),
            ),
            Ref(("e",)),
        ),
    )
    assert parse("none()") == Call("none", ())
    assert [ref.parts for ref in references(parse("-t.{code}.x + sum(a, 1.5, b) <= c"))] == [
        ("t", "{code}", "x"), ("a",), ("b",), ("c",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "没有写完"),
        ("a +", "没有写完"),
        ("a + ?", "“?”放错了地方"),
        ("a b", "“b”放错了地方"),
        ("* a", "“*”放错了地方"),
        ("(a + b", "缺少“)”"),
        ("sum(a, b", "缺少“)”"),
        ("a)", "“)”放错了地方"),
    ],
)
def test_what_is_no_rule_is_told(text: str, told: str) -> None:
    with pytest.raises(ExpressionError, match=r"放错|没有写完|缺少") as error:
        parse(text)
    assert told in str(error.value)


def test_sums_of_rows() -> None:
    assert terms("a + b - c", KEYS) == ((1, "a"), (1, "b"), (-1, "c"))
    assert terms("-(a - b) + 201", KEYS) == ((-1, "a"), (1, "b"), (1, "201"))
    assert terms("b..d", KEYS) == ((1, "b"), (1, "c"), (1, "d"))
    assert terms("a - (b..c)", KEYS) == ((1, "a"), (-1, "b"), (-1, "c"))


@pytest.mark.parametrize(
    ("text", "told"),
    [("a + e", "没有名为 e"), ("d..a", "先后颠倒"), ("a * b", "不是几个 key 的和"), ("a.b", "不是几个 key 的和")],
)
def test_sums_that_are_none(text: str, told: str) -> None:
    with pytest.raises(ExpressionError, match=told):
        terms(text, KEYS)


# numbers at the edge of what a spreadsheet holds


@pytest.mark.parametrize(
    "text",
    ["1e99999999999999999999", "1E400", "-1e400", "9" * 400, "9" * 1_100_000, "1e-99999999999999999999"],
    ids=range(6),
)
def test_numbers_beyond_all_amounts_are_never_taken_for_one(text: str) -> None:
    stored = values.stored(text)
    assert stored is None or not stored or abs(stored.adjusted()) > 300
    read = values.typed(text)
    assert read.reading is Reading.BAD or not read.number or read.number.adjusted() < 0


def test_numbers_that_no_amount_can_be_are_shown_as_they_are() -> None:
    assert values.shown(Decimal("1E+400")) == "1E+400"
    assert values.shown_as(Decimal("1E+400"), "0.00%") == "1E+400"
    assert values.shown(Decimal("-0")) == "0"
    assert values.shown_as(Decimal("0.125"), '0.0%;[红]-0.0%;"零"') == "12.5%"


def test_only_plain_digits_are_plain() -> None:
    assert values.plain("-12.50") == Decimal("-12.50")
    assert values.plain("012") is None
    assert values.plain("9" * 99) is None


# what a rule comes to


class _Book:
    """Figures by place, as the rules read them."""

    def __init__(self, **figures: str) -> None:
        self.figures = {
            key: Operand("t", key, "x", State.NUMBER, Decimal(value), None, True, True)
            for key, value in figures.items()
        }

    def at(self, form: str, row: str, column: str) -> Operand:
        return self.figures[row]

    def every(self, form: str, column: str) -> tuple[Operand, ...]:
        return tuple(self.figures.values())


def _come_to(text: str, **figures: str) -> Side:
    return side(_Book(**figures), parse(text), {"code": "a"})  # type: ignore[arg-type]


def test_rules_are_reckoned_exactly() -> None:
    assert _come_to("t.a.x + t.b.x * 0.5 - 3", a="0.1", b="0.2").value == Decimal("-2.8")
    assert _come_to("-t.{code}.x - (t.b.x - t.a.x)", a="5", b="7").value == Decimal(-7)
    assert _come_to("abs(t.a.x) / t.b.x", a="-1", b="8").value == Decimal("0.125")
    assert _come_to("max(t.a.x, t.b.x) - min(t.a.x, t.b.x)", a="-1", b="8").value == Decimal(9)
    assert _come_to("ratio(t.a.x, t.b.x) * 100", a="1", b="4").value == 25
    assert _come_to("t.every.x", a="1", b="4", c="-2").value == 3


def test_signs_tell_what_a_figure_does_to_the_result() -> None:
    found = _come_to("t.a.x - (t.b.x - -t.c.x)", a="1", b="2", c="3")
    assert [sign for sign, _ in found.terms] == [1, -1, -1]


def test_a_share_of_nothing_is_no_finding() -> None:
    with pytest.raises(NotApplicable):
        _come_to("ratio(t.a.x, t.b.x)", a="1", b="0")
    with pytest.raises(NotApplicable):
        _come_to("t.a.x / (t.b.x - t.b.x)", a="1", b="3")


@pytest.mark.parametrize(
    ("operator", "left", "right", "allowed", "holds"),
    [
        ("=", "1", "1.00", "0", True),
        ("=", "1", "1.0000004", "0", True),
        ("=", "1", "1.02", "0", False),
        ("=", "1", "1.02", "0.02", True),
        ("<=", "1.0000004", "1", "0", True),
        ("<=", "1.02", "1", "0", False),
        ("<", "1", "1", "0", False),
        ("<", "0.9999997", "1", "0", False),
        ("<", "0.9", "1", "0", True),
        (">=", "0.98", "1", "0", False),
        (">=", "2", "1", "0", True),
        (">", "1.0000003", "1", "0", False),
        (">", "2", "1", "0", True),
    ],
)
def test_half_a_fen_is_no_difference(operator: str, left: str, right: str, allowed: str, holds: bool) -> None:
    assert satisfied(operator, Decimal(left), Decimal(right), Decimal(allowed)) is holds
