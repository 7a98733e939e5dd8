"""A table merged cell by cell: rows are known by their labels, so that one put in or taken out moves no other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from lxml import etree

from ..model.changes import short
from . import text as texts
from .body import row_cells, table_rows
from .body import rows as rows_of
from .spots import Spots
from .tokens import merge
from .xmlnames import BOOKMARK, BOOKMARK_END, PPR, P

Rows = Sequence[tuple[str, ...]]
_AMOUNT = re.compile(r"-?\d[\d,]*\.\d+%?|-?\d[\d,]*%|-?\d{1,3}(?:,\d{3})+")
ONE_ROW, WHOLE_TABLE = "这一行应为", "表格结构经手工改动"  # of comments that speak of more than their own cell
_OTHER = "工作簿此处是"
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?%?")
_SENSELESS = 0.5  # of the cells must still be at their place, or the table is another one


@dataclass
class TableMerge:
    """``clashes`` are paragraphs, the row they stand in, and what the data says there now; ``hopeless`` says the
    table was rebuilt by hand."""

    changed: int = 0
    clashes: list[tuple[etree._Element, str, str]] = field(default_factory=list)
    hopeless: bool = False


def align(base: Rows, other: Rows) -> dict[int, int]:
    """Row of ``base`` → row of ``other``: the same labels in the same order, and rows between them one for one."""
    if [_key(row) for row in base] == [_key(row) for row in other]:
        return {at: at for at in range(len(base))}
    found: dict[int, int] = {}
    matcher = SequenceMatcher(None, [_key(r) for r in base], [_key(r) for r in other], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal" or (tag == "replace" and b - a == d - c):
            found.update(zip(range(a, b), range(c, d), strict=True))
        elif tag == "replace":
            free = list(range(c, d))
            for at in range(a, b):
                same = next((n for n in free if _lead(base[at]) and _lead(base[at]) == _lead(other[n])), None)
                if same is not None:
                    found[at] = same
                    free = [n for n in free if n > same]
    return found


def _key(row: tuple[str, ...]) -> str:
    """What stays when amounts change: labels, codes and running numbers."""
    return "\x00".join("" if _AMOUNT.fullmatch(cell.strip()) else cell.strip() for cell in row)


def _lead(row: tuple[str, ...]) -> str:
    return next((cell.strip() for cell in row if cell.strip() and not _AMOUNT.fullmatch(cell.strip())), "")


def continues(base: Rows, own: Rows, other: Rows) -> bool:
    """Whether ``other`` is the rest of a table of which ``own`` is the beginning: most of its rows were generated and
    no longer stand there."""
    missing = Counter(map(_key, base)) - Counter(map(_key, own))
    found = sum((Counter(map(_key, other)) & missing).values())
    return found > 0 and found >= _SENSELESS * len(other)


def by_hand(base: Rows, user: Rows, tables: Sequence[etree._Element]) -> tuple[str, str]:
    """What a person changed in the ``tables`` whose rows are ``user``: the first item concerned, and what was done to
    it and how much more there is; empty when the rows are as generated. Figures come first: they differ from the
    workbook's now."""
    pairs, found = align(base, user), []
    spots = Spots([line for one in tables for line in table_rows(one)])
    for at, row in enumerate(base):
        now = user[pairs[at]] if at in pairs else None
        if now is None:
            found.append((_lead(row), "删去这一行"))
        elif len(now) != len(row):
            found.append((_lead(row), "这一行增减了格"))
        else:
            changed = [(cell, a, b) for cell, (a, b) in enumerate(zip(row, now, strict=True)) if a != b]
            found += [(spots.spot(pairs[at], cell) or _lead(row) or _lead(now), _shown(a, b)) for cell, a, b in changed]
    known = set(pairs.values())
    found += [(_lead(row), "增加这一行") for at, row in enumerate(user) if at not in known]
    if not found:
        return "", ""
    found.sort(key=lambda one: _OTHER not in one[1])
    more = f"；这张表另有 {len(found) - 1} 处" if len(found) > 1 else ""
    return found[0][0], found[0][1] + more


def _shown(before: str, now: str) -> str:
    told = f"{short(before) or '空'} → {short(now) or '空'}"
    figure = _NUMBER.fullmatch(before.strip()) or (not before.strip() and _NUMBER.fullmatch(now.strip()))
    if not figure or _value(before) == _value(now):
        return told
    return f"{told}；{_OTHER} {before.strip() or '空'}，两者不一致，数据有误的请更正工作簿"


def _value(amount: str) -> str:
    """The same for 5.00 and 5.0."""
    digits = amount.strip().rstrip("%").replace(",", "")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def merge_table(
    tables: Sequence[etree._Element],
    base: Rows,
    fresh: Sequence[etree._Element],
    take: Callable[[etree._Element], etree._Element],
) -> TableMerge:
    """Write into the user's table what changed between ``base`` and the ``fresh`` one; a table that the user cut into
    several, or put together from several, is given as all of them.

    ``take`` makes a copy of a fresh element that fits the user's document. A row or cell that the user changed and
    the data too is left as it is and reported.
    """
    return _Merger(tables, base, fresh, take).run()


class _Merger:
    def __init__(
        self,
        tables: Sequence[etree._Element],
        base: Rows,
        fresh: Sequence[etree._Element],
        take: Callable[[etree._Element], etree._Element],
    ) -> None:
        self.table, self.base, self.take = tables[0], base, take
        self.user, self.new = ([row for one in several for row in rows_of(one)] for several in (tables, fresh))
        self.lines, self.fresh_lines = (
            [row for one in several for row in table_rows(one)] for several in (tables, fresh)
        )
        self.result = TableMerge()
        self.spots = Spots(self.lines)

    def run(self) -> TableMerge:
        to_user, to_new = align(self.base, self.user), align(self.base, self.new)
        usable = sum(len(self.base[b]) == len(self.user[u]) for b, u in to_user.items())
        if usable < _SENSELESS * len(self.base):
            self.result.hopeless = True
            return self.result
        for at, row in enumerate(self.base):
            user, new = to_user.get(at), to_new.get(at)
            if user is None:
                continue
            if new is None:
                self._gone(user, row)
            elif row != self.new[new]:
                self._row(user, row, new)
        self._insert(to_user, to_new)
        return self.result

    def _gone(self, user: int, row: tuple[str, ...]) -> None:
        line = self.lines[user]
        if self.user[user] == row and not texts.holds_more(line):
            parent = line.getparent()
            if parent is not None:
                parent.remove(line)
                self.result.changed += 1
        else:
            self._clash(line, _lead(row), "按现在的数据，表中已没有这一行。")

    def _row(self, user: int, row: tuple[str, ...], new: int) -> None:
        cells, fresh = row_cells(self.lines[user]), row_cells(self.fresh_lines[new])
        if not len(cells) == len(row) == len(fresh):
            if self.user[user] == row and not texts.holds_more(self.lines[user]):
                self.lines[user].getparent().replace(self.lines[user], self.take(self.fresh_lines[new]))  # type: ignore[union-attr]
                self.result.changed += 1
            else:
                words = f"按现在的数据，{ONE_ROW}：{'；'.join(filter(None, self.new[new]))}"
                self._clash(self.lines[user], _lead(row), words)
            return
        for at, cell in enumerate(cells):
            before, after = row[at], self.new[new][at]
            if before != after and self.user[user][at] != after:
                self._cell(cell, before, self.user[user][at], after, fresh[at], self.spots.spot(user, at))

    def _cell(self, cell: etree._Element, before: str, now: str, after: str, fresh: etree._Element, label: str) -> None:
        if not now:
            if before:
                self._clash(cell, label, f"按现在的数据，此格应为：{after or '空'}")
            else:
                self._fill(cell, fresh)
            return
        merged = merge(before, now, after)
        if now == before and (merged.clashes or not merged.edits):
            merged.edits, merged.clashes = [(0, len(now), after)], []
        flat = texts.Flat(texts.paragraphs(cell))
        try:
            if not merged.clashes:
                flat.change(merged.edits)
                self.result.changed += 1
                return
        except texts.CannotWrite:
            if now == before and not texts.holds_more(cell):
                for child in [child for child in cell if child.tag == P][1:]:
                    cell.remove(child)
                self._fill(cell, fresh, empty=True)
                return
        self._clash(cell, f"{label} {short(now)}".strip(), f"按现在的数据，此格应为：{after or '空'}")

    def _fill(self, cell: etree._Element, fresh: etree._Element, empty: bool = False) -> None:
        """The fresh words in the cell's first paragraph, whose looks stay; with ``empty`` in place of its own."""
        paragraph = next(child for child in cell if child.tag == P)
        for child in list(paragraph) if empty else ():
            if child.tag not in (PPR, BOOKMARK, BOOKMARK_END):
                paragraph.remove(child)
        for source in (child for child in self.take(fresh) if child.tag == P):
            paragraph.extend([child for child in source if child.tag not in (PPR, BOOKMARK, BOOKMARK_END)])
        self.result.changed += 1

    def _insert(self, to_user: dict[int, int], to_new: dict[int, int]) -> None:
        """New rows behind the row that precedes them in the fresh table, where the user still has it."""
        place = {new: to_user[base] for base, new in to_new.items() if base in to_user}
        known = set(to_new.values())
        last: etree._Element | None = None
        for new in range(len(self.new)):
            if new in known:
                if new in place and self.lines[place[new]].getparent() is not None:
                    last = self.lines[place[new]]
                continue
            made = self.take(self.fresh_lines[new])
            if last is not None:
                last.addnext(made)
            elif self.lines and self.lines[0].getparent() is not None:
                self.lines[0].addprevious(made)
            else:
                self.table.append(made)
            last = made
            self.result.changed += 1

    def _clash(self, place: etree._Element, where: str, words: str) -> None:
        found = texts.paragraphs(place)
        if found:
            self.result.clashes.append((found[0], where, words))
