"""After openpyxl: exact values into the saved sheets, and a package that is the same byte for byte each time."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from lxml import etree

from .blank_plan import Value

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A1 = re.compile(r"([A-Z]+)(\d+)")
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
_AFTER_IGNORED: tuple[str, ...] = (
    "smartTags",
    "drawing",
    "legacyDrawing",
    "legacyDrawingHF",
    "picture",
    "oleObjects",
    "controls",
)
_AFTER_IGNORED += ("webPublishItems", "tableParts", "extLst")


def finish(data: bytes, cache: Mapping[tuple[str, str], Value]) -> bytes:
    """``data`` with ``cache`` (sheet, address → value) as stored values, all times fixed, entries in a fixed order."""
    out = io.BytesIO()
    by_sheet: dict[str, dict[str, Value]] = {}
    for (sheet, where), value in cache.items():
        by_sheet.setdefault(sheet, {})[where] = value
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        parts = _sheet_parts(source)
        for name in source.namelist():
            content = source.read(name)
            if name in parts:
                content = _with_values(content, by_sheet.get(parts[name], {}))
            elif name == "docProps/core.xml":
                # The zip format's own first moment: a time that says nothing about the run.
                moment = datetime(*zipfile.ZipInfo(name).date_time).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                content = _STAMP.sub(rb"\g<1>" + moment + rb"\g<2>", content)
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, content)
    return out.getvalue()


def _sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    """Part name → sheet name."""
    rels = etree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
    targets = {r.get("Id"): posixpath.join("/xl", r.get("Target", "")).lstrip("/") for r in rels}
    book = etree.fromstring(package.read("xl/workbook.xml"))
    return {targets[s.get(f"{_RELS}id")]: s.get("name", "") for s in book.iter(f"{_MAIN}sheet")}


def _with_values(content: bytes, values: Mapping[str, Value]) -> bytes:
    root = etree.fromstring(content)
    for cell in root.iter(f"{_MAIN}c"):
        used = cell.get("r", "")
        if used not in values:
            continue
        value = values[used]
        stored = cell.find(f"{_MAIN}v")
        if stored is None:
            stored = etree.SubElement(cell, f"{_MAIN}v")
        if isinstance(value, str):
            cell.set("t", "str")
            stored.text = value
        else:
            if "t" in cell.attrib:
                del cell.attrib["t"]
            stored.text = number_text(value)
    merged = root.find(f"{_MAIN}mergeCells")
    if merged is not None:
        merged[:] = sorted(merged, key=lambda m: _place(m.get("ref", "")))  # openpyxl keeps them in a set
    _ignore_green_marks(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _place(area: str) -> tuple[int, int, str]:
    letters, row = _A1.match(area).groups()  # type: ignore[union-attr]
    return int(row), len(letters), letters


def number_text(value: int | Decimal) -> str:
    """Every digit, without exponent or superfluous zeros. ValueError for what is no number."""
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"not a number: {value}")
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _ignore_green_marks(root: etree._Element) -> None:
    """Codes are text and sums skip cells on purpose: no green corner should say otherwise."""
    dimension = root.find(f"{_MAIN}dimension")
    area = dimension.get("ref") if dimension is not None else None
    if not area:
        return
    ignored = etree.Element(f"{_MAIN}ignoredErrors")
    mark = etree.SubElement(ignored, f"{_MAIN}ignoredError", sqref=area)
    for flag in ("numberStoredAsText", "formula", "formulaRange"):
        mark.set(flag, "1")
    for index, child in enumerate(root):
        if etree.QName(child).localname in _AFTER_IGNORED:
            root.insert(index, ignored)
            return
    root.append(ignored)
