"""The subject list (政府收支分类科目): codes, the names each had and in which years, and explanations.

Lists are files of rows with a head: the edition's own ``subjects.csv`` and, before it, lists that the user brings.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ..model.finding import Refusal

FILE_STEM = "科目"  # a list beside the workbook, or in a folder of editions: 科目.csv, 科目.xlsx
_HEADS = {
    "code": ("code", "科目编码", "编码", "科目代码", "代码", "功能分类科目编码", "经济分类科目编码"),
    "name": ("name", "科目名称", "名称", "科目"),
    "text": ("explanation", "text", "解释", "说明", "科目解释", "科目说明", "使用说明", "备注"),
    "years": ("years", "适用年度", "年度", "有效年度"),
    "seen": ("years_seen",),
    "kind": ("classification",),
    "level": ("level",),
}
_MAX_FILE = 4 * 1024 * 1024  # the printed book has some two thousand lines
_REMEDY = "请在首行写明表头“科目编码、科目名称、解释”（解释可以没有），每行一个科目；可另存为 .xlsx 再试。"
_SPAN = re.compile(r"(\d{4})?\s*(-)?\s*(\d{4})?")
_CODE = re.compile(r"\d{3}(?:\d\d){0,2}")
_EVER = (0, 9999)
_READ_AS = ("utf-8-sig", "gb18030")


class NoHead(Refusal):
    """No row of the file is the head of a subject list."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a code: ``spans`` of years in which it was valid (empty: not known), years it was ``seen`` in."""

    name: str
    spans: tuple[tuple[int, int], ...] = ()
    seen: tuple[int, ...] = ()

    def valid(self, year: int) -> bool:
        return any(first <= year <= last for first, last in self.spans)


@dataclass(frozen=True)
class SubjectList:
    """``whole``: brought by a user as the year's full list, so what it lacks is no subject."""

    NONE: ClassVar[SubjectList]
    named: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    whole: bool = False

    def __bool__(self) -> bool:
        return bool(self.named)

    def names(self, code: str, year: int | None) -> tuple[str, ...]:
        """The names of a code that are right in ``year``: those valid then; else those of unknown validity, else all.

        An empty tuple for a code that the list does not have.
        """
        every = self.named.get(code, ())
        if year is None:
            return tuple(one.name for one in every)
        chosen = [one for one in every if one.valid(year)] or [one for one in every if not one.spans] or every
        seen = [one for one in chosen if year in one.seen]
        return tuple(one.name for one in (*seen, *(one for one in chosen if one not in seen)))

    def name(self, code: str, year: int | None) -> str:
        """The likeliest name in ``year``; empty when the list does not have the code."""
        return next(iter(self.names(code, year)), "")

    def text(self, code: str) -> str:
        return self.texts.get(code, "")

    def over(self, other: SubjectList) -> SubjectList:
        """This list before another: of a code that both have, the names of this one."""
        if not self:
            return other
        texts = {**other.texts, **self.texts}
        return SubjectList({**other.named, **self.named}, texts, self.source, self.whole or other.whole)


SubjectList.NONE = SubjectList()


def read_csv(path: Path, shown: str = "", whole: bool = False) -> SubjectList:
    """A list in a .csv file in UTF-8 or GB18030; Refusal names file and row of what can't be used."""
    shown = shown or path.name
    try:
        if path.stat().st_size > _MAX_FILE:
            raise Refusal(f"科目表“{shown}”超过 {_MAX_FILE // 1024 // 1024} MB，不像是科目表。", _REMEDY)
        data = path.read_bytes()
    except OSError as error:
        raise Refusal(f"科目表“{shown}”打不开：{error.strerror}。", "请核对文件名和所在的文件夹。") from error
    for encoding in _READ_AS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            break
    else:
        raise Refusal(f"科目表“{shown}”不是 UTF-8 或 GB18030 编码的文本。", "请用 Excel 另存为 .xlsx 后再试。")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise Refusal(f"科目表“{shown}”不是正常的 csv 文件：{error}。", _REMEDY) from error
    return from_rows(rows, shown, whole)


def _delimiter(text: str) -> str:
    """Of the lines among which the head stands; a title above it may have none."""
    top = "\n".join(text.split("\n", _HEAD_WITHIN)[:_HEAD_WITHIN])
    return max(",\t;", key=top.count)


def from_rows(rows: Iterable[Sequence[str]], shown: str, whole: bool = False) -> SubjectList:
    """A list from the rows of a file, its head among the first of them; Refusal as for ``read_csv``."""
    head: _Head | None = None
    named: dict[str, dict[str, Named]] = {}
    texts: dict[str, str] = {}
    for number, raw in enumerate(rows, 1):
        cells = [cell.strip() for cell in raw]
        if not any(cells):
            continue
        if head is None:
            head = _head(cells)
            if head is None and number >= _HEAD_WITHIN:
                break
        elif not head.continues(cells):
            _one(head.found(cells), number, shown, named, texts)
    if head is None:
        raise NoHead(f"科目表“{shown}”的前几行没有“科目编码”“科目名称”的表头。", _REMEDY)
    if not named:
        raise Refusal(f"科目表“{shown}”只有表头，没有科目。", _REMEDY)
    return SubjectList({code: tuple(names.values()) for code, names in named.items()}, texts, shown, whole)


_HEAD_WITHIN = 6  # rows: a title and a line of notes may stand above the head
_PIECES = {"类": 0, "款": 1, "项": 2}


class _Head:
    """Which column holds what; the code stands in one column, or in three headed 类 款 项 as in the printed book."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self.places = dict(places)
        self.pieces: dict[int, int] = {}
        self.above = ["", "", ""]

    def continues(self, cells: Sequence[str]) -> bool:
        """Whether this is a second line of the head."""
        under = {_PIECES[cell]: at for at, cell in enumerate(cells) if cell in _PIECES}
        if self.pieces or not under or any(cell and cell not in _PIECES for cell in cells):
            return False
        self.pieces = under
        return True

    def found(self, cells: Sequence[str]) -> dict[str, str]:
        found = {key: cells[at] if at < len(cells) else "" for key, at in self.places.items()}
        if self.pieces:
            found["code"] = self._joined([cells[at] if at < len(cells) else "" for at in self._columns()])
        return found

    def _columns(self) -> list[int]:
        return [self.pieces[level] for level in sorted(self.pieces)]

    def _joined(self, pieces: Sequence[str]) -> str:
        """The whole code: pieces left blank are those of the rows above."""
        last = max((at for at, piece in enumerate(pieces) if piece), default=-1)
        for at, piece in enumerate(pieces):
            if piece:
                width = 2 if at else 3
                self.above[at:] = [piece.removesuffix(".0").rjust(width, "0"), *[""] * (len(self.above) - at - 1)]
        return "".join(self.above[: last + 1])


def _head(cells: Sequence[str]) -> _Head | None:
    """Columns by their heads; None unless code and name are there."""
    places: dict[str, int] = {}
    plain = [re.sub(r"\s", "", cell).lower() for cell in cells]
    for at, cell in enumerate(plain):
        for key, words in _HEADS.items():
            if cell in words:
                places.setdefault(key, at)
    head = _Head(places)
    if "code" not in places:
        head.pieces = {_PIECES[cell]: at for at, cell in enumerate(plain) if cell in _PIECES}
    return head if "name" in places and ("code" in places or head.pieces) else None


def _one(
    found: Mapping[str, str], number: int, shown: str, named: dict[str, dict[str, Named]], texts: dict[str, str]
) -> None:
    code = re.sub(r"[\s.]", "", found["code"].removesuffix(".0"))
    where = f"科目表“{shown}”第 {number} 行"
    if not code and not found["name"]:
        return
    if not _CODE.fullmatch(code):
        what = f"科目编码是“{found['code']}”" if code else "没有科目编码"
        raise Refusal(f"{where}{what}，应为 3、5 或 7 位数字。", "请改正或删去该行。编码一列宜设为文本格式。")
    if not found["name"]:
        raise Refusal(f"{where}（{code}）没有科目名称。", "请补填名称或删去该行。")
    spans = _spans(found.get("years", ""), where)
    seen = tuple(int(year) for year in re.findall(r"\d{4}", found.get("seen", "")))
    names = named.setdefault(code, {})
    old = names.get(found["name"], Named(""))
    names[found["name"]] = Named(found["name"], (*old.spans, *spans), (*old.seen, *seen))
    if found.get("text"):
        texts[code] = found["text"]


def _spans(text: str, where: str) -> tuple[tuple[int, int], ...]:
    """Years and spans of years (``a;b-c;d-``), open at either end."""
    made: list[tuple[int, int]] = []
    for part in re.split(r"[;；、,，\s]+", text.replace("—", "-").replace("–", "-").replace("至", "-").strip()):
        match = _SPAN.fullmatch(part)
        if not part:
            continue
        if match is None or part == "-" or (match[2] is None and match[1] is None):
            raise Refusal(
                f"{where}的年度“{text}”看不懂。", "年度写四位数字，起止用“-”连接（可省去一端），各段用分号隔开。"
            )
        first = int(match[1]) if match[1] else _EVER[0]
        last = (int(match[3]) if match[3] else _EVER[1]) if match[2] else first
        made.append((first, last))
    return tuple(made)
