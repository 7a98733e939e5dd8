"""The first sheet of a marked workbook: every finding, with links to its cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lxml import etree

from ..model.cell import CellRef, column_letters
from ..model.finding import Finding, Severity
from .mark_parts import Parts, escaped
from .mark_styles import STRONG, Look, Styles

SHEET = "校验结果"
LEVELS = {Severity.ERROR: "错误", Severity.WARNING: "警告", Severity.INFO: "提示"}
UNANSWERABLE = "无法核对"
_HEADS = ("序号", "级别", "规则", "位置", "问题", "处理", "核实说明")
_WIDTHS = (6.0, 10.0, 8.0, 30.0, 74.0, 40.0, 26.0)
_OTHER, _OTHER_WIDTH, _OTHERS = "其他位置", 22.0, 6  # further cells, one column each, and how many at most
_HEAD_ROW = 4
_MAX_TEXT = 32000
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_LINK = "1F5FA8"
_LINE_HEIGHT = 15.0
_MAX_HEIGHT = 390.0  # a row of a sheet holds 409 points


def answer(finding: Finding) -> str:
    """What the user has said to this finding, where findings carry it."""
    return str(getattr(finding, "answer", "") or "")


def link_to(ref: CellRef) -> str:
    """The place inside the workbook that a link leads to."""
    return "'" + ref.sheet.replace("'", "''") + "'!" + ref.address


def build(
    parts: Parts, styles: Styles, findings: Sequence[Finding], title: str, there: Callable[[str], bool]
) -> etree._Element:
    """The worksheet. ``there`` says whether the workbook has a sheet of that name: only then a link leads to it."""
    return _Report(parts, styles, there).sheet(findings, title)


class _Report:
    def __init__(self, parts: Parts, styles: Styles, there: Callable[[str], bool]) -> None:
        self.q, self.parts, self.styles, self.there = parts.q, parts, styles, there
        self.links: list[tuple[str, str, str]] = []  # cell, target, tip

    def sheet(self, findings: Sequence[Finding], title: str) -> etree._Element:
        others = min(max((len(f.cells) - 1 for f in findings), default=0), _OTHERS)
        width, last = len(_HEADS) + others, _HEAD_ROW + len(findings)
        root = self.parts.root("worksheet")
        props = etree.SubElement(root, self.q("sheetPr"), filterMode="0")
        etree.SubElement(props, self.q("tabColor"), rgb="FFC00000")
        etree.SubElement(props, self.q("pageSetUpPr"), fitToPage="1")
        etree.SubElement(root, self.q("dimension"), ref=f"A1:{column_letters(width)}{last}")
        self._view(root)
        columns = etree.SubElement(root, self.q("cols"))
        for at, wide in enumerate([*_WIDTHS, *[_OTHER_WIDTH] * others], 1):
            etree.SubElement(columns, self.q("col"), min=str(at), max=str(at), width=f"{wide:g}", customWidth="1")
        data = etree.SubElement(root, self.q("sheetData"))
        self._top(data, findings, title, [*_HEADS, *[_OTHER] * others])
        for number, finding in enumerate(findings, 1):
            self._finding(data, number, finding, others)
        head = f"A{_HEAD_ROW}:{column_letters(width)}{max(last, _HEAD_ROW)}"
        if findings:
            etree.SubElement(root, self.q("autoFilter"), ref=head)
        merges = etree.SubElement(root, self.q("mergeCells"), count="2")
        for row in (1, 2):
            etree.SubElement(merges, self.q("mergeCell"), ref=f"A{row}:{column_letters(len(_HEADS))}{row}")
        if self.links:
            links = etree.SubElement(root, self.q("hyperlinks"))
            for where, target, shown in self.links:
                etree.SubElement(links, self.q("hyperlink"), ref=where, location=target, display=shown)
        margins = dict.fromkeys(("left", "right"), "0.4") | dict.fromkeys(("top", "bottom"), "0.6")
        etree.SubElement(root, self.q("pageMargins"), {**margins, "header": "0.3", "footer": "0.3"})
        etree.SubElement(root, self.q("pageSetup"), paperSize="9", orientation="landscape", fitToHeight="0")
        return root

    def _view(self, root: etree._Element) -> None:
        views = etree.SubElement(root, self.q("sheetViews"))
        view = etree.SubElement(views, self.q("sheetView"), showGridLines="0", tabSelected="1", workbookViewId="0")
        body = f"A{_HEAD_ROW + 1}"
        etree.SubElement(
            view, self.q("pane"), ySplit=str(_HEAD_ROW), topLeftCell=body, activePane="bottomLeft", state="frozen"
        )
        etree.SubElement(view, self.q("selection"), pane="bottomLeft", activeCell=body, sqref=body)
        etree.SubElement(root, self.q("sheetFormatPr"), defaultRowHeight="15")

    def _top(self, data: etree._Element, findings: Sequence[Finding], title: str, heads: Sequence[str]) -> None:
        plain = Look(border=False, vertical="center")
        self._text(self._row(data, 1, 30), 1, title, Look(bold=True, size=16, border=False, wrap=False))
        counts = [(name, sum(f.severity is level for f in findings)) for level, name in LEVELS.items()]
        said = "，".join(f"{name} {count} 项" for name, count in counts)
        text = f"共 {len(findings)} 项：{said}。" if findings else "没有发现问题。"
        notes = "单击“位置”转到所在单元格。本文件是工作簿的副本，请在原工作簿中更正，再重新校验。"
        self._text(self._row(data, 2, 20), 1, text + (notes if findings else ""), plain)
        legend = self._row(data, 3, 20)
        self._text(legend, 1, "颜色", Look(border=False, vertical="center", wrap=False))
        for at, (level, name) in enumerate(LEVELS.items(), 2):
            self._text(legend, at, name, Look(fill=STRONG[level], horizontal="center", vertical="center", wrap=False))
        self._text(legend, 5, "深色为最可能出错的单元格，浅色为与之相关的单元格；批注中写明问题和处理办法。", plain)
        row = self._row(data, _HEAD_ROW, 24)
        for at, name in enumerate(heads, 1):
            self._text(row, at, name, Look(bold=True, fill="D6E1EC", horizontal="center", vertical="center"))

    def _finding(self, data: etree._Element, number: int, finding: Finding, others: int) -> None:
        texts = {5: finding.message, 6: finding.fix, 7: answer(finding)}
        needed = max(lines(text, _WIDTHS[at - 1]) for at, text in texts.items())
        shown = [_shown(ref, finding.cells[0]) for ref in finding.cells[: others + 1]]
        needed = max([needed, *(lines(text, _OTHER_WIDTH if n else _WIDTHS[3]) for n, text in enumerate(shown))])
        row = self._row(data, _HEAD_ROW + number, height(needed))
        value = etree.SubElement(self._cell(row, 1, Look(horizontal="center")), self.q("v"))
        value.text = str(number)
        level = LEVELS[finding.severity] + (f"（{UNANSWERABLE}）" if finding.unanswerable else "")
        self._text(row, 2, level, Look(fill=STRONG[finding.severity], horizontal="center"))
        self._text(row, 3, finding.rule, Look(horizontal="center"))
        self._place(row, 4, finding.cells[:1], 0, "".join(shown[:1]))
        for at, text in texts.items():
            self._text(row, at, text, Look())
        for n in range(others):
            rest = len(finding.cells) - 1 - others if n == others - 1 else 0
            self._place(row, 8 + n, finding.cells[n + 1 : n + 2], rest, "".join(shown[n + 1 : n + 2]))

    def _place(self, row: etree._Element, column: int, refs: Sequence[CellRef], rest: int, shown: str) -> None:
        """A cell with a link; ``rest`` more cells are only counted."""
        if not refs:
            self._text(row, column, "", Look())
            return
        ref = refs[0]
        linked = self.there(ref.sheet)
        text = shown + (f" 等 {rest + 1} 格" if rest > 0 else "")
        self._text(row, column, text, Look(color=_LINK, underline=True) if linked else Look())
        if linked:
            self.links.append((f"{column_letters(column)}{row.get('r')}", link_to(ref), text))

    def _row(self, data: etree._Element, number: int, height: float) -> etree._Element:
        return etree.SubElement(data, self.q("row"), r=str(number), ht=f"{height:g}", customHeight="1")

    def _cell(self, row: etree._Element, column: int, look: Look) -> etree._Element:
        where = f"{column_letters(column)}{row.get('r')}"
        return etree.SubElement(row, self.q("c"), r=where, s=str(self.styles.look(look)))

    def _text(self, row: etree._Element, column: int, text: str, look: Look) -> None:
        """Text as text, whatever it begins with."""
        cell = self._cell(row, column, look)
        if not text:
            return
        cell.set("t", "inlineStr")
        shown = etree.SubElement(etree.SubElement(cell, self.q("is")), self.q("t"))
        shown.text = escaped(text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…")
        shown.set(_SPACE, "preserve")


def _shown(ref: CellRef, first: CellRef) -> str:
    """The first cell in full, others on the same sheet by their address."""
    return ref.address if ref is not first and ref.sheet == first.sheet else str(ref)


def height(count: int) -> float:
    """Of a row with that many lines, in points."""
    return min(max(count, 1) * _LINE_HEIGHT + 4, _MAX_HEIGHT)


def lines(text: str, width: float) -> int:
    """Lines that wrapped text takes in a column of that width (in characters); a Chinese character counts two."""
    room = max(width - 1.5, 1)
    return sum(max(1, math.ceil(sum(1 if c < "\u2000" else 2 for c in line) / room)) for line in text.split("\n"))
