"""The user's files at the end of the document: named on a sheet, taken only from the workbook's own folder."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from .. import guard
from ..model.blocks import Attachment, Block, Paragraph, Span, SpanKind, Style
from ..model.book import RowData
from ..model.cell import CellRef
from ..model.finding import Finding, Refusal, Severity
from .context import Context
from .wording import cell_ref

# The sheet's form and block; they keep their meaning in every edition.
FORM, BLOCK = "attachments", "files"
RULE = "F1"
LARGEST = 30 * 1024 * 1024  # bytes of one file
_MAGIC = {".docx": b"PK\x03\x04", ".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff"}
_NAMES = {".docx": "Word 文档（.docx）", ".png": "PNG 图片", ".jpg": "JPG 图片", ".jpeg": "JPG 图片"}
# Markers of a JPEG: frames that carry the size (the three left out are tables), and the start of the data.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
# A main part of a Word file, and what a page can be seen by: text, a table, a picture, another file.
_BODY = re.compile(r"word/document\d*\.xml", re.IGNORECASE)
_SEEN = re.compile(rb"<(?:\w+:)?(?:tbl|drawing|pict|object|altChunk|oMath|sym)[\s/>]|<(?:\w+:)?t(?:\s[^>]*)?>\s*[^<\s]")
_OVERLAP = 200  # bytes
_ABSOLUTE = re.compile(r"[A-Za-z]:|[\\/]|~")


class _Unusable(Exception):
    """Why a file can't be attached (args[0]) and what to do (args[1]), in the user's words."""


def blocks(context: Context) -> tuple[tuple[Block, ...], tuple[Finding, ...]]:
    """A heading and an Attachment per usable file, and a warning per file that is missing or unusable."""
    made: list[Block] = []
    findings: list[Finding] = []
    folder = Path(context.book.path).resolve().parent
    for number, row in enumerate(context.book.rows(FORM, BLOCK), 1):
        name, title = row.text("file").strip(), row.text("title").strip()
        if not name and not title:
            continue
        ref = _place(row)
        try:
            path = locate(folder, name)
        except _Unusable as why:
            reason, fix = why.args
            shown = f"“{name}”" if name else f"“{title}”"
            message = f"附件{shown}（{ref}）{reason}，未编入公开文档。"
            findings.append(Finding(RULE, Severity.WARNING, message, fix, (ref,)))
            continue
        base = f"attachment.{number}"
        text = title or Path(name).stem
        sources = cell_ref(row.cells.get("title" if title else "file"))
        heading = Paragraph(base, Style.FORM_TITLE, (Span(text, SpanKind.USER, sources),), new_page=True)
        made += [heading, Attachment(f"{base}.file", text, str(path), ref)]
    return tuple(made), tuple(findings)


def _place(row: RowData) -> CellRef:
    cell = row.cells.get("file")
    return cell.ref if cell is not None else row.ref or CellRef(FORM, 0, 0)


def locate(folder: Path, name: str) -> Path:
    """The file ``name`` inside ``folder`` (already resolved), checked as far as reading its first bytes."""
    if not name:
        raise _Unusable("只有标题，没有填写文件名", "在“文件名”一栏填写文件名，或删去这一行。")
    if _ABSOLUTE.match(name) or ".." in re.split(r"[\\/]", name):
        raise _Unusable(
            "不是本工作簿所在文件夹中的文件", "把文件放到工作簿所在文件夹（或其下的文件夹），只填文件名或相对路径。"
        )
    suffix = Path(name).suffix.lower()
    if suffix not in _MAGIC:
        raise _Unusable("不是可以编入的格式", "附件须为 .docx、.png 或 .jpg 文件；其他格式请先另存为 .docx。")
    try:
        path = (folder / name.replace("\\", "/")).resolve()
        if not path.is_relative_to(folder):
            raise _Unusable("通过链接指向本工作簿所在文件夹之外", "把文件本身复制到工作簿所在文件夹。")
        if not path.is_file():
            raise _Unusable(
                "找不到",
                f"核对文件名（含扩展名）；文件应放在工作簿所在的文件夹“{folder.name}”中，子文件夹要写在文件名前。",
            )
        size = path.stat().st_size
        if size > LARGEST:
            raise _Unusable(f"过大（{size / 1024 / 1024:.0f} MB）", f"请压缩到 {LARGEST // 1024 // 1024} MB 以内。")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise _Unusable(
            f"打不开（{getattr(error, 'strerror', None) or error}）", "检查文件是否损坏、是否有权限读取。"
        ) from error
    if not data.startswith(_MAGIC[suffix]):
        raise _Unusable(f"内容不是{_NAMES[suffix]}", "用相应软件打开并另存后再试；不要只改扩展名。")
    whole = {".docx": _whole_word_file, ".png": _whole_png}.get(suffix, _whole_jpeg)
    if not whole(data):
        raise _Unusable(f"不是完好的{_NAMES[suffix]}", "文件可能已损坏、加密或没有传完，请用相应软件打开并另存后再试。")
    if suffix == ".docx" and _empty_word_file(data):
        raise _Unusable("是空白文档", "打开该文件核对：填好并保存后再生成；不需要的，在附件清单中删去这一行。")
    return path


def _whole_word_file(data: bytes) -> bool:
    try:
        with guard.opened(data) as package:
            return {"[Content_Types].xml", "_rels/.rels"} <= set(package.namelist())
    except Refusal:
        return False


def _empty_word_file(data: bytes) -> bool:
    """Whether nothing of it would be seen on its page."""
    try:
        with guard.opened(data) as package:
            bodies = [item for item in package.infolist() if _BODY.fullmatch(item.filename)]
            return bool(bodies) and not any(_shows(package, body) for body in bodies)
    except Refusal:
        return False  # the step that puts it in says what is wrong with it


def _shows(package: ZipFile, body: ZipInfo) -> bool:
    tail = b""
    for piece in guard.pieces(package, body):
        if _SEEN.search(tail + piece) or b"\0" in piece:  # in two-byte letters: not for us to judge
            return True
        tail = piece[-_OVERLAP:]
    return False


def _whole_png(data: bytes) -> bool:
    """Whether all chunks up to the end mark are there and the picture has a size."""
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if at == 8 and (kind != b"IHDR" or length < 13 or 0 in struct.unpack_from(">II", data, at + 8)):
            return False
        if kind == b"IEND":
            return True
        at += 12 + length
    return False


def _whole_jpeg(data: bytes) -> bool:
    """Whether the segments lead to a frame with a size and then to the picture's data."""
    at, size = 2, False
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _SCAN:
            return size
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            size = int.from_bytes(data[at + 5 : at + 7], "big") > 0 < int.from_bytes(data[at + 7 : at + 9], "big")
        at += 2 + length
    return False


__all__ = ["LARGEST", "RULE", "blocks", "locate"]
