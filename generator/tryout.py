"""An edition put to the test as a whole: every file read, every chapter looked through, a workbook and a draft made.

What a command would only meet on the day it needs the file is told here at once, each fault with file and remedy.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .editions import EditionError
from .model.finding import Refusal
from .model.form import Column, Kind, Role, Row

if TYPE_CHECKING:
    from .editions import Edition, Library
    from .model.form import Block, Form

_NUMBER = "12.34"
_WORD = "某某"
_ROWS = 2  # of a free list


def faults(library: Library, edition_id: str) -> tuple[EditionError, ...]:
    """Everything wrong with the files of an edition; what can only be seen after another fault is gone comes later."""
    found: list[EditionError] = []

    def told(step: Callable[[], object]) -> None:
        try:
            step()
        except EditionError as error:
            found.append(error)
        except Refusal as refusal:
            found.append(EditionError(refusal.message, refusal.fix))

    told(lambda: library.load(edition_id))
    if found:
        return tuple(found)
    edition = library.load(edition_id)
    for step in _parts(edition):
        told(step)
    if not found:
        for content in (None, full(edition)):
            told(lambda content=content: _trial(edition, content, library))  # type: ignore[misc]
    return tuple({str(error): error for error in found}.values())


def _parts(edition: Edition) -> Iterator[Callable[[], object]]:
    from .checks import rules
    from .checks.live import live
    from .document.render import template
    from .narrative import lint

    yield lambda: edition.subject_list
    yield lambda: rules.load(edition)
    yield lambda: rules.hints(edition)
    yield lambda: live(edition)
    yield lambda: template(edition.find("style.docx"))
    yield from lint.parts(edition)


def _trial(edition: Edition, content: Any, library: Library) -> None:
    """A workbook of the edition, read, checked, and drafted."""
    from .checks.run import run
    from .document.render import render
    from .narrative.compose import compose
    from .workbook.blank import build
    from .workbook.read import read

    with tempfile.TemporaryDirectory() as folder:
        workbook = Path(folder) / "试填.xlsx"
        workbook.write_bytes(build(edition, content))
        _, book = read(workbook, edition.id, library)
    run(edition, book)
    disclosure, _ = compose(edition, book, draft=True)
    render(edition.find("style.docx"), disclosure)


def full(edition: Edition) -> dict[str, Any]:
    """A value in every cell that somebody may fill in, so that every chapter has something to say."""
    made: dict[str, Any] = {}
    for form in edition.forms:
        given: dict[str, Any] = {}
        for block in form.blocks:
            given[block.key] = list(_open(edition, block)) if block.open is not None else _fixed(block)
        if form.role is Role.PERFORMANCE:
            given = _performance(form)
        made[form.id] = [given] if form.repeat else given
    return made


def _fixed(block: Block) -> dict[str, Any]:
    return {
        row.key: {c.key: v for c in block.value_columns if (v := _value(block.kind_of(row, c), c, row)) is not None}
        for row in block.rows
        if not row.spacer and not row.show
    }


def _open(edition: Edition, block: Block) -> Iterator[dict[str, Any]]:
    assert block.open is not None
    if not block.open.by_code:
        for _ in range(_ROWS):
            yield {c.key: v for c in block.value_columns if (v := _value(c.kind, c, None)) is not None}
        return
    deepest = max(block.open.levels)
    code = next((code for code in edition.subjects if len(code) == deepest), "2" + "01" * ((deepest - 1) // 2))
    for level in block.open.levels:
        amounts = {c.key: _NUMBER for c in block.value_columns if c.kind is Kind.MONEY}
        yield {"code": code[:level], "name": edition.subjects.get(code[:level], _WORD)} | amounts


def _performance(form: Form) -> dict[str, Any]:
    fields = {p.field: {"value": _WORD} for line in form.lines for p in line.parts if p.field and not p.options}
    if form.header is not None and form.header.field:
        fields[form.header.field] = {"value": _WORD}
    made: dict[str, Any] = {"fields": fields}
    for line in form.lines:
        if line.indicators is not None:
            made[line.indicators.key] = [
                {c.key: v for c in line.indicators.value_columns if (v := _value(c.kind, c, None)) is not None}
            ]
    return made


def _value(kind: Kind, column: Column, row: Row | None) -> str | None:
    choices = (row.choices if row is not None else ()) or column.choices
    if kind is Kind.RATE or column.show:
        return None
    if row is not None and row.default:
        return row.default
    if choices:
        return choices[0]
    if kind is Kind.COUNT:
        return "3"
    if kind in (Kind.MONEY, Kind.NUMBER):
        return _NUMBER
    return _WORD
