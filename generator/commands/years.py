"""New workbooks from old ones: next year's, with imported tables, of a department and its units."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..model.finding import Finding, Refusal
from . import options, report
from .boundary import DONE, ERRORS, Command, refuse
from .choose import choose
from .progress import Progress

if TYPE_CHECKING:
    from ..pipeline import Beside

_LISTED = 30  # items on the screen
_output = click.option("-o", "--output", metavar="文件", required=True, type=options.FILE, help="输出的 .xlsx 文件。")
_force = click.option("--force", is_flag=True, help="已有同名文件时也写，原文件另存。")


@click.command(
    "roll",
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="由上年工作簿生成本年工作簿（.xlsx）。",
    epilog="""\
\b
例：
  gongkai roll 某某局上年.xlsx --year 年度 -o 某某局.xlsx
  gongkai roll 某某局上年.xlsx --year 年度 -o 某某局.xlsx --budget 某某局预算.xlsx

\b
带入：单位信息、职能、名词解释、项目名称、年末车辆和设备数；上年数填入各“上年数”栏，批注注明取自哪一格。
增减原因不带入，上年的原因写在批注中供参考。表样有变化时，没有对应项的逐条列出。上年工作簿不会改动。

\b
退出码：0 已生成；2 文件无法读取或命令写法有误。
""",
)
@click.argument("last", metavar="上年工作簿", type=options.FILE)
@click.option("--year", metavar="年度", required=True, type=click.IntRange(1000, 9999), help="本年年度，四位数字。")
@_output
@click.option("--budget", metavar="文件", type=options.FILE, help="本年部门预算工作簿，用来填年初预算数。")
@click.option(
    "--edition", "edition_id", metavar="版式", shell_complete=options.edition_ids, help="本年版式；默认按年度选取。"
)
@_force
@options.json_or_text
@options.subjects
@options.templates
@options.debug
def roll(
    last: Path,
    year: int,
    output: Path,
    budget: Path | None,
    edition_id: str | None,
    force: bool,
    form: str,
    templates: tuple[Path, ...],
    subjects: Path | None,
) -> None:
    """由上年工作簿生成本年的填报工作簿：上年数、单位信息和历年相同的文字都已填好。"""
    from .. import pipeline

    context = click.get_current_context()
    try:
        with Progress() as say:
            from ..exchange import jobs
            from ..exchange.roll import roll as rolled

            jobs.ready(output, [last, *([budget] if budget else [])], force)
            library = pipeline.open_library(templates, subjects, last)
            say("读取上年工作簿")
            old = jobs.source(last, library)
            planned = jobs.source(budget, library) if budget is not None else None
            with pipeline.editions_in_order():
                edition, note = choose(library, edition_id, year, old.edition.kind)
                made = rolled(old, edition, year, planned)
            say("校验上年工作簿")
            made.noted += _wrong_before(last, jobs.errors(old))
            say("写出新工作簿")
            written = jobs.write(output, edition, made.content)
    except Refusal as refusal:
        context.exit(refuse(refusal.message, refusal.fix, str(last), form == "json"))
    unread = [*old.unread, *(planned.unread if planned is not None else ())]
    if form == "json":
        _json(
            output=str(output), edition=edition.id, carried=made.carried, prior=made.prior, reasons=made.reasons,
            budget=made.budget, noted=made.noted, left_out=made.left_out, unread=[one.message for one in unread],
        )  # fmt: skip
    else:
        _aside(written.aside)
        if note:
            click.echo(note)
        _list("请留意", made.noted)
        _list("上年工作簿中读不出、没有带入的", [finding.message for finding in unread])
        _list("没有带入、请另行处理的", made.left_out)
        _say_counts(made.carried, made.prior, made.budget, made.reasons)
        click.echo(f"已生成 {year} 年度工作簿：{output}（版式 {edition.id}）。填好后运行：")
        click.echo(f"  gongkai check {options.quoted(output)} --last {options.quoted(last)}{options.again(context)}")
    context.exit(DONE)


@click.command(
    "import",
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="把报表软件导出的公开表导入工作簿。",
    epilog="""\
\b
例：
  gongkai import 导出.xls --into 某某局.xlsx -o 某某局新.xlsx
  gongkai import 收支总表.xls 收入表.xls 支出表.xlsx --into 某某局.xlsx -o 某某局新.xlsx --unit 元

\b
可用 .xls、.xlsx 和多数 .et 文件，一个文件含多张表或每表一个文件均可。按标题、表头和项目认表，
标题行、空行空列、文字中的空格不影响。公开表以外的内容保持工作簿原样；两个文件都不会改动。
没有认出的工作表和单元格逐条列出；金额单位以表中所写为准，没有写的用 --unit 写明。

\b
退出码：0 全部导入；1 有没有认出的内容；2 文件无法读取或命令写法有误。
""",
)
@click.argument("sources", metavar="文件…", nargs=-1, required=True, type=options.FILE)
@click.option(
    "--into", metavar="工作簿", required=True, type=options.FILE, help="导入到哪一本工作簿（它本身不会改动）。"
)
@_output
@click.option("--unit", metavar="元|万元", type=click.Choice(["元", "万元"]), help="表中没有写明时的金额单位。")
@click.option(
    "--edition", "edition_id", metavar="版式", shell_complete=options.edition_ids, help="指定版式；默认取工作簿的版式。"
)
@_force
@options.json_or_text
@options.subjects
@options.templates
@options.debug
def import_tables(
    sources: tuple[Path, ...],
    into: Path,
    output: Path,
    unit: str | None,
    edition_id: str | None,
    force: bool,
    form: str,
    templates: tuple[Path, ...],
    subjects: Path | None,
) -> None:
    """把报表软件导出的公开表（.xls、.xlsx、.et）导入工作簿，写成一本新的工作簿。"""
    from .. import pipeline

    context = click.get_current_context()
    try:
        with Progress() as say:
            from ..exchange import jobs, spreadsheets, tables

            jobs.ready(output, [into, *sources], force)
            library = pipeline.open_library(templates, subjects, into)
            say("读取工作簿")
            book = jobs.source(into, library, edition_id, whole=False)
            say("读取导出的表")
            made = tables.put_in(book, [spreadsheets.load(path) for path in sources], unit or "")
            say("写出新工作簿")
            written = jobs.write(output, book.edition, made.content)
    except Refusal as refusal:
        context.exit(refuse(refusal.message, refusal.fix, None, form == "json"))
    lost = jobs.lost(book)
    if form == "json":
        _json(
            output=str(output), edition=book.edition.id, tables=[table.form.id for table in made.tables],
            done=made.done, missed=made.missed, noted=made.noted, lost=lost,
        )  # fmt: skip
    else:
        _aside(written.aside)
        _list("已导入", made.done)
        _list("请留意", made.noted)
        _list("没有认出、没有导入的", made.missed)
        _list("原工作簿中没有带入新工作簿的", lost)
        click.echo(
            f"已写出：{output}（版式 {book.edition.id}，导入 {len(made.tables)} 张表）。请运行 gongkai check 校验。"
        )
    context.exit(ERRORS if made.missed else DONE)


@click.command(
    "consolidate",
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="把本级和所属单位的工作簿汇总为部门工作簿。",
    epilog="""\
\b
例：
  gongkai consolidate 本级.xlsx 甲中心.xlsx 乙站.xlsx -o 某某局汇总.xlsx --name 某某局
  gongkai consolidate 本级.xlsx 甲中心.xlsx -o 某某局汇总.xlsx --eliminate 补助
  gongkai check 某某局汇总.xlsx --units 本级.xlsx 甲中心.xlsx    核对部门等于各单位之和

\b
第一本是部门本级。公开表按行、科目和栏目相加；人员、车辆、采购、上年数、年初预算同样相加；项目和绩效表合在一起；
职能、名词解释和写法取自本级；各单位写的原因列在批注中，部门的原因另写。每个汇总数的来源见“汇总来源”表。

\b
退出码：0 已生成；1 单位的年度或版式不一致，没有生成；2 文件无法读取或命令写法有误。
""",
)
@click.argument("units", metavar="本级工作簿 单位工作簿…", nargs=-1, required=True, type=options.FILE)
@_output
@click.option("--name", metavar="名称", default="", help="部门全称；默认与本级相同。")
@options.eliminate
@_force
@options.json_or_text
@options.subjects
@options.templates
@options.debug
def consolidate(
    units: tuple[Path, ...],
    output: Path,
    name: str,
    eliminated: tuple[tuple[str, Decimal | None], ...],
    force: bool,
    form: str,
    templates: tuple[Path, ...],
    subjects: Path | None,
) -> None:
    """把本级和所属单位的工作簿汇总成部门的工作簿，每个汇总数都注明来自哪几个单位的哪一格。"""
    from .. import pipeline

    context = click.get_current_context()
    try:
        with Progress() as say:
            from ..exchange import jobs
            from ..exchange.consolidate import consolidate as consolidated
            from ..exchange.together import Declared

            jobs.ready(output, units, force)
            if len(units) < 2:
                raise Refusal("只有一本工作簿，没有可汇总的。", "请依次写出本级和各所属单位的工作簿。")
            library = pipeline.open_library(templates, subjects, units[0])
            say("读取各单位工作簿")
            books = [jobs.source(path, library) for path in units]
            say("汇总")
            with pipeline.editions_in_order():
                made = consolidated(books, [Declared(*one) for one in eliminated], name)
            refused = pipeline.has_errors(made.findings)
            if not refused:
                say("写出部门工作簿")
                written = jobs.write(output, books[0].edition, made.content, extras=made.extras)
    except Refusal as refusal:
        context.exit(refuse(refusal.message, refusal.fix, None, form == "json"))
    if form == "json":
        _json(
            output=None if refused else str(output), edition=books[0].edition.id, units=len(books), cells=made.cells,
            done=made.done, wrong=made.wrong, left_out=made.left_out, findings=findings(made.findings),
        )  # fmt: skip
    else:
        report.show(made.findings, True)
        _list("请核对", made.wrong)
        _list("没有带入、请在部门工作簿中填写的", made.left_out)
        if not refused:
            _aside(written.aside)
            for line in made.done:
                click.echo(line)
            click.echo(f"已写出：{output}（版式 {books[0].edition.id}）。各汇总数的来源见“汇总来源”表。核对：")
            declared = "".join(f" --eliminate {n}" + (f"={a:f}" if a is not None else "") for n, a in eliminated)
            named = " ".join(map(options.quoted, units))
            click.echo(f"  gongkai check {options.quoted(output)} --units {named}{declared}{options.again(context)}")
        else:
            click.echo("没有汇总：请先改正以上问题，或去掉不属于本次汇总的工作簿。")
    context.exit(ERRORS if refused else DONE)


def _wrong_before(last: Path, errors: int) -> list[str]:
    """What stands in the prior-year cells comes from a workbook that is wrong somewhere."""
    if not errors:
        return []
    asked = f"gongkai check {options.quoted(last)}"
    return [f"上年工作簿校验有 {errors} 条错误，带入的上年数可能不对：请先运行 {asked}，改正后重新结转。"]


def _say_counts(carried: int, prior: int, budget: int, reasons: int) -> None:
    said = [f"历年相同的内容 {carried} 项", f"上年数 {prior} 个"]
    said += [f"年初预算 {budget} 个"] if budget else []
    said += [f"批注上年原因 {reasons} 条"] if reasons else []
    click.echo(f"已带入：{'，'.join(said)}。")


def beside(
    last: Path | None,
    units: Sequence[Path],
    templates: tuple[Path, ...],
    subjects: Path | None,
    eliminated: Sequence[tuple[str, Decimal | None]] = (),
) -> Beside | None:
    """The comparisons that `check` and `generate` were asked for; None when there are none."""
    if last is None and not units:
        return None
    from .. import pipeline
    from ..exchange import compare, jobs

    library = pipeline.open_library(templates, subjects)
    wanted = []
    if last is not None:
        from ..exchange.last import against

        wanted.append(against(jobs.source(last, library)))
    if units:
        from ..exchange.together import Declared
        from ..exchange.unitcheck import of_units

        wanted.append(of_units([jobs.source(path, library) for path in units], [Declared(*one) for one in eliminated]))
    return compare.all_of(*wanted)


def _json(**found: object) -> None:
    click.echo(json.dumps(found, ensure_ascii=not report.speaks_unicode(), indent=2))


def _aside(aside: Path | None) -> None:
    if aside is not None:
        click.echo(f"原文件已另存为：{aside}")


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"{title}（{len(lines)} 项）：")
        for line in lines[:_LISTED]:
            click.echo(f"  · {line}")
        if len(lines) > _LISTED:
            click.echo(f"  · 其余 {len(lines) - _LISTED} 项用 --format json 查看。")


def findings(found: Sequence[Finding]) -> list[str]:
    return [finding.message for finding in found]
