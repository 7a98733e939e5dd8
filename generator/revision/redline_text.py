"""A paragraph redlined: what is gone struck out, what came marked as inserted, word by word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

from lxml import etree

from .tokens import is_number, tokens
from .xmlnames import HYPERLINK, PPR, RPR, XML_SPACE, P, R, T, r, w

AUTHOR = "gongkai"
EQUAL, GONE, CAME = "equal", "gone", "came"
_MOST = 1_500_000  # tokens times tokens; a longer paragraph is replaced as a whole
_ISLAND = 2  # tokens that stay between two changes and are not worth keeping apart
_WRAPPERS = (HYPERLINK, w("smartTag"), w("fldSimple"), w("customXml"))
_FIELD, _KIND, _CODE, _DELETED_CODE = w("fldChar"), w("fldCharType"), w("instrText"), w("delInstrText")
# What belongs to the package it stands in and can't be carried into another document.
_FOREIGN = {
    w(name)
    for name in (
        "drawing",
        "pict",
        "object",
        "footnoteReference",
        "endnoteReference",
        "commentReference",
        "annotationRef",
    )
} | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"}
_PICTURES = "picture"


class Pen:
    """Makes the marks of tracked changes: who, when, and a number of its own for each."""

    def __init__(self, first: int, date: str) -> None:
        self.count, self._date = first, date

    def mark(self, kind: str) -> etree._Element:
        found = etree.Element(w("del" if kind == GONE else "ins"))
        found.set(w("id"), str(self.count))
        found.set(w("author"), AUTHOR)
        if self._date:
            found.set(w("date"), self._date)
        self.count += 1
        return found


class _Atom(NamedTuple):
    """The smallest piece that is kept or changed as a whole. ``run`` is the run it stands in (None: it stands in
    none), ``chain`` what encloses that, by key and element."""

    key: str
    node: etree._Element
    text: str
    run: etree._Element | None
    chain: tuple[tuple[str, etree._Element], ...]


def paragraph(old: etree._Element, new: etree._Element, pen: Pen) -> etree._Element:
    """``new`` with the differences from ``old`` tracked; ``new`` itself when they say the same."""
    before, after = list(_atoms(old, (), old_side=True)), list(_atoms(new, (), old_side=False))
    if [a.key for a in before if a.run is not None] == [a.key for a in after if a.run is not None]:
        return new
    steps = list(_steps(before, after))
    made = etree.Element(P)
    _copy_attributes(new, made)
    properties = new.find(PPR)
    if properties is not None:
        made.append(deepcopy(properties))
    _write(made, steps, pen)
    return made


def _copy_attributes(source: etree._Element, target: etree._Element) -> None:
    for name, value in source.attrib.items():
        target.set(name, value)


def deleted(old: etree._Element, pen: Pen, mark: bool = True) -> etree._Element:
    """``old`` as struck out, its paragraph mark too."""
    return _whole(old, GONE, pen, mark)


def inserted(new: etree._Element, pen: Pen, mark: bool = True) -> etree._Element:
    return _whole(new, CAME, pen, mark)


def _whole(source: etree._Element, kind: str, pen: Pen, mark: bool) -> etree._Element:
    made = etree.Element(P)
    properties = source.find(PPR)
    if properties is not None:
        properties = deepcopy(properties)
        if kind == GONE:
            for name in ("sectPr", "numPr", "pageBreakBefore"):
                for one in properties.findall(w(name)):
                    properties.remove(one)
        made.append(properties)
    atoms = _atoms(source, (), old_side=kind == GONE)
    _write(made, [(kind if atom.run is not None else EQUAL, atom) for atom in atoms], pen)
    if mark:
        mark_end(made, kind, pen)
    return made


def mark_end(element: etree._Element, kind: str, pen: Pen) -> None:
    """Track the paragraph's own mark as come or gone."""
    properties = element.find(PPR)
    if properties is None:
        properties = etree.Element(PPR)
        element.insert(0, properties)
    run = properties.find(RPR)
    if run is None:
        run = etree.Element(RPR)
        later = (w("sectPr"), w("pPrChange"))
        at = next((n for n, child in enumerate(properties) if child.tag in later), len(properties))
        properties.insert(at, run)
    run.insert(0, pen.mark(kind))


def _atoms(element: etree._Element, chain: tuple[tuple[str, etree._Element], ...], old_side: bool) -> Iterator[_Atom]:
    for child in element:
        tag = child.tag
        if not isinstance(tag, str) or tag == PPR:
            continue
        if tag == R:
            yield from _run_atoms(child, chain, old_side)
        elif tag in _WRAPPERS and not (old_side and child.get(r("id"))):
            yield from _atoms(child, (*chain, (_wrapper_key(child), child)), old_side)
        elif tag in _WRAPPERS:
            yield from _atoms(child, chain, old_side)
        elif tag == w("sdt"):
            content = child.find(w("sdtContent"))
            if content is not None:
                yield from _atoms(content, chain, old_side)
        elif not old_side:  # bookmarks, ends of comments, formulas: as they stand
            yield _Atom("", child, "", None, chain)


def _wrapper_key(element: etree._Element) -> str:
    return element.tag + repr(sorted((str(k), str(v)) for k, v in element.attrib.items() if "rsid" not in str(k)))


def _run_atoms(run: etree._Element, chain: tuple[tuple[str, etree._Element], ...], old_side: bool) -> Iterator[_Atom]:
    for node in run:
        tag = node.tag
        if not isinstance(tag, str) or tag in (RPR, w("lastRenderedPageBreak")):
            continue
        if tag == T:
            for token in tokens(node.text or ""):
                yield _Atom("t" + token, node, token, run, chain)
        elif tag in _FOREIGN:
            if tag == w("commentReference"):
                if not old_side:
                    yield _Atom("", run, "", None, chain)
            else:
                yield _Atom(_PICTURES, node, "", run, chain)
        else:
            kind = node.get(_KIND) or node.get(w("type")) or ""
            yield _Atom(f"{tag}{kind}{(node.text or '').strip()}", node, "", run, chain)


def _steps(before: Sequence[_Atom], after: Sequence[_Atom]) -> Iterator[tuple[str, _Atom]]:
    """What stays (as it stands in the new paragraph), goes and comes, in the order of the redline."""
    left = [atom for atom in before if atom.run is not None]
    right = [atom for atom in after if atom.run is not None]
    loose: dict[int, list[_Atom]] = {}  # what stands between runs goes with the new text that follows it
    count = 0
    for atom in after:
        if atom.run is None:
            loose.setdefault(count, []).append(atom)
        else:
            count += 1
    done = 0
    for kind, atoms in _balanced(left, right):
        for atom in atoms:
            if kind != GONE:
                for one in loose.get(done, ()):
                    yield EQUAL, one
                done += 1
            yield kind, atom
    for one in loose.get(done, ()):
        yield EQUAL, one


def _balanced(left: Sequence[_Atom], right: Sequence[_Atom]) -> list[tuple[str, Sequence[_Atom]]]:
    """Stretches that stay, go and come; everything goes and comes where half a field would be left over."""
    found = _stretches(left, right)
    for kind, atoms in found:
        if kind != EQUAL and not _whole_fields(atoms):
            return [(GONE, left), (CAME, right)]
    return found


def _whole_fields(atoms: Sequence[_Atom]) -> bool:
    depth = 0
    for atom in atoms:
        if atom.node.tag == _FIELD:
            kind = atom.node.get(_KIND)
            depth += (kind == "begin") - (kind == "end")
            if depth < 0 or (kind == "separate" and not depth):
                return False
        elif atom.node.tag == _CODE and not depth:
            return False
    return depth == 0


def _stretches(left: Sequence[_Atom], right: Sequence[_Atom]) -> list[tuple[str, Sequence[_Atom]]]:
    mine, theirs = [a.key for a in left], [a.key for a in right]
    start = 0
    while start < min(len(mine), len(theirs)) and mine[start] == theirs[start]:
        start += 1
    end = 0
    while end < min(len(mine), len(theirs)) - start and mine[-1 - end] == theirs[-1 - end]:
        end += 1
    found: list[tuple[str, Sequence[_Atom]]] = [(EQUAL, right[:start])]
    a, b = len(mine) - end, len(theirs) - end
    if (a - start) * (b - start) > _MOST:
        found += [(GONE, left[start:a]), (CAME, right[start:b])]
    else:
        matcher = SequenceMatcher(None, mine[start:a], theirs[start:b], autojunk=False)
        gone, came = start, start
        for i, j, size in matcher.get_matching_blocks():
            i, j = i + start, j + start
            inner = i < a and j < b and (gone < i or came < j)
            if inner and size <= _ISLAND and not any(is_number(x.text) or not x.text for x in right[j : j + size]):
                continue  # a lone 的 between two changes: easier to read when it goes and comes with them
            found += [(GONE, left[gone:i]), (CAME, right[came:j]), (EQUAL, right[j : j + size])]
            gone, came = i + size, j + size
    found.append((EQUAL, right[b:]))
    return [(kind, atoms) for kind, atoms in found if atoms]


def _write(made: etree._Element, steps: Sequence[tuple[str, _Atom]], pen: Pen) -> None:
    """Atoms gathered again into runs, marks of changes and what encloses them."""
    last: tuple[str, ...] = ()
    place = made
    for (chain, kind, loose), group in groupby(steps, _group_key):
        atoms = [atom for _, atom in group]
        if chain != last or place is made:
            place = made
            for _, wrapper in atoms[0].chain:
                place = etree.SubElement(place, wrapper.tag)
                _copy_attributes(wrapper, place)
            last = chain
        if loose:
            place.extend(deepcopy(atom.node) for atom in atoms)
            continue
        runs = list(_runs(atoms, kind))
        if kind == EQUAL:
            place.extend(runs)
        elif runs:
            mark = pen.mark(kind)
            mark.extend(runs)
            place.append(mark)


def _group_key(step: tuple[str, _Atom]) -> tuple[tuple[str, ...], str, bool]:
    kind, atom = step
    return tuple(key for key, _ in atom.chain), kind, atom.run is None


def _runs(atoms: Sequence[_Atom], kind: str) -> Iterator[etree._Element]:
    same: Callable[[_Atom], int] = lambda atom: id(atom.run)  # noqa: E731
    for _, group in groupby(atoms, same):
        found = list(group)
        run = etree.Element(R)
        source = found[0].run
        properties = source.find(RPR) if source is not None else None
        if properties is not None:
            run.append(deepcopy(properties))
        for is_text, pieces in groupby(found, lambda atom: bool(atom.text)):
            if is_text:
                node = etree.SubElement(run, w("delText") if kind == GONE else T)
                node.text = "".join(atom.text for atom in pieces)
                node.set(XML_SPACE, "preserve")
                continue
            for atom in pieces:
                if kind == GONE and atom.key == _PICTURES:
                    continue
                copy = deepcopy(atom.node)
                if kind == GONE and copy.tag == _CODE:
                    copy.tag = _DELETED_CODE
                copy.tail = None
                run.append(copy)
        if any(child.tag != RPR for child in run):
            yield run
