"""The wrong cell behind broken relations: all that are broken and all that hold speak together.

For every cell of a broken relation the change is sought that mends most and harms least. A cell that mends every
broken relation connected with it and harms none explains them all; where no single cell does, errors are taken away
one by one, looking ahead for the fewest. Soft relations only choose between cells that are otherwise equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .formula import State
from .judge import Case, Judge, Suspect
from .linear import Interval, Relation, System

_WIDTH = 12  # first steps tried where no single cell explains everything
_MANY = 40  # broken relations beyond which only the best first step is tried
_MOST = 8  # errors sought behind connected relations; more than that is no slip


_Entry = tuple[int, Relation, Interval]  # a relation's number, itself, and the changes of the cell that satisfy it


@dataclass
class Search:
    """Cases behind the broken hard relations of a system; ``unexplained`` are those no cell accounts for."""

    system: System
    cases: list[Case] = field(default_factory=list)
    unexplained: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._judge = Judge(self.system)
        self._broken = frozenset(n for n, r in enumerate(self.system.relations) if r.hard and r.broken)
        self._solve([relation.gap for relation in self.system.relations])
        told = {n for case in self.cases for n in case.relations}
        self.unexplained = sorted(self._broken - told)

    def _groups(self, broken: Iterable[int]) -> Iterator[list[int]]:
        """Broken relations connected by shared cells."""
        waiting = dict.fromkeys(broken)
        by_cell: dict[int, list[int]] = {}
        for n in waiting:
            for cell in self.system.relations[n].terms:
                by_cell.setdefault(cell, []).append(n)
        while waiting:
            first = next(iter(waiting))
            del waiting[first]
            group = [first]
            for n in group:
                for cell in self.system.relations[n].terms:
                    for other in by_cell.pop(cell, ()):
                        if other in waiting:
                            del waiting[other]
                            group.append(other)
            yield sorted(group)

    def _solve(self, gaps: list[Decimal]) -> None:
        """Errors are taken away until nothing is broken, or nothing more can be explained."""
        waiting = list(self._groups(self._broken))
        left: set[int] = set(self._broken)
        changed: set[int] = set()
        most = _MOST + min(len(self._broken), _MANY)
        while waiting:
            group = waiting.pop(0)
            chosen = self._choose(gaps, group, frozenset(changed)) if len(changed) < most else []
            if not chosen:
                continue
            self.cases.append(self._judge.case(chosen))
            first = self.cases[-1].suspects[0]
            changed.add(first.cell)
            gaps = self._mend(gaps, first)
            left = set(self._still(gaps, [*left, *self.system.of[first.cell]]))
            if not left.isdisjoint(group) or not first.harmless:
                waiting = list(self._groups(sorted(left)))  # what was stuck may be free now
            else:
                waiting = [w for w in waiting if not left.isdisjoint(w)]

    def _choose(self, gaps: list[Decimal], group: list[int], changed: frozenset[int]) -> list[Suspect]:
        """The suspects of the next error, all as good as the first; none where nothing mends more than it harms."""
        found = self._suspects(gaps, group, changed)
        whole = set(group)
        complete = [s for s in found if s.harmless and whole <= s.mended]
        complete = [s for s in complete if self.system.cells[s.cell].state is State.BAD] or complete
        if complete:
            best = max(s.key for s in complete)
            return _once(s for s in complete if s.key == best)
        useful = sorted((s for s in found if s.key[0] > 0), key=lambda s: (s.key, not self._blank(s)), reverse=True)
        if not useful:
            return []
        if len(group) > _MANY:
            useful = [s for s in useful if s.key == useful[0].key]
        else:
            costs = [(self._cost(gaps, group, suspect, changed), suspect) for suspect in useful[:_WIDTH]]
            cheapest = min(cost for cost, _ in costs)
            useful = [s for cost, s in costs if cost == cheapest]
        first = max(useful, key=lambda s: s.key)
        return _once(s for s in useful if s.key == first.key and s.mended == first.mended)

    def _cost(
        self, gaps: list[Decimal], group: list[int], first: Suspect, changed: frozenset[int]
    ) -> tuple[int, int, int]:
        """What remains unexplained, the errors in all, and minus what soft relations say, after ``first``."""
        errors, soft, left, best = 0, 0, group, first
        while True:
            errors, soft, changed = errors + 1, soft + best.key[2], changed | {best.cell}
            gaps = self._mend(gaps, best)
            left = self._still(gaps, [*left, *self.system.of[best.cell]])
            whole = set(left)
            found = self._suspects(gaps, left, changed) if left and errors <= _MOST else []
            if not found:
                return len(left), errors, -soft
            best = max(found, key=lambda s: (s.harmless and whole <= s.mended, s.key))
            if best.key[0] <= 0:
                return len(left), errors, -soft

    def _mend(self, gaps: Sequence[Decimal], suspect: Suspect) -> list[Decimal]:
        after = list(gaps)
        for n in self.system.of[suspect.cell]:
            after[n] += self.system.relations[n].terms[suspect.cell] * suspect.change
        for n in suspect.mended:  # one that was lifted is settled too
            if not self.system.relations[n].allowed.holds(after[n]):
                after[n] = Decimal(0)
        return after

    def _still(self, gaps: Sequence[Decimal], of: Iterable[int]) -> list[int]:
        relations = self.system.relations
        return [n for n in dict.fromkeys(of) if relations[n].hard and not relations[n].allowed.holds(gaps[n])]

    def _suspects(self, gaps: Sequence[Decimal], group: Sequence[int], changed: frozenset[int]) -> list[Suspect]:
        relations = self.system.relations
        lifted: dict[int, list[int]] = {}
        for n in group:
            for cell in relations[n].lifts:
                lifted.setdefault(cell, []).append(n)
        cells = dict.fromkeys(cell for n in group for cell in relations[n].terms if cell not in changed)
        return [suspect for cell in cells for suspect in self._changes(cell, gaps, lifted.get(cell, ()))]

    def _changes(self, cell: int, gaps: Sequence[Decimal], lifted: Sequence[int]) -> Iterator[Suspect]:
        """The changes of one cell that mend something: for each set of relations that can be mended together."""
        relations = self.system.relations
        entries = [
            (n, relations[n], relations[n].allowed.solved(relations[n].terms[cell], gaps[n]))
            for n in self.system.of[cell]
        ]
        points: dict[Decimal, None] = {}
        for n, relation, room in entries:
            if relation.hard and n not in lifted and not relation.allowed.holds(gaps[n]):
                points |= dict.fromkeys(p for p in (_middle(room), room.low, room.high) if p)
        found: dict[frozenset[int], tuple[tuple[int, int, int], Decimal]] = {}
        for point in points:
            key = self._key(entries, gaps, point, lifted)
            mended = frozenset(
                n for n, r, fits in entries if r.hard and fits.holds(point) and not r.allowed.holds(gaps[n])
            )
            mended -= set(lifted)
            if mended and (mended not in found or key > found[mended][0]):
                found[mended] = (key, point)
        for mended, (key, point) in found.items():
            yield self._suspect(cell, entries, gaps, frozenset([*mended, *lifted]), key, point)

    def _suspect(
        self,
        cell: int,
        entries: Sequence[_Entry],
        gaps: Sequence[Decimal],
        mended: frozenset[int],
        key: tuple[int, int, int],
        point: Decimal,
    ) -> Suspect:
        """The change nearest to what most relations wish for, inside the room that all satisfied ones leave."""
        room, wishes, harmless = Interval(None, None), Counter[Decimal](), True
        for n, relation, fits in entries:
            held = relation.allowed.holds(gaps[n])
            if fits.holds(point):
                room = room.within(fits) if relation.hard else room
                if not held:
                    wishes[_middle(fits)] += 1 + relation.hard
            elif relation.hard and held and cell not in relation.lifts:
                harmless = False
        inside = [wish for wish, _ in wishes.most_common() if room.holds(wish)]
        return Suspect(cell, inside[0] if inside else point, room, mended, key, harmless)

    def _key(
        self,
        entries: Sequence[_Entry],
        gaps: Sequence[Decimal],
        point: Decimal,
        lifted: Sequence[int],
    ) -> tuple[int, int, int]:
        """(mended less harmed, mended) of hard relations, and mended less harmed of soft ones."""
        net, mended, soft = len(lifted), len(lifted), 0
        for n, relation, fits in entries:
            if n in lifted:
                continue
            held = relation.allowed.holds(gaps[n])
            if held is fits.holds(point):
                continue
            step = -1 if held else 1
            if not relation.hard:
                soft += step
            else:
                net += step
                mended += not held
        return net, mended, soft

    def _blank(self, suspect: Suspect) -> bool:
        return self.system.cells[suspect.cell].state is State.BLANK


def _once(suspects: Iterable[Suspect]) -> list[Suspect]:
    """The first of each cell."""
    return list({s.cell: s for s in reversed(list(suspects))}.values())[::-1]


def _middle(room: Interval) -> Decimal:
    if room.low is None or room.high is None:
        return room.low if room.low is not None else room.high if room.high is not None else Decimal(0)
    return (room.low + room.high) / 2
