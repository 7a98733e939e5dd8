"""What a rule is, and what trying it gives: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from ..model.cell import CellRef
from ..model.expression import Binary
from ..model.figure import ZERO
from ..model.finding import Severity
from ..model.form import Block
from .formula import Operand, Side


class RuleKind(Enum):
    IDENTITY = "identity"  # one figure quoted in two places: equal to the last digit
    SUM = "sum"  # a figure and its addends: a tail is allowed
    ORDER = "order"  # a part and its whole
    CODED = "coded"


# A rule may be kept by another step than the checks: `coded:` then says by which, in these words.
ELSEWHERE: Mapping[str, str] = {
    "reader": "读取工作簿时核对",
    "document": "生成文档时核对",
    "construction": "由工具计算和排印，不会出错",
    "other_edition": "本版式不适用",
    "last_figures": "提供上年工作簿（--last）时核对",
    "last_texts": "提供上年工作簿（--last）时核对",
    "units_sum": "提供所属单位工作簿（--units）时核对",
    "units_alike": "提供所属单位工作簿（--units）时核对",
}


class Sums(Enum):
    """Which declared sums of a form a check stands for."""

    COLUMNS = "columns"  # Column.sum_of
    ROWS = "rows"  # Row.sum_of
    CHILDREN = "children"  # Row.children, open tables by code prefix


@dataclass(frozen=True, slots=True)
class Scope:
    """A form or one of its blocks."""

    form: str
    block: str = ""

    def covers(self, block: Block) -> bool:
        return not self.block or self.block == block.key


@dataclass(frozen=True, slots=True)
class Each:
    """A place filled in turn: by ``keys``, or by the codes of rows (of ``digits`` digits, 0 = any) found in a scope."""

    name: str
    keys: tuple[str, ...] = ()
    codes: tuple[Scope, ...] = ()
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One relation to try. ``tolerance`` is in 万元 per shown figure; ``message`` replaces the usual sentence."""

    kind: RuleKind
    severity: Severity
    tolerance: Decimal
    fix: str
    message: str = ""
    formula: Binary | None = None
    each: tuple[Each, ...] = ()
    when: tuple[Binary, ...] = ()
    unless: tuple[Binary, ...] = ()
    implied: tuple[Sums, ...] = ()
    coded: str = ""
    scope: tuple[Scope, ...] = ()
    conditions_vary: bool = False  # conditions with places to fill are asked in every place
    text: str = ""  # the formula as written, for explanations
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # `with:` words and keys a coded check needs


@dataclass(frozen=True, slots=True)
class Absent:
    """A check, or a part of it, that does not apply because the edition lacks what it speaks of."""

    check: Check
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    title: str
    severity: Severity
    explain: str
    fix: str
    basis: str
    checks: tuple[Check, ...]
    source: str
    example: str = ""  # a broken case in one sentence, for explanations
    absent: tuple[Absent, ...] = ()  # what the edition has nothing of; ``checks`` are those that apply


class Outcome(Enum):
    HOLDS = "holds"
    BROKEN = "broken"
    NOT_APPLICABLE = "does not apply"
    UNANSWERABLE = "unanswerable"


@dataclass(frozen=True, slots=True)
class Single:
    """A relation that is no sum, as each of its cells sees it while the others stay.

    ``gap`` plus factor × change of the cell has to lie within ±``slack``.
    """

    gap: Decimal
    slack: Decimal
    factors: tuple[tuple[Decimal, Operand], ...]


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One check tried in one place.

    A relation has ``left`` and ``right``; ``gap`` is left - right, and ``tail`` says that it holds only within the
    tail's envelope. A coded check has ``words`` for its message instead. ``blame`` are the operands that make the
    question unanswerable; ``how`` says how an implied sum adds (columns, rows, children); ``asks`` are amounts that a
    coded check speaks of.
    """

    rule: Rule
    check: Check
    outcome: Outcome
    cells: tuple[CellRef, ...] = ()
    left: Side | None = None
    right: Side | None = None
    gap: Decimal = ZERO
    tail: bool = False
    blame: tuple[Operand, ...] = ()
    how: Sums | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    single: Single | None = None
    asks: tuple[Operand, ...] = ()
