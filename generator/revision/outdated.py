"""Figures of the previous generation in words that a person added: never changed, but said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from ..model.state import State, UnitState
from .tables import align
from .tokens import is_number, masked, tokens, without_directions

_DIGITS = 3  # significant ones that make a figure distinctive


class Outdated:
    """``found`` tells old figures whose place in the document holds another one now.

    Only such as are surely the same item: distinctive, the same new figure wherever they stood, and nowhere in the new
    generation.
    """

    def __init__(self, base: State, state: State) -> None:
        self._base, self._state = base.units, state.units
        self._same = base.digest == state.digest

    def found(self, text: str, own: str = "") -> list[tuple[str, str]]:
        """Old and new figure, for those of ``text`` that do not stand in ``own`` anyway."""
        if self._same:
            return []
        known = {_canonical(token) for token in _numbers(own)}
        asked = {_canonical(token): token for token in _numbers(text) if _is_distinctive(token)}
        return [(token, self._now[key]) for key, token in asked.items() if key not in known and key in self._now]

    @cached_property
    def _now(self) -> dict[str, str]:
        """Canonical old figure → new one as it is shown, in sentences rather than in tables."""
        news = {unit.id: unit for unit in self._state}
        moved: dict[str, set[str]] = {}
        shown: dict[str, str] = {}
        for old in sorted(self._base, key=lambda unit: bool(unit.rows)):
            for before, after in _pairs(old, news.get(old.id)):
                moved.setdefault(_canonical(before), set()).add(_canonical(after))
                shown.setdefault(_canonical(after), after)
        present = {_canonical(token) for unit in self._state for token in _numbers(_all(unit))}
        surely = {old: next(iter(new)) for old, new in moved.items() if len(new) == 1 and old not in present}
        return {old: shown[new] for old, new in surely.items() if new and _is_distinctive(old)}


def _pairs(old: UnitState, new: UnitState | None) -> Iterator[tuple[str, str]]:
    """Each figure of a unit with the one that stands in its place now; "" where that can't be said."""
    if old == new:
        yield from ((token, token) for token in _numbers(_all(old)))
        return
    if new is None or not old.rows:
        yield from _zipped(old.text if not old.rows else _all(old), "" if new is None else new.text)
        return
    rows = align(old.rows, new.rows)
    for at, row in enumerate(old.rows):
        now: Sequence[str] = new.rows[rows[at]] if at in rows else ()
        if len(now) != len(row):
            now = [""] * len(row)
        for before, after in zip(row, now, strict=True):
            yield from _zipped(before, after)


def _zipped(before: str, after: str) -> Iterator[tuple[str, str]]:
    olds, news = list(_numbers(before)), list(_numbers(after))
    same = without_directions(masked(before)) == without_directions(masked(after))
    yield from zip(olds, news if same else [""] * len(olds), strict=True)


def _all(unit: UnitState) -> str:
    return "\n".join("\t".join(row) for row in unit.rows) if unit.rows else unit.text


def _numbers(text: str) -> Iterator[str]:
    return filter(is_number, tokens(text))


def _canonical(token: str) -> str:
    """The same for 2,829 and 2,829.00."""
    sign = token[-1:] if token[-1:] in "%％‰" else ""
    digits = token.rstrip("%％‰").replace(",", "")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + sign


def _is_distinctive(token: str) -> bool:
    return len(_canonical(token).strip("-%％‰").replace(".", "").strip("0")) >= _DIGITS
