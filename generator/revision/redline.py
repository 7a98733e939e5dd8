"""A document with its differences from an earlier one as tracked changes: reject all for the earlier text, accept all
for the present one. Text and table cells are tracked; pictures, charts and page set-up are those of the present one.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from copy import deepcopy

from lxml import etree

from . import align, redline_text, settle
from .body import Body, Unit, open_body, row_cells, table_rows
from .package import Parts, serialize
from .redline_text import CAME, GONE, Pen
from .text import plain
from .tokens import likeness
from .xmlnames import ID, SECT, TBL, TC, TR, VAL, P, w

_CREATED = re.compile(rb"<dcterms:created[^>]*>\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\s*<")
_SPAN, _MERGE, _ROW_PROPERTIES, _CELL_PROPERTIES = w("gridSpan"), w("vMerge"), w("trPr"), w("tcPr")
_FIRST_IN_ROW = (w("tblPrEx"), _ROW_PROPERTIES)
_SAME_LABEL = 0.6
_SHORTEST_CODE = 3  # digits
_AMOUNT = re.compile(r"-?[\d,]+\.\d+%?")


def redline(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Parts | None:
    """Parts of ``new`` with its differences from ``old`` tracked; None when both say the same.

    Changes that people tracked in either count as accepted. Unreadable when one of them is no Word document.
    """
    before, after = settled(old), settled(new)
    used = [int(n) for e in after.root.iter() if isinstance(e.tag, str) and (n := e.get(ID, "")).isdigit()]
    pen = Pen(max(used, default=0) + 1, _date(new))
    first = pen.count
    body = after.body
    ending = body.find(SECT)
    made = _Redline(pen).blocks(align.units(before.units, after.units))
    if pen.count == first:
        return None
    for child in list(body):
        body.remove(child)
    body.extend(made)
    if ending is not None:
        body.append(ending)
    parts = dict(new)
    parts[after.main] = serialize(after.root)
    return parts


def settled(parts: Mapping[str, bytes]) -> Body:
    """The document with all tracked changes accepted."""
    found = open_body(parts)
    if not settle.tracked(found.root):
        return found
    settle.accept(found.root)
    return open_body({**parts, found.main: serialize(found.root)})


def _date(parts: Mapping[str, bytes]) -> str:
    """No clock is read: the date the document itself gives for its making."""
    found = _CREATED.search(parts.get("docProps/core.xml", b""))
    return found[1].decode() if found else ""


class _Redline:
    def __init__(self, pen: Pen) -> None:
        self.pen = pen

    def blocks(self, pairs: Sequence[align.Pair[Unit]]) -> list[etree._Element]:
        made: list[tuple[str, etree._Element]] = []
        for old, new in pairs:
            left = old.element if old is not None else None
            right = new.element if new is not None else None
            made += self._pair(left, right)
        return self._ended(made)

    def _pair(self, old: etree._Element | None, new: etree._Element | None) -> list[tuple[str, etree._Element]]:
        """Status of the block as a whole, and the block; paragraph marks are tracked by ``_ended``."""
        if old is not None and new is not None:
            if old.tag == new.tag == P:
                return [("", redline_text.paragraph(old, new, self.pen))]
            if old.tag == new.tag == TBL:
                return [("", self._table(old, new))]
            if plain(old) == plain(new):
                return [("", new)]
            return self._pair(old, None) + self._pair(None, new)
        source, kind = (new, CAME) if old is None else (old, GONE)
        if source is None:
            return []
        if source.tag == P:
            write = redline_text.inserted if kind == CAME else redline_text.deleted
            return [(kind, write(source, self.pen, mark=False))]
        if source.tag == TBL:
            return [("", self._whole_table(source, kind))]
        inner = [child for child in source.iter(P, TBL) if not _inside(child, source)]
        return [
            one for child in inner for one in (self._pair(child, None) if kind == GONE else self._pair(None, child))
        ]

    def _ended(self, blocks: list[tuple[str, etree._Element]]) -> list[etree._Element]:
        """Marks of paragraphs that came or went. The last paragraph of a cell or of the body has a mark that can't
        go: the one before is tracked in its place."""
        kinds = [kind for kind, _ in blocks]
        start = len(blocks)
        while start and kinds[start - 1] and blocks[start - 1][1].tag == P:
            start -= 1
        if 0 < start < len(blocks) and blocks[start - 1][1].tag == P:
            kinds[start - 1 :] = [*kinds[start:], ""]
        for kind, (_, element) in zip(kinds, blocks, strict=True):
            if kind and element.tag == P:
                redline_text.mark_end(element, kind, self.pen)
        return [element for _, element in blocks]

    # tables

    def _table(self, old: etree._Element, new: etree._Element) -> etree._Element:
        before, after = table_rows(old), table_rows(new)
        made = etree.Element(TBL)
        made.extend(deepcopy(child) for child in new if child.tag in (w("tblPr"), w("tblGrid")))
        for left, right in align.pairs(before, after, row_key, row_likeness, row_label):
            if left is not None and right is not None:
                made.extend(self._row(left, right))
            elif right is not None:
                made.append(self._whole_row(right, CAME))
            elif left is not None:
                made.append(self._whole_row(left, GONE))
        return made

    def _whole_table(self, table: etree._Element, kind: str) -> etree._Element:
        made = etree.Element(TBL)
        made.extend(deepcopy(child) for child in table if child.tag in (w("tblPr"), w("tblGrid")))
        made.extend(self._whole_row(row, kind) for row in table_rows(table))
        return made

    def _row(self, old: etree._Element, new: etree._Element) -> list[etree._Element]:
        before, after = row_cells(old), row_cells(new)
        if [_shape(cell) for cell in before] != [_shape(cell) for cell in after]:
            return [self._whole_row(old, GONE), self._whole_row(new, CAME)]
        if [plain(cell) for cell in before] == [plain(cell) for cell in after]:
            return [new]
        made = etree.Element(TR)
        made.extend(deepcopy(child) for child in new if child.tag in _FIRST_IN_ROW)
        for left, right in zip(before, after, strict=True):
            made.append(self._cell(left, right))
        return [made]

    def _cell(self, old: etree._Element, new: etree._Element) -> etree._Element:
        made = etree.Element(TC)
        made.extend(deepcopy(child) for child in new if child.tag == _CELL_PROPERTIES)
        before, after = _content(old), _content(new)
        blocks: list[tuple[str, etree._Element]] = []
        for at in range(max(len(before), len(after))):
            left = before[at] if at < len(before) else None
            right = after[at] if at < len(after) else None
            blocks += self._pair(left, right)
        made.extend(self._ended(blocks))
        return made

    def _whole_row(self, row: etree._Element, kind: str) -> etree._Element:
        """A row that came or went; the text in it is tracked too, as Word has it."""
        made = etree.Element(TR)
        made.extend(deepcopy(child) for child in row if child.tag in _FIRST_IN_ROW)
        properties = made.find(_ROW_PROPERTIES)
        if properties is None:
            properties = etree.SubElement(made, _ROW_PROPERTIES)
        properties.append(self.pen.mark(kind))
        write = redline_text.inserted if kind == CAME else redline_text.deleted
        for cell in row_cells(row):
            copy = etree.SubElement(made, TC)
            copy.extend(deepcopy(child) for child in cell if child.tag == _CELL_PROPERTIES)
            for block in _content(cell):
                copy.append(write(block, self.pen) if block.tag == P else self._whole_table(block, kind))
        return made


def _content(cell: etree._Element) -> list[etree._Element]:
    found = []
    for child in cell:
        if child.tag in (P, TBL):
            found.append(child)
        elif child.tag != _CELL_PROPERTIES and isinstance(child.tag, str):
            found += [one for one in child.iter(P, TBL) if not _inside(one, child)]
    return found


def _inside(element: etree._Element, top: etree._Element) -> bool:
    """Whether another paragraph or table stands between the two."""
    parent = element.getparent()
    while parent is not None and parent is not top:
        if parent.tag in (P, TBL):
            return True
        parent = parent.getparent()
    return False


def row_key(row: etree._Element) -> Hashable:
    return tuple((plain(cell), *_shape(cell)) for cell in row_cells(row))


def row_label(row: etree._Element) -> Hashable:
    """The first words of a row, by which it is known though its amounts change; rows of nothing but amounts are all
    alike."""
    cells, amounts = row_cells(row), False
    for at, cell in enumerate(cells):
        text = plain(cell).strip()
        if _AMOUNT.fullmatch(text):
            amounts = True
        elif text and not (text.isdigit() and len(text) < _SHORTEST_CODE):  # a running number tells nothing
            return at, len(cells), text
    return ("amounts", len(cells)) if amounts else id(row)


def _shape(cell: etree._Element) -> tuple[str, str]:
    properties = cell.find(_CELL_PROPERTIES)
    if properties is None:
        return "1", ""
    span, merge = properties.find(_SPAN), properties.find(_MERGE)
    return (
        span.get(VAL, "1") if span is not None else "1",
        "" if merge is None else merge.get(VAL, "continue"),
    )


def row_likeness(old: etree._Element, new: etree._Element) -> float:
    """1 for all cells equal; a row whose first words stay is the same row though all its amounts change."""
    before, after = [plain(cell) for cell in row_cells(old)], [plain(cell) for cell in row_cells(new)]
    if len(before) != len(after) or not before:
        return 0.0
    same = sum(a == b for a, b in zip(before, after, strict=True)) / len(before)
    if row_label(old) == row_label(new):
        return max(same, _SAME_LABEL)
    # Another code or name: the same row only when nearly all else stays, or the words are much the same.
    return max(likeness("".join(before), "".join(after)) - 0.2, 0.0)


__all__ = ["redline", "row_key", "row_label", "row_likeness", "settled"]
