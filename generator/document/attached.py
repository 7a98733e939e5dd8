"""One Word file of the user made ready for, put into, and checked in the finished document."""

from __future__ import annotations

import re
import zlib
from copy import deepcopy
from functools import lru_cache
from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml.ns import nsmap, qn
from docxcompose.composer import Composer
from lxml import etree

_NAMES = {key: nsmap[key] for key in ("w", "r", "a", "wp", "c")}
_RELATION = " or ".join(f"local-name()='{name}'" for name in ("id", "embed", "link", "dm", "lo", "qs", "cs"))
_BOOKMARK_IN_FIELD = re.compile(r"[\w.]+")
# What docxcompose loses in the parts it does not copy; the marks left behind would break the document.
_LOST = (
    ("批注没有带入", ("w:commentRangeStart", "w:commentRangeEnd", "w:commentReference")),
    ("尾注没有带入", ("w:endnoteReference",)),
    ("引用的外部文档没有带入", ("w:subDoc", "w:altChunk")),
)


class _Composer(Composer):  # type: ignore[misc]  # docxcompose has no types
    """docxcompose, less what is done here already: ids of bookmarks, types and footers of sections."""

    def add_styles(self, doc: Any, element: Any) -> None:
        """As theirs, which lists all styles of the document for every paragraph, even one that has none."""
        if _all(element, "(.//w:tblStyle|.//w:pStyle|.//w:rStyle)[1]"):
            super().add_styles(doc, element)

    def renumber_bookmarks(self) -> None:
        pass

    def fix_section_types(self, doc: Any) -> None:
        pass

    def fix_header_and_footers(self, doc: Any) -> None:
        pass


def _all(element: Any, path: str) -> list[Any]:
    found: Any = _compiled(path)(element)
    return list(found)


@lru_cache(maxsize=64)
def _compiled(path: str) -> Any:
    return etree.XPath(path, namespaces=_NAMES)


def prepare(source: Any, master: Any, salt: int) -> tuple[str, ...]:
    """Make ``source`` fit to be copied into ``master``; says what of it will be missing."""
    notes: list[str] = []
    body = source.element.body
    for note, tags in _LOST:
        marks = [mark for tag in tags for mark in _all(body, f".//{tag}")]
        for mark in marks:
            mark.getparent().remove(mark)
        if marks:
            notes.append(note)
    if _all(body, ".//w:ins|.//w:del|.//w:moveFrom|.//w:moveTo"):
        notes.append("其中的修订痕迹仍在，请先接受或拒绝修订")
    if _has_running_heads(source):
        notes.append("其页眉页脚没有带入，页码接公开文档")
    for binding in _all(body, ".//w:sdtPr/w:dataBinding"):
        binding.getparent().remove(binding)  # the data it is bound to stays behind
    _page_breaks(source)
    _bookmarks(body, master.element.body, salt)
    for paragraph in _all(body, ".//w:p[.//w:drawing or .//w:pict or .//w:object]"):
        # An exact line height of our body text would cut a picture down to one line.
        spacing = paragraph.get_or_add_pPr().get_or_add_spacing()
        spacing.set(qn("w:line"), "240")
        spacing.set(qn("w:lineRule"), "auto")
    for relation in source.part.rels.values():
        if not relation.is_external and relation.reltype not in (RT.IMAGE, RT.STYLES, RT.NUMBERING):
            _number_relations(relation.target_part)
    return tuple(notes)


def _page_breaks(source: Any) -> None:
    """Paragraphs break the page as they do in their own file: a style of the same name here may do otherwise."""
    breaks = {
        style.style_id: bool(style.paragraph_format.page_break_before)
        for style in source.styles
        if style.type == WD_STYLE_TYPE.PARAGRAPH
    }
    for paragraph in _all(source.element.body, ".//w:p[w:pPr/w:pStyle and not(w:pPr/w:pageBreakBefore)]"):
        paragraph.pPr.pageBreakBefore_val = breaks.get(paragraph.style, False)


def _has_running_heads(source: Any) -> bool:
    return any(
        "".join(_all(relation.target_part.element, ".//w:t/text()")).strip()
        for relation in source.part.rels.values()
        if relation.reltype in (RT.HEADER, RT.FOOTER) and not relation.is_external
        and _all(relation.target_part.element, ".//w:p[.//w:t and not(.//w:fldChar) and not(.//w:fldSimple)]")
    )  # fmt: skip


def _bookmarks(body: Any, others: Any, salt: int) -> None:
    """Ids apart from those of the document, names too where both have the same."""
    taken = {name.lower() for name in _all(others, ".//w:bookmarkStart/@w:name")}
    first = 1 + max((int(id) for id in _all(others, ".//w:bookmarkStart/@w:id") if id.isdigit()), default=0)
    ids = {id: str(first + n) for n, id in enumerate(dict.fromkeys(_all(body, ".//w:bookmarkStart/@w:id")))}
    renamed: dict[str, str] = {}
    for start in _all(body, ".//w:bookmarkStart"):
        name = start.get(qn("w:name"), "")
        if name.lower() in taken:
            renamed[name] = f"{name[:28]}_{salt:08x}"
            start.set(qn("w:name"), renamed[name])
        start.set(qn("w:id"), ids[start.get(qn("w:id"))])
    for end in _all(body, ".//w:bookmarkEnd"):
        if end.get(qn("w:id")) in ids:
            end.set(qn("w:id"), ids[end.get(qn("w:id"))])
        else:
            end.getparent().remove(end)
    if not renamed:
        return
    for link in _all(body, ".//w:hyperlink[@w:anchor]"):
        link.set(qn("w:anchor"), renamed.get(link.get(qn("w:anchor")), link.get(qn("w:anchor"))))
    for field in _all(body, ".//w:instrText"):
        field.text = _BOOKMARK_IN_FIELD.sub(lambda word: renamed.get(word[0], word[0]), field.text or "")


def _number_relations(part: Any) -> None:
    """docxcompose numbers the relations of a copied part rId1, rId2, …: let them be called so beforehand."""
    relations = part.rels
    names = {old: f"rId{number}" for number, old in enumerate(sorted(relations), 1)}
    if not relations or all(old == new for old, new in names.items()) or not hasattr(part, "_blob"):
        return
    root = etree.fromstring(part.blob)
    for element in root.iter(etree.Element):
        for key, value in element.attrib.items():
            if str(key).startswith(f"{{{_NAMES['r']}}}") and value in names:
                element.set(key, names[str(value)])
    part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    kept = [(new, relations[old]) for old, new in names.items()]
    relations.clear()
    for new, relation in kept:
        relation._rId = new
        relations[new] = relation


def compose(master: Any, source: Any, below: tuple[str, ...]) -> None:
    """Copy ``source`` into ``master`` below the paragraph with one of those bookmarks, else at the end.

    Where the file needs pages of its own, all paragraphs with those bookmarks (its heading) go on them too.
    """
    body = master.element.body
    places = [body.index(one) for one in (_place(body, name) for name in below) if one is not None]
    index = places[0] + 1 if places else body.index(body.find(qn("w:sectPr")))
    top = min([*places, index])
    own_pages = _needs_own_pages(source, _section_at(body, index))
    last = _close_sections(source) if own_pages else None
    if last is None:
        for section in _all(source.element.body, ".//w:sectPr"):
            section.getparent().remove(section)
    known = _numberings(master)
    before = len(body)
    _Composer(master).insert(index, source)
    if last is not None:
        _wire(body, top, index + len(body) - before, last)
    _mend(master, known)


def _place(body: Any, name: str) -> Any:
    for start in _all(body, ".//w:bookmarkStart"):
        if start.get(qn("w:name")) == name:
            return next(one for one in (start, *start.iterancestors()) if one.getparent() is body)
    return None


def _orientation(section: Any) -> str:
    """Which way the page is turned, by its measures: some programs leave the name of it out."""
    size = section.find(qn("w:pgSz"))
    if size is None:
        return "portrait"
    wide = int(size.get(qn("w:w"), "0")) > int(size.get(qn("w:h"), "1"))
    return "landscape" if wide else "portrait"


def _section_at(body: Any, index: int) -> Any:
    """The properties of the section that element ``index`` stands in: the next ones in the flow."""
    for element in body[index:]:
        found = _all(element, "self::w:sectPr|.//w:sectPr")
        if found:
            return found[0]
    raise ValueError("a document without section properties")


def _needs_own_pages(source: Any, ours: Any) -> bool:
    """Whether the file has pages turned another way than ours; else its text simply goes on ours."""
    kinds = {_orientation(section) for section in _all(source.element.body, ".//w:sectPr")}
    return bool(kinds - {_orientation(ours)})


def _close_sections(source: Any) -> Any:
    """Clean the sections of ``source`` of heads, feet and page numbers of their own; take out the last one's."""
    for section in _all(source.element.body, ".//w:sectPr"):
        for tag in ("headerReference", "footerReference", "pgNumType", "titlePg", "sectPrChange", "printerSettings"):
            for child in section.findall(qn(f"w:{tag}")):
                section.remove(child)
    last = source.element.body.find(qn("w:sectPr"))
    if last is not None:
        source.element.body.remove(last)
    return last


def _wire(body: Any, top: int, end: int, last: Any) -> None:
    """Give elements ``top`` to ``end`` sections of their own, the last one with the properties ``last``."""
    ours = _section_at(body, end)
    if top and not _all(body[top - 1], "self::w:p/w:pPr/w:sectPr"):
        body.insert(top, _closing(deepcopy(ours)))
        top, end = top + 1, end + 1
    for breaking in _all(body[top], "w:pPr/w:pageBreakBefore"):
        breaking.getparent().remove(breaking)
    if body[end] is not body.find(qn("w:sectPr")):
        body.insert(end, _closing(last))
        return
    for tag in ("pgSz", "pgMar", "cols"):
        theirs, mine = last.find(qn(f"w:{tag}")), ours.find(qn(f"w:{tag}"))
        if theirs is not None and mine is not None:
            ours.replace(mine, deepcopy(theirs))


def _closing(section: Any) -> Any:
    """An empty paragraph, as low as can be, that ends a section."""
    paragraph = etree.SubElement(etree.Element(qn("w:body")), qn("w:p"))
    properties = etree.SubElement(paragraph, qn("w:pPr"))
    spacing = etree.SubElement(properties, qn("w:spacing"))
    for key, value in (("before", "0"), ("after", "0"), ("line", "20"), ("lineRule", "exact")):
        spacing.set(qn(f"w:{key}"), value)
    properties.append(section)
    return paragraph


def _numberings(master: Any) -> set[str]:
    try:
        part = master.part.part_related_by(RT.NUMBERING)
    except KeyError:
        return set()
    return set(_all(part.element, ".//w:abstractNum/@w:abstractNumId"))


def _mend(master: Any, known: set[str]) -> None:
    """What docxcompose leaves to chance or dangling: random list ids, references to styles it did not copy."""
    try:
        numbering = master.part.part_related_by(RT.NUMBERING).element
    except KeyError:
        numbering = None
    if numbering is not None:
        for abstract in _all(numbering, ".//w:abstractNum"):
            id, nsid = abstract.get(qn("w:abstractNumId")), abstract.find(qn("w:nsid"))
            if id not in known and nsid is not None:
                nsid.set(qn("w:val"), f"{zlib.crc32(id.encode()):08X}")
    styles = master.styles.element
    ids = set(_all(styles, ".//w:style/@w:styleId"))
    for link in _all(styles, ".//w:style/w:basedOn|.//w:style/w:next|.//w:style/w:link"):
        if link.get(qn("w:val")) not in ids:
            link.getparent().remove(link)


def sound(made: Any) -> bool:
    """Whether every relation named in the body exists, and no bookmark or drawing id stands twice."""
    body = made.element.body
    relations = set(made.part.rels)
    wanted = set(_all(body, f".//@r:*[{_RELATION}]"))
    names = [name.lower() for name in _all(body, ".//w:bookmarkStart/@w:name")]
    ids = _all(body, ".//w:bookmarkStart/@w:id")
    drawings = _all(body, ".//wp:docPr/@id")
    once = all(len(found) == len(set(found)) for found in (names, ids, drawings))
    return wanted <= relations and once and sorted(ids) == sorted(_all(body, ".//w:bookmarkEnd/@w:id"))


__all__ = ["compose", "prepare", "sound"]
