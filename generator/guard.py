"""The door for zipped files that others made (.xlsx, .docx): limits, names and declarations, before anything is parsed.

Whatever fails here is a Refusal in the user's words. Only what both kinds of file share stands here; what is wrong
with a workbook as a workbook, its reader says.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from .model.finding import Refusal

# Far above any real file of this kind, far below what hurts a small machine.
MAX_PART = 256 * 1024 * 1024
MAX_TOTAL = 512 * 1024 * 1024
MAX_ENTRIES = 5000
MAX_RATIO = 400
RATIO_FROM = 8 * 1024 * 1024  # small parts may compress as well as they like
_CHUNK = 1 << 20

SAVE_AS = "请用 Excel 或 WPS 打开该文件，选“另存为”“Excel 工作簿（*.xlsx）”，再对另存的文件运行一次。"
DAMAGED = "请用 Excel 或 WPS 打开并重新保存；打不开时用备份，或重新下载、复制一份完整的文件。"
HOSTILE = "请用 Excel 或 WPS 打开该文件，另存为新的文件后再试；来历不明的文件请不要使用。"

# What zipfile and zlib raise on bytes that are no sound archive.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, struct.error,
    OverflowError,
)  # fmt: skip

_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the only ones that the file format allows
_UNSAFE = re.compile(r"(^|/)\.\.?(/|$)|[\x00-\x1f:]|//")
XML = (".xml", ".rels", ".vml")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_PLAIN = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_FOUR_BYTES = (b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"<\0\0\0", b"\0\0\0<")
_EBCDIC = b"\x4c\x6f\xa7\x94"
_DOCTYPES = tuple("<!DOCTYPE".encode(e) for e in ("ascii", "utf-16-le", "utf-16-be"))
_OVERLAP = max(map(len, _DOCTYPES))


def opened(data: bytes) -> zipfile.ZipFile:
    """The archive, its list of parts within the limits and without anything that no office program writes."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except UNREADABLE as error:
        raise Refusal("文件已损坏：不是完整的文件（可能没有下载或复制完）。", DAMAGED) from error
    _check_list(archive.infolist())
    return archive


def _check_list(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_ENTRIES:
        raise Refusal(f"文件内部有 {len(infos)} 个部分，超过 {MAX_ENTRIES} 个的上限。", HOSTILE)
    seen: set[str] = set()
    for info in infos:
        # Old programs write \ between folders; the archive still finds the part under its first name.
        info.filename = info.filename.replace("\\", "/").lstrip("/")
        if _UNSAFE.search(info.filename) or "\0" in info.orig_filename:
            raise Refusal(f"文件内部有不安全的名称：{ascii(info.filename)[:80]}。", HOSTILE)
        name = info.filename.casefold()
        if name in seen:
            raise Refusal(f"文件内部有重名的部分：{info.filename}。", HOSTILE)
        seen.add(name)
        if info.flag_bits & 1:
            raise Refusal("文件设有密码。", "请先在 Excel 或 WPS 中取消打开密码，再保存。")
        if info.compress_type not in _PACKINGS:
            raise Refusal(f"文件内部的 {info.filename} 压缩方式不合规范，读不出来。", DAMAGED)
        if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise Refusal(f"文件内部的 {info.filename} 压缩比异常，可能是恶意文件。", HOSTILE)
    if sum(info.file_size for info in infos) > MAX_TOTAL:
        raise Refusal(f"文件展开后超过 {MAX_TOTAL // 1024 // 1024} MB。", HOSTILE)


def pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part's bytes, a megabyte at a time; Refusal when they can't be had."""
    if info.file_size > MAX_PART:
        raise Refusal(f"文件内容过大：内部文件 {info.filename} 超过 {MAX_PART // 1024 // 1024} MB。", HOSTILE)
    try:
        with archive.open(info) as stream:
            while piece := stream.read(_CHUNK):
                yield piece
    except UNREADABLE as error:
        raise Refusal(f"文件已损坏：内部文件 {info.filename} 读不出来。", DAMAGED) from error


def read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A part's bytes; Refusal when they can't be had."""
    return b"".join(pieces(archive, info))


def no_declarations(data: bytes, part: str) -> None:
    """Refusal when an XML part declares its own entities or hides behind an unusual encoding."""
    _plain_encoding(data[:200], part)
    if any(mark in data for mark in _DOCTYPES):
        raise _doctype(part)


def check_parts(archive: zipfile.ZipFile) -> None:
    """Every XML part of the archive, read or not, without a DOCTYPE; pictures and their like are passed over."""
    for info in archive.infolist():
        if not info.filename.lower().endswith(XML):
            continue
        before = b""
        for number, piece in enumerate(pieces(archive, info)):
            if not number:
                _plain_encoding(piece[:200], info.filename)
            if any(mark in before + piece[:_OVERLAP] or mark in piece for mark in _DOCTYPES):
                raise _doctype(info.filename)
            before = piece[-_OVERLAP:]


def _plain_encoding(head: bytes, part: str) -> None:
    wide = head.startswith(_WIDE) and not head.startswith(_FOUR_BYTES)
    declared = _ENCODING.match(head.removeprefix(_BOM))
    if head.startswith((*_FOUR_BYTES, _EBCDIC)) or (declared and not wide and declared[1].lower() not in _PLAIN):
        raise Refusal(f"内部文件 {part} 的编码不合规范，已拒绝读取。", HOSTILE)


def _doctype(part: str) -> Refusal:
    return Refusal(f"内部文件 {part} 含有 DOCTYPE 声明，正常的文件没有，已拒绝读取。", HOSTILE)
