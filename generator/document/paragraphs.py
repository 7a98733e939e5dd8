"""Paragraphs: their place in the flow of pages, and their XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..model.blocks import Paragraph, Span, SpanKind
from .markup import clean, run
from .measure import line_count, text_width
from .pages import Lines
from .styles import Look

_SLACK = 0.3  # em: less than what is left of a character when no font sets gaps between Chinese and Latin
_RIGHT_GAP = 1.0  # em kept free between the two halves of a line


def spans_text(spans: Iterable[Span]) -> str:
    return "".join(span.text for span in spans)


def fits_one_line(paragraph: Paragraph, look: Look, width: int) -> bool:
    """Whether both halves of the paragraph stand on one line of ``width`` twips."""
    texts = (spans_text(paragraph.spans), spans_text(paragraph.right))
    if any("\n" in clean(text) for text in texts):
        return False
    em = sum(text_width(text, look.latin) for text in texts) + _RIGHT_GAP
    return em * look.size + look.left + look.right + look.first <= width


def lines(paragraph: Paragraph, look: Look, width: int, before: int = 0) -> Lines:
    """The paragraph in the flow; ``before`` is space on top of what the style gives."""
    room = width - look.left - look.right
    text = clean(spans_text(paragraph.spans))
    if not paragraph.right:
        count = line_count(text, look.size, room, look.first, look.latin)
    elif fits_one_line(paragraph, look, width):
        count = 1
    else:
        right = clean(spans_text(paragraph.right))
        count = line_count(text, look.size, room, look.first, look.latin)
        count += line_count(right, look.size, room, 0, look.latin)
    return flow(paragraph.id, look, count, before, paragraph.new_page)


def drawn_in(paragraph: Paragraph, look: Look, width: int) -> int:
    """Twips to take from either side of a title in two lines so that its last phrase is not broken: 第三部分
    某某局2021年度 / 部门决算情况说明; 0 where that can't be or need not be. It takes two lines as before."""
    room = width - look.left - look.right
    text = clean(spans_text(paragraph.spans))
    if not look.centred or look.first or paragraph.right or "\n" in text:
        return 0
    if line_count(text, look.size, room, 0, look.latin) != 2:
        return 0
    for at in _phrases(paragraph.spans):
        first, last = (clean(spans_text(part)) for part in (paragraph.spans[:at], paragraph.spans[at:]))
        needed = round((text_width(first, look.latin) + _SLACK) * look.size)
        if text_width(last, look.latin) * look.size <= needed <= room:
            return (room - needed) // 2
    return 0


def _phrases(spans: Sequence[Span]) -> Iterator[int]:
    """Spans that may begin the second line of a title, best first: after the year and its word, at the year."""
    kinds = [span.kind for span in spans]
    for at in reversed(range(1, len(spans))):
        behind_year = at > 1 and kinds[at - 2 : at] == [SpanKind.YEAR, SpanKind.FIXED]
        if behind_year or kinds[at] is SpanKind.YEAR:
            yield at


def flow(id: str, look: Look, count: int, before: int = 0, new_page: bool = False) -> Lines:
    return Lines(
        id=id,
        count=count,
        pitch=look.line,
        before=look.before + before,
        after=look.after,
        keep_next=look.keep_next,
        keep_lines=look.keep_lines,
        widow=look.widow,
        new_page=new_page or look.page_before,
    )


def element(
    look: Look,
    content: str,
    *,
    new_page: bool = False,
    keep_next: bool | None = None,
    tabs: str = "",
    before: int | None = None,
    sides: int = 0,
    flush: bool = False,
    section: str = "",
) -> str:
    """One w:p; None leaves a matter to the style.

    ``sides`` is what either indent gets on top of the style's, ``flush`` takes the first line's away, ``section`` is
    the w:sectPr that ends with this paragraph.
    """
    spacing = f'<w:spacing w:before="{before}"/>' if before is not None else ""
    breaking = "<w:pageBreakBefore/>" if new_page and not look.page_before else ""
    indent = f'<w:ind w:left="{look.left + sides}" w:right="{look.right + sides}"/>' if sides else ""
    indent = '<w:ind w:firstLineChars="0" w:firstLine="0"/>' if flush else indent
    kept = "" if keep_next is None else f'<w:keepNext w:val="{int(keep_next)}"/>'
    properties = f'<w:pStyle w:val="{look.id}"/>{kept}{breaking}{tabs}{spacing}{indent}{section}'
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def content(paragraph: Paragraph, look: Look, width: int) -> tuple[str, str]:
    """Runs of the paragraph, and the w:tabs it needs."""
    runs = run(spans_text(paragraph.spans))
    if not paragraph.right:
        return runs, ""
    between = "<w:r><w:tab/></w:r>" if fits_one_line(paragraph, look, width) else "<w:r><w:br/><w:tab/></w:r>"
    return runs + between + run(spans_text(paragraph.right)), right_tab(width)


def right_tab(width: int, leader: str = "none") -> str:
    """A tab stop at the right end of the text area."""
    return f'<w:tabs><w:tab w:val="right" w:leader="{leader}" w:pos="{width}"/></w:tabs>'
