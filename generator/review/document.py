"""The document's own half of the page: its text, tables and charts, with every figure leading to its cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..model.blocks import (
    Align,
    Attachment,
    Block,
    Chart,
    Contents,
    Grid,
    GridCell,
    Paragraph,
    Section,
    Span,
    SpanKind,
    Style,
)  # fmt: skip
from ..model.cell import CellRef
from ..model.figure import Figure
from .drawing import drawing
from .formula import Name, exact, in_numbers, in_words
from .markup import Places, escape, lines
from .untied import Amounts, figures

_TAGS: Mapping[Style, tuple[str, str]] = {
    Style.COVER_TITLE: ("p", "cover"),
    Style.COVER_DATE: ("p", "date"),
    Style.PART: ("h2", "part"),
    Style.SECTION: ("h3", ""),
    Style.SUBSECTION: ("h4", ""),
    Style.TABLE_TITLE: ("h3", "mid"),
    Style.FORM_TITLE: ("h3", "mid"),
    Style.TABLE_NUMBER: ("p", "right"),
    Style.TABLE_UNIT: ("p", "unit"),
    Style.TABLE_NOTE: ("p", "note"),
    Style.CAPTION: ("p", "mid"),
}
_WORST_FIRST = "ewia"
_NOT_TIED = "未勾连：工作簿中没有相同的数"


@dataclass
class Writer:
    """One run over the document; ``told`` grows with the formulas of figures that were reckoned, ``untied`` with
    the figures in typed text that no cell holds."""

    places: Places
    name: Name
    amounts: Amounts
    where: Mapping[str, str]  # by block id
    shown: dict[str, tuple[CellRef, ...]]  # figures the document prints itself
    flags: Mapping[CellRef, str] = field(default_factory=dict)  # the worst finding of each cell
    used: dict[CellRef, None] = field(default_factory=dict)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    spots: dict[str, int] = field(default_factory=dict)  # places by their number
    untied: list[tuple[str, str]] = field(default_factory=list)  # id in the page, the figure
    _known: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def sections(self, found: Sequence[Section]) -> str:
        return "".join(self._section(section) for section in found)

    def _section(self, section: Section) -> str:
        kind = " wide" if section.landscape else ""
        return f'<section class="page{kind}">{"".join(self._block(block) for block in section.blocks)}</section>'

    def _block(self, block: Block) -> str:
        spot = f' data-p="{self._spot(block.id)}"'
        if isinstance(block, Paragraph):
            return self._paragraph(block, spot)
        if isinstance(block, Grid):
            return self._grid(block, spot)
        if isinstance(block, Chart):
            return f'<div class="figure" id="{self._id(block.id)}"{spot}>{drawing(block, self._point)}</div>'
        if isinstance(block, Contents):
            return self._contents(block)
        return self._attachment(block, spot)

    def _spot(self, id: str) -> int:
        return self.spots.setdefault(self.where.get(id, ""), len(self.spots))

    @staticmethod
    def _id(id: str) -> str:
        return "b-" + escape(id)

    def _paragraph(self, block: Paragraph, spot: str) -> str:
        tag, kind = _TAGS.get(block.style, ("p", "body"))
        if not block.spans and not block.right:
            return ""
        inner = self._spans(block.spans)
        if block.right:
            inner = f"<span>{inner}</span><span>{self._spans(block.right)}</span>"
        classes = f' class="{kind}"' if kind else ""
        return f'<{tag}{classes} id="{self._id(block.id)}"{spot}>{inner}</{tag}>'

    def _spans(self, spans: Iterable[Span]) -> str:
        return "".join(self._span(span) for span in spans)

    def _span(self, span: Span) -> str:
        if span.kind is SpanKind.FIGURE and span.cells:
            told = self._told(span.figure, span.text) if span.figure is not None else ""
            return f'<b class="f" tabindex="0" role="button"{self._cells(span.cells)}{told}>{lines(span.text)}</b>'
        if span.kind is SpanKind.USER:
            inner = "".join(self._typed(span))
            if not span.cells:
                return f'<span class="hand">{inner}</span>'
            return f'<span class="u"{self._cells(span.cells)}>{inner}</span>'
        if span.cells:
            return f'<span class="u"{self._cells(span.cells)}>{lines(span.text)}</span>'
        return lines(span.text)

    def _typed(self, span: Span) -> Iterator[str]:
        """Words a person typed: figures in them that cells hold lead there, others are marked."""
        at = 0
        for found in figures(span.text, self.amounts, self.shown):
            yield lines(span.text[at : found.start])
            figure = lines(span.text[found.start : found.end])
            at = found.end
            others = tuple(cell for cell in found.cells if cell not in span.cells)
            if others:
                yield f'<b class="f same" tabindex="0" role="button"{self._cells(others)}>{figure}</b>'
                continue
            id = f"n{len(self.untied)}"
            self.untied.append((id, span.text[found.start : found.end]))
            own = self._cells(span.cells)
            yield f'<mark class="loose" id="{id}" tabindex="0" role="button" title="{_NOT_TIED}"{own}>{figure}</mark>'
        yield lines(span.text[at:])

    def _cells(self, refs: Sequence[CellRef]) -> str:
        found = self.places.all(refs)
        if not found:
            return ""
        self.used.update(dict.fromkeys(refs))
        flagged = min((self.flags[ref] for ref in refs if ref in self.flags), key=_WORST_FIRST.index, default="")
        return f' data-c="{found}"' + (f' data-s="{flagged}"' if flagged else "")

    def _told(self, figure: Figure, shown: str) -> str:
        """Reference to how a figure was reckoned; nothing for one that is taken from its cell as it stands."""
        value = exact(figure, shown)
        if figure.how is None and len(figure.cells) == 1:
            return ""
        several = len({cell.sheet for cell in figure.cells}) > 1
        key = in_words(figure, self._in_table if several else self.name), in_numbers(figure), value
        if key not in self._known:
            self._known[key] = len(self.told)
            self.told.append(key)
        return f' data-k="{self._known[key]}"'

    def _in_table(self, ref: CellRef) -> str:
        """With the sheet, its number left out, where a formula takes from several."""
        return f"{ref.sheet.lstrip('0123456789')}“{self.name(ref)}”"

    def _point(self, label: str, figure: Figure, classes: str) -> str:
        told = self._told(figure, label)
        kind = f"f {classes}".strip()
        return (
            f'class="{kind}" tabindex="0" role="button" aria-label="{escape(label)}"{self._cells(figure.cells)}{told}'
        )

    # tables

    def _grid(self, grid: Grid, spot: str) -> str:
        total = sum(grid.widths) or 1
        columns = "".join(f'<col width="{width / total:.2%}">' for width in grid.widths)
        rows = [
            f"<tr>{''.join(self._cell(cell, at < grid.head_rows) for cell in row)}</tr>"
            for at, row in enumerate(grid.rows)
        ]
        head = f"<thead>{''.join(rows[: grid.head_rows])}</thead>" if grid.head_rows else ""
        kind = "doc dense" if grid.dense else "doc"
        label = f' aria-label="{escape(grid.description)}"' if grid.description else ""
        return (
            f'<div class="scroll"><table class="{kind}" id="{self._id(grid.id)}"{spot}{label}>'
            f"<colgroup>{columns}</colgroup>{head}<tbody>{''.join(rows[grid.head_rows :])}</tbody></table></div>"
        )

    def _cell(self, cell: GridCell, head: bool) -> str:
        tag = "th" if head else "td"
        spans = (f' colspan="{cell.colspan}"' if cell.colspan > 1 else "") + (
            f' rowspan="{cell.rowspan}"' if cell.rowspan > 1 else ""
        )
        classes = [] if cell.align is Align.LEFT else [cell.align.value[0]]
        if cell.bold:
            classes.append("bold")
        if cell.kind is SpanKind.USER and not cell.cells and cell.text:
            classes.append("hand")
        known = self._cells(cell.cells) if cell.cells else ""
        if known and cell.text:
            classes.append("f" if cell.kind is SpanKind.FIGURE else "u")
        elif not cell.text:
            known = ""
        kind = f' class="{" ".join(classes)}"' if classes else ""
        told = self._told(cell.figure, cell.text) if known and cell.figure is not None else ""
        return f"<{tag}{spans}{kind}{known}{told}>{lines(cell.text)}</{tag}>"

    # the rest

    def _contents(self, block: Contents) -> str:
        entries = "".join(
            f'<li class="l{entry.level}"><a href="#{self._id(entry.target)}">{escape(entry.text)}</a></li>'
            for entry in block.entries
        )
        return (
            f'<h2 class="mid">{escape(block.title)}</h2><ul class="contents" id="{self._id(block.id)}">{entries}</ul>'
        )

    def _attachment(self, block: Attachment, spot: str) -> str:
        name = block.path.replace("\\", "/").rpartition("/")[2]
        said = f'<span class="u"{self._cells((block.cell,))}>〔附件：{escape(name)}，见文档〕</span>'
        return f'<p class="note" id="{self._id(block.id)}"{spot}>{said}</p>'


def printed(sections: Iterable[Section]) -> dict[str, tuple[CellRef, ...]]:
    """Every figure that the document prints, as shown, with its cells."""
    found: dict[str, tuple[CellRef, ...]] = {}
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Paragraph):
                for span in (*block.spans, *block.right):
                    if span.kind is SpanKind.FIGURE and span.cells:
                        found.setdefault(span.text, span.cells)
            elif isinstance(block, Chart):
                for series in block.series:
                    for label, point in zip(series.labels, series.points, strict=False):
                        found.setdefault(label, point.cells)
    return found
