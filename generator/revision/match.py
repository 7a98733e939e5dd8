"""Which unit of the user's file is which unit that was generated: by bookmark, by place, by text.

Numbers are masked when texts are compared, so that a corrected figure does not hide a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..model.state import UnitState
from .body import Body, Unit
from .order import moved
from .tables import continues
from .tokens import likeness, masked

_SAME = 0.5  # likeness at which a text is taken to be an edited one
_MAYBE = 0.3  # at which it might be: enough between two known neighbours, and to stop where bookmarks are lost
_INTACT = 0.5  # of the bookmarks that must be there for a missing one to mean that its block was deleted
_MOST_COMPARED = 60  # units in one gap; beyond that only equal texts are paired


@dataclass
class Pairs:
    """``user_of`` maps numbers of generated units to numbers of the user's; ``joined`` those that share one unit.

    ``lost`` are generated units that are missing although nobody can say that they were deleted.
    """

    user_of: dict[int, int] = field(default_factory=dict)
    joined: dict[int, list[int]] = field(default_factory=dict)  # first generated unit of a paragraph → the others
    split: dict[int, list[int]] = field(default_factory=dict)  # generated unit → further paragraphs of the user's
    lost: list[int] = field(default_factory=list)


def pair(base: Sequence[UnitState], body: Body) -> Pairs:
    """Pair what was generated with what the user's file holds now."""
    return _Pairing(base, body).run()


def _said(unit: UnitState) -> str:
    return masked("".join("".join(row) for row in unit.rows)) if unit.rows else masked(unit.text)


def _exact(unit: UnitState | Unit) -> tuple[str, str]:
    return unit.kind, "\n".join("\t".join(row) for row in unit.rows) if unit.kind == "table" else unit.text.strip()


def _only(keyed: Iterable[tuple[int, tuple[str, str]]]) -> dict[tuple[str, str], int]:
    """Places of the texts that occur once."""
    found: dict[tuple[str, str], int] = {}
    twice = set()
    for at, key in keyed:
        if key in found:
            twice.add(key)
        found[key] = at
    return {key: at for key, at in found.items() if key[1] and key not in twice}


class _Pairing:
    def __init__(self, base: Sequence[UnitState], body: Body) -> None:
        self.base, self.body, self.units = base, body, body.units
        self.pairs = Pairs()
        self.taken: set[int] = set()
        self.hollow: dict[int, int] = {}
        self._masked: dict[int, str] = {}
        self._base_masked: dict[int, str] = {}

    def run(self) -> Pairs:
        intact = self._by_mark()
        self._by_link()
        for missing, free in list(self._gaps()):
            self._unmistakable(missing, free)
        self._in_gaps(equal=True)
        self._in_gaps(equal=False)
        self._anywhere()
        self._emptied()
        self._corrected()
        self._splits()
        if not intact:
            self.pairs.lost = [at for at in self._missing() if self._could_be_there(at)]
        return self.pairs

    def masked_user(self, at: int) -> str:
        if at not in self._masked:
            unit = self.units[at]
            text = "".join("".join(row) for row in unit.rows) if unit.kind == "table" else unit.text
            self._masked[at] = masked(text)
        return self._masked[at]

    def masked_base(self, at: int) -> str:
        if at not in self._base_masked:
            self._base_masked[at] = _said(self.base[at])
        return self._base_masked[at]

    def _take(self, generated: int, user: int) -> None:
        self.pairs.user_of[generated] = user
        self.taken.add(user)

    def _by_mark(self) -> bool:
        """Pair by bookmarks; whether most of them are still there."""
        places: dict[str, list[int]] = {}
        for at, unit in enumerate(self.units):
            for mark in unit.marks:
                places.setdefault(mark, []).append(at)
        marked = [at for at, unit in enumerate(self.base) if unit.mark]
        first_of: dict[int, int] = {}
        for at in marked:
            found = [n for n in places.get(self.base[at].id, ()) if self._fits(at, n)]
            full = [n for n in found if self.units[n].kind != "paragraph" or self.units[n].text.strip()]
            if found and not full and self.base[at].text:  # emptied, or the text went elsewhere: look there first
                self.hollow[at] = found[0]
                continue
            found = full or found
            if not found:
                continue
            best = found[0] if len(found) == 1 else max(found, key=lambda n: self._likeness(at, n))
            if best in first_of:  # two paragraphs have become one, or an editor put a bookmark in the one before
                if not self._is_joined(first_of[best], at, best):
                    continue
                self.pairs.user_of[at] = best
                self.pairs.joined.setdefault(first_of[best], []).append(at)
            else:
                first_of[best] = at
                self._take(at, best)
        return len(self.pairs.user_of) + len(self.hollow) >= _INTACT * len(marked)

    def _is_joined(self, first: int, second: int, user: int) -> bool:
        """Whether the user's paragraph holds the words of both, or would at least not be better without the second."""
        one, text = self.masked_base(first), self.masked_user(user)
        return likeness(one + self.masked_base(second), text) > likeness(one, text)

    def _likeness(self, generated: int, user: int) -> float:
        return likeness(self.masked_base(generated), self.masked_user(user))

    def _fits(self, generated: int, user: int) -> bool:
        kind = self.units[user].kind
        return self.base[generated].kind == kind or kind == "other"  # a content control may hold anything

    def _by_link(self) -> None:
        """Entries of the contents are known by where they lead."""
        links: dict[str, list[int]] = {}
        for at, unit in enumerate(self.units):
            if unit.anchor and at not in self.taken:
                links.setdefault(f">{unit.anchor}", []).append(at)
        for at, one in enumerate(self.base):
            found = links.get(one.id)
            if found and at not in self.pairs.user_of:
                self._take(at, found.pop(0))

    def _gaps(self) -> Iterator[tuple[list[int], list[int]]]:
        """Unpaired generated units, and the user's unpaired ones between the same neighbours."""
        known = sorted(self.pairs.user_of)
        edges = [(-1, -1), *((at, self.pairs.user_of[at]) for at in known), (len(self.base), len(self.units))]
        for (left, user_left), (right, user_right) in pairwise(edges):
            missing = list(range(left + 1, right))
            if not missing:
                continue
            if user_right < user_left:  # something was moved: look behind the left neighbour only
                user_right = next(
                    (n for n in range(user_left + 1, len(self.units)) if n in self.taken), len(self.units)
                )
            free = [n for n in range(user_left + 1, user_right) if n not in self.taken]
            if free:
                yield missing, free

    def _in_gaps(self, equal: bool) -> None:
        for missing, free in list(self._gaps()):
            if equal:
                self._equal(missing, free)
            elif len(missing) <= _MOST_COMPARED and len(free) <= _MOST_COMPARED:
                self._alike(missing, free, _MAYBE)

    def _unmistakable(self, missing: Sequence[int], free: Sequence[int]) -> None:
        """The very same text, numbers and all, that stands once on either side, in the same order: 公开01表 is not
        公开02表 although they are masked alike."""
        mine, theirs = (
            _only([(at, _exact(self.base[at])) for at in missing]),
            _only([(n, _exact(self.units[n])) for n in free]),
        )
        pairs = [(at, theirs[key]) for key, at in mine.items() if key in theirs]
        out = set(moved([user for _, user in pairs]))
        for number, (generated, user) in enumerate(pairs):
            if number not in out:
                self._take(generated, user)

    def _equal(self, missing: list[int], free: list[int]) -> None:
        """Same text in the same order; without text the style and the end of a section count."""
        waiting: dict[tuple[str, ...], list[int]] = {}
        for at in free:
            waiting.setdefault(self._key_user(at), []).append(at)
        last = -1
        for at in missing:
            found = waiting.get(self._key_base(at), [])
            place = next((n for n in found if n > last), None)
            if place is not None:
                found.remove(place)
                self._take(at, place)
                last = place

    def _key_base(self, at: int) -> tuple[str, ...]:
        unit, text = self.base[at], self.masked_base(at)
        return (
            (unit.kind, text)
            if text
            else (unit.kind, "", unit.style, "s" * bool(unit.section), self._shown(unit.chart))
        )

    def _key_user(self, at: int) -> tuple[str, ...]:
        unit, text = self.units[at], self.masked_user(at)
        if text:
            return unit.kind, text
        section = "s" * (unit.section is not None)
        chart = self.body.state(unit, "").chart if unit.kind == "paragraph" else ()
        return unit.kind, "", self.body.style(unit), section, self._shown(chart)

    @staticmethod
    def _shown(chart: Sequence[Sequence[str]]) -> str:
        return "|".join(chart[0]) if chart else ""

    def _alike(self, missing: Sequence[int], free: Sequence[int], least: float) -> None:
        scores = [
            (likeness(self.masked_base(a), self.masked_user(n)), -abs(i - j), a, n)
            for i, a in enumerate(missing)
            for j, n in enumerate(free)
            if self._fits(a, n) and self.masked_base(a) and self.masked_user(n)
        ]
        used: set[int] = set()
        for score, _, generated, user in sorted(scores, reverse=True):
            if score < least:
                break
            if generated not in used and user not in self.taken:
                used.add(generated)
                self._take(generated, user)

    def _missing(self) -> list[int]:
        return [at for at in range(len(self.base)) if at not in self.pairs.user_of]

    def _free(self) -> list[int]:
        return [n for n in range(len(self.units)) if n not in self.taken]

    def _anywhere(self) -> None:
        """What was moved without its bookmark: the very text elsewhere, or one much like it."""
        missing, free = [at for at in self._missing() if self.masked_base(at)], self._free()
        places: dict[tuple[str, ...], list[int]] = {}
        for n in free:
            if self.masked_user(n):
                places.setdefault(self._key_user(n), []).append(n)
        for at in missing:
            found = places.get(self._key_base(at))
            if found:
                self._take(at, found.pop(0))
        missing, free = [at for at in missing if at not in self.pairs.user_of], [n for n in free if n not in self.taken]
        if len(missing) * len(free) <= _MOST_COMPARED**2:
            self._alike(missing, free, _SAME)

    def _emptied(self) -> None:
        """Paragraphs with a bookmark and no text whose text is nowhere else."""
        for at, user in self.hollow.items():
            if at not in self.pairs.user_of and user not in self.taken:
                self._take(at, user)

    def _corrected(self) -> None:
        """A bookmark left behind in an empty or foreign paragraph: the text went on to a neighbour without one."""
        for at, user in list(self.pairs.user_of.items()):
            if self._just_so(at, user):
                continue
            own = self.masked_base(at)
            if not own or at in self.pairs.joined or likeness(own, self.masked_user(user)) >= _MAYBE:
                continue
            for near in (user + 1, user - 1):
                free = 0 <= near < len(self.units) and near not in self.taken and self._fits(at, near)
                if not free:
                    continue
                both = "".join(self.masked_user(n) for n in sorted((user, near)))
                alone = likeness(own, self.masked_user(near))
                if alone >= _SAME and likeness(own, both) <= alone:  # else it is a paragraph that was split
                    self.taken.discard(user)
                    self._take(at, near)
                    break

    def _just_so(self, generated: int, user: int) -> bool:
        base, unit = self.base[generated], self.units[user]
        return unit.rows == base.rows if unit.kind == "table" else unit.text == base.text

    def _splits(self) -> None:
        """One paragraph that has become several: the rest stands in the next ones, which nobody else owns."""
        for at, user in list(self.pairs.user_of.items()):
            own = self.base[at]
            if own.kind == "table" and not self._just_so(at, user):
                self._parted(at, user)
            if own.kind != "paragraph" or not own.text or at in self.pairs.joined or self._just_so(at, user):
                continue
            text, near = self.masked_user(user), user + 1
            base = self.masked_base(at)
            while near < len(self.units) and near not in self.taken and self._fits(at, near):
                more = text + self.masked_user(near)
                if not self.masked_user(near) or likeness(base, more) <= likeness(base, text):
                    break
                self.pairs.split.setdefault(at, []).append(near)
                self.taken.add(near)
                text, near = more, near + 1

    def _parted(self, at: int, user: int) -> None:
        """A table cut into several, with nothing between them but what the user put there, such as a line 续表."""
        rows = list(self.units[user].rows)
        near = user + 1
        while near < len(self.units) and near not in self.taken:
            unit = self.units[near]
            if unit.kind == "table":
                if not continues(self.base[at].rows, rows, unit.rows):
                    break
                self.pairs.split.setdefault(at, []).append(near)
                self.taken.add(near)
                rows += unit.rows
            near += 1

    def _could_be_there(self, generated: int) -> bool:
        """Whether some text that nobody owns stands where this unit would be."""
        if not self.masked_base(generated):
            return False
        for missing, free in self._gaps():
            if generated in missing:
                return any(self.masked_user(n) for n in free)
        return False
