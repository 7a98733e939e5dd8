"""One change between two editions, and how it is put into words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..model.quotes import nested

ADDED = "added"
ENDED = "ended"
CHANGED = "changed"
_SIGNS = {ADDED: "＋", ENDED: "－", CHANGED: "～"}
PLACE = re.compile(r"\{(\w+)\}")
_WORDS = {
    "unit": "某单位",
    "unit_head": "某单位",
    "short": "某单位",
    "dept": "部门",
    "treasury": "某级财政",
    "direct": "某级部门",
}
_ANY = "某"
_SHOWN = 60  # characters of a long wording
_LEAD = 12  # of them before the first difference


@dataclass(frozen=True, slots=True)
class Change:
    """``what`` (form, column, row, section, term, rule …) came, went or changed; ``path`` is its key."""

    what: str
    kind: str
    path: str
    text: str
    before: str = ""
    after: str = ""

    @property
    def sign(self) -> str:
        return _SIGNS[self.kind]


def pairs(what: str, old: Mapping[str, str], new: Mapping[str, str], noun: str, prefix: str = "") -> Iterator[Change]:
    """Things by key and how they are called: new ones, ended ones, renamed ones."""
    for key, name in old.items():
        if key not in new:
            yield Change(what, ENDED, prefix + key, nested(f"取消{noun}“{worded(name)}”"), name)
    for key, name in new.items():
        if key not in old:
            yield Change(what, ADDED, prefix + key, nested(f"新增{noun}“{worded(name)}”"), "", name)
        elif old[key] != name:
            yield changed(what, prefix + key, noun, old[key], name)


def changed(what: str, path: str, noun: str, before: str, after: str) -> Change:
    was, now = worded(before), worded(after)
    same = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    start = same - _LEAD if same > _LEAD and max(len(was), len(now)) > _SHOWN else 0
    said = f"{noun}由{_quoted(was, start)}改为{_quoted(now, start)}"
    return Change(what, CHANGED, path, nested(said), before, after)


def worded(text: str) -> str:
    """Places to fill as one speaks of them: 某年度某单位部门决算公开."""
    return PLACE.sub(lambda match: _WORDS.get(match[1], _ANY), text)


def _quoted(text: str, start: int) -> str:
    """Of long wordings the part from ``start``, shortly before they differ."""
    rest = text[start:]
    shown = ("……" if start else "") + (rest if len(rest) <= _SHOWN else rest[:_SHOWN] + "……")
    return f"“{shown}”" if text else "（无）"
