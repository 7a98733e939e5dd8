"""What must not stand in a published text: leftovers of the form, other levels' words, private data, last year."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from ..model.cell import CellKind, CellRef
from ..model.form import Role
from . import texts
from .coded import Coded, Subject, Verdict
from .formula import State
from .rule import Check, Outcome
from .texts import Words

# What the blank form asks to be filled in or struck out.
_LEFTOVERS = re.compile(
    r"(?<![A-Za-z])[XxＸ]{2,}(?![A-Za-z])|[×✕╳]{2,}|…{2,}|\.{4,}|_{3,}|＿{2,}"
    r"|增加[（(/、]减少[)）]?|减少[（(/、]增加[)）]?|增长[（(/、]下降[)）]?|下降[（(/、]增长[)）]?|大于[（(/]小于[)）]?"
    r"|[（(](?:参考|该项名词解释|根据.{0,20}(?:补充|填写|解释)|请.{0,20}(?:填写|解释|说明))[^）)]*[)）]"
    r"|二选一|任选其一|[，、；：。,;]{2,}(?<!\.)"
    r"|(?:主要)?原因(?:是|为)[：:]?\s*[。；;]|(?:主要)?原因(?:是|为)[：:]?\s*$"
)
# Two signs or more said twice; numerals and words that are doubled on purpose (许多许多) aside.
_TWICE = re.compile(r"((?![一二三四五六七八九十百千万许逐不个])[\u4e00-\u9fff]{2,6})\1")
_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}[-－—]\d{7,8})(?!\d)")
_IDENTITY = re.compile(
    r"(?<![\dA-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])"
)
_PERSON = re.compile(
    r"(?:联\s*系\s*人|经\s*办\s*人|填\s*[报表]\s*人|审\s*核\s*人|负\s*责\s*人)\s*[：:]\s*"
    r"[\u4e00-\u9fff][ ·]?[\u4e00-\u9fff]{1,3}(?=$|[\s，。；、,;（(\d])"
)
_HIGHER_MONEY = ("补助", "转移支付", "下达", "拨付", "专项", "追加", "配套")
_FIGURE = re.compile(r"(?<![\d.])\d[\d,]*\.\d+")
_SAID = re.compile("上年|去年|上一年|以前年度")
_TELLING = 10  # 万元: smaller amounts turn up by chance


Wrong = tuple[Words, dict[str, str], tuple[CellRef, ...]]


def told(wrong: Iterable[Wrong]) -> Iterator[Verdict]:
    """One verdict for each text that is wrong; one in all when none is."""
    none = True
    for words, said, more in wrong:
        none = False
        yield Verdict(Outcome.BROKEN, (words.cell.ref, *more), {"cell": str(words.cell.ref), **said})
    if none:
        yield Verdict(Outcome.HOLDS)


def leftovers(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Nothing of the blank form's own placeholders is left in any text."""
    found = ((words, _LEFTOVERS.search(words.text)) for words in subject.words())
    return told(
        (words, {"found": hit[0], "place": texts.around(words.text, *hit.span())}, ()) for words, hit in found if hit
    )


def slips(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A word typed twice in a row, or a quotation that does not end."""
    return told((words, {"found": found}, ()) for words in subject.words() if (found := _slip(words.text)))


def _slip(text: str) -> str:
    twice = _TWICE.search(text)
    if twice is not None:
        return f"重复的“{twice[1]}”：{texts.around(text, *twice.span())}"
    for opening, closing in ("“”", "《》"):
        if text.count(opening) != text.count(closing):
            at = text.rfind(opening) if text.count(opening) > text.count(closing) else text.rfind(closing)
            return f"不成对的引号或书名号：{texts.around(text, at, at + 1)}"
    return ""


def levels(subject: Subject, check: Check) -> Iterator[Verdict]:
    """No word of another level (市级财政, 市直部门 …) where the unit's own level belongs."""
    level = subject.book.text(*check.given["level"][0].split("."))
    own = subject.edition.levels.get(level)
    if own is None:
        return iter(())
    kept = set(own.values())
    others = {w for words in subject.edition.levels.values() for w in words.values() if w not in kept}
    said = {"level": level, "right": "、".join(own.values())}
    said_in = ((words, words.text) for words in subject.words())
    found = ((words, next((w for w in others if w in text and _speaks(text, w)), "")) for words, text in said_in)
    return told((words, {"found": word, **said}, ()) for words, word in found if word)


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
    found = ((words, _private(words, words.path in allowed)) for words in subject.words())
    return told((words, {"found": "、".join(kinds)}, ()) for words, kinds in found if kinds)


def _private(words: Words, phone_allowed: bool) -> list[str]:
    found = []
    running = words.data.form.role is not Role.PERFORMANCE  # the forms have fields for contacts
    if _IDENTITY.search(words.plain):
        found.append("身份证号码")
    elif running and not phone_allowed and _PHONE.search(words.plain):
        found.append("电话号码")
    if running and _PERSON.search(words.plain):
        found.append("个人姓名")
    return found


def stale_figures(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A text that quotes last year's figure without saying that it is last year's."""
    this = year(subject, check)
    known: dict[Decimal, CellRef] = {}
    for path, column in zip(check.given["rows"], check.given["columns"], strict=True):
        form_id, _, block = path.partition(".")
        data = subject.book.sheet(form_id)
        for row in data.blocks[block].rows if data is not None and block in data.blocks else ():
            last = subject.reads.at(form_id, row.key, column)
            if last.state is State.NUMBER and last.cell is not None and abs(last.value) >= _TELLING:
                known.setdefault(_cents(last.value), last.cell)

    def quotes() -> Iterator[Wrong]:
        current: set[Decimal] | None = None
        for words in subject.words() if known else ():
            for hit in _FIGURE.findall(words.plain):
                value = Decimal(hit.replace(",", ""))
                if value not in known or _SAID.search(words.plain) or this - 1 in texts.years(words.plain):
                    continue
                current = _current(subject) if current is None else current
                if value not in current:
                    yield words, {"found": hit, "source": str(known[value])}, (known[value],)
                    break

    return told(quotes())


def _current(subject: Subject) -> set[Decimal]:
    """All amounts of this year's tables, as they are shown."""
    found: set[Decimal] = set()
    for form in subject.edition.tables:
        data = subject.book.sheet(form.id)
        for rows in data.blocks.values() if data is not None else ():
            for cell in (cell for row in rows.rows for cell in row.cells.values()):
                if data is not None and cell.kind is CellKind.NUMBER and cell.number is not None:
                    found.add(_cents(cell.number / data.divisor))
    return found


def _cents(value: Decimal) -> Decimal:
    return abs(value).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def year(subject: Subject, check: Check) -> int:
    operand = subject.reads.at(*check.given["year"][0].split("."))
    return int(operand.value) if operand.state is State.NUMBER else 0


CODED: dict[str, Coded] = {
    "leftovers": leftovers,
    "slips_of_typing": slips,
    "level_words": levels,
    "private_data": private,
    "stale_figures": stale_figures,
}
