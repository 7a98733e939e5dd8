"""With --debug: what lies behind a refusal, in a log beside the output instead of on the screen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path

import click

from ..model.finding import Refusal

DEBUG = "GONGKAI_DEBUG"
_OUTPUTS = ("-o", "--output", "--marked", "--into")
_FOLDER = "outputs"

command_line: ContextVar[Sequence[str]] = ContextVar("command_line", default=())


def keep(error: BaseException | None) -> None:
    """Write the log if --debug asks for one; on the screen when even that can't be written."""
    given = command_line.get()
    if error is None or not ("--debug" in given or os.environ.get(DEBUG)):
        return
    import platform
    import traceback
    from datetime import datetime

    from .. import __version__, files

    lines = [f"gongkai {__version__}, Python {platform.python_version()}, {platform.platform()}", " ".join(given), ""]
    text = "\n".join(lines) + "\n" + "".join(traceback.format_exception(error))
    target = _beside(given) / f"gongkai-{datetime.now():%Y%m%d-%H%M%S}.log"
    try:
        files.write(target, text.encode("utf-8", "backslashreplace"))
    except (Refusal, OSError):
        click.echo(text, err=True)
    else:
        click.echo(f"详细信息已写入日志：{target}", err=True)


def _beside(given: Sequence[str]) -> Path:
    """The folder of the output that the command line names, else the usual one."""
    for option, value in pairwise([*given, ""]):
        name, equals, joined = option.partition("=")
        path = joined if equals else value
        if name in _OUTPUTS and path:
            return Path(path) if Path(path).is_dir() else Path(path).parent
    return Path(_FOLDER)
