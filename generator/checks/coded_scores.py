"""Rates and scores of the performance forms: they are typed, and must agree with each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from ..model.book import FormData
from ..model.cell import CellRef
from ..model.figure import ZERO
from . import typed
from .coded import Coded, Subject, Verdict
from .formula import Operand, Side, State
from .performance import (
    BUDGET,
    EXECUTED,
    EXECUTION,
    INDICATORS,
    RATE,
    TOTAL,
    amount_of,
    field,
    forms,
    indicator,
    label,
    not_filled,
    operand,
    refs,
    rows,
    shown,
    unreadable,
)
from .rule import Check, Outcome, Single

_POINTS = re.compile(r"[(（]\s*(\d+(?:\.\d+)?)\s*分\s*[)）]")


def _pick(check: Check, name: str) -> Decimal:
    return Decimal(check.given[name][0])


def execution_rate(subject: Subject, check: Check) -> Iterator[Verdict]:
    """执行率 = 执行数 ÷ 预算数."""
    for data in forms(subject, check):
        budget, executed = amount_of(data, BUDGET), amount_of(data, EXECUTED)
        cell = field(data, RATE)
        rate = typed.share(cell)
        typed_rate = operand(data, RATE, cell, label(data, RATE))
        wrong = unreadable((budget, executed, typed_rate)) or not_filled(data, (budget, executed, typed_rate))
        if wrong is not None:
            yield wrong
        elif budget.value > 0 and rate is not None and cell is not None:
            typed_rate = typed_rate._replace(unit="%" if rate.value != typed_rate.value else "")
            exact = executed.value / budget.value
            good = abs(exact - rate.value) <= rate.slack
            text = (
                f"{data.sheet}执行率填的是 {cell.text}（{cell.ref.address}），"
                f"按执行数 {shown(executed.value)} ÷ 预算数 {shown(budget.value)} 应为 {exact * 100:.2f}%。"
            )
            per_unit = budget.value * rate.value / typed_rate.value if typed_rate.value else ZERO
            single = Single(
                budget.value * rate.value - executed.value,
                budget.value * rate.slack,
                ((per_unit, typed_rate), (Decimal(-1), executed), (rate.value, budget)),
            )
            outcome = Outcome.HOLDS if good else Outcome.BROKEN
            yield Verdict(outcome, refs((typed_rate, executed, budget)), {"text": text}, single=single)


def executed_within(subject: Subject, check: Check) -> Iterator[Verdict]:
    """执行数 is not above 预算数."""
    for data in forms(subject, check):
        budget, executed = amount_of(data, BUDGET), amount_of(data, EXECUTED)
        if budget.state is State.NUMBER and executed.state is State.NUMBER:
            good = executed.value <= budget.value + Decimal("0.005")
            text = f"{data.sheet}执行数 {shown(executed.value)} 大于预算数 {shown(budget.value)}（{executed.cell}）。"
            yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, refs((executed, budget)), {"text": text})


def execution_score(subject: Subject, check: Check) -> Iterator[Verdict]:
    """得分 = 权重 × 执行率; full marks only for full execution."""
    weight = _pick(check, "weight")
    for data in forms(subject, check):
        budget, executed, score = amount_of(data, BUDGET), amount_of(data, EXECUTED), amount_of(data, EXECUTION)
        wrong = unreadable((score,)) or not_filled(data, (score,))
        if wrong is not None:
            yield wrong
            continue
        found = typed.amount(field(data, EXECUTION))
        if found is None or budget.state is not State.NUMBER or executed.state is not State.NUMBER or budget.value <= 0:
            continue
        exact = min(weight, weight * executed.value / budget.value)
        slack = Decimal("0.05") if found.value >= weight else found.slack
        good = abs(exact - found.value) <= slack
        text = (
            f"{data.sheet}预算执行得分填的是 {shown(found.value)}（{score.cell.address if score.cell else ''}），"
            f"按 {shown(weight)} 分 × 执行率应为 {exact:.2f}。"
        )
        single = Single(
            found.value * budget.value - weight * executed.value,
            budget.value * slack,
            ((budget.value, score), (-weight, executed), (found.value, budget)),
        )
        outcome = Outcome.HOLDS if good else Outcome.BROKEN
        within = executed.value <= budget.value
        yield Verdict(outcome, refs((score, executed, budget)), {"text": text}, single=single if within else None)


def total_score(subject: Subject, check: Check) -> Iterator[Verdict]:
    """总分 = 预算执行得分 + 各指标得分."""
    for data in forms(subject, check):
        total, execution = amount_of(data, TOTAL), amount_of(data, EXECUTION)
        if execution.state is State.BLANK:
            continue  # the rule on that score says so
        scores = _scores(data)
        wrong = unreadable((total, execution, *scores)) or not_filled(data, (total, *scores))
        if wrong is not None:
            yield wrong
            continue
        parts = (execution, *scores)
        exact = sum((o.value for o in parts), ZERO)
        rounded = sum(o.value != o.value.to_integral_value() for o in (total, *parts))
        good = abs(total.value - exact) <= Decimal("0.005") * rounded  # whole points add up exactly
        text = (
            f"{data.sheet}总分填的是 {shown(total.value)}（{total.cell.address if total.cell else ''}），"
            f"预算执行得分与各指标得分合计 {shown(exact)}，差 {shown(abs(total.value - exact))}。"
        )
        yield Verdict(
            Outcome.HOLDS if good else Outcome.BROKEN,
            refs((total, *parts)),
            {"text": text},
            left=Side(exact if good else total.value, ((1, total),)),
            right=Side(exact, tuple((1, o) for o in parts)),
        )


def _scores(data: FormData) -> tuple[Operand, ...]:
    return tuple(
        operand(data, f"{INDICATORS}.{n}", row.cells.get("score"), f"{indicator(row)}（得分）", "score")
        for n, row in enumerate(rows(data), 1)
    )


def within_weights(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Scores of a group stay within the points printed behind its name; all together within the form's."""
    whole = _pick(check, "weight")
    for data in forms(subject, check):
        groups: dict[str, list[Operand]] = {}
        weights: dict[str, Decimal] = {}
        name = ""
        for row, score in zip(rows(data), _scores(data), strict=True):
            name = row.text("level1").strip() or name
            groups.setdefault(name, []).append(score)
            found = _POINTS.search(unicodedata.normalize("NFKC", name))
            if found:
                weights[name] = Decimal(found[1])
        scores = [o for group in groups.values() for o in group]
        if not scores or any(o.state is State.BAD for o in scores):
            continue
        problems: list[tuple[str, tuple[CellRef, ...]]] = []
        for name, weight in weights.items():
            got = sum((o.value for o in groups[name]), ZERO)
            if got > weight:
                problems.append((f"“{name}”各指标得分合计 {shown(got)}，超过 {shown(weight)} 分", refs(groups[name])))
        every = sum((o.value for o in scores), ZERO)
        if every > whole and not problems:
            problems.append((f"各指标得分合计 {shown(every)}，超过 {shown(whole)} 分", refs(scores)))
        if len(weights) == len(groups) and sum(weights.values(), ZERO) != whole:
            both = shown(sum(weights.values(), ZERO))
            problems.append((f"各一级指标的分值合计 {both}，不等于 {shown(whole)} 分", refs(scores)))
        for text, cells in problems:
            yield Verdict(Outcome.BROKEN, cells, {"text": f"{data.sheet}{text}。"})
        if not problems:
            yield Verdict(Outcome.HOLDS, refs(scores))


CODED: dict[str, Coded] = {
    "execution_rate": execution_rate,
    "executed_within": executed_within,
    "execution_score": execution_score,
    "total_score": total_score,
    "within_weights": within_weights,
}
