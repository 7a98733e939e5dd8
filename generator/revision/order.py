"""In what order the merged document stands: the user's order, new blocks at their place, dropped ones gone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence


def moved(places: Sequence[int]) -> list[int]:
    """Positions in ``places`` (where generated units stand now) outside the longest run that is still in order."""
    tails: list[int] = []
    tail_at: list[int] = []
    before = [-1] * len(places)
    for at, place in enumerate(places):
        where = bisect_left(tails, place)
        before[at] = tail_at[where - 1] if where else -1
        if where == len(tails):
            tails.append(place)
            tail_at.append(at)
        else:
            tails[where] = place
            tail_at[where] = at
    kept = set()
    at = tail_at[-1] if tail_at else -1
    while at >= 0:
        kept.add(at)
        at = before[at]
    return [at for at in range(len(places)) if at not in kept]


def arrange(
    base: Sequence[str], new: Sequence[str], user: Sequence[str | None], hold_order: bool, gone: Iterable[str]
) -> list[tuple[str, int]]:
    """The merged sequence as ("user", number in the user's file) and ("new", number among the new units).

    ``user`` gives for every unit of the user's file the id of the generated one, None for what the user added.
    ``gone`` are ids that the new document lacks and that are dropped. With ``hold_order`` the user moved blocks, and
    their order stays even where the new document has another.
    """
    dropped = set(gone)
    sequence: list[tuple[str, int]] = []
    known: dict[str, int] = {}
    for number, id in enumerate(user):
        if id in dropped:
            continue
        if id is not None:
            known.setdefault(id, number)
        sequence.append(("user", number))
    if not hold_order:
        sequence = _reordered(sequence, user, base, new)
    return _with_new(sequence, user, base, new, known)


def _reordered(
    sequence: list[tuple[str, int]], user: Sequence[str | None], base: Sequence[str], new: Sequence[str]
) -> list[tuple[str, int]]:
    """In the new order where that differs from the one generated last; what the user added follows its neighbour."""
    rank = {id: at for at, id in enumerate(new)}
    common = [rank[id] for id in base if id in rank]
    if common == sorted(common):
        return sequence
    groups: list[list[tuple[str, int]]] = [[]]
    for item in sequence:
        if user[item[1]] in rank:
            groups.append([])
        groups[-1].append(item)
    head, rest = groups[0], groups[1:]
    rest.sort(key=lambda group: rank[user[group[0][1]] or ""])
    return head + [item for group in rest for item in group]


def _with_new(
    sequence: list[tuple[str, int]],
    user: Sequence[str | None],
    base: Sequence[str],
    new: Sequence[str],
    known: Mapping[str, int],
) -> list[tuple[str, int]]:
    """New units go right behind the one before them in the new document, or before the next where there is none."""
    after: dict[int, list[tuple[str, int]]] = {}
    first: list[tuple[str, int]] = []
    old = set(base)
    last: int | None = None
    for number, id in enumerate(new):
        if id in known:
            last = known[id]
        elif id not in old:
            (after.setdefault(last, []) if last is not None else first).append(("new", number))
    made: list[tuple[str, int]] = []
    at_head = next((known[id] for id in new if id in known), None)
    for item in sequence:
        if item[1] == at_head:
            made += first
            first = []
        made.append(item)
        made += after.get(item[1], [])
    return made + first
