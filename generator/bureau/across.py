"""Sheets of the summary on what departments have in common or apart, and on files that are no workbooks."""

from __future__ import annotations

from collections.abc import Sequence

from .figures import PERCENT
from .inputs import Other
from .outliers import FAR, FEWEST, outliers
from .sheets import GREY, Book, Filled, Money, Rate, Sheet
from .tally import MANY, Tally


def outlying(book: Book, tally: Tally) -> None:
    sheet = book.sheet("异常数据", (28, 24, 18, 46, 14, 14, 14, 14, 12), "A4")
    sheet.title("与其他部门相比明显偏离的数据")
    sheet.line(
        f"同一年度、同一类公开（决算或预算）不少于 {FEWEST} 个部门时比较，以中位数和中位数绝对偏差衡量；"
        f"偏离程度（与中位数之差相当于几个标准差）超过 {FAR} 的列出；供复核参考，不等于错误。"
    )
    sheet.head("单位", "工作簿", "比较范围", "指标", "本单位", "中位数", "通常下限", "通常上限", "偏离程度", height=20)
    for found in outliers(tally.measures()):
        made: type[Rate | Money] = Rate if found.measure.unit == PERCENT else Money
        label = found.measure.label + ("" if found.measure.unit == PERCENT else f"（{found.measure.unit}）")
        numbers = (found.value.value, found.median, found.low, found.high)
        where = (found.value.unit, found.value.place, found.measure.peers, label)
        sheet.row(*where, *(made(number) for number in numbers), Money(found.score))
    sheet.filter(3, 9)
    nothing(sheet, 3)


def copied(book: Book, tally: Tally) -> None:
    sheet = book.sheet("雷同原因", (8, 12, 28, 24, 20, 30, 90), "A4")
    sheet.title("不同单位填写的相同或几乎相同的原因")
    sheet.line(
        "不计数字、标点、本单位和项目名称；没有实际内容的（如“无”“与上年持平”“本年没有安排”）不比较；"
        f"简短的，{MANY} 个以上单位一字不差的才列出。请核实是否照抄。"
    )
    sheet.head("组", "程度", "单位", "工作簿", "位置", "项目", "原因", height=20)
    for number, (exact, group) in enumerate(tally.copied(), 1):
        for said in group:
            colour = GREY if number % 2 else ""
            sheet.row(
                Filled(number, colour), "相同" if exact else "几乎相同",
                said.unit, said.place, said.cell, said.row, said.text,
            )  # fmt: skip
    sheet.filter(3, 7)
    nothing(sheet, 3)


def aside(book: Book, others: Sequence[Other]) -> None:
    sheet = book.sheet("其他文件", (70, 60), "A3")
    sheet.title("没有作为工作簿处理的文件")
    sheet.head("文件", "说明", height=20)
    for other in others:
        sheet.row(other.place, other.why)
    sheet.filter(2, 2)
    nothing(sheet, 2)


def nothing(sheet: Sheet, head: int) -> None:
    if sheet.rows == head:
        sheet.line("没有。")


__all__ = ["aside", "copied", "nothing", "outlying"]
