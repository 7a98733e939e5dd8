"""The year of the workbook against the dates and texts it holds: one wrong year is told as such, not date by date."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..model.cell import Cell, CellRef
from ..model.form import Row
from . import places, stale, texts
from .coded import Coded, Subject, Verdict
from .coded_texts import told, year
from .rule import Check, Outcome
from .texts import Words

_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_TOLD = "year_told_otherwise"
_ENOUGH = 2  # dates and texts that agree on another year: one alone is more likely wrong itself
_WITHOUT_DATE = 3
_SHOWN = 3  # places named in one sentence


class _Otherwise(NamedTuple):
    """Another year than the workbook's, and the dates and texts that tell it."""

    year: int
    dates: tuple[CellRef, ...]
    texts: tuple[CellRef, ...]


def stale_years(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A text that speaks of another year than the disclosure's, as if it were this year's (`reasons:` two years)."""
    this = year(subject, check)
    reasons = set(check.given.get("reasons", ()))
    known = set(_otherwise(subject).texts)

    def spoken(words: Words) -> list[stale.Spoken]:
        return list(stale.strange(words.plain, this, f"{words.data.form.id}.{words.block}" in reasons))

    def said(words: Words, named: list[stale.Spoken]) -> dict[str, str]:
        years = "、".join(map(str, sorted({found.year for found in named})))
        text = words.text if len(words.text) == len(words.plain) else words.plain  # as typed, where the places agree
        place = texts.around(text, named[0].start, named[0].end)
        return {"years": years, "year": str(this), "place": place}

    asked = (words for words in (subject.words() if this else ()) if words.cell.ref not in known)
    found = ((words, spoken(words)) for words in asked)
    return told((words, said(words, named), ()) for words, named in found if named)


def told_otherwise(subject: Subject, check: Check) -> Iterator[Verdict]:
    """The year (`year:`) is the one that the dates (`fields:` key + how many years later) and the texts tell.

    Said where two of them or more agree on another year and none of the dates on this one. What they tell is then
    not said of each of them.
    """
    form, row, _ = check.given["year"][0].split(".")
    data = subject.book.sheet(form)
    cell = data.cell(row, "value") if data is not None else None
    if cell is None or not year(subject, check):
        return
    found = _otherwise(subject)
    if not found.year:
        yield Verdict(Outcome.HOLDS, (cell.ref,))
        return
    declared = subject.reads.declared(form, row)
    kinds = ((found.dates, "处日期"), (found.texts, "处文字"))
    shown = [
        f"{len(refs)} {kind}（{places.cells(refs[:_SHOWN])}{' 等' if len(refs) > _SHOWN else ''}）"
        for refs, kind in kinds
        if refs
    ]
    words = {
        "cell": str(cell.ref),
        "field": declared.label if isinstance(declared, Row) else row,
        "year": str(year(subject, check)),
        "told": str(found.year),
        "list": "、".join(shown),
    }
    yield Verdict(Outcome.BROKEN, (cell.ref, *found.dates, *found.texts), words)


def _otherwise(subject: Subject) -> _Otherwise:
    """Found once, for all checks that speak of years; year 0 where the workbook does not contradict itself."""
    if _TOLD not in subject.kept:
        check = next((c for rule in subject.rules for c in rule.checks if c.coded == _TOLD), None)
        subject.kept[_TOLD] = _weighed(subject, check) if check is not None else _Otherwise(0, (), ())
    found: _Otherwise = subject.kept[_TOLD]
    return found


def _weighed(subject: Subject, check: Check) -> _Otherwise:
    this = year(subject, check)
    none = _Otherwise(0, (), ())
    if not this:
        return none
    dated: dict[int, list[CellRef]] = {}
    later = dict(pair.split("+") for pair in check.given["fields"])
    for cell, key, named in _fields(subject, check, tuple(later)):
        dated.setdefault(max(named) - int(later[key]), []).append(cell.ref)
    if this in dated:
        return none
    spoken: dict[int, list[CellRef]] = {}
    reasons = set(check.given.get("reasons", ()))
    for words in subject.words():
        if f"{words.data.form.id}.{words.block}" in reasons:
            continue  # these speak of two years
        strange = {found.year for found in stale.strange(words.plain, this)}
        if len(strange) == 1:
            spoken.setdefault(strange.pop(), []).append(words.cell.ref)
        elif this in texts.years(stale.in_digits(words.plain)):
            spoken.setdefault(this, []).append(words.cell.ref)
    votes = {other: len(dated.get(other, ())) + len(spoken.get(other, ())) for other in {*dated, *spoken} - {this}}
    best = max(votes, key=votes.__getitem__, default=0)
    enough = _ENOUGH if best in dated else _WITHOUT_DATE
    against = sum(votes.values()) - votes.get(best, 0) + len(spoken.get(this, ()))
    if votes.get(best, 0) < enough or votes[best] <= against:
        return none
    return _Otherwise(best, tuple(dated.get(best, ())), tuple(spoken.get(best, ())))


def dates(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A disclosure is dated after the year it reports on (`fields:` of the scope)."""
    return _dated(subject, check, lambda year, this: year > this)


def dates_soon(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A disclosure is dated no later than in the next year: else the year or the date was mistyped."""
    return _dated(subject, check, lambda year, this: year <= this + 1)


def _dated(subject: Subject, check: Check, good: Callable[[int, int], bool]) -> Iterator[Verdict]:
    this = year(subject, check)
    known = set(_otherwise(subject).dates)
    for cell, _, named in _fields(subject, check, check.given["fields"]) if this else ():
        said = {"cell": str(cell.ref), "date": cell.text, "year": str(this)}
        holds = cell.ref in known or good(max(named), this)
        yield Verdict(Outcome.HOLDS if holds else Outcome.BROKEN, (cell.ref,), said)


def _fields(subject: Subject, check: Check, keys: tuple[str, ...]) -> Iterator[tuple[Cell, str, tuple[int, ...]]]:
    """The cells of the scope's sheets with these keys that name a year, and the years."""
    for scope in check.scope:
        for data in subject.book.sheets.get(scope.form, ()):
            for key in keys:
                cell = data.cell(key, "value")
                named = texts.years(unicodedata.normalize("NFKC", cell.text)) if cell is not None else ()
                if cell is not None and named:
                    yield cell, key, named


def real_dates(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A day that the calendar has (`fields:` of the scope); a text that is no full date is not looked at."""
    for scope in check.scope:
        for data in subject.book.sheets.get(scope.form, ()):
            for key in check.given["fields"]:
                cell = data.cell(key, "value")
                named = _DAY.search(unicodedata.normalize("NFKC", cell.text)) if cell is not None else None
                if cell is None or named is None:
                    continue
                said = {"cell": str(cell.ref), "date": cell.text}
                yield Verdict(
                    Outcome.HOLDS if _exists(*map(int, named.groups())) else Outcome.BROKEN, (cell.ref,), said
                )


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


CODED: dict[str, Coded] = {
    "stale_years": stale_years,
    _TOLD: told_otherwise,
    "dates_after_year": dates,
    "dates_by_next_year": dates_soon,
    "real_dates": real_dates,
}
