"""The first sheet, 填报说明, and the hidden sheet of known subjects and long lists."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.cell import Cell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from ..editions import Edition
from ..model.form import Kind, OpenRows, Role
from .blank_plan import SheetPlan
from .blank_sheet import Kit, Pen
from .blank_spots import SubjectList, address, sheet_prefix
from .blank_style import (
    FIXED,
    HEAD,
    HEAD_CELL,
    HEADING,
    HINT,
    INPUT,
    LABEL,
    LINK,
    SUM,
    TITLE,
    WARN,
    WRONG,
    Look,
)

GUIDE, SUBJECTS = "填报说明", "科目"
_HIDDEN_TOP = 2
_WIDTHS = (8.0, 46.0, 14.0, 84.0)
_ROLES = {Role.TABLE: "公开表", Role.INPUT: "补充资料", Role.PERFORMANCE: "绩效表"}
_OWN_STEP = frozenset({"unit", "wording", "answers"})  # forms of which other steps speak, or none
_LIVE = ("核对", "不用填写：各项关系是否相符，随填随算。")
_LEGEND = (
    (INPUT, "填写", "由单位填写或从下拉列表选择。"),
    (SUM, "公式", "由公式算出，一般不用填写；整表粘贴时可以覆盖，覆盖后与各项之和不符的变红。"),
    (HEAD, "表头", "版式固定文字，请勿改动。"),
    (WARN, "必填", "必填而尚未填写。"),
    (WRONG, "不符", "固定文字被改动，或合计与各项之和不符，请核对。"),
)
_STEPS = (
    "先填“{unit}”：单位全称、级次、单位类型、封面日期、金额单位等。其余各表的标题、部门名称和金额单位随之变化。",
    "再填公开表（{first} 至 {last}）。可以把财务软件导出的整张表粘贴进来；也可以逐项填写，"
    "合计、类、款由公式汇总。没有数据的表保持空白。",
    "然后填补充资料：{inputs}等。没有的填 0 或不填。",
    "最后填绩效表。项目不止一个的，复制“{project}”工作表，名称保持以“{project}”开头。",
    "填写过程中可随时看“{checks}”表：表内、表间的各项关系是否相符，随填随算；有“不符”的先核对。",
    "保存后运行：generate 工作簿.xlsx 。运行 gongkai check 工作簿.xlsx 只校验，不生成文档。",
    "校验提示的错误必须更正；警告核实无误的，在“{answers}”中写明规则编号和理由。",
)


class Hidden:
    """The hidden sheet: subjects in columns 1 and 2, then lists for drop-downs, one column each."""

    def __init__(self, edition: Edition) -> None:
        known = sorted(edition.subjects.items())
        self.subjects = SubjectList(SUBJECTS, _HIDDEN_TOP, dict(known))
        # Codes that a form prints itself (the economic ones) are not offered where codes are to be chosen.
        printed = {
            row.code
            for form in edition.forms
            for block in form.blocks
            if any(column.kind is Kind.CODE for column in block.columns)
            for row in block.rows
            if row.code
        }
        tops = tuple(code for code in printed if not any(code != c and code.startswith(c) for c in printed))
        self._free = [code for code in self.subjects.names if not code.startswith(tops)]
        self._columns: dict[tuple[str, ...], int] = {}
        self._heads: dict[int, str] = {}

    def codes(self, opened: OpenRows) -> str:
        """Known codes that may stand in such rows, as an address."""
        fits = (code for code in self._free if not opened.levels or len(code) in opened.levels)
        return self._list(tuple(code for code in fits if code.startswith(opened.begins)), "编码")

    def choices(self, values: Sequence[str]) -> str:
        return self._list(tuple(values), "选项")

    def _list(self, values: tuple[str, ...], head: str) -> str:
        at = self._columns.setdefault(values, len(self._columns) + 4)
        self._heads[at] = head
        first, last = _HIDDEN_TOP, _HIDDEN_TOP + max(len(values), 1) - 1
        return f"{sheet_prefix(SUBJECTS)}{address(at, first, 'cr')}:{address(at, last, 'cr')}"

    def write(self, kit: Kit, book: Workbook) -> None:
        sheet = book.create_sheet(SUBJECTS)
        pen = Pen(kit, sheet)
        pen.widths([14, 44, 4, *[14] * len(self._columns)])
        columns: dict[int, tuple[str, Sequence[str]]] = {
            1: ("科目编码", list(self.subjects.names)),
            2: ("科目名称", list(self.subjects.names.values())),
        }
        columns |= {at: (self._heads[at], values) for values, at in self._columns.items()}
        for at, (head, values) in columns.items():
            pen.put(_HIDDEN_TOP - 1, at, head, HEAD_CELL)
            for row, value in enumerate(values, _HIDDEN_TOP):
                pen.put(row, at, value, Look(number="@"))
        sheet.freeze_panes = address(1, _HIDDEN_TOP)
        sheet.sheet_state = "hidden"


def write_guide(kit: Kit, sheet: Worksheet, plans: Sequence[SheetPlan], checks: str = "") -> None:
    """Order of work, colours, and a link to every sheet; ``checks`` is the name of the sheet of live checks."""
    pen = Pen(kit, sheet)
    pen.widths(_WIDTHS)
    width = len(_WIDTHS)
    pen.wording(1, 1, kit.edition.title, TITLE, last=width)
    pen.put(2, 1, "填 报 说 明", TITLE.but(size=14), last=width)
    pen.put(3, 1, f"版式：{kit.edition.name}（{kit.edition.id}）", HINT.but(horizontal="center"), last=width)
    for row, height in ((1, 32), (2, 26), (3, 20)):
        sheet.row_dimensions[row].height = height
    at = _section(pen, 5, "一、填写步骤")
    for number, text in enumerate(_steps(plans, checks), 1):
        pen.put(at, 1, number, Look(horizontal="center", border=False, vertical="top"))
        pen.put(at, 2, text, Look(border=False, wrap=True, vertical="top"), last=width)
        pen.height(at, text, sum(_WIDTHS[1:]) - 2)
        at += 1
    at = _section(pen, at + 1, "二、颜色含义")
    for colour, name, text in _LEGEND:
        pen.put(at, 1, name, Look(colour, horizontal="center"))
        pen.put(at, 2, text, LABEL, last=width)
        sheet.row_dimensions[at].height = 20
        at += 1
    at = _section(pen, at + 1, "三、工作表目录")
    for column, head in enumerate(("序号", "工作表", "类别", "填写要求"), 1):
        pen.put(at, column, head, HEAD_CELL)
    sheet.row_dimensions[at].height = 22
    rows = [(plan.name, _ROLES[plan.form.role], _advice(plan)) for plan in plans]
    for number, (name, role, text) in enumerate([*rows, *([(checks, *_LIVE)] if checks else [])], 1):
        at += 1
        pen.put(at, 1, number, Look(horizontal="center"))
        _link(pen.put(at, 2, name, LINK.but(wrap=True)), name)
        pen.put(at, 3, role, Look(horizontal="center"))
        pen.put(at, 4, text, LABEL)
        pen.height(at, text, _WIDTHS[3] - 1, least=1)
        pen.height(at, name, _WIDTHS[1] - 1)
    pen.page(width, at, landscape=False, head=(0, 0), one=False)
    sheet.sheet_properties.tabColor = "FF" + FIXED


def _section(pen: Pen, row: int, text: str) -> int:
    pen.put(row, 1, text, HEADING, last=len(_WIDTHS))
    pen.sheet.row_dimensions[row].height = 24
    return row + 1


def _link(cell: Cell, sheet: str) -> None:
    link = Hyperlink(ref=cell.coordinate, location=f"{sheet_prefix(sheet)}A1", display=sheet)
    cell.hyperlink = link
    link.target = None


def _steps(plans: Sequence[SheetPlan], checks: str) -> list[str]:
    tables = [plan.name for plan in plans if plan.form.role is Role.TABLE]
    names = {plan.form.id: plan.name for plan in reversed(plans)}
    repeated = next((plan.form.sheet for plan in plans if plan.form.repeat), "")
    inputs = [plan for plan in plans if plan.form.role is Role.INPUT and plan.form.id not in _OWN_STEP]
    words = {
        "inputs": "、".join(plan.name for plan in inputs),
        "unit": names.get("unit", ""),
        "answers": names.get("answers", ""),
        "project": repeated,
        "checks": checks,
        "first": tables[0][:2] if tables else "",
        "last": tables[-1][:2] if tables else "",
    }
    steps = [step for step in _STEPS if all(words[k] for k in words if "{" + k + "}" in step)]
    return [step.format(**words) for step in steps]


def _advice(plan: SheetPlan) -> str:
    form = plan.form
    if form.role is Role.TABLE:
        opened = any(block.open is not None for block in form.blocks)
        return "按科目编码逐行填写，行数不限；可整表粘贴。" if opened else "按栏目填写，合计由公式算出；可整表粘贴。"
    if form.role is Role.PERFORMANCE:
        return "照原样印出。每个项目一张表。" if form.repeat else "照原样印出。"
    titles = "、".join(block.title.lstrip("一二三四五六七八九十、") for block in form.blocks if block.title)
    return (titles + "。" if titles else "") + form.hint
