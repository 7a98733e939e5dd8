"""Regeneration on the command line: what became of hand edits, and earlier files brought back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..model.finding import Refusal
from . import options
from .boundary import Command

if TYPE_CHECKING:
    from ..history import Kept
    from ..model.revised import Revision
    from ..pipeline import Generated

_SHOWN = 5  # entries of one kind on the screen


def on_generate(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of ``generate`` that say what is done with the document that stands there."""
    command = click.option(
        "--keep",
        type=click.IntRange(1),
        metavar="份数",
        help="历史文件夹保留的份数，默认 20（或环境变量 GONGKAI_KEEP）。",
    )(command)
    return click.option("--fresh", is_flag=True, help="不合并手工修改，完全重新生成；原文件仍存入历史文件夹。")(command)


def say(made: Generated, show_all: bool = False) -> None:
    """Where the older file went, and what became of the words that people had written into it."""
    written = made.written
    if made.set_aside is not None:
        click.echo(f"已有的同名文件不是本工具写出的原样，已另存为：{made.set_aside}")
    if written is None:
        return
    from .. import regenerate

    if written.reason:
        click.echo(f"原有文件没有改动：{written.reason}。新文档写在它旁边，请对照后自行合并。")
    for words, found in regenerate.lines(written):
        click.echo(f"{words}（{len(found)} 处）")
        for one in found if show_all else found[:_SHOWN]:
            click.echo(f"  · {_line(one)}")
        if len(found) > _SHOWN and not show_all:
            click.echo(f"  ……另有 {len(found) - _SHOWN} 处，加 --all 可全部列出。")
    for note in written.notes:
        click.echo(note)
    if written.open:
        click.echo(f"文中有 {written.open} 处批注（作者 gongkai）待处理：公开前请逐处核对，改好或确认不改后删去批注。")
    if written.history is not None:
        click.echo(f"原文件存入：{written.history}（可用 gongkai restore 还原）")


def _line(one: Revision) -> str:
    place = f"{one.place}：" if one.place else ""
    note = f"（{one.note}）" if one.note else ""
    return f"{place}“{one.text}”{note}"


def told(made: Generated) -> dict[str, object]:
    """The keys of ``--format json`` that speak of an older file; none where there was none."""
    written = made.written
    if written is None or (written.previous is None and not written.reason and written.history is None):
        return {}
    found: dict[str, object] = {
        "changed": written.changed,
        "waiting": written.waiting,
        "comments": written.open,
        "history": str(written.history) if written.history is not None else None,
        "revisions": [
            {"fate": one.fate.value, "block": one.block, "place": one.place, "text": one.text, "note": one.note}
            for one in written.revisions
        ],
    }
    return found | ({"beside": written.reason} if written.reason else {})


@click.command(
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="列出或还原历史文件。",
    epilog="""\
\b
例：
  gongkai restore outputs/某某局.docx         列出历史文件
  gongkai restore outputs/某某局.docx 1       还原最近的一份
  gongkai restore 某某局.xlsx 2               写工作簿也可以，指 outputs/ 下同名的文档

还原前，现有的文件先存入历史文件夹，所以还原也可以再还原。
""",
)
@click.argument("document", metavar="文档", type=options.FILE)
@click.argument("number", metavar="[编号]", type=click.IntRange(1), required=False)
@click.option("--keep", type=click.IntRange(1), metavar="份数", help="历史文件夹保留的份数，默认 20。")
@options.debug
def restore(document: Path, number: int | None, keep: int | None) -> None:
    """列出公开文档的历史文件，最近的在前；写上编号即还原那一份。"""
    from .. import history, pipeline, regenerate

    if document.suffix.lower() == ".xlsx":
        document = pipeline.output_path(document, None)
    found = history.listed(document)[::-1]
    if not found:
        raise Refusal(f"“{document}”没有历史文件。", "历史文件在文档旁边的“文件名.历史”文件夹中，重新生成时存入。")
    if number is None:
        for at, kept in enumerate(found, 1):
            click.echo(f"{at:>3}  {history.spoken(kept)}  {kept.reason}  {kept.path.name}")
        return
    if number > len(found):
        raise Refusal(f"没有编号 {number}，历史文件共 {len(found)} 份。", "不写编号可列出全部历史文件。")
    _put_back(document, found[number - 1], history.how_many(keep), regenerate.not_open)


def _put_back(document: Path, which: Kept, most: int, not_open: Callable[[Path], None]) -> None:
    from .. import history

    saved = history.restore(document, which, most, lambda: not_open(document))
    if saved is not None:
        click.echo(f"现有文件已存入：{saved}")
    click.echo(f"已还原 {history.spoken(which)} 的文件：{document}")
