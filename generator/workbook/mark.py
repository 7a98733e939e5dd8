"""A marked copy of the user's workbook: cells at fault coloured and commented, a first sheet that lists the findings.

Everything is done to the file's own XML, so that whatever else is in it (stored values, drawings, rich text,
extensions of other programs) stays as it is; macros and links out of the file do not come along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lxml import etree

from ..model.cell import CellRef
from ..model.finding import Finding, Severity
from . import mark_report
from .mark_cells import SheetCells
from .mark_comments import comment
from .mark_parts import Parts, put_before
from .mark_seal import seal
from .mark_styles import LIGHT, STRONG, Styles
from .mark_tame import tame
from .package import Package, local, open_package, unpack, within_limits

_WORST_FIRST = tuple(Severity)
_MAX_ROW, _MAX_COLUMN = 1 << 20, 1 << 14
_VIEW = re.compile(rb"<(?:\w+:)?sheetView\b[^>]*>")
_SELECTED = re.compile(rb"""\s+tabSelected\s*=\s*["'](?:1|true)["']""")
_AFTER_VIEWS = (
    "sheets", "functionGroups", "externalReferences", "definedNames", "calcPr", "oleSize", "customWorkbookViews",
    "pivotCaches", "smartTagPr", "smartTagTypes", "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip


def mark(workbook: bytes | Path, findings: tuple[Finding, ...], *, title: str) -> bytes:
    """A copy of ``workbook`` with ``findings`` marked, most serious first, under ``title``; the same bytes for the
    same arguments. Refusal when the workbook can't be read."""
    with within_limits(), unpack(workbook) if isinstance(workbook, bytes) else open_package(workbook) as package:
        parts = Parts(package)
        tame(parts)
        ordered = sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity))
        sheets: dict[str, str] = {}
        for sheet in package.sheets:
            sheets.setdefault(sheet.name, sheet.part)
        styles = Styles(parts)
        for name, part in sheets.items():
            here = _by_cell(ordered, name)
            if here:
                _mark_sheet(parts, styles, part, here)
        _deselect(parts, package)
        report = mark_report.build(parts, styles, ordered, title, sheets.__contains__)
        seal(report)
        _insert_first(parts, report)
        return parts.packed()


def _by_cell(findings: Sequence[Finding], sheet: str) -> Mapping[tuple[int, int], list[tuple[Finding, bool]]]:
    """Findings of each cell of the sheet; True where the finding holds this cell to be at fault."""
    found: dict[tuple[int, int], list[tuple[Finding, bool]]] = {}
    for finding in findings:
        for number, ref in enumerate(dict.fromkeys(finding.cells)):
            if ref.sheet == sheet and _exists(ref):
                # Nobody accused: all cells are at fault alike.
                found.setdefault((ref.row, ref.column), []).append((finding, number < (finding.tied or _MAX_ROW)))
    return found


def _exists(ref: CellRef) -> bool:
    return 1 <= ref.row <= _MAX_ROW and 1 <= ref.column <= _MAX_COLUMN


def _mark_sheet(
    parts: Parts, styles: Styles, part: str, cells: Mapping[tuple[int, int], list[tuple[Finding, bool]]]
) -> None:
    sheet = SheetCells(parts, part)
    texts = {}
    for (row, column), said in sorted(cells.items()):
        # The colour of the worst finding that accuses the cell, else of the worst that names it at all.
        first = [finding.severity for finding, accused in said if accused]
        worst = min((finding.severity for finding, _ in said), key=_WORST_FIRST.index)
        colour = STRONG[first[0]] if first else LIGHT[worst]
        sheet.paint(row, column, styles.filled(sheet.style(row, column), colour))
        texts[row, column] = "\n".join(_said(finding) for finding, _ in said)
    comment(parts, part, texts)


def _said(finding: Finding) -> str:
    text = f"【{mark_report.LEVELS[finding.severity]} {finding.rule}】{finding.message}"
    return text + (f"\n处理：{finding.fix}" if finding.fix else "")


def _deselect(parts: Parts, package: Package) -> None:
    """No other sheet may stay selected: typing into one of several selected sheets types into all of them."""
    for sheet in _sheet_parts(parts):
        raw = package.raw(sheet)
        if _SELECTED.search(raw):
            changed = _VIEW.sub(lambda view: _SELECTED.sub(b"", view[0]), raw)
            if parts.opened(sheet):
                for view in parts.tree(sheet).iter(parts.q("sheetView")):
                    view.attrib.pop("tabSelected", "")
            else:
                parts.put(sheet, changed)


def _sheet_parts(parts: Parts) -> Iterator[str]:
    """Worksheets, chart sheets and dialogs alike."""
    for node in parts.tree(parts.workbook).iter(parts.q("sheet")):
        part = parts.pointed(parts.workbook, node.get(f"{{{parts.links}}}id", ""))
        if part and parts.has(part):
            yield part


def _insert_first(parts: Parts, report: etree._Element) -> None:
    """The sheet of findings before all others; what counts sheets by their place counts on."""
    book = parts.tree(parts.workbook)
    listed = book.find(parts.q("sheets"))
    assert listed is not None  # a package without sheets is refused
    names = {(node.get("name") or "").casefold() for node in listed}
    ids = [int(node.get("sheetId", "0")) for node in listed if node.get("sheetId", "").isdigit()]
    name, number = mark_report.SHEET, 1
    while name.casefold() in names:
        number += 1
        name = f"{mark_report.SHEET}({number})"
    part = parts.free("worksheets/sheet{}.xml")
    parts.add(part, report, "worksheet+xml")
    made = etree.Element(parts.q("sheet"), nsmap={"r": parts.links})
    made.set("name", name)
    made.set("sheetId", str(max(ids, default=0) + 1))
    made.set(f"{{{parts.links}}}id", parts.relate(parts.workbook, "worksheet", part))
    listed.insert(0, made)
    for defined in book.iter(parts.q("definedName")):
        place = defined.get("localSheetId", "")
        if place.isdigit():
            defined.set("localSheetId", str(int(place) + 1))
    _filter_name(parts, book, name, report)
    views = book.find(parts.q("bookViews"))
    if views is None:
        views = etree.Element(parts.q("bookViews"))
        put_before(book, views, _AFTER_VIEWS)
    if not len(views):
        etree.SubElement(views, parts.q("workbookView"))
    for view in views:
        if local(view.tag) == "workbookView":
            view.set("activeTab", "0")
            view.attrib.pop("firstSheet", "")


def _filter_name(parts: Parts, book: etree._Element, name: str, report: etree._Element) -> None:
    """Excel keeps the area of a filter as a hidden name too."""
    area = report.find(parts.q("autoFilter"))
    if area is None:
        return
    names = book.find(parts.q("definedNames"))
    if names is None:
        names = etree.Element(parts.q("definedNames"))
        put_before(book, names, _AFTER_VIEWS[_AFTER_VIEWS.index("definedNames") + 1 :])
    made = etree.Element(parts.q("definedName"), name="_xlnm._FilterDatabase", localSheetId="0", hidden="1")
    made.text = f"'{name}'!" + re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", area.get("ref", ""))
    names.insert(0, made)
