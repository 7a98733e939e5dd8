"""Performance forms that give every indicator its points: points, scores, deviations, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ..model.book import FormData, RowData
from ..model.figure import ZERO
from . import typed
from .coded import Coded, Subject, Verdict
from .coded_indicators import unmet
from .formula import Operand, Side, State
from .performance import (
    BUDGET,
    EXECUTED,
    INDICATORS,
    TOTAL,
    amount_of,
    forms,
    indicator,
    not_filled,
    operand,
    plain,
    refs,
    rows,
    shown,
    unreadable,
)
from .rule import Check, Outcome

_NONE = frozenset({"", "-", "—", "——", "/", "／", "无"})
_FINEST = Decimal("0.00005")


def _column(data: FormData, key: str, name: str) -> tuple[Operand, ...]:
    return tuple(_of(data, n, row, key, name) for n, row in enumerate(rows(data), 1))


def _of(data: FormData, number: int, row: RowData, key: str, name: str) -> Operand:
    return operand(data, f"{INDICATORS}.{number}", row.cells.get(key), f"{indicator(row)}（{name}）", key)


def points_add_up(subject: Subject, check: Check) -> Iterator[Verdict]:
    """The points of all indicators are the form's (`whole:`)."""
    whole = Decimal(check.given["whole"][0])
    for data in forms(subject, check):
        points = _column(data, "weight", "分值")
        wrong = unreadable(points) or not_filled(data, points)
        if wrong is not None:
            yield wrong
            continue
        if points:
            every = sum((o.value for o in points), ZERO)
            text = f"{data.sheet}各指标的分值合计 {shown(every)}，应为 {shown(whole)} 分。"
            yield Verdict(Outcome.HOLDS if every == whole else Outcome.BROKEN, refs(points), {"text": text})


def score_within_points(subject: Subject, check: Check) -> Iterator[Verdict]:
    """No indicator scores more than its points, nor less than none."""
    for data in forms(subject, check):
        for number, row in enumerate(rows(data), 1):
            score, points = _of(data, number, row, "score", "得分"), _of(data, number, row, "weight", "分值")
            wrong = unreadable((score,)) or not_filled(data, (score,))
            if wrong is not None:
                yield wrong
            elif points.state is State.NUMBER:
                good = score.value <= points.value
                text = (
                    f"{data.sheet}的“{indicator(row)}”得分填的是 {shown(score.value)}"
                    f"（{score.cell.address if score.cell else ''}），超过分值 {shown(points.value)}。"
                )
                yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, refs((score, points)), {"text": text})


def scores_add_up(subject: Subject, check: Check) -> Iterator[Verdict]:
    """总分 is the sum of all scores."""
    for data in forms(subject, check):
        total, scores = amount_of(data, TOTAL), _column(data, "score", "得分")
        wrong = unreadable((total, *scores)) or not_filled(data, (total,))
        if wrong is not None or any(o.state is State.BLANK for o in scores):
            if wrong is not None:
                yield wrong
            continue  # a score not filled in has its own finding
        exact = sum((o.value for o in scores), ZERO)
        rounded = sum(o.value != o.value.to_integral_value() for o in (total, *scores))
        good = abs(total.value - exact) <= Decimal("0.005") * rounded
        text = (
            f"{data.sheet}总分填的是 {shown(total.value)}（{total.cell.address if total.cell else ''}），"
            f"各指标得分合计 {shown(exact)}，差 {shown(abs(total.value - exact))}。"
        )
        yield Verdict(
            Outcome.HOLDS if good else Outcome.BROKEN,
            refs((total, *scores)),
            {"text": text},
            left=Side(exact if good else total.value, ((1, total),)),
            right=Side(exact, tuple((1, o) for o in scores)),
        )


def deviation_rates(subject: Subject, check: Check) -> Iterator[Verdict]:
    """偏差率 = (actual − target) ÷ target, where both are numbers of one unit."""
    for data in forms(subject, check):
        for row in rows(data):
            cell = row.cells.get("deviation")
            target, actual = typed.quantity(row.cells.get("target")), typed.quantity(row.cells.get("actual"))
            if target is None or actual is None or cell is None or plain(cell.text) in _NONE:
                continue
            if not target.value or target.unit != actual.unit:
                continue
            found = typed.signed_share(cell)
            here = (cell.ref, row.cells["target"].ref, row.cells["actual"].ref)
            if found is None:
                yield Verdict(Outcome.UNANSWERABLE, here)
                continue
            exact = (actual.value - target.value) / target.value
            good = abs(exact - found.value) <= found.slack + _FINEST
            text = (
                f"{data.sheet}的“{indicator(row)}”偏差率填的是 {cell.text}（{cell.ref.address}），按（实际完成值 "
                f"{shown(actual.value)} − 年初目标值 {shown(target.value)}）÷ 年初目标值应为 {exact:.4f}。"
            )
            yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, here, {"text": text})


def execution_indicator(subject: Subject, check: Check) -> Iterator[Verdict]:
    """The indicator of that name (`indicator:`) quotes 执行数 ÷ 预算数 as its actual value."""
    wanted = check.given["indicator"][0]
    for data in forms(subject, check):
        budget, executed = amount_of(data, BUDGET), amount_of(data, EXECUTED)
        if budget.state is not State.NUMBER or executed.state is not State.NUMBER or budget.value <= 0:
            continue
        for row in rows(data):
            cell = row.cells.get("actual")
            rate = typed.share(cell) if plain(row.text("level3")) == wanted else None
            if rate is None or cell is None:
                continue
            exact = executed.value / budget.value
            good = abs(exact - rate.value) <= rate.slack + _FINEST
            text = (
                f"{data.sheet}的“{wanted}”填的是 {cell.text}（{cell.ref.address}），"
                f"按执行数 {shown(executed.value)} ÷ 预算数 {shown(budget.value)} 应为 {exact * 100:.2f}%。"
            )
            cells = (cell.ref, *refs((executed, budget)))
            yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, cells, {"text": text})


def execution_points(subject: Subject, check: Check) -> Iterator[Verdict]:
    """That indicator scores its points times 执行数 ÷ 预算数; full points only for full execution."""
    wanted = check.given["indicator"][0]
    for data in forms(subject, check):
        budget, executed = amount_of(data, BUDGET), amount_of(data, EXECUTED)
        if budget.state is not State.NUMBER or executed.state is not State.NUMBER or budget.value <= 0:
            continue
        for number, row in enumerate(rows(data), 1):
            if plain(row.text("level3")) != wanted:
                continue
            score, points = _of(data, number, row, "score", "得分"), _of(data, number, row, "weight", "分值")
            found = typed.amount(row.cells.get("score"))
            if found is None or points.state is not State.NUMBER:
                continue
            exact = min(points.value, points.value * executed.value / budget.value)
            slack = Decimal("0.05") if found.value >= points.value else found.slack
            text = (
                f"{data.sheet}的“{wanted}”得分填的是 {shown(score.value)}（{score.cell.address if score.cell else ''}），"
                f"按分值 {shown(points.value)} × 执行率应为 {exact:.2f}。"
            )
            good = abs(exact - found.value) <= slack
            cells = refs((score, executed, budget))
            yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, cells, {"text": text})


def remarked(subject: Subject, check: Check) -> Iterator[Verdict]:
    """An indicator that missed its target says why in its own row (`field:` the column)."""
    column = check.given["field"][0]
    for data in forms(subject, check):
        for row in rows(data):
            if unmet(row):
                cell = row.cells.get(column)
                text = (
                    f"{data.sheet}的“{indicator(row)}”没有达到目标，备注没有说明原因"
                    f"{f'（{cell.ref.address}）' if cell is not None else ''}。"
                )
                cells = tuple(c.ref for c in (cell, row.cells.get("actual")) if c is not None)
                good = cell is not None and plain(cell.text) not in _NONE
                yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, cells, {"text": text})


CODED: dict[str, Coded] = {
    "points_add_up": points_add_up,
    "score_within_points": score_within_points,
    "scores_add_up": scores_add_up,
    "deviation_rates": deviation_rates,
    "execution_indicator": execution_indicator,
    "execution_points": execution_points,
    "remarked": remarked,
}
