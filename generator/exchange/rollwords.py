"""What next year's workbook says in comments and lists."""

from __future__ import annotations

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
