"""`gongkai editions`: which there are, what one is made of, what changed between two, whether one is in order."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .boundary import DONE, ERRORS, Command, Group
from .chinese import width, wrap
from .choose import KINDS, span
from .report import speaks_unicode

if TYPE_CHECKING:
    from ..editions import Edition

_INDENT = "  "


@click.group(
    "editions",
    cls=Group,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    subcommand_metavar="[命令 …]",
    invoke_without_command=True,
    short_help="列出、说明、比较和检查版式。",
    epilog="""\
\b
例：
  gongkai editions                       列出现有版式
  gongkai editions show 版式             列出该版式的文件和来源
  gongkai editions diff 旧版式 新版式    两个版式有哪些变化
  gongkai editions check 版式            检查一个版式的全部文件
""",
)
@options.templates
@options.json_or_text
@options.debug
@click.pass_context
def editions(ctx: click.Context, templates: tuple[Path, ...], form: str) -> None:
    """列出现有版式：编号、名称、决算或预算、适用年度；有误的版式说明错在哪里。"""
    from ..pipeline import open_library

    if ctx.invoked_subcommand is not None:
        ctx.obj = templates
        return
    library = open_library(templates)
    found, broken = library.sorted_out()
    if form == "json":
        faults = [{"id": b.id, "fault": {"message": b.error.message, "fix": b.error.fix}} for b in broken]
        _say([*map(_listed, found), *faults])
    else:
        _table(found)
        for one in broken:
            _say_fault(f"{one.id}：版式有误，不能使用。{one.error.message}", one.error.fix)
    ctx.exit(ERRORS if broken else DONE)


def _table(found: Sequence[Edition]) -> None:
    columns = [[e.id, KINDS.get(e.kind, e.kind), f"适用年度：{span(e.years)}", e.name] for e in found]
    wide = [max(map(width, texts)) for texts in zip(*columns, strict=True)]
    for row in columns:
        click.echo("  ".join(t + " " * (w - width(t)) for t, w in zip(row, wide, strict=True)).rstrip())


def _listed(edition: Edition) -> dict[str, object]:
    return {
        "id": edition.id,
        "name": edition.name,
        "kind": edition.kind,
        "years": list(edition.years),
        "basis": edition.basis,
        "extends": edition.extends or None,
        "folder": str(edition.folders[0]),
    }


_EDITION = {"metavar": "版式", "shell_complete": options.edition_ids}


@editions.command(
    cls=Command, context_settings=options.SETTINGS, options_metavar="[选项]", short_help="版式的文件和来源。"
)
@click.argument("edition_id", **_EDITION)  # type: ignore[arg-type]
@options.templates
@options.json_or_text
@options.debug
def show(edition_id: str, templates: tuple[Path, ...], form: str) -> None:
    """列出一个版式实际使用的全部文件，以及每个文件的来源：本版式、继承自哪个版式、各版式共用。"""
    from ..editions.files import effective
    from ..pipeline import editions_in_order, open_library

    library = open_library(_templates(templates))
    with editions_in_order():
        edition = library.load(edition_id)
        files = effective(edition)
    if form == "json":
        _say(_listed(edition) | {"files": [asdict(file) | {"path": str(file.path)} for file in files]})
        return
    columns = _columns()
    for label, text in (
        ("版式", f"{edition.id}（{edition.name}）"),
        ("类别", KINDS.get(edition.kind, edition.kind)),
        ("适用年度", span(edition.years)),
        ("继承", edition.extends or "无"),
        ("依据", edition.basis),
        ("文件夹", str(edition.folders[0])),
    ):
        if text:
            lead = label + "：" + " " * (10 - width(label))
            click.echo("\n".join(wrap(text, columns, lead, " " * width(lead))))
    click.echo("文件：")
    wide = max(width(file.name) for file in files)
    for file in files:
        used = "" if file.used else "（本版式没有用到）"
        click.echo(f"{_INDENT}{file.name}{' ' * (wide - width(file.name))}  {file.origin_in_words}{used}")


@editions.command(
    cls=Command, context_settings=options.SETTINGS, options_metavar="[选项]", short_help="两个版式的变化。"
)
@click.argument("before", **_EDITION)  # type: ignore[arg-type]
@click.argument("after", **_EDITION)  # type: ignore[arg-type]
@options.templates
@options.json_or_text
@options.debug
def diff(before: str, after: str, templates: tuple[Path, ...], form: str) -> None:
    """从前一个版式到后一个版式有哪些变化：表、栏、行、目录和章节、各节文字、名词解释、校验规则、写法设置。"""
    from ..editions.difference import difference
    from ..narrative.rewording import reworded
    from ..pipeline import editions_in_order, open_library

    library = open_library(_templates(templates))
    with editions_in_order():
        old, new = library.load(before), library.load(after)
        groups = (*difference(old, new, _unput), *reworded(old, new))
    if form == "json":
        _say({"before": old.id, "after": new.id, "changes": [asdict(c) for group in groups for c in group.changes]})
        return
    click.echo(f"从 {old.id}（{old.name}）到 {new.id}（{new.name}）")
    if not groups:
        click.echo("没有变化。")
    columns = _columns()
    for group in groups:
        click.echo(f"\n{group.title}")
        for change in group.changes:
            lead = f"{_INDENT}{change.sign} "
            click.echo("\n".join(wrap(change.text, columns, lead, " " * width(lead))))
    if groups:
        click.echo("\n“＋”为新增，“－”为取消，“～”为变动。")
        if any(change.what == "sentence" for group in groups for change in group.changes):
            said = "各节文字中，“…”是填入的数字和文字；［］内的按情况才写，“／”分隔不同的情况。"
            click.echo("\n".join(wrap(said, columns)))


def _unput(edition: Edition, reason: str) -> list[str]:
    """Ids of the rules that the edition does not put, or not wholly, for the reason."""
    from ..checks.rules import load

    return [rule.id for rule in load(edition) if any(reason in absent.reason for absent in rule.absent)]


@editions.command(
    cls=Command, context_settings=options.SETTINGS, options_metavar="[选项]", short_help="检查版式的文件。"
)
@click.argument("edition_id", **_EDITION)  # type: ignore[arg-type]
@options.templates
@options.json_or_text
@options.debug
def check(edition_id: str, templates: tuple[Path, ...], form: str) -> None:
    """检查一个版式的全部文件：表、规则、章节、名词解释、图、样式，并试做一本空白工作簿和一份草稿。"""
    from .. import pipeline
    from ..bureau.figures import view
    from ..editions import EditionError
    from ..tryout import faults

    library = pipeline.open_library(_templates(templates))
    found = faults(library, edition_id)
    if not found:
        try:
            view(library.load(edition_id))  # what a batch looks at
        except EditionError as error:
            found = (error,)
    if form == "json":
        _say({"edition": edition_id, "faults": [{"message": f.message, "fix": f.fix} for f in found]})
    else:
        for fault in found:
            _say_fault(fault.message, fault.fix)
        told = f"有 {len(found)} 处错误，请改正" if found else "没有发现错误"
        click.echo(f"版式 {edition_id} 检查完成：{told}。")
    click.get_current_context().exit(ERRORS if found else DONE)


def _say_fault(message: str, fix: str) -> None:
    click.echo("\n".join(wrap(message, _columns(), "× ", "  ")))
    if fix:
        click.echo("\n".join(wrap(fix, _columns(), "  处理：", "        ")))


def _templates(own: Sequence[Path]) -> tuple[Path, ...]:
    """The folders given here or already after `editions`."""
    above = click.get_current_context().obj
    return tuple(dict.fromkeys((*own, *(above or ()))))


def _columns() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, 120)


def _say(found: object) -> None:
    click.echo(json.dumps(found, ensure_ascii=not speaks_unicode(), indent=2))
