"""Chapters and what belongs to them looked through without a workbook: every branch, not only those that are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jinja2
from jinja2 import meta, nodes

from ..editions import Edition, EditionError
from ..model.book import Book
from . import charts
from . import glossary as terms
from .comparisons import Comparisons
from .compose import fixed_digits, known, prepared
from .ledger import Ledger
from .sandbox import REMEDY, SUFFIX, environment, told
from .scribe import Scribe
from .spans import WrongTemplate

Step = Callable[[], object]
_CHAPTERS = "chapters"


def parts(edition: Edition) -> Iterator[Step]:
    """Things to try, each of which raises EditionError when a file is wrong."""
    yield lambda: prepared(edition, Book(edition.id, "", {}))
    yield lambda: fixed_digits(edition)
    yield lambda: terms.check(edition)
    yield lambda: charts.check(edition)
    templates = environment(edition.folders)
    trees: dict[str, nodes.Template] = {}
    for name in edition.chapters:
        yield lambda name=name: _gather(edition, templates, f"{_CHAPTERS}/{name}{SUFFIX}", trees)  # type: ignore[misc]
    yield lambda: _names(edition, trees)
    yield lambda: _headings(edition, trees)


def _gather(edition: Edition, templates: jinja2.Environment, name: str, trees: dict[str, nodes.Template]) -> None:
    """Parse a chapter and, with it, what it includes or imports."""
    if name in trees:
        return
    assert templates.loader is not None
    try:
        source = templates.loader.get_source(templates, name)[0]
        tree = templates.parse(source, name)
        templates.compile(source, name)
    except jinja2.TemplateNotFound as error:
        raise EditionError(f"{edition.id}: 没有文件 {error.name}", "请补上该文件，或改正写它名字的地方。") from error
    except jinja2.TemplateSyntaxError as error:
        raise EditionError(f"{edition.shown(name)} 第 {error.lineno} 行: {told(error)}", REMEDY) from error
    except UnicodeDecodeError as error:
        raise EditionError(f"{edition.shown(name)}: 文件不是 UTF-8 编码", "请另存为 UTF-8 编码。") from error
    trees[name] = tree
    for other in meta.find_referenced_templates(tree):
        if other is not None:
            _gather(edition, templates, other, trees)


def _names(edition: Edition, trees: dict[str, nodes.Template]) -> None:
    """Names nobody gives, and keys written out in a call that the forms do not have."""
    ledger = Ledger(prepared(edition, Book(edition.id, "", {})))
    functions = known(ledger, Comparisons(ledger), Scribe(ledger.context, ledger, ()))
    given = set(functions) | {
        name.name for tree in trees.values() for name in tree.find_all(nodes.Name) if name.ctx != "load"
    }
    given |= {name for tree in trees.values() for name in _optional(tree)}
    given |= {macro.name for tree in trees.values() for macro in tree.find_all(nodes.Macro)}
    asked = _asked(edition, ledger)
    for file, tree in trees.items():
        for name in tree.find_all(nodes.Name):
            if name.ctx == "load" and name.name not in given and name.name in meta.find_undeclared_variables(tree):
                raise EditionError(
                    f"{edition.shown(file)} 第 {name.lineno} 行: 没有名为 {name.name} 的值或函数", REMEDY
                )
        for call in tree.find_all(nodes.Call):
            if not isinstance(call.node, nodes.Name) or not call.args or not isinstance(call.args[0], nodes.Const):
                continue
            if edition.lacks(*str(call.args[0].value).split(".")):
                continue  # a branch for editions that have it
            try:
                asked.get(call.node.name, str)(call.args[0].value)
            except (WrongTemplate, KeyError, StopIteration) as error:
                said = told(error) if isinstance(error, WrongTemplate) else f"没有 {call.args[0].value}"
                where = f"{edition.shown(file)} 第 {call.lineno} 行: {call.node.name}(…)"
                raise EditionError(f"{where}: {said}", REMEDY) from error


def _optional(tree: nodes.Template) -> Iterator[str]:
    """Names that a template itself reckons may not be set: `x|default(…)`, `x is defined`."""
    for node in (*tree.find_all(nodes.Filter), *tree.find_all(nodes.Test)):
        if node.name in ("default", "d", "defined", "undefined") and isinstance(node.node, nodes.Name):
            yield node.node.name


def _asked(edition: Edition, ledger: Ledger) -> dict[str, Callable[[str], object]]:
    """How the first argument of a function is looked up."""
    headings = {line.block for line in edition.contents}

    def heading(block: str) -> None:
        if block not in headings:
            raise WrongTemplate(f"目录（edition.yaml 的 contents）中没有 {block} 这一条")

    return {
        "figure": ledger.split,
        "text": ledger.split,
        "label": ledger.split,
        "rows": ledger.rows,
        "lines": ledger.rows,
        "heads": ledger.heads,
        "setting": ledger.context.setting,
        "heading": heading,
        "chart": lambda id: charts.declared(edition)[id],
        "grid": ledger.rows,
    }


def _headings(edition: Edition, trees: dict[str, nodes.Template]) -> None:
    """A block of the contents that no chapter writes, as far as its id is written out anywhere."""
    written = {c.value for tree in trees.values() for c in tree.find_all(nodes.Const) if isinstance(c.value, str)}
    starts = tuple(text for text in written if text.endswith("."))
    for line in edition.contents:
        if line.block and line.block not in written and not line.block.startswith(starts or ("\0",)):
            prefix = line.block.rpartition(".")[0]
            if not any(prefix and prefix in text for text in written):
                raise EditionError(
                    f"{edition.id}/edition.yaml: 目录所列的标题在正文中没有：{line.text}（{line.block}）",
                    "请在章节文件中用 heading(…) 写出该标题，或从 contents 中删去这一条。",
                )
