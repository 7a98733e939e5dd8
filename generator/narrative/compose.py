"""From an Edition and a Book to the finished Disclosure: the chapters, rendered in the order the edition names."""

from __future__ import annotations

from typing import Any

import jinja2

from ..editions import Edition, EditionError
from ..model.blocks import Contents, Disclosure, Section
from ..model.book import Book
from ..model.finding import Finding
from .comparisons import Comparisons
from .context import Context, UnknownStyle
from .glossary import glossary
from .ledger import Ledger
from .sandbox import REMEDY, SUFFIX, environment, place, told
from .scribe import Scribe, name_id
from .spans import WrongTemplate

# Whatever goes wrong while a chapter runs is the chapter's doing; faults of the edition's other files pass as such.
_FAULTS = (
    jinja2.TemplateError,
    WrongTemplate,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
)
_CHAPTERS = "chapters"
_FIXED = f"{_CHAPTERS}/fixed.yaml"


def compose(edition: Edition, book: Book, draft: bool = False) -> tuple[Disclosure, tuple[Finding, ...]]:
    """The whole document and what is missing for it. EditionError names the chapter and line that is at fault."""
    context = prepared(edition, book)
    ledger = Ledger(context)
    comparisons = Comparisons(ledger)
    scribe = Scribe(context, ledger, fixed_digits(edition))
    functions = known(ledger, comparisons, scribe)
    templates = environment(edition.folders)
    templates.budget.renew()
    sections: list[Section] = []
    for name in edition.chapters:
        try:
            templates.get_template(f"{_CHAPTERS}/{name}{SUFFIX}").render(functions)
        except _FAULTS as error:
            said = f"{place(error) or f'{edition.id}/{_CHAPTERS}/{name}{SUFFIX}'}: {told(error)}"
            raise EditionError(said, REMEDY) from error
        sections += scribe.chapter(name)
    _check_contents(edition, sections)
    disclosure = Disclosure(
        title=context.fill(edition.title),
        unit=context.words["unit"],
        subject=edition.name,
        year=context.year,
        edition=edition.id,
        sections=tuple(sections),
        draft=draft,
    )
    return disclosure, (*comparisons.findings, *scribe.findings)


def prepared(edition: Edition, book: Book) -> Context:
    """What every chapter needs; EditionError when the edition lacks a setting, level or number style for it."""
    context = Context(edition, book)
    try:
        _ = context.words, context.numbers, context.table_numbers, context.has_prior_year
    except KeyError as error:
        fix = "请在写法设置、单位信息表或 edition.yaml 中补上。"
        raise EditionError(f"{edition.id}: 缺少 {error.args[0]} 这一项", fix) from error
    except UnknownStyle as error:
        fix = "小数写法只有：整数、一位小数、两位小数，后面可加“去尾零”。"
        raise EditionError(f"{edition.id}: 数字写法不能是“{error}”", fix) from error
    return context


def known(ledger: Ledger, comparisons: Comparisons, scribe: Scribe) -> dict[str, Any]:
    """Every name that chapters may use."""
    return {
        **ledger.functions,
        **comparisons.functions,
        **scribe.functions,
        "glossary": lambda **lists: glossary(ledger.context, ledger, lists),
        "name_id": lambda name: name_id(name.raw),
    }


def _check_contents(edition: Edition, sections: list[Section]) -> None:
    """A line of the contents that points nowhere is a fault of the edition."""
    ids = {block.id for section in sections for block in section.blocks}
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Contents):
                lost = [entry.text for entry in block.entries if entry.target not in ids]
                if lost:
                    raise EditionError(
                        f"{edition.id}/edition.yaml: 目录所列的标题在正文中没有：{'、'.join(lost)}",
                        "请在章节文件中用 heading(…) 写出该标题，或从 contents 中删去这一条。",
                    )


def fixed_digits(edition: Edition) -> tuple[str, ...]:
    """Digits that belong to the form's own wording, as the edition declares them."""
    node = edition.yaml(_FIXED)
    made = node.texts("fixed_digits")
    node.done()
    return made


__all__ = ["compose"]
