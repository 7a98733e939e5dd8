"""A filled workbook with some cells changed in its XML: stored results of all formulas stay, as after a paste."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from lxml import etree

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
Value = str | int | Decimal | None


def alter(source: Path, target: Path, changes: Mapping[str, Value], recalculated: bool = False) -> Path:
    """``source`` at ``target`` with cells such as 03支出决算表!C12 holding another value (None: empty).

    ``recalculated``: formulas stay, and the values are what they show now.
    """
    with zipfile.ZipFile(source) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    places = _sheet_parts(parts)
    by_part: dict[str, dict[str, Value]] = {}
    for place, value in changes.items():
        sheet, _, address = place.rpartition("!")
        by_part.setdefault(places[sheet], {})[address] = value
    for part, cells in by_part.items():
        root = etree.fromstring(parts[part])
        found = {cell.get("r"): cell for cell in root.iter(f"{{{_MAIN}}}c")}
        for address, value in cells.items():
            _put(found[address], value, recalculated)
        parts[part] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return target


def _sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    relations = etree.fromstring(parts["xl/_rels/workbook.xml.rels"])
    targets = {node.get("Id"): node.get("Target").lstrip("/").removeprefix("xl/") for node in relations}
    sheets = etree.fromstring(parts["xl/workbook.xml"]).iter(f"{{{_MAIN}}}sheet")
    return {sheet.get("name"): "xl/" + targets[sheet.get(f"{{{_LINKS}}}id")] for sheet in sheets}


def _put(cell: etree._Element, value: Value, recalculated: bool) -> None:
    for child in list(cell):
        if not (recalculated and child.tag == f"{{{_MAIN}}}f"):
            cell.remove(child)
    cell.attrib.pop("t", None)
    if isinstance(value, str):
        cell.set("t", "inlineStr")
        text = etree.SubElement(etree.SubElement(cell, f"{{{_MAIN}}}is"), f"{{{_MAIN}}}t")
        text.text = value
    elif value is not None:
        etree.SubElement(cell, f"{{{_MAIN}}}v").text = str(value)
