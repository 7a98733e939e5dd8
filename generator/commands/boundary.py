"""The outermost edge: exit codes, streams that never fail on Chinese, and no traceback in front of a user.

Exit codes: 0 done, 1 findings at error level, 2 the file can't be used or the command line is wrong,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from .. import files
from ..model.finding import Refusal
from . import chinese, debuglog, report

DONE, ERRORS, REFUSED, INTERRUPTED = 0, 1, 2, 130


class _Edge:
    """Mixed into the outermost command: everything that leaves it becomes words and an exit code."""

    context_class: type[click.Context] = chinese.Context

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        call = super().main  # type: ignore[misc]
        if not standalone_mode:
            return call(args, prog_name, complete_var, False, windows_expand_args, **extra)
        speak_safely()
        debuglog.command_line.set(given)
        try:
            code = call(args, prog_name, complete_var, False, windows_expand_args, **extra)
            _flush()
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help())
            code = REFUSED
        except click.ClickException as error:
            code = _misuse(error, given)
        except Refusal as refusal:
            code = refuse(refusal.message, refusal.fix, None, _wants_json(given))
        except (click.Abort, KeyboardInterrupt):
            click.echo("已中断，没有写出新的文件。", err=True)
            code = INTERRUPTED
        except BrokenPipeError:  # the reader of our output went away, as with `| head`
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (until the process ends)
            code = DONE
        except (MemoryError, RecursionError):
            code = refuse(
                "内存不够，或文件的结构异常，没有写出新的文件。",
                "请关闭其他程序后再试；仍不行的，请把工作簿另存为新的 .xlsx 后再试。",
                None,
                _wants_json(given),
            )
        except OSError as error:
            code = _out_of_reach(error, given)
        except Exception as error:  # noqa: BLE001 (the last resort: a user must not see a traceback)
            code = _unforeseen(error, given)
        sys.exit(code if isinstance(code, int) else DONE)


class Command(_Edge, click.Command):
    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _help_in_chinese(super().get_help_option(ctx))


class Group(_Edge, click.Group):
    command_class = Command

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _help_in_chinese(super().get_help_option(ctx))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            if name.lower().endswith((".xlsx", ".xlsm", ".xls")):
                ctx.fail(f"没有写命令。要生成文档，请写：{ctx.command_path} generate {name}")
            ctx.fail(f"没有命令 {name}。{chinese.nearest(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def _help_in_chinese(option: click.Option | None) -> click.Option | None:
    if option is not None:
        option.help = "显示本说明后退出。"
    return option


def speak_safely() -> None:
    """Print what the console can't show as ? or an escape instead of failing (GBK, ASCII, odd file names)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(
                errors="replace" if stream.encoding.lower() in ("gbk", "gb2312", "cp936") else "backslashreplace"
            )


def refuse(message: str, fix: str, workbook: str | None, as_json: bool) -> int:
    """Say why nothing was done; on stdout as the one object where a program is listening."""
    if as_json:
        click.echo(report.refused_json(workbook, message, fix))
    else:
        name = Path(workbook).name if workbook else ""
        told = message if not name or name in message else f"“{name}”：{message}"
        click.echo(f"{told}\n{fix}".rstrip(), err=True)
    debuglog.keep(sys.exc_info()[1])
    return REFUSED


def _misuse(error: click.ClickException, given: list[str]) -> int:
    message = chinese.explain(error)
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    where = f"查看说明：{ctx.command_path} --help" if ctx is not None else ""
    if _wants_json(given):
        workbook = ctx.params.get("workbook") if ctx is not None else None
        return refuse(f"命令写法有误：{message}", where, str(workbook) if workbook is not None else None, True)
    if ctx is not None:
        click.echo(ctx.get_usage(), err=True)
    return refuse(f"命令写法有误：{message}", where, None, False)


def _out_of_reach(error: OSError, given: list[str]) -> int:
    """A disk or a network drive that fails at a moment when nobody asked anything special of it."""
    name = f"“{error.filename}”" if error.filename else "文件"
    message = f"读写{name}时出错（{files.why(error)}），没有做完。原有文件没有改动。"
    return refuse(message, "请检查磁盘、U 盘或网络位置是否可用、有无权限，然后重试。", None, _wants_json(given))


def _unforeseen(error: Exception, given: list[str]) -> int:
    message = f"程序内部出错（{type(error).__name__}：{error}），没有写出新的文件。"
    return refuse(
        message, "请加 --debug 重新运行，把写出的日志和所用工作簿一并反馈给维护者。", None, _wants_json(given)
    )


def _wants_json(given: list[str]) -> bool:
    """Asked of the raw command line, since it may be the very thing that can't be parsed."""
    return "--format=json" in given or ("--format", "json") in pairwise(given)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()
