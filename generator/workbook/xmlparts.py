"""XML of workbooks, parsed within limits: small parts as trees, large ones element by element, blank cells never."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator

from lxml import etree

from ..guard import DAMAGED, HOSTILE
from ..model.finding import Refusal

WHOLE_TAGS = 200_000  # up to here a sheet is parsed at once: faster, some tens of MB
MAX_TAGS = 4_000_000
TREE_TAGS = 400_000  # of a part that has to be had as a tree
STREAM_TAGS = 1_000_000  # of a part read element by element
MAX_ATTRIBUTES = 1_000_000  # of a part that has to be had as a tree
MAX_TEXT = 48 * 1024 * 1024  # bytes of a part without its blank cells
THIN_FROM = 8 * 1024 * 1024

_BODY_END = b"</sheetData>"
_SHEET_END, _MERGES, _MERGES_END = b"</worksheet>", b"<mergeCells", b"</mergeCells>"
_ROW_TAGS = ("{*}row", "{*}mergeCell")
_IN_ROWS = re.compile(rb"</?(?:\w+:)?(?:row|c|v|f|is|t|r|rPr|mergeCell)[\s/>]")
_BLANK_CELL = re.compile(rb'<c r="[A-Z]{1,3}\d{1,7}"[^<>]*(?:/>|></c>|><v/></c>|><v></v></c>)')
_BLANK_ROW = re.compile(rb'<row r="\d{1,7}"[^<>]*(?:/>|></row>)')
# Where cells or rows are counted instead of named, none may be left out; nor is anything known inside <![CDATA[.
_COUNTED = re.compile(rb'<(?:c|row)(?! r="\w)[\s/>]|<!')


def local(tag: object) -> str:
    """The tag without its namespace: Transitional and Strict files differ in nothing else that we read."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def damaged(part: str) -> Refusal:
    return Refusal(f"文件已损坏：内部文件 {part} 的内容不完整或有错。", DAMAGED)


def too_large(part: str) -> Refusal:
    return Refusal(
        f"文件内容过大：内部文件 {part} 超过 {MAX_TEXT // 1024 // 1024} MB。",
        "请删去与公开无关的内容和大段文字，或把各表复制到新的空白工作簿后再试。",
    )


def too_many(part: str) -> Refusal:
    return Refusal(
        f"内部文件 {part} 的内容过多。",
        "多半是把格式刷到了工作表的最后一行：请删除数据以外的空行空列，保存后再试。",
    )


def _absurd(part: str) -> Refusal:
    return Refusal(f"内部文件 {part} 的内容多得不合常理，已拒绝读取。", HOSTILE)


def parse(data: bytes, part: str, whole: bool = False) -> etree._Element:
    """The root element, ``whole`` with comments; Refusal when the part is damaged or too large for a tree."""
    if data.count(b"<") > TREE_TAGS or data.count(b"=") > MAX_ATTRIBUTES:
        raise _absurd(part)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=not whole, remove_pis=not whole
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(part) from error


def elements(data: bytes, part: str, tags: Iterable[str]) -> Iterator[etree._Element]:
    """Each element of those tags, complete, in the order of the file. A large part is let go element by element."""
    found = data.count(b"<")
    if found <= WHOLE_TAGS:
        yield from parse(data, part).iter(*tags)
        return
    # What is none of the elements asked for stays in memory till the end.
    if found > STREAM_TAGS and found - sum(1 for _ in _IN_ROWS.finditer(data)) > TREE_TAGS:
        raise _absurd(part)
    context = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=tuple(tags),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, element in context:
            yield element
            element.clear()
            parent = element.getparent()
            if parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as error:
        raise damaged(part) from error


def rows_of(data: bytes, part: str) -> Iterator[etree._Element]:
    """Each row and merged range of a sheet, in the order of the file."""
    return elements(_bare(data), part, _ROW_TAGS)


def _bare(data: bytes) -> bytes:
    """A large sheet of the usual shape without all that is never read behind its cells (rules), but for merges."""
    end = data.find(_BODY_END) if data.count(b"<") > WHOLE_TAGS else -1
    if end < 0 or b"<!" in data or not data.endswith(_SHEET_END):
        return data
    end += len(_BODY_END)
    first = data.find(_MERGES, end)
    last = data.find(_MERGES_END, first) + len(_MERGES_END) if first > 0 else 0
    return data[:end] + (data[first:last] if last > first > 0 else b"") + _SHEET_END


def without_blanks(pieces: Iterable[bytes], part: str) -> bytes | None:
    """A large sheet without its blank cells and rows; None when it can't be told what may go."""
    kept: list[bytes] = []
    size = 0
    open_end = b""
    for piece in pieces:
        piece = open_end + piece
        cut = max(piece.rfind(b"<row "), piece.rfind(b"</row>"))
        if cut < 0 and len(piece) > THIN_FROM:
            return None
        cut = max(cut, 0)
        whole, open_end = piece[:cut], piece[cut:]
        if _COUNTED.search(whole):
            return None
        whole = _BLANK_ROW.sub(b"", _BLANK_CELL.sub(b"", whole))
        size += len(whole)
        if size > MAX_TEXT:
            raise too_large(part)
        kept.append(whole)
    if _COUNTED.search(open_end):
        return None
    return b"".join(kept) + open_end
