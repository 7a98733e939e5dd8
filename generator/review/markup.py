"""The one door through which text reaches the page: every value is escaped, nothing is ever taken as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from ..model.cell import CellRef

# What HTML can't hold or what could turn the line about (controls of writing direction).
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    return text if text.isprintable() else _ILLEGAL.sub("", text)


def escape(text: str) -> str:
    """Text between tags or inside a quoted attribute."""
    return html.escape(clean(text), quote=True)


def lines(text: str) -> str:
    """Text with its line breaks."""
    return escape(text).replace("\r\n", "\n").replace("\n", "<br>")


def script_json(text: str) -> str:
    """JSON that can't end the script element that holds it, whatever its strings say."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class Places:
    """Short names of cells in the page: number of the sheet, row, column. Only sheets that are shown have one."""

    def __init__(self, sheets: Iterable[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(sheets)}

    def short(self, ref: CellRef) -> str:
        """``3.12.4``; empty for a cell of a sheet that is not shown."""
        number = self._numbers.get(ref.sheet)
        return "" if number is None else f"{number}.{ref.row}.{ref.column}"

    def all(self, refs: Iterable[CellRef]) -> str:
        return " ".join(short for ref in refs if (short := self.short(ref)))
