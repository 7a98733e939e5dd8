"""What people do to a generated document: edits made in its XML as editors write them, and documents made ready."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from generator.document.render import render
from generator.model.snapshot import snapshot
from generator.model.state import State
from generator.model.trace import trace
from generator.narrative.compose import compose
from generator.revision.store import remember
from generator.revision.text import paragraphs, plain
from generator.workbook.blank import build
from generator.workbook.read import read
from tests.support import INPUTS, W, load_source

Change = Callable[[dict[str, Any]], None]
SOURCE = "sample-2021"
PICTURE = (INPUTS / "附件" / "设施示意图.png").read_bytes()
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def nothing(content: dict[str, Any]) -> None:
    """The workbook as it was."""


def generated(change: Change = nothing, folder: Path | None = None) -> tuple[bytes, State]:
    """The sample's document, and its state, after ``change`` to the workbook's content; checks are not asked."""
    return _generated(change, folder)


@lru_cache(maxsize=16)
def _generated(change: Change, folder: Path | None) -> tuple[bytes, State]:
    import tempfile

    edition, content = load_source(SOURCE)
    content = copy.deepcopy(dict(content))
    change(content)
    with tempfile.TemporaryDirectory() as scratch:
        workbook = Path(folder or scratch) / "a.xlsx"
        workbook.write_bytes(build(edition, content))
        attached = workbook.parent / "附件"
        attached.mkdir(exist_ok=True)
        for file in (INPUTS / "附件").glob("*"):
            (attached / file.name).write_bytes(file.read_bytes())
        edition, book = read(workbook)
        disclosure, _ = compose(edition, book)
        states: list[State] = []

        def finish(parts: dict[str, bytes], names: Mapping[str, str]) -> None:
            states.append(remember(parts, trace(disclosure), snapshot(book), names))

        return render(edition.find("style.docx"), disclosure, finish).data, states[0]


class Word:
    """A .docx opened as an editor does; ``save`` gives the bytes."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            self.parts = {info.filename: package.read(info) for info in package.infolist()}
        self.root = etree.fromstring(self.parts["word/document.xml"])
        self.body = self.root.find(W + "body")

    def save(self) -> bytes:
        self.parts["word/document.xml"] = etree.tostring(
            self.root, xml_declaration=True, encoding="UTF-8", standalone=True
        )
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
            for name, content in self.parts.items():
                package.writestr(name, content)
        return buffer.getvalue()

    def block(self, mark: str) -> etree._Element:
        """The paragraph or table of the body that holds a bookmark."""
        for child in self.body:
            if any(found.get(W + "name") == mark for found in child.iter(W + "bookmarkStart")):
                return child
        raise KeyError(mark)

    def has(self, mark: str) -> bool:
        return any(found.get(W + "name") == mark for found in self.body.iter(W + "bookmarkStart"))

    def text(self, mark: str) -> str:
        return plain(self.block(mark))

    def lines(self) -> list[str]:
        """All paragraphs in the accepted view, those of tables included."""
        return [plain(paragraph) for child in self.body for paragraph in paragraphs(child)]

    def reword(self, mark: str, old: str, new: str) -> None:
        """Replace words; the runs are cut at the edges of the change as Word does."""
        replace_words(self.block(mark), old, new)

    def add_after(self, mark: str, *elements: etree._Element) -> None:
        place = self.block(mark)
        for element in reversed(elements):
            place.addnext(element)

    def remove(self, mark: str) -> None:
        block = self.block(mark)
        self.body.remove(block)

    def picture(self) -> etree._Element:
        """A paragraph with a picture of its own."""
        number = sum(name.startswith("word/media/user") for name in self.parts) + 1
        self.parts[f"word/media/user{number}.png"] = PICTURE
        links = self.parts["word/_rels/document.xml.rels"].decode()
        id = f"rIdUser{number}"
        kind = f"{_R}/image"
        link = f'<Relationship Id="{id}" Type="{kind}" Target="media/user{number}.png"/></Relationships>'
        self.parts["word/_rels/document.xml.rels"] = links.replace("</Relationships>", link).encode()
        types = self.parts["[Content_Types].xml"].decode()
        if 'Extension="png"' not in types:
            default = '<Default Extension="png" ContentType="image/png"/><Override'
            self.parts["[Content_Types].xml"] = types.replace("<Override", default, 1).encode()
        used = (int(one.get("id", "0")) for one in self.root.iter("{*}docPr"))
        return element(_PICTURE.format(id=id, number=1 + max(used, default=0)))


_PICTURE = (
    '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    '<wp:extent cx="914400" cy="914400"/><wp:docPr id="{number}" name="p{number}"/>'
    '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr>'
    '<pic:cNvPr id="0" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
    '<a:blip xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:embed="{id}"/>'
    '<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/>'
    '<a:ext cx="914400" cy="914400"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>'
    "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
)


def element(xml: str) -> etree._Element:
    space = W[1:-1]
    return etree.fromstring(f'<x xmlns:w="{space}">{xml}</x>')[0]


def paragraph(text: str) -> etree._Element:
    made = element('<w:p><w:r><w:t xml:space="preserve"/></w:r></w:p>')
    made[0][0].text = text
    return made


def runs(block: etree._Element) -> list[tuple[etree._Element, etree._Element]]:
    """Runs of the accepted view with their text nodes."""
    return [
        (run, node)
        for run in block.iter(W + "r")
        for node in run.iter(W + "t")
        if not any(a.tag in (W + "del", W + "moveFrom") for a in run.iterancestors())
    ]


def replace_words(block: etree._Element, old: str, new: str) -> None:
    """The first ``old`` becomes ``new``; text nodes it stands in are changed, runs are cut at its start."""
    nodes = [node for _, node in runs(block)]
    text = "".join(node.text or "" for node in nodes)
    start = text.index(old)
    end = start + len(old)
    at = 0
    put = new
    for node in nodes:
        size = len(node.text or "")
        first, last = max(start - at, 0), min(end - at, size)
        if first < last or (not old and 0 <= start - at <= size and put):
            node.text = (node.text or "")[:first] + put + (node.text or "")[max(last, first) :]
            node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            put = ""
        at += size


def cut_runs(block: etree._Element, at: int) -> None:
    """Split the run in which character ``at`` stands, as editors do when something is typed or formatted there."""
    seen = 0
    for run, node in runs(block):
        text = node.text or ""
        if seen < at < seen + len(text) and len(run.findall(W + "t")) == 1:
            other = copy.deepcopy(run)
            node.text, other.find(W + "t").text = text[: at - seen], text[at - seen :]
            for one in (run, other):
                one.find(W + "t").set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            run.addnext(other)
            return
        seen += len(text)


def embolden(block: etree._Element) -> None:
    for run, _ in runs(block):
        look = run.find(W + "rPr")
        if look is None:
            look = etree.Element(W + "rPr")
            run.insert(0, look)
        if look.find(W + "b") is None:
            fonts = look.find(W + "rFonts")
            look.insert(0 if fonts is None else 1, etree.Element(W + "b"))


def track_insertion(block: etree._Element, text: str, id: int) -> None:
    """A reviewer's inserted words at the end of the paragraph."""
    made = element(f'<w:ins w:id="{id}" w:author="审核人"><w:r><w:t xml:space="preserve"/></w:r></w:ins>')
    made[0][0].text = text
    block.append(made)


def track_deletion(block: etree._Element, id: int) -> str:
    """The first run with text deleted with tracking; what it said."""
    for run, node in runs(block):
        if node.text and run.getparent() is block:
            text = node.text
            holder = element(f'<w:del w:id="{id}" w:author="审核人"/>')
            run.addprevious(holder)
            holder.append(run)
            node.tag = W + "delText"
            return text
    return ""


def comment(word: Word, block: etree._Element, text: str) -> None:
    """A reviewer's comment over the paragraph, with the comments part made when there is none."""
    name = "word/comments.xml"
    if name not in word.parts:
        word.parts[name] = f'<w:comments xmlns:w="{W[1:-1]}"/>'.encode()
        links = word.parts["word/_rels/document.xml.rels"].decode()
        link = f'<Relationship Id="rIdComments" Type="{_R}/comments" Target="comments.xml"/></Relationships>'
        word.parts["word/_rels/document.xml.rels"] = links.replace("</Relationships>", link).encode()
        kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
        types = word.parts["[Content_Types].xml"].decode()
        override = f'<Override PartName="/{name}" ContentType="{kind}"/></Types>'
        word.parts["[Content_Types].xml"] = types.replace("</Types>", override).encode()
    root = etree.fromstring(word.parts[name])
    id = str(1 + max((int(one.get(W + "id")) for one in root), default=99))
    made = element(f'<w:comment w:id="{id}" w:author="审核人"><w:p><w:r><w:t/></w:r></w:p></w:comment>')
    made[0][0][0].text = text
    root.append(made)
    word.parts[name] = etree.tostring(root)
    block.insert(1 if block[0].tag == W + "pPr" else 0, element(f'<w:commentRangeStart w:id="{id}"/>'))
    block.append(element(f'<w:commentRangeEnd w:id="{id}"/>'))
    block.append(element(f'<w:r><w:commentReference w:id="{id}"/></w:r>'))


def strip_marks(word: Word) -> None:
    """All bookmarks gone, as after copying through another editor."""
    for mark in list(word.root.iter(W + "bookmarkStart", W + "bookmarkEnd")):
        mark.getparent().remove(mark)


def comments(word: Word) -> list[str]:
    data = word.parts.get("word/comments.xml")
    return ["".join(one.itertext()) for one in etree.fromstring(data)] if data else []
