"""Workbooks written cell by cell for the reader's tests: any layout, any bytes, independent of the blank workbook."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from generator.editions import Edition
from generator.model import heads
from generator.model.cell import column_letters
from generator.model.form import Form, Kind, Role

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_DOC = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
TYPES = (
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_KIND}.sharedStrings+xml"/>'
)
# Style indices: 0 plain, 1 date, 2 0%, 3 0.00
STYLES = (
    '<numFmts count="1"><numFmt numFmtId="176" '
    'formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/></numFmts>'
    '<fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="176"/><xf numFmtId="9"/><xf numFmtId="2"/></cellXfs>'
)


@dataclass(frozen=True)
class X:
    """A cell's own XML: attributes after r=, and what it contains."""

    attributes: str
    inside: str


@dataclass
class Page:
    """One sheet: values by (row, column) from 1, merged ranges as (top, left, bottom, right)."""

    name: str
    cells: dict[tuple[int, int], Any] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    tail: str = ""
    at: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # (row key, column key) → place

    def xml(self, main: str = MAIN) -> str:
        rows: dict[int, list[tuple[int, Any]]] = {}
        for (row, column), value in sorted(self.cells.items()):
            rows.setdefault(row, []).append((column, value))
        body = "".join(
            f'<row r="{row}">' + "".join(cell_xml(row, column, value) for column, value in cells) + "</row>"
            for row, cells in rows.items()
        )
        ranges = "".join(
            f'<mergeCell ref="{column_letters(c1)}{r1}:{column_letters(c2)}{r2}"/>' for r1, c1, r2, c2 in self.merges
        )
        merged = f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{main}"><dimension ref="A1"/>'
            f"<sheetData>{body}</sheetData>{merged}{self.tail}</worksheet>"
        )

    def moved(self, down: int, right: int) -> Page:
        return Page(
            self.name,
            {(r + down, c + right): v for (r, c), v in self.cells.items()},
            [(a + down, b + right, c + down, d + right) for a, b, c, d in self.merges],
            self.tail,
            {key: (r + down, c + right) for key, (r, c) in self.at.items()},
        )

    def find(self, text: str) -> tuple[int, int]:
        return next(place for place, value in sorted(self.cells.items()) if value == text)


def cell_xml(row: int, column: int, value: Any) -> str:
    place = f'r="{column_letters(column)}{row}"'
    if value is None or value == "":
        return f"<c {place}/>"
    if isinstance(value, X):
        return f"<c {place} {value.attributes}>{value.inside}</c>"
    if isinstance(value, bool):
        return f'<c {place} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float, Decimal)):
        return f"<c {place}><v>{value}</v></c>"
    return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def parts(pages: list[Page], *, strict: bool = False, date1904: bool = False, strings: str = "") -> dict[str, str]:
    main, doc = (STRICT_MAIN, STRICT_DOC) if strict else (MAIN, DOC)
    listed = "".join(f'<sheet name={quoteattr(p.name)} sheetId="{i}" r:id="rId{i}"/>' for i, p in enumerate(pages, 1))
    found = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{TYPES}</Types>',
        "_rels/.rels": _relations([("rId1", f"{doc}/officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{doc}"><workbookPr date1904="{int(date1904)}"/>'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [(f"rId{i}", f"{doc}/worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(pages) + 1)]
            + [("rIdA", f"{doc}/styles", "styles.xml"), ("rIdB", f"{doc}/sharedStrings", "/xl/sharedStrings.xml")]
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{STYLES}</styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>',
    }
    for i, page in enumerate(pages, 1):
        found[f"xl/worksheets/sheet{i}.xml"] = page.xml(main)
    return found


def _relations(entries: list[tuple[str, str, str]]) -> str:
    inside = "".join(f'<Relationship Id="{i}" Type="{kind}" Target="{target}"/>' for i, kind, target in entries)
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>'


def zipped(entries: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return stream.getvalue()


def xlsx(pages: list[Page], **options: Any) -> bytes:
    return zipped(parts(pages, **options))


# Pages of an edition's forms, plain: the words of the form and the content, nothing else.


def pages(edition: Edition, content: Mapping[str, Any]) -> list[Page]:
    found = []
    for form in edition.forms:
        given = content.get(form.id, [{}] if form.repeat else {})
        for number, one in enumerate(given if form.repeat else [given]):
            name = form.sheet + (f" {number + 1}" if number else "")
            found.append(page(form, one, name, str(edition.years[-1])))
    return found


def page(form: Form, content: Mapping[str, Any], name: str = "", year: str = "2021") -> Page:
    made = Page(name or form.sheet)
    words = {"{year}": year, "{unit}": "某单位", "{dept}": "部门"}
    made.cells[1, 1] = re.sub(r"\{\w+\}", lambda place: words.get(place[0], place[0]), form.title)
    if form.role is Role.TABLE:
        _table(made, form, content)
    elif form.role is Role.INPUT:
        _inputs(made, form, content)
    else:
        _performance(made, form, content)
    return made


def _head(made: Page, cells: tuple[heads.HeadCell, ...], top: int) -> None:
    for cell in cells:
        row, column = top + cell.row, cell.column + 1
        made.cells[row, column] = cell.text
        if cell.down > 1 or cell.across > 1:
            made.merges.append((row, column, row + cell.down - 1, column + cell.across - 1))


def _table(made: Page, form: Form, content: Mapping[str, Any]) -> None:
    width = sum(column.across for block in form.blocks for column in block.columns)
    made.cells[2, width] = form.form_no
    made.cells[3, 1], made.cells[3, width] = "部门：某单位", "金额单位：万元"
    cells, depth = heads.table_head(form)
    _head(made, cells, 4)
    left = 1
    last = 4 + depth
    for block in form.blocks:
        last = max(last, _rows(made, block, content.get(block.key), 4 + depth, left))
        left = heads.starts(block, left)[-1]
    for number, note in enumerate(form.notes):
        made.cells[last + 1 + number, 1] = note


def _inputs(made: Page, form: Form, content: Mapping[str, Any]) -> None:
    at = 2
    if form.hint:
        made.cells[at, 1] = form.hint
    for block in form.blocks:
        at += 2
        for text in (block.title, block.hint):
            if text:
                made.cells[at, 1] = text
                at += 1
        cells = heads.stacked(tuple(column.head for column in block.columns))
        _head(made, cells, at)
        at = _rows(made, block, content.get(block.key), at + 1, 1)


def _rows(made: Page, block: Any, given: Any, top: int, left: int) -> int:
    """Writes the rows of a block; returns the first row below them."""
    fixed = {r["_key"]: r for r in given or [] if "_key" in r} if block.open else dict(given or {})
    at = top
    places = heads.starts(block, left)
    for number, row in enumerate(block.rows):
        values = fixed.get(row.key, {}) if not row.spacer else {}
        lead = next((i for i, c in enumerate(block.columns) if c.kind is Kind.MONEY), len(block.columns))
        for i, column in enumerate(block.columns):
            text: Any = values.get(column.key)
            if column.kind is Kind.LABEL and not row.label_span:
                text = row.label
            elif column.kind is Kind.CODE:
                beside = number == 0 and block.split_beside_total  # 类, 款, 项 stand there
                text = row.code or (row.label if block.open and not beside else None)
            elif column.kind is Kind.NAME and number == 0 and block.split_beside_total:
                text = row.label
            elif column.kind is Kind.HELP:
                text = row.comment
            elif column.kind is Kind.LINE:
                text = block.first_line + number
            if text is not None:
                made.cells[at, places[i]] = text
            if not row.spacer:
                made.at[row.key, column.key] = (at, places[i])
        if row.label_span:
            made.cells[at, places[lead] - row.label_span] = row.label
        at += 1
    for row in given or [] if block.open else []:
        if "_key" not in row:
            for i, column in enumerate(block.columns):
                if column.key in row:
                    made.cells[at, places[i]] = row[column.key]
                made.at[str(row.get("code", f"{block.key}.{at}")), column.key] = (at, places[i])
            at += 1
    return at


def _performance(made: Page, form: Form, content: Mapping[str, Any]) -> None:
    fields = {key: cell["value"] for key, cell in content.get("fields", {}).items()}
    if form.header is not None:
        made.cells[2, 1], made.cells[2, len(form.grid) - 1] = form.header.left, form.header.right
        if form.header.field in fields:
            made.cells[2, len(form.grid)] = fields[form.header.field]
    row, covered = 3, set()
    for line in form.lines:
        at = 1
        for part in line.parts:
            while (row, at) in covered:
                at += 1
            text = part.label or fields.get(part.field)
            if text:
                made.cells[row, at] = text
            if part.span > 1 or part.down > 1:
                made.merges.append((row, at, row + part.down - 1, at + part.span - 1))
            covered |= {(row + d, at + a) for d in range(part.down) for a in range(part.span)}
            made.at[part.field, "value"] = (row, at)
            at += part.span
        if line.indicators is None:
            row += 1
            continue
        given = content.get(line.indicators.key, [])
        left = 1
        for side in line.sides:
            made.cells[row, left] = side.label
            covered |= {(row + 1 + len(given) + d, left + a) for d in range(side.down - 1) for a in range(side.span)}
            left += side.span
        labels = {fixed.key: fixed.label for fixed in line.indicators.rows}
        for number, values in enumerate([None, *given]):
            at = left
            if values is not None and values.get("_key") in labels:
                values = {line.indicators.columns[0].key: labels[values["_key"]], **values}
            for column in line.indicators.columns:
                text = column.head[-1] if values is None else values.get(column.key)
                if text is not None:
                    made.cells[row + number, at] = text
                if column.span > 1:
                    made.merges.append((row + number, at, row + number, at + column.span - 1))
                at += column.span
        row += 1 + len(given)
