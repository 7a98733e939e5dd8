"""What several commands share: their settings and options."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FILE: click.Path = click.Path(path_type=Path, readable=False)  # what opens it says why it can't
TEMPLATES = "GONGKAI_TEMPLATES"
_MOST = Decimal(10) ** 12  # 万元: no department's


def edition_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from ..editions import Library

    roots = tuple(Path(root) for root in ctx.params.get("templates") or ())
    return [CompletionItem(name) for name in Library(roots).ids() if name.startswith(incomplete)]


def templates(function: _Decorated) -> _Decorated:
    """Where editions come from: every command that loads one takes it."""
    return click.option(
        "--templates",
        metavar="文件夹",
        type=FILE,
        multiple=True,
        envvar=TEMPLATES,
        help=f"另有版式的文件夹，先于自带的版式查找；也可用环境变量 {TEMPLATES}。",
    )(function)


def again(ctx: click.Context) -> str:
    """What a command that is advised must have too: the folders of editions named on this command line."""
    if ctx.get_parameter_source("templates") is not click.core.ParameterSource.COMMANDLINE:
        return ""  # the environment holds for the next command as well
    return "".join(f" --templates {quoted(folder)}" for folder in ctx.params["templates"])


def quoted(path: Path) -> str:
    """A path as it is typed on a command line."""
    text = str(path)
    return f'"{text}"' if any(c.isspace() for c in text) else text


def subjects(function: _Decorated) -> _Decorated:
    return click.option(
        "--subjects",
        metavar="文件",
        type=FILE,
        help="当年《政府收支分类科目》（.csv 或 .xlsx）；默认用工作簿旁的 科目.csv 或 科目.xlsx。",
    )(function)


def debug(function: _Decorated) -> _Decorated:
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="文件读不了或程序出错时，把详细信息写入输出文件旁的日志。"
    )(function)


def version(function: _Decorated) -> _Decorated:
    return click.version_option(
        __version__, "-V", "--version", message="%(prog)s %(version)s", help="显示版本号后退出。"
    )(function)


def json_or_text(function: _Decorated) -> _Decorated:
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        help="结果的写法：text 供人阅读（默认），json 供其他程序读取。",
    )(function)


def last(function: _Decorated) -> _Decorated:
    """Last year's workbook."""
    return click.option(
        "--last", metavar="文件", type=FILE, help="上年的工作簿：核对上年数是否一致，文字中有没有上年的内容。"
    )(function)


def on_workbook(function: _Decorated) -> _Decorated:
    """The argument and options that `generate` and `check` share."""
    for decorate in (
        debug,
        templates,
        subjects,
        click.option("--all", "show_all", is_flag=True, help="列出全部校验结果（默认约一屏）。"),
        click.option(
            "--marked",
            "marked",
            metavar="文件",
            type=FILE,
            help="标注副本（.xlsx）写到哪里；默认 outputs/ 下与工作簿同名的 .校验.xlsx。",
        ),
        click.option(
            "--mark/--no-mark",
            "mark",
            default=None,
            help="有错误或警告时，是否写出标注副本（默认写出）：问题格涂色并加批注，首页列出全部问题。",
        ),
        json_or_text,
        click.option(
            "--edition",
            "edition_id",
            metavar="版式",
            shell_complete=edition_ids,
            help="指定版式；默认取工作簿中注明的版式。",
        ),
        click.argument("workbook", metavar="工作簿", type=FILE),
    ):
        function = decorate(function)
    return function


def _eliminations(
    ctx: click.Context, _: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Decimal | None], ...]:
    """补助 or 补助=金额（万元）."""
    found: dict[str, Decimal | None] = {}
    for value in values:
        name, given, amount = unicodedata.normalize("NFKC", value).partition("=")
        name = name.strip()
        if name in found:
            raise click.UsageError(f"“{name}”写了两次，只能申明一次。", ctx)
        try:
            found[name] = Decimal(amount.replace(",", "")) if given else None
        except InvalidOperation:
            raise click.UsageError(f"“{value}”的金额不是数字，应写作 {name}=金额（万元）。", ctx) from None
        wanted = found[name]
        if wanted is not None and not (wanted.is_finite() and 0 < wanted < _MOST):
            raise click.UsageError(f"“{value}”的金额应大于零、不超过合计，写作 {name}=金额（万元）。", ctx)
    return tuple(found.items())


eliminate = click.option(
    "--eliminate",
    "eliminated",
    metavar="名称[=金额]",
    multiple=True,
    callback=_eliminations,
    help="申明抵销的内部往来：补助（对附属单位补助与上级补助收入）、上缴（上缴上级支出与附属单位上缴收入）；"
    "写金额（万元）的只抵销这一部分。",
)
