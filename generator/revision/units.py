"""One unit that a person edited and the data changed: its words, its table, its chart, its entry of the contents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from ..model.changes import short
from ..model.state import UnitState
from . import chartdata, tables
from . import text as texts
from .body import Body, Unit
from .comments import Comments
from .graft import Graft
from .package import ContentTypes, Relations, parse, serialize
from .settled import merge_from
from .tokens import merge
from .xmlnames import BOOKMARK, BOOKMARK_END, DRAWING, PPR, WP_SPACE

_MOST = 2000  # characters of a comment
_DOC_PR = f"{{{WP_SPACE}}}docPr"
# Said in the same words on the screen and in the comment.
_AS_IT_WAS = "手工修改过，保留您的文字和数字，没有改动"
_FIGURES_ONLY = "手工修改过，数字已更新，其余保留您的文字"


@dataclass
class Outcome:
    """``element`` stands in the document now; ``clashes`` are what the data says where it could not be written."""

    element: etree._Element
    text: str = ""
    changed: bool = False
    deleted: bool = False
    written_on: int | None = None  # of words: upon which of the texts before they were written
    clashes: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)  # of a table, for each clash
    places: list[etree._Element] = field(default_factory=list)  # paragraphs that got a comment


class UnitMerger:
    def __init__(self, user: Body, fresh: Body, graft: Graft, comments: Comments, parts: dict[str, bytes]) -> None:
        self.user, self.fresh, self.graft, self.comments, self.parts = user, fresh, graft, comments, parts

    def merge(
        self,
        unit: Unit,
        lines: Sequence[etree._Element],
        base: UnitState,
        new: UnitState,
        before: Sequence[str],
        last: str,
        after: str,
        fresh: Sequence[Unit],
        rows: tables.Rows = (),
    ) -> Outcome:
        """Bring the change ``last`` → ``after`` into the user's ``lines``, the first of which is ``unit``.

        ``before`` are the generated texts upon which the user's words may have been written, the likelier first: the
        last one, and one that stands since an earlier run had to leave the words alone.
        ``fresh`` are the units generated now, several where the user joined them; ``rows`` those generated last.
        """
        if base.kind != new.kind:
            return self._clash(Outcome(unit.element), unit.element, "数据变化后此处的形式不同，请核对。")
        if base.kind == "table":
            return self._table(lines, rows, [one.element for one in fresh])
        outcome = Outcome(unit.element)
        if base.chart or new.chart:
            self._chart(outcome, unit, base, new, fresh[0])
        if base.id.startswith(">"):
            self._entry(outcome, unit, last, after)
        elif last != after:
            self._words(outcome, unit, lines, before, last, after, fresh[0])
        outcome.text = texts.plain(outcome.element)
        return outcome

    # Words

    def _words(
        self,
        outcome: Outcome,
        unit: Unit,
        lines: Sequence[etree._Element],
        before: Sequence[str],
        last: str,
        after: str,
        fresh: Unit,
    ) -> None:
        """The words of a paragraph. An earlier run's comment goes once everything could be written."""
        paragraphs = [one for line in lines for one in texts.paragraphs(line)]
        flat = texts.Flat(paragraphs)
        if not flat.text.strip() and last.strip():
            outcome.deleted = True  # emptied by hand: stays empty
            return
        merged, outcome.written_on = merge_from(before, flat.text, after)
        try:
            if flat.text == last and merged.clashes:
                raise texts.CannotWrite
            flat.change(merged.edits)
            outcome.changed = bool(merged.edits)
        except texts.CannotWrite:
            if flat.text == last and not texts.holds_more(unit.element):
                self._anew(outcome, unit, fresh)
                return
            merged.clashes = [after]
        if merged.clashes:
            self._clash(outcome, lines[0], after, _FIGURES_ONLY if outcome.changed else _AS_IT_WAS)
            return
        for paragraph in paragraphs:
            self.comments.withdraw(paragraph)

    def _anew(self, outcome: Outcome, unit: Unit, fresh: Unit) -> None:
        """Only the looks were changed, and the new words don't fit into them: fresh runs in the old paragraph."""
        made = self.graft.take(fresh.element)
        for child in list(unit.element):
            if child.tag not in (PPR, BOOKMARK, BOOKMARK_END):
                unit.element.remove(child)
        for child in made:
            if child.tag not in (PPR, BOOKMARK, BOOKMARK_END):
                unit.element.append(child)
        outcome.changed = True

    def _clash(self, outcome: Outcome, place: etree._Element, words: str, done: str = _AS_IT_WAS) -> Outcome:
        paragraph = next(iter(texts.paragraphs(place)), None)
        if paragraph is not None:
            outcome.places.append(paragraph)
            self.comments.add(paragraph, f"数据变了，此处{done}。按现在的数据，应为：\n{words[:_MOST]}")
        outcome.clashes.append(f"{done}；按现在的数据应为：{short(words)}")
        return outcome

    def _entry(self, outcome: Outcome, unit: Unit, before: str, after: str) -> None:
        """An entry of the contents: its words, and a page number that moves by as much as the generated one did."""
        flat = texts.Flat([unit.element])
        (old, _, old_page), (new, _, new_page) = before.rpartition("\t"), after.rpartition("\t")
        head, tab, page = flat.text.rpartition("\t")
        if not tab:
            head, page = flat.text, ""
        merged = merge(old, head, new)
        edits = list(merged.edits)
        if page.isdigit() and new_page.isdigit() and old_page != new_page:
            number = int(page) + int(new_page) - int(old_page) if old_page.isdigit() else int(new_page)
            edits.append((len(head) + 1, len(flat.text), str(max(number, 1))))
        try:
            flat.change(edits)
            outcome.changed = bool(merged.edits)
        except texts.CannotWrite:
            merged.clashes = [new]
        if merged.clashes:
            self._clash(outcome, unit.element, new)

    # Tables

    def _table(self, lines: Sequence[etree._Element], rows: tables.Rows, fresh: Sequence[etree._Element]) -> Outcome:
        outcome = Outcome(lines[0])
        found = tables.merge_table(lines, rows, fresh, self.graft.take)
        if found.hopeless:
            return self._clash(outcome, lines[0], f"{tables.WHOLE_TABLE}，未能逐格更新，请与工作簿核对。")
        outcome.changed = bool(found.changed)
        for paragraph, row, words in found.clashes:
            self.comments.add(paragraph, f"数据变了，此处{_AS_IT_WAS}。{words}")
            outcome.clashes.append(words)
            outcome.rows.append(row)
            outcome.places.append(paragraph)
        return outcome

    # Charts

    def _chart(self, outcome: Outcome, unit: Unit, base: UnitState, new: UnitState, fresh: Unit) -> None:
        before, after = chartdata.figures(base.chart), chartdata.figures(new.chart)
        now = chartdata.figures(chartdata.of(self.user, unit.element))
        if not now:
            outcome.deleted = bool(before)
            return
        if base.chart == new.chart or now == after:
            return
        if now != before:
            said = "；".join(
                f"{name} {'、'.join(f'{c} {v}' for c, v in zip(after[0][1:], values, strict=False))}"
                for name, *values in after[1:]
            )
            self._clash(outcome, unit.element, f"图的数据：{said}")
            return
        self._redraw(unit, fresh)
        outcome.changed = True

    def _redraw(self, unit: Unit, fresh: Unit) -> None:
        """The new values in the user's chart; where it has more or fewer of them, the new chart in its place."""
        mine, theirs = chartdata.part_of(self.user, unit.element), chartdata.part_of(self.fresh, fresh.element)
        root, source = parse(self.parts[mine]), parse(self.fresh.parts[theirs])
        if not chartdata.write(root, source):
            old, drawing = unit.element.find(f".//{DRAWING}"), fresh.element.find(f".//{DRAWING}")
            if old is not None and drawing is not None:
                old.getparent().replace(old, self.graft.take(drawing))  # type: ignore[union-attr]
            return
        self.parts[mine] = serialize(root)
        self._workbook(mine, theirs)
        for target, one in zip(unit.element.iter(_DOC_PR), fresh.element.iter(_DOC_PR), strict=False):
            target.set("descr", one.get("descr", ""))

    def _workbook(self, mine: str, theirs: str, missing: bool = False) -> None:
        """The fresh chart's workbook as that of the user's chart; with ``missing`` only where it has none."""
        book = Relations(self.parts, mine).of_type("/package")
        fresh = Relations(self.fresh.parts, theirs).of_type("/package")
        if book and fresh in self.fresh.parts and not (missing and book in self.parts):
            self.parts[book] = self.fresh.parts[fresh]
            self.graft.types.set(book, ContentTypes(self.fresh.parts).of(fresh))

    def mend(self, unit: Unit, new: UnitState, fresh: Unit) -> None:
        """LibreOffice leaves out the workbook of a chart and keeps the link to it, which Word takes for damage."""
        mine, theirs = chartdata.part_of(self.user, unit.element), chartdata.part_of(self.fresh, fresh.element)
        if mine and theirs:
            same = chartdata.figures(chartdata.of(self.user, unit.element)) == chartdata.figures(new.chart)
            if same:
                self._workbook(mine, theirs, missing=True)
