"""The command that tells of rules."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from . import options
from .boundary import Command


@click.command(
    "rules",
    cls=Command,
    context_settings=options.SETTINGS,
    options_metavar="[选项]",
    short_help="列出校验规则，或说明其中一条。",
    epilog="""\
\b
例：
  gongkai rules                 列出全部规则
  gongkai rules X               列出并说明一族规则（表间关系）
  gongkai rules X2              说明一条：内容、公式、尾差、依据、处理、举例
  gongkai rules --format json   供其他程序读取
""",
)
@click.argument("rule", metavar="[编号]", required=False)
@click.option(
    "--edition",
    "edition_id",
    metavar="版式",
    shell_complete=options.edition_ids,
    help="版式；默认取部门决算中最新的一个。",
)
@options.templates
@options.json_or_text
@options.debug
def rules(rule: str | None, edition_id: str | None, form: str, templates: tuple[Path, ...]) -> None:
    """列出一个版式的全部校验规则，或按编号逐条说明。编号即校验结果中方括号内的编号。"""
    from ..checks.explain import explained
    from ..pipeline import editions_in_order, open_library
    from . import rules as words
    from .choose import newest

    library = open_library(templates)
    with editions_in_order():
        edition = newest(library) if edition_id is None else library.load(edition_id)
        known = explained(edition)
    chosen = known if rule is None else words.chosen(known, rule)
    if not chosen:
        raise click.UsageError(
            f"版式 {edition.id} 没有规则 {rule}。{words.near(known, rule or '')}", click.get_current_context()
        )
    columns = min(shutil.get_terminal_size((100, 24)).columns, 120)
    if form == "json":
        click.echo(words.as_json(edition, chosen))
    elif rule is None:
        click.echo(words.listing(edition, known, columns))
    else:
        click.echo("\n\n".join(words.explanation(one, columns) for one in chosen))
