"""The indicators of the performance forms: targets missed, rows repeated, values without a unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from ..model.book import RowData
from ..model.cell import Cell
from . import typed
from .coded import Coded, Subject, Verdict
from .performance import (
    field,
    forms,
    indicator,
    label,
    plain,
    rows,
    text_of,
)
from .rule import Check, Outcome

_NONE = frozenset({"", "无", "无。", "-", "—", "——", "/", "／", "没有"})
_QUANTITY = re.compile(
    r"(?P<lead>≥|>=|≤|<=|>|<|不少于|不低于|至少|不超过|不高于|低于|少于)?(?P<number>\d+(?:\.\d+)?)"
    r"(?P<unit>[^\d以≥≤<>]{0,6})(?P<tail>以上|以下|以内)?"
)
_LESS_IS_BETTER = frozenset({"≤", "<=", "<", "不超过", "不高于", "低于", "少于", "以下", "以内"})
_NOT_DONE = re.compile(r"^(未|没有)(按期|按时|如期)?(完成|达到|实现|开展)")


def explained(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A target not met needs its cause (`with: field: deviation`) or its remedy."""
    key = check.given["field"][0]
    for data in forms(subject, check):
        missed = [row for row in rows(data) if unmet(row)]
        if not missed:
            yield Verdict(Outcome.HOLDS)
            continue
        cell = field(data, key)
        said = text_of(data, key)
        refs = [c.ref for row in missed if (c := row.cells.get("actual") or row.cells.get("score")) is not None]
        names = "、".join(f"“{indicator(row)}”" for row in missed[:3]) + (
            f"等 {len(missed)} 项" if len(missed) > 3 else ""
        )
        text = (
            f"{data.sheet}{names}没有达到目标，“{label(data, key)}”"
            + (f"却填“{said}”" if said else "却没有填写")
            + (f"（{cell.ref.address}）。" if cell is not None else "。")
        )
        cells = ((cell.ref,) if cell is not None else ()) + tuple(refs)
        yield Verdict(Outcome.BROKEN if said in _NONE else Outcome.HOLDS, cells, {"text": text})


def unmet(row: RowData) -> bool:
    """Score nought, said to be not done, or plainly below a numeric target of the same unit."""
    score = typed.amount(row.cells.get("score"))
    if (score is not None and score.value == 0) or _NOT_DONE.match(row.text("actual").strip()):
        return True
    if "成本" in row.text("level1") + row.text("level2"):
        return False
    target, actual = _quantity(row.text("target")), _quantity(row.text("actual"))
    if target is None or actual is None or target["unit"] != actual["unit"]:
        return False
    if actual["lead"] or actual["tail"]:
        return False
    wanted, got = Decimal(target["number"]), Decimal(actual["number"])
    if target["lead"] in _LESS_IS_BETTER or target["tail"] in _LESS_IS_BETTER:
        return got > wanted
    return got < wanted


def _quantity(text: str) -> re.Match[str] | None:
    return _QUANTITY.fullmatch(unicodedata.normalize("NFKC", text).replace(" ", "").replace(",", ""))


def repeated(subject: Subject, check: Check) -> Iterator[Verdict]:
    """No indicator stands twice under one goal of a form."""
    for data in forms(subject, check):
        seen: dict[tuple[str, ...], RowData] = {}
        twice = []
        for row in rows(data):
            key = tuple(plain(row.text(column)) for column in ("goal", "level2", "level3", "target", "actual"))
            if key[2] and seen.setdefault(key, row) is not row:
                twice.append((row, seen[key]))
        for row, first in twice:
            here, there = row.cells["level3"].ref, first.cells["level3"].ref
            text = f"{data.sheet}的指标“{indicator(row)}”重复（{there.address}、{here.address}）。"
            yield Verdict(Outcome.BROKEN, (here, there), {"text": text})
        if not twice and seen:
            yield Verdict(Outcome.HOLDS)


def plain_actuals(subject: Subject, check: Check) -> Iterator[Verdict]:
    """An actual value is a value, not an inequality, and has the unit that the target has; one note per form."""
    for data in forms(subject, check):
        wrong: list[Cell] = []
        for row in rows(data):
            actual = row.cells.get("actual")
            if actual is None or not actual.text.strip():
                continue
            said, wanted = _quantity(actual.text), _quantity(row.text("target"))
            unequal = said is not None and bool(said["lead"] or said["tail"])
            bare = said is not None and wanted is not None and wanted["unit"] and not said["unit"]
            if unequal or bare:
                wrong.append(actual)
        shown = "、".join(f"“{c.text}”（{c.ref.address}）" for c in wrong[:4]) + (
            f"等 {len(wrong)} 处" if len(wrong) > 4 else ""
        )
        text = f"{data.sheet}的实际完成值{shown}应写明实际完成的数和单位。"
        yield Verdict(Outcome.BROKEN if wrong else Outcome.HOLDS, tuple(c.ref for c in wrong), {"text": text})


CODED: dict[str, Coded] = {
    "explained_deviation": explained,
    "indicators_once": repeated,
    "plain_actuals": plain_actuals,
}
