"""Sheets as raw cells: what stands where, sparse, in the order of the file. Declared dimensions are never trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from ..model.finding import Refusal
from . import plain
from .match import norm
from .package import Package
from .xmlparts import WHOLE_TAGS, elements, local, rows_of

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
MAX_INDEXED = 80  # longer texts are prose, never a head or label
MAX_MERGES = 200_000
MAX_LENGTH = 32_767  # what a cell can hold
MAX_STRINGS = 500_000
MAX_FORMAT = 255  # of a number format
_COUNT_EVERY = 1000  # cells between two looks at the limit

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HALF = re.compile("[\ud800-\udfff]")
_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
# Built-in formats that show a date or time; 27–36 and 50–58 are those of Chinese Excel.
_DATE_IDS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_BUILT_IN = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00"}
_NOT_CODE = re.compile(r'"[^"]*"|\\.|\[(?!h|m|s)[^\]]*\]|_.|\*.', re.IGNORECASE)


class Raw(NamedTuple):
    """``type``: n number, t text, b boolean, e error, d ISO date, "" nothing stored, x unreadable, l too long,
    2 two contents for one place."""

    type: str
    text: str
    style: str
    formula: bool


class Styles:
    """Number formats by style index (as written in the file): all that a reader of values needs to know of styles."""

    def __init__(self, codes: tuple[tuple[int, str], ...] = ()) -> None:
        self._codes = {str(index): code for index, (_, code) in enumerate(codes)}
        self._dates = {str(index) for index, (number, code) in enumerate(codes) if _is_date(number, code)}

    def is_date(self, style: str) -> bool:
        return style in self._dates

    def code(self, style: str) -> str:
        return self._codes.get(style, "")


class Sheet:
    """One worksheet: ``rows[row][column]`` counted from 1, only cells that hold something or a formula."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: dict[int, dict[int, Raw]] = {}
        self.merges: dict[tuple[int, int], tuple[int, int]] = {}
        self._index: dict[str, list[tuple[int, int]]] | None = None

    @property
    def row_numbers(self) -> list[int]:
        return list(self.rows)

    def get(self, row: int, column: int) -> Raw | None:
        cells = self.rows.get(row)
        return cells.get(column) if cells is not None else None

    def label(self, row: int, column: int) -> str:
        """The normalised text there, "" when there is none; a number counts as its digits."""
        raw = self.get(row, column)
        return norm(raw.text) if raw is not None and raw.type in "tn" and len(raw.text) <= MAX_INDEXED else ""

    def right_of(self, row: int, column: int, span: int = 1) -> int:
        """The first column behind the cell, its merged range (or else ``span`` columns) considered."""
        merged = self.merges.get((row, column))
        return merged[1] + 1 if merged else column + span

    @property
    def index(self) -> Mapping[str, list[tuple[int, int]]]:
        """Where each short text stands, by its normalised form, top to bottom and left to right."""
        if self._index is None:
            self._index = {}
            for row, cells in self.rows.items():
                for column, (kind, text, _, _) in cells.items():
                    if kind == "t" and len(text) <= MAX_INDEXED:
                        self._index.setdefault(norm(text), []).append((row, column))
        return self._index


def unescape(text: str) -> str:
    """``_x000D_`` and its like as the characters they stand for."""
    if "_x" not in text:
        return text
    plain = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
    if plain.isprintable():
        return plain
    joined = plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _HALF.sub("\ufffe", joined)  # as little a character as the others that are removed with a remark


def _texts(node: etree._Element) -> str:
    """Text of a string item: plain or in runs, without the phonetic guide."""
    if len(node) == 1 and node[0].tag.endswith("}t"):
        return unescape(node[0].text or "")
    parts = []
    for child in node:
        tag = local(child.tag)
        if tag == "t":
            parts.append(child.text or "")
        elif tag == "r":
            parts += [t.text or "" for t in child if local(t.tag) == "t"]
    return unescape("".join(parts))


def shared_strings(package: Package) -> tuple[str, ...]:
    part = package.related.get("sharedStrings")
    if part is None or not package.has(part):
        return ()
    found: list[str] = []
    for item in elements(package.data(part), part, ("{*}si",)):
        found.append(_texts(item))
        if len(found) > MAX_STRINGS:
            raise Refusal(f"工作簿的文字过多（超过 {MAX_STRINGS} 条）。", "请删去与公开无关的工作表后再试。")
    return tuple(found)


def styles(package: Package) -> Styles:
    part = package.related.get("styles")
    if part is None or not package.has(part):
        return Styles()
    custom: dict[int, str] = {}
    numbers: list[int] = []
    for node in elements(package.data(part), part, ("{*}numFmt", "{*}xf")):
        number = _whole(node.get("numFmtId"))
        if local(node.tag) == "numFmt":
            custom[number] = node.get("formatCode", "")[:MAX_FORMAT]
        elif local(getattr(node.getparent(), "tag", "")) == "cellXfs":
            numbers.append(number)
    return Styles(tuple((number, custom.get(number, _BUILT_IN.get(number, ""))) for number in numbers))


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _is_date(number: int, code: str) -> bool:
    if number in _DATE_IDS:
        return True
    return bool(code) and bool(re.search("[ymdhs]", _NOT_CODE.sub("", code).lower().replace("general", "")))


@lru_cache(maxsize=MAX_COLUMN)
def _column(letters: str) -> int:
    """The number of a column's letters, 0 when they are none."""
    if not (letters.isascii() and letters.isalpha() and letters.isupper() and len(letters) < 4):
        return 0
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


@lru_cache(maxsize=8192)
def _span(reference: str) -> tuple[int, int, int, int] | None:
    """Top, left, bottom and right of a merged range; None for one that is no more than a cell, or a whole column."""
    first, _, last = reference.partition(":")
    if not last:
        return None
    try:
        (top, left), (bottom, right) = _place(first, ""), _place(last, "")
    except Refusal:
        return None  # a merged whole column may be written A:A: nothing is read from a merge but its right edge
    return min(top, bottom), min(left, right), max(top, bottom), max(left, right)


def _place(address: str, sheet: str) -> tuple[int, int]:
    found = _ADDRESS.fullmatch(address)
    row, column = (int(found[2]), _column(found[1])) if found else (0, 0)
    if not (0 < row <= MAX_ROW and 0 < column <= MAX_COLUMN):
        raise Refusal(
            f"文件已损坏：工作表“{sheet}”中有无效的单元格位置 {address[:20]}。", "请用 Excel 或 WPS 打开并重新保存。"
        )
    return row, column


def read_sheet(package: Package, name: str, part: str, strings: tuple[str, ...], top: int = MAX_ROW) -> Sheet:
    """The sheet's cells; rows below ``top`` are left out (and then merged ranges too)."""
    data = package.data(part)
    usual = plain.split(data) if data.count(b"<") <= WHOLE_TAGS else None
    if usual is not None:
        try:
            sheet = _plain_sheet(name, part, usual, strings, top)
            package.spend(sum(map(len, sheet.rows.values())), name)
            return sheet
        except plain.Unusual:
            pass  # read below as any XML
    sheet = Sheet(name)
    last, ascending, count = 0, True, 0
    for element in rows_of(data, part):
        if element.tag[-3:] != "row":
            _merge(sheet, element.get("ref", ""))
            continue
        row = _row_number(element, last, name)
        if row > top:
            break
        cells = _cells(element, row, name, strings)
        if cells:
            ascending = ascending and row > last
            there = sheet.rows.setdefault(row, cells)
            if there is not cells:
                for column, raw in cells.items():
                    _put(there, column, raw)
            count += len(cells)
            if count > _COUNT_EVERY:
                package.spend(count, name)
                count = 0
        last = row
    package.spend(count, name)
    if not ascending:
        sheet.rows = dict(sorted(sheet.rows.items()))
    return sheet


def _row_number(element: etree._Element, last: int, name: str) -> int:
    """The row's own number, else that of its first cell with an address, else the next."""
    number = element.get("r")
    if number is None:
        addresses = (child.get("r", "") for child in element)
        number = next((address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for address in addresses if address), None)
    row = _whole(number) if number is not None else last + 1
    if not 0 < row <= MAX_ROW:
        _place(f"A{number}", name)
    return row


def _plain_sheet(name: str, part: str, usual: tuple[str, bytes], strings: tuple[str, ...], top: int) -> Sheet:
    sheet = Sheet(name)
    text, rest = usual
    merges = [element.get("ref", "") for element in rows_of(rest, part)]  # and nothing around the rows is damaged
    for row, found in plain.rows_of(text if top >= MAX_ROW else plain.first_rows(text, top)):
        if row > top:
            return sheet
        if row > MAX_ROW:
            raise plain.Unusual
        cells: dict[int, Raw] = {}
        before = 0
        raw: Raw | None
        for letters, kind, value, style, formula in found:
            column = _column(letters)
            if not before < column <= MAX_COLUMN:
                raise plain.Unusual
            before = column
            if value and len(value) > MAX_LENGTH:
                cells[column] = Raw("l", value[:MAX_INDEXED], style, formula)
            elif value and kind == "inlineStr" and "_x" not in value:
                cells[column] = Raw("t", value, style, formula)
            elif value and kind == "n":
                cells[column] = Raw(kind, value, style, formula)
            elif raw := _raw(
                kind, unescape(value) if kind == "inlineStr" and value else value, style, formula, strings
            ):
                cells[column] = raw
        if cells:
            sheet.rows[row] = cells
    for reference in merges:
        _merge(sheet, reference)
    return sheet


def _cells(element: etree._Element, row: int, name: str, strings: tuple[str, ...]) -> dict[int, Raw]:
    cells: dict[int, Raw] = {}
    column, ascending = 0, True
    for c in element:
        address = c.get("r")
        before = column
        column = column + 1 if address is None else _column(letters := address.rstrip("0123456789"))
        if not 0 < column <= MAX_COLUMN or (address is not None and address[len(letters) :] != str(row)):
            _place(address or f"XFE{row}", name)
            raise Refusal(
                f"文件已损坏：工作表“{name}”第 {row} 行中有位置为 {(address or '')[:20]} 的单元格。",
                "请用 Excel 或 WPS 打开并重新保存。",
            )
        if len(c):
            raw = _raw(c.get("t", "n"), *_content(c), strings)
            if raw is not None:
                ascending = ascending and column > before
                _put(cells, column, raw)
    return cells if ascending else dict(sorted(cells.items()))


def _put(cells: dict[int, Raw], column: int, raw: Raw) -> None:
    """The cell in its place; where one with another content stands already, neither is right."""
    there = cells.get(column)
    if there is not None and there[:2] != raw[:2]:
        raw = Raw("2", f"{there.text[:MAX_INDEXED]}、{raw.text[:MAX_INDEXED]}", raw.style, raw.formula)
    cells[column] = raw


def _content(c: etree._Element) -> tuple[str | None, str, bool]:
    """Value, style and whether there is a formula."""
    value: str | None = None
    formula = False
    last = c[-1]
    if len(c) == 1 and last.tag[-2:] == "}v":
        value = last.text
    else:
        for child in c:
            tag = child.tag
            if tag[-2:] == "}v":
                value = child.text
            elif tag[-2:] == "}f":
                formula = True
            elif tag[-3:] == "}is":
                value = _texts(child)
    return value, c.get("s", ""), formula


def _raw(kind: str, value: str | None, style: str, formula: bool, strings: tuple[str, ...]) -> Raw | None:
    if not value:
        # A formula whose stored result is an empty text is a blank; one without any result was never calculated.
        return Raw("t" if kind == "str" else "", "", style, True) if formula else None
    if kind == "s":
        at = int(value) if len(value) < 10 and value.isascii() and value.isdigit() else -1
        text = strings[at] if 0 <= at < len(strings) else None
        if text is None:
            return Raw("x", value[:MAX_INDEXED], style, formula)
        kind, value = "t", text
        if not text:
            return None
    elif kind in ("str", "inlineStr"):
        kind, value = "t", unescape(value) if kind == "str" else value
    if len(value) > MAX_LENGTH:
        return Raw("l", value[:MAX_INDEXED], style, formula)
    if kind in "tn":
        return Raw(kind, value, style, formula)
    return Raw(kind if kind in ("b", "e", "d") else "x", value, style, formula)


def _merge(sheet: Sheet, reference: str) -> None:
    span = _span(reference) if len(sheet.merges) < MAX_MERGES else None
    if span is not None:
        sheet.merges[span[:2]] = span[2:]
