"""What next year's workbook says in comments and lists."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from .compare import shown
from .source import Amount, Source

LONGEST = 800  # characters of a comment
CARRIED = "取自上年（{year}年度）工作簿，请按本年情况核对。"
_SHORT = 20


def note(lead: str, amount: Amount, source: Source) -> str:
    """Where an amount comes from: ``lead``, the cells of ``source``, and the amount in 万元."""
    return f"{lead}：\n{source.shown(amount.cells)}\n{shown(amount.value or Decimal(0))} 万元"[:LONGEST]


def short(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


def listed(sheet: str, blank: int, planned: bool) -> Iterator[str]:
    """What is to be done with subjects of last year's list that stand there without an amount."""
    if blank:
        which = f"预算工作簿中没有的 {blank} 个上年科目也已列出，金额空着" if planned else (
            f"上年的 {blank} 个科目都已列出，金额没有带入，请按本年的填写"
        )  # fmt: skip
        yield f"{sheet}：{which}；本年没有的科目请整行清除。"
