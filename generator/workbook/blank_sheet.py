"""One worksheet being written: cells, merges, validations, warnings; remembers the exact values for the caches."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ..editions import Edition, EditionError
from ..model.form import OpenRows
from .blank_formulas import Formulas
from .blank_plan import SheetPlan, Value
from .blank_spots import address, quoted
from .blank_style import WRONG, Look, Paint, alarm

Words = Mapping[str, tuple[str, str]]  # place in edition wording → (spreadsheet expression, text now)
Cache = dict[tuple[str, str], Value]  # (sheet, address) → exact value of a number or formula cell

MAX_TEXT = 32767
_LIST_LIMIT = 250
_LINE_HEIGHT = 1.45  # of the type size
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass
class Kit:
    """What every sheet of one workbook shares."""

    edition: Edition
    formulas: Formulas
    paint: Paint
    words: Words
    amount_line: tuple[str, str]  # formula and text now
    statement: tuple[str, str]  # which 无数据声明: spreadsheet expression and the name chosen now
    cache: Cache
    lists: Callable[[Sequence[str]], str]  # choices → address of a list on the hidden sheet
    codes: Callable[[OpenRows], str]  # open rows → address of the known codes that may stand there


class Pen:
    """Writes into one worksheet."""

    def __init__(self, kit: Kit, sheet: Worksheet, plan: SheetPlan | None = None) -> None:
        self.kit, self.sheet, self.plan = kit, sheet, plan
        self._rules: dict[tuple[str, bool], tuple[DataValidation, list[Cell]]] = {}
        sheet.sheet_view.showGridLines = False

    def put(
        self, row: int, column: int, value: Value | None, look: Look, *, last: int = 0, down: int = 1, formula: str = ""
    ) -> Cell:
        """Write a cell, merged to column ``last`` and ``down`` rows. With ``formula`` the value is its cached result.

        ValueError for text that no workbook can hold.
        """
        last = max(last, column)
        if isinstance(value, str) and not formula and value[:1] in tuple("=+-@'"):
            look = look.but(text=True)
        cell = self.sheet.cell(row, column)
        for r in range(row, row + down):
            for c in range(column, last + 1):
                self.kit.paint(self.sheet.cell(r, c), look)
        if formula:
            cell.value = formula
            where = f"{self.sheet.title}!{cell.coordinate}"
            stored = _text(value, where) if isinstance(value, str) else value
            self.kit.cache[self.sheet.title, cell.coordinate] = "" if stored is None else stored
        elif isinstance(value, str):
            cell.value = _text(value, f"{self.sheet.title}!{cell.coordinate}")
            cell.data_type = "s"  # never a formula or an error, whatever it looks like
        elif value is not None:
            cell.value = value
            self.kit.cache[self.sheet.title, cell.coordinate] = value
        if last > column or down > 1:
            # Every covered cell has its borders already, which is what openpyxl's own merging would see to.
            covered = CellRange(min_row=row, max_row=row + down - 1, min_col=column, max_col=last)
            self.sheet.merged_cells.ranges.add(covered)
        return cell

    def wording(self, row: int, column: int, text: str, look: Look, *, last: int = 0) -> Cell:
        """Edition wording whose places follow the sheet of the unit by formula."""
        formula, now = expand(text, self.kit.words)
        return self.put(row, column, now, look, last=last, formula=formula)

    def comment(self, cell: Cell, text: str) -> None:
        note = Comment(text, "gongkai")
        note.width = 260
        note.height = 24 + 18 * lines(text, 34)
        cell.comment = note

    def choose(self, cell: Cell, choices: Sequence[str], strict: bool = True) -> None:
        """A drop-down; not ``strict``: other text is allowed."""
        joined = ",".join(choices)
        plain = len(joined) <= _LIST_LIMIT and not any("," in c or '"' in c for c in choices)
        self.pick(cell, f'"{joined}"' if plain else self.kit.lists(choices), strict)

    def pick(self, cell: Cell, source: str, strict: bool) -> None:
        """A drop-down from ``source``: a constant list, or the address of one."""
        if (source, strict) not in self._rules:
            rule = DataValidation("list", formula1=source, allow_blank=True, showErrorMessage=strict)
            rule.errorTitle, rule.error = "请从列表中选择", "请从下拉列表中选择一项；如需清空，按 Delete 键。"
            self._rules[source, strict] = (rule, [])
        self._rules[source, strict][1].append(cell)

    def expect_number(self, cell: Cell, whole: bool = False) -> None:
        """Warn, without refusing, when something else than a number is typed."""
        kind = "whole" if whole else "decimal"
        if (kind, False) not in self._rules:
            rule = DataValidation(kind, formula1="-1E+15", formula2="1E+15", allow_blank=True, showErrorMessage=True)
            rule.operator = "between"
            rule.errorStyle, rule.errorTitle = "warning", "请填数字"
            rule.error = "此处应为整数。" if whole else "此处应为数字，不带单位和文字。"
            self._rules[kind, False] = (rule, [])
        self._rules[kind, False][1].append(cell)

    def _add_rules(self) -> None:
        for rule, cells in self._rules.values():
            rule.sqref = MultiCellRange(" ".join(_runs(cells)))
            self.sheet.add_data_validation(rule)

    def watch_label(self, cell: Cell, expected: str) -> None:
        """The cell turns red when its fixed wording is changed (spaces don't count)."""
        bare = "".join(expected.split())
        if bare:
            here = f'SUBSTITUTE(SUBSTITUTE({cell.coordinate}," ",""),"　","")'
            self.sheet.conditional_formatting.add(cell.coordinate, alarm(f"{here}<>{quoted(bare)}", WRONG))

    def watch_sum(self, cells: str, here: str, formula: str) -> None:
        """Cells turn red when the number in them is not the sum; ``formula`` is written for the cell ``here``."""
        rule = alarm(f"IFERROR(ABS({here}-({formula.removeprefix('=')}))>0.005,FALSE)", WRONG)
        self.sheet.conditional_formatting.add(cells, rule)

    def widths(self, widths: Sequence[float]) -> None:
        for index, width in enumerate(widths, 1):
            self.sheet.column_dimensions[address(index, 1)[:-1]].width = round(width + 0.7, 2)

    def height(self, row: int, text: str, width: float, size: float = 10.5, least: int = 1) -> None:
        """Row height for wrapped text in a cell ``width`` characters wide; never lowers a height already set."""
        wanted = max(lines(text, width * 10.5 / size), least) * size * _LINE_HEIGHT + 3
        known = self.sheet.row_dimensions[row].height
        self.sheet.row_dimensions[row].height = round(min(max(wanted, known or 0), 400), 1)

    def page(self, last_column: int, last_row: int, *, landscape: bool, head: tuple[int, int], one: bool) -> None:
        """Close the sheet: its validations, and paper: A4, centred, as wide as the page, head rows repeated."""
        self._add_rules()
        sheet = self.sheet
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.orientation = "landscape" if landscape else "portrait"
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 1 if one else 0
        sheet.print_options.horizontalCentered = True
        margins = sheet.page_margins
        margins.left = margins.right = 0.5
        margins.top = margins.bottom = 0.7
        sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
        sheet.oddFooter.center.size = 9
        sheet.print_area = f"A1:{address(last_column, last_row)}"
        if head[0]:
            sheet.print_title_rows = f"{head[0]}:{head[1]}"


def expand(text: str, words: Words) -> tuple[str, str]:
    """Formula ("" when nothing is filled in) and present text of edition wording. EditionError for an unknown place."""
    parts: list[str] = []
    now = ""
    for index, piece in enumerate(text.replace("}", "{").split("{")):
        if index % 2:
            if piece not in words:
                raise EditionError(f"“{text}”：没有可代入的 {{{piece}}}", f"可用的有：{'、'.join(words)}。")
            parts.append(words[piece][0])
            now += words[piece][1]
        elif piece:
            parts.append(quoted(piece))
            now += piece
    return ("=" + "&".join(parts) if "{" in text else "", now)


def lines(text: str, width: float) -> int:
    """Lines that ``text`` takes in a cell ``width`` characters wide; a Chinese character counts two."""
    return sum(max(1, math.ceil(text_width(line) / max(width, 1))) for line in text.split("\n"))


def text_width(text: str) -> int:
    return sum(1 if ord(c) < 0x2000 else 2 for c in text)


def _runs(cells: Sequence[Cell]) -> list[str]:
    """Ranges over the cells: neighbours down a column become one."""
    places = sorted((cell.column, cell.row) for cell in cells)
    known = set(places)
    starts = [p for p in places if (p[0], p[1] - 1) not in known]
    ends = [p for p in places if (p[0], p[1] + 1) not in known]
    return [
        address(*first) if first == last else f"{address(*first)}:{address(*last)}"
        for first, last in zip(starts, ends, strict=True)
    ]


def _text(value: str, where: str) -> str:
    if len(value) > MAX_TEXT:
        raise ValueError(f"{where}: text of {len(value)} characters; a cell holds {MAX_TEXT}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{where}: text with half a character (lone surrogate)") from None
    # The file format's own way to hold control characters, and text that looks like it.
    return _ESCAPED.sub(lambda m: f"_x{ord(m[0]):04X}_", value)


__all__ = ["Cache", "Kit", "Pen", "Words", "expand", "lines", "text_width"]
