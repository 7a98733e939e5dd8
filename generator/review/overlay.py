"""The document as it stands in the end: what was generated, with what hands have changed, added and taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from ..model.blocks import (
    Attachment,
    Block,
    Disclosure,
    Grid,
    GridCell,
    Paragraph,
    Section,
    Span,
    SpanKind,
    Style,
)  # fmt: skip
from ..model.written import WrittenBlock, WrittenCell

_TOKEN = re.compile(r"\d+(?:[,.]\d+)*[%％]?|[A-Za-z]+|.", re.DOTALL)
_SPACE = re.compile(r"\s+")
_STYLES = {style.value: style for style in Style}
_HAND = "hand"
_AFTER_NUMBER = (".", ",")


def overlay(disclosure: Disclosure, written: Sequence[WrittenBlock], names: Mapping[str, str]) -> tuple[Section, ...]:
    """The document's sections as written. ``names`` are the bookmarks of block ids; a typed text has no cells."""
    ids = {name: id for id, name in names.items()}
    home = {block.id: (section, block) for section in disclosure.sections for block in section.blocks}
    made: list[tuple[Section, list[Block]]] = []
    typed = 0
    attached = False
    for one in written:
        known = next((home[ids[mark]] for mark in one.marks if ids.get(mark) in home), None)
        if known is not None:
            section, block = known
            attached = isinstance(block, Attachment)
            if not made or made[-1][0] is not section:
                made.append((section, []))
            made[-1][1].append(_block(block, one))
            continue
        if attached or one.entry or not (one.rows or one.text.strip()):
            continue  # the user's own file that was appended, a line of the contents, or nothing
        if not made:
            made.append((disclosure.sections[0], []))
        typed += 1
        made[-1][1].append(_typed(one, f"{_HAND}.{typed}"))
    return tuple(
        Section(section.id, tuple(blocks), section.landscape, section.cover) for section, blocks in made if blocks
    )


def _block(block: Block, written: WrittenBlock) -> Block:
    if isinstance(block, Paragraph) and written.rows is None:
        return _paragraph(block, written.text)
    if isinstance(block, Grid) and written.rows is not None:
        return _grid(block, written.rows)
    return block


def _typed(written: WrittenBlock, id: str) -> Block:
    if written.rows is None:
        return Paragraph(id, _STYLES.get(written.style, Style.BODY), (_by_hand(written.text),))
    rows = tuple(tuple(_cell(cell) for cell in row) for row in written.rows)
    columns = max((sum(cell.colspan for cell in row) for row in rows), default=1)
    return Grid(id, (1.0,) * columns, rows)


def _by_hand(text: str) -> Span:
    return Span(text, SpanKind.USER)


def _cell(cell: WrittenCell) -> GridCell:
    return GridCell(cell.text, cell.colspan, cell.rowspan, kind=SpanKind.USER)


def _same(one: str, other: str) -> bool:
    return one == other or _SPACE.sub("", one) == _SPACE.sub("", other)


def _paragraph(block: Paragraph, text: str) -> Paragraph:
    right = "".join(span.text for span in block.right)
    if _same(block.text + right, text):
        return block
    if right and text.endswith(right) and "\t" in text:
        left = text[: -len(right)].rstrip("\n\t")
        return Paragraph(block.id, block.style, tuple(_spans(block.spans, left)), block.right, block.new_page)
    return Paragraph(block.id, block.style, tuple(_spans((*block.spans, *block.right), text)), (), block.new_page)


def _spans(spans: Sequence[Span], text: str) -> Iterator[Span]:
    """Stretches that still stand as generated with their cells, the rest as typed; a figure is kept whole or not."""
    base: list[tuple[str, int]] = []
    for number, span in enumerate(spans):
        whole = span.kind is SpanKind.FIGURE
        base += [(token, number) for token in ([span.text] if whole else _TOKEN.findall(span.text))]
    lead = spans[0].text if spans and spans[0].kind is SpanKind.NUMERAL and text.startswith(spans[0].text) else ""
    after = text[len(lead) :]
    mark = after[0] if lead and after[:1] in _AFTER_NUMBER else ""  # "3.2021年" is no amount
    now = [one for one in (lead, mark) if one]
    now += _tokens(after[len(mark) :], {span.text for span in spans if span.kind is SpanKind.FIGURE})
    matcher = SequenceMatcher(None, [token for token, _ in base], now, autojunk=False)
    held: list[tuple[int, str]] = []  # number of the span it stands in (-1: typed), text
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            held += [(number, token) for token, number in base[a:b]]
        else:
            held += [(-1, token) for token in now[c:d]]
    at = 0
    while at < len(held):
        end = at
        while end < len(held) and held[end][0] == held[at][0]:
            end += 1
        joined = "".join(token for _, token in held[at:end])
        number = held[at][0]
        yield _by_hand(joined) if number < 0 else spans[number]._replace(text=joined)
        at = end


def _tokens(text: str, figures: set[str]) -> list[str]:
    """As the generated text is cut, so that a figure that stands unchanged is one token on either side."""
    known = sorted((figure for figure in figures if not _TOKEN.fullmatch(figure)), key=len, reverse=True)
    if not known:
        return _TOKEN.findall(text)
    return re.findall("|".join([*map(re.escape, known), _TOKEN.pattern]), text, re.DOTALL)


def _grid(block: Grid, written: Sequence[Sequence[WrittenCell]]) -> Grid:
    before = [tuple(_SPACE.sub("", cell.text) for cell in row) for row in block.rows]
    after = [tuple(_SPACE.sub("", cell.text) for cell in row) for row in written]
    if before == after:
        return block
    rows: list[tuple[GridCell, ...]] = []
    heads = block.head_rows
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += block.rows[a:b]
            continue
        for number, row in enumerate(written[c:d]):
            source = block.rows[a + number] if b - a == d - c else None
            if source is not None and len(source) == len(row):
                rows.append(tuple(map(_corrected, source, row)))
            else:
                rows.append(tuple(_cell(cell) for cell in row))
        if a < heads and b - a != d - c:
            heads = min(heads, a)
    return Grid(block.id, block.widths, tuple(rows), heads, block.dense, block.description)


def _corrected(cell: GridCell, written: WrittenCell) -> GridCell:
    if _same(cell.text, written.text):
        return cell
    return cell._replace(text=written.text, kind=SpanKind.USER, cells=(), figure=None)
