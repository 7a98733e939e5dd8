"""The command for many workbooks at once."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from ..model.finding import Refusal
from . import options
from .boundary import DONE, ERRORS, INTERRUPTED, Command, refuse
from .chinese import width
from .report import speaks_unicode

if TYPE_CHECKING:
    from ..bureau.batch import Batch
    from ..bureau.inputs import Source
    from ..bureau.store import Record

_FINE = Decimal("0.000001")
_MOST_JOBS = 61  # Windows waits for no more processes at a time
_MOST_TOLD = 10  # workbooks that could not be used, on the screen
_ANEW = "重新运行同一命令即可继续。"
_NAME = 30  # columns of the workbook's name beside the bar


@click.command(
    "batch",
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="一次处理许多部门的工作簿。",
    epilog="""\
\b
例：
  gongkai batch 报送/ -o 结果                 处理“报送”文件夹（含下级文件夹）中的全部工作簿
  gongkai batch 甲局.xlsx 乙局.xlsx -o 结果
  gongkai batch 报送/ -o 结果 --jobs 4        同时处理 4 本

\b
每个部门写出公开文档、标注副本和退回意见，全部部门写出 汇总.xlsx。内容没有变化的工作簿不重复处理；
中断后重新运行同一命令，从中断处继续；部门改正后再运行，汇总中列出已改正、仍存在和新出现的问题。

\b
退出码：0 全部已生成；1 有部门没有生成；2 没有可处理的工作簿或命令写法有误；130 中断。
""",
)
@click.argument("workbooks", metavar="文件夹或工作簿…", nargs=-1, required=True, type=options.FILE)
@click.option("-o", "--output", metavar="文件夹", required=True, type=options.FILE, help="结果写到哪个文件夹。")
@click.option("--jobs", metavar="个数", type=click.IntRange(1, _MOST_JOBS), help="同时处理几本；默认与处理器核数相同。")
@click.option(
    "--dask", "address", metavar="地址", help="交给 Dask 集群处理，如 tcp://主机:8786；须另装 gongkai[dask]。"
)
@options.templates
@options.subjects
@options.json_or_text
@options.debug
def batch(
    workbooks: tuple[Path, ...],
    output: Path,
    jobs: int | None,
    address: str | None,
    templates: tuple[Path, ...],
    subjects: Path | None,
    form: str,
) -> None:
    """校验许多部门的工作簿，逐个生成公开文档、标注副本和退回意见，并汇总全部情况。一本有问题不影响其他各本。"""
    from ..bureau import batch as bureau
    from ..bureau import forms, inputs
    from ..bureau.engine import Dask, Local

    context = click.get_current_context()
    try:
        if output.exists() and not output.is_dir():
            raise Refusal(f"“{output}”不是文件夹。", "请用 -o 指定一个文件夹，没有的会建立。")
        sources = inputs.find(workbooks, output)
        source = forms.Source(
            tuple(str(root.resolve()) for root in templates), str(subjects.resolve()) if subjects is not None else ""
        )
        engine = Dask(address) if address else Local(min(jobs or _cores(), len(sources)))
        with _stoppable(), _Bar(len(sources)) as bar:
            try:
                made = bureau.run_batch(sources, output, engine, say=bar.step, source=source, given=workbooks)
            except KeyboardInterrupt:
                bar.close()
                click.echo(
                    f"已中断：{bar.done} 本已处理，其余 {len(sources) - bar.done} 本没有处理。{_ANEW}",
                    err=True,
                )
                context.exit(INTERRUPTED)
    except Refusal as refusal:
        context.exit(refuse(refusal.message, refusal.fix, None, form == "json"))
    if form == "json":
        _print_json(made)
    else:
        _print(made, sources)
    totals = made.totals
    from ..bureau.store import Status

    context.exit(DONE if totals.by_status[Status.GENERATED] == totals.departments else ERRORS)


def _cores() -> int:
    """Processors that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return min(len(usable(0)) if usable is not None else os.cpu_count() or 1, _MOST_JOBS)


@contextmanager
def _stoppable() -> Iterator[None]:
    """A polite kill is heard like Ctrl-C: what is begun is finished, what is done stays. The second ends the workers
    too, which costs no more than what they have in hand; the third ends everything."""
    import multiprocessing

    asked = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked > 2:
            os._exit(INTERRUPTED)
        if asked > 1:
            for worker in multiprocessing.active_children():
                worker.kill()
            return
        _cry("\n正在停止：手头的几本处理完即停；再按一次 Ctrl+C 立即停止。\n")
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [signal.SIGTERM] + [signal.SIGINT] * (signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    former = [(number, signal.signal(number, stop)) for number in heard]
    try:
        yield
    finally:
        for number, handler in former:
            signal.signal(number, handler)


def _cry(text: str) -> None:
    """To stderr from a signal handler, where its buffer may be in use."""
    with suppress(OSError, ValueError, AttributeError):
        os.write(sys.stderr.fileno(), text.encode(sys.stderr.encoding or "utf-8", "replace"))


class _Bar:
    """One line on stderr, on a terminal only."""

    def __init__(self, length: int) -> None:
        self.done = 0
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        self._bar = click.progressbar(
            length=length, label="正在处理", file=sys.stderr, item_show_func=_shortened, show_pos=True, show_eta=True
        )

    def __enter__(self) -> _Bar:
        if self._shown:
            self._bar.__enter__()
        return self

    def step(self, name: str, skipped: bool) -> None:
        self.done += 1
        if self._shown:
            self._bar.update(1, name)

    def close(self) -> None:
        if self._shown:
            self._bar.render_finish()
            self._shown = False

    def __exit__(self, *error: object) -> None:
        self.close()


def _shortened(name: str | None) -> str:
    """As much of the end of the name as there is room for."""
    text = _printable(name or "")
    while width(text) > _NAME:
        text = text[1:]
    return text


def _printable(text: str) -> str:
    """Names of strange files move no cursor and stop no output: half characters and control characters as ?."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _print(made: Batch, sources: tuple[Source, ...]) -> None:
    from ..bureau.store import Status
    from ..bureau.summary import STATUS

    totals = made.totals
    wrong = (record for record, _ in made.records() if record.status in (Status.REFUSED, Status.FAILED))
    for record in islice(wrong, _MOST_TOLD):
        click.echo(f"{_printable(record.place)}：{_printable(record.reason)}{record.advice}")
    left = totals.by_status[Status.REFUSED] + totals.by_status[Status.FAILED] - _MOST_TOLD
    if left > 0:
        click.echo(f"……另有 {left} 本没有处理成，见 {made.summary.name}。")
    for other in made.others[:_MOST_TOLD]:
        click.echo(f"没有处理：{_printable(other.place)}（{other.why}）")
    if len(made.others) > _MOST_TOLD:
        click.echo(f"……另有 {len(made.others) - _MOST_TOLD} 个文件没有处理，见 {made.summary.name}的“其他文件”。")
    if made.set_aside is not None:
        click.echo(f"原有的“{made.summary.name}”不是本工具写出的原样，已另存为：{made.set_aside}")
    parts = [f"{STATUS[status][0]} {totals.by_status[status]}" for status in Status if totals.by_status[status]]
    click.echo(f"共 {totals.departments} 本：{'，'.join(parts)}；错误 {totals.errors} 条，警告 {totals.warnings} 条。")
    if made.skipped:
        click.echo(f"其中 {made.skipped} 本自上次以来没有变化，没有重复处理。")
    if totals.departments > len(sources):
        click.echo(f"另有 {totals.departments - len(sources)} 本本次没有送来，汇总中沿用上次结果。")
    if totals.again:
        click.echo(
            f"与上一轮相比：已改正或说明 {totals.settled} 条，仍存在 {totals.remaining} 条，新出现 {totals.fresh} 条。"
        )
    click.echo(f"汇总：{made.summary}")


def _print_json(made: Batch) -> None:
    """One object, a department at a time: however many there are, they are never in memory together."""
    totals = made.totals
    head = {
        "output": str(made.output),
        "summary": str(made.summary),
        "skipped": made.skipped,
        "errors": totals.errors,
        "warnings": totals.warnings,
        "settled": totals.settled,
        "remaining": totals.remaining,
        "fresh": totals.fresh,
        "passed_over": [{"file": other.place, "reason": other.why} for other in made.others],
    }
    ascii_only = not speaks_unicode()
    click.echo(_whole(json.dumps(head, ensure_ascii=ascii_only))[:-1] + ', "departments": [')
    for number, (record, carried) in enumerate(made.records()):
        text = json.dumps(_department(record, carried), ensure_ascii=ascii_only)
        click.echo(("," if number else "") + _whole(text))
    click.echo("]}")


def _whole(text: str) -> str:
    """Half a character, from a file name of another system, as JSON writes it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _department(record: Record, carried: bool) -> dict[str, object]:
    from ..bureau.figures import completion, growth

    return {
        "workbook": record.place,
        "status": record.status.value,
        "unit": record.unit or None,
        "scope": record.scope or None,
        "year": record.year or None,
        "edition": record.edition or None,
        "carried": carried,
        "reason": record.reason or None,
        "notes": list(record.notes),
        "round": record.round,
        "files": sorted(record.written),
        "figures": {
            key: {
                "value": amount.value,
                "last": amount.last,
                "budget": amount.budget,
                "growth": _text(growth(amount)),
                "completion": _text(completion(amount)),
            }
            for key, amount in record.figures.items()
        },
        "findings": list(record.findings),
    }


def _text(value: Decimal | None) -> str | None:
    return str(value.quantize(_FINE, ROUND_HALF_UP)) if value is not None else None
