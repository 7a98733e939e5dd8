"""What the reader has to say, collected: the same remark on many cells of a sheet becomes one finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..model.cell import CellRef
from ..model.finding import Finding, Severity

_NAMED = 6  # cells, or sheets, named in a message; the finding lists all


class Notes:
    def __init__(self) -> None:
        self._groups: dict[tuple[str, Severity, str, str, str], list[tuple[CellRef, str]]] = {}
        self._single: list[Finding] = []

    def add(self, rule: str, severity: Severity, message: str, fix: str = "", cells: Iterable[CellRef] = ()) -> None:
        self._single.append(Finding(rule, severity, message, fix, tuple(cells)))

    def cell(
        self, rule: str, severity: Severity, ref: CellRef, shown: str, what: str, fix: str, *, whole: bool = False
    ) -> None:
        """A remark on one cell; ``what`` follows the cell's name and content in the sentence.

        ``whole``: it is about the file rather than its sheets, and is made once for all of them.
        """
        sheet = "" if whole else ref.sheet
        self._groups.setdefault((rule, severity, sheet, what, fix), []).append((ref, shown))

    def findings(self) -> tuple[Finding, ...]:
        found = list(self._single)
        for (rule, severity, _, what, fix), places in self._groups.items():
            sheets = Counter(ref.sheet for ref, _ in places)
            named = "、".join(ref.address + (f"“{_short(text)}”" if text else "") for ref, text in places[:_NAMED])
            if len(sheets) > 1:
                each = "、".join(f"{sheet} {count} 处" for sheet, count in list(sheets.items())[:_NAMED])
                more = "等" if len(sheets) > _NAMED else ""
                message = f"{len(sheets)} 张工作表共 {len(places)} 处{what}：{each}{more}。"
            elif len(places) == 1:
                message = f"{places[0][0].sheet}!{named}{what}"
            else:
                more = f"等 {len(places)} 处" if len(places) > _NAMED else f" {len(places)} 处"
                message = f"{places[0][0].sheet}!{named}{more}{what}"
            found.append(Finding(rule, severity, message, fix, tuple(ref for ref, _ in places)))
        order = list(Severity)
        return tuple(sorted(found, key=lambda f: order.index(f.severity)))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 24 else text[:23] + "…"
