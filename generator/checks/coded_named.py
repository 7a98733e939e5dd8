"""Subjects of the tables by code are printed with their names: a code alone would be published without."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.cell import Cell, CellRef
from ..model.form import Kind
from . import places
from .coded import Coded, Subject, Verdict, coded_rows
from .rule import Check, Outcome


def names_given(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Every row of the scope with a code has its name; one verdict per code, with the cells of all its tables.

    What another table calls the code is told, else what the subject list calls it.
    """
    nameless: dict[str, list[tuple[str, CellRef]]] = {}
    named: dict[str, tuple[str, Cell]] = {}
    for data, block, row in coded_rows(subject, check):
        column = next((c.key for c in block.columns if c.kind is Kind.NAME), "")
        cell = row.cells.get(column)
        if cell is None or not row.text("code").strip():
            continue
        if cell.text.strip():
            named.setdefault(row.key, (places.table(data.form), cell))
            yield Verdict(Outcome.HOLDS, (cell.ref,))
        else:
            nameless.setdefault(row.key, []).append((places.table(data.form), cell.ref))
    figure = subject.book.figure("unit", "year", "value")
    year = int(figure.value) if figure else None
    for code, found in nameless.items():
        listed = subject.edition.subject_list.names(code, year)
        known = f"，科目表中为“{'”或“'.join(listed)}”" if listed else ""
        if code in named:
            table, right = named[code]
            known = f"，{table}中为“{right.text.strip()}”（{right.ref}）"
        words = {
            "code": code,
            "cells": places.cells(ref for _, ref in found),
            "tables": "、".join(dict.fromkeys(table for table, _ in found)),
            "known": known,
        }
        yield Verdict(Outcome.BROKEN, tuple(ref for _, ref in found), words)


CODED: dict[str, Coded] = {"names_given": names_given}
