"""Forms: the layout and meaning of one sheet, declared once by an edition and used by every stage.

A form knows keys, never addresses. A sheet is made of blocks: side by side in an official table (收入 | 支出),
one below the other on a supplementary sheet. A block has columns and either fixed rows, rows by subject code,
or a free list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Role(Enum):
    TABLE = "table"  # official table 01…: printed layout, blocks side by side
    INPUT = "input"  # supplementary sheet: blocks below each other
    PERFORMANCE = "performance"  # 绩效自评表: label/value lines over a grid


class Kind(Enum):
    """What a cell holds. LABEL and LINE are printed by the form itself and only matched when read."""

    LABEL = "label"  # row label of the form
    LINE = "line"  # 行次
    CODE = "code"  # subject code
    NAME = "name"  # subject name
    MONEY = "money"  # in the workbook's unit, 元 or 万元
    COUNT = "count"  # whole number of people, vehicles, projects …
    NUMBER = "number"  # any plain number
    RATE = "rate"  # shown by formula only; never read back
    HELP = "help"  # advice printed beside a field: the row's comment
    TEXT = "text"  # one line
    PROSE = "prose"  # text that may hold several paragraphs
    CHOICE = "choice"  # one of a list
    CHECKS = "checks"  # options printed as □/☑; the cell holds the chosen one
    DATE = "date"  # a date, or text such as 某年11月8日
    VERBATIM = "verbatim"  # printed exactly as typed, number or text (performance forms)

    __hash__ = object.__hash__  # members are single objects; the usual hash is a call in Python


_PRINTED = frozenset({Kind.LABEL, Kind.LINE, Kind.HELP})
AMOUNT_KINDS = frozenset({Kind.MONEY, Kind.COUNT, Kind.NUMBER})


@dataclass(frozen=True, slots=True)
class Term:
    """One addend of a declared sum: +1 or -1 times the cell of that row (or column) key."""

    sign: int
    key: str


@dataclass(frozen=True, slots=True)
class Column:
    """``head`` is the path down the stacked head; ``sum_of`` adds columns of the same row."""

    key: str
    head: tuple[str, ...]
    kind: Kind
    width: float = 12.0
    sum_of: tuple[Term, ...] = ()
    show: str = ""  # an expression shown by formula on a supplementary sheet: see expression.py
    choices: tuple[str, ...] = ()
    comment: str = ""
    span: int = 1  # grid columns covered (performance forms)
    split: tuple[str, ...] = ()  # a code printed over several columns under one head, such as 类, 款, 项

    @property
    def across(self) -> int:
        """Printed columns of an official table that this one takes."""
        return len(self.split) or 1


@dataclass(frozen=True, slots=True)
class Row:
    """A fixed row. ``sum_of`` adds rows of the same column; ``children`` adds the next code level below ``code``.

    In an open block a row without a code is its total: ``children`` then adds the rows of the top level.
    ``label_span`` is the number of columns the label covers, ending just before the first amount; 0 = the form's
    usual one (code and name where a row has no code, else the label column).
    """

    key: str
    label: str
    code: str = ""
    sum_of: tuple[Term, ...] = ()
    children: bool = False
    bold: bool = False
    kind: Kind | None = None  # for label/value blocks: the kind of this row's value
    label_span: int = 0
    show: str = ""  # see Column.show; fills the block's first value column
    choices: tuple[str, ...] = ()
    default: str = ""
    comment: str = ""
    required: bool = False
    spacer: bool = False  # an empty printed line

    @property
    def has_default(self) -> bool:
        """A setting that a workbook may lack; what every workbook must say for itself is ``required``."""
        return bool(self.choices and self.default) and not self.required


@dataclass(frozen=True, slots=True)
class OpenRows:
    """Any number of rows. With ``levels`` they are keyed by subject code and summed by prefix (类 3, 款 5, 项 7)."""

    levels: tuple[int, ...] = ()
    prepared: int = 10  # empty rows in a blank workbook
    begins: str = ""  # how the codes begin that the workbook offers: 2 functional, 3 economic subjects

    @property
    def by_code(self) -> bool:
        return bool(self.levels)


@dataclass(frozen=True, slots=True)
class Block:
    """One rectangle of a sheet. An open block may begin with fixed rows (its 合计)."""

    key: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    open: OpenRows | None = None
    title: str = ""  # section heading above the block on a supplementary sheet
    hint: str = ""
    first_line: int = 0  # 行次 of the first row, 0 = no 行次

    def column(self, key: str) -> Column:
        return next(c for c in self.columns if c.key == key)

    @property
    def label_column(self) -> Column | None:
        return next((c for c in self.columns if c.kind is Kind.LABEL), None)

    @property
    def value_columns(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.kind not in _PRINTED)

    def kind_of(self, row: Row, column: Column) -> Kind:
        """What the cell of that row and column holds: a label/value block gives each row its own kind."""
        return row.kind if row.kind is not None and column is self.value_columns[0] else column.kind

    @property
    def split_column(self) -> Column | None:
        """The column of codes that is printed over several."""
        return next((c for c in self.columns if c.split), None)

    @property
    def split_beside_total(self) -> bool:
        """The names 类, 款, 项 stand beside the 栏次 line and the first row, when that row (合计) has no code."""
        return self.split_column is not None and bool(self.rows) and not self.rows[0].code and not self.rows[0].spacer


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a line of a performance form: a printed label, a field to fill, or printed options."""

    span: int = 1
    label: str = ""
    field: str = ""
    kind: Kind = Kind.VERBATIM
    options: tuple[str, ...] = ()
    down: int = 1  # rows merged downwards
    suffix: str = ""  # unit printed after the value, such as 万元
    comment: str = ""
    marks: tuple[str, ...] = ()  # how an option chosen and one not chosen are printed; {n} and {option} are filled
    default: str = ""  # edition wording that stands in the field until something else is typed


@dataclass(frozen=True, slots=True)
class Group:
    """Indicators of one goal after the other: rows with the same text in ``column`` (blanks go on) are one group.

    The column is no column of the printed form. With a ``label`` ({number} counts the groups) every group begins with
    a line of its own, the label over ``span`` columns and the text, and repeats the heads; without, the side labels
    count the groups.
    """

    column: str
    label: str = ""
    span: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a performance form; ``indicators`` is the open part (its columns then carry the heads)."""

    parts: tuple[Part, ...] = ()
    indicators: Block | None = None
    merge_down: tuple[str, ...] = ()  # indicator columns whose equal neighbours merge
    sides: tuple[Part, ...] = ()  # labels merged down the left of the open part; ``down`` counts further lines too
    group: Group | None = None
    band: str = ""  # a row that holds nothing but this indicator column is printed across the whole width


def grid_places(lines: Sequence[Line]) -> tuple[tuple[int, ...], ...]:
    """The grid column, from 0, at which each part of each line begins; parts that reach down push others aside."""
    found: list[tuple[int, ...]] = []
    taken: dict[int, int] = {}  # grid column → lines it is still covered for
    for line in lines:
        covered, taken = taken, {column: left - 1 for column, left in taken.items() if left > 1}
        at, starts = 0, []
        for part in line.parts or line.sides:
            while line.parts and at in covered:
                at += 1
            starts.append(at)
            if part.down > 1:
                taken.update(dict.fromkeys(range(at, at + part.span), part.down - 1))
            at += part.span
        found.append(tuple(starts))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Header:
    """The line above a performance form: left text, and at the right a label with a field."""

    left: str = ""
    right: str = ""
    field: str = ""
    kind: Kind = Kind.DATE


@dataclass(frozen=True, slots=True)
class Form:
    """One sheet of the workbook."""

    id: str
    role: Role
    sheet: str
    title: str  # printed title; {year} {unit} … are filled, see Edition.words
    entry: str = ""  # the table's wording in the contents, without its ordinal
    blocks: tuple[Block, ...] = ()
    number: int = 0  # 表 N, 0 = not an official table
    form_no: str = ""  # 公开 0N 表
    ordinals: str = ""  # label of the 栏次 row; "-" numbers without a label; "" none
    orientation: str = "portrait"
    notes: tuple[str, ...] = ()
    statement: Mapping[str, str] = field(default_factory=dict)  # 无数据声明 by wording setting
    statement_of: tuple[str, ...] = ()  # these columns without amounts call for the statement; all when none is named
    repeat: bool = False  # any number of sheets of this form
    group_title: str = ""  # printed once above all sheets of a repeated form
    heading: str = ""  # performance: printed above the title; {ordinal} counts all forms that have one
    header: Header | None = None
    grid: tuple[float, ...] = ()  # performance: column widths in mm
    lines: tuple[Line, ...] = ()
    hint: str = ""
    source: str = ""  # file the form was declared in, for messages

    def block(self, key: str) -> Block:
        return next(b for b in self.blocks if b.key == key)

    def block_of_row(self, row_key: str) -> Block | None:
        """The block a fixed row belongs to; row keys are unique within a form."""
        return next((b for b in self.blocks if any(r.key == row_key for r in b.rows)), None)
