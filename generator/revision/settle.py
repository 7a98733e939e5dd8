"""Tracked changes settled: all accepted or all rejected, in the tree itself, as Word does it."""

from __future__ import annotations

from lxml import etree

from .xmlnames import PPR, RPR, TBL, TC, TR, P, w

INS, DEL, FROM, TO = w("ins"), w("del"), w("moveFrom"), w("moveTo")
_ROW_PROPERTIES = w("trPr")
_WAS = tuple(w(f"{name}Change") for name in ("rPr", "pPr", "sectPr", "tblPr", "tblPrEx", "trPr", "tcPr", "tblGrid"))
_ENDS = tuple(
    w(f"{name}{end}")
    for name in ("moveFromRange", "moveToRange", "customXmlInsRange", "customXmlDelRange", "customXmlMoveFromRange")
    for end in ("Start", "End")
)
_NUMBERED = w("numberingChange")
_CELL_MARKS = (w("cellIns"), w("cellDel"), w("cellMerge"))
_BACK = {w("delText"): w("t"), w("delInstrText"): w("instrText")}
_INLINE_KEPT = (w("bookmarkStart"), w("bookmarkEnd"), w("proofErr"))


def accept(root: etree._Element) -> None:
    """Everything proposed is done; formatting stays as it is now."""
    _settle(root, gone=(DEL, FROM), kept=(INS, TO))


def reject(root: etree._Element) -> None:
    """Text, rows and paragraphs as before; earlier formatting comes back."""
    for tag in _WAS:
        for change in list(root.iter(tag)):
            now = change.getparent()
            if now is not None:
                _restore(now, change)
    _settle(root, gone=(INS, TO), kept=(DEL, FROM))


def tracked(root: etree._Element) -> bool:
    """Whether there is anything to settle."""
    return next(root.iter(INS, DEL, FROM, TO, *_WAS), None) is not None


def _restore(now: etree._Element, change: etree._Element) -> None:
    before = change.find(now.tag)
    kept = [one for one in now if one.tag == RPR] if now.tag == PPR else []
    for child in list(now):
        if child not in kept:
            now.remove(child)
    for number, child in enumerate(list(before) if before is not None else []):
        now.insert(number, child)


def _settle(root: etree._Element, gone: tuple[str, ...], kept: tuple[str, ...]) -> None:
    for tag in (*_WAS, *_ENDS, _NUMBERED, *_CELL_MARKS):
        for one in list(root.iter(tag)):
            _drop(one)
    for row in list(root.iter(TR)):
        properties = row.find(_ROW_PROPERTIES)
        if properties is not None and any(properties.find(tag) is not None for tag in gone):
            _drop(row)
        elif properties is not None:
            for tag in kept:
                for one in properties.findall(tag):
                    properties.remove(one)
    for table in list(root.iter(TBL)):
        if table.find(f".//{TR}") is None:
            _drop(table)
    lost: list[etree._Element] = []
    for mark in list(root.iter(*gone, *kept)):
        parent = mark.getparent()
        if parent is None:
            continue
        if parent.tag == RPR:  # of a paragraph's mark, or of a run (nothing to do there)
            paragraph = _paragraph_of(parent)
            parent.remove(mark)
            if paragraph is not None and mark.tag in gone and paragraph not in lost:
                lost.append(paragraph)
        elif mark.tag in gone:
            _drop(mark)
        else:
            _unwrap(mark)
    for old, new in _BACK.items():
        for one in list(root.iter(old)):
            one.tag = new
    for paragraph in lost:
        _join(paragraph)


def _paragraph_of(properties: etree._Element) -> etree._Element | None:
    parent = properties.getparent()
    above = parent.getparent() if parent is not None and parent.tag == PPR else None
    return above if above is not None and above.tag == P else None


def _drop(one: etree._Element) -> None:
    parent = one.getparent()
    if parent is not None:
        parent.remove(one)


def _unwrap(one: etree._Element) -> None:
    parent = one.getparent()
    if parent is not None:
        at = parent.index(one)
        for child in reversed(list(one)):
            parent.insert(at, child)
        parent.remove(one)


def _join(paragraph: etree._Element) -> None:
    """A paragraph whose mark is gone goes on in the next one; without content it vanishes."""
    content = [child for child in paragraph if child.tag != PPR]
    following = paragraph.getnext()
    parent = paragraph.getparent()
    if parent is None:
        return
    if following is not None and following.tag == P:
        at = 1 if following.find(PPR) is not None else 0
        for child in reversed(content):
            following.insert(at, child)
        parent.remove(paragraph)
        return
    alone = parent.tag == TC and len(parent.findall(P)) < 2
    if not alone and all(child.tag in _INLINE_KEPT for child in content):
        parent.remove(paragraph)
