"""The sheet 校验: every relation with both sides, the gap and the verdict, live while the workbook is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from openpyxl.cell import Cell
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from ..model.livecheck import LiveCheck
from .blank_live import TOP, Codes, Compiler, Line, block_rows, has_code
from .blank_live_values import BROKEN, EMPTY, OUTSIDE, PASSED, TAIL, UNREADABLE, Evaluator, Values
from .blank_plan import BlockPlan, SheetPlan, Value
from .blank_sheet import Kit, Pen
from .blank_spots import address, code_text, quoted, sheet_prefix
from .blank_style import HEAD_CELL, HINT, LABEL, LINK, TITLE, Look
from .blank_trees import fails

SHEET, HELPER = "校验", "校验辅助"
_HEADS = ("规则", "核对内容", "左边", "右边", "差额", "结果", "首个不符")
_WIDTHS = (34.0, 76.0, 17.0, 17.0, 15.0, 10.0, 18.0)
_TOP = 4  # the row of the heads
_NUMBERS, _SLACK = 8, 9  # hidden columns: figures that are there, and how far the sides may be apart
_AMOUNT = "#,##0.00####_ ;-#,##0.00####_ "
_ROWS_FORMATS = ('0" 行"', '0" 行相符"', '0" 行不符"')
_COLOURS = {
    PASSED: "D5E8D4",
    TAIL: "FFF2CC",
    BROKEN: "F8A19A",
    UNREADABLE: "FBD8A5",
    EMPTY: "EDEDED",
    OUTSIDE: "EDEDED",
}
_NOTE = (
    "以下各项随填随算，不用改动。“尾差”是以万元为单位四舍五入所致，不算错误；单击规则转到所在的表。“不适用”是本单位没有该项核对的前提。"
    "科目名称、文字内容等其他规则，请运行 gongkai check 校验。"
)
_HELPER_TOP = 5


def write_checks(
    kit: Kit, book: Workbook, sheet: Worksheet, plans: Sequence[SheetPlan], checks: Sequence[LiveCheck],
    unit: tuple[str, str],
) -> None:  # fmt: skip
    """Fill ``sheet``; ``unit`` are the address and the present text of the choice between 元 and 万元."""
    helper = _Helper(kit, book.create_sheet(HELPER), unit)
    compiler = Compiler(plans, helper.codes, helper.flag, helper.half)
    evaluator = Evaluator(compiler, kit.formulas, wan=helper.wan)
    lines = [line for line in map(compiler.line, checks) if line is not None]
    _Sheet(kit, sheet, compiler, evaluator).write(lines)


class _Helper:
    """The hidden sheet: the unit, and the codes of every block that has any, in one shape."""

    def __init__(self, kit: Kit, sheet: Worksheet, unit: tuple[str, str]) -> None:
        self._pen = Pen(kit, sheet)
        self._sheet, self._made = sheet, dict[tuple[str, str], Codes]()
        sheet.sheet_state = "hidden"
        self.wan = unit[1] != "元"
        here = sheet_prefix(HELPER)
        self.flag, self.half = here + address(2, 1, "cr"), here + address(2, 2, "cr")
        plain = Look(border=False)
        self._pen.put(1, 1, "以万元为单位", plain)
        self._pen.put(1, 2, int(self.wan), plain, formula=f'=IF({unit[0]}="元",0,1)')
        self._pen.put(2, 1, "半分", plain)
        flag = address(2, 1, "cr")
        self._pen.put(
            2, 2, Decimal("0.0000005" if self.wan else "0.005"), plain, formula=f"=IF({flag}=1,0.0000005,0.005)"
        )
        sheet.cell(2, 2).number_format = "0.0000000"

    def codes(self, sheet: SheetPlan, block: BlockPlan) -> Codes:
        key = (sheet.name, block.block.key)
        if key not in self._made:
            self._made[key] = self._make(sheet, block)
        return self._made[key]

    def _make(self, sheet: SheetPlan, block: BlockPlan) -> Codes:
        at = 4 + 3 * len(self._made)
        first, last = block_rows(block)
        opened = block.block.open is not None
        first = block.open_start if opened else first
        end = _HELPER_TOP + last - first
        areas = [f"{address(c, _HELPER_TOP, 'cr')}:{address(c, end, 'cr')}" for c in (at, at + 1, at + 2)]
        codes, parents, _ = areas
        plain = Look(border=False, number="@")
        self._pen.put(_HELPER_TOP - 1, at, sheet.name, plain)
        if opened and block.code_column is not None:
            there = code_text(block, first, last, "cr", sheet_prefix(sheet.name))
            shape = f'IFERROR(IF(VALUE(TRIM({there}))>0,TRIM({there}),""),"")'
            self._array(at, end, shape)
            self._array(at + 1, end, _parents(codes, block.block.open.levels if block.block.open else ()))
            self._array(at + 2, end, f'IF({codes}="",0,COUNTIF({parents},{codes}))')
        else:
            for row in block.rows:
                if has_code(row.row):
                    self._pen.put(_HELPER_TOP + row.number - first, at, row.code(None), plain)
        return Codes(sheet, block, first, last, *(sheet_prefix(HELPER) + area for area in areas))

    def _array(self, column: int, end: int, formula: str) -> None:
        cell = self._sheet.cell(_HELPER_TOP, column)
        cell.value = ArrayFormula(f"{cell.coordinate}:{address(column, end)}", f"={formula}")


def _parents(codes: str, levels: Sequence[int]) -> str:
    """The nearest code above each that is there."""
    text = f'"{TOP}"'
    for length in sorted(levels)[:-1]:
        above = f"LEFT({codes},{length})"
        text = f"IF((LEN({codes})>{length})*(COUNTIF({codes},{above})>0),{above},{text})"
    return f'IFERROR(IF({codes}="","",{text}),"")'


class _Sheet:
    def __init__(self, kit: Kit, sheet: Worksheet, compiler: Compiler, evaluator: Evaluator) -> None:
        self.pen, self.sheet = Pen(kit, sheet), sheet
        self.compiler, self.evaluator = compiler, evaluator

    def write(self, lines: Sequence[Line]) -> None:
        pen, width = self.pen, len(_WIDTHS)
        pen.widths(_WIDTHS)
        last = _TOP + max(len(lines), 1)
        found = [self._line(_TOP + n, line) for n, line in enumerate(lines, 1)]
        pen.put(1, 1, "校 验", TITLE, last=width)
        self._summary(last, [values.result for values in found])
        pen.put(3, 1, _NOTE, HINT, last=width)
        pen.height(3, _NOTE, sum(_WIDTHS))
        for at, head in enumerate(_HEADS, 1):
            pen.put(_TOP, at, head, HEAD_CELL)
        for row, height in ((1, 30), (2, 24), (_TOP, 24)):
            self.sheet.row_dimensions[row].height = height
        for at in (_NUMBERS, _SLACK):
            self.sheet.column_dimensions[address(at, 1)[:-1]].hidden = True
        self._colours(last)
        self.sheet.auto_filter.ref = f"{address(1, _TOP)}:{address(width, last)}"
        pen.page(width, last, landscape=True, head=(_TOP, _TOP), one=False)
        self.sheet.freeze_panes = address(1, _TOP + 1)
        self.sheet.sheet_properties.tabColor = "FFC00000"

    def _summary(self, last: int, results: Sequence[str]) -> None:
        cells = f"{address(6, _TOP + 1, 'cr')}:{address(6, last, 'cr')}"
        total = len(results)
        named = (("通过", (PASSED, TAIL)), (BROKEN, (BROKEN,)), (UNREADABLE, (UNREADABLE,)), (EMPTY, (EMPTY,)))
        counts = [(name, "+".join(f'COUNTIF({cells},"{k}")' for k in kinds)) for name, kinds in named]
        now = [sum(results.count(kind) for kind in kinds) for _, kinds in named]
        formula = f'="共 "&COUNTA({cells})&" 项"' + "".join(f'&"，{name} "&({text})&" 项"' for name, text in counts)
        text = f"共 {total} 项" + "".join(f"，{name} {n} 项" for (name, _), n in zip(named, now, strict=True))
        look = Look(bold=True, size=12, border=False)
        cell = self.pen.put(2, 1, text, look, last=len(_WIDTHS), formula=formula + '&"。"')
        self.pen.kit.cache[self.sheet.title, cell.coordinate] = text + "。"

    def _line(self, row: int, line: Line) -> Values:
        values = self.evaluator.values(line.check)
        pen, centred = self.pen, Look(horizontal="center", wrap=True)
        name = f"{line.check.rule} {line.check.title}"
        _link(pen.put(row, 1, name, LINK.but(wrap=True)), line, name)
        pen.put(row, 2, line.check.text, LABEL)
        formats = _ROWS_FORMATS if line.array else (_AMOUNT, _AMOUNT, _AMOUNT)
        names = {n: address(n, row, "c") for n in (3, 4, 5, _NUMBERS, _SLACK)}
        right = f"{names[3]}-{names[5]}" if line.array else line.right
        gap = line.gap if line.array else f"ROUND({names[3]}-{names[4]},8)"
        shown = ((3, line.left, values.left), (4, right, values.right), (5, gap, values.gap))
        for (at, text, value), number in zip(shown, formats, strict=True):
            array = line.array and at != 4
            self._formula(row, at, text, value, Look(horizontal="right", number=number), array)
        if line.array:
            # What takes long is asked only where there is something to find.
            self._formula(row, 7, f'IF({names[5]}=0,"",{line.first})', values.first, centred, True)
            if line.exact:
                exact = f"IF({self.compiler.flag}=0,0,{line.exact})"
                self._formula(row, _NUMBERS, exact, values.inexact, Look(border=False), True)
            result = self._many(line, names)
        else:
            pen.put(row, 7, None, centred)
            self._formula(row, _NUMBERS, line.numbers, values.numbers, Look(border=False), False)
            slack = self.compiler.slack(line.check, f"MAX({names[_NUMBERS]},1)")
            self._formula(row, _SLACK, slack, values.slack, Look(border=False), False)
            result = self._single(line, names)
        if line.applies:
            result = f"IF({line.applies},{result},{quoted(OUTSIDE)})"
        self._formula(row, 6, f"IFERROR({result},{quoted(UNREADABLE)})", values.result, centred.but(bold=True), False)
        pen.height(row, line.check.text, _WIDTHS[1] - 1)
        pen.height(row, name, _WIDTHS[0] - 1)
        return values

    def _single(self, line: Line, names: dict[int, str]) -> str:
        operator, gap = line.check.formula.operator, names[5]
        exact = f"NOT({fails(operator, gap, self.compiler.least(line.check))})"
        within = f"NOT({fails(operator, gap, names[_SLACK])})"
        # Totals prepared as formulas show zero before anything is filled in: nothing against nothing is no pass.
        empty = f"{names[_NUMBERS]}*(ABS({names[3]})+ABS({names[4]}))=0"
        verdict = f'IF({exact},IF({empty},"{EMPTY}","{PASSED}"),IF({within},"{TAIL}",{_wrong(line)}))'
        return f'IF({line.texts}>0,"{UNREADABLE}",{verdict})'

    @staticmethod
    def _many(line: Line, names: dict[int, str]) -> str:
        good = f'IF({names[_NUMBERS]}>0,"{TAIL}","{PASSED}")' if line.exact else f'"{PASSED}"'
        return f'IF({names[3]}=0,"{EMPTY}",IF({names[5]}>0,{_wrong(line)},{good}))'

    def _formula(self, row: int, column: int, text: str, value: Value, look: Look, array: bool) -> None:
        cell = self.pen.put(row, column, value, look, formula=f"={text}")
        if array:
            cell.value = ArrayFormula(cell.coordinate, f"={text}")

    def _colours(self, last: int) -> None:
        first = address(6, _TOP + 1, "c")
        for result, colour in _COLOURS.items():
            fill = PatternFill("solid", bgColor="FF" + colour, fgColor="FF" + colour)
            grey = Font(color="FF7F7F7F") if result in (EMPTY, OUTSIDE) else None
            rule = FormulaRule(formula=[f'{first}="{result}"'], fill=fill, font=grey)
            self.sheet.conditional_formatting.add(f"{address(6, _TOP + 1)}:{address(6, last)}", rule)


def _wrong(line: Line) -> str:
    return f'IF({line.doubt}>0,"{UNREADABLE}","{BROKEN}")' if line.doubt else f'"{BROKEN}"'


def _link(cell: Cell, line: Line, shown: str) -> None:
    link = Hyperlink(ref=cell.coordinate, location=sheet_prefix(line.sheet) + line.spot, display=shown)
    cell.hyperlink = link
    link.target = None
