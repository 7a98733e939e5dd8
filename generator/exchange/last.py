"""This year's workbook beside last year's: prior-year figures that differ, and what was left in from last year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from ..checks import texts
from ..checks.rule import Check, Rule
from ..checks.texts import Words
from ..editions import Edition
from ..model.book import Book
from ..model.cell import CellKind, CellRef
from ..model.finding import Finding, Refusal
from ..model.form import Kind, Role
from . import rollplan
from .compare import CENT, Compare, finding, rule_of, shown
from .rollplan import cell_of
from .source import Source

_LEAST = 8  # characters of a text that is no coincidence
_SENTENCE = re.compile(r"[。；;!?\n]+")
_FIGURE = re.compile(r"(?<![\d.,])\d[\d,]*\.\d+(?![\d.])")
_TELLING = Decimal(10)  # smaller amounts come up by chance
_SAID = re.compile(r"上年|去年|上一年|往年")
_SHOWN = 3


def against(last: Source) -> Compare:
    """The comparison with last year's workbook."""
    return partial(_findings, last)


def _findings(last: Source, edition: Edition, book: Book) -> tuple[Finding, ...]:
    this = Source(edition, book)
    if last.edition.kind != edition.kind or (this.year and last.year and last.year != this.year - 1):
        raise Refusal(
            f"“{last.name}”（{last.edition.name}，{last.year or '没有填写'} 年度）不是上年的工作簿。",
            f"本年是 {this.year or '没有填写的'} 年度，请用 --last 指定上年同类的工作簿。",
        )
    return (*_figures(this, last), *_leftovers(this, last))


def _figures(this: Source, last: Source) -> Iterator[Finding]:
    kept = rule_of(this.edition, "last_figures")
    if kept is None:
        return
    for place, sources in rollplan.load(this.edition).prior.items():
        here, there = this.amount([".".join(place)]), last.amount(sources)
        if here.why or here.value is None or there.value is None or abs(here.value - there.value) < CENT / 2:
            continue
        known = cell_of(this.edition, place)
        label = known[1].label if known is not None and known[1] is not None else place[1]
        where = "、".join(map(str, here.cells))
        yield finding(
            kept,
            f"{where} “{label}”的上年数是 {shown(here.value)} 万元，上年工作簿“{last.name}”{last.shown(there.cells)} "
            f"是 {shown(there.value)} 万元，相差 {shown(here.value - there.value)} 万元。",
            here.cells,
        )


def _leftovers(this: Source, last: Source) -> Iterator[Finding]:
    kept = rule_of(this.edition, "last_texts")
    if kept is None:
        return
    old = list(texts.words(last.book))
    yield from _Leftovers(this, last, old, kept).findings()


class _Leftovers:
    def __init__(self, this: Source, last: Source, old: list[Words], kept: tuple[Rule, Check]) -> None:
        self.this, self.last, self.kept = this, last, kept
        plan = rollplan.load(this.edition)
        self.carried = {(c.form, c.block): c for c in plan.carry}
        self.same: dict[tuple[str, str], CellRef] = {}  # text by form → where it stood
        self.sentences: dict[str, CellRef] = {}
        for words in old:
            self.same.setdefault((words.data.form.id, words.plain.strip()), words.cell.ref)
            for sentence in _SENTENCE.split(words.plain):
                self.sentences.setdefault(sentence.strip(), words.cell.ref)
        self.amounts, self.current = _amounts(last.book), set(_amounts(this.book))
        self.names = self._names()

    def findings(self) -> Iterator[Finding]:
        for words in texts.words(self.this.book):
            for message in self._said(words):
                yield finding(self.kept, f"{words.cell.ref} {message}", [words.cell.ref])

    def _said(self, words: Words) -> Iterator[str]:
        text = words.plain.strip()
        stays = self._stays(words)
        same = self.same.get((words.data.form.id, text))
        if not stays and same is not None and len(text) >= _LEAST and self._prose(words):
            yield f"的文字与上年工作簿“{self.last.name}”{same} 完全相同。"
        else:
            yield from self._years(words)
        if not stays:
            for name, what in self.names.items():
                if name in text:
                    yield f"的文字中有上年的{what}“{name}”。"
            yield from self._quoted(words)

    def _stays(self, words: Words) -> bool:
        """Taken over year by year on purpose, or the name of a subject."""
        block = next((b for b in words.data.form.blocks if b.key == words.block), None)
        if block is not None and any(c.key == words.column and c.kind is Kind.NAME for c in block.columns):
            return True
        carried = self.carried.get((words.data.form.id, words.block))
        return carried is not None and (carried.covers(words.column) or carried.covers(words.row.key))

    @staticmethod
    def _prose(words: Words) -> bool:
        """Goals and indicators of performance forms may well be those of last year."""
        if words.data.form.role is Role.INPUT:
            return True
        return rollplan.fields_of(words.data.form).get(words.row.key) is Kind.PROSE

    def _years(self, words: Words) -> Iterator[str]:
        """A sentence of last year's that names a year."""
        for sentence in _SENTENCE.split(words.plain):
            named = texts.years(sentence)
            there = self.sentences.get(sentence.strip()) if named else None
            recent = [year for year in named if self.last.year and year in (self.last.year, self.last.year - 1)]
            if there is not None and recent:
                yield f"仍写着 {recent[0]} 年，这句话与上年工作簿“{self.last.name}”{there} 相同。"
                return

    def _quoted(self, words: Words) -> Iterator[str]:
        if _SAID.search(words.plain) or (self.last.year in texts.years(words.plain)):
            return
        found = {}
        for hit in _FIGURE.findall(words.plain):
            value = Decimal(hit.replace(",", "")).quantize(CENT, ROUND_HALF_UP)
            if value >= _TELLING and value in self.amounts and value not in self.current:
                found[hit] = self.amounts[value]
        if found:
            named = "；".join(f"{hit}（{ref}）" for hit, ref in list(found.items())[:_SHOWN])
            yield f"的文字中有上年工作簿“{self.last.name}”的金额，没有写明是上年的数：{named}。"

    def _names(self) -> dict[str, str]:
        """What last year's workbook calls itself, its units and projects, and this year's does not."""
        mine, theirs = _named(self.this), _named(self.last)
        gone = {name: what for name, what in theirs.items() if name not in mine and len(name) >= 4}
        return {name: what for name, what in gone.items() if not any(name in other for other in mine)}


def _named(source: Source) -> dict[str, str]:
    found = {source.word(key): "单位名称" for key in ("name", "short_name")}
    for form, block, what in (("unit", "subordinate_list", "下属单位名称"), ("projects", "projects", "项目名称")):
        found |= {row.text("name").strip(): what for row in source.book.rows(form, block)}
    return {_plain(name): what for name, what in found.items() if name}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _amounts(book: Book) -> dict[Decimal, CellRef]:
    """All amounts of a book in 万元 with two decimals."""
    found: dict[Decimal, CellRef] = {}
    for data in book:
        for block in data.blocks.values():
            for row in block.rows:
                for column, cell in row.cells.items():
                    if cell.kind is CellKind.NUMBER and cell.number:
                        value = data.row_figure(row, column).value
                        found.setdefault(abs(value).quantize(CENT, ROUND_HALF_UP), cell.ref)
    return found
