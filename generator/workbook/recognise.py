"""Which edition a workbook is read by: as told, as its cell 版式 says, or as its tables show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..editions import Edition, EditionError, Library
from ..model.book import FormData
from ..model.cell import CellRef
from ..model.finding import Refusal, Severity
from .cells import Sheet
from .layout import Fit, clearer, fit
from .match import match_sheets, norm
from .notes import Notes

_FIELD = "edition"  # of the unit form
_BY_THE_TOOL = "该格由工具填写，一般不用改动。"
_ELSEWHERE = (
    "用另外文件夹中的版式生成的，请不要改动该格，加上 --templates 文件夹（或设环境变量 GONGKAI_TEMPLATES）"
    "重新运行；确是被改错的，才改为 {}。"
)


@dataclass(frozen=True)
class Choice:
    """``other`` is the edition that the tables clearly belong to when it is not the one that was ``said``."""

    edition: Edition
    said: Edition | None = None
    other: Edition | None = None
    shown: tuple[tuple[CellRef, str], ...] = ()


@dataclass(frozen=True)
class Recogniser:
    """``unit`` reads the unit form of an edition, quietly; ``mentioned`` says which ids the workbook's texts hold."""

    library: Library
    names: Sequence[str]
    mentioned: Callable[[Sequence[str]], frozenset[str]]
    sheet: Callable[[str], Sheet]
    peek: Callable[[str], Iterable[str]]
    unit: Callable[[Edition], FormData | None]
    year: Callable[[FormData | None], int | None]

    @cached_property
    def _ids(self) -> tuple[str, ...]:
        return self.library.ids()

    def choose(self, given: str | None) -> Choice:
        """EditionError when the edition given or named is wrong in itself; Refusal when no edition fits at all."""
        edition = self.library.load(given) if given else self._named()
        if edition is None:
            return self._fitting()
        own = self._fit(edition)
        found = None if own.good else clearer(own, self._fits(edition))
        if found is None:
            return Choice(edition, edition)
        # What was asked for is used; what a cell says is not, if the sheets are clearly another edition's.
        return Choice(edition if given else found[0].edition, edition, found[0].edition, found[1])

    def _named(self) -> Edition | None:
        ids = self._ids
        likely = self.mentioned(ids)  # so that no edition is loaded in vain
        for name in sorted(ids, key=lambda i: i not in likely):
            try:
                edition = self.library.load(name)
            except EditionError:
                if name in likely:
                    raise
                continue
            unit = self.unit(edition)
            named = norm(unit.text(_FIELD)) if unit is not None else ""
            found = next((i for i in ids if norm(i) == named), "")
            if found:
                return self.library.load(found)
        return None

    def _fits(self, but: Edition | None = None) -> list[Fit]:
        """All other editions that are right in themselves."""
        found = []
        for name in self._ids:
            if but is None or name != but.id:
                try:
                    found.append(self._fit(self.library.load(name)))
                except EditionError:
                    continue
        return found

    def _fit(self, edition: Edition) -> Fit:
        match = match_sheets(edition.tables, self.names, self.peek)
        return fit(edition, {form_id: self.sheet(names[0]) for form_id, names in match.found.items()})

    def _fitting(self) -> Choice:
        fits = self._fits()
        if not fits:
            raise Refusal("没有找到任何可用的版式。", "请用 gongkai editions 检查版式，或重新安装本工具。")
        years = {self.year(self.unit(one.edition)) for one in fits} - {None}
        best = max(fits, key=lambda one: (bool(years & set(one.edition.years)) and bool(one.there), one.share))
        if not best.there and all(self.unit(one.edition) is None for one in fits):
            raise Refusal(
                "这个工作簿不是预决算公开的填报工作簿：没有一张公开表，也没有单位信息表。",
                "请用 gongkai new 生成空白工作簿，填好后再试；报表软件导出的表，用 gongkai import 导入。",
            )
        found = clearer(best, [one for one in fits if one is not best])
        return Choice(found[0].edition if found else best.edition)


def say_edition(choice: Choice, unit: FormData | None, notes: Notes, given: bool) -> None:
    """That the tables are another edition's than was said, or that the cell names another or none."""
    cell = unit.cell(_FIELD, "value") if unit is not None else None
    used, other, said = choice.edition, choice.other, choice.said
    if other is not None and said is not None:
        where = "--edition 指定" if given else f"{cell.ref} 写" if cell is not None else "单位信息表写"
        seen = "、".join(f"{ref} 的“{text}”" for ref, text in choice.shown)
        refs = [cell.ref] if cell is not None and not given else []
        again = f"请用 gongkai new --edition {said.id} 生成空白工作簿，再把数据填进去。"
        notes.add(
            "S10",
            Severity.ERROR,
            f"{where}的版式是“{said.name}”（{said.id}），各公开表却是“{other.name}”（{other.id}）的表样"
            + (f"，例如 {seen}" if seen else "")
            + f"；本次按{'前' if given else '后'}者读取。",
            f"请把{'--edition ' if given else '该格'}改为 {other.id}；确要改用“{said.name}”的，{again}",
            [*refs, *(ref for ref, _ in choice.shown)],
        )
    elif cell is not None and cell.text and norm(cell.text) != norm(used.id):
        unknown = not given and said is None
        notes.add(
            "S10",
            Severity.ERROR if unknown else Severity.WARNING,
            f"{cell.ref} 写的版式是“{cell.text}”，{'没有这个版式，' if unknown else ''}实际使用的是“{used.id}”。",
            _ELSEWHERE.format(used.id) if unknown else f"请核对后把该格改为 {used.id}；{_BY_THE_TOOL}",
            [cell.ref],
        )


def say_year(edition: Edition, library: Library, unit: FormData, notes: Notes, given: bool) -> None:
    """A year that the edition does not serve, and which edition does."""
    cell = unit.cell("year", "value")
    if cell is None or cell.number is None or int(cell.number) in edition.years:
        return
    years = "、".join(map(str, edition.years))
    label = next(row.label for block in unit.form.blocks for row in block.rows if row.key == "year")
    notes.add(
        "S10",
        Severity.WARNING if given else Severity.ERROR,
        f"{cell.ref} 的{label}是 {cell.text}，所用版式“{edition.name}”（{edition.id}）适用于 {years} 年度。",
        f"请核对{label}，填错的改正该格。{serving(library, int(cell.number), edition)}"
        "确要用原版式的，校验、生成时用 --edition 指定（批量处理不能指定）。",
        [cell.ref],
    )


def serving(library: Library, year: int, like: Edition) -> str:
    """Which editions of the same kind serve the year, as advice; "" when none does."""
    found = []
    for name in library.ids():
        try:
            one = library.load(name)
        except EditionError:
            continue
        if year in one.years and one.kind == like.kind and one.id != like.id:
            found.append(f"“{one.name}”（{one.id}）")
    if not found:
        return ""
    named = f"{year} 年度适用{'或'.join(found)}，请改用该版式的空白工作簿填报。"
    return f"{named}空白工作簿用 gongkai new --year {year} 生成。"
