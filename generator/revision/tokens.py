"""Three texts merged word by word: what changed in the data is written into the words a person chose.

A number is one token, and so is a word for a direction (增加, 减少 …). Nothing but tokens that stand in the user's
text just as they were generated is ever replaced: a character that was typed stays. Into a sentence whose words the
user changed, only figures, directions and items of a list are written: other words would mix two people's sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

DIRECTIONS = (
    "增加", "减少", "增长", "下降", "上升", "降低", "提高", "上涨", "下滑", "持平", "高于", "低于", "大于", "小于",
    "等于", "多于", "少于", "超过", "不足", "增幅", "降幅", "超支", "节约", "结余", "增收", "减收", "完成", "未完成",
)  # fmt: skip
_NUMBER = r"(?<![\d.,])-?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?[%％‰]?"
_TOKEN = re.compile(rf"{_NUMBER}|{'|'.join(sorted(DIRECTIONS, key=len, reverse=True))}|[A-Za-z]+|\s|.", re.DOTALL)
_ANY_DIRECTION = re.compile("|".join(sorted(DIRECTIONS, key=len, reverse=True)))
_IS_NUMBER = re.compile(r"-?\d")
_MASKED = re.compile(_NUMBER)
_STOPS = "。；;\n"
_SHORT = 3  # single characters that agree by chance
_TELLING = frozenset(DIRECTIONS)
# Words that also stand where nothing is compared (圆满完成任务) say nothing of a turn from more to less.
_TURNS = _TELLING - {"完成", "未完成", "结余", "不足", "超过"}
_REASON = re.compile("因|由于|系")  # what follows tells of something else than the total that turned

_WHY = re.compile("原因|由于|主要是")
_ITEMS = "、"
_ORDINALS = frozenset("第（()）、一二三四五六七八九十")

Edit = tuple[int, int, str]


@dataclass
class Merge:
    """``edits`` are changes to the user's text; ``clashes`` stretches of the new text that could not be written."""

    edits: list[Edit] = field(default_factory=list)
    clashes: list[str] = field(default_factory=list)


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def masked(text: str) -> str:
    """``text`` with every number as one sign and without white space: what stays when figures change."""
    return re.sub(r"\s", "", _MASKED.sub("#", text))


def without_directions(text: str) -> str:
    return _ANY_DIRECTION.sub("", text)


def is_number(token: str) -> bool:
    return bool(_IS_NUMBER.match(token))


def _tells(token: str) -> bool:
    """Whether a token carries a fact: a number or a direction."""
    return token in _TELLING or is_number(token)


def likeness(left: str, right: str) -> float:
    """Share of neighbouring pairs of characters that two texts have in common, 0 to 1; linear in their length."""
    if left == right:
        return 1.0
    if len(left) < 2 or len(right) < 2:
        return 0.0
    counts: dict[str, int] = {}
    for at in range(len(left) - 1):
        pair = left[at : at + 2]
        counts[pair] = counts.get(pair, 0) + 1
    common = 0
    for at in range(len(right) - 1):
        pair = right[at : at + 2]
        if counts.get(pair, 0):
            counts[pair] -= 1
            common += 1
    return 2 * common / (len(left) + len(right) - 2)


def _matches(left: list[str], right: list[str]) -> list[tuple[int, int, int]]:
    """Stretches that both lists have, in order; what agrees by chance only is left out."""
    start = 0
    while start < len(left) and start < len(right) and left[start] == right[start]:
        start += 1
    end = 0
    while end < len(left) - start and end < len(right) - start and left[-1 - end] == right[-1 - end]:
        end += 1
    found = [(0, 0, start)] if start else []
    inner_left, inner_right = left[start : len(left) - end], right[start : len(right) - end]
    if inner_left and inner_right:
        matcher = SequenceMatcher(None, inner_left, inner_right, autojunk=False)
        for a, b, size in matcher.get_matching_blocks():
            solid = size >= _SHORT or any(_tells(token) for token in inner_left[a : a + size])
            if size and solid:
                found.append((start + a, start + b, size))
    if end:
        found.append((len(left) - end, len(right) - end, end))
    return found


def _hunks(left: list[str], right: list[str]) -> list[tuple[int, int, int, int]]:
    """Stretches that differ; one of equal lengths is taken apart token by token."""
    found: list[tuple[int, int, int, int]] = []
    at_left = at_right = 0
    for a, b, size in [*_matches(left, right), (len(left), len(right), 0)]:
        if a > at_left or b > at_right:
            if a - at_left == b - at_right:
                pairs = zip(range(at_left, a), range(at_right, b), strict=True)
                found += [(i, i + 1, j, j + 1) for i, j in pairs if left[i] != right[j]]
            else:
                found.append((at_left, a, at_right, b))
        at_left, at_right = a + size, b + size
    return found


def merge(base: str, user: str, new: str) -> Merge:
    """What to change in ``user`` so that it says what changed between ``base`` and ``new``."""
    if base == new or user == new:
        return Merge()
    if user == base and not base:
        return Merge([(0, 0, new)])
    return _Merger(tokens(base), tokens(user), tokens(new)).run()


def _words(these: Iterable[str]) -> list[str]:
    return [token for token in these if not _tells(token) and not token.isspace()]


def _is_item(these: list[str]) -> bool:
    """Whether they are one or more items of a list with the comma before or behind them, and no facts."""
    inner = {*these[1:-1]} if len(these) > 1 else set()
    return _ITEMS in (these[0], these[-1]) and not inner & {"，", *_STOPS} and not any(map(_tells, these))


class _Merger:
    def __init__(self, base: list[str], user: list[str], new: list[str]) -> None:
        self.base, self.user, self.new = base, user, new
        self.at = [0]
        for token in user:
            self.at.append(self.at[-1] + len(token))
        self.place = [-1] * len(base)
        for a, b, size in _matches(base, user):
            for step in range(size):
                self.place[a + step] = b + step
        known = set(self.place)
        self.typed = [at for at, token in enumerate(user) if at not in known and _tells(token)]
        self.sentence = []
        number = 0
        for token in base:
            self.sentence.append(number)
            number += token in _STOPS

    def run(self) -> Merge:
        done: list[Edit] = []
        clashes: list[str] = []
        closed = False  # a fact can't be written
        hunks = [(first, last, self.new[start:end]) for first, last, start, end in _hunks(self.base, self.new)]
        same = {at for hunk in hunks if self._written(*hunk) for at in range(*self._around(*hunk[:2]))}
        self.typed = [at for at in self.typed if at not in same]
        for first, last, fresh in hunks:
            telling = any(_tells(token) for token in (*self.base[first:last], *fresh))
            found = self._placed(first, last, fresh)
            if found is None or (found and self._would_mix(first, last, fresh)):
                figures = any(map(is_number, (*self.base[first:last], *fresh)))
                closed = closed or (telling and (figures or not self._in_reason(first)))
                clashes.append("".join(fresh) or f"删去“{''.join(self.base[first:last])}”")
            elif found:
                done += found
        # All figures of a paragraph belong together: none is changed where another one, or a direction, can't be.
        return Merge([] if closed else done, clashes)

    def _placed(self, first: int, last: int, fresh: list[str]) -> list[Edit] | None:
        """The edit for base[first:last] → fresh; [] when there is nothing to do, None when it can't be placed."""
        if first == last:
            return self._inserted(first, fresh)
        places = self.place[first:last]
        if places[0] >= 0 and places == list(range(places[0], places[0] + last - first)):
            if self._also_typed(first, last, fresh):
                return None
            return [(self.at[places[0]], self.at[places[-1] + 1], "".join(fresh))]
        if self._written(first, last, fresh):
            return []
        if last - first == len(fresh) == 1 and _tells(self.base[first]) and _tells(fresh[0]):
            found = self._by_word(self.base[first], fresh[0])
            if found:
                return found
        before, after = self._around(first, last)
        taken_out = before == after and all(place < 0 for place in places)
        return [] if taken_out and not self._also_typed(first, last, fresh) else None

    def _written(self, first: int, last: int, fresh: list[str]) -> bool:
        """Whether the user wrote what the data says now."""
        before, after = self._around(first, last)
        return first < last and max(self.place[first:last]) < 0 and self.user[before:after] == fresh

    def _also_typed(self, first: int, last: int, fresh: list[str]) -> bool:
        """Whether the user wrote an old figure once more, or a direction of their own where the direction turns:
        one of the two would be new and the other old."""
        old = [token for token in self.base[first:last] if _tells(token) and token not in fresh]
        if any(is_number(token) and token in (self.user[at] for at in self.typed) for token in old):
            return True
        if not _TURNS.intersection(old):
            return False
        start, end = self._sentence_of(first)
        turns = [at for at in self.typed if start <= at < end and self.user[at] in _TURNS]
        return any(not _REASON.search("".join(self.user[start:at])) for at in turns)

    def _would_mix(self, first: int, last: int, fresh: list[str]) -> bool:
        """Whether words would be put among words of the user's own in the same sentence."""
        old = self.base[first:last]
        words = _words((*old, *fresh))
        if not words or _ORDINALS.issuperset(words):
            return False
        if not old and self._complete(first, fresh):
            return False
        changed = [part for part in (old, fresh) if part]
        if len(changed) == 1 and _is_item(changed[0]):
            return False
        numbers = sorted({self.sentence[min(at, len(self.base) - 1)] for at in range(first, max(last, first + 1))})
        return any(self._reworded(number) for number in numbers)

    def _complete(self, at: int, fresh: list[str]) -> bool:
        """Whether ``fresh`` before base[at] is made of whole sentences."""
        begins = (at == 0 or self.base[at - 1] in _STOPS) and (fresh[-1] in _STOPS or at == len(self.base))
        return begins or (fresh[0] in _STOPS and (at == len(self.base) or self.base[at] in _STOPS))

    def _in_reason(self, at: int) -> bool:
        """Whether base[at] stands behind 主要原因是: what increases there is not the total of the sentence."""
        start = at
        while start and self.base[start - 1] not in _STOPS:
            start -= 1
        return bool(_WHY.search("".join(self.base[start:at])))

    def _reworded(self, number: int) -> bool:
        """Whether the user's sentence has other words than the generated one of that number."""
        own = [at for at, one in enumerate(self.sentence) if one == number]
        start, end = self._sentence_of(own[0])
        return _words(self.user[start:end]) != _words([self.base[at] for at in own])

    def _sentence_of(self, at: int) -> tuple[int, int]:
        """The stretch of the user's tokens that holds the sentence of base[at]."""
        own = [n for n, number in enumerate(self.sentence) if number == self.sentence[at]]
        return self._around(own[0], own[0])[0], self._around(own[-1] + 1, own[-1] + 1)[1]

    def _by_word(self, old: str, fresh: str) -> list[Edit] | None:
        """A figure or a direction that stands once in what was generated and once in the user's words is the same."""
        if self.base.count(old) == self.user.count(old) == 1:
            at = self.user.index(old)
            return [(self.at[at], self.at[at + 1], fresh)]
        return None

    def _around(self, first: int, last: int) -> tuple[int, int]:
        """The stretch of the user's tokens between the nearest ones that are known on either side."""
        before = next((self.place[at] + 1 for at in range(first - 1, -1, -1) if self.place[at] >= 0), 0)
        after = next((self.place[at] for at in range(last, len(self.base)) if self.place[at] >= 0), len(self.user))
        return before, max(before, after)

    def _inserted(self, at: int, fresh: list[str]) -> list[Edit] | None:
        left = self.place[at - 1] if at else -1
        right = self.place[at] if at < len(self.base) else len(self.user)
        if (at == 0 or left >= 0) and right == left + 1:
            where = self.at[right]
            return [(where, where, "".join(fresh))]
        before, after = self._around(at, at)
        return [] if self.user[before:after] == fresh else None
