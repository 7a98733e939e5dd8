"""Which block of one document is which block of another: by bookmark, by what it says, then by likeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from .body import Unit
from .tokens import likeness, masked

One = TypeVar("One")
Pair = tuple[One | None, One | None]
_TELLING = 6  # characters
_ALIKE = 0.4  # of its neighbouring characters a block keeps when it is reworded
_MOST = 2_500  # pairs looked at in one stretch; a longer one is cut into slices


def units(old: Sequence[Unit], new: Sequence[Unit]) -> list[Pair[Unit]]:
    """Blocks in the order of a redline: what is gone stands before what came in its place."""
    masks = {id(unit): masked(unit.text) for unit in (*old, *new)}
    shared = {_mark(unit) for unit in old} & {_mark(unit) for unit in new} - {None}

    # Numbered paragraphs of a list: when one goes, the others keep their words and change their bookmarks.
    sure = _once(old) & _once(new)

    def key(unit: Unit) -> Hashable:
        if (unit.kind, unit.text) in sure:
            return unit.kind, unit.text
        mark = _mark(unit)
        return mark if mark in shared else (unit.kind, unit.text)

    def alike(left: Unit, right: Unit) -> float:
        if left.kind != right.kind or left.kind == "other":
            return 0.0
        if (_mark(left) in shared) or (_mark(right) in shared):
            return 0.0
        return likeness(masks[id(left)], masks[id(right)])

    return pairs(old, new, key, alike, lambda unit: (unit.kind, masks[id(unit)]))


def _once(units: Sequence[Unit]) -> set[tuple[str, str]]:
    """Texts that only one paragraph has and that say enough to know it by."""
    counts = Counter((unit.kind, unit.text) for unit in units if unit.kind == "paragraph" and not unit.anchor)
    return {found for found, count in counts.items() if count == 1 and len(found[1].strip()) >= _TELLING}


def _mark(unit: Unit) -> Hashable:
    if unit.marks:
        return (unit.kind, unit.marks[0])
    return ("entry", unit.anchor) if unit.anchor else None


def pairs(
    old: Sequence[One],
    new: Sequence[One],
    key: Callable[[One], Hashable],
    alike: Callable[[One, One], float],
    *weaker: Callable[[One], Hashable],
) -> list[Pair[One]]:
    """Equal keys in their common order; in each stretch between them those equal by the weaker keys, then those most
    alike, in order."""
    found: list[Pair[One]] = []
    left, right = [key(one) for one in old], [key(one) for one in new]
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            found += zip(old[a:b], new[c:d], strict=True)
            continue
        stretch: list[Pair[One]]
        if weaker and a < b and c < d:
            stretch = pairs(old[a:b], new[c:d], weaker[0], alike, *weaker[1:])
        else:
            stretch = _stretch(old[a:b], new[c:d], alike)
        found += stretch
    return found


def _stretch(old: Sequence[One], new: Sequence[One], alike: Callable[[One, One], float]) -> list[Pair[One]]:
    """The pairing of greatest likeness that keeps the order of both."""
    if not old or not new:
        return [*((one, None) for one in old), *((None, one) for one in new)]
    if len(old) * len(new) > _MOST and len(old) > 1 and len(new) > 1:
        half, middle = len(old) // 2, len(new) // 2
        return _stretch(old[:half], new[:middle], alike) + _stretch(old[half:], new[middle:], alike)
    scores = [[alike(one, other) for other in new] for one in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            paired = scores[i][j] + best[i + 1][j + 1] if scores[i][j] >= _ALIKE else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], paired)
    found: list[Pair[One]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if scores[i][j] >= _ALIKE and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            found.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            found.append((old[i], None))
            i += 1
        else:
            found.append((None, new[j]))
            j += 1
    return found + [(one, None) for one in old[i:]] + [(None, one) for one in new[j:]]
