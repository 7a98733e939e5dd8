"""This year's workbook beside last year's: prior-year figures that differ, and what was left in from last year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from ..checks import texts
from ..checks.answers import FORM as ANSWERS
from ..checks.rule import Check, Rule
from ..checks.texts import Words
from ..editions import Edition
from ..model.book import Book
from ..model.cell import CellKind, CellRef
from ..model.finding import Finding, Refusal, Severity
from ..model.form import Kind, Role
from . import rollplan
from .compare import CENT, Compare, finding, rule_of, shown
from .rollplan import cell_of
from .source import Source

_LEAST = 8  # characters of a text that is no coincidence
_HEADING = 12  # a heading, 一、推进档案数字化, may well be last year's; a reason or a whole sentence is none
_SENTENCE = re.compile(r"[。；;!?\n]+")
_STOP = re.compile(r"[。!?\n]+")
_FIGURE = re.compile(r"(?<![\d.,])\d[\d,]*(?:\.\d+(?![\d.])|(?=\s*万元))")
_NUMBER = re.compile(r"\d[\d,.]*(?!\s*年|[\d,.])")  # but for years
_TELLING = Decimal(10)  # smaller amounts come up by chance
_SAID = re.compile(r"上年|去年|上一年|往年")
_UNIT_NAMES = ("单位名称", "下属单位名称")
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
        where = "、".join(map(str, here.cells))
        # What a performance form says of earlier years is no published figure: it may have been put right since.
        published = _role(this.edition, place) is not Role.PERFORMANCE
        told = finding(
            kept,
            f"{where} “{_label(this, place)}”的{'上年数' if published else '数'}是 {shown(here.value)} 万元，"
            f"上年工作簿“{last.name}”{last.shown(there.cells)} 是 {shown(there.value)} 万元，"
            f"相差 {shown(abs(here.value - there.value))} 万元。",
            here.cells,
        )
        yield told if published else replace(told, severity=Severity.WARNING)


def _role(edition: Edition, place: rollplan.Place) -> Role | None:
    form = rollplan.form_of(edition, place[0])
    return form.role if form is not None else None


def _label(source: Source, place: rollplan.Place) -> str:
    known = cell_of(source.edition, place)
    if known is not None and known[1] is not None:
        return known[1].label
    data = source.book.sheet(place[0])
    row = next((b.by_key[place[1]] for b in data.blocks.values() if place[1] in b.by_key), None) if data else None
    return row.label if row is not None and row.label else place[1]


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
        self.reasons = set(plan.reasons)
        self.same: dict[tuple[str, str], CellRef] = {}  # text by form → where it stood
        self.sentences: dict[str, CellRef] = {}
        for words in old:
            self.same.setdefault((words.data.form.id, words.plain.strip()), words.cell.ref)
            for sentence in _SENTENCE.split(words.plain):
                self.sentences.setdefault(_masked(sentence), words.cell.ref)
        self.amounts, self.current = _amounts(last.book), set(_amounts(this.book))
        self.names = self._names()

    def findings(self) -> Iterator[Finding]:
        for words in texts.words(self.this.book):
            if words.cell.formula or words.data.form.id == ANSWERS:
                continue  # no words of the user's own, or none that are published
            for message in self._said(words):
                yield finding(self.kept, f"{words.cell.ref} {message}", [words.cell.ref])

    def _said(self, words: Words) -> Iterator[str]:
        text = words.plain.strip()
        stays = self._stays(words)
        same = self.same.get((words.data.form.id, text))
        least = _LEAST if self._reason(words) or _STOP.search(text) else _HEADING
        if not stays and same is not None and len(text) >= least and self._prose(words):
            yield f"的文字与上年工作簿“{self.last.name}”{same} 完全相同。"
        else:
            yield from self._years(words)
        if self._of_form(words):
            return
        for name, what in self.names.items():
            if name in text and (not stays or what in _UNIT_NAMES):
                yield f"的文字中有上年的{what}“{name}”。"
        if not stays:
            yield from self._quoted(words)

    @staticmethod
    def _of_form(words: Words) -> bool:
        """The name of a subject."""
        block = next((b for b in words.data.form.blocks if b.key == words.block), None)
        return block is not None and any(c.key == words.column and c.kind is Kind.NAME for c in block.columns)

    def _stays(self, words: Words) -> bool:
        """Taken over year by year on purpose, or the name of a subject."""
        if self._of_form(words):
            return True
        carried = self.carried.get((words.data.form.id, words.block))
        return carried is not None and (carried.covers(words.column) or carried.covers(words.row.key))

    @staticmethod
    def _prose(words: Words) -> bool:
        """Goals and indicators of performance forms may well be those of last year."""
        if words.data.form.role is Role.INPUT:
            return True
        return rollplan.fields_of(words.data.form).get(words.row.key) is Kind.PROSE

    def _reason(self, words: Words) -> bool:
        return (words.data.form.id, words.block, words.column) in self.reasons

    def _years(self, words: Words) -> Iterator[str]:
        """A sentence of last year's that names a year."""
        for sentence in _SENTENCE.split(words.plain):
            named = texts.years(sentence)
            there = self.sentences.get(_masked(sentence)) if named else None
            recent = [year for year in named if self.last.year and year in (self.last.year, self.last.year - 1)]
            if there is not None and recent:
                yield f"仍写着 {recent[0]} 年，这句话出自上年工作簿“{self.last.name}”{there}。"
                return

    def _quoted(self, words: Words) -> Iterator[str]:
        found = {}
        for hit in (hit for sentence in _STOP.split(words.plain) if self._silent(sentence)
                    for hit in _FIGURE.findall(sentence)):  # fmt: skip
            value = Decimal(hit.replace(",", "")).quantize(CENT, ROUND_HALF_UP)
            if value >= _TELLING and value in self.amounts and value not in self.current:
                found[hit] = self.amounts[value]
        if found:
            named = "；".join(f"{hit}（{ref}）" for hit, ref in list(found.items())[:_SHOWN])
            yield f"的文字中有上年工作簿“{self.last.name}”的金额，没有写明是上年的数：{named}。"

    def _silent(self, sentence: str) -> bool:
        """Whether a sentence does not say that it speaks of last year."""
        return not _SAID.search(sentence) and self.last.year not in texts.years(sentence)

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


def _masked(sentence: str) -> str:
    """A sentence without its numbers, years apart: what was copied and has other numbers is still a copy."""
    return _NUMBER.sub("#", sentence.strip())


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
