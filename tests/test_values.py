"""Numbers, dates and texts as accountants type them and as spreadsheets store them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.workbook import values
from generator.workbook.values import Reading

UNDERSTOOD = [
    ("3,097.76", "3097.76"),
    ("３，０９７．７６", "3097.76"),
    ("  3097.76　", "3097.76"),
    ("3 097.76", "3097.76"),
    ("3, 097.76", "3097.76"),
    ("1,234,567.80", "1234567.8"),
    ("\u200b12.5\ufeff", "12.5"),
    ("'12.5", "12.5"),
    ("¥12.50", "12.5"),
    ("￥12.50", "12.5"),
    ("-5", "-5"),
    ("－5", "-5"),
    ("−5", "-5"),
    ("(12.5)", "-12.5"),
    ("（12.5）", "-12.5"),
    ("1.23E2", "123"),
    (".5", "0.5"),
    ("5.", "5"),
    ("12。5", "12.5"),
    ("+8", "8"),
    ("0", "0"),
    ("0.00", "0"),
]
BLANKS = ["", " ", "-", "—", "——", "－", "–", "无", "/", "／", "　", "N/A"]
BAD = ["abc", "12万元", "1,23", "12 34", "1.2.3", "12%", "nan", "inf", "∞", "三十", "1e400", "--5", "(-5)", "=1+1"]
BAD += ["#REF!", "5辆", "1_000", "0x10"]


@pytest.mark.parametrize(("text", "number"), UNDERSTOOD)
def test_numbers_typed_as_text_are_understood(text: str, number: str) -> None:
    assert values.typed(text).number == Decimal(number)


@pytest.mark.parametrize("text", BLANKS)
def test_marks_for_nothing(text: str) -> None:
    assert values.typed(text).reading is Reading.BLANK


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_number_is_not_guessed(text: str) -> None:
    assert values.typed(text).reading is Reading.BAD


def test_counting_words_only_where_things_are_counted() -> None:
    assert values.typed("3辆", counted=True).number == 3
    assert values.typed("2021年", counted=True).number == 2021
    assert values.typed("3辆").reading is Reading.BAD


STORED = [
    ("0.30000000000000004", "0.3"),
    ("3097.7600000000002", "3097.76"),
    ("2997.6099999999997", "2997.61"),
    ("30977628.33", "30977628.33"),
    ("1.5E3", "1500"),
    ("1E-3", "0.001"),
    ("-0", "0"),
    ("1E-400", "0"),
]


@pytest.mark.parametrize(("text", "number"), STORED)
def test_stored_numbers_lose_their_binary_noise(text: str, number: str) -> None:
    value = values.stored(text)
    assert value is not None
    assert values.amount(value) == Decimal(number)


@pytest.mark.parametrize("text", ["abc", "NaN", "Infinity", "-inf", "1_0", "", "１２", "0x1", "1e", "--1", "1,5"])
def test_stored_garbage_is_no_number(text: str) -> None:
    assert values.stored(text) is None


def test_a_difference_of_sums_is_what_an_accountant_expects() -> None:
    assert values.amount(values.stored(repr(3097.76 - 3097.71)) or Decimal(9)) == Decimal("0.05")
    assert values.amount(values.stored(repr(0.1 + 0.2 - 0.3)) or Decimal(0)) == 0


@given(st.decimals(-(10**9), 10**9, places=2))
def test_what_was_written_with_two_decimals_comes_back(number: Decimal) -> None:
    """As text in every usual manner, and as the binary number a spreadsheet keeps."""
    for text in (f"{number}", f"{number:,}", f" {number:,} ", f"{number}".translate(FULL_WIDTH)):
        assert values.typed(text).number == number, text
    stored = values.stored(repr(float(number)))
    assert stored is not None
    assert values.amount(stored) == number


FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    parsed = values.typed(text)
    assert (parsed.number is None) or parsed.number.is_finite()
    assert values.typed(text, counted=True) is not None
    cleaned, _ = values.clean(text)
    assert values.clean(cleaned) == (cleaned, False)
    values.stored(text)
    values.typed_date(text)


@given(st.floats(-1e300, 1e300))
def test_every_float_is_read_to_fifteen_digits(number: float) -> None:
    value = values.stored(repr(number))
    assert value is not None
    assert abs(float(value) - number) <= max(abs(number) * 1e-14, 1e-40)


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_shown_is_the_shortest_plain_text(units: int, places: int) -> None:
    number = Decimal(units).scaleb(-places)
    text = values.shown(number)
    assert Decimal(text) == number
    assert "e" not in text.lower()
    assert "." not in text or not text.endswith("0")
    assert values.decimals(number) == len(text.partition(".")[2])


SHOWN = [
    ("1", "0%", "100%"),
    ("0.99873", "0.00%", "99.87%"),
    ("0.125", "0%", "13%"),
    ("19.97424", "0.00", "19.97"),
    ("20", "0.00", "20"),
    ("20", "General", "20"),
    ("5", "000", "005"),
    ("98.5", 'General"万元";-General"万元"', "98.5"),
    ("1234.5", "#,##0.00", "1234.5"),
]


@pytest.mark.parametrize(("number", "code", "text"), SHOWN)
def test_numbers_in_text_cells_are_shown_as_the_user_sees_them(number: str, code: str, text: str) -> None:
    assert values.shown_as(Decimal(number), code) == text


DATES = [
    ("2022-11-08", "2022年11月8日"),
    ("2022/11/8", "2022年11月8日"),
    ("2022.11.8", "2022年11月8日"),
    ("2022年11月08日", "2022年11月8日"),
    ("２０２２-11-8", "2022年11月8日"),
    ("2022-13-40", "2022-13-40"),
    ("2022年11月", "2022年11月"),
    ("另行公布", "另行公布"),
]


@pytest.mark.parametrize(("text", "shown"), DATES)
def test_dates_typed(text: str, shown: str) -> None:
    assert values.typed_date(text) == shown


def test_day_numbers() -> None:
    assert values.date_text(Decimal(44873), date1904=False) == "2022年11月8日"
    assert values.date_text(Decimal("44873.75"), date1904=False) == "2022年11月8日"
    assert values.date_text(Decimal(44873 - 1462), date1904=True) == "2022年11月8日"
    assert values.date_text(Decimal(1), date1904=False) == "1900年1月1日"
    assert values.date_text(Decimal(10**7), date1904=False) is None
    assert values.date_text(Decimal(2958465), date1904=False) == "9999年12月31日"
    assert values.date_text(Decimal(2958465), date1904=True) is None
    assert values.date_text(Decimal("1E999999"), date1904=False) is None


def test_control_characters_go_and_line_breaks_stay() -> None:
    assert values.clean("一\r\n二\x07\t三\x0b") == ("一\n二\t三", True)
    assert values.clean("研究<A&B>费") == ("研究<A&B>费", False)
