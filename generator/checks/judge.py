"""Among suspects that mend equally much: whom a slip of the fingers gives away, and what the case rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .formula import State
from .linear import Interval, System
from .slips import Slip, recognise

_NEAR = Decimal("0.006")  # in the workbook's unit: how exactly a slip has to fit where tails leave room
_CENT = Decimal("0.01")
_CHANCE = 3  # digits: two cars, twelve points stand in neighbouring cells by chance


@dataclass(frozen=True, slots=True)
class Suspect:
    """Cell number, the change (万元 or a count) that mends ``mended``, and the changes that would do as well."""

    cell: int
    change: Decimal
    room: Interval
    mended: frozenset[int]
    key: tuple[int, int, int]
    harmless: bool
    slip: Slip | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One error: ``suspects`` likeliest first, of which ``tied`` are equally likely; ``relations`` it breaks."""

    suspects: tuple[Suspect, ...]
    tied: int
    relations: tuple[int, ...]


@dataclass
class Judge:
    """Cases over one system of relations."""

    system: System

    def __post_init__(self) -> None:
        self._at = {o.cell: n for n, o in enumerate(self.system.cells)}
        self._broken = frozenset(n for n, r in enumerate(self.system.relations) if r.hard and r.broken)
        self._soft = [n for n, r in enumerate(self.system.relations) if not r.hard and r.broken]

    def case(self, chosen: Sequence[Suspect]) -> Case:
        """The case against suspects that are equally good: a slip that fits one of them sets it apart."""
        judged = [self._with_slip(suspect) for suspect in chosen]
        telling = {s.cell for s in judged if self._unusable(s)}
        telling = telling or {s.cell for s in judged if s.slip is not None and s.slip.telling} or self._rounded(judged)
        below = {s.cell for s in judged if self._below(s)} - telling
        blank = {s.cell for s in judged if self.system.cells[s.cell].state is State.BLANK}
        judged.sort(key=lambda s: (s.cell not in telling, s.cell in below, s.cell in blank))
        first = judged[0]
        told = [n for n in self.system.of[first.cell] if n in self._broken]
        told += sorted((first.mended & self._broken).difference(told))
        told += [n for n in self._soft if self._settles(first, n)]
        tied = 1 if len(telling) == 1 else len(judged) - len(below) or len(judged)
        return Case(tuple(judged), tied, tuple(told))

    def _rounded(self, judged: Sequence[Suspect]) -> set[int]:
        """The one score that would lose decimals when mended, where every other would get some; amounts end anyhow."""
        if len(judged) < 2 or any(self.system.cells[s.cell].money for s in judged):
            return set()
        gained: dict[int, int] = {}
        for suspect in judged:
            now = self.system.cells[suspect.cell].value
            gained[suspect.cell] = _decimals((now + suspect.change).quantize(_CENT)) - _decimals(now)
        rounder = {cell for cell, gain in gained.items() if gain < 0}
        return rounder if len(rounder) == 1 and all(gain for gain in gained.values()) else set()

    def _settles(self, suspect: Suspect, n: int) -> bool:
        """Does the change mend the soft relation, or lift it?"""
        relation = self.system.relations[n]
        if suspect.cell in relation.terms:
            return relation.allowed.holds(relation.gap + relation.terms[suspect.cell] * suspect.change)
        return suspect.cell in relation.lifts

    def _unusable(self, suspect: Suspect) -> bool:
        return self.system.cells[suspect.cell].state is State.BAD

    def _below(self, suspect: Suspect) -> bool:
        """Would an amount that is not negative have to become so?"""
        now = self.system.cells[suspect.cell].value
        return now >= 0 > now + suspect.change

    def _with_slip(self, s: Suspect) -> Suspect:
        operand = self.system.cells[s.cell]
        unit = operand.divisor if operand.money else Decimal(1)
        value = operand.value * unit
        near = value + s.change * unit
        room = Interval(near - _NEAR, near + _NEAR)
        slip = (
            recognise(value, room, near)
            if operand.value and s.room.low is not None and s.room.high is not None
            else None
        )
        if slip is None or not slip.telling:
            slip = self._copied(s, near) or slip
        return Suspect(s.cell, s.change, s.room, s.mended, s.key, s.harmless, slip)

    def _copied(self, suspect: Suspect, near: Decimal) -> Slip | None:
        """The same amount stands beside, above or below, where no relation would want it so."""
        here = self.system.cells[suspect.cell]
        if here.cell is None or _significant(here.value) < _CHANCE:
            return None
        for rows, columns, where in ((-1, 0, "上一行"), (1, 0, "下一行"), (0, -1, "左边一栏"), (0, 1, "右边一栏")):
            ref = type(here.cell)(here.cell.sheet, here.cell.row + rows, here.cell.column + columns)
            other = self._at.get(ref)
            if (
                other is not None
                and self.system.cells[other].value == here.value
                and not self._opposed(suspect.cell, other)
            ):
                return Slip(f"误抄{where}的数", near)
        return None

    def _opposed(self, one: int, other: int) -> bool:
        """Does a relation set the two against each other, as a total and its addend?"""
        both = [t for n in self.system.of[one] if other in (t := self.system.relations[n].terms)]
        return any(terms[one] * terms[other] < 0 for terms in both)


def _significant(value: Decimal) -> int:
    return len(value.normalize().as_tuple().digits) if value else 0


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
