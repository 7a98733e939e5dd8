"""Which sentences read otherwise from one edition to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from ..editions import Edition
from ..editions.changes import ADDED, CHANGED, ENDED, Change, worded
from ..editions.difference import Group, matched
from ..model.quotes import nested
from .frames import frames

_ALIKE = 0.5  # of two paragraphs: more is the same paragraph in other words
_WITHIN = 0.9  # of the shorter one's characters


def reworded(old: Edition, new: Edition) -> tuple[Group, ...]:
    """For every section that both have, its paragraphs that came, went or read otherwise; sections without any
    left out."""
    before, after = frames(old), frames(new)
    same = matched(old, new)
    titles = {line.block: worded(line.text) for line in new.contents}
    made = []
    for block, title in titles.items():
        if block not in same:
            continue
        was, now = before.get(same[block], ()), after.get(block, ())
        changes = tuple(_changes(block, was, now))
        if changes:
            made.append(Group(f"文字：{title}", changes))
    return tuple(made)


def _changes(block: str, was: Sequence[str], now: Sequence[str]) -> Iterator[Change]:
    """In the order of the new edition, what ended last."""
    partners = _partners(was, now)
    for at, text in enumerate(now):
        if at not in partners:
            yield Change("sentence", ADDED, block, nested(f"新增“{text}”"), "", text)
        elif was[partners[at]] != text:
            before = was[partners[at]]
            yield Change("sentence", CHANGED, block, nested(f"原为“{before}”，改为“{text}”"), before, text)
    for at, text in enumerate(was):
        if at not in partners.values():
            yield Change("sentence", ENDED, block, nested(f"取消“{text}”"), text)


def _partners(was: Sequence[str], now: Sequence[str]) -> dict[int, int]:
    """Place of a new paragraph → of the old one that it most resembles, each once."""
    scores = [(_likeness(old, new), -abs(i - j), i, j) for i, old in enumerate(was) for j, new in enumerate(now)]
    found: dict[int, int] = {}
    for score, _, i, j in sorted(scores, reverse=True):
        if score >= _ALIKE and j not in found and i not in found.values():
            found[j] = i
    return found


def _likeness(old: str, new: str) -> float:
    """1 for equal texts; one that the other contains, with more added, is at least alike."""
    found = SequenceMatcher(None, old, new, autojunk=False)
    shared = sum(block.size for block in found.get_matching_blocks())
    within = shared / min(len(old), len(new)) if old and new else 0.0
    return max(found.ratio(), _ALIKE if within >= _WITHIN else 0.0)


__all__ = ["reworded"]
