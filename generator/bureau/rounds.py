"""A second look at a department: which matters of the round before are put right, which remain, which are new."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Matter = Mapping[str, Any]
_NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?")


@dataclass(frozen=True)
class Comparison:
    """``settled`` as told in the round before, ``remaining`` and ``fresh`` as told now."""

    settled: tuple[Matter, ...]
    remaining: tuple[Matter, ...]
    fresh: tuple[Matter, ...]


def compare(before: Sequence[Matter], now: Sequence[Matter]) -> Comparison:
    """Matters are the same when rule and cells are, or else (rows may have moved) rule and wording but for numbers."""
    old, new = list(before), list(now)
    remaining: list[Matter] = []
    for key in (_by_cells, _by_words):
        old, new, same = _matched(old, new, key)
        remaining += same
    order = {id(matter): at for at, matter in enumerate(now)}
    return Comparison(tuple(old), tuple(sorted(remaining, key=lambda m: order[id(m)])), tuple(new))


def explained(settled: Sequence[Matter], answers: Sequence[Matter]) -> tuple[tuple[Matter, ...], tuple[Matter, ...]]:
    """Of what is settled: what is put right, and what stands as it was but has been answered for (``answers``)."""
    found = compare(answers, settled)
    return found.fresh, found.remaining


def _matched(
    old: Sequence[Matter], new: Sequence[Matter], key: Callable[[Matter], object]
) -> tuple[list[Matter], list[Matter], list[Matter]]:
    """What of each side found no partner, and those of the new side that did."""
    there = Counter(map(key, old))
    same, fresh = [], []
    for matter in new:
        found = key(matter)
        if there[found]:
            there[found] -= 1
            same.append(matter)
        else:
            fresh.append(matter)
    kept = Counter(map(key, same))
    gone = []
    for matter in old:
        found = key(matter)
        if kept[found]:
            kept[found] -= 1
        else:
            gone.append(matter)
    return gone, fresh, same


def _by_cells(matter: Matter) -> object:
    cells = tuple(matter["cells"])
    return matter["rule"], cells[: matter.get("suspects") or len(cells)], "" if cells else _masked(matter)


def _by_words(matter: Matter) -> object:
    return matter["rule"], _masked(matter)


def _masked(matter: Matter) -> str:
    return _NUMBER.sub("0", str(matter["message"]).split("\n", 1)[0])


__all__ = ["Comparison", "Matter", "compare", "explained"]
