"""Which edition's layout a workbook has, told by the words of its official tables, whatever its cell 版式 says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..editions import Edition
from ..model.cell import CellRef
from ..model.form import Form
from ..model.heads import columns
from .cells import Sheet
from .match import norm

_GOOD = 0.97  # of an edition's words: nobody looks at other editions then
_LEAST = 0.5  # of an edition's words, or the workbook is none of it
_CLEAR = 0.5  # by so much more of what only the other edition has than of what only this one has
_ROWS = 400  # rows of a sheet in which the form's own words stand
_FEW = 3  # words that must differ for editions to be told apart
_NAMED = 2

Mark = tuple[str, str, str]  # form, text, 行次 beside it ("" where none counts)


@dataclass(frozen=True)
class Fit:
    """How an edition's own words are found: ``there`` of ``wanted``, each with one cell."""

    edition: Edition
    wanted: frozenset[Mark]
    there: Mapping[Mark, CellRef]

    @property
    def share(self) -> float:
        return len(self.there) / len(self.wanted) if self.wanted else 0.0

    @property
    def good(self) -> bool:
        return self.share >= _GOOD

    @property
    def poor(self) -> bool:
        return self.share < _LEAST


def fit(edition: Edition, sheets: Mapping[str, Sheet]) -> Fit:
    """``sheets``: form id → the sheet that was taken for that official table."""
    wanted: set[Mark] = set()
    there: dict[Mark, CellRef] = {}
    for form in edition.tables:
        marks = frozenset(_marks(form))
        wanted |= marks
        sheet = sheets.get(form.id)
        if sheet is not None:
            there |= _found(form.id, marks, sheet)
    return Fit(edition, frozenset(wanted), there)


def clearer(own: Fit, others: Sequence[Fit]) -> tuple[Fit, tuple[tuple[CellRef, str], ...]] | None:
    """The edition whose layout this clearly is instead of ``own``, with a few cells that show it; None if none is."""
    best: tuple[float, Fit] | None = None
    for other in others:
        ours, theirs = own.wanted - other.wanted, other.wanted - own.wanted
        if min(len(ours), len(theirs)) < _FEW or other.poor:
            continue
        lead = _part(theirs, other) - _part(ours, own)
        if lead >= _CLEAR and (best is None or lead > best[0]):
            best = lead, other
    if best is None:
        return None
    only = [mark for mark in best[1].there if mark not in own.wanted]
    only.sort(key=lambda mark: (bool(mark[2]), best[1].there[mark]))
    shown = only[:_NAMED]
    return best[1], tuple((best[1].there[m], m[1] + (f"（行次 {m[2]}）" if m[2] else "")) for m in shown)


def _part(marks: frozenset[Mark], found: Fit) -> float:
    return sum(mark in found.there for mark in marks) / len(marks)


def _marks(form: Form) -> Iterator[Mark]:
    """Heads, labels and numbered lines of a table; words with places to fill tell nothing."""
    texts = [form.form_no, *(text for _, column in columns(form) for text in column.head)]
    texts += [text for text in form.notes if "{" not in text]
    yield from ((form.id, norm(text), "") for text in texts if text)
    for block in form.blocks:
        for at, row in enumerate(block.rows):
            if row.label:
                yield form.id, norm(row.label), ""
                if block.first_line:
                    yield form.id, norm(row.label), str(block.first_line + at)


def _found(form_id: str, marks: frozenset[Mark], sheet: Sheet) -> dict[Mark, CellRef]:
    found: dict[Mark, CellRef] = {}
    for mark in marks:
        if not mark[2]:
            for row, column in sheet.index.get(mark[1], ())[:1]:
                found[mark] = CellRef(sheet.name, row, column)
    for number in [row for row in sheet.rows if row <= _ROWS]:
        before = ""
        for column in sorted(sheet.rows[number]):
            text = sheet.label(number, column)
            mark = (form_id, before, text)
            if before and text.isdigit() and mark in marks:
                found[mark] = CellRef(sheet.name, number, column)
            before = text
    return found
