"""Paragraphs: their place in the flow of pages, and their XML."""

from __future__ import annotations

from collections.abc import Iterable

from ..model.blocks import Paragraph, Span
from .markup import clean, run
from .measure import line_count, text_width
from .pages import Lines
from .styles import Look

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
    section: str = "",
) -> str:
    """One w:p. ``section`` is the w:sectPr that ends with this paragraph; None leaves a matter to the style."""
    spacing = f'<w:spacing w:before="{before}"/>' if before is not None else ""
    breaking = "<w:pageBreakBefore/>" if new_page and not look.page_before else ""
    kept = "" if keep_next is None else f'<w:keepNext w:val="{int(keep_next)}"/>'
    properties = f'<w:pStyle w:val="{look.id}"/>{kept}{breaking}{tabs}{spacing}{section}'
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
