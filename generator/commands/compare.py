"""What changed, on the command line: after a run of ``generate``, and between any two workbooks or documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..model.finding import Refusal
from . import options, report
from .boundary import Command

if TYPE_CHECKING:
    from ..model.changes import Change
    from ..pipeline import Generated, Say
    from ..revision.difference import Difference

_SHOWN = 12  # of a list kept short
_LONGEST = 60  # characters of a text in it


def on_generate(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of ``generate`` that ask for files beside the document."""
    command = click.option(
        "--redline", is_flag=True, help="另写一份修订稿（.修订.docx）：与上一版相比的修订标记，可全部接受或拒绝。"
    )(command)
    return click.option(
        "--review", is_flag=True, help="另写一份审阅页（.审阅.html）：文档与工作簿对照，点数看单元格，点单元格看用处。"
    )(command)


class Beside:
    """The files that one run of ``generate`` writes beside the document; what stops one of them stops nothing else."""

    def __init__(self, made: Generated, workbook: Path, redline: bool, review: bool, say: Say) -> None:
        from .. import companions

        self.made, self.wanted = made, redline
        self.redline: Path | None = None
        self.review: Path | None = None
        self.notes: list[str] = []
        if redline and made.output is not None:
            say("写出修订稿")
            self.redline = self._put(lambda: companions.redline(made))
        if review and made.output is not None:
            say("写出审阅页")
            self.review = self._put(lambda: companions.review(made, workbook))

    def _put(self, write: Callable[[], tuple[Path | None, Path | None]]) -> Path | None:
        try:
            path, aside = write()
        except Refusal as refusal:
            self.notes.append(f"{refusal.message}{refusal.fix}")
            return None
        if aside is not None:
            self.notes.append(f"原有的“{path}”不是本工具写出的原样，已另存为：{aside}")
        return path

    def told(self) -> dict[str, object]:
        """Keys of ``--format json``."""
        from .. import companions

        found: dict[str, object] = {}
        changes = companions.changed(self.made)
        if changes is not None:
            found["changes"] = [_as_dict(change) for change in changes]
        for name, path in (("redline", self.redline), ("review", self.review)):
            if path is not None:
                found[name] = str(path)
        return found | ({"notes": self.notes} if self.notes else {})

    def say(self, show_all: bool) -> None:
        from .. import companions

        changes = companions.changed(self.made)
        if changes is not None:
            _say_changes("与上一次生成时相比，工作簿", changes, show_all)
        for note in self.notes:
            click.echo(note)
        if self.redline is not None:
            click.echo(f"修订稿：{self.redline}（在 Word 或 WPS 的“审阅”中可全部接受或拒绝）")
        elif self.wanted and self.made.output is not None and not self.notes:
            click.echo("没有写修订稿：没有上一版，或文字与上一版相同。")
        if self.review is not None:
            click.echo(f"审阅页：{self.review}（用浏览器打开，不需要联网）")


def _say_changes(lead: str, changes: Sequence[Change], show_all: bool) -> None:
    from ..model.changes import sentence

    if not changes:
        click.echo(f"{lead}没有变化。")
        return
    click.echo(f"{lead}有 {len(changes)} 处变化：")
    told = sorted((c for c in changes if show_all or c.moved or not c.computed), key=lambda change: change.computed)
    for change in told if show_all else told[:_SHOWN]:
        click.echo(f"  · {sentence(change, len(change.moved)) if show_all else sentence(change)}")
    _rest(len(told), show_all)
    if len(told) < len(changes):
        click.echo(f"  另有 {len(changes) - len(told)} 个公式格随之变化，公开文档中没有用到，加 --all 可全部列出。")


def _rest(count: int, show_all: bool) -> None:
    if count > _SHOWN and not show_all:
        click.echo(f"  ……另有 {count - _SHOWN} 处，加 --all 可全部列出。")


def _as_dict(change: Change) -> dict[str, object]:
    return {
        "what": change.what.value,
        "sheet": change.sheet,
        "cells": [str(cell) for cell in change.cells],
        "was": [str(cell) for cell in change.was],
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "places": list(change.moved),
        "computed": change.computed,
    }


@click.command(
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="比较两个工作簿，或两份公开文档。",
    epilog="""\
\b
例：
  gongkai diff 旧.xlsx 新.xlsx                    改了哪些单元格，涉及公开文档的哪些地方
  gongkai diff 旧.docx 新.docx                    文字和表格有哪些不同
  gongkai diff outputs/某某局.docx 某某局.xlsx    文档生成以后，工作簿改了什么
  gongkai diff 旧.xlsx 新.xlsx --format json      供其他程序读取

\b
退出码：0 已比较（不论有无不同）；2 文件无法读取或命令写法有误。
""",
)
@click.argument("old", metavar="旧文件", type=options.FILE)
@click.argument("new", metavar="新文件", type=options.FILE)
@click.option("--edition", "edition_id", metavar="版式", shell_complete=options.edition_ids, help="指定工作簿的版式。")
@options.json_or_text
@click.option("--all", "show_all", is_flag=True, help="列出全部不同（默认只列前面的）。")
@options.templates
@options.debug
def diff(old: Path, new: Path, edition_id: str | None, form: str, show_all: bool, templates: tuple[Path, ...]) -> None:
    """比较两个工作簿或两份公开文档，逐处列出原来的和现在的。"""
    from .. import companions

    kinds = {path.suffix.lower() for path in (old, new)}
    if not kinds <= {".xlsx", ".xlsm", ".docx"}:
        raise click.UsageError("只能比较 .xlsx 工作簿和 .docx 文档。", click.get_current_context())
    if kinds == {".docx"}:
        found = companions.documents(old, new)
        if form == "json":
            click.echo(_json(old, new, "differences", [_difference(one) for one in found]))
        else:
            _say_differences(found, show_all)
        return
    changes = companions.between(*(companions.state_of(path, edition_id, templates) for path in (old, new)))
    if form == "json":
        click.echo(_json(old, new, "changes", [_as_dict(change) for change in changes]))
    else:
        _say_changes("工作簿", changes, show_all)


def _json(old: Path, new: Path, key: str, found: list[dict[str, object]]) -> str:
    held = {"old": str(old), "new": str(new), key: found}
    return json.dumps(held, ensure_ascii=not report.speaks_unicode(), indent=2)


def _difference(one: Difference) -> dict[str, object]:
    return {"what": one.kind.value, "place": one.place, "spot": one.spot, "before": one.before, "after": one.after}


def _say_differences(found: Sequence[Difference], show_all: bool) -> None:
    if not found:
        click.echo("两份文档的文字和表格没有不同。")
        return
    click.echo(f"两份文档有 {len(found)} 处不同：")
    for one in found if show_all else found[:_SHOWN]:
        click.echo(f"  · {_said(one)}")
    _rest(len(found), show_all)


def _said(one: Difference) -> str:
    from ..model.changes import short
    from ..revision.difference import Kind, around

    place = "，".join(part for part in (short(one.place), short(one.spot, _LONGEST)) if part)
    lead = f"{place}：" if place else ""
    if one.kind in (Kind.CELL, Kind.CHART):
        return f"{lead}{short(one.before, _LONGEST) or '空'} → {short(one.after, _LONGEST) or '空'}"
    if one.kind in (Kind.ADDED, Kind.ROW_ADDED):
        return f"{lead}新增{'一行' if one.kind is Kind.ROW_ADDED else ''}“{short(one.after, _LONGEST)}”"
    if one.kind in (Kind.GONE, Kind.ROW_GONE):
        return f"{lead}删去{'一行' if one.kind is Kind.ROW_GONE else ''}“{short(one.before, _LONGEST)}”"
    parts = around(one.before, one.after)
    return lead + "；".join(f"{short(a, _LONGEST) or '（无）'} → {short(b, _LONGEST) or '（删去）'}" for a, b in parts)
