"""Which edition a new workbook is for: the one asked for, or the one that serves its year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..model.finding import Refusal

if TYPE_CHECKING:
    from ..editions import Edition, Library

FINAL, BUDGET = "final", "budget"
KINDS = {FINAL: "部门决算", BUDGET: "部门预算"}


def choose(library: Library, edition_id: str | None, year: int | None, kind: str | None) -> tuple[Edition, str]:
    """The edition, and what to say when its years do not include ``year``; final accounts unless ``kind`` says so.

    Refusal when none or several would do.
    """
    if edition_id is not None:
        edition = library.load(edition_id)
        if kind is not None and edition.kind != kind:
            raise Refusal(f"版式 {edition.id} 不是{KINDS[kind]}的版式。", "请去掉 --budget，或用 --edition 另选版式。")
        if year is None or year in edition.years:
            return edition, ""
        return edition, f"请注意：版式 {edition.id} 适用 {span(edition.years)} 年度，不含 {year} 年度。"
    wanted = kind or FINAL
    every = [edition for edition in map(library.load, library.ids()) if edition.kind == wanted]
    found = [edition for edition in every if year is None or year in edition.years]
    if len(found) == 1:
        return found[0], ""
    if found:
        names = "、".join(edition.id for edition in found)
        ask = "" if year is not None else "用 --year 写明年度，或"
        raise Refusal(f"有多个版式可用（{KINDS[wanted]}）：{names}。", f"请{ask}用 --edition 指定其中一个。")
    raise _none(every, year, KINDS[wanted])


def _none(every: Sequence[Edition], year: int | None, kind: str) -> Refusal:
    """No edition serves the year: the newest form of the years before is the likeliest to do."""
    if not every:
        return Refusal(f"没有{kind}的版式。", "可用 gongkai editions 查看现有版式。")
    before = [edition for edition in every if year is not None and max(edition.years) < year]
    near = max(before, key=_latest) if before else min(every, key=_latest)
    named = f"{near.id}（{near.name}，适用 {span(near.years)} 年度）"
    return Refusal(
        f"没有适用于 {year} 年度的版式（{kind}）；最近的是 {named}。",
        f"可用 --edition {near.id} 指定；当年的表式有变化的，须先增加版式。",
    )


def _latest(edition: Edition) -> tuple[int, str]:
    return max(edition.years), edition.id


def newest(library: Library) -> Edition:
    """The edition of the latest years, of final accounts where there is one."""
    every = [library.load(name) for name in library.ids()]
    return max(every, key=lambda edition: (edition.kind == FINAL, max(edition.years), edition.id))


def span(years: Sequence[int]) -> str:
    """Years one by one; of three and more in a row only the first and the last."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    shown = ("—".join(map(str, (run[0], run[-1]))) if len(run) > 2 else "、".join(map(str, run)) for run in runs)
    return "、".join(shown)
