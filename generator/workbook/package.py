"""A safe way into an .xlsx: what the file really is, its parts within limits, its sheets in order."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from .. import guard
from ..guard import DAMAGED, HOSTILE, SAVE_AS
from ..model.finding import Refusal
from . import kinds, xmlparts
from .xmlparts import WHOLE_TAGS, damaged, local, rows_of

MAX_FILE = 100 * 1024 * 1024
MAX_SHEETS = 500
MAX_CELLS = 300_000  # filled cells read from one workbook

_FIRST = slice(0, 64)


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One worksheet as the workbook lists it."""

    name: str
    part: str
    hidden: bool = False


class Package:
    """An opened .xlsx: ``sheets`` in workbook order, parts as bytes or trees. Closes with ``with``."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        self._names = {info.filename.casefold(): info for info in archive.infolist()}
        self._cells = 0
        self.date1904 = False
        self.sheets: tuple[SheetPart, ...] = ()
        self.workbook = ""  # the main part
        self._find_sheets()

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def data(self, part: str) -> bytes:
        """The bytes of an XML part, a very large sheet's without its blank cells; Refusal when it is absent, damaged,
        too large or carries a DOCTYPE."""
        info = self._info(part)
        data: bytes | None = None
        if info.file_size > xmlparts.THIN_FROM:
            data = xmlparts.without_blanks(guard.pieces(self._zip, info), part)
        if data is None:
            if info.file_size > xmlparts.MAX_TEXT:
                raise xmlparts.too_large(part)
            data = guard.read(self._zip, info)
        guard.no_declarations(data, part)
        if data.count(b"<") > xmlparts.MAX_TAGS:
            raise xmlparts.too_many(part)
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
        return xmlparts.parse(self.data(part), part)

    def has(self, part: str) -> bool:
        return part.casefold() in self._names

    def spend(self, cells: int, sheet: str) -> None:
        """Count filled cells that were read; Refusal, naming the sheet, when they are more than any real workbook's."""
        self._cells += cells
        if self._cells > MAX_CELLS:
            raise Refusal(
                f"工作簿的数据过多：读到工作表“{sheet}”时已超过 {MAX_CELLS} 个单元格。",
                "请删去与公开无关的内容；单位多的，请按单位分开填报。",
            )

    @property
    def parts(self) -> tuple[str, ...]:
        """Every entry of the archive under its own name, in the archive's order; folders left out."""
        return tuple(info.filename for info in self._names.values() if not info.is_dir())

    def raw(self, part: str) -> bytes:
        """The bytes of any part, pictures too; Refusal when it is absent, damaged or too large."""
        return guard.read(self._zip, self._info(part))

    def _info(self, part: str) -> zipfile.ZipInfo:
        info = self._names.get(part.lstrip("/").casefold())
        if info is None:
            raise Refusal(f"文件已损坏：缺少内部文件 {part}。", DAMAGED)
        return info

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
            target = unquote(node.get("Target", "")).replace("\\", "/")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[node.get("Id", "")] = (node.get("Type", "").rpartition("/")[2], path)
        return found

    def _find_sheets(self) -> None:
        roots = [path for kind, path in self.relations("").values() if kind == "officeDocument"]
        self.workbook = roots[0] if roots else "xl/workbook.xml"
        kinds.not_a_workbook(self._names, self.workbook)
        root = self.tree(self.workbook)
        if local(root.tag) != "workbook":
            raise Refusal("这不是 Excel 工作簿。", SAVE_AS)
        relations = self.relations(self.workbook)
        sheets = []
        for node in root.iter():
            tag = local(node.tag)
            if tag == "workbookPr":
                self.date1904 = node.get("date1904", "0") in ("1", "true", "on")
            elif tag == "sheet" and local(getattr(node.getparent(), "tag", "")) == "sheets":
                ids = (str(v) for k, v in node.attrib.items() if str(k).startswith("{") and local(k) == "id")
                rid = next(ids, None)
                kind, part = relations.get(rid or "", ("", ""))
                name = node.get("name", "")
                if kind == "worksheet" and self.has(part):
                    sheets.append(SheetPart(name, part, node.get("state", "visible") != "visible"))
                elif kind in ("worksheet", "") and rid != "":  # charts, macros and modules (id "") hold no figures
                    raise Refusal(f"文件已损坏：找不到工作表“{name[_FIRST]}”的内容。", DAMAGED)
        if not sheets:
            raise Refusal("工作簿中没有可以读取的工作表。", SAVE_AS)
        if len(sheets) > MAX_SHEETS:
            raise Refusal(
                f"工作簿有 {len(sheets)} 张工作表，超过 {MAX_SHEETS} 张的上限。", "请删去与公开无关的工作表。"
            )
        self.sheets = tuple(sheets)


@contextmanager
def within_limits() -> Iterator[None]:
    """Whatever else the libraries below can raise while a file is read, as a Refusal."""
    try:
        yield
    except MemoryError as error:
        raise Refusal("内存不够，文件读到一半放弃了。", "请关闭其他程序，或删去与公开无关的内容后再试。") from error
    except (RecursionError, etree.LxmlError, zipfile.BadZipFile, UnicodeError, OverflowError, EOFError) as error:
        raise Refusal("文件已损坏：内容不完整或结构异常。", DAMAGED) from error


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
        if not path.is_file():
            raise Refusal(f"“{path.name}”是设备或管道，不是工作簿。", "请写出工作簿文件（.xlsx）的名称。")
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
    with within_limits():
        kinds.recognise(data)
        archive = guard.opened(data)
        package = Package(archive)
        guard.check_parts(archive)
        return package


__all__ = [
    "DAMAGED",
    "HOSTILE",
    "MAX_CELLS",
    "MAX_FILE",
    "WHOLE_TAGS",
    "Package",
    "SheetPart",
    "damaged",
    "local",
    "open_package",
    "rows_of",
    "unpack",
    "within_limits",
]
