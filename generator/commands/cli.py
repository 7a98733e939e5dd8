"""The commands that work on a workbook: generate, check, new. The rest are in lookup.py."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..model.finding import Finding, Refusal
from . import batch, compare, editions, lookup, options, report, revise, years
from .boundary import DONE, ERRORS, Command, Group, refuse
from .choose import choose
from .progress import Progress


@click.group(
    cls=Group,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    subcommand_metavar="命令 …",
    invoke_without_command=True,
    epilog="""\
\b
例：
  gongkai new --year 年度 --unit 某某局 -o 某某局.xlsx    生成空白工作簿
  gongkai check 某某局.xlsx                               校验填好的工作簿
  gongkai generate 某某局.xlsx                            生成公开文档
  gongkai rules X2                                        说明一条校验规则

\b
按 Tab 键补全命令（写入启动文件后长期有效）：
  bash   eval "$(_GONGKAI_COMPLETE=bash_source gongkai)"
  zsh    eval "$(_GONGKAI_COMPLETE=zsh_source gongkai)"
  fish   _GONGKAI_COMPLETE=fish_source gongkai | source
""",
)
@options.version
@click.pass_context
def gongkai(ctx: click.Context) -> None:
    """从一本 Excel 工作簿生成部门决算、预算公开文档（.docx）。"""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@gongkai.command(
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="生成公开文档（.docx）。",
    epilog="""\
\b
例：
  generate 某某局.xlsx                    写到 outputs/某某局.docx
  generate 某某局.xlsx -o 决算公开.docx   指定输出文件
  generate 某某局.xlsx --draft            有错误也先出一份草稿 outputs/某某局.草稿.docx
  generate 某某局.xlsx --no-mark          有问题时不写标注副本
  generate 某某局.xlsx --redline          另写修订稿 outputs/某某局.修订.docx
  generate 某某局.xlsx --review           另写审阅页 outputs/某某局.审阅.html

\b
有错误或警告时，另写一份标注副本 outputs/某某局.校验.xlsx，您的工作簿不会改动。

\b
退出码：0 已生成；1 有错误，未生成（或只生成草稿）；2 文件无法读取或命令写法有误。
""",
)
@options.on_workbook
@options.last
@click.option(
    "-o",
    "--output",
    metavar="文件",
    type=options.FILE,
    help="输出的 .docx 文件；默认写到当前文件夹下 outputs/，与工作簿同名。",
)
@click.option("--draft", is_flag=True, help="有错误时也生成，每页标明“草稿”。")
@revise.on_generate
@compare.on_generate
@options.version
def generate(
    workbook: Path,
    output: Path | None,
    draft: bool,
    fresh: bool,
    keep: int | None,
    redline: bool,
    review: bool,
    edition_id: str | None,
    form: str,
    show_all: bool,
    mark: bool | None,
    marked: Path | None,
    templates: tuple[Path, ...],
    subjects: Path | None,
    last: Path | None,
) -> None:
    """读取填好的工作簿，校验无误后生成公开文档。有错误时不生成，并逐条说明错在哪里、怎样改正。"""
    from .. import pipeline

    try:
        with Progress() as say:
            copy = _copy(workbook, mark, marked)
            known = pipeline.open_library(templates, subjects, workbook)
            others = years.beside(last, (), templates, subjects)
            made = pipeline.generate(
                workbook,
                output,
                draft=draft,
                edition_id=edition_id,
                fresh=fresh,
                keep=keep,
                say=say,
                library=known,
                beside=others,
            )
            written = _mark(workbook, made.findings, copy, say)
            beside = compare.Beside(made, workbook, redline, review, say)
    except Refusal as refusal:
        _exit(refuse(refusal.message, refusal.fix, str(workbook), form == "json"))
    errors = pipeline.has_errors(made.findings)
    if form == "json":
        more = {**revise.told(made), **beside.told()}
        click.echo(
            report.as_json(str(workbook), made.edition, _text(made.output), made.findings, _text(written.output), more)
        )
    else:
        report.show(made.findings, show_all)
        revise.say(made, show_all)
        beside.say(show_all)
        _say_marked(written)
        click.echo(_closing(made, draft))
    _exit(ERRORS if errors else DONE)


def _closing(made: pipeline.Generated, draft: bool) -> str:
    counts = report.counts(made.findings)
    if made.output is None:
        return f"未生成文档：请先改正错误；确需先看版面的，可加 --draft 生成草稿。（{counts}）"
    pages = f"，共 {made.pages} 页" if made.pages else ""
    done = "没有变化，未改动" if made.written is not None and not made.written.changed else "已生成"
    waiting = made.written.waiting if made.written is not None else 0
    to_do = f"；需要您处理 {waiting} 处，见上" if waiting else ""
    return f"{done}{'草稿' if draft else ''}：{made.output}{pages}。（{counts}{to_do}）"


@gongkai.command(
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="只校验工作簿，不生成文档。",
    epilog="""\
\b
例：
  gongkai check 某某局.xlsx
  gongkai check 某某局.xlsx --all                    列出全部问题
  gongkai check 某某局.xlsx --marked 请改正.xlsx     指定标注副本的文件名
  gongkai check 某某局.xlsx --no-mark                只看屏幕，不写标注副本
  gongkai check 某某局.xlsx --format json

有错误或警告时，另写一份标注副本 outputs/某某局.校验.xlsx：问题格涂色并加批注，首页列出全部问题，可点击跳转。
您的工作簿不会改动。请在原工作簿中改正，再重新校验。

\b
退出码：0 没有错误；1 有错误；2 文件无法读取或命令写法有误。
""",
)
@options.on_workbook
@options.last
@click.option(
    "--units",
    metavar="工作簿…",
    multiple=True,
    type=options.FILE,
    help="本级和各所属单位的工作簿，核对部门是否等于各单位之和；写在部门工作簿之后。",
)
@options.eliminate
@click.argument("more", metavar="", nargs=-1, type=options.FILE)
def check(
    workbook: Path,
    edition_id: str | None,
    form: str,
    show_all: bool,
    mark: bool | None,
    marked: Path | None,
    templates: tuple[Path, ...],
    subjects: Path | None,
    last: Path | None,
    units: tuple[Path, ...],
    eliminated: tuple[tuple[str, Decimal | None], ...],
    more: tuple[Path, ...],
) -> None:
    """校验填好的工作簿：表内、表间关系和填报内容，逐条列出问题、单元格和处理办法。"""
    from .. import pipeline

    if more and not units:
        raise click.UsageError(f"一次只能校验一本工作簿，多写了“{more[0]}”。", click.get_current_context())
    try:
        with Progress() as say:
            copy = _copy(workbook, mark, marked)
            known = pipeline.open_library(templates, subjects, workbook)
            beside = years.beside(last, (*units, *more), templates, subjects, eliminated)
            checked = pipeline.examine(pipeline.check(workbook, edition_id, say, known, beside), say)
            written = _mark(workbook, checked.findings, copy, say)
    except Refusal as refusal:
        _exit(refuse(refusal.message, refusal.fix, str(workbook), form == "json"))
    errors = pipeline.has_errors(checked.findings)
    if form == "json":
        click.echo(report.as_json(str(workbook), checked.edition.id, None, checked.findings, _text(written.output)))
    else:
        report.show(checked.findings, show_all)
        _say_marked(written)
        verdict = "有错误，改正后才能生成公开文档" if errors else "没有错误，可以生成公开文档"
        click.echo(f"校验完成：{verdict}。（{report.counts(checked.findings)}）")
    _exit(ERRORS if errors else DONE)


@gongkai.command(
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="生成一本空白工作簿（.xlsx）。",
    epilog="""\
\b
例：
  gongkai new --year 年度
  gongkai new --year 年度 --unit 某某局 -o 某某局.xlsx
  gongkai new --year 年度 --budget                     部门预算

已有同名文件时不改动它；加 --force 时原文件先另存，再写新的。
""",
)
@click.option(
    "--edition",
    "edition_id",
    metavar="版式",
    shell_complete=options.edition_ids,
    help="版式，见 gongkai editions；默认按年度选取。",
)
@click.option("--year", type=click.IntRange(1000, 9999), metavar="年度", help="年度，四位数字。")
@click.option("--unit", metavar="单位", help="单位全称，写入单位信息表。")
@click.option("-o", "--output", metavar="文件", type=options.FILE, help="输出的 .xlsx 文件；默认 公开-单位-年度.xlsx。")
@click.option("--force", is_flag=True, help="已有同名文件时也写，原文件另存。")
@click.option("--budget", "kind", flag_value="budget", help="选取部门预算的版式；默认是部门决算。")
@options.subjects
@options.templates
@options.debug
def new(
    edition_id: str | None,
    year: int | None,
    unit: str | None,
    output: Path | None,
    force: bool,
    kind: str | None,
    templates: tuple[Path, ...],
    subjects: Path | None,
) -> None:
    """生成一本空白工作簿，填好后用 generate 生成公开文档。"""
    from .. import files, pipeline

    if output is None:
        output = Path("-".join(files.safe_name(part) for part in ("公开", unit, str(year or "")) if part) + ".xlsx")
    elif output.is_dir() or output.suffix.lower() != ".xlsx":
        raise click.UsageError(f"输出文件“{output}”应以 .xlsx 结尾。", click.get_current_context())
    known = pipeline.open_library(templates, subjects)
    with pipeline.editions_in_order():
        edition, note = choose(known, edition_id, year, kind)
    aside = pipeline.new(output, edition.id, year=year, unit=unit, force=force, library=known)
    if aside is not None:
        click.echo(f"原文件已另存为：{aside}")
    if note:
        click.echo(note)
    command = f"gongkai generate {options.quoted(output)}{options.again(click.get_current_context())}"
    click.echo(f"已生成空白工作簿：{output}（版式 {edition.id}）。填好后运行：{command}")


gongkai.add_command(editions.editions)
gongkai.add_command(lookup.rules)
gongkai.add_command(revise.restore)
gongkai.add_command(compare.diff)
gongkai.add_command(batch.batch)
gongkai.add_command(years.roll)
gongkai.add_command(years.import_tables)
gongkai.add_command(years.consolidate)


def _copy(workbook: Path, mark: bool | None, marked: Path | None) -> Path | None:
    """Where the marked copy goes if one is needed; None when none is wanted."""
    from .. import pipeline

    return None if mark is False else pipeline.marked_path(workbook, marked)


def _mark(workbook: Path, findings: tuple[Finding, ...], target: Path | None, say: pipeline.Say) -> pipeline.Marked:
    """The marked copy, where there is something to mark. That it can't be written is said and changes nothing else."""
    from .. import pipeline

    if target is None or not pipeline.worth_marking(findings):
        return pipeline.Marked(stale=target if target is not None and target.exists() else None)
    try:
        return pipeline.mark(workbook, findings, target, say)
    except Refusal as refusal:
        click.echo(f"标注副本没有写成：{refusal.message}{refusal.fix}", err=True)
        return pipeline.Marked()


def _say_marked(written: pipeline.Marked) -> None:
    if written.set_aside is not None:
        click.echo(f"原有的“{written.output}”不是本工具写出的原样，已另存为：{written.set_aside}")
    if written.output is not None:
        click.echo(f"标注副本：{written.output}（问题格已涂色并加批注；请在原工作簿中改正）")
    if written.stale is not None:
        click.echo(f"以前写出的标注副本“{written.stale}”已经过时，可以删除。")


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None


def _exit(code: int) -> None:
    click.get_current_context().exit(code)


if TYPE_CHECKING:
    from .. import pipeline
