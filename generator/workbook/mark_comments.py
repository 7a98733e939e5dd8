"""Comments put on cells of a sheet, beside those that are there already."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from ..model.cell import column_letters
from .mark_cells import AFTER_COMMENTS
from .mark_parts import Parts, escaped, put_before
from .package import local

AUTHOR = "gongkai"
MAX_TEXT = 8000  # far below what a comment can hold, far above what anybody reads in one
_THREAD = "tc="  # author of the stand-in for a threaded comment; Excel rewrites its text
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_PREFIXES = {"v": "vml", "o": "office:office", "x": "office:excel"}
_SHAPE_TYPE = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="{style}" fillcolor="#ffffe1" o:insetmode="auto">'
    '<v:fill color2="#ffffe1"/><v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>'
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_STYLE = (
    "position:absolute;margin-left:60pt;margin-top:2pt;width:{width}pt;height:{height}pt;z-index:1;visibility:hidden"
)
_SHAPES = re.compile(rb"<(\w+):shape\b.*?</\1:shape>", re.DOTALL)
_WIDTH, _LINE, _CHARACTERS, _MAX_HEIGHT = 260, 13, 27, 420  # points; Chinese characters in a line


@dataclass(frozen=True)
class _Box:
    row: int
    column: int
    text: str

    @property
    def style(self) -> str:
        lines = sum(max(1, math.ceil(_wide(line) / _CHARACTERS)) for line in self.text.split("\n"))
        return _STYLE.format(width=_WIDTH, height=min(_MAX_HEIGHT, 14 + _LINE * lines))


def _wide(line: str) -> float:
    return sum(0.55 if character < "\u2000" else 1.0 for character in line)


def comment(parts: Parts, sheet: str, texts: Mapping[tuple[int, int], str]) -> None:
    """Put ``texts`` (by row and column) on cells of the sheet's part. A comment that is there goes on below its own
    words; one that stands for a thread is left alone."""
    part = parts.related(sheet, "comments")
    if part:
        root = parts.tree(part)
    else:
        root = parts.root("comments")
        part = parts.free("comments{}.xml")
        parts.add(part, root, "comments+xml")
        parts.relate(sheet, "comments", part)
    authors, listed = _child(parts, root, "authors", 0), _child(parts, root, "commentList", 1)
    names = [author.text or "" for author in authors]
    if AUTHOR not in names:
        etree.SubElement(authors, parts.q("author")).text = AUTHOR
        names.append(AUTHOR)
    present = {node.get("ref", ""): node for node in listed if local(node.tag) == "comment"}
    added, grown = [], []
    for (row, column), text in sorted(texts.items()):
        text = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
        ref = f"{column_letters(column)}{row}"
        if ref in present:
            node = present[ref]
            author = node.get("authorId", "")
            if author.isdigit() and int(author) < len(names) and names[int(author)].startswith(_THREAD):
                continue
            before = "".join(t.text or "" for t in node.iter(parts.q("t")))
            _go_on(parts, node, "\n" + text if before.strip() else text)
            grown.append(_Box(row, column, f"{before}\n{text}"))
        else:
            node = etree.SubElement(listed, parts.q("comment"), ref=ref, authorId=str(names.index(AUTHOR)))
            _run(parts, etree.SubElement(node, parts.q("text")), text)
            added.append(_Box(row, column, text))
    _draw(parts, sheet, added, grown)


def _child(parts: Parts, root: etree._Element, name: str, index: int) -> etree._Element:
    found = root.find(parts.q(name))
    if found is None:
        found = etree.Element(parts.q(name))
        root.insert(index, found)
    return found


def _run(parts: Parts, into: etree._Element, text: str) -> None:
    run = etree.SubElement(into, parts.q("r"))
    look = etree.SubElement(run, parts.q("rPr"))
    etree.SubElement(look, parts.q("sz"), val="9")
    etree.SubElement(look, parts.q("rFont"), val="宋体")
    etree.SubElement(look, parts.q("charset"), val="134")
    shown = etree.SubElement(run, parts.q("t"))
    shown.text = escaped(text)
    shown.set(_SPACE, "preserve")


def _go_on(parts: Parts, node: etree._Element, text: str) -> None:
    """Another run of text; plain text becomes a run first, as the two don't stand side by side."""
    body = node.find(parts.q("text"))
    if body is None:
        body = etree.Element(parts.q("text"))
        node.insert(0, body)
    for plain in body.findall(parts.q("t")):
        run = etree.Element(parts.q("r"))
        body.replace(plain, run)
        run.append(plain)
    rest = body.findall(parts.q("rPh")) + body.findall(parts.q("phoneticPr"))
    _run(parts, body, text)
    for late in rest:  # phonetic hints stand behind all runs
        body.append(late)


def _draw(parts: Parts, sheet: str, added: list[_Box], grown: list[_Box]) -> None:
    """The boxes: legacy drawings are not always well-formed, so text is put into them, not elements."""
    root = parts.tree(sheet)
    link = root.find(parts.q("legacyDrawing"))
    part = parts.pointed(sheet, link.get(f"{{{parts.links}}}id", "")) if link is not None else ""
    if not part or not parts.has(part):
        part = parts.free("drawings/vmlDrawing{}.vml")
        parts.default_type("vml", "application/vnd.openxmlformats-officedocument.vmlDrawing")
        if link is None:
            link = etree.Element(parts.q("legacyDrawing"), nsmap={"r": parts.links})
            put_before(root, link, AFTER_COMMENTS)
        link.set(f"{{{parts.links}}}id", parts.relate(sheet, "vmlDrawing", part))
        declared = " ".join(f'xmlns:{p}="urn:schemas-microsoft-com:{name}"' for p, name in _PREFIXES.items())
        layout = '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>'
        parts.put(part, f"<xml {declared}>{layout}</xml>".encode())
    data = parts.data(part)
    if grown:
        sizes = {(box.row - 1, box.column - 1): box.style for box in grown}
        data = _SHAPES.sub(lambda found: _resized(found[0], sizes), data)
    head, end, tail = data.rpartition(b"</xml>")
    if added and end:
        number = max((int(n) for n in re.findall(rb"_x0000_s(\d+)", data)), default=1024)
        shapes = "" if b'id="_x0000_t202"' in data else _SHAPE_TYPE
        for box in added:
            number += 1
            shapes += _SHAPE.format(id=number, style=box.style, row=box.row - 1, column=box.column - 1)
        for prefix, name in _PREFIXES.items():
            if f"xmlns:{prefix}=".encode() not in data:
                shapes = shapes.replace("<v:shape", f'<v:shape xmlns:{prefix}="urn:schemas-microsoft-com:{name}"')
        head += shapes.encode()
    parts.put(part, head + end + tail)


def _resized(shape: bytes, sizes: Mapping[tuple[int, int], str]) -> bytes:
    """The box of a comment that has grown; its anchor would keep the old size."""
    row, column = (re.search(rb"<\w+:%s>\s*(\d+)" % name, shape) for name in (b"Row", b"Column"))
    if row is None or column is None or (int(row[1]), int(column[1])) not in sizes:
        return shape
    style = sizes[int(row[1]), int(column[1])]
    shape = re.sub(rb"<(\w+):Anchor>.*?</\1:Anchor>", b"", shape, flags=re.DOTALL)
    return re.sub(
        rb"""(<\w+:shape\b[^>]*?\bstyle=)(?:"[^"]*"|'[^']*')""", rb'\1"' + style.encode() + b'"', shape, count=1
    )
