"""What a disclosure must contain, subjects' names, and counts that lists give a second time."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from ..model.book import RowData
from ..model.cell import Cell, CellKind, CellRef
from ..model.form import Block
from . import places
from .coded import Coded, Subject, Verdict
from .formula import Operand, State, amount_columns
from .rule import Check, Outcome

UNIT = "unit"
_OF = "”的"
_NAMED = 10  # subjects named in one message
_CLASS = 3  # digits of a class, which has no parent


def _places(subject: Subject, path: str) -> tuple[str, list[Cell], tuple[CellRef, ...]]:
    """What ``form.block`` or ``form.row.column`` is called, its cells, and where to look when there are none."""
    form_id, _, rest = path.partition(".")
    form, data = subject.edition.form(form_id), subject.book.sheet(form_id)
    row, _, column = rest.partition(".")
    head = data.to_fill("" if column else rest) if data is not None else ()
    if column:
        declared = subject.reads.declared(form_id, row)
        cell = data.cell(row, column) if data is not None else None
        name = declared.label if declared is not None else row
        return (
            f"“{form.sheet}{_OF}“{name}”",
            [cell] if cell is not None else [],
            (cell.ref,) if cell is not None else head,
        )
    block = form.block(rest)
    found = data.blocks.get(rest) if data is not None else None
    fixed = {r.key for r in block.rows}
    cells = [c for r in (found.rows if found is not None else ()) if r.key not in fixed for c in r.cells.values()]
    title = block.title.partition("、")[2] or block.title or form.title
    return f"“{form.sheet}{_OF}“{title}”", cells, head


def _chosen(subject: Subject, check: Check) -> bool:
    """Whether every `setting:` (form.row=choice) is chosen, by itself or by default."""
    for wanted in check.given.get("setting", ()):
        path, _, choice = wanted.partition("=")
        form_id, row = path.strip().split(".")
        declared = subject.reads.declared(form_id, row)
        chosen = subject.book.text(form_id, row) or (declared.default if declared is not None else "")
        if chosen != choice.strip():
            return False
    return True


def present(subject: Subject, check: Check) -> Iterator[Verdict]:
    """At least one of `any:` (form.block or form.row.column) has content; only where `setting:` is chosen."""
    if not _chosen(subject, check):
        return
    names: list[str] = []
    where: tuple[CellRef, ...] = ()
    for path in check.given["any"]:
        name, cells, refs = _places(subject, path)
        if subject.book.sheet(path.partition(".")[0]) is None:
            continue
        names.append(name)
        where += refs
        if any(_filled_in(cell) for cell in cells):
            yield Verdict(Outcome.HOLDS, refs)
            return
    if names:
        yield Verdict(Outcome.BROKEN, where[:1], {"what": _listed(names)})


def _listed(names: list[str]) -> str:
    """Places named one after the other, the sheet of neighbours once."""
    said, sheet = "", ""
    for name in names:
        own, _, rest = name.partition(_OF)
        said += ("、" if said else "") + (rest if own == sheet and rest else name)
        sheet = own
    return said


def _filled_in(cell: Cell) -> bool:
    """Whether somebody wrote something there: the zero of a formula over blank cells is not content."""
    if cell.formula and cell.kind is CellKind.NUMBER and not cell.number:
        return False
    return not cell.is_blank and cell.text.strip() not in ("", "无")


def explained_subjects(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Every 项 of a table (the scope) has its explanation in a list (`list:` form.block) or in the subject list.

    `digits:` asks for another level of codes, `setting:` (form.row=choice) only where that is chosen.
    """
    if not _chosen(subject, check):
        return
    form_id, _, block_key = check.given["list"][0].partition(".")
    known = {row.text("code").strip(): row for row in subject.book.rows(form_id, block_key)}
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        levels = [max(b.open.levels) for b in data.form.blocks if b.open is not None and b.open.levels] if data else []
        if data is None or not levels or subject.book.sheet(form_id) is None:
            continue
        digits = int(check.given["digits"][0]) if "digits" in check.given else max(levels)
        rows = [row for row in data.rows.values() if row.key.isdigit() and len(row.key) == digits]
        texts = subject.edition.subject_list.texts
        bare = [r for r in rows if r.key not in texts and (r.key not in known or not known[r.key].text("text").strip())]
        refs = tuple(ref for row in bare if (ref := row.ref or next((c.ref for c in row.cells.values()), None)))
        names = "、".join(f"{row.key}{row.text('name')}" for row in bare[:_NAMED]) + (
            "等" if len(bare) > _NAMED else ""
        )
        words = {"sheet": subject.edition.form(form_id).sheet, "count": str(len(bare)), "list": names}
        if rows:
            yield Verdict(Outcome.BROKEN if bare else Outcome.HOLDS, refs, words)


def down_to_leaves(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A table by code goes down to its last level; one verdict per row that stops short."""
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        for block in data.form.blocks if data is not None else ():
            if data is None or block.open is None or not block.open.by_code or block.key not in data.blocks:
                continue
            deepest = max(block.open.levels)
            codes = [row.key for row in data.blocks[block.key].rows if row.key.isdigit()]
            above = {code[:n] for code in codes for n in block.open.levels if n < len(code)}
            for row in data.blocks[block.key].rows:
                if not row.key.isdigit() or len(row.key) >= deepest:
                    continue
                filled = any(c.number for k, c in row.cells.items() if k not in ("code", "name"))
                cell = row.cells.get("code")
                ref = cell.ref if cell is not None else row.ref
                words = {
                    "table": places.table(data.form),
                    "code": row.key,
                    "name": row.label or row.text("name"),
                    "cell": str(ref),
                }
                good = row.key in above or not filled
                doubts = () if good else _unplaced(subject, data.form.id, block)
                if doubts:  # what belongs below it may stand in a row of a wrong code
                    yield Verdict(Outcome.UNANSWERABLE, (ref,) if ref is not None else (), words, blame=doubts)
                    continue
                yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, (ref,) if ref is not None else (), words)


def _unplaced(subject: Subject, form: str, block: Block) -> tuple[Operand, ...]:
    found = (subject.reads.doubts(form, column.key) for column in amount_columns(block, None))
    return next((doubts for doubts in found if doubts), ())


def known_names(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A code's name is one that the subject list has for it in the workbook's year."""
    listed, year = subject.edition.subject_list, _year(subject)
    elsewhere = _by_name(subject)
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        for rows in data.blocks.values() if data is not None else ():
            for row in rows.rows:
                cell = row.cells.get("name")
                names = listed.names(_code(row), year)
                if cell is None or not names or cell.kind is not CellKind.TEXT or not cell.text.strip():
                    continue
                if elsewhere.get((_above(_code(row)), _plain(cell.text)), _code(row)) != _code(row):
                    continue  # the code is wrong rather than the name
                good = _plain(cell.text) in {_plain(name) for name in names}
                words = {
                    "code": _code(row),
                    "name": cell.text.strip(),
                    "cell": str(cell.ref),
                    "right": "”或“".join(names),
                }
                yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, (cell.ref,), words)


def codes_of_names(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A name that the subject list has under another code of the same parent: one of the two is wrong.

    One verdict for each code and name, whatever the number of tables.
    """
    listed, year, elsewhere = subject.edition.subject_list, _year(subject), _by_name(subject)
    wrong: dict[tuple[str, str, str], list[CellRef]] = {}
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        for rows in data.blocks.values() if data is not None else ():
            for row in rows.rows:
                name, cell, code = row.cells.get("name"), row.cells.get("code"), _code(row)
                right = elsewhere.get((_above(code), _plain(name.text))) if name is not None else None
                if name is None or right is None:
                    continue
                at = cell.ref if cell is not None else name.ref
                if code == right:
                    yield Verdict(Outcome.HOLDS, (at,))
                else:
                    wrong.setdefault((code, name.text.strip(), right), []).append(at)
    for (code, said, right), cells in wrong.items():
        known = listed.name(code, year)
        own = f"，{code} 是“{known}”" if known else f"，没有 {code}"
        words = {"cells": places.cells(cells), "code": code, "name": said, "right": right, "known": own}
        yield Verdict(Outcome.BROKEN, tuple(cells), words)


def _by_name(subject: Subject) -> dict[tuple[str, str], str]:
    """The code of each parent's subject by name, as the list has them in the workbook's year."""
    if "codes" not in subject.kept:
        listed, year = subject.edition.subject_list, _year(subject)
        found: dict[tuple[str, str], str] = {}
        for code in listed.named:
            for name in listed.names(code, year):
                found.setdefault((_above(code), _plain(name)), code)
        subject.kept["codes"] = found
    known: dict[tuple[str, str], str] = subject.kept["codes"]
    return known


def _above(code: str) -> str:
    """The parent of a code; of a class its first digit, which tells functional from economic subjects."""
    return code[:-2] if len(code) > _CLASS else code[:1]


def _code(row: RowData) -> str:
    """The subject code of a row: of a list's rows the key is only a running number."""
    cell = row.cells.get("code")
    return cell.text.strip() if cell is not None else row.key


def _year(subject: Subject) -> int | None:
    """The workbook's year; None when it is not filled in."""
    found = subject.book.figure(UNIT, "year", "value")
    return int(found.value) if found else None


def unknown_codes(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Codes that the subject list does not have, in one note: the list is partial."""
    listed = subject.edition.subject_list
    unknown: dict[str, CellRef] = {}
    elsewhere = _by_name(subject)
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        for rows in data.blocks.values() if data is not None else ():
            for row in rows.rows:
                cell = row.cells.get("code")
                code = _code(row)
                if (_above(code), _plain(row.text("name"))) in elsewhere:
                    continue  # the name is known, and the code is named as wrong
                if code.isdigit() and code not in listed.named and cell is not None:
                    unknown.setdefault(code, cell.ref)
    codes = "、".join(list(unknown)[:_NAMED]) + (f" 等 {len(unknown)} 个" if len(unknown) > _NAMED else " ")
    words = {"codes": codes, "source": f"“{listed.source}”" if listed.whole else "工具自带的科目表"}
    yield Verdict(Outcome.BROKEN if unknown else Outcome.HOLDS, tuple(unknown.values()), words)


def list_counts(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A list (`list:` form.block, `kind:` its column) has as many rows of each kind as `counts:` kind = row say."""
    form_id, _, block = check.given["list"][0].partition(".")
    rows = [row for row in subject.book.rows(form_id, block) if row.text("name").strip()]
    if not rows:
        return
    column = check.given["kind"][0]
    for pair in check.given["counts"]:
        kind, _, key = (part.strip() for part in pair.partition("="))
        said = subject.reads.at(form_id, key, "value")
        if not said.readable:
            yield Verdict(Outcome.UNANSWERABLE, (said.cell,) if said.cell is not None else (), blame=(said,))
            continue
        found = [row for row in rows if not kind or row.text(column) == kind]
        if kind and any(not row.text(column).strip() for row in rows):
            continue
        cells = ((said.cell,) if said.cell is not None else ()) + tuple(row.cells["name"].ref for row in found)
        words = {
            "place": places.place(subject.reads, said),
            "said": f"{said.value.normalize():f}",
            "cell": str(said.cell),
            "kind": kind or "单位",
            "found": str(len(found)),
        }
        yield Verdict(Outcome.HOLDS if said.value == len(found) else Outcome.BROKEN, cells, words)


def operating_units(subject: Subject, check: Check) -> Iterator[Verdict]:
    """机关运行经费 is for units of `admin:` types; others without such subordinates (`below:`) have none."""
    kind = subject.book.text(*check.given["type"][0].split("."))
    amount = subject.reads.at(*check.given["amount"][0].split("."))
    whole = subject.reads.at(*check.given["whole"][0].split("."))
    below = sum((subject.reads.at(*path.split(".")).value for path in check.given["below"]), Decimal(0))
    if not amount.readable:
        yield Verdict(Outcome.UNANSWERABLE, (amount.cell,) if amount.cell else (), blame=(amount,))
        return
    cells = (amount.cell,) if amount.cell is not None else ()
    text = ""
    if kind in check.given["admin"] and not amount.value and whole.value:
        spent = places.quantity(whole, whole.value)
        text = f"单位类型为{kind}，公用经费 {spent}，机关运行经费（{amount.cell}）却没有填写或为零。"
    elif kind in check.given["institution"] and amount.value and not below:
        shown = places.quantity(amount, amount.value)
        text = f"单位类型为{kind}，又没有下属行政、参公单位，机关运行经费却填了 {shown}（{amount.cell}）。"
    if kind and amount.state in (State.NUMBER, State.BLANK):
        yield Verdict(Outcome.BROKEN if text else Outcome.HOLDS, cells, {"text": text})


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


CODED: dict[str, Coded] = {
    "present": present,
    "explained_subjects": explained_subjects,
    "down_to_leaves": down_to_leaves,
    "known_names": known_names,
    "codes_of_names": codes_of_names,
    "unknown_codes": unknown_codes,
    "list_counts": list_counts,
    "operating_units": operating_units,
}
