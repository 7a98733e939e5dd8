"""How a workbook looks: one place for colours, fonts, borders and number formats."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from openpyxl.cell import Cell
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side

from ..model.form import Kind

INPUT, SUM, HEAD, FIXED, SECTION, PLAIN = "FFF9E3", "E6F0E4", "D6E1EC", "F5F5F5", "EAF0F6", ""
WARN, WRONG = "FBD8A5", "F8B4AC"
_LINE, _INK, _GREY, _LINK = "8C98A4", "000000", "5F6B76", "1F5FA8"

MONEY_IN_TABLE = "#,##0.00_ ;-#,##0.00_ ;;@"  # a zero is printed as a blank; "_ " keeps off the border
FORMATS = {
    Kind.MONEY: "#,##0.00_ ;-#,##0.00_ ",
    Kind.COUNT: "0_ ;-0_ ",
    Kind.NUMBER: "General",
    Kind.RATE: "0.00%_ ;-0.00%_ ",
    Kind.CODE: "@",
    Kind.TEXT: "@",
    Kind.PROSE: "@",
    Kind.CHOICE: "@",
    Kind.CHECKS: "@",
    Kind.DATE: "@",  # what is typed stays as typed: 11月8日 must not become a serial number
    Kind.VERBATIM: "@",
}
RIGHT = frozenset({Kind.MONEY, Kind.COUNT, Kind.NUMBER, Kind.RATE})
WRAPPED = frozenset({Kind.TEXT, Kind.PROSE, Kind.VERBATIM, Kind.NAME})


@dataclass(frozen=True)
class Look:
    """One way a cell may look."""

    fill: str = PLAIN
    bold: bool = False
    horizontal: str = "left"
    vertical: str = "center"
    wrap: bool = False
    border: bool = True
    size: float = 10.5
    font: str = "宋体"
    color: str = _INK
    italic: bool = False
    number: str = "General"
    text: bool = False  # starts with a sign of a formula, and is text all the same
    indent: int = 0

    def but(self, **changes: Any) -> Look:
        return replace(self, **changes)


TITLE = Look(bold=True, horizontal="center", border=False, size=16)
LINE_LEFT = Look(border=False)
LINE_RIGHT = Look(border=False, horizontal="right")
NOTE = Look(border=False, wrap=True, vertical="top", size=9.5)
HINT = Look(border=False, wrap=True, size=9.5, color=_GREY)
HEADING = Look(border=False, bold=True, size=12)
HEAD_CELL = Look(HEAD, bold=True, horizontal="center", wrap=True)
LABEL = Look(wrap=True)
LINE_NUMBER = Look(horizontal="center", color=_GREY)
HELP = Look(wrap=True, size=9.5, color=_GREY, indent=1)
FIXED_CELL = Look(FIXED)
LINK = Look(color=_LINK)


def entry(kind: Kind, formula: bool = False) -> Look:
    """A cell to fill in, or one that a formula fills."""
    return Look(
        SUM if formula else INPUT,
        horizontal="right" if kind in RIGHT else "left",
        vertical="top" if kind is Kind.PROSE else "center",
        wrap=kind in WRAPPED,
        number=FORMATS.get(kind, "General"),
    )


class Paint:
    """Gives cells their look; each look is built once per workbook."""

    def __init__(self) -> None:
        self._made: dict[Look, Any] = {}

    def __call__(self, cell: Cell, look: Look) -> None:
        made = self._made.get(look)
        if made is not None:
            cell._style = copy(made)
            return
        cell.font = Font(name=look.font, size=look.size, bold=look.bold, italic=look.italic, color="FF" + look.color)
        cell.alignment = Alignment(
            horizontal=look.horizontal, vertical=look.vertical, wrap_text=look.wrap, indent=look.indent
        )
        if look.fill:
            cell.fill = PatternFill("solid", fgColor="FF" + look.fill)
        if look.border:
            side = Side(style="thin", color="FF" + _LINE)
            cell.border = Border(left=side, right=side, top=side, bottom=side)
        cell.number_format = look.number
        cell.protection = Protection(locked=False)
        if look.text:
            cell.quotePrefix = True
        self._made[look] = copy(cell._style)


def alarm(formula: str, colour: str) -> FormulaRule:
    """A conditional format that fills the cell when ``formula`` (without "=") holds."""
    return FormulaRule(formula=[formula], fill=PatternFill("solid", bgColor="FF" + colour, fgColor="FF" + colour))
