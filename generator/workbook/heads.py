"""Where a block's columns stand: the stacked head found by its words, wherever it is and however it is merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .cells import Sheet
from .match import loose, norm

Path = tuple[str, ...]


@dataclass(frozen=True)
class HeadMatch:
    """``columns``: sheet column per expected path, None where there is none. ``renamed``: position → text found."""

    rows: tuple[int, ...]
    columns: tuple[int | None, ...]
    renamed: dict[int, str]
    extra: tuple[tuple[int, str], ...]  # headed columns of the sheet that the form does not know

    @property
    def body(self) -> int:
        """The first row below the head."""
        return self.rows[-1] + 1


def normal_paths(paths: Sequence[Sequence[str]]) -> tuple[Path, ...]:
    return tuple([tuple([norm(text) for text in path]) for path in paths])


def candidates(sheet: Sheet, paths: Sequence[Path], first: int, last: int) -> list[tuple[int, int]]:
    """(score, top row) of every place between ``first`` and ``last`` where such a head may stand, top to bottom."""
    words = Counter(text for path in paths for text in path)
    index = sheet.index
    hits: dict[int, dict[str, int]] = {}
    for word in words:
        for row, _ in index.get(word, ()):
            if first <= row <= last:
                counted = hits.setdefault(row, {})
                counted[word] = counted.get(word, 0) + 1
    depth = max((len(path) for path in paths), default=0)
    places = []
    for top in sorted(hits):
        window = hits[top]
        below = [hits[row] for row in range(top + 1, top + depth) if row in hits]
        if below:
            window = dict(window)
            for counts in below:
                for word, count in counts.items():
                    window[word] = window.get(word, 0) + count
        places.append((sum([min(count, words[word]) for word, count in window.items()]), top))
    return places


def find(sheet: Sheet, paths: Sequence[Path], first: int = 1, last: int = 1 << 20) -> HeadMatch | None:
    """The best place for the head, the uppermost of equals; None when less than a third of its words are there."""
    places = candidates(sheet, paths, first, last)
    if not places:
        return None
    score, top = max(places, key=lambda place: (place[0], -place[1]))
    distinct = len({text for path in paths for text in path})
    return at(sheet, paths, top) if score * 3 >= distinct else None


def at(sheet: Sheet, paths: Sequence[Path], top: int) -> HeadMatch:
    """The columns of the head that begins in row ``top``."""
    words = {text for path in paths for text in path}
    depth = max(len(path) for path in paths)
    rows = [row for row in range(top, top + depth) if row in sheet.rows]
    while len(rows) > 1 and not any(_text(sheet, rows[-1], column) in words for column in sheet.rows[rows[-1]]):
        rows.pop()
    merged_to = max(
        (sheet.merges.get((row, column), (row, 0))[0] for row in rows for column in sheet.rows[row]), default=top
    )
    sheet_paths = _sheet_paths(sheet, rows)
    bottom = max(rows[-1], min(merged_to, top + depth - 1))
    columns, renamed = _assign(paths, sheet_paths)
    taken = {column for column in columns if column is not None}
    extra = tuple((column, path[-1]) for column, path in sheet_paths if column not in taken)
    return HeadMatch((*rows[:-1], bottom), columns, renamed, extra)


def _text(sheet: Sheet, row: int, column: int) -> str:
    raw = sheet.get(row, column)
    return norm(raw.text) if raw is not None and raw.type == "t" else ""


def _sheet_paths(sheet: Sheet, rows: Sequence[int]) -> list[tuple[int, Path]]:
    """Each headed column and the words above each other there; a group's word reaches over the columns to its right."""
    headed = sorted({column for row in rows for column in sheet.rows[row] if _text(sheet, row, column)})
    found = []
    for column in headed:
        leaf = max(row for row in rows if _text(sheet, row, column))
        path = []
        for row in rows:
            if row > leaf:
                break
            text = _text(sheet, row, column) or _from_left(sheet, row, column, headed)
            if text:
                path.append(text)
        found.append((column, tuple(path)))
    return found


def _from_left(sheet: Sheet, row: int, column: int, headed: Sequence[int]) -> str:
    for left in reversed([c for c in headed if c < column]):
        text = _text(sheet, row, left)
        if text:
            merged = sheet.merges.get((row, left))
            return text if merged is None or merged[1] >= column or merged[1] == left else ""
    return ""


def _assign(
    paths: Sequence[Path], sheet_paths: Sequence[tuple[int, Path]]
) -> tuple[tuple[int | None, ...], dict[int, str]]:
    columns: list[int | None] = [None] * len(paths)
    left = dict(sheet_paths)

    def pair(key_of_expected: Sequence[object], key_of_found: dict[int, object]) -> None:
        """Same key, same number on both sides: first to first, second to second."""
        for key in dict.fromkeys(key_of_expected):
            wanted = [i for i, k in enumerate(key_of_expected) if k == key and columns[i] is None]
            there = [c for c, k in key_of_found.items() if k == key and c in left]
            if wanted and len(wanted) <= len(there):
                for i, column in zip(wanted, there, strict=False):
                    columns[i] = column
                    del left[column]

    pair(list(paths), dict(left))
    pair([path[-1] for path in paths], {c: p[-1] for c, p in left.items()})
    pair([loose(path[-1]) for path in paths], {c: loose(p[-1]) for c, p in left.items()})
    _between(paths, columns, left)
    renamed: dict[int, str] = {}
    for i, column in enumerate(columns):
        if column is None:
            low = next((c for c in reversed(columns[:i]) if c is not None), 0)
            high = next((c for c in columns[i + 1 :] if c is not None), None)
            gap = [c for c in left if c > low and (high is None or c < high)]
            blanks = sum(1 for c in columns[_start(columns, i) : _end(columns, i)] if c is None)
            if len(gap) == blanks == 1 and (high is not None or gap[0] == low + 1):
                columns[i] = gap[0]
                renamed[i] = left.pop(gap[0])[-1]
    return tuple(columns), renamed


def _between(paths: Sequence[Path], columns: list[int | None], left: dict[int, Path]) -> None:
    """Equal words of which some are missing: each goes to the one that stands between its neighbours."""
    for i, path in enumerate(paths):
        if columns[i] is None:
            low = next((c for c in reversed(columns[:i]) if c is not None), 0)
            high = next((c for c in columns[i + 1 :] if c is not None), 1 << 20)
            fits = [c for c, p in left.items() if low < c < high and p[-1] == path[-1]]
            if len(fits) == 1:
                columns[i] = fits[0]
                del left[fits[0]]


def _start(columns: Sequence[int | None], i: int) -> int:
    while i > 0 and columns[i - 1] is None:
        i -= 1
    return i


def _end(columns: Sequence[int | None], i: int) -> int:
    while i < len(columns) and columns[i] is None:
        i += 1
    return i
