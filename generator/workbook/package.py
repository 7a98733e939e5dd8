"""A safe way into an .xlsx: what the file really is, its parts within limits, no entities, no DOCTYPE."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from ..model.finding import Refusal

# Far above any real workbook of this kind, far below what hurts a small machine.
MAX_FILE = 100 * 1024 * 1024
MAX_PART = 256 * 1024 * 1024
MAX_TOTAL = 512 * 1024 * 1024
MAX_ENTRIES = 5000
MAX_RATIO = 400
RATIO_FROM = 8 * 1024 * 1024  # small parts may compress as well as they like
MAX_TAGS = 4_000_000
WHOLE_TAGS = 200_000  # up to here a sheet is parsed at once: faster, some tens of MB
MAX_SHEETS = 500

_SAVE_AS = "请用 Excel 或 WPS 打开该文件，选“另存为”“Excel 工作簿（*.xlsx）”，再对另存的文件运行一次。"
_DAMAGED = "请用 Excel 或 WPS 打开并重新保存；打不开时用备份，或重新下载、复制一份完整的文件。"
_HOSTILE = "请用 Excel 或 WPS 打开该文件，另存为新的 .xlsx 后再试；来历不明的文件请不要使用。"

_VALUES = (b"</v>", b"</is>", b"</f>", b"<f ")
_ROW_END, _BODY_END = b"</row>", b"</sheetData>"
_SHEET_END, _MERGES, _MERGES_END = b"</worksheet>", b"<mergeCells", b"</mergeCells>"
_ROW_TAGS = ("{*}row", "{*}mergeCell")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_PLAIN = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_DOCTYPES = tuple("<!DOCTYPE".encode(e) for e in ("ascii", "utf-16-le", "utf-16-be"))
_LT = tuple("<".encode(e) for e in ("ascii", "utf-16-le", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One worksheet as the workbook lists it."""

    name: str
    part: str
    hidden: bool = False


def local(tag: object) -> str:
    """The tag without its namespace: Transitional and Strict files differ in nothing else that we read."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


class Package:
    """An opened .xlsx: ``sheets`` in workbook order, parts as bytes or trees. Closes with ``with``."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        self._names = {info.filename.lstrip("/").casefold(): info for info in archive.infolist()}
        self.date1904 = False
        self.sheets: tuple[SheetPart, ...] = ()
        self.workbook = ""  # the main part
        self._find_sheets()

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def data(self, part: str) -> bytes:
        """The bytes of a part; Refusal when it is absent, damaged, too large or carries a DOCTYPE."""
        data = self.raw(part)
        if data.count(_LT[0]) > WHOLE_TAGS:
            data = _without_blank_tail(data)
        _guard(data, part)
        return data

    def small(self, part: str, limit: int) -> bytes:
        """The bytes of a part of at most ``limit``; empty when it is larger, or can't be read."""
        info = self._names.get(part.lstrip("/").casefold())
        if info is None or info.file_size > limit:
            return b""
        try:
            return self.raw(part)
        except Refusal:
            return b""

    def tree(self, part: str) -> etree._Element:
        """The root element of an XML part."""
        return _parse(self.data(part), part)

    def has(self, part: str) -> bool:
        return part.casefold() in self._names

    @property
    def parts(self) -> tuple[str, ...]:
        """Every entry of the archive under its own name, in the archive's order; folders left out."""
        return tuple(info.filename for info in self._names.values() if not info.is_dir())

    def raw(self, part: str) -> bytes:
        """The bytes of any part, pictures too; Refusal when it is absent, damaged or too large."""
        info = self._names.get(part.lstrip("/").casefold())
        if info is None:
            raise Refusal(f"文件已损坏：缺少内部文件 {part}。", _DAMAGED)
        try:
            with self._zip.open(info) as stream:
                data = stream.read(MAX_PART + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise Refusal(f"文件已损坏：内部文件 {part} 读不出来。", _DAMAGED) from error
        if len(data) > MAX_PART:
            raise Refusal(f"文件内容过大：内部文件 {part} 超过 {MAX_PART // 1024 // 1024} MB。", _HOSTILE)
        return data

    @cached_property
    def related(self) -> dict[str, str]:
        """Parts of the workbook by the last word of their relationship type (sharedStrings, styles, …)."""
        return dict(self.relations(self.workbook).values())

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relationships of a part by id: last word of the type, and the part pointed to."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", name + ".rels")
        if not self.has(rels):
            return {}
        found = {}
        for node in self.tree(rels):
            if local(node.tag) != "Relationship" or node.get("TargetMode") == "External":
                continue
            target = unquote(node.get("Target", ""))
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[node.get("Id", "")] = (node.get("Type", "").rpartition("/")[2], path)
        return found

    def _find_sheets(self) -> None:
        roots = [path for kind, path in self.relations("").values() if kind == "officeDocument"]
        self.workbook = roots[0] if roots else "xl/workbook.xml"
        _not_a_sheet_file(self._names, self.workbook)
        root = self.tree(self.workbook)
        if local(root.tag) != "workbook":
            raise Refusal("这不是 Excel 工作簿。", _SAVE_AS)
        relations = self.relations(self.workbook)
        sheets = []
        for node in root.iter():
            tag = local(node.tag)
            if tag == "workbookPr":
                self.date1904 = node.get("date1904", "0") in ("1", "true", "on")
            elif tag == "sheet":
                rid = next((str(v) for k, v in node.attrib.items() if str(k).startswith("{") and local(k) == "id"), "")
                kind, part = relations.get(rid, ("", ""))
                if kind == "worksheet" and self.has(part):
                    sheets.append(SheetPart(node.get("name", ""), part, node.get("state", "visible") != "visible"))
        if not sheets:
            raise Refusal("工作簿中没有可以读取的工作表。", _SAVE_AS)
        if len(sheets) > MAX_SHEETS:
            raise Refusal(
                f"工作簿有 {len(sheets)} 张工作表，超过 {MAX_SHEETS} 张的上限。", "请删去与公开无关的工作表。"
            )
        self.sheets = tuple(sheets)


def damaged(part: str) -> Refusal:
    return Refusal(f"文件已损坏：内部文件 {part} 的内容不完整或有错。", _DAMAGED)


def open_package(path: Path) -> Package:
    """The workbook at ``path``; Refusal, in words for the user, when it is anything else."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise Refusal(f"“{path.name}”是一个文件夹，不是工作簿。", "请写出工作簿文件（.xlsx）的名称。")
        if size > MAX_FILE:
            raise Refusal(
                f"文件过大（{size // 1024 // 1024} MB），不像是填报用的工作簿。", "请删去图片和无关的工作表。"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise Refusal(f"找不到文件“{path}”。", "请核对文件名和所在文件夹。") from None
    except PermissionError:
        raise Refusal(f"没有权限读取“{path}”。", "请先关闭正在使用它的程序，或检查文件权限。") from None
    except (OSError, ValueError) as error:
        raise Refusal(f"读不了文件“{path}”。", "请核对文件名和所在文件夹。") from error
    return unpack(data)


def unpack(data: bytes) -> Package:
    """The workbook in ``data``; Refusal, in words for the user, when it is anything else."""
    _recognise(data)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Refusal("文件已损坏：不是完整的 .xlsx 文件（可能没有下载或复制完）。", _DAMAGED) from error
    _check_entries(archive)
    return Package(archive)


def _check_entries(archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise Refusal(f"文件内部有 {len(infos)} 个部分，超过 {MAX_ENTRIES} 个的上限。", _HOSTILE)
    seen: set[str] = set()
    for info in infos:
        name = info.filename.lstrip("/").casefold()
        if name in seen:
            raise Refusal(f"文件内部有重名的部分：{info.filename}。", _HOSTILE)
        seen.add(name)
        if info.flag_bits & 1:
            raise Refusal("文件设有密码。", "请先在 Excel 或 WPS 中取消打开密码，再保存。")
        if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise Refusal(f"文件内部的 {info.filename} 压缩比异常，可能是恶意文件。", _HOSTILE)
    if sum(info.file_size for info in infos) > MAX_TOTAL:
        raise Refusal(f"文件展开后超过 {MAX_TOTAL // 1024 // 1024} MB。", _HOSTILE)


def _recognise(data: bytes) -> None:
    """Tell apart, by content, what is often given a wrong ending."""
    head = data[:4096]
    if not data:
        raise Refusal("文件是空的。", _DAMAGED)
    if head.startswith(b"PK\x03\x04"):
        return
    if head.startswith(b"PK"):
        raise Refusal("文件已损坏：是一个空的或不完整的压缩文件。", _DAMAGED)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refusal("文件设有打开密码，读不了。", "请在 Excel 或 WPS 中输入密码打开，取消密码后保存。")
        if "WordDocument".encode("utf-16-le") in data:
            raise Refusal("这是旧版 Word 文档（.doc），不是工作簿。", "请指定填报好的 .xlsx 工作簿。")
        raise Refusal("这是旧版 Excel 文件（.xls），本工具只读 .xlsx。", _SAVE_AS)
    if head.startswith(b"%PDF"):
        raise Refusal("这是 PDF 文件，不是工作簿。", "请指定填报好的 .xlsx 工作簿。")
    text = _as_text(head)
    if text is None:
        raise Refusal("这不是 .xlsx 工作簿。", _SAVE_AS)
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith("<"):
        if "urn:schemas-microsoft-com:office:spreadsheet" in start:
            raise Refusal("这是 XML 电子表格（2003 格式），本工具只读 .xlsx。", _SAVE_AS)
        raise Refusal("这其实是网页（HTML）或 XML 文件，只是后缀改成了 .xlsx。", _SAVE_AS)
    if "," in text or "\t" in text:
        raise Refusal("这其实是文本（CSV）文件，不是 .xlsx 工作簿。", _SAVE_AS)
    raise Refusal("这是文本文件，不是 .xlsx 工作簿。", _SAVE_AS)


def _as_text(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if b"\0" in head:
        return None
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):  # the piece may end inside a character
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return None


def _not_a_sheet_file(names: dict[str, zipfile.ZipInfo], workbook: str) -> None:
    if workbook.casefold() in names and workbook.endswith(".xml") and "word/document.xml" not in names:
        return
    if "word/document.xml" in names:
        raise Refusal("这是 Word 文档，不是工作簿。", "请指定填报好的 .xlsx 工作簿。")
    if any(name.endswith("workbook.bin") for name in names):
        raise Refusal("这是二进制工作簿（.xlsb），本工具只读 .xlsx。", _SAVE_AS)
    if "content.xml" in names and "mimetype" in names:
        raise Refusal("这是 OpenDocument 表格（.ods），本工具只读 .xlsx。", _SAVE_AS)
    if "[content_types].xml" not in names:
        raise Refusal("这是普通压缩文件，不是 .xlsx 工作簿。", "请先解压，再指定其中的 .xlsx 工作簿。")
    raise Refusal("文件已损坏：里面没有工作簿。", _DAMAGED)


def _guard(data: bytes, part: str) -> None:
    if any(mark in data for mark in _DOCTYPES):
        raise Refusal(f"内部文件 {part} 含有 DOCTYPE 声明，正常的工作簿没有，已拒绝读取。", _HOSTILE)
    declared = _ENCODING.match(data[:200].removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].lower() not in _PLAIN:
        raise Refusal(f"内部文件 {part} 的编码不合规范，已拒绝读取。", _HOSTILE)
    if data.count(_LT[0]) > MAX_TAGS:  # of a sheet, what is formatted below the last value has gone already
        raise Refusal(
            f"内部文件 {part} 的单元格过多。",
            "多半是把格式刷到了工作表的最后一行：请删除数据以外的空行空列，保存后再试。",
        )


def _without_blank_tail(data: bytes) -> bytes:
    """A sheet formatted down to the last row, without the empty rows below its last value or formula."""
    last = max(data.rfind(mark) for mark in _VALUES)
    start, end = data.find(_ROW_END, last), data.rfind(_BODY_END)
    return data[: start + len(_ROW_END)] + data[end:] if 0 <= last < start < end else data


def _bare(data: bytes) -> bytes:
    """A sheet of the usual shape without all that is never read behind its cells (rules, lists), but for merges."""
    end = data.find(_BODY_END)
    if end < 0 or b"<!" in data or not data.endswith(_SHEET_END):
        return data
    end += len(_BODY_END)
    first = data.find(_MERGES, end)
    last = data.find(_MERGES_END, first) + len(_MERGES_END) if first > 0 else 0
    return data[:end] + (data[first:last] if last > first > 0 else b"") + _SHEET_END


def rows_of(data: bytes, part: str) -> Iterator[etree._Element]:
    """Each row and merged range of a sheet, in the order of the file. A large sheet is let go row by row."""
    data = _bare(data)
    if data.count(_LT[0]) <= WHOLE_TAGS:
        yield from _parse(data, part).iter(*_ROW_TAGS)
        return
    context = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=_ROW_TAGS,
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


def _parse(data: bytes, part: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(part) from error
