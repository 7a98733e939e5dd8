"""What a corrected workbook changed: cells old → new, and for each the sentences, tables and charts that it moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import Enum
from typing import NamedTuple

from .blocks import Style
from .cell import CellRef
from .snapshot import Entry, SnapBlock, SnapRow, SnapSheet, Snapshot, words
from .trace import Trace, TracedBlock

_NUMBERED = re.compile(r"[（(]\s*(表\s*\d+)\s*[）)]\s*$")
_FIGURE = re.compile(r"图\s*\d+")
_ALIKE = 0.3  # of a list row's cells that stay, for it to count as the same row corrected
_PLACES = 6  # named in a list of changes
_SHOWN = 40  # characters of a long text in a list of changes


class What(Enum):
    CELL = "cell"
    ROW_ADDED = "row added"
    ROW_GONE = "row gone"
    SHEET_ADDED = "sheet added"
    SHEET_GONE = "sheet gone"


class Change(NamedTuple):
    """``before`` and ``after`` are what the cell shows, "" for a blank; of a row the cells that tell it.

    ``cells`` are all its places, those of the new workbook first; ``place`` is where to look in it.
    """

    what: What
    sheet: str
    name: str
    before: str
    after: str
    cells: tuple[CellRef, ...]
    was: tuple[CellRef, ...] = ()
    moved: tuple[str, ...] = ()  # places of the document, filled by ``with_places``
    computed: bool = False  # by a formula, which follows what somebody typed elsewhere

    @property
    def place(self) -> str:
        return str((self.cells or self.was)[0]) if self.what is What.CELL else self.sheet


def changes(old: Snapshot, new: Snapshot) -> tuple[Change, ...]:
    """All cells, rows and sheets that differ, in the order of the new workbook; what is gone comes with its sheet.

    Rows of a free list are matched by what they hold, so that a row put in between moves no other.
    """
    return tuple(_all(old, new))


def _all(old: Snapshot, new: Snapshot) -> Iterator[Change]:
    before, pairs = _by_form(old), []
    for form, sheets in _by_form(new).items():
        pairs += _pair_sheets(before.pop(form, []), sheets)
    pairs += [(sheet, None) for sheets in before.values() for sheet in sheets]
    for left, right in pairs:
        if left is not None and right is not None:
            yield from _sheet(left, right)
        elif right is not None and (entries := _entries(right)):
            yield Change(What.SHEET_ADDED, right.sheet, right.sheet, "", "", _refs(entries))
        elif left is not None and (entries := _entries(left)):
            yield Change(What.SHEET_GONE, left.sheet, left.sheet, "", "", (), _refs(entries))


def _by_form(taken: Snapshot) -> dict[str, list[SnapSheet]]:
    found: dict[str, list[SnapSheet]] = {}
    for sheet in taken.sheets:
        found.setdefault(sheet.form, []).append(sheet)
    return found


def _pair_sheets(old: list[SnapSheet], new: list[SnapSheet]) -> list[tuple[SnapSheet | None, SnapSheet | None]]:
    """Sheets of one form: by name, then (one sheet renamed) by what is left over, in order."""
    named = {sheet.sheet: sheet for sheet in old}
    pairs: list[tuple[SnapSheet | None, SnapSheet | None]] = [(named.pop(s.sheet, None), s) for s in new]
    left = [sheet for sheet in old if sheet.sheet in named]
    if len(old) == len(new):
        pairs = [(left.pop(0) if was is None else was, now) for was, now in pairs]
    return pairs + [(sheet, None) for sheet in left]


def _sheet(old: SnapSheet, new: SnapSheet) -> Iterator[Change]:
    before = {block.key: block for block in old.blocks}
    for block in new.blocks:
        was = before.pop(block.key, SnapBlock(block.key, block.listed, {}, ()))
        yield from _block(new.sheet, was, block)
    for block in before.values():
        yield from _block(new.sheet, block, SnapBlock(block.key, block.listed, {}, ()))


def _block(sheet: str, old: SnapBlock, new: SnapBlock) -> Iterator[Change]:
    for was, now in (_listed if new.listed else _keyed)(_filled(old), _filled(new)):
        if was is not None and now is not None:
            yield from _row(sheet, new, was, now)
        elif now is not None and now.entries:
            yield Change(What.ROW_ADDED, sheet, _title(new, now), "", _told(now), _refs(now.entries))
        elif was is not None and was.entries:
            yield Change(What.ROW_GONE, sheet, _title(old, was), _told(was), "", (), _refs(was.entries))


_Pairs = Iterator[tuple[SnapRow | None, SnapRow | None]]


def _filled(block: SnapBlock) -> list[SnapRow]:
    return [row for row in block.rows if row.entries or not block.listed]


def _keyed(old: Sequence[SnapRow], new: Sequence[SnapRow]) -> _Pairs:
    """By key; rows of the same key in their order. A fixed row without entries pairs with itself when filled."""
    places: dict[str, list[SnapRow]] = {}
    for row in old:
        places.setdefault(row.key, []).append(row)
    for row in new:
        found = places.get(row.key)
        yield (found.pop(0) if found else None), row
    for rest in places.values():
        for row in rest:
            yield row, None


def _listed(old: Sequence[SnapRow], new: Sequence[SnapRow]) -> _Pairs:
    """Rows that hold the same are the same; of those between, the ones most alike are one row corrected."""
    left, right = [_contents(row) for row in old], [_contents(row) for row in new]
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(old[a:b], new[c:d], strict=True)
            continue
        gone = list(range(a, b))
        for at in range(c, d):
            best = max(gone, key=lambda n: _likeness(left[n], right[at]), default=None)
            alone = b - a == d - c == 1
            if best is not None and (alone or _likeness(left[best], right[at]) >= _ALIKE):
                gone = [n for n in gone if n != best]
                yield old[best], new[at]
            else:
                yield None, new[at]
        for at in gone:
            yield old[at], None


def _contents(row: SnapRow) -> tuple[tuple[str, str], ...]:
    return tuple((entry.column, entry.text) for entry in row.entries)


def _likeness(left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]]) -> float:
    """Share of cells that stay; a long text counts by how much of it stays, the first cell double."""
    mine, theirs = dict(left), dict(right)
    total = score = 0.0
    for column in {**mine, **theirs}:
        weight = 2.0 if left and column == left[0][0] else 1.0
        total += weight
        one, other = mine.get(column, ""), theirs.get(column, "")
        score += weight * (1.0 if one == other else _text_likeness(one, other))
    return score / total if total else 1.0


def _text_likeness(one: str, other: str) -> float:
    if min(len(one), len(other)) < 6:
        return 0.0
    ratio = SequenceMatcher(None, one, other, autojunk=False)
    return ratio.ratio() if ratio.quick_ratio() > _ALIKE else 0.0


def _row(sheet: str, block: SnapBlock, old: SnapRow, new: SnapRow) -> Iterator[Change]:
    before = {entry.column: entry for entry in old.entries}
    for entry in new.entries:
        was = before.pop(entry.column, None)
        if was is None or was.text != entry.text:
            name = words(block, new, entry.column)
            text, places = (was.text, (was.ref,)) if was is not None else ("", ())
            yield Change(What.CELL, sheet, name, text, entry.text, (entry.ref,), places, computed=entry.formula)
    for entry in before.values():
        yield Change(What.CELL, sheet, words(block, new, entry.column), entry.text, "", (), (entry.ref,))


def _title(block: SnapBlock, row: SnapRow) -> str:
    """A row as one says it: its code or label and, where it has one, its name."""
    texts = [e.text for e in row.entries if not _is_number(e.text)]
    name = texts[0] if texts and block.listed else next((t for t in texts if t != row.name), "")
    lead = "" if block.listed else row.name
    return " ".join(part for part in (lead, short(name)) if part) or row.name


def _told(row: SnapRow) -> str:
    """The first amounts of a row that came or went."""
    numbers = [entry.text for entry in row.entries if _is_number(entry.text) and entry.text != row.key]
    return "，".join(numbers[:3]) + ("，…" if len(numbers) > 3 else "")


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?[\d,]+(\.\d+)?", text))


def _entries(sheet: SnapSheet) -> list[Entry]:
    return [entry for block in sheet.blocks for row in block.rows for entry in row.entries]


def _refs(entries: Iterable[Entry]) -> tuple[CellRef, ...]:
    return tuple(entry.ref for entry in entries)


def short(text: str, most: int = _SHOWN) -> str:
    """One line of a long text."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


# Places of the document


def places(traced: Trace) -> dict[str, str]:
    """For each block where it stands, as one says it: 三、支出决算情况说明；表 n；图 n."""
    found: dict[str, str] = {}
    part = section = place = ""
    waiting: list[str] = []  # charts whose caption comes below them
    for block in traced.blocks:
        style, text = block.style, block.text.split("\n")[0].strip()
        if block.kind == "chart":
            waiting.append(block.id)
            found[block.id] = place
            continue
        if style == Style.PART.value:
            part, section, place = text, "", text
        elif style in (Style.SECTION.value, Style.FORM_TITLE.value):
            section = place = text
        elif style == Style.SUBSECTION.value:
            place = f"{section}{text}".rstrip("。") if section else text
        elif style == Style.TABLE_TITLE.value:
            number = _NUMBERED.search(text)
            place = number[1].replace(" ", "") if number else text
        elif style == Style.CAPTION.value and waiting:
            number = _FIGURE.match(text)
            for id in (*waiting, block.id):
                found[id] = number[0].replace(" ", "") if number else text
            waiting = []
            continue
        found[block.id] = place or _outside(block, part)
        waiting = []
    return found


def _outside(block: TracedBlock, part: str) -> str:
    if block.kind == "contents":
        return "目录"
    return part or "封面"


def with_places(found: Sequence[Change], old: Trace | None, new: Trace) -> tuple[Change, ...]:
    """Each change with the places whose text it moved; without the old trace those that use the cell at all."""
    named = {**(places(old) if old is not None else {}), **places(new)}
    order = {id: number for number, id in enumerate(named)}
    uses = new.uses()
    used = old.uses() if old is not None else {}
    before = _pieces(old) if old is not None else {}
    after = _pieces(new)

    def moved(change: Change) -> tuple[str, ...]:
        touched = [(id, key) for cell in change.cells for id, key, _ in uses.get(cell, ())]
        touched += [(id, key) for cell in change.was for id, key, _ in used.get(cell, ())]
        if old is not None:
            touched = [place for place in touched if before.get(place) != after.get(place)]
        ids = sorted({id for id, _ in touched}, key=lambda id: order.get(id, len(order)))
        return tuple(dict.fromkeys(named[id] for id in ids if named.get(id)))

    return tuple(change._replace(moved=moved(change)) for change in found)


def _pieces(traced: Trace) -> Mapping[tuple[str, str], str]:
    return {(block.id, piece.key): piece.text for block in traced.blocks for piece in block.pieces}


def sentence(change: Change, most: int = _PLACES) -> str:
    """With ``most`` of its places: 03支出决算表!D12 项目支出（2010399）：1,071.83 → 1,017.83，涉及：表3；图3"""
    name = short(change.name)
    if change.what is What.CELL:
        before, after = short(change.before) or "空", short(change.after) or "空"
        said = f"{change.place}{' ' + name if name else ''}：{before} → {after}"
    elif change.what in (What.ROW_ADDED, What.ROW_GONE):
        verb = "新增" if change.what is What.ROW_ADDED else "删去"
        amounts = change.after or change.before
        said = f"{change.sheet} {verb}一行“{name}”" + (f"：{amounts}" if amounts else "")
    else:
        said = f"{'新增' if change.what is What.SHEET_ADDED else '删去'}工作表“{change.sheet}”"
    if not change.moved:
        return f"{said}，公开文档中没有用到"
    more = f" 等 {len(change.moved)} 处" if len(change.moved) > most else ""
    return f"{said}，涉及：{'；'.join(change.moved[:most])}{more}"
