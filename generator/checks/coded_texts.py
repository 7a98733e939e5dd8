"""What must not stand in a published text: leftovers of the form, other levels' words, private data, last year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from ..model.cell import CellKind, CellRef
from ..model.form import Role
from . import texts
from .coded import Coded, Subject, Verdict
from .formula import State
from .rule import Check, Outcome

# What the blank form asks to be filled in or struck out.
_LEFTOVERS = re.compile(
    r"(?<![A-Za-z])[XxＸ]{2,}(?![A-Za-z])|[×✕╳]{2,}|…{2,}|\.{4,}|_{3,}|＿{2,}"
    r"|增加[（(/、]减少[)）]?|减少[（(/、]增加[)）]?|增长[（(/、]下降[)）]?|下降[（(/、]增长[)）]?|大于[（(/]小于[)）]?"
    r"|[（(](?:参考|该项名词解释|根据.{0,20}(?:补充|填写|解释)|请.{0,20}(?:填写|解释|说明))[^）)]*[)）]"
    r"|二选一|任选其一|[，、；：。,;]{2,}(?<!\.)"
    r"|(?:主要)?原因(?:是|为)[：:]?\s*[。；;，,]|(?:主要)?原因(?:是|为)[：:]?\s*$"
)
_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}[-－—]\d{7,8})(?!\d)")
_IDENTITY = re.compile(
    r"(?<![\dA-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
)
_PERSON = re.compile(
    r"(?:联\s*系\s*人|经\s*办\s*人|填\s*[报表]\s*人|审\s*核\s*人|负\s*责\s*人)\s*[：:]\s*"
    r"[\u4e00-\u9fff][\u4e00-\u9fff ·]{1,4}"
)
_HIGHER_MONEY = ("补助", "转移支付", "下达", "拨付", "专项", "追加", "安排", "配套", "资金")
_THIS_WORK = "部门|单位|决算|预算|整体|项目|绩效|重点工作|收入|支出|财政"
_FIGURE = re.compile(r"(?<![\d.])\d[\d,，]*\.\d+")


def leftovers(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Nothing of the blank form's own placeholders is left in any text."""
    for words in texts.words(subject.book):
        found = _LEFTOVERS.search(words.text)
        if found is None:
            yield Verdict(Outcome.HOLDS, (words.cell.ref,))
            continue
        place = texts.around(words.text, *found.span())
        yield Verdict(
            Outcome.BROKEN, (words.cell.ref,), {"cell": str(words.cell.ref), "found": found[0], "place": place}
        )


def levels(subject: Subject, check: Check) -> Iterator[Verdict]:
    """No word of another level (市级财政, 市直部门 …) where the unit's own level belongs."""
    level = subject.book.text(*check.given["level"][0].split("."))
    own = subject.edition.levels.get(level)
    if own is None:
        return
    others = {w for name, kept in subject.edition.levels.items() if name != level for w in kept.values()}
    others -= set(own.values())
    for words in texts.words(subject.book):
        found = next((w for w in others if _speaks(words.text, w)), None)
        said = {"cell": str(words.cell.ref), "found": found or "", "level": level, "right": "、".join(own.values())}
        yield Verdict(Outcome.BROKEN if found else Outcome.HOLDS, (words.cell.ref,), said)


def _speaks(text: str, word: str) -> bool:
    """The word is there, and not as the giver of money from above (省级财政补助)."""
    at = text.find(word)
    while at >= 0:
        if not text[at + len(word) :].startswith(_HIGHER_MONEY):
            return True
        at = text.find(word, at + 1)
    return False


def private(subject: Subject, check: Check) -> Iterator[Verdict]:
    """No phone numbers, identity numbers or named contacts in running text."""
    allowed = set(check.given.get("allowed", ()))
    for words in texts.words(subject.book):
        text = unicodedata.normalize("NFKC", words.text)
        found: list[str] = []
        if _IDENTITY.search(text):
            found.append("身份证号码")
        elif words.path not in allowed and words.data.form.role is not Role.PERFORMANCE and _PHONE.search(text):
            found.append("电话号码")
        if words.data.form.role is not Role.PERFORMANCE and _PERSON.search(text):
            found.append("个人姓名")
        said = {"cell": str(words.cell.ref), "found": "、".join(found)}
        yield Verdict(Outcome.BROKEN if found else Outcome.HOLDS, (words.cell.ref,), said)


def stale_years(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A text that speaks of last year's work, or of a year still further back, as if it were this year's."""
    this = _year(subject, check)
    if not this:
        return
    reasons = set(check.given.get("reasons", ()))
    stale = re.compile(rf"(?:{this - 1})\s*年度?(?:{_THIS_WORK})")
    for words in texts.words(subject.book):
        named = texts.years(words.text)
        if not named:
            continue
        if f"{words.data.form.id}.{words.block}" in reasons:
            wrong = max(named) < this and min(named) < this - 1
        else:
            found = stale.search(unicodedata.normalize("NFKC", words.text))
            wrong = max(named) < this and found is not None
        said = {"cell": str(words.cell.ref), "years": "、".join(map(str, sorted(set(named)))), "year": str(this)}
        yield Verdict(Outcome.BROKEN if wrong else Outcome.HOLDS, (words.cell.ref,), said)


def stale_figures(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A text that quotes last year's figure without saying that it is last year's."""
    this = _year(subject, check)
    known: dict[Decimal, CellRef] = {}
    current: set[Decimal] = set()
    for path, column in zip(check.given["rows"], check.given["columns"], strict=True):
        form_id, _, block = path.partition(".")
        data = subject.book.sheet(form_id)
        for row in data.blocks[block].rows if data is not None and block in data.blocks else ():
            last = subject.reads.in_row(data, row, column)  # type: ignore[arg-type]
            if last.state is State.NUMBER and last.cell is not None and abs(last.value) >= 10:
                known.setdefault(round(abs(last.value), 2), last.cell)
    for form in subject.edition.tables:
        table = subject.book.sheet(form.id)
        for block_data in table.blocks.values() if table is not None else ():
            for row in block_data.rows:
                current |= {
                    round(abs(cell.number / table.divisor), 2)  # type: ignore[union-attr]
                    for cell in row.cells.values()
                    if cell.kind is CellKind.NUMBER and cell.number is not None
                }
    for words in texts.words(subject.book):
        text = unicodedata.normalize("NFKC", words.text)
        if "上年" in text or "去年" in text or (this and this - 1 in texts.years(text)):
            continue
        for found in _FIGURE.finditer(text):
            value = Decimal(found[0].replace(",", "").replace("，", ""))
            if value in known and value not in current:
                said = {"cell": str(words.cell.ref), "found": found[0], "source": str(known[value])}
                yield Verdict(Outcome.BROKEN, (words.cell.ref, known[value]), said)
                break
        else:
            if _FIGURE.search(text):
                yield Verdict(Outcome.HOLDS, (words.cell.ref,))


def dates(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A disclosure is dated after the year it reports on (`fields:` of the scope)."""
    this = _year(subject, check)
    for scope in check.scope:
        for data in subject.book.sheets.get(scope.form, ()) if this else ():
            for key in check.given["fields"]:
                cell = data.cell(key, "value")
                named = texts.years(cell.text) if cell is not None else ()
                if cell is None or not named:
                    continue
                said = {"cell": str(cell.ref), "date": cell.text, "year": str(this)}
                yield Verdict(Outcome.HOLDS if max(named) > this else Outcome.BROKEN, (cell.ref,), said)


def _year(subject: Subject, check: Check) -> int:
    operand = subject.reads.at(*check.given["year"][0].split("."))
    return int(operand.value) if operand.state is State.NUMBER else 0


CODED: dict[str, Coded] = {
    "leftovers": leftovers,
    "level_words": levels,
    "private_data": private,
    "stale_years": stale_years,
    "stale_figures": stale_figures,
    "dates_after_year": dates,
}
