"""What a command says at the end: findings for people or for programs, and the closing line."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import click

from ..model.cell import CellRef
from ..model.finding import Finding, Severity, relations_in
from .chinese import width, wrap

_TITLES = {
    Severity.ERROR: ("错误", "须改正后才能生成", "red"),
    Severity.WARNING: ("警告", "请核实；确属正常的，在“核实说明”表中写明理由", "yellow"),
    Severity.INFO: ("提示", "供参考", "cyan"),
}
_ANSWERED = ("已说明", "警告已在“核实说明”表中写明理由", "green")
_CELLS_SHOWN = 6
_DETAILS_SHOWN = 4  # lines under a finding, of a report kept to a screen
_FEWEST = 12  # lines of findings that even a small window gets
_PAGE = 40  # lines of a report that does not go to a terminal
_KEPT_LINES = 6  # of a screen, for the command itself and the closing lines
_COLUMNS = 80
REFUSED = "S0"


def counts(findings: Sequence[Finding]) -> str:
    """错误 1 条，警告 2 条，提示 0 条; warnings that were answered are counted apart."""
    parts = [
        f"{name} {sum(f.severity is severity and not f.answer for f in findings)} 条"
        for severity, (name, *_) in _TITLES.items()
    ]
    answered = sum(bool(finding.answer) for finding in findings)
    return "，".join(parts + ([f"{_ANSWERED[0]} {answered} 条"] if answered else []))


def as_json(
    workbook: str | None,
    edition: str | None,
    output: str | None,
    findings: Sequence[Finding],
    marked: str | None = None,
    more: Mapping[str, object] | None = None,
) -> str:
    """The one object that ``--format json`` prints; docs/json.md describes it."""
    found: dict[str, object] = {"workbook": workbook, "edition": edition, "output": output}
    if marked is not None:
        found["marked"] = marked
    found["findings"] = [
        {
            "rule": finding.rule,
            "severity": finding.severity.value,
            "cells": [str(cell) for cell in finding.cells],
            "message": finding.message,
            "fix": finding.fix,
        }
        | _more(finding)
        for finding in findings
    ]
    found |= more or {}
    return json.dumps(found, ensure_ascii=not speaks_unicode(), indent=2)


def _more(finding: Finding) -> dict[str, object]:
    """Keys that only some findings have."""
    more: dict[str, object] = {"rules": list(finding.rules), "suspects": finding.tied} if finding.rules else {}
    return more | ({"answer": finding.answer} if finding.answer else {})


def refused_json(workbook: str | None, message: str, fix: str) -> str:
    return as_json(workbook, None, None, [Finding(REFUSED, Severity.ERROR, message, fix)])


def show(findings: Sequence[Finding], show_all: bool) -> None:
    """Findings in groups, worst first: about a screen of them, or all."""
    columns, room = _window()
    shown: list[Finding] = []
    for (title, advice, colour), group in _groups(findings):
        if not show_all and shown and group[0].severity is Severity.INFO and shown[0].severity is Severity.ERROR:
            return _rest(findings, shown)  # first things first
        heading = f"{title} {len(group)} 条（{advice}）"
        for count, (bunch, fix) in enumerate(_bunches(group)):
            entries = [_entry(finding, columns, show_all) for finding in bunch]
            end = _labelled("处理：", fix, columns, "    ") if fix else []
            fitting = len(entries) if show_all else _fitting(entries, room - len(end) - (not count), not shown)
            if not fitting:
                return _rest(findings, shown)
            if not count:
                click.secho("\n".join(wrap(heading, columns)), fg=colour, bold=True)
                room -= 1
            click.echo("\n".join(line for entry in entries[:fitting] for line in entry))
            if end:
                click.echo("\n".join(end))
            room -= sum(map(len, entries[:fitting])) + len(end)
            shown += bunch[:fitting]
            if fitting < len(entries):
                return _rest(findings, shown)
    if findings:
        click.echo()
    return None


def _window() -> tuple[int, int]:
    """Columns, and lines for the findings: of the terminal, else of a page."""
    size = shutil.get_terminal_size((_COLUMNS, _PAGE))
    return size.columns, max(size.lines - _KEPT_LINES, _FEWEST)


def _groups(findings: Sequence[Finding]) -> Iterator[tuple[tuple[str, str, str], list[Finding]]]:
    for severity, title in _TITLES.items():
        group = [finding for finding in findings if finding.severity is severity and not finding.answer]
        if group:
            yield title, group
    answered = [finding for finding in findings if finding.answer]
    if answered:
        yield _ANSWERED, answered


def _bunches(group: Sequence[Finding]) -> Iterator[tuple[list[Finding], str]]:
    """Neighbours of one rule with the same advice: it is given once, below them."""
    for (_, fix, _), bunch in groupby(group, lambda f: (f.rule, f.fix, bool(f.answer))):
        found = list(bunch)
        yield found, "" if found[0].answer else fix


def _fitting(entries: Sequence[Sequence[str]], room: int, first: bool) -> int:
    """How many of the entries fit; one always does where nothing has been said yet."""
    taken = 0
    for count, entry in enumerate(entries):
        taken += len(entry)
        if taken > room:
            return max(count, int(first))
    return len(entries)


def _rest(findings: Sequence[Finding], shown: Sequence[Finding]) -> None:
    """What was left out, by kind."""
    left = [f"{title[0]} {count} 条" for title, group in _groups(findings) if (count := _missing(group, shown))]
    click.echo(f"……另有{'、'.join(left)}没有列出，加 --all 可全部列出。\n")


def _missing(group: Sequence[Finding], shown: Sequence[Finding]) -> int:
    said = {id(finding) for finding in shown}
    return sum(id(finding) not in said for finding in group)


def _entry(finding: Finding, columns: int, show_all: bool) -> list[str]:
    """A finding: its sentence, what stands under it, and cells the sentence does not name."""
    lead, hanging = f"  [{finding.rule}] ", "    "
    sentence, *under = [line.strip() for line in finding.message.split("\n") if line.strip()]
    if finding.rules:
        sentence = _once(sentence, finding)
    lines = wrap(("（无法判断）" if finding.unanswerable else "") + sentence, columns, lead, hanging)
    details = [_short(line, finding) for line in under]
    kept = details if show_all else details[:_DETAILS_SHOWN]
    for detail in kept:
        lines += wrap(detail, columns, hanging + "· ", hanging + "  ")
    if len(kept) < len(details):
        lines.append(f"{hanging}· 等 {relations_in(details)} 项")
    cells = _suspects(finding) if finding.rules else finding.cells
    if any(not _named(cell, finding.message) for cell in cells) and (show_all or not finding.rules):
        lines += _labelled("位置：", _places(cells, show_all), columns, hanging)
    if finding.answer:
        lines += _labelled("已说明：", finding.answer, columns, hanging)
    return lines


def _suspects(finding: Finding) -> tuple[CellRef, ...]:
    """The cells that may be at fault; the relations below a finding name the others."""
    return finding.cells[: finding.tied] if finding.tied else finding.cells


def _short(line: str, finding: Finding) -> str:
    """A relation within one table without the name of the sheet that its finding has named already."""
    if not finding.cells:
        return line
    sheet, table = _sheet(finding)
    short = line.replace(f"{sheet}!", "").replace(f"{table}“", "“")
    return line if "!" in short else short


def _once(sentence: str, finding: Finding) -> str:
    """A sentence that lists many cells of one sheet, with its name at the first of them only."""
    if len({cell.sheet for cell in _suspects(finding)}) != 1:
        return sentence
    sheet, table = _sheet(finding)
    for name, kept in ((f"{sheet}!", ""), (f"{table}“", "“")):
        first, found, rest = sentence.partition(name)
        sentence = first + found + rest.replace(name, kept)
    return sentence


def _sheet(finding: Finding) -> tuple[str, str]:
    """The sheet of the first cell, and its table's name as sentences have it: without the number."""
    sheet = finding.cells[0].sheet
    return sheet, sheet.lstrip("0123456789")


def _named(cell: CellRef, message: str) -> bool:
    """Does the sentence give the cell's place already, in full or by its address after the sheet's name?"""
    return cell.sheet in message and re.search(rf"(?<![A-Z]){cell.address}(?!\d)", message) is not None


def _places(cells: Sequence[CellRef], show_all: bool) -> str:
    """Sheet!A1、B2；other!C3 等 n 处."""
    listed = cells if show_all else cells[:_CELLS_SHOWN]
    by_sheet: dict[str, list[str]] = {}
    for cell in listed:
        by_sheet.setdefault(cell.sheet, []).append(cell.address)
    said = "；".join(f"{sheet}!{'、'.join(addresses)}" for sheet, addresses in by_sheet.items())
    return said + (f" 等 {len(cells)} 处" if len(listed) < len(cells) else "")


def _labelled(label: str, text: str, columns: int, indent: str) -> list[str]:
    return wrap(text, columns, indent + label, indent + " " * width(label))


def speaks_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")
