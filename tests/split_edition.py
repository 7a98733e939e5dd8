"""Any edition with its codes by function spread over 类, 款 and 项: such tables are tested whatever is at hand."""

from __future__ import annotations

from dataclasses import replace

from generator.editions import Edition
from generator.model.form import Block, Column, Kind, Role

NAMES = ("类", "款", "项")


def split(edition: Edition) -> Edition:
    """The edition, every code column of its official tables open by three levels printed over three columns."""
    forms = [
        replace(form, blocks=tuple(map(_block, form.blocks))) if form.role is Role.TABLE else form
        for form in edition.forms
    ]
    return replace(edition, forms=tuple(forms))


def _block(block: Block) -> Block:
    if block.open is None or len(block.open.levels) != len(NAMES):
        return block
    return replace(block, columns=tuple(map(_column, block.columns)))


def _column(column: Column) -> Column:
    return replace(column, split=NAMES) if column.kind is Kind.CODE else column
