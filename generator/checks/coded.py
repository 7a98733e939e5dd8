"""The odd rules that no formula can say. Their words stand in the edition's rule files."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..editions import Edition
from ..model.book import BlockData, Book, FormData, RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.form import Block, Column, Kind, Row
from . import places, texts
from .formula import Operand, Reads, Side, State, amount_columns
from .implied import Implied
from .rule import Check, Outcome, Rule, Single
from .texts import Words


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a coded check found in one place; ``words`` fill its message.

    One that compares two sums gives both sides: it is then a relation like those of formulas.
    """

    outcome: Outcome
    cells: tuple[CellRef, ...] = ()
    words: dict[str, str] = field(default_factory=dict)
    blame: tuple[Operand, ...] = ()
    left: Side | None = None
    right: Side | None = None
    single: Single | None = None
    asks: tuple[Operand, ...] = ()  # amounts of tables it speaks of without comparing sums: it waits where one is empty


@dataclass(frozen=True, slots=True)
class Subject:
    """What coded checks work on."""

    edition: Edition
    book: Book
    reads: Reads
    implied: Implied
    rules: tuple[Rule, ...]
    kept: dict[str, Any] = field(default_factory=dict)  # what several checks ask for

    def words(self) -> list[Words]:
        """Every cell of free text, found once."""
        if "words" not in self.kept:
            self.kept["words"] = list(texts.words(self.book))
        found: list[Words] = self.kept["words"]
        return found


Coded = Callable[[Subject, Check], Iterable[Verdict]]
_SHOWN = 5  # places named in one sentence


def totals_present(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A declared total may not be blank while one of its addends is not nothing; one verdict per row."""
    blank: dict[tuple[str, str], dict[Operand, list[Operand]]] = {}
    for sums in (c for rule in subject.rules for c in rule.checks if c.implied):
        for relation in subject.implied.of(sums):
            total = relation.total
            if total.cell is None or not any(o.value for _, o in relation.addends):
                continue
            if total.state is State.BLANK:
                of_row = blank.setdefault((total.form, total.row), {})
                of_row.setdefault(total, []).extend(o for _, o in relation.addends if o.value)
            else:
                yield Verdict(
                    Outcome.HOLDS if total.readable else Outcome.UNANSWERABLE, (total.cell,), blame=_bad(total)
                )
    for totals in blank.values():
        first = next(iter(totals))
        columns = "、".join(dict.fromkeys(places.column_name(subject.reads, t) for t in totals))
        words = {
            "place": places.table(subject.edition.form(first.form)) + places.row_name(subject.reads, first) + columns,
            "cells": places.cells(_refs(totals)),
        }
        addends = [operand for found in totals.values() for operand in found]
        yield Verdict(Outcome.BROKEN, tuple(dict.fromkeys((*_refs(totals), *_refs(addends)))), words)


def _bad(operand: Operand) -> tuple[Operand, ...]:
    return () if operand.readable else (operand,)


def _refs(operands: Iterable[Operand]) -> tuple[CellRef, ...]:
    return tuple(operand.cell for operand in operands if operand.cell is not None)


def not_negative(subject: Subject, check: Check) -> Iterator[Verdict]:
    """No amount of the scope below zero; one verdict per sheet."""
    for form_id in dict.fromkeys(scope.form for scope in check.scope):
        data = subject.book.sheet(form_id)
        if data is None:
            continue
        operands = [operand for block, rows in _scoped(data, check) for operand in _amounts(subject, data, block, rows)]
        wrong = [o for o in operands if o.value < 0]
        bad = tuple(o for o in operands if o.state is State.BAD)
        if wrong:
            listed = "、".join(
                f"{places.in_table(subject.reads, o)} {places.quantity(o, o.value)}（{o.cell}）" for o in wrong[:_SHOWN]
            )
            words = {"table": places.table(data.form), "count": str(len(wrong)), "list": listed}
            yield Verdict(Outcome.BROKEN, _refs(wrong), words)
        elif bad:
            yield Verdict(Outcome.UNANSWERABLE, _refs(bad), blame=bad)
        elif any(o.value for o in operands):
            yield Verdict(Outcome.HOLDS)


def _amounts(subject: Subject, data: FormData, block: Block, rows: BlockData) -> Iterator[Operand]:
    """Every amount of the block as an operand; rows of one declared kind share their columns."""
    open_columns = amount_columns(block, None)
    for row in rows.rows:
        declared = subject.reads.declared(data.form.id, row.key)
        for column in amount_columns(block, declared) if declared is not None else open_columns:
            yield subject.reads.in_row(data, row, column.key)


def required(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Rows that the form requires are filled in."""
    for data, block, row, declared in _fixed(subject.book):
        if not declared.required:
            continue
        cell = row.cells.get(block.value_columns[0].key)
        if cell is None:
            continue
        words = {"sheet": data.sheet, "field": declared.label, "cell": str(cell.ref)}
        blank = cell.is_blank or (cell.kind is CellKind.TEXT and not cell.text.strip())
        if cell.kind is CellKind.BAD:
            blame = subject.reads.in_row(data, row, block.value_columns[0].key)
            yield Verdict(Outcome.UNANSWERABLE, (cell.ref,), words, (blame,))
        else:
            yield Verdict(Outcome.BROKEN if blank else Outcome.HOLDS, (cell.ref,), words)


def year_served(subject: Subject, check: Check) -> Iterator[Verdict]:
    """The year (the scope's first row called ``year``) is one the edition serves."""
    data = subject.book.sheet(check.scope[0].form)
    if data is None:
        return
    operand = subject.reads.at(data.form.id, "year", "value")
    if operand.state is State.BAD:
        yield Verdict(Outcome.UNANSWERABLE, (operand.cell,) if operand.cell else (), blame=(operand,))
    elif operand.state is State.NUMBER and operand.cell is not None:
        served = operand.value in subject.edition.years
        words = {
            "cell": str(operand.cell),
            "year": f"{operand.value:f}",
            "edition": subject.edition.name,
            "years": "、".join(map(str, subject.edition.years)),
        }
        yield Verdict(Outcome.HOLDS if served else Outcome.BROKEN, (operand.cell,), words)


def whole_counts(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Numbers of people, vehicles and projects are whole and not negative."""
    for data, row, column, cell in _cells(subject.book, Kind.COUNT):
        if cell.is_blank:
            continue
        operand = subject.reads.in_row(data, row, column.key)
        if operand.state is not State.NUMBER:
            yield Verdict(Outcome.UNANSWERABLE, (cell.ref,), blame=(operand,))
            continue
        good = operand.value >= 0 and operand.value == operand.value.to_integral_value()
        words = {"place": places.place(subject.reads, operand), "cell": str(cell.ref), "value": f"{operand.value:f}"}
        yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, (cell.ref,), words)


def known_choices(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A cell with a list holds one of the list's entries."""
    for data, row, column, cell in _cells(subject.book, Kind.CHOICE):
        if cell.is_blank:
            continue
        declared = subject.reads.declared(data.form.id, row.key)
        choices = (declared.choices if declared is not None else ()) or column.choices
        if not choices:
            continue
        label = declared.label if declared is not None else column.head[-1]
        words = {"cell": str(cell.ref), "field": label, "value": cell.text, "choices": "、".join(choices)}
        yield Verdict(Outcome.HOLDS if cell.text in choices else Outcome.BROKEN, (cell.ref,), words)


def same_names(subject: Subject, check: Check) -> Iterator[Verdict]:
    """One code has one name in all tables of the scope."""
    found: dict[str, list[tuple[str, Cell]]] = {}
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        for block, rows in _scoped(data, check) if data is not None else ():
            name = next((c.key for c in block.columns if c.kind is Kind.NAME), "")
            for row in rows.rows if block.open is not None else ():
                cell = row.cells.get(name)
                if cell is not None and cell.kind is CellKind.TEXT and row.key.isdigit():
                    found.setdefault(row.key, []).append((_plain(cell.text), cell))
    for code, named in found.items():
        if len(named) < 2:
            continue
        first: dict[str, Cell] = {}
        for plain, cell in named:
            first.setdefault(plain, cell)
        if len(first) > 1:
            listed = "、".join(f"“{cell.text}”（{cell.ref}）" for cell in first.values())
            cells = tuple(cell.ref for cell in first.values())
            yield Verdict(Outcome.BROKEN, cells, {"code": code, "list": listed})
        else:
            yield Verdict(Outcome.HOLDS, tuple(cell.ref for _, cell in named))


def code_shape(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Codes of an open table have one of its lengths."""
    for data, block, row in coded_rows(subject, check):
        levels = block.open.levels if block.open is not None else ()
        good = row.key.isdigit() and len(row.key) in levels
        yield _about_code(data, row, good, levels="、".join(map(str, levels)))


def codes_once(subject: Subject, check: Check) -> Iterator[Verdict]:
    """No code stands twice in a table."""
    first: dict[tuple[str, str, str], RowData] = {}
    for data, block, row in coded_rows(subject, check):
        before = first.setdefault((data.form.id, block.key, row.key), row)
        if before is not row:
            other = _ref(before)
            yield _about_code(data, row, False, other=str(other))
        else:
            yield _about_code(data, row, True)


def parents_present(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A 项 has its 款 and its 类 above it; one verdict per missing parent."""
    missing: dict[tuple[str, str], list[tuple[FormData, RowData]]] = {}
    for data, block, row in coded_rows(subject, check):
        levels = block.open.levels if block.open is not None else ()
        above = [row.key[:n] for n in levels if n < len(row.key)] if len(row.key) in levels else []
        absent = [code for code in above if code not in data.blocks[block.key].by_key]
        for code in absent:
            missing.setdefault((data.form.id, code), []).append((data, row))
        if above and not absent:
            yield _about_code(data, row, True)
    for (_, code), found in missing.items():
        data, row = found[0]
        more = f" 等 {len(found)} 个科目" if len(found) > 1 else ""
        verdict = _about_code(data, row, False, missing=code, more=more)
        cells = tuple(ref for _, row in found if (ref := _ref(row)) is not None)
        yield Verdict(verdict.outcome, cells, verdict.words)


def _about_code(data: FormData, row: RowData, good: bool, **words: str) -> Verdict:
    ref = _ref(row)
    if good:
        return Verdict(Outcome.HOLDS, (ref,) if ref is not None else ())
    said = {"table": places.table(data.form), "code": row.key, "name": row.label, "cell": str(ref), **words}
    return Verdict(Outcome.BROKEN, (ref,) if ref is not None else (), said)


def _ref(row: RowData) -> CellRef | None:
    code = row.cells.get("code")
    return code.ref if code is not None else row.ref


def _scoped(data: FormData, check: Check) -> Iterator[tuple[Block, BlockData]]:
    for block in data.form.blocks:
        rows = data.blocks.get(block.key)
        if rows is not None and any(s.form == data.form.id and s.covers(block) for s in check.scope):
            yield block, rows


def coded_rows(subject: Subject, check: Check) -> Iterator[tuple[FormData, Block, RowData]]:
    """Rows of the scope's open tables by code, totals left out."""
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        if data is None:
            continue
        for block, rows in _scoped(data, check):
            if block.open is None or not block.open.by_code:
                continue
            fixed = {row.key for row in block.rows}
            for row in rows.rows:
                if row.key not in fixed:
                    yield data, block, row


def _fixed(book: Book) -> Iterator[tuple[FormData, Block, RowData, Row]]:
    for data in book:
        for block in data.form.blocks:
            declared = {row.key: row for row in block.rows if not row.spacer}
            rows = data.blocks.get(block.key)
            for row in rows.rows if rows is not None else ():
                if row.key in declared:
                    yield data, block, row, declared[row.key]


def _cells(book: Book, kind: Kind) -> Iterator[tuple[FormData, RowData, Column, Cell]]:
    """Every cell of that kind on the official and supplementary sheets."""
    for data in book:
        for block in data.form.blocks:
            rows = data.blocks.get(block.key)
            if rows is None or not _holds(block, kind):
                continue
            declared = {row.key: row for row in block.rows}
            for row in rows.rows:
                own = declared.get(row.key)
                for column in block.value_columns:
                    if (column.kind if own is None else block.kind_of(own, column)) is kind and column.key in row.cells:
                        yield data, row, column, row.cells[column.key]


def _holds(block: Block, kind: Kind) -> bool:
    return any(c.kind is kind for c in block.columns) or any(r.kind is kind for r in block.rows)


def _plain(text: str) -> str:
    """Names compared without regard to spaces and to full- or half-width signs."""
    return "".join(unicodedata.normalize("NFKC", text).split())


# In the order of their first rule; a rule file names one of these.
CODED: tuple[tuple[str, Coded], ...] = (
    ("totals_present", totals_present),
    ("not_negative", not_negative),
    ("required", required),
    ("year_served", year_served),
    ("whole_counts", whole_counts),
    ("known_choices", known_choices),
    ("same_names", same_names),
    ("code_shape", code_shape),
    ("codes_once", codes_once),
    ("parents_present", parents_present),
)
