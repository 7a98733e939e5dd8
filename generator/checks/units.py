"""A table in 元 pasted among tables in 万元: said once, instead of the dozens of relations that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ..editions import fill
from ..model.cell import CellRef
from ..model.finding import Finding
from ..model.form import Role
from . import places
from .formula import Reads
from .rule import Outcome, Rule, RuleResult

CODED = "mixed_units"
_WAN = Decimal(10000)
_NEAR = Decimal("0.01")  # of ten thousand: what rounding and a slip of the fingers may add
_ALIKE = (Decimal("0.2"), Decimal(5))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A relation between two forms, and how many times the first side is of the second."""

    result: RuleResult
    forms: tuple[str, str]
    ratio: Decimal

    def seen_from(self, form: str) -> Decimal:
        return self.ratio if form == self.forms[0] else 1 / self.ratio

    @property
    def apart(self) -> bool:
        return any(abs(ratio / _WAN - 1) <= _NEAR for ratio in (self.ratio, 1 / self.ratio))

    @property
    def alike(self) -> bool:
        return _ALIKE[0] < self.ratio < _ALIKE[1]


@dataclass(frozen=True)
class Mixed:
    """The forms in another unit than the workbook's, and what is said about them."""

    forms: frozenset[str] = frozenset()
    sheets: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    rule: str = ""

    def kept(self, results: Iterable[RuleResult]) -> tuple[RuleResult, ...]:
        """Without what the wrong unit breaks between tables."""
        return tuple(r for r in results if not self.forms or not self._explains(r))

    def said(self, findings: Sequence[Finding]) -> list[Finding]:
        """Without what the reader suspected of the same sheets."""
        return [f for f in findings if f.rule != self.rule or not any(c.sheet in self.sheets for c in f.cells)]

    def _explains(self, result: RuleResult) -> bool:
        if result.outcome is not Outcome.BROKEN or result.left is None or result.right is None:
            return False
        forms = {o.form for _, o in (*result.left.terms, *result.right.terms)}
        if len(forms) > 1:
            return bool(forms & self.forms)
        # Inside a table in the other unit a tail is ten thousand times as large.
        tail = result.check.tolerance * max(result.left.numbers + result.right.numbers, 1)
        return forms <= self.forms and abs(result.gap) / _WAN <= tail


def mixed(
    reads: Reads, rules: Sequence[Rule], results: Sequence[RuleResult], whole: Callable[[], Sequence[RuleResult]]
) -> Mixed:
    """What the broken relations in ``results`` say of units; ``whole`` gives all results when there is a suspicion."""
    found = next(((rule, check) for rule in rules for check in rule.checks if check.coded == CODED), None)
    if found is None or not any(pair.apart for pair in _pairs(results)):
        return Mixed()
    rule, check = found
    pairs = list(_pairs(whole()))
    forms: list[str] = []
    findings: list[Finding] = []
    while (form := _most_apart(reads, pairs)) is not None:
        own = [pair for pair in pairs if form in pair.forms and pair.apart]
        own.sort(key=lambda pair: abs(pair.result.left.value) if pair.result.left is not None else 0, reverse=True)
        pairs = [pair for pair in pairs if form not in pair.forms]
        forms.append(form)
        large = own[0].seen_from(form) > 1
        words = {
            "table": places.table(reads.edition.form(form)),
            "times": "一万倍" if large else "一万分之一",
            "doubt": _doubt(reads, form, large),
            "count": str(len(own)),
            **_example(reads, own[0], form),
        }
        cells: dict[CellRef, None] = {}
        for pair in own:
            cells.update(dict.fromkeys(pair.result.cells))
        findings.append(Finding(rule.id, check.severity, fill(check.message, words), check.fix, tuple(cells)))
    sheets = frozenset(d.sheet for form in forms for d in reads.book.sheets.get(form, ()))
    return Mixed(frozenset(forms), sheets, findings, rule.id)


def _doubt(reads: Reads, form: str, large: bool) -> str:
    """Performance forms are in 万元 whatever the workbook's unit: against them the unit itself may be the wrong one."""
    unit = reads.book.unit_of_amount
    if reads.edition.form(form).role is Role.PERFORMANCE and not (large and unit == "万元"):
        tables = f"各公开表以{'万元' if large else '元'}填写，而“单位信息”的金额单位选的是{unit}"
        return f"疑{tables}，或该表以元填写" if large else f"疑{tables}"
    wrong, right = ("元", "万元") if large else ("万元", "元")
    return f"疑以{wrong}填写，而本工作簿以{right}为单位"


def _example(reads: Reads, pair: _Pair, form: str) -> dict[str, str]:
    left, right = pair.result.left, pair.result.right
    assert left is not None
    assert right is not None
    sides = (left, right) if pair.forms[0] == form else (right, left)
    said = []
    for one in sides:
        like = one.terms[0][1]
        at = f"（{places.cells(one.cells)}）" if one.cells else ""
        said.append(places.place(reads, like) + " " + places.quantity(like, one.value) + at)
    return {"one": said[0], "other": said[1]}


def _most_apart(reads: Reads, pairs: Sequence[_Pair]) -> str | None:
    """The form with most relations ten thousand times off, and none to another table that fits."""
    order = {form.id: n for n, form in enumerate(reads.edition.forms)}
    scores: dict[str, int] = {}
    for pair in pairs:
        for form in pair.forms if pair.apart else ():
            scores[form] = scores.get(form, 0) + 1
    sound = {form for pair in pairs if pair.alike for form in pair.forms}
    # Of two tables that relate only to each other the later one is taken to be the stranger.
    return max((form for form in scores if form not in sound), key=lambda f: (scores[f], order[f]), default=None)


def _pairs(results: Iterable[RuleResult]) -> Iterator[_Pair]:
    for result in results:
        if result.left is None or result.right is None or not result.left.value or not result.right.value:
            continue
        if result.outcome not in (Outcome.BROKEN, Outcome.HOLDS):
            continue
        if any(not operand.money for _, operand in (*result.left.terms, *result.right.terms)):
            continue
        sides = [{operand.form for _, operand in side.terms} for side in (result.left, result.right)]
        if len(sides[0]) == 1 == len(sides[1]) and sides[0] != sides[1]:
            ratio = result.left.value / result.right.value
            if ratio > 0:
                yield _Pair(result, (next(iter(sides[0])), next(iter(sides[1]))), ratio)
