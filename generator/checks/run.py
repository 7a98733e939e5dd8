"""Every rule tried on a book: results one by one, and what to say about them."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from ..editions import Edition
from ..model.book import Book
from ..model.expression import Binary
from ..model.figure import ZERO
from ..model.finding import Finding, Severity
from . import accuse, answers, coded_tables, miscoded, passed_over, report, rules, units
from .coded import Subject, Verdict
from .formula import HALF_CENT, NotApplicable, Operand, Reads, Side, State, satisfied, side
from .implied import Implied
from .linear import envelope
from .registry import CODED
from .rule import Check, Each, Outcome, Rule, RuleKind, RuleResult, Scope, Sums

_WORST_FIRST = tuple(Severity)


def run(edition: Edition, book: Book) -> tuple[Finding, ...]:
    """What the reader said and what the rules say, worst first."""
    collecting = gc.isenabled()
    gc.disable()  # many small values and no cycles, as in reading
    try:
        return _run(edition, book)
    finally:
        if collecting:
            gc.enable()


def _run(edition: Edition, book: Book) -> tuple[Finding, ...]:
    trial = _Trial(edition, book, whole=False)
    texts = passed_over.found(trial.reads, lambda seen: evaluate(edition, seen))
    if texts.book is not book:  # go on as if the texts were numbers: what they break is said with them
        book = replace(texts.book, findings=tuple(texts.said(book.findings)))
        trial = _Trial(edition, book, whole=False)
    codes = miscoded.found(trial.reads, lambda seen: evaluate(edition, seen))
    if codes.book is not book:
        book = replace(codes.book, findings=tuple(codes.said(book.findings)))
        trial = _Trial(edition, book, whole=False)
    results: Sequence[RuleResult] = tuple(trial.results())
    found: list[Finding] = []
    mixed = units.mixed(trial.reads, rules.load(edition), results, lambda: evaluate(edition, book))
    blank = report.findings(trial.reads, [r for r in results if r.check.coded == coded_tables.FILLED])
    empty = coded_tables.empty(trial.reads, results)
    results = coded_tables.kept(mixed.kept(results), empty)
    if any(accuse.wanted(result) for result in results):
        trial.whole = trial.sided = True  # relations that hold speak too
        hints = tuple(trial.results(rules.hints(edition)))
        found, results = accuse.findings(
            trial.reads, coded_tables.kept(mixed.kept(trial.results()), empty), coded_tables.kept(hints, empty)
        )
        found = [_with_note(finding, book.findings) for finding in found]
    said = [
        *blank,
        *codes.findings,
        *texts.findings,
        *mixed.said(book.findings),
        *mixed.findings,
        *found,
        *report.findings(trial.reads, results),
    ]
    said = [*answers.answered(book, said), *answers.remarks(edition, book, said, waiting=bool(empty))]
    return tuple(sorted(dict.fromkeys(said), key=lambda finding: _WORST_FIRST.index(finding.severity)))


def _with_note(finding: Finding, notes: Sequence[Finding]) -> Finding:
    """A finding that names one cell also says what the reader noted of that cell, e.g. that it holds text."""
    if finding.tied != 1 or not finding.cells:
        return finding
    said = [n.message for n in notes if n.severity is Severity.INFO and n.cells == finding.cells[:1]]
    return replace(finding, message="\n".join([finding.message, *said])) if said else finding


def evaluate(edition: Edition, book: Book) -> tuple[RuleResult, ...]:
    """Each check of each rule in each of its places, in the order of the rules."""
    return tuple(_Trial(edition, book, whole=True).results())


@dataclass
class _Trial:
    """One book on trial.

    ``whole`` asks for every result, else only for those there is something to say about; ``sided`` leaves out what
    holds and compares nothing.
    """

    edition: Edition
    book: Book
    whole: bool
    sided: bool = False

    def __post_init__(self) -> None:
        self.reads = Reads(self.edition, self.book)
        self.implied = Implied(self.reads)
        self._verdicts: dict[int, tuple[Verdict, ...]] = {}  # by identity: a second pass asks nothing twice

    def results(self, found: tuple[Rule, ...] | None = None) -> Iterator[RuleResult]:
        """Of all rules of the edition, or of those given."""
        found = rules.load(self.edition) if found is None else found
        subject = Subject(self.edition, self.book, self.reads, self.implied, found)
        for rule in found:
            if self.whole and not self.sided:
                for absent in rule.absent:
                    words = {"reason": absent.reason}
                    yield RuleResult(rule, absent.check, Outcome.NOT_APPLICABLE, words=words)
            for check in rule.checks:
                if check.formula is not None:
                    yield from self._formula(rule, check, check.formula)
                elif check.implied:
                    yield from self._sums(rule, check)
                else:
                    yield from self._coded(rule, check, subject)

    def _coded(self, rule: Rule, check: Check, subject: Subject) -> Iterator[RuleResult]:
        if (check.when or check.unless) and not self._conditions(check, {})[1]:
            return
        verdicts = self._verdicts.get(id(check))
        if verdicts is None:
            verdicts = self._verdicts[id(check)] = tuple(CODED[check.coded](subject, check))
        for verdict in verdicts:
            left, right = verdict.left, verdict.right
            silent = left is None and verdict.single is None
            outcome, blame = verdict.outcome, verdict.blame
            if outcome is Outcome.BROKEN and left is not None and right is not None:
                operator = "<=" if check.kind is RuleKind.ORDER else "="
                if doubts := tuple(self._misplaced(check, operator, left, right, ())):
                    outcome, blame = Outcome.UNANSWERABLE, doubts
            if outcome is not Outcome.HOLDS or (self.whole and not (self.sided and silent)):
                yield RuleResult(
                    rule,
                    check,
                    outcome,
                    verdict.cells,
                    left,
                    right,
                    left.value - right.value if left is not None and right is not None else ZERO,
                    blame=blame,
                    words=verdict.words,
                    single=verdict.single,
                    asks=verdict.asks,
                )

    def _sums(self, rule: Rule, check: Check) -> Iterator[RuleResult]:
        for scope in check.scope:
            if self.book.sheet(scope.form) is None:
                gone = Operand(scope.form, "", "", State.NO_SHEET, ZERO, None, True, False)
                yield RuleResult(rule, check, Outcome.UNANSWERABLE, blame=(gone,))
        for relation in self.implied.of(check):
            if not self.whole and relation.exact:
                continue
            left, right = relation.sides
            blank = relation.total.state is State.BLANK and any(o.value for _, o in relation.addends)
            blame: tuple[Operand, ...] = (relation.total,) if blank else ()
            if not blank and relation.doubts and relation.hangs(max(envelope(check, left, right), HALF_CENT)):
                blame = relation.doubts  # held back until the code is right
            yield from self._judge(rule, check, "=", left, right, relation.how, blame)

    def _formula(self, rule: Rule, check: Check, formula: Binary) -> Iterator[RuleResult]:
        names = [each.name for each in check.each]
        fixed = self._conditions(check, {}) if not check.conditions_vary else None
        if fixed is not None and not fixed[1] and not self.whole:
            return
        for chosen in product(*(self._keys(each) for each in check.each)):
            places = dict(zip(names, chosen, strict=True))
            try:
                left, right = side(self.reads, formula.left, places), side(self.reads, formula.right, places)
                blame, applies = fixed if fixed is not None else self._conditions(check, places)
            except NotApplicable:
                if self.whole:
                    yield RuleResult(rule, check, Outcome.NOT_APPLICABLE)
                continue
            if applies:
                blame = (*blame, *self._misplaced(check, formula.operator, left, right, chosen))
                yield from self._judge(rule, check, formula.operator, left, right, None, blame)
            elif self.whole:
                yield RuleResult(rule, check, Outcome.NOT_APPLICABLE, left=left, right=right)

    def _misplaced(
        self, check: Check, operator: str, left: Side, right: Side, codes: Sequence[str]
    ) -> Iterator[Operand]:
        """Of a relation that fails: rows whose codes are of a wrong length, which it may be about.

        A relation by subject may miss the row itself, any other may read a total that lacks it.
        """
        slack = envelope(check, left, right)
        if satisfied(operator, left.value, right.value, slack):
            return
        for here, there, turned in ((left, right, False), (right, left, True)):
            for sign, operand in here.terms:
                doubts = self.reads.doubts(operand.form, operand.column)
                sums = {doubt.value for doubt in doubts} | {sum((doubt.value for doubt in doubts), ZERO)}
                for missing in sums if doubts else ():
                    with_it = here.value + sign * missing
                    sides = (there.value, with_it) if turned else (with_it, there.value)
                    if satisfied(operator, *sides, slack):
                        yield from doubts
                        return
        if not any(each.codes for each in check.each):
            return
        for _, operand in (*left.terms, *right.terms):
            for doubt in self.reads.doubts(operand.form, operand.column):
                if operand.state is State.ABSENT or doubt.row in codes:
                    yield doubt

    def _keys(self, each: Each) -> tuple[str, ...]:
        if each.keys:
            return each.keys
        found: dict[str, None] = {}
        for scope in each.codes:
            found.update(dict.fromkeys(self._codes(scope)))
        return tuple(code for code in found if not each.digits or len(code) == each.digits)

    def _codes(self, scope: Scope) -> Iterator[str]:
        data = self.book.sheet(scope.form)
        for block in self.edition.form(scope.form).blocks:
            if not scope.covers(block):
                continue
            fixed = {row.key for row in block.rows}
            yield from (row.key for row in block.rows if row.code)
            rows = data.blocks.get(block.key) if data is not None else None
            if block.open is not None and block.open.by_code and rows is not None:
                yield from (row.key for row in rows.rows if row.key not in fixed)

    def _conditions(self, check: Check, places: Mapping[str, str]) -> tuple[tuple[Operand, ...], bool]:
        """Operands of the conditions that can't be read, and whether the check applies (in doubt it does)."""
        blame: list[Operand] = []

        def holds(tree: Binary) -> bool:
            left, right = side(self.reads, tree.left, places), side(self.reads, tree.right, places)
            blame.extend(o for _, o in (*left.terms, *right.terms) if not o.readable)
            return satisfied(tree.operator, left.value, right.value)

        wanted = [holds(tree) for tree in check.when]  # all are tried: each may have something to blame
        unwanted = [holds(tree) for tree in check.unless]
        applies = all(wanted) and not (unwanted and all(unwanted))
        return tuple(blame), applies or bool(blame)

    def _judge(
        self,
        rule: Rule,
        check: Check,
        operator: str,
        left: Side,
        right: Side,
        how: Sums | None,
        blame: tuple[Operand, ...],
    ) -> Iterator[RuleResult]:
        good = all([operand.readable for _, operand in left.terms + right.terms]) and not blame  # noqa: C419 (faster)
        exact = good and satisfied(operator, left.value, right.value)
        if exact and not self.whole:
            return
        operands = [operand for _, operand in left.terms + right.terms]
        cells = tuple(dict.fromkeys(left.cells + right.cells))
        gap, tail = left.value - right.value, False
        if not good:
            blame = (*(o for o in operands if not o.readable), *blame)
            outcome = Outcome.UNANSWERABLE
        elif exact:
            outcome = Outcome.HOLDS if any(o.state is State.NUMBER for o in operands) else Outcome.NOT_APPLICABLE
        elif satisfied(operator, left.value, right.value, envelope(check, left, right)):
            outcome, tail = Outcome.HOLDS, True
        else:
            outcome = Outcome.BROKEN
        yield RuleResult(rule, check, outcome, cells, left, right, gap, tail, blame, how)
