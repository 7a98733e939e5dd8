"""The functions that chapters call, and the document they write. One scribe per document."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..model.blocks import Block, Contents, ContentsEntry, Paragraph, Section, Span, Style
from ..model.finding import Finding
from . import attachments, charts, performance, tables
from .context import Context
from .ledger import Ledger
from .spans import WrongTemplate, stray_digits
from .values import Text
from .wording import chinese, spans

_STYLES: Mapping[str, Style] = {
    "body": Style.BODY,
    "section": Style.SECTION,
    "subsection": Style.SUBSECTION,
    "cover_title": Style.COVER_TITLE,
    "cover_date": Style.COVER_DATE,
    "caption": Style.CAPTION,
    "form_title": Style.FORM_TITLE,
}
_HEADINGS = (Style.PART, Style.SECTION, Style.SUBSECTION)  # by level of the contents


class Scribe:
    """Collects blocks as a chapter is rendered; ``functions`` is all that chapters see."""

    def __init__(self, context: Context, ledger: Ledger, allowed_digits: Sequence[str]) -> None:
        self._context = context
        self._ledger = ledger
        self._allowed = allowed_digits
        self._blocks: list[Block] = []
        self._sections: list[Section] = []
        self._ids: set[str] = set()
        self._cover = False
        self._charts = 0
        self.findings: list[Finding] = []

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "para": self.para,
            "heading": self.heading,
            "prose": self.prose,
            "cover": self.cover,
            "contents": self.contents,
            "official_tables": self.official_tables,
            "chart": self.chart,
            "grid": self.grid,
            "performance": self.performance,
            "attached": self.attached,
            "attached_files": self.attached_files,
        }

    # Paragraphs

    def para(self, id: str, style: str = "body", caller: Callable[[], str] | None = None) -> str:
        """A paragraph of what stands between call and endcall; nothing when that is empty."""
        if caller is None or style not in _STYLES:
            raise WrongTemplate(
                f"段落 {id!r} 应写作 call para(…) … endcall，样式 {style!r} 应为 {'、'.join(_STYLES)} 之一"
            )
        self._add(id, _STYLES[style], self._ledger.desk.marks.spans(caller()))
        return ""

    def heading(self, block: str) -> str:
        """A heading in the wording of the contents, or in its own where the contents give one."""
        line = next((line for line in self._context.edition.contents if line.block == block), None)
        if line is None:
            raise WrongTemplate(f"目录中没有 {block!r} 这一条")
        self._add(block, _HEADINGS[line.level - 1], spans(self._context, line.heading or line.text))
        return ""

    def prose(self, id: str, lines: Sequence[Text], headings: bool = False) -> str:
        """The user's own paragraphs; with ``headings``, those that begin with 一、 or （一） become headings."""
        for number, line in enumerate(lines, 1):
            style = performance.heading_style(line.raw.strip()) if headings else Style.BODY
            self._add(f"{id}.{number}", style, self._ledger.desk.marks.spans(str(line)))
        return ""

    def _add(self, id: str, style: Style, content: tuple[Span, ...]) -> None:
        if not content:
            return
        stray = stray_digits(content, self._allowed)
        if stray:
            raise WrongTemplate(f"段落 {id!r} 中的“{stray}”既没有来源，也不是本版式声明的固定数字")
        self._blocks.append(Paragraph(self._unique(id), style, content))

    def _unique(self, id: str) -> str:
        found, number = id, 1
        while found in self._ids:
            number += 1
            found = f"{id}.{number}"
        self._ids.add(found)
        return found

    # What is made elsewhere

    def cover(self) -> str:
        """Marks the chapter at hand as the cover."""
        self._cover = True
        return ""

    def contents(self) -> str:
        context, entries = self._context, []
        for line in context.edition.contents:
            if line.unlisted:
                continue
            if not line.tables:
                entries.append(ContentsEntry(line.level, context.fill(line.text), line.block))
                continue
            for number, form in enumerate(context.edition.tables, 1):
                words = {**context.words, "ordinal": chinese(number), "entry": context.fill(form.entry)}
                entries.append(ContentsEntry(line.level, line.text.format_map(words), f"t.{form.id}"))
        self._blocks.append(Contents("contents", context.edition.contents_title, tuple(entries)))
        return ""

    def official_tables(self) -> str:
        """One section per official table; what the chapter wrote before has a page of its own.

        The first table must fit one page in a type one can read, which a heading above it would not leave room for.
        """
        if self._blocks:
            self._sections.append(Section(self._blocks[0].id, tuple(self._blocks)))
            self._blocks = []
        self._sections += tables.sections(self._context)
        return ""

    def chart(self, id: str) -> str:
        made = charts.build(self._context, id, self._charts + 1)
        if made is not None:
            self._charts += 1
            self._blocks.extend(made)
        return ""

    def grid(self, path: str, id: str, widths: Sequence[float]) -> str:
        form_id, _, block = path.partition(".")
        found = tables.list_grid(self._context, form_id, block, id=id, widths=tuple(widths))
        if found is not None:
            self._blocks.append(found)
        return ""

    def performance(self) -> str:
        """Forms printed across the page stand in sections of their own; headings just before them go with them."""
        for across, group in performance.pages(self._context):
            if not across:
                self._blocks.extend(group)
                continue
            before = tuple(self._blocks)
            if any(not isinstance(block, Paragraph) or block.style not in _HEADINGS for block in before):
                self._sections.append(Section(before[0].id, before))
                before = ()
            self._sections.append(Section(group[0].id, (*before, *group), landscape=True))
            self._blocks = []
        return ""

    def attached(self, form_id: str) -> bool:
        """Whether a performance form will be printed."""
        return bool(performance.filled(self._context, self._ledger.form(form_id)))

    def attached_files(self) -> str:
        blocks, findings = attachments.blocks(self._context)
        self._blocks.extend(blocks)
        self.findings.extend(findings)
        return ""

    def chapter(self, name: str) -> tuple[Section, ...]:
        """The sections written since the last chapter ended."""
        if self._blocks:
            self._sections.append(Section(name, tuple(self._blocks), cover=self._cover))
        made = tuple(self._sections)
        self._blocks, self._sections, self._cover = [], [], False
        return made


def name_id(name: str) -> str:
    """A short id that follows a name rather than a position: it stays when rows are moved."""
    return f"{zlib.crc32(name.strip().encode('utf-8', 'surrogatepass')):08x}"
