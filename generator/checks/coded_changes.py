"""This year against last year and the budget: what is missing, and reasons that don't fit their figures.

The rule file names the rows and columns (`with:`); amounts shown by formula are taken from where they are kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from ..model import expression
from ..model.book import FormData, RowData
from ..model.cell import Cell, CellRef
from ..model.expression import Call, Ref
from ..model.form import Block
from . import places
from .coded import Coded, Subject, Verdict
from .formula import Operand, State
from .rule import Check, Outcome, Scope

_CENT, _WAN = Decimal("0.01"), Decimal(10000)
_LARGE = 100  # 万元: equal to the last digit in two years is no chance any more
_ROUND = Context(prec=60, rounding=ROUND_HALF_UP)
_POINTS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_NOTHING = frozenset({"", "无", "-", "—", "——", "/", "／", "持平"})
_UP, _DOWN = ("增加", "增长", "上升"), ("减少", "下降", "压缩")
# Words that make a reason more than a bare direction: then it is not held against its figures.
_EXCUSED_UP = (
    *_DOWN,
    "上年",
    "去年",
    "以前年度",
    "退休",
    "调出",
    "压",
    "节约",
    "收回",
    "缩",
    "降",
    "取消",
    "划转",
    "完工",
    "抵",
    "减",
)
_EXCUSED_DOWN = (
    *_UP,
    "上年",
    "去年",
    "以前年度",
    "新增",
    "追加",
    "提高",
    "扩",
    "上涨",
    "上调",
    "恢复",
    "增",
    "收入减少",
    "人员减少",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One row: this year's amount, the one it is compared with, and the cell of the reason."""

    data: FormData
    row: RowData | None
    key: str
    label: str
    now: Operand
    before: Operand
    reason: Cell | None
    block: str = ""

    @property
    def difference(self) -> Decimal:
        """As it would be written, in 万元 with two decimals."""
        return (self.now.value - self.before.value).quantize(_CENT, context=_ROUND)

    @property
    def place(self) -> tuple[CellRef, ...]:
        return (self.reason.ref,) if self.reason is not None else self.data.to_fill(self.block)


def compared(subject: Subject, check: Check) -> Iterator[Compared]:
    """The rows of the scope's blocks (`rows:`: only these) with `before:` given in at least one of them."""
    given = check.given
    if not _applies(subject, check):
        return
    wanted = given.get("rows", ())
    for scope in check.scope:
        data = subject.book.sheet(scope.form)
        if data is None:
            continue
        block = data.form.block(scope.block)
        found = [row for row in _rows(subject, data, block, check) if not wanted or row.key in wanted]
        if _any_given(subject, data, check, found):
            yield from found


def _applies(subject: Subject, check: Check) -> bool:
    """`unless:` a form.row that holds a word; `in_place_of:` rows that are filled instead."""
    path, _, word = check.given.get("unless", ("",))[0].partition("=")
    if path and subject.book.text(*path.strip().split(".")) == word.strip():
        return False
    for other in check.given.get("in_place_of", ()):
        form_id, row = other.split(".")
        if _before(subject, check, form_id, row).state is State.NUMBER:
            return False
    return True


def _before(subject: Subject, check: Check, form_id: str, row: str) -> Operand:
    """The amount compared with; of a sheet without that column, `instead: [a, b]`: b for a in the place it shows."""
    found = subject.reads.at(form_id, row, check.given["before"][0])
    declared = subject.reads.declared(form_id, row)
    if "instead" not in check.given or declared is None or found.state is not State.NO_ROW:
        return found
    tree = expression.parse(declared.show) if declared.show else None
    if not isinstance(tree, Ref) or len(tree.parts) != 3:
        return found
    form, key, column = tree.parts
    now, instead = check.given["instead"]
    return subject.reads.at(form, key, column.replace(now, instead, 1))


def _any_given(subject: Subject, data: FormData, check: Check, found: list[Compared]) -> bool:
    """Blanks beside given amounts are zeros; with nothing given there is nothing to compare with."""
    if check.given.get("each_given"):
        return True
    others = (_before(subject, check, data.form.id, key) for key in check.given.get("with_rows", ()))
    return any(o.state is State.NUMBER for o in (*(c.before for c in found), *others))


def _rows(subject: Subject, data: FormData, block: Block, check: Check) -> Iterator[Compared]:
    before, reason = check.given["before"][0], check.given["reason"][0]
    rows = data.blocks.get(block.key)
    if block.open is None:
        for row in rows.rows if rows is not None else ():
            declared = subject.reads.declared(data.form.id, row.key)
            if declared is not None:
                now = _shown(subject, data, declared.show, row, check.given["now"][0])
                last = _before(subject, check, data.form.id, row.key)
                yield Compared(data, row, row.key, declared.label, now, last, row.cells.get(reason), block.key)
        return
    column = next(c for c in block.columns if c.key == check.given["now"][0])
    fixed = {row.key for row in block.rows}
    mine = {row.key: row for row in (rows.rows if rows is not None else ()) if row.key not in fixed}
    spent = _spent(subject, column.show, max(block.open.levels, default=0))
    for code in sorted({*mine, *spent}):
        own = mine.get(code)
        now = _shown(subject, data, column.show, own, column.key, code)
        last = subject.reads.at(data.form.id, code, before)
        name = own.label or own.text("name") if own is not None else spent[code]
        label = code + (name if not name.startswith(code) else name[len(code) :])
        yield Compared(data, own, code, label, now, last, own.cells.get(reason) if own is not None else None, block.key)


def _spent(subject: Subject, show: str, digits: int) -> dict[str, str]:
    """Codes (of the block's level) and names of the table that a column looks up."""
    tree = expression.parse(show) if show else None
    if not isinstance(tree, Call) or not isinstance(tree.arguments[0], Ref):
        return {}
    data = subject.book.sheet(tree.arguments[0].parts[0])
    found = data.rows if data is not None else {}
    return {key: row.text("name") or row.label for key, row in found.items() if key.isdigit() and len(key) == digits}


def _shown(subject: Subject, data: FormData, show: str, row: RowData | None, column: str, code: str = "") -> Operand:
    """The amount a cell shows by formula (a place, or a look-up by code); else what was typed."""
    tree = expression.parse(show) if show else None
    if isinstance(tree, Ref) and len(tree.parts) == 3:
        return subject.reads.at(*tree.parts)
    if isinstance(tree, Call) and tree.name == "lookup":
        table, _, amount = tree.arguments
        if isinstance(table, Ref) and isinstance(amount, Ref):
            return subject.reads.at(table.parts[0], code, amount.parts[0])
    if row is None:
        return subject.reads.at(data.form.id, code, column)
    return subject.reads.in_row(data, row, column)


def _quoted(cell: Cell | None) -> str:
    """As it was typed, without the mark at its end: the sentence has its own."""
    return cell.text.strip().rstrip("。.；;，,、 ") if cell is not None else ""


def _said(cell: Cell | None) -> str:
    text = unicodedata.normalize("NFKC", cell.text).strip().strip("。.;；,，、 ") if cell is not None else ""
    return "" if text in _NOTHING else text


def prior_given(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Last year's amount is given for each row (for `only_spent:` rows, where there is something this year)."""
    for row in compared(subject, check):
        if row.key in check.given.get("only_spent", ()) and not row.now.value:
            continue
        if row.before.state is State.BAD:
            yield Verdict(Outcome.UNANSWERABLE, row.place, blame=(row.before,))
            continue
        cells = (row.before.cell,) if row.before.cell is not None else row.place
        words = {"sheet": row.data.form.sheet, "row": row.label, "cell": str(cells[0])}
        yield Verdict(Outcome.BROKEN if row.before.state is State.BLANK else Outcome.HOLDS, cells, words)


def prior_not_nothing(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A unit that was there last year had something: rows with an amount this year and zero last year, said at once."""
    rows = [row for row in compared(subject, check) if row.now.value and row.before.state is State.NUMBER]
    nothing = [row for row in rows if not row.before.value]
    named = nothing or rows
    if named:
        cells = tuple(row.before.cell for row in named if row.before.cell is not None)
        words = {
            "sheet": named[0].data.form.sheet,
            "rows": "、".join(f"“{row.label}”" for row in named),
            "cells": places.cells(cells, beside=named[0].data.sheet),
        }
        yield Verdict(Outcome.BROKEN if nothing else Outcome.HOLDS, cells, words)


def reason_given(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A difference has its reason."""
    for row in compared(subject, check):
        if not row.now.readable or row.before.state is State.BAD:
            bad = tuple(o for o in (row.now, row.before) if not o.readable)
            yield Verdict(Outcome.UNANSWERABLE, row.place, blame=bad)
            continue
        if check.given.get("each_given") and row.before.state is not State.NUMBER:
            continue
        if not row.difference or (row.row is not None and row.reason is None):
            continue  # a column that can't be found is the reader's affair
        if _near(subject, check, row):
            continue
        like = row.now if row.now.cell is not None else row.before
        words = {
            "sheet": row.data.form.sheet,
            "row": row.label,
            "cell": str(row.place[0]),
            "now": places.quantity(like, row.now.value),
            "before": places.quantity(like, row.before.value),
        }
        outcome = Outcome.HOLDS if _said(row.reason) else Outcome.BROKEN
        yield Verdict(outcome, row.place, words, asks=(row.now, row.before))


def _near(subject: Subject, check: Check, row: Compared) -> bool:
    """`near:` the setting of how many percentage points from 100 % need no reason, of the completion as it is written.

    `decimals:` is the setting of how percentages are written, `digits:` what its choices begin with = decimals.
    """
    given = check.given
    if "near" not in given or row.before.value <= 0:
        return False
    points, style = _setting(subject, given["near"][0]), _setting(subject, given["decimals"][0])
    choices = dict(one.split("=") for one in given["digits"])
    digits = next((int(n) for name, n in choices.items() if style.startswith(name)), 2)
    share = (row.now.value * 100 / row.before.value).quantize(Decimal(1).scaleb(-digits), context=_ROUND)
    return bool(_POINTS.fullmatch(points)) and abs(share - 100) <= Decimal(points)


def _setting(subject: Subject, path: str) -> str:
    """What is chosen at form.row, else the form's default."""
    form_id, row = path.split(".")
    declared = subject.reads.declared(form_id, row)
    return subject.book.text(form_id, row).strip() or (declared.default if declared is not None else "")


def reason_fits(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A reason that speaks of more does not explain less, nor the other way round."""
    for row in compared(subject, check):
        text = _said(row.reason)
        if not text or not row.now.readable or row.before.state is not State.NUMBER or not row.difference:
            continue
        more = row.difference > 0
        against, excused = (_DOWN, _EXCUSED_DOWN) if more else (_UP, _EXCUSED_UP)
        word = next((w for w in against if w in text), "")
        wrong = bool(word) and not any(w in text for w in excused)
        like = row.now if row.now.cell is not None else row.before
        words = {
            "row": row.label,
            "cell": str(row.place[0]),
            "moved": f"{'增加' if more else '减少'} {places.quantity(like, abs(row.now.value - row.before.value))}",
            "word": word,
            "reason": _quoted(row.reason),
        }
        outcome = Outcome.BROKEN if wrong else Outcome.HOLDS
        yield Verdict(outcome, row.place, words, asks=(row.now, row.before))


def reason_once(subject: Subject, check: Check) -> Iterator[Verdict]:
    """One reason does not explain three different changes (`reasons:` form.block.column)."""
    found: dict[str, dict[tuple[Decimal, Decimal], CellRef]] = {}
    typed: dict[str, str] = {}
    for path, now, before in zip(check.given["reasons"], check.given["now"], check.given["before"], strict=True):
        form_id, block, reason = path.split(".")
        given = {"now": (now,), "before": (before,), "reason": (reason,)}
        one = Check(check.kind, check.severity, check.tolerance, check.fix, scope=(Scope(form_id, block),), given=given)
        for row in compared(subject, one):
            text = _said(row.reason)
            if text and row.reason is not None and row.difference:
                typed.setdefault(text, _quoted(row.reason))
                found.setdefault(text, {}).setdefault((row.now.value, row.before.value), row.reason.ref)
    for text, refs in found.items():
        cells = tuple(refs.values())
        words = {"reason": typed[text], "count": str(len(cells)), "cells": places.cells(cells)}
        yield Verdict(Outcome.BROKEN if len(cells) >= 3 else Outcome.HOLDS, cells, words)


def years_differ(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Last year's large totals are not this year's to the last digit, nor about 10,000 times off (`mixed_only:`)."""
    for row in compared(subject, check):
        now, before = row.now, row.before
        if now.state is not State.NUMBER or before.state is not State.NUMBER or not now.value or not before.value:
            continue
        cells = tuple(o.cell for o in (before, now) if o.cell is not None)
        ratio = before.value / now.value
        mixed = any(_WAN / 2 <= times <= _WAN * 2 for times in (ratio, 1 / ratio) if times > 0)
        same = now.value == before.value and now.value >= _LARGE and "mixed_only" not in check.given
        words = {
            "row": row.label,
            "cell": str(before.cell),
            "before": places.quantity(before, before.value),
            "now": places.quantity(now, now.value),
            "what": "相差约一万倍，疑为元、万元混用" if mixed else "分毫不差，疑把本年数填成了上年数",
        }
        yield Verdict(Outcome.BROKEN if mixed or same else Outcome.HOLDS, cells, words)


CODED: dict[str, Coded] = {
    "prior_given": prior_given,
    "prior_not_nothing": prior_not_nothing,
    "reason_given": reason_given,
    "reason_fits": reason_fits,
    "reason_once": reason_once,
    "years_differ": years_differ,
}
