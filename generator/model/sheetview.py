"""A worksheet as it looks: what stands where, for showing it beside the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Shown(NamedTuple):
    text: str
    number: bool = False
    formula: bool = False


class SheetView(NamedTuple):
    """``cells`` by row and column counted from 1; ``merges`` maps the first cell of a range to its last one."""

    name: str
    cells: Mapping[tuple[int, int], Shown]
    merges: Mapping[tuple[int, int], tuple[int, int]]
