"""What chapters handle: amounts, the user's words, and comparisons of two amounts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ..model.blocks import SpanKind
from ..model.cell import CellRef
from ..model.figure import Figure
from .numbers import NumberStyle
from .spans import Marks, Open, Printable, WrongTemplate, clean

_NOTHING = frozenset({"无", "-", "—", "——", "－", "/", "／"})
_END = " \t　。．.；;，,、：:"
_POINTS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_LINES = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Desk:
    """What turns values into marks: one per document."""

    marks: Marks
    style: NumberStyle


@dataclass(frozen=True, slots=True, eq=False)
class Text(Printable):
    """Words from a cell (or, with kind FIXED, of the form). False when there are none."""

    raw: str
    desk: Desk
    cells: tuple[CellRef, ...] = ()
    kind: SpanKind = SpanKind.USER

    def __str__(self) -> str:
        line = _LINES.sub("", self.raw.strip())
        return clean(line) if self.kind is SpanKind.FIXED else self.desk.marks.mark(line, self.kind, self.cells)

    def __bool__(self) -> bool:
        return bool(clean(self.raw).strip())

    def changed(self, change: Callable[[str], str]) -> Text:
        return Text(change(self.raw), self.desk, self.cells, self.kind)

    def clause(self) -> Text:
        """Without the punctuation at its ends and without a bare “无”: the sentence supplies its own end."""
        text = self.raw.strip().strip(_END).strip()
        return self.changed(lambda _: "" if text in _NOTHING else text)

    def without_start(self, *starts: str) -> Text:
        """Without a lead that the sentence has already (主要原因是主要原因是…), the longest that fits."""
        text = self.raw.strip()
        again = True
        while again:
            lead = max((s for s in starts if text.startswith(s)), key=len, default="")
            text = text.removeprefix(lead).lstrip(_END)
            again = bool(lead)
        return self.changed(lambda _: text)


_HEADS = ("主要原因", "主要", "原因", "增加的主要原因", "减少的主要原因", "变动的主要原因", "其主要原因")
_CAUSES = ("是因为", "是由于", "因为", "由于")
_REASON = ("主要原因", "原因", *_CAUSES, *(head + tail for head in _HEADS for tail in ("是", "为", *_CAUSES)))


def reason(text: Text) -> Text:
    """A reason as it stands after “主要原因是”."""
    return text.clause().without_start(*_REASON).clause()


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    """A figure on its way into a sentence. ``given``: its cell holds a number. True when it is not exactly zero."""

    figure: Figure
    desk: Desk
    given: bool = True

    def __bool__(self) -> bool:
        return bool(self.figure)

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.figure + other.figure, self.desk, self.given or other.given)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.figure - other.figure, self.desk, self.given or other.given)

    def __abs__(self) -> Amount:
        return Amount(abs(self.figure), self.desk, self.given)

    def __str__(self) -> str:
        raise WrongTemplate("金额不能直接印出，须经 money、percent、count 等过滤器")

    @property
    def positive(self) -> bool:
        return self.figure.value > 0

    @property
    def shows(self) -> bool:
        """Whether it is more than a zero once written in the document's number style."""
        return any(c in "123456789" for c in self.desk.style.money(self.figure.value))

    def over(self, whole: Amount) -> Amount | None:
        """Share of ``whole``; None when that is nothing, or less."""
        return Amount(self.figure.over(whole.figure), self.desk) if whole.positive else None


@dataclass(frozen=True, slots=True, eq=False)
class Change(Open):
    """``now`` against ``before``. ``known``: there is something to compare with."""

    now: Amount
    before: Amount
    known: bool
    explain: Callable[[bool], Text]

    @property
    def same(self) -> bool:
        """Equal, or so near that the difference would be written as zero."""
        return not (self.now - self.before).shows

    @property
    def more(self) -> bool:
        return (self.now - self.before).positive

    @property
    def difference(self) -> Amount:
        return abs(self.now - self.before)

    @property
    def rate(self) -> Amount | None:
        """The difference as a share of ``before``; None where a rate says nothing."""
        share = self.difference.over(self.before) if self.before.shows else None
        shown = self.now.desk.style.percent(share.figure.value) if share else ""
        return share if any(c in "123456789" for c in shown) else None

    @property
    def completion(self) -> Amount | None:
        return self.now.over(self.before) if self.before.shows else None

    def near(self, points: str) -> bool:
        """Whether the completion, as it is written, lies within so many percentage points of 100 %."""
        share = self.completion
        if share is None:
            return False
        shown = Decimal(self.now.desk.style.percent(share.figure.value).rstrip("%"))
        return abs(shown - 100) <= (Decimal(points) if _POINTS.fullmatch(points.strip()) else 0)

    def reason(self, wanted: bool = True) -> Text:
        """The user's reason; where one is wanted and missing, that becomes a finding."""
        return self.explain(wanted)
