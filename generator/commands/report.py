"""What a command says at the end: findings for people or for programs, and the closing line."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence

import click

from ..model.finding import Finding, Severity
from .chinese import width, wrap

_TITLES = {
    Severity.ERROR: ("错误", "须改正后才能生成", "red"),
    Severity.WARNING: ("警告", "请核实", "yellow"),
    Severity.INFO: ("提示", "", "cyan"),
}
_CELLS_SHOWN = 6
_KEPT_LINES = 6  # of a screen, for the command itself and the closing lines
REFUSED = "S0"


def counts(findings: Sequence[Finding]) -> str:
    parts = [f"{name} {sum(f.severity is severity for f in findings)} 条" for severity, (name, *_) in _TITLES.items()]
    return "，".join(parts)


def as_json(workbook: str | None, edition: str | None, output: str | None, findings: Sequence[Finding]) -> str:
    """The one object that ``--format json`` prints; docs/json.md describes it."""
    listed = [
        {
            "rule": finding.rule,
            "severity": finding.severity.value,
            "cells": [str(cell) for cell in finding.cells],
            "message": finding.message,
            "fix": finding.fix,
        }
        for finding in findings
    ]
    found = {"workbook": workbook, "edition": edition, "output": output, "findings": listed}
    return json.dumps(found, ensure_ascii=not _speaks_unicode(), indent=2)


def refused_json(workbook: str | None, message: str, fix: str) -> str:
    return as_json(workbook, None, None, [Finding(REFUSED, Severity.ERROR, message, fix)])


def show(findings: Sequence[Finding], show_all: bool) -> None:
    """Findings grouped by severity, worst first: about a screen of them, or all."""
    size = shutil.get_terminal_size((80, 24))
    room = max(size.lines - _KEPT_LINES, 12)
    shown = 0
    severity = None
    for finding in findings:
        lines = _entry(finding, size.columns, show_all)
        if not show_all and shown and len(lines) + (finding.severity is not severity) > room:
            break
        if finding.severity is not severity:
            severity = finding.severity
            _heading(severity, sum(f.severity is severity for f in findings))
            room -= 1
        click.echo("\n".join(lines))
        room -= len(lines)
        shown += 1
    if shown < len(findings):
        click.echo(f"……另有 {len(findings) - shown} 条没有列出，加 --all 可全部列出。")
    if findings:
        click.echo()


def _heading(severity: Severity, count: int) -> None:
    name, advice, colour = _TITLES[severity]
    click.secho(f"{name} {count} 条{f'（{advice}）' if advice else ''}", fg=colour, bold=True)


def _entry(finding: Finding, columns: int, show_all: bool) -> list[str]:
    lead = f"  [{finding.rule}] "
    hanging = " " * width(lead)
    message = ("（无法判断）" if finding.unanswerable else "") + finding.message
    lines = wrap(message, columns, lead, hanging)
    if finding.cells:
        cells = finding.cells if show_all else finding.cells[:_CELLS_SHOWN]
        more = f" 等 {len(finding.cells)} 处" if len(cells) < len(finding.cells) else ""
        lines += _labelled("位置：", "、".join(map(str, cells)) + more, columns, hanging)
    if finding.fix:
        lines += _labelled("处理：", finding.fix, columns, hanging)
    return lines


def _labelled(label: str, text: str, columns: int, indent: str) -> list[str]:
    return wrap(text, columns, indent + label, indent + " " * width(label))


def _speaks_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") in ("utf8", "utf16", "utf32")
