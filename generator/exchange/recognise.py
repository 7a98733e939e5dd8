"""Which official table a sheet of another program holds, told by its title and by the words of its head and rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..editions import Edition
from ..model.form import Form
from ..model.heads import columns, head_depth
from ..workbook import heads
from ..workbook.cells import Raw, Sheet
from ..workbook.codes import CodeCells
from ..workbook.match import core, loose, norm
from ..workbook.notes import Notes

_TITLE_ROWS = 15  # rows in which a title may stand
_TITLED = 0.5  # of a form's words, under its title
_UNTITLED = 0.75  # without one, and by so much more than any other form
_LEAD = 0.1
_BEHIND = 0.15  # less of its words than another form's: the title is another's
_ALIKE = 0.8  # a title with some words more or less
_TABLE = "表"
_BRACKETS = re.compile(r"(?:\([^()]*\))+$")
_PIECES = ("类", "款", "项")
_GAP = 8  # rows over which a head with blank rows in it may reach


@dataclass(frozen=True)
class Fit:
    form: Form
    titled: bool
    share: float


def recognise(edition: Edition, sheet: Sheet, file_name: str, alone: bool) -> Fit | None:
    """The official table in ``sheet``; None when none is clearly there. ``alone``: the file has no other sheet."""
    shares = {form.id: _share(form, sheet) for form in edition.tables}
    most = max(shares.values(), default=0)
    for text in (*_titles(sheet), sheet.name, *([file_name] if alone else ())):
        titled = _named(edition, text)
        if titled is not None and shares[titled.id] >= max(_TITLED, most - _BEHIND):
            return Fit(titled, True, shares[titled.id])
    ranked = sorted(edition.tables, key=lambda form: -shares[form.id])
    best = ranked[0] if ranked else None
    if best is None or shares[best.id] < _UNTITLED:
        return None
    if len(ranked) > 1 and shares[best.id] - shares[ranked[1].id] < _LEAD:
        return None
    return Fit(best, False, shares[best.id])


def _titles(sheet: Sheet) -> list[str]:
    return [raw.text for row in list(sheet.rows)[:_TITLE_ROWS] for raw in sheet.rows[row].values() if raw.type == "t"]


def _named(edition: Edition, text: str) -> Form | None:
    """The form whose name a text holds, of names that hold each other the longest; or the one it is nearly called."""
    plain = _BRACKETS.sub("", core(text))
    named = [(name, form) for form in edition.tables for name in _names(form)]
    there = [(len(name), name, form) for name, form in named if name in plain]
    if there:
        _, name, form = max(there, key=lambda one: one[0])
        before = plain[: plain.find(name)][-2:]
        if not any(len(before) == 2 and before in other for other, _ in named):
            return form
        # 一般公共预算|支出决算表: the words before belong to the name of another table, only that some are missing.
    if not named or not plain.endswith(_TABLE):
        return None
    likely = sorted(
        ((SequenceMatcher(None, plain, name).ratio(), form) for name, form in named), key=lambda one: -one[0]
    )
    others = [ratio for ratio, form in likely if form is not likely[0][1]]
    sure = likely[0][0] >= _ALIKE and (not others or likely[0][0] - others[0] >= _LEAD)
    return likely[0][1] if sure else None


def _names(form: Form) -> set[str]:
    found = {core(form.sheet), core(form.entry.partition("(")[0].partition("（")[0])}
    return {name for name in found if len(name) >= 4 and "{" not in name}


def _share(form: Form, sheet: Sheet) -> float:
    """How many of the form's own words stand in the sheet: last words of heads count like row labels."""
    wanted = {loose(norm(text)) for text in _words(form)}
    there = {loose(text) for text in sheet.index}
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _words(form: Form) -> Iterator[str]:
    for _, column in columns(form):
        if not column.split:
            yield column.head[-1]
    for block in form.blocks:
        yield from (row.label for row in block.rows if row.label)


def close_head(form: Form, sheet: Sheet) -> None:
    """Blank rows inside the head are closed by moving the lines above them down; rows of the body stay in place."""
    paths = heads.normal_paths([column.head for _, column in columns(form)])
    depth = head_depth(tuple(column.head for _, column in columns(form)))
    places = heads.candidates(sheet, paths, 1, _TITLE_ROWS + _GAP)
    if depth < 2 or not places:
        return
    words = {text for path in paths for text in path}
    lines = [row for row in sheet.rows if row <= _TITLE_ROWS + _GAP and _holds(sheet, row, words)]
    lines = lines[: lines.index(lines[0]) + depth] if lines else []
    if len(lines) < 2 or lines[-1] - lines[0] > _GAP or lines[-1] - lines[0] == len(lines) - 1:
        return
    if any(row in sheet.rows for row in range(lines[0], lines[-1]) if row not in lines):
        return  # something else stands between: this is no head with blank rows in it
    moved = {row: lines[-1] - n for n, row in enumerate(reversed(lines))}
    shift = moved[lines[0]] - lines[0]
    to = {row: moved.get(row, row + shift if row < lines[0] else row) for row in sheet.rows}
    sheet.rows = {to[row]: cells for row, cells in sheet.rows.items()}
    sheet.merges = {
        (to.get(top, top), left): (max(to.get(bottom, bottom), to.get(top, top)), right)
        for (top, left), (bottom, right) in sheet.merges.items()
    }
    sheet._index = None


def join_codes(form: Form, sheet: Sheet) -> None:
    """Codes over three columns, 类 款 项, become whole codes in the first where the form has one column for them."""
    opened = next((b for b in form.blocks if b.open is not None and b.open.by_code and b.split_column is None), None)
    levels = opened.open.levels if opened is not None and opened.open is not None else ()
    places = _piece_columns(sheet, len(levels)) if len(levels) > 1 else None
    if places is None:
        return
    line, at = places
    for column in at:
        del sheet.rows[line][column]
    if not sheet.rows[line]:
        del sheet.rows[line]
    quiet = CodeCells(sheet, at, levels, Notes())
    for row in [row for row in sheet.rows if row > line]:
        code = quiet.at(row)
        if code:
            cells = sheet.rows[row]
            for column in at:
                cells.pop(column, None)
            cells[at[0]] = Raw("t", code, "", False)
            sheet.rows[row] = dict(sorted(cells.items()))
    sheet._index = None


def _piece_columns(sheet: Sheet, count: int) -> tuple[int, tuple[int, ...]] | None:
    """The row of the names 类, 款, 项 beside each other, and their columns."""
    for row in list(sheet.rows)[: _TITLE_ROWS + _GAP]:
        there = {sheet.label(row, column): column for column in sorted(sheet.rows[row], reverse=True)}
        if all(name in there for name in _PIECES[:count]):
            return row, tuple(there[name] for name in _PIECES[:count])
    return None


def _holds(sheet: Sheet, row: int, words: set[str]) -> bool:
    there = [sheet.label(row, column) for column in sheet.rows[row]]
    return sum(text in words for text in there) >= max(1, len(there) // 2)
