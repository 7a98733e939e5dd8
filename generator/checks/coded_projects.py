"""The performance forms against the project list, the tables and the unit sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from ..model.book import FormData, RowData
from ..model.cell import Cell, CellKind
from ..model.figure import ZERO
from ..model.form import Role
from . import places, typed
from .coded import Coded, Subject, Verdict
from .formula import Operand, Side, State
from .performance import (
    BUDGET,
    EXECUTED,
    NAME,
    VALUE,
    amount_of,
    field,
    forms,
    not_filled,
    plain,
    refs,
    shown,
    text_of,
)
from .rule import Check, Outcome

_FEW = 4  # projects named one by one


def quoted(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Fields that quote a table (`with:` field: form.row.column), in 万元."""
    for data in forms(subject, check):
        for key, (path,) in check.given.items():
            mine = amount_of(data, key)
            form_id, row, column = path.split(".")
            theirs = subject.reads.at(form_id, row, column)
            if mine.state is State.BLANK or not theirs.readable:
                if mine.state is State.BLANK and theirs.value:
                    yield not_filled(data, (mine,)) or Verdict(Outcome.HOLDS)
                continue
            if mine.state is State.BAD:
                yield Verdict(Outcome.UNANSWERABLE, refs((mine,)), blame=(mine,))
                continue
            found = typed.amount(field(data, key))
            slack = found.slack if found is not None else ZERO
            yield _compared(subject, data, mine, theirs, slack)


def _compared(
    subject: Subject, data: FormData, mine: Operand, theirs: Operand, slack: Decimal, *more: Operand
) -> Verdict:
    """``more``: further rows of the same project, that another source of money pays."""
    every = (theirs, *more)
    total = sum((one.value for one in every), ZERO)
    gap = mine.value - total
    mixed = total and abs(mine.value / total - 10000) < 100
    place = places.place(subject.reads, theirs) + (f"等 {len(every)} 行合计" if more else "")
    cells = "、".join(str(o.cell) if n == 0 else o.cell.address for n, o in enumerate(every) if o.cell is not None)
    text = (
        f"{data.sheet}“{mine.name}”填的是 {_wan(mine.value)}（{mine.cell}），"
        f"与{place} {_wan(total)}（{cells}）不等，"
        f"差 {_wan(abs(gap))}。" + ("该表应以万元填写，所填疑为元。" if mixed else "")
    )
    good = abs(gap) <= slack
    return Verdict(
        Outcome.HOLDS if good else Outcome.BROKEN,
        refs((mine, *every)),
        {"text": text},
        left=Side(total if good else mine.value, ((1, mine),)),
        right=Side(total, tuple((1, one) for one in every)),
    )


def _wan(value: Decimal) -> str:
    """Amounts of both sides written alike: performance forms are in 万元 whatever the workbook's unit."""
    whole, _, decimals = f"{value:,.6f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')} 万元"


def listed(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Each project's form has its row in the project list (`list: form.block`) with the same amounts, and the reverse.

    Sheets of the scope that were left blank are named where a project lacks its form.
    """
    form_id, _, block = check.given["list"][0].partition(".")
    sheet = subject.book.sheet(form_id)
    given = [row for row in subject.book.rows(form_id, block) if row.text("name").strip()]
    sheets = list(forms(subject, check))
    if sheet is None or not given:
        return
    by_name: dict[str, list[RowData]] = {}
    for row in given:
        by_name.setdefault(plain(row.text("name")), []).append(row)
    of_name = Counter(plain(text_of(data, NAME)) for data in sheets)
    met: Counter[str] = Counter()
    for data in sheets:
        cell = field(data, NAME)
        name = text_of(data, NAME)
        rows = by_name.get(plain(name), [])
        if len(rows) == of_name[plain(name)]:  # a form for each source of money, in the order of the list
            rows = rows[met[plain(name)] :][:1]
        cells = (cell.ref,) if cell is not None else ()
        if not rows:
            text = f"{data.sheet}填写的项目“{name}”（{cell.ref.address if cell else ''}）不在“{sheet.form.sheet}”中。"
            if not name:
                where = f"（{cell.ref.address}）" if cell is not None else ""
                text = f"{data.sheet}没有填写项目名称{where}，无法与“{sheet.form.sheet}”核对。"
            yield Verdict(Outcome.BROKEN, cells, {"text": text})
            continue
        met[plain(name)] += 1
        yield Verdict(Outcome.HOLDS, cells)
        for key, column in ((BUDGET, "budget"), (EXECUTED, "amount")):
            mine, theirs = amount_of(data, key), [subject.reads.in_row(sheet, row, column) for row in rows]
            if mine.state is State.NUMBER and all(one.state is State.NUMBER for one in theirs):
                found = typed.amount(field(data, key))
                first, *more = theirs
                yield _compared(subject, data, mine, first, found.slack if found is not None else ZERO, *more)
    lacking = [rows[0].cells["name"] for known, rows in by_name.items() if known not in met]
    if lacking and len(sheets) < len(by_name):
        names = "、".join(f"“{cell.text}”（{cell.ref.address}）" for cell in lacking[:_FEW])
        names += f"等 {len(lacking)} 个项目" if len(lacking) > _FEW else ""
        kind = subject.edition.form(check.scope[0].form).sheet
        filled = {data.sheet for data in sheets}
        blank = [data.sheet for data in subject.book.sheets.get(check.scope[0].form, ()) if data.sheet not in filled]
        left = f"，工作表{'、'.join(f'“{name}”' for name in blank)}没有填写" if blank else ""
        text = f"“{sheet.form.sheet}”中的{names}没有相应的{kind}{left}。"
        yield Verdict(Outcome.BROKEN, tuple(cell.ref for cell in lacking), {"text": text})


def names_once(subject: Subject, check: Check) -> Iterator[Verdict]:
    """No name stands twice in a list (`list: form.block`): rows that are `alike:` in columns, the name being the first.

    A column that the edition's list does not have makes no difference.
    """
    form_id, _, block = check.given["list"][0].partition(".")
    seen: dict[tuple[str, ...], list[Cell]] = {}
    name, *others = check.given["alike"]
    for row in subject.book.rows(form_id, block):
        if plain(row.text(name)):
            told = (plain(row.text(name)), *(plain(row.text(other)) for other in others))
            seen.setdefault(told, []).append(row.cells[name])
    for cells in seen.values():
        words = {
            "name": cells[0].text.strip(),
            "table": f"“{subject.edition.form(form_id).sheet}”",
            "cells": "、".join(cell.ref.address for cell in cells[:_FEW]) + ("等" if len(cells) > _FEW else ""),
        }
        outcome = Outcome.BROKEN if len(cells) > 1 else Outcome.HOLDS
        yield Verdict(outcome, tuple(cell.ref for cell in cells), words)


def listed_by_source(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Projects of one source (`own:`, or with none named) add up to what the table spends of it (`whole:`).

    `list:`, with its columns `amount:` and `source:`. That the whole list is too short is another check's to say.
    """
    form_id, _, block = check.given["list"][0].partition(".")
    column, source, (own,) = check.given["amount"][0], check.given["source"][0], check.given["own"]
    sheet, whole = subject.book.sheet(form_id), subject.reads.at(*check.given["whole"][0].split("."))
    rows = subject.book.rows(form_id, block) if sheet is not None else ()
    known = {*next(c.choices for c in subject.edition.form(form_id).block(block).columns if c.key == source)} - {own}
    every = [(row, subject.reads.in_row(sheet, row, column)) for row in rows if sheet is not None]
    amounts = [one for row, one in every if row.text(source).strip() not in known and one.state is State.NUMBER]
    if not every or whole.state is not State.NUMBER or any(one.state is State.BAD for _, one in every):
        return
    total, slack = sum((one.value for one in amounts), ZERO), check.tolerance * (len(amounts) + 1)
    if sum((one.value for _, one in every), ZERO) < whole.value - slack:
        return
    good = abs(total - whole.value) <= slack
    text = (
        f"“{subject.edition.form(form_id).sheet}”中{own}（含未填资金来源）的项目合计 {_wan(total)}，"
        f"与{places.place(subject.reads, whole)} {_wan(whole.value)}（{whole.cell}）不等，"
        f"{'多出' if total > whole.value else '差'} {_wan(abs(total - whole.value))}。"
    )
    outcome = Outcome.HOLDS if good else Outcome.BROKEN
    yield Verdict(outcome, refs((whole, *amounts)), {"text": text})


def list_filled(subject: Subject, check: Check) -> Iterator[Verdict]:
    """The list (`list:` form.block) has amounts (`amount:` its column) where a table (`whole:`) has some.

    That there are none is said once, instead of which cell might lack the whole amount.
    """
    form_id, _, block = check.given["list"][0].partition(".")
    column = check.given["amount"][0]
    sheet, whole = subject.book.sheet(form_id), subject.reads.at(*check.given["whole"][0].split("."))
    if sheet is None:
        return
    rows = [row for row in subject.book.rows(form_id, block) if any(c.text.strip() for c in row.cells.values())]
    amounts = [subject.reads.in_row(sheet, row, column) for row in rows]
    cells = refs(amounts) or sheet.to_fill(block)[:1]
    if whole.value <= ZERO or any(one.state is State.BAD or one.value for one in amounts):
        yield Verdict(Outcome.HOLDS, cells)
        return
    blank = all(one.state is State.BLANK for one in amounts)
    lacks = f"的执行数{'没有填写' if blank else '都是 0'}（{places.cells(cells)}）" if amounts else "没有填写"
    spent = f"{places.place(subject.reads, whole)} {places.quantity(whole, whole.value)}"
    text = f"“{sheet.form.sheet}”{lacks}，而{spent}{places.source(subject.reads, whole)}。"
    yield Verdict(Outcome.BROKEN, cells, {"text": text})


@dataclass(frozen=True)
class _Own:
    """The forms of the projects that the text counts: those the general budget pays, as far as the book tells."""

    forms: tuple[FormData, ...]
    amounts: (
        tuple[Decimal, Decimal] | None
    )  # executed and budget in the list of projects; None: no project is another's
    unknown: bool  # other money is spent on projects too, and the edition's list does not say on which


def _own(subject: Subject, check: Check) -> _Own:
    """By the list (`list:`) with its column of sources (`source:`, `own:` or none named).

    A list without sources can't tell; then only whether all project spending (`money:` the whole, the own) is own.
    """
    every = tuple(forms(subject, check))
    if "money" in check.given:
        whole, own = (subject.reads.at(*path.split(".")) for path in check.given["money"])
        return _Own(every, None, whole.value - own.value > check.tolerance)
    sheet_id, _, block = check.given.get("list", ("",))[0].partition(".")
    sheet, source = subject.book.sheet(sheet_id), check.given.get("source", ("",))[0]
    rows = [row for row in subject.book.rows(sheet_id, block) if plain(row.text("name"))] if sheet and source else []
    column = (
        next((c for c in subject.edition.form(sheet_id).block(block).columns if c.key == source), None)
        if rows
        else None
    )
    if sheet is None or column is None:
        return _Own(every, None, False)
    others = {*column.choices} - set(check.given["own"])
    own_rows = [row for row in rows if row.text(source).strip() not in others]
    if len(own_rows) == len(rows):
        return _Own(every, None, False)
    strange = {plain(row.text("name")) for row in rows} - {plain(row.text("name")) for row in own_rows}
    spent, planned = (
        sum((subject.reads.in_row(sheet, row, key).value for row in own_rows), ZERO) for key in ("amount", "budget")
    )
    return _Own(tuple(d for d in every if plain(text_of(d, NAME)) not in strange), (spent, planned), False)


def counted(subject: Subject, check: Check) -> Iterator[Verdict]:
    """The number of projects said to be evaluated (`count:`) is the number of forms.

    Forms of projects that other money pays may be left out (`_own`). That there is none at all is told once: by the
    list of projects (`list: form.block`) where it names any.
    """
    form_id, row, column = check.given["count"][0].split(".")
    said = subject.reads.at(form_id, row, column)
    number, own = len(list(forms(subject, check))), _own(subject, check)
    listed_id, _, block = check.given.get("list", ("",))[0].partition(".")
    unnamed = bool(block) and not any(r.text("name").strip() for r in subject.book.rows(listed_id, block))
    if (number or unnamed) and said.state is State.NUMBER:
        kind = subject.edition.form(check.scope[0].form).sheet
        there = f"{kind}有 {number} 张" if number else f"没有填写{kind}"
        if len(own.forms) < number:
            there += f"，其中{check.given['own'][0]}项目 {len(own.forms)} 张"
        text = f"{places.place(subject.reads, said)}填的是 {shown(said.value)}（{said.cell}），{there}。"
        least = len({plain(text_of(d, NAME)) or d.sheet for d in own.forms}) if own.amounts else len(own.forms)
        within = ZERO < said.value < number if own.unknown else least <= said.value < number
        good = said.value == number or within
        yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, refs((said,)), {"text": text})


def amount_evaluated(subject: Subject, check: Check) -> Iterator[Verdict]:
    """The amount evaluated (`amount:`) is what the forms executed, or what they had as budget.

    Those of projects that other money pays may be left out (`_own`).
    """
    form_id, row, column = check.given["amount"][0].split(".")
    said = subject.reads.at(form_id, row, column)
    sheets, own = list(forms(subject, check)), _own(subject, check)
    executed = [amount_of(d, EXECUTED) for d in sheets]
    if not sheets or said.state is not State.NUMBER or any(o.state is not State.NUMBER for o in executed):
        return
    spent, planned = _sums(sheets)
    slack = Decimal("0.005") * (len(sheets) + 1)
    fitting = (spent, planned, *_sums(own.forms), *(own.amounts or ()))
    good = any(abs(said.value - sum_) <= slack for sum_ in fitting)
    good = good or (own.unknown and ZERO < said.value <= max(spent, planned))
    text = (
        f"{places.place(subject.reads, said)}填的是 {_wan(said.value)}（{said.cell}），"
        f"各{sheets[0].form.sheet}执行数合计 {_wan(spent)}，差 {_wan(abs(said.value - spent))}。"
    )
    if own.amounts is not None:
        text = f"{text[:-1]}；其中{check.given['own'][0]}项目 {_wan(own.amounts[0])}。"
    yield Verdict(
        Outcome.HOLDS if good else Outcome.BROKEN,
        refs((said, *executed)),
        {"text": text},
        left=Side(spent if good else said.value, ((1, said),)),
        right=Side(spent, tuple((1, o) for o in executed)),
    )


def _sums(sheets: Iterable[FormData]) -> tuple[Decimal, Decimal]:
    """What the forms executed and what they had as budget."""
    found = tuple(sheets)
    executed, budget = (sum((amount_of(d, key).value for d in found), ZERO) for key in (EXECUTED, BUDGET))
    return executed, budget


def same_unit(subject: Subject, check: Check) -> Iterator[Verdict]:
    """The unit's name on other forms (`fields:`) is the full or short name of the unit sheet (`names:`)."""
    names = [n for path in check.given["names"] if (n := plain(subject.book.text(*path.split("."))))]
    if not names:
        return
    for scope in check.scope:
        for data in subject.book.sheets.get(scope.form, ()):
            for key in check.given["fields"]:
                cell = field(data, key) if data.form.role is Role.PERFORMANCE else data.cell(key, VALUE)
                if cell is None or cell.kind is not CellKind.TEXT or not cell.text.strip():
                    continue
                said = plain(cell.text).removesuffix("(本级)")
                good = any(said == name or name.endswith(said) for name in names)
                text = f"{data.sheet}的单位名称“{cell.text}”（{cell.ref.address}）与单位信息表的单位全称、简称都不同。"
                yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, (cell.ref,), {"text": text})


CODED: dict[str, Coded] = {
    "quoted": quoted,
    "listed": listed,
    "names_once": names_once,
    "listed_by_source": listed_by_source,
    "list_filled": list_filled,
    "counted": counted,
    "amount_evaluated": amount_evaluated,
    "same_unit": same_unit,
}
