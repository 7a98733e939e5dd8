"""The three-way merge of whole documents: generated last, the user's file now, generated now.

The user's package is the one that stays: styles, page set-up, headers, comments and everything that was added live
in it. Only what the data changed is written into it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from lxml import etree

from ..model.revised import Fate, Revision
from ..model.state import State, UnitState
from . import chartdata, tables
from .account import Account, around
from .body import Body, Unit, open_body
from .comments import Comments, waiting, within
from .controls import lay_out
from .graft import Graft, mend_marks, without_marks
from .match import Pairs, pair
from .order import arrange, moved
from .package import ContentTypes, serialize
from .sections import Sections
from .settled import settled
from .text import holds_more
from .units import Outcome, UnitMerger

_PARTED = "表格经手工拆开或合并"
_FIGURES = "图中的数经手工修改"
_STILL = "此前列出，尚未处理；处理后请删去批注"


class CannotMerge(Exception):
    """The user's file must stay as it is; ``reason`` is for the user, ``entries`` name what was not found."""

    def __init__(self, reason: str, entries: Sequence[Revision] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.entries = tuple(entries)


@dataclass(frozen=True)
class Merged:
    """``parts`` of the merged document; None when the user's file can stay just as it is.

    ``since`` maps units whose words could not be brought up to date to the text those were written upon, ``open`` is
    how many of our comments wait for the user, ``settled`` how many were taken away because what they asked is done.
    """

    parts: dict[str, bytes] | None
    entries: tuple[Revision, ...]
    since: Mapping[str, str] = field(default_factory=dict)
    open: int = 0
    settled: int = 0


def merge(user: Mapping[str, bytes], base: State, fresh: Mapping[str, bytes], state: State) -> Merged:
    """Bring what changed between ``base`` and ``state`` (of the parts ``fresh``) into the user's parts.

    Raises CannotMerge where a block can't be found, package.Unreadable when the file is no Word document.
    """
    return _Merger(open_body(user, blocks_of_controls=True), base, fresh, state).run()


class _Merger:
    def __init__(self, user: Body, base: State, fresh: Mapping[str, bytes], state: State) -> None:
        self.user, self.base, self.state = user, base, state
        self.fresh_parts = fresh
        self.pairs: Pairs = pair(base.units, user)
        self.account = Account(base, state)
        self.new_at = {unit.id: at for at, unit in enumerate(state.units)}
        self.base_of = {number: at for at, number in self.pairs.user_of.items()}
        for at in self._joined():
            self.base_of.pop(self.pairs.user_of[at], None)
        for first, others in self.pairs.joined.items():
            self.base_of[self.pairs.user_of[first]] = first
            for other in others:
                if self.base_of.get(self.pairs.user_of[other]) == other:
                    self.base_of[self.pairs.user_of[other]] = first
        self._known = sorted(self.base_of)
        self._digests: dict[int, str] = {}
        self._waiting = waiting(user, user.parts)
        self._since: dict[str, str] = {}
        self._withdrawn = 0

    def run(self) -> Merged:
        if self.pairs.lost:
            entries = [self.account.entry(Fate.LOST, self.base.units[at]) for at in self.pairs.lost]
            raise CannotMerge("文档中的书签已丢失，部分段落或表格找不到对应的位置", entries)
        changed = self.base.digest != self.state.digest
        self._deleted()
        hold = self._moved()
        if not changed:
            same = self._unchanged()
            return self._merged(same, same or self.user.parts)
        parts = dict(self.user.parts)
        fresh = open_body(self.fresh_parts)
        graft = Graft(self.user, fresh, parts)
        self._write(fresh, graft, Comments(self.user, parts), parts, hold)
        return self._merged(parts, parts)

    def _merged(self, written: dict[str, bytes] | None, parts: Mapping[str, bytes]) -> Merged:
        return Merged(written, self.account.in_order(), self._since, len(waiting(self.user, parts)), self._withdrawn)

    # What is said

    def _deleted(self) -> None:
        for at, unit in enumerate(self.base.units):
            if at not in self.pairs.user_of and (unit.text or unit.rows or unit.chart) and unit.id in self.new_at:
                self.account.add(Fate.DELETED, unit)

    def _moved(self) -> bool:
        order = sorted(at for at in self.pairs.user_of if at not in self._joined())
        out = moved([self.pairs.user_of[at] for at in order])
        found = [self.base.units[order[n]] for n in out]
        self.account.entries += [
            self.account.entry(Fate.MOVED, unit) for unit in found if unit.text or unit.rows or unit.chart
        ]
        return bool(found)

    def _joined(self) -> set[int]:
        return {one for others in self.pairs.joined.values() for one in others}

    def _further(self) -> dict[int, int]:
        """The user's paragraphs that are the rest of a split one → the generated unit."""
        return {n: at for at, others in self.pairs.split.items() for n in others}

    def _inserted(self, number: int) -> None:
        at = bisect_right(self._known, number) - 1
        near = self.base_of[self._known[at]] if at >= 0 else None
        self.account.inserted(self.user.units[number], self.base.units[near] if near is not None else None)

    def digest(self, number: int) -> str:
        if number not in self._digests:
            self._digests[number] = self.user.digest(self.user.units[number])
        return self._digests[number]

    def untouched(self, at: int) -> bool:
        """Whether the user's unit is exactly what was generated."""
        if at in self.pairs.joined or at in self.pairs.split:
            return False
        return self.digest(self.pairs.user_of[at]) == self.base.units[at].hash

    def _reworded(self, at: int, unit: Unit) -> bool:
        """Whether the text differs, whatever became of its looks."""
        base = self.base.units[at]
        if at in self.pairs.joined or at in self.pairs.split:
            return True
        if base.kind == "table":
            return unit.rows != base.rows
        if base.id.startswith(">"):
            return unit.text.rpartition("\t")[0] != base.text.rpartition("\t")[0]
        return unit.text != base.text or self._redrawn(base, unit)

    def _redrawn(self, base: UnitState, unit: Unit) -> bool:
        """Whether somebody put other figures into a chart."""
        now = chartdata.figures(chartdata.of(self.user, unit.element)) if base.chart else ()
        return bool(now) and now != chartdata.figures(base.chart)

    def _rows(self, at: int, unit: Unit) -> list[tuple[str, ...]]:
        """The user's rows of a table, those of all its parts."""
        parts = [unit, *(self.user.units[n] for n in self.pairs.split.get(at, ()))]
        return [row for part in parts for row in part.rows]

    def _base_rows(self, at: int) -> list[tuple[str, ...]]:
        return [row for n in (at, *self.pairs.joined.get(at, ())) for row in self.base.units[n].rows]

    def _by_hand(self, fate: Fate, at: int, unit: Unit, text: str, unit_state: UnitState) -> Revision:
        """An entry on what was edited; of a table what was done to which row."""
        if unit.kind == "table":
            parts = [self.user.units[n].element for n in self.pairs.split.get(at, ())]
            text, note = tables.by_hand(self._base_rows(at), self._rows(at, unit), [unit.element, *parts])
            return self.account.entry(fate, unit_state, note or _PARTED, text)
        return self.account.entry(fate, unit_state, _FIGURES if self._redrawn(unit_state, unit) else "", text)

    def _kept(self, at: int, unit: Unit, comments: Comments) -> None:
        base = self.base.units[at]
        if base.since:
            self._since[base.id] = base.since
        if not self._settle(at, unit, comments):
            text = unit.text if unit.kind != "table" else ""
            self.account.add(Fate.CONFLICT, base, _STILL, text)
        elif self._reworded(at, unit):
            self.account.entries.append(self._by_hand(Fate.KEPT, at, unit, around(unit.text, base.text), base))
            if unit.kind != "table":
                self.account.check(unit.text, self.account.place(base), base.text)

    def _settle(self, at: int, unit: Unit, comments: Comments, clashed: Sequence[etree._Element] = ()) -> bool:
        """Take away our older comments from a unit that does what they asked; whether none of them waits now."""
        if not within(unit.element, self._waiting):
            return True
        lines = [unit.element, *(self.user.units[n].element for n in self.pairs.split.get(at, ()))]
        olds = [self.base.units[n] for n in (at, *self.pairs.joined.get(at, ()))]
        pairs = [(old, self.state.units[self.new_at[old.id]]) for old in olds if old.id in self.new_at]
        drawn = chartdata.figures(chartdata.of(self.user, unit.element)) if pairs[0][1].chart else ()
        for one in settled(lines, pairs, drawn, self._waiting, clashed):
            comments.withdraw(one)
        return not within(unit.element, self._waiting)

    def _unchanged(self) -> dict[str, bytes] | None:
        """The data is what it was: say what was edited, and take away comments that are settled; None without any."""
        parts = dict(self.user.parts)
        comments = Comments(self.user, parts)
        further = self._further()
        for number, unit in enumerate(self.user.units):
            at = self.base_of.get(number)
            if at is not None:
                self._kept(at, unit, comments)
            elif number not in further:
                self._inserted(number)
        self._withdrawn = comments.withdrawn
        if not comments.changed:
            return None
        types = ContentTypes(parts)
        comments.save(types)
        types.save(parts)
        lay_out(self.user.body, [unit.element for unit in self.user.units], self.user.controls)
        parts[self.user.main] = serialize(self.user.root)
        return parts

    # What is written

    def _write(self, fresh: Body, graft: Graft, comments: Comments, parts: dict[str, bytes], hold: bool) -> None:
        base_ids = [unit.id for unit in self.base.units]
        new_ids = [unit.id for unit in self.state.units]
        further = self._further()
        ids: list[str | None] = [None] * len(self.user.units)
        for number, at in self.base_of.items():
            ids[number] = base_ids[at]
        sections = Sections(self.base.units, self.state.units, self.user)
        gone = self._gone(sections)
        self._mark_again(graft)
        merger = UnitMerger(self.user, fresh, graft, comments, parts)
        sequence = arrange(base_ids, new_ids, ids, hold, gone)
        taken = {mark for unit in self.user.units for mark in unit.marks}
        made: list[etree._Element] = []
        for source, number in sequence:
            if source == "new":
                made.append(self._new(fresh, graft, sections, number, taken))
                continue
            unit = self.user.units[number]
            owner = self.base_of.get(number)
            if owner is None:
                if number not in further:
                    self._inserted(number)
                made.append(unit.element)
                continue
            made.append(self._old(merger, sections, owner, unit, fresh, graft))
        lay_out(self.user.body, made, self.user.controls)
        mend_marks(self.user.root)
        comments.save(graft.types)
        graft.save()
        self._withdrawn = comments.withdrawn

    def _mark_again(self, graft: Graft) -> None:
        """Bookmarks that an editor lost are put back where their blocks were found."""
        stands = {mark: unit for unit in self.user.units for mark in unit.marks}
        for at, number in self.pairs.user_of.items():
            mark, unit = self.base.units[at].mark, self.user.units[number]
            if mark and stands.get(mark) is not unit:
                if mark in stands:
                    without_marks(stands[mark].element, {mark})
                graft.mark(unit.element, mark)
                unit.marks = (*unit.marks, mark)

    def _gone(self, sections: Sections) -> list[str]:
        """Units that the data no longer has: dropped where nobody edited them."""
        found = []
        for at, unit in enumerate(self.base.units):
            number = self.pairs.user_of.get(at)
            if unit.id in self.new_at or number is None or self.base_of.get(number) != at:
                continue
            user = self.user.units[number]
            if self.untouched(at) or not (self._reworded(at, user) or holds_more(user.element, bool(unit.chart))):
                sections.drop(user)
                found.append(unit.id)
                if unit.text or unit.rows or unit.chart:
                    self.account.add(Fate.GONE, unit)
            else:
                note = "数据中已没有这一项，您改过的内容仍保留，请核对是否删去"
                self.account.add(Fate.CONFLICT, unit, note, user.text if unit.kind != "table" else "")
        return found

    def _new(self, fresh: Body, graft: Graft, sections: Sections, number: int, taken: set[str]) -> etree._Element:
        unit = self.state.units[number]
        made = graft.take(fresh.units[number].element)
        without_marks(made, taken)
        sections.settle_new(made, unit)
        if unit.text or unit.rows or unit.chart:
            self.account.add(Fate.NEW, unit)
        return made

    def _old(
        self, merger: UnitMerger, sections: Sections, at: int, unit: Unit, fresh: Body, graft: Graft
    ) -> etree._Element:
        base = self.base.units[at]
        others = [at, *self.pairs.joined.get(at, ())]
        news = [self.new_at[self.base.units[n].id] for n in others if self.base.units[n].id in self.new_at]
        if not news:
            return unit.element
        new = self.state.units[news[0]]
        same = all(
            self.base.units[n].hash == self.state.units[self.new_at[self.base.units[n].id]].hash
            for n in others
            if self.base.units[n].id in self.new_at
        ) and len(news) == len(others)
        if same:
            sections.settle(unit, base, new)
            self._kept(at, unit, merger.comments)
            if new.chart:
                merger.mend(unit, new, fresh.units[news[0]])
            return unit.element
        if self.untouched(at):
            made = graft.take(fresh.units[news[0]].element)
            without_marks(made, {m for u in self.user.units if u is not unit for m in u.marks})
            sections.keep(made, unit)
            sections.settle(Unit(made, unit.kind, unit.marks), base, new)
            return made
        sections.settle(unit, base, new)
        reworded = self._reworded(at, unit)
        edited = self._by_hand(Fate.KEPT, at, unit, "", base) if reworded else None
        olds = [self.base.units[n] for n in others]
        last, older = "".join(old.text for old in olds), "".join(old.written_on for old in olds)
        before = [last] if last == older else [older, last] if within(unit.element, self._waiting) else [last, older]
        now = "".join(self.state.units[n].text for n in news)
        lines = [unit.element, *(self.user.units[n].element for n in self.pairs.split.get(at, ()))]
        fresh_units = [fresh.units[n] for n in news]
        outcome = merger.merge(unit, lines, base, new, before, last, now, fresh_units, self._base_rows(at))
        if outcome.clashes and outcome.written_on is not None:
            on = before[outcome.written_on]
            self._since |= {old.id: old.text if on == last else old.written_on for old in olds}
        elif last == now:
            self._since |= {old.id: old.since for old in olds if old.since}
        waits = not self._settle(at, unit, merger.comments, outcome.places)
        if waits and not outcome.clashes:
            self.account.add(Fate.CONFLICT, new, _STILL, "" if unit.kind == "table" else outcome.text)
            return outcome.element
        self._say(outcome, new, edited, unit)
        return outcome.element

    def _say(self, outcome: Outcome, new: UnitState, edited: Revision | None, unit: Unit) -> None:
        text = "" if unit.kind == "table" else around(outcome.text or unit.text, new.text)
        if outcome.clashes:
            for words, row in zip_longest(outcome.clashes, outcome.rows, fillvalue=""):
                self.account.add(Fate.CONFLICT, new, words, row or text)
        elif outcome.deleted:
            self.account.add(Fate.DELETED, new)
        elif edited is not None:
            said = edited.text if unit.kind == "table" else text
            fate = Fate.UPDATED if outcome.changed else Fate.KEPT
            self.account.add(fate, new, edited.note, said)
            if unit.kind != "table":
                self.account.check(outcome.text or unit.text, self.account.place(new), new.text)
