"""What is asked of all departments together, kept on disk: memory does not grow with their number.

Counts by rule, values to compare, and texts of reasons go into a database of the standard library in a temporary
file; what is read back is one measure or one group of texts at a time.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, groupby
from operator import itemgetter
from types import TracebackType

from ..editions import Edition, Library
from .figures import completion, growth, view
from .forms import known
from .store import Record

_SCHEMA = """
create table department (id integer primary key, place text, unit text, document text);
create table rule (id text, severity text, department integer, times integer);
create table measure (peers text, key text, label text, unit text, department integer, value text);
create table reason (department integer, said integer, cell text, row text, text text);
create table said (id integer primary key, digest blob unique, words text, least integer);
create table mark (mark integer, said integer);
"""
_TWINS = """
select place from department where (unit, document) in
    (select unit, document from department where document is not null group by unit, document having count(*) > 1)
"""
_SEVERAL = """
select s.id from said s join reason r on r.said = s.id join department d on d.id = r.department
    group by s.id having count(distinct d.unit) >= s.least
"""
_SAID = "select d.place, d.unit, r.cell, r.row, r.text from reason r join department d on d.id = r.department"
_SHORTEST = 9  # characters of a reason that say something: what is shorter is alike without being copied …
_BRIEF, _BRIEF_SUBSTANCE = 8, 5  # … unless so many characters, of which so many say something, are word for word …
MANY = 3  # … those of as many units
_LABEL = 40  # characters of an item's name that are looked for in its reason
_GRAM = 3
_KEPT = 6  # smallest fingerprints of a text: two texts that share two of them are looked at closely
_CROWD = 40  # texts that share two; in a larger crowd each is compared with the first only
_ALIKE = 0.6  # of all groups of three characters in either text, how many are in both
_IDLE = re.compile(r"[^\w]|_")
_FIGURES = re.compile(r"\d+")
_PLAIN = re.compile(  # what everybody says who has nothing to tell: 与上年持平，本年没有安排此项支出
    "本年度?|当年|上年度?|去年|年初|预算|决算|数|支出|收入|经费|费用|费|一致|相同|持平|相等|无?变化|变动|增加|减少|增长|"
    "下降|较|比|与|和|的|了|也|均|未|没有|无|不|发生|安排|涉及|存在|列支|开支|使用|此项|该项|相关|业务|事项|情况|内容|原因|"
    "主要|是|由于|因为|为|本单位|我单位|单位|本部门|我部门|部门|我局|本局|完成|执行|按照?|根据|实际|需要|严格|厉行节约"
)
_KINDS = {"final": "决算", "budget": "预算"}


@dataclass(frozen=True)
class Value:
    place: str
    unit: str
    value: Decimal


@dataclass(frozen=True)
class Measure:
    """One number of every department of the same kind of document and year. ``unit``: % for fractions."""

    peers: str
    label: str
    unit: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Said:
    place: str
    unit: str
    cell: str
    row: str
    text: str


@dataclass(frozen=True)
class RuleCount:
    rule: str
    severity: str  # the worst it was reported at
    departments: int
    times: int


class Tally:
    """Open it, ``add`` every record, then ask."""

    def __init__(self, editions: Library) -> None:
        self._editions = editions
        self.seen: dict[str, Edition] = {}  # editions of the workbooks, in the order they came

    def __enter__(self) -> Tally:
        self._base = sqlite3.connect("")  # a temporary file of the system's
        self._base.executescript(_SCHEMA)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._base.close()

    def add(self, record: Record) -> None:
        run = self._base.execute
        unit = _clean(record.unit or record.place)
        key = run(
            "insert into department (place, unit, document) values (?, ?, ?)",
            (_clean(record.place), unit, _clean(record.document + record.scope) if record.unit else None),
        ).lastrowid
        for (rule, severity), group in groupby(sorted((m["rule"], m["severity"]) for m in record.matters)):
            run("insert into rule values (?, ?, ?, ?)", (_clean(rule), severity, key, len(list(group))))
        self._measures(record, key)
        for reason in record.reasons:
            self._reason(record, key, reason)

    def _measures(self, record: Record, key: int | None) -> None:
        edition = self.seen.get(record.edition) or known(self._editions, record.edition)
        if edition is None:
            return
        self.seen[record.edition] = edition
        seen = view(edition)
        peers = f"{record.year}年度{_KINDS.get(record.kind, '')}"
        found: list[tuple[str, str, str, Decimal | None]] = []
        for figure in seen.figures:
            amount = record.figures.get(figure.key)
            if amount is not None:
                found += [
                    (f"{figure.key}.growth", f"{figure.label}比上年增减", "%", growth(amount)),
                    (f"{figure.key}.completion", f"{figure.label}完成年初预算", "%", completion(amount)),
                ]
        for ratio in seen.ratios:
            text = record.ratios.get(ratio.key)
            found.append((ratio.key, ratio.label, ratio.unit, Decimal(text) if text is not None else None))
        self._base.executemany(
            "insert into measure values (?, ?, ?, ?, ?, ?)",
            [(peers, name, label, unit, key, str(value)) for name, label, unit, value in found if value is not None],
        )

    def _reason(self, record: Record, key: int | None, reason: Mapping[str, str]) -> None:
        cell, row, text = reason["cell"], reason["row"], reason["text"]
        words = plain_words(text, record.unit)
        content = len(substance(words, row))
        if content < (_BRIEF_SUBSTANCE if len(words) >= _BRIEF else _SHORTEST):
            return
        brief = content < _SHORTEST
        run = self._base.execute
        digest = hashlib.sha256(words.encode("utf-8", "replace")).digest()[:16]
        known = run("select id from said where digest = ?", (digest,)).fetchone()
        if known is None:
            new = (digest, words, MANY if brief else 2)
            said = run("insert into said (digest, words, least) values (?, ?, ?)", new).lastrowid
            marks = () if brief else _marks(words)
            self._base.executemany("insert into mark values (?, ?)", [(mark, said) for mark in marks])
        else:
            said = known[0]
        run("insert into reason values (?, ?, ?, ?, ?)", (key, said, _clean(cell), _clean(row), _clean(text)))

    def rules(self) -> list[RuleCount]:
        """Every rule that was broken by anyone, by id."""
        rows = self._base.execute(
            "select id, min(severity), count(distinct department), sum(times) from rule group by id order by id"
        )
        return [RuleCount(*row) for row in rows]  # "error" comes before "warning" in the alphabet too

    def twins(self) -> set[str]:
        """Places of workbooks that are of one unit and for one document: one of them is probably superfluous."""
        return {place for (place,) in self._base.execute(_TWINS)}

    def measures(self) -> Iterator[Measure]:
        """One at a time, by peers, in the order the editions name them."""
        keys = self._base.execute(
            "select peers, key, min(label), min(unit), min(rowid) at from measure"
            " group by peers, key order by peers, at"
        ).fetchall()
        for peers, key, label, unit, _ in keys:
            rows = self._base.execute(
                "select d.place, d.unit, m.value from measure m join department d on d.id = m.department"
                " where m.peers = ? and m.key = ? order by d.id",
                (peers, key),
            )
            yield Measure(peers, label, unit, tuple(Value(p, u, Decimal(v)) for p, u, v in _own(rows)))

    def copied(self) -> Iterator[tuple[bool, tuple[Said, ...]]]:
        """Reasons that different units give in the same or nearly the same words; True where word for word."""
        groups = _Groups()
        self._near(groups)
        by_root: dict[int, list[int]] = {}
        for said in groups.parent:
            by_root.setdefault(groups.root(said), []).append(said)
        for (said,) in self._base.execute(_SEVERAL).fetchall():
            by_root.setdefault(groups.root(said), [said])
        for _, members in sorted(by_root.items()):
            marks = ",".join("?" * len(members))
            query = f"{_SAID} where r.said in ({marks}) order by d.id, r.rowid"
            rows = self._base.execute(query, members).fetchall()
            if len({unit for _, unit, *_ in rows}) > 1:
                yield len(members) == 1, tuple(Said(*row) for row in rows)

    def _near(self, groups: _Groups) -> None:
        rows = self._base.execute("select mark, said from mark order by mark, said")
        for _, bunch in groupby(rows, key=itemgetter(0)):
            crowd = [said for _, said in bunch]
            if len(crowd) < 2:
                continue
            texts = {said: self._words(said) for said in crowd[:_CROWD]}
            for at, left in enumerate(crowd):
                for right in crowd[at + 1 :] if len(crowd) <= _CROWD else crowd[:1] if at else []:
                    if groups.root(left) != groups.root(right):
                        near = alike(texts.get(left) or self._words(left), texts.get(right) or self._words(right))
                        if near:
                            groups.join(left, right)

    def _words(self, said: int) -> str:
        return str(self._base.execute("select words from said where id = ?", (said,)).fetchone()[0])


class _Groups:
    """Texts that are alike, directly or through others."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def root(self, said: int) -> int:
        while (above := self.parent.get(said, said)) != said:
            said = above
        return said

    def join(self, left: int, right: int) -> None:
        left, right = self.root(left), self.root(right)
        low, high = min(left, right), max(left, right)
        self.parent[high], self.parent[low] = low, low


def plain_words(text: str, unit: str) -> str:
    """What a reason says apart from its figures, signs and the unit's own name."""
    text = unicodedata.normalize("NFKC", text)
    if unit:
        text = text.replace(unicodedata.normalize("NFKC", unit), "")
    return _FIGURES.sub("#", _IDLE.sub("", text))


def substance(words: str, row: str) -> str:
    """What is left of a reason (see ``plain_words``) without the item it speaks of and what goes without saying."""
    names = plain_words(row, "")[:_LABEL]
    left = words.replace("#", "")
    for size in range(len(names), 1, -1):
        for at in range(len(names) - size + 1):
            left = left.replace(names[at : at + size], "")
    return _PLAIN.sub("", left)


def _grams(words: str) -> set[str]:
    return {words[at : at + _GRAM] for at in range(max(len(words) - _GRAM + 1, 1))}


def _marks(words: str) -> list[int]:
    """A number for every two of the smallest fingerprints; they fit what SQLite calls an integer."""
    smallest = sorted({zlib.crc32(gram.encode()) for gram in _grams(words)})[:_KEPT]
    return [(left << 31) ^ right for left, right in combinations(smallest, 2)] or smallest


def alike(left: str, right: str) -> bool:
    """Are the words nearly the same, but for a word or two?"""
    if min(len(left), len(right)) < _ALIKE * max(len(left), len(right)):
        return False
    ours, theirs = _grams(left), _grams(right)
    return len(ours & theirs) >= _ALIKE * len(ours | theirs)


def _own(rows: sqlite3.Cursor) -> Iterator[tuple[str, str, str]]:
    yield from rows


def _clean(text: str) -> str:
    """Half a character of a broken file can't be stored."""
    return text.encode("utf-8", "replace").decode("utf-8")


__all__ = ["MANY", "Measure", "RuleCount", "Said", "Tally", "Value", "alike", "plain_words", "substance"]
