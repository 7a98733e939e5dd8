"""Relations that a workbook can show live by its own formulas, as values: what rules and forms say must hold."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from .expression import Binary

# Places in a reference's row, and the function that adds the rows below one in a table by code.
ROW, CODE, EVERY, CHILDREN = "{row}", "{code}", "every", "children"


class Over(Enum):
    """What a relation is tried on."""

    ONE = "one"  # itself only
    ROWS = "rows"  # every row of a block, in the place of {row}
    CODES = "codes"  # every code found in some blocks, in the place of {code}
    PARENTS = "parents"  # every row of a table by code that has rows below it, in the place of {row}


@dataclass(frozen=True, slots=True)
class Area:
    """A block of a form."""

    form: str
    block: str


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """``formula`` compares sums of cells, each named form.row.column. A row ``every`` is all rows of an open list;
    ``children(form.row.column)`` is the sum of the rows that belong to the row in a table by code.

    ``tolerance`` is in 万元 for each figure that is there; it counts only where the workbook is in 万元. Without
    ``money`` the figures are counts. The relation stands when all of ``when`` hold and not all of ``unless`` do.
    """

    rule: str
    title: str  # of the rule
    text: str  # what is compared, in words
    formula: Binary
    tolerance: Decimal
    money: bool = True
    when: tuple[Binary, ...] = ()
    unless: tuple[Binary, ...] = ()
    over: Over = Over.ONE
    areas: tuple[Area, ...] = ()  # the block of rows or parents, or the blocks in which codes are found
    digits: int = 0  # length of the codes, 0 = any
