"""``page``: document and workbook as one file that needs nothing else, and lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType

from ..model.blocks import Disclosure
from ..model.book import Book
from ..model.cell import CellRef
from ..model.changes import places as block_places
from ..model.finding import Finding, Severity
from ..model.sheetview import SheetView
from ..model.snapshot import Snapshot, snapshot, words
from ..model.trace import trace
from ..model.written import WrittenBlock
from . import sheets as sheet_half
from .document import Writer, printed
from .markup import Places, escape, lines, script_json
from .overlay import overlay
from .untied import Amounts

_LETTERS = {Severity.ERROR: "e", Severity.WARNING: "w", Severity.INFO: "i"}
_NAMES = {"e": "错误", "w": "警告", "i": "提示", "a": "已说明"}
_ORDER = "ewia"
_SEAL, _NO_HASH = b'<meta name="gongkai" content="', b"0" * 64


def page(
    disclosure: Disclosure,
    book: Book,
    findings: Sequence[Finding],
    views: Sequence[SheetView],
    written: Sequence[WrittenBlock] | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """The review page as UTF-8, the same bytes for the same arguments.

    ``written`` is the document as it stands in the end, ``names`` the bookmarks of its blocks; ``views`` are the
    sheets to show.
    """
    shown = disclosure.sections if written is None else overlay(disclosure, written, names)
    places = Places(view.name for view in views)
    flags = _flags(findings)
    titles = _names(snapshot(book))
    writer = Writer(
        places,
        lambda ref: titles.get(ref) or str(ref),
        Amounts(book),
        block_places(trace(disclosure)),
        printed(disclosure.sections),
        flags,
    )
    document = writer.sections(shown)
    wanted = _wanted(writer.used, findings)
    data = {
        "names": [view.name for view in views],
        "words": {short: text for ref, text in titles.items() if (short := places.short(ref)) and text},
        "told": writer.told,
        "spots": list(writer.spots),
        "unit": book.unit_of_amount,
        "findings": [
            [finding.rule, _letter(finding), finding.message, finding.fix, finding.answer, places.all(finding.cells)]
            for finding in findings
        ],
    }
    style, script = _asset("review.css"), _asset("review.js")
    parts = {
        "policy": f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
        "title": escape(f"{disclosure.title}　审阅"),
        "heading": escape(disclosure.title),
        "summary": escape(_summary(findings, writer)),
        "findings": _findings(findings, places),
        "untied": _untied(writer),
        "document": document,
        "tabs": sheet_half.tabs(views),
        "sheets": sheet_half.panels(views, places, wanted, flags),
        "data": script_json(json.dumps(data, ensure_ascii=False, separators=(",", ":"))),
        "style": style,
        "script": script,
    }
    return _sealed(_fill(_asset("review.html"), parts).encode("utf-8", "replace"))


def _sealed(data: bytes) -> bytes:
    """With the hash of everything in it, so that a page that was changed since can be told."""
    return data.replace(_SEAL + _NO_HASH, _SEAL + hashlib.sha256(data).hexdigest().encode(), 1)


def untouched(data: bytes) -> bool:
    """Whether the file is a review page just as it was written."""
    at = data.find(_SEAL) + len(_SEAL)
    found = data[at : at + len(_NO_HASH)]
    plain = data[:at] + _NO_HASH + data[at + len(_NO_HASH) :]
    return at >= len(_SEAL) and hashlib.sha256(plain).hexdigest().encode() == found


def _fill(template: str, parts: Mapping[str, str]) -> str:
    """The template with its ``{{name}}`` places filled; what is put in is never looked into again."""
    made = []
    rest = template
    while rest:
        before, mark, rest = rest.partition("{{")
        made.append(before)
        if mark:
            name, _, rest = rest.partition("}}")
            made.append(parts[name])
    return "".join(made)


def _asset(name: str) -> str:
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _names(taken: Snapshot) -> dict[CellRef, str]:
    """What stands in each filled cell, in words."""
    return {
        entry.ref: words(block, row, entry.column)
        for sheet in taken.sheets
        for block in sheet.blocks
        for row in block.rows
        for entry in row.entries
    }


def _letter(finding: Finding) -> str:
    return "a" if finding.answer else _LETTERS[finding.severity]


def _flags(findings: Sequence[Finding]) -> dict[CellRef, str]:
    """The worst that is said of each cell."""
    found: dict[CellRef, str] = {}
    for finding in findings:
        letter = _letter(finding)
        for cell in finding.cells:
            if cell not in found or _ORDER.index(letter) < _ORDER.index(found[cell]):
                found[cell] = letter
    return found


def _wanted(used: Collection[CellRef], findings: Sequence[Finding]) -> dict[str, set[CellRef]]:
    """Cells that something leads to, by sheet: they have a place in the page even when empty."""
    found: dict[str, set[CellRef]] = {}
    for cell in (*used, *(cell for finding in findings for cell in finding.cells)):
        found.setdefault(cell.sheet, set()).add(cell)
    return found


def _summary(findings: Sequence[Finding], writer: Writer) -> str:
    counts = {letter: sum(_letter(finding) == letter for finding in findings) for letter in _ORDER}
    said = "，".join(f"{_NAMES[letter]} {count} 条" for letter, count in counts.items() if count)
    return f"校验：{said or '没有问题'}。手写文字中未勾连的数 {len(writer.untied)} 处。"


def _findings(findings: Sequence[Finding], places: Places) -> str:
    if not findings:
        return ""
    items = []
    for number, finding in enumerate(findings):
        letter = _letter(finding)
        cells = "".join(
            f'<button type="button" class="go" data-go="{short}">{escape(str(cell))}</button>'
            for cell in dict.fromkeys(finding.cells)
            if (short := places.short(cell))
        )
        answer = f"<br>说明：{lines(finding.answer)}" if finding.answer else ""
        items.append(
            f'<li id="f{number}" data-s="{letter}"><b>{_NAMES[letter]}</b> [{escape(finding.rule)}] '
            f"{lines(finding.message)}{answer} <span class='fix'>{lines(finding.fix)}</span> {cells}</li>"
        )
    return f"<details><summary>校验结果 {len(findings)} 条</summary><ol>{''.join(items)}</ol></details>"


def _untied(writer: Writer) -> str:
    if not writer.untied:
        return ""
    items = "".join(f'<li><a href="#{id}">{escape(text)}</a></li>' for id, text in writer.untied)
    return (
        f"<details><summary>手写文字中未勾连的数 {len(writer.untied)} 处（工作簿中没有相同的数，请核对出处）</summary>"
        f'<ol class="short">{items}</ol></details>'
    )
