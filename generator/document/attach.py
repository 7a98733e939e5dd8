"""The user's own files in the finished document: Word files through docxcompose, pictures on pages of their own.

docxcompose copies styles, numbering, pictures and charts well. What it gets wrong is dealt with here: sections are
wired by hand, names and ids that would clash are changed beforehand, what it can't carry is taken out and said.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from lxml import etree

from .. import guard
from ..model.blocks import Attachment
from ..model.finding import Finding, Refusal, Severity
from .bookmarks import plain_name

RULE = "F2"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_PIC = "http://schemas.openxmlformats.org/drawingml/2006/picture"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MOST_BYTES = 200 * 1024 * 1024  # of a Word file when unpacked
_MOST_XML = 16 * 1024 * 1024  # of it that is not pictures: some thousand pages
_MOST_TAGS = 300_000
# Paragraphs and tables of all files together, some 150 pages: each takes a millisecond to be carried over.
_MOST_BLOCKS = 5_000


class _Refused(Exception):
    """The file can't be appended; the message is for the user."""


def append(data: bytes, attachments: tuple[Attachment, ...]) -> tuple[bytes, tuple[Finding, ...]]:
    """``data`` (a finished .docx) with the Word files among ``attachments`` put in, each below its heading.

    The heading is the paragraph whose bookmark belongs to the attachment's id, or to that id without its last part;
    without one the file goes to the end. A file that can't be used is left out and said. The same input gives the
    same bytes.
    """
    findings: list[Finding] = []
    left = _MOST_BLOCKS
    for attachment in attachments:
        if Path(attachment.path).suffix.lower() != ".docx":
            continue
        name = Path(attachment.path).name
        try:
            data, notes, taken = _one(data, attachment, left)
            left -= taken
        except _Refused as why:
            message = f"附件“{name}”（{attachment.cell}）{why}，其内容未编入公开文档。"
            fix = "用 Word 或 WPS 打开该文件，另存为新的 .docx 后再试；仍不行时请改为图片，或在生成后手工插入。"
            findings.append(Finding(RULE, Severity.WARNING, message, fix, (attachment.cell,)))
            continue
        if notes:
            message = f"附件“{name}”（{attachment.cell}）已编入公开文档，但{'；'.join(notes)}。"
            fix = "核对附件部分的版面；需要保留的内容请先在该文件中改为正文。"
            findings.append(Finding(RULE, Severity.WARNING, message, fix, (attachment.cell,)))
    return data, tuple(findings)


def _one(data: bytes, attachment: Attachment, most: int) -> tuple[bytes, tuple[str, ...], int]:
    """``data`` with one file put in, what of it could not be carried, and how many blocks it had, ``most`` at most."""
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    from . import attached

    source_bytes = _read(Path(attachment.path))
    # Whatever a strange file makes the two libraries trip over ends in one of these; the document stays as it was.
    failures = (
        PackageNotFoundError, zipfile.BadZipFile, zlib.error, etree.LxmlError, EOFError, OverflowError,
        KeyError, ValueError, IndexError, AttributeError, TypeError, AssertionError, RuntimeError, MemoryError,
    )  # fmt: skip
    try:
        source = Document(io.BytesIO(source_bytes))
    except failures as error:
        raise _Refused("不是完好的 Word 文档（.docx）") from error
    blocks = len(source.element.body)
    if blocks > most:
        raise _Refused(f"内容过多（全部附件合计不能超过 {_MOST_BLOCKS} 段）")
    try:
        master = Document(io.BytesIO(data))
        notes = attached.prepare(source, master, zlib.crc32(attachment.id.encode()))
        attached.compose(master, source, _names(attachment.id))
        stream = io.BytesIO()
        master.save(stream)
        made = _fixed(stream.getvalue())
    except failures as error:
        raise _Refused("的结构无法与公开文档合并") from error
    if not attached.sound(Document(io.BytesIO(made))):
        raise _Refused("合并后结构不完整")
    return made, notes, blocks


def _names(id: str) -> tuple[str, ...]:
    """Bookmarks below which the file belongs, the likeliest first."""
    return tuple(plain_name(one) for one in (id, id.rpartition(".")[0]) if one)


def _read(path: Path) -> bytes:
    try:
        found = path.read_bytes()
        with guard.opened(found) as package:
            sizes = {item.filename: item.file_size for item in package.infolist()}
            xml = sum(size for name, size in sizes.items() if name.lower().endswith(guard.XML))
            if sum(sizes.values()) > _MOST_BYTES or xml > _MOST_XML:
                raise _Refused("解压后过大")
            guard.check_parts(package)
            texts = [item for item in package.infolist() if item.filename.lower().endswith(guard.XML)]
            if sum(piece.count(b"<") for item in texts for piece in guard.pieces(package, item)) > _MOST_TAGS:
                raise _Refused("内容过多")
    except OSError as error:
        raise _Refused(f"打不开（{error.strerror}）") from error
    except Refusal as refusal:
        raise _Refused(f"不是完好的 Word 文档（.docx）：{refusal.message.rstrip('。')}") from refusal
    return found


def _fixed(data: bytes) -> bytes:
    """The same package without the clock's time in it, its foreign extensions declared."""
    from . import extensions

    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.infolist():
            info = zipfile.ZipInfo(item.filename, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0
            content = old.read(item)
            is_text = item.filename.startswith("word/") and item.filename.endswith(".xml")
            new.writestr(info, extensions.declared(content) if is_text else content)
    return stream.getvalue()


def picture(part: Any, attachment: Attachment, max_width_emu: int, max_height_emu: int) -> etree._Element:
    """The ``w:drawing`` of a .png or .jpg, in its own size or made smaller to fit the space given.

    Raises ValueError when the file is no picture that Word can show.
    """
    from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError

    try:
        relation, image = part.get_or_add_image(attachment.path)
        width, height = int(image.width), int(image.height)
    except (
        InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError, ZeroDivisionError, struct.error,
    ) as error:  # fmt: skip
        raise ValueError(f"{attachment.path}: {error!r}") from error
    if width <= 0 or height <= 0:
        raise ValueError(f"{attachment.path}: no size")
    scale = min(1.0, max_width_emu / width, max_height_emu / height)
    size = {"cx": str(max(1, int(width * scale))), "cy": str(max(1, int(height * scale)))}
    # Ids of drawings must differ within the document; charts count from a low number of their own.
    number = str(10_000 + zlib.crc32(attachment.id.encode()) % 1_000_000_000)
    return _picture_frame(relation, size, number, attachment.title)


def _picture_frame(relation: str, size: dict[str, str], number: str, title: str) -> etree._Element:
    from docx.oxml.ns import nsmap

    a = nsmap["a"]
    names: Any = {"w": _W, "wp": _WP, "a": a, "pic": _PIC, "r": _R}
    drawing = etree.Element(f"{{{_W}}}drawing", nsmap=names)
    frame = etree.SubElement(drawing, f"{{{_WP}}}inline", distT="0", distB="0", distL="0", distR="0")
    etree.SubElement(frame, f"{{{_WP}}}extent", size)
    etree.SubElement(frame, f"{{{_WP}}}docPr", id=number, name=f"附件图片 {number}", descr=title)
    lock = etree.SubElement(frame, f"{{{_WP}}}cNvGraphicFramePr")
    etree.SubElement(lock, f"{{{a}}}graphicFrameLocks", noChangeAspect="1")
    data = etree.SubElement(etree.SubElement(frame, f"{{{a}}}graphic"), f"{{{a}}}graphicData", uri=_PIC)
    pic = etree.SubElement(data, f"{{{_PIC}}}pic")
    names_of = etree.SubElement(pic, f"{{{_PIC}}}nvPicPr")
    etree.SubElement(names_of, f"{{{_PIC}}}cNvPr", id=number, name=f"附件图片 {number}", descr=title)
    etree.SubElement(names_of, f"{{{_PIC}}}cNvPicPr")
    fill = etree.SubElement(pic, f"{{{_PIC}}}blipFill")
    etree.SubElement(fill, f"{{{a}}}blip").set(f"{{{_R}}}embed", relation)
    etree.SubElement(etree.SubElement(fill, f"{{{a}}}stretch"), f"{{{a}}}fillRect")
    shape = etree.SubElement(pic, f"{{{_PIC}}}spPr")
    place = etree.SubElement(shape, f"{{{a}}}xfrm")
    etree.SubElement(place, f"{{{a}}}off", x="0", y="0")
    etree.SubElement(place, f"{{{a}}}ext", size)
    form = etree.SubElement(shape, f"{{{a}}}prstGeom", prst="rect")
    etree.SubElement(form, f"{{{a}}}avLst")
    return drawing


__all__ = ["append", "picture"]
