"""The small workbook inside a chart, so that a double click in Word edits its figures.

Written by hand: a full spreadsheet library would cost more time to import than everything else about a chart.
"""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lxml import etree

from ..model.cell import column_letters

SHEET = "Sheet1"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PKG_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_XML = "{http://www.w3.org/XML/1998/namespace}"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # fixed, so that the same figures give the same bytes

Value = str | Decimal


def _default(namespace: str, **more: str) -> Any:
    """A namespace map without prefix for ``namespace`` (the stubs know only named prefixes)."""
    return {None: namespace, **more}


_SHEET_NAMES = _default(_MAIN, r=_REL)


def reference(column: int, first: int, last: int) -> str:
    """An absolute reference to rows ``first`` to ``last`` of a column (both from 1)."""
    letters = column_letters(column)
    return f"{SHEET}!${letters}${first}" + (f":${letters}${last}" if last != first else "")


def build(rows: tuple[tuple[Value, ...], ...]) -> bytes:
    """An .xlsx of one sheet; text and numbers as given, an empty text leaves the cell out."""
    parts = {**_frame(), "xl/worksheets/sheet1.xml": _written(_sheet(rows))}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as package:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 0
            package.writestr(info, data)
    return stream.getvalue()


@lru_cache(maxsize=1)
def _frame() -> dict[str, bytes]:
    """The parts that are the same in every such workbook."""
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relationships((f"{_REL}/officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": _workbook(),
        "xl/_rels/workbook.xml.rels": _relationships(
            (f"{_REL}/worksheet", "worksheets/sheet1.xml"), (f"{_REL}/styles", "styles.xml")
        ),
        "xl/styles.xml": _styles(),
    }
    return {name: _written(root) for name, root in parts.items()}


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sheet(rows: tuple[tuple[Value, ...], ...]) -> etree._Element:
    root = etree.Element(f"{{{_MAIN}}}worksheet", nsmap=_SHEET_NAMES)
    widths = etree.SubElement(root, f"{{{_MAIN}}}cols")
    etree.SubElement(widths, f"{{{_MAIN}}}col", min="1", max=str(max(map(len, rows))), width="24", customWidth="1")
    data = etree.SubElement(root, f"{{{_MAIN}}}sheetData")
    for number, values in enumerate(rows, 1):
        line = etree.SubElement(data, f"{{{_MAIN}}}row", r=str(number))
        for column, value in enumerate(values, 1):
            place = f"{column_letters(column)}{number}"
            if isinstance(value, Decimal):
                cell = etree.SubElement(line, f"{{{_MAIN}}}c", r=place)
                etree.SubElement(cell, f"{{{_MAIN}}}v").text = plain(value)
            elif value:
                cell = etree.SubElement(line, f"{{{_MAIN}}}c", r=place, t="inlineStr")
                text = etree.SubElement(etree.SubElement(cell, f"{{{_MAIN}}}is"), f"{{{_MAIN}}}t")
                text.set(f"{_XML}space", "preserve")
                text.text = value
    return root


def _workbook() -> etree._Element:
    root = etree.Element(f"{{{_MAIN}}}workbook", nsmap=_SHEET_NAMES)
    sheet = etree.SubElement(etree.SubElement(root, f"{{{_MAIN}}}sheets"), f"{{{_MAIN}}}sheet", name=SHEET, sheetId="1")
    sheet.set(f"{{{_REL}}}id", "rId1")
    return root


def _styles() -> etree._Element:
    root = etree.Element(f"{{{_MAIN}}}styleSheet", nsmap=_SHEET_NAMES)
    fonts = etree.SubElement(root, f"{{{_MAIN}}}fonts", count="1")
    font = etree.SubElement(fonts, f"{{{_MAIN}}}font")
    etree.SubElement(font, f"{{{_MAIN}}}sz", val="11")
    etree.SubElement(font, f"{{{_MAIN}}}name", val="宋体")
    fills = etree.SubElement(root, f"{{{_MAIN}}}fills", count="2")
    for pattern in ("none", "gray125"):
        etree.SubElement(etree.SubElement(fills, f"{{{_MAIN}}}fill"), f"{{{_MAIN}}}patternFill", patternType=pattern)
    etree.SubElement(etree.SubElement(root, f"{{{_MAIN}}}borders", count="1"), f"{{{_MAIN}}}border")
    for name in ("cellStyleXfs", "cellXfs"):
        formats = etree.SubElement(root, f"{{{_MAIN}}}{name}", count="1")
        form = etree.SubElement(formats, f"{{{_MAIN}}}xf", numFmtId="0", fontId="0", fillId="0", borderId="0")
        if name == "cellXfs":
            form.set("xfId", "0")
    named = etree.SubElement(root, f"{{{_MAIN}}}cellStyles", count="1")
    etree.SubElement(named, f"{{{_MAIN}}}cellStyle", name="Normal", xfId="0", builtinId="0")
    return root


def _relationships(*targets: tuple[str, str]) -> etree._Element:
    root = etree.Element(f"{{{_PKG_REL}}}Relationships", nsmap=_default(_PKG_REL))
    for number, (kind, target) in enumerate(targets, 1):
        etree.SubElement(root, f"{{{_PKG_REL}}}Relationship", Id=f"rId{number}", Type=kind, Target=target)
    return root


def _content_types() -> etree._Element:
    root = etree.Element(f"{{{_TYPES}}}Types", nsmap=_default(_TYPES))
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    for extension, kind in (("rels", relations), ("xml", "application/xml")):
        etree.SubElement(root, f"{{{_TYPES}}}Default", Extension=extension, ContentType=kind)
    for name, kind in (
        ("/xl/workbook.xml", "sheet.main+xml"),
        ("/xl/worksheets/sheet1.xml", "worksheet+xml"),
        ("/xl/styles.xml", "styles+xml"),
    ):
        etree.SubElement(root, f"{{{_TYPES}}}Override", PartName=name, ContentType=_SPREADSHEET + kind)
    return root
