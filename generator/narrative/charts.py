"""The figures of the narrative, from the edition's ``charts.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..editions import Edition, EditionError, Node
from ..editions.node import read
from ..model.blocks import Chart, ChartKind, Paragraph, Series, Span, SpanKind, Style
from ..model.book import Book
from ..model.figure import Figure
from .context import Context

_FILE = "charts.yaml"
_CAPTION = re.compile(r"(图\s*)(\d+)")
_UNIT_OF_MONEY = "万元"


@dataclass(frozen=True)
class _Item:
    """A series of a column chart or a slice of a pie; ``this`` and ``last`` are form.row.column."""

    label: str
    this: str
    last: str


@dataclass(frozen=True)
class _Definition:
    kind: ChartKind
    caption: str
    alone: str  # the caption where there is no last year to compare with
    whole: str
    items: tuple[_Item, ...]
    source: str


def ids(context: Context) -> tuple[str, ...]:
    """The charts the edition declares, in their order."""
    return tuple(declared(context.edition))


def build(context: Context, chart_id: str, number: int = 0) -> tuple[Chart, Paragraph] | None:
    """The chart and the caption that stands below it; None when it would show nothing.

    ``chart_id`` is a key of charts.yaml and becomes the chart's id; the caption's is that with ``.caption``.
    ``number``: which chart of the document it is, where others were left out; 0 keeps the number of the caption.
    """
    found = declared(context.edition).get(chart_id)
    if found is None:
        raise EditionError(
            f"{context.edition.shown(_FILE)}: 没有图 {chart_id}", "请在该文件中补上，或改正章节里的编号。"
        )
    chart = (_columns if found.kind is ChartKind.COLUMN else _pie)(context, chart_id, found)
    if chart is None:
        return None
    compares = found.kind is not ChartKind.COLUMN or len(chart.categories) > 1
    caption = found.caption if compares else found.alone
    return chart, Paragraph(f"{chart_id}.caption", Style.CAPTION, _caption(caption, number))


def declared(edition: Edition) -> Mapping[str, _Definition]:
    """The charts by id, none in an edition without the file; EditionError when the file is wrong."""
    if not edition.has(_FILE):
        return {}
    path = edition.find(_FILE)
    return _definitions(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _definitions(path: Path, changed: int) -> Mapping[str, _Definition]:
    """``changed``: when the file was written, so that a later version is read again."""
    node = read(path, f"{path.parent.name}/{path.name}")
    return {key: _definition(one) for key, one in node.items()}


def _definition(node: Node) -> _Definition:
    try:
        kind = ChartKind(node.text("kind"))
    except ValueError:
        raise node.fail(
            f"图没有“{node.text('kind')}”这一 kind", f"可用的有：{'、'.join(k.value for k in ChartKind)}。"
        ) from None
    compares = kind is ChartKind.COLUMN
    items: list[_Item] = []
    for one in node.nodes("series" if compares else "items"):
        items.append(_Item(one.text("label"), one.text("this"), one.text("last") if compares else ""))
        one.done()
    caption = node.text("caption")
    alone = node.text("alone", caption) if compares else caption
    whole = "" if compares else node.text("whole")
    node.done()
    return _Definition(kind, caption, alone, whole, tuple(items), node.source)


def _caption(text: str, number: int) -> tuple[Span, ...]:
    match = _CAPTION.match(text)
    if match is None:
        return (Span(text),)
    return Span(match[1]), Span(str(number or match[2]), SpanKind.NUMERAL), Span(text[match.end() :])


def check(edition: Edition) -> None:
    """Every place that a chart takes an amount from is there; EditionError names the first that is not."""
    context = Context(edition, Book(edition.id, "", {}))
    for found in declared(edition).values():
        for reference in (found.whole, *(path for item in found.items for path in (item.this, item.last))):
            if reference:
                _figure(context, found, reference)


def _figure(context: Context, found: _Definition, reference: str) -> Figure:
    """The amount at ``reference``; EditionError when the forms have no such place."""
    parts = reference.split(".")
    form = next((form for form in context.edition.forms if form.id == parts[0]), None)
    if len(parts) == 3 and form is not None:
        block = form.block_of_row(parts[1])
        if block is not None and any(column.key == parts[2] for column in block.columns):
            return context.book.figure(parts[0], parts[1], parts[2])
    raise EditionError(f"{found.source}: “{reference}”不是本版式的 表.行.列", "请核对表单文件中的 id 和 key。")


def _given(context: Context, reference: str) -> bool:
    """Whether the cell at ``reference`` holds a number: a blank is not a zero here."""
    form_id, row, column = reference.split(".")
    data = context.book.sheet(form_id)
    cell = data.cell(row, column) if data is not None else None
    return cell is not None and cell.number is not None


def _columns(context: Context, chart_id: str, found: _Definition) -> Chart | None:
    """Groups of columns: last year and this year; only this year where the last one is unknown, as in the text."""
    categories = [f"{context.year}年度"]
    compares = context.has_prior_year and all(_given(context, item.last) for item in found.items)
    if compares:
        categories.insert(0, f"{context.year - 1}年度")
    series: list[Series] = []
    for item in found.items:
        points = [_figure(context, found, item.this)]
        if compares:
            points.insert(0, _figure(context, found, item.last))
        series.append(Series(item.label, tuple(points), tuple(context.numbers.money(p.value) for p in points)))
    if not any(point for one in series for point in one.points):
        return None
    shown = "；".join(
        category + "，".join(_money(one.name, one.labels[at]) for one in series)
        for at, category in enumerate(categories)
    )
    return Chart(chart_id, ChartKind.COLUMN, tuple(categories), tuple(series), f"柱形图：{shown}。")


def _money(name: str, amount: str) -> str:
    return name.removesuffix(f"（{_UNIT_OF_MONEY}）") + amount + _UNIT_OF_MONEY


def _pie(context: Context, chart_id: str, found: _Definition) -> Chart | None:
    """Slices of the items above zero; a pie can't show less than nothing."""
    whole = _figure(context, found, found.whole)
    every = [(item.label, _figure(context, found, item.this)) for item in found.items]
    slices = [(name, figure) for name, figure in every if figure.value > 0]
    if not slices or whole.value <= 0:
        return None
    shares = tuple(figure.over(whole) for _, figure in slices)
    labels = tuple(context.numbers.percent(share.value) for share in shares)
    shown = "；".join(
        f"{_money(name, context.numbers.money(figure.value))}，占{label}"
        for (name, figure), label in zip(slices, labels, strict=True)
    )
    series = Series(f"金额（{_UNIT_OF_MONEY}）", tuple(figure for _, figure in slices), labels, shares)
    return Chart(chart_id, ChartKind.PIE, tuple(name for name, _ in slices), (series,), f"饼图：{shown}。")


__all__ = ["build", "check", "declared", "ids"]
