"""Charts as simple drawings made of their data; every column and slice leads to its cells."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from ..model.blocks import Chart, ChartKind
from ..model.figure import Figure
from .markup import escape

_WIDTH, _HEIGHT = 640, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 16, 16, 24, 58
_GAP = 0.35  # of a group of columns
_COLOURS = 6
_FULL = 0.9999  # of a circle: an arc can't end where it began
_RADIUS = 92

Item = Callable[[str, Figure, str], str]
"""Attributes of what can be chosen: its label, its figure, more classes."""


def drawing(chart: Chart, item: Item) -> str:
    """The chart as svg; its description stands in it for those who can't see it."""
    body = _columns(chart, item) if chart.kind is ChartKind.COLUMN else _pie(chart, item)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="group" aria-label="{escape(chart.description)}">'
        f"{body}</svg>"
    )


def _columns(chart: Chart, item: Item) -> str:
    values = [point.value for series in chart.series for point in series.points]
    top, low = max([*values, Decimal(0)]), min([*values, Decimal(0)])
    height = _HEIGHT - _TOP - _BOTTOM
    scale = height / float(top - low) if top > low else 0.0
    zero = _TOP + float(top) * scale
    group = (_WIDTH - _LEFT - _RIGHT) / max(len(chart.categories), 1)
    width = group * (1 - _GAP) / max(len(chart.series), 1)
    made = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{zero:.1f}" y2="{zero:.1f}"/>']
    for at, category in enumerate(chart.categories):
        start = _LEFT + group * (at + _GAP / 2)
        for number, series in enumerate(chart.series):
            point, label = series.points[at], series.labels[at]
            size = abs(float(point.value)) * scale
            x, y = start + width * number, zero - size if point.value >= 0 else zero
            named = f"{category} {series.name} {label}"
            made.append(
                f"<g {item(named, point, '')}>"
                f'<rect class="k{number % _COLOURS}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{size:.1f}"/>'
                f'<text x="{x + width / 2:.1f}" y="{y - 5:.1f}" text-anchor="middle">{escape(label)}</text></g>'
            )
        middle = _LEFT + group * (at + 0.5)
        made.append(f'<text x="{middle:.1f}" y="{_HEIGHT - 38}" text-anchor="middle">{escape(category)}</text>')
    return "".join(made) + _legend([series.name for series in chart.series])


def _pie(chart: Chart, item: Item) -> str:
    series = chart.series[0]
    total = float(sum((point.value for point in series.points), Decimal(0))) or 1.0
    x, y, turned = _WIDTH * 0.28, _HEIGHT / 2, 0.0
    made = []
    told = series.shares or series.points
    for number, (name, point, label) in enumerate(zip(chart.categories, series.points, series.labels, strict=True)):
        share = max(float(point.value) / total, 0.0)
        begin, end = turned, turned + min(share, _FULL)
        turned += share
        (ax, ay), (bx, by) = (
            (x + _RADIUS * math.sin(2 * math.pi * t), y - _RADIUS * math.cos(2 * math.pi * t)) for t in (begin, end)
        )
        colour = number % _COLOURS
        row = _TOP + 24 * number + 10
        named = f"{name} {label}"
        made.append(
            f"<g {item(named, told[number], '')}>"
            f'<path class="k{colour}" d="M{x:.1f} {y:.1f}L{ax:.1f} {ay:.1f}'
            f'A{_RADIUS} {_RADIUS} 0 {int(share > 0.5)} 1 {bx:.1f} {by:.1f}Z"/>'
            f'<rect class="k{colour}" x="{_WIDTH * 0.5:.0f}" y="{row - 11}" width="13" height="13"/>'
            f'<text x="{_WIDTH * 0.5 + 20:.0f}" y="{row}">{escape(named)}</text></g>'
        )
    return "".join(made)


def _legend(names: list[str]) -> str:
    if len(names) < 2:
        return ""
    step = (_WIDTH - _LEFT - _RIGHT) / len(names)
    made = []
    for number, name in enumerate(names):
        x = _LEFT + step * number
        made.append(
            f'<rect class="k{number % _COLOURS}" x="{x:.1f}" y="{_HEIGHT - 22}" width="12" height="12"/>'
            f'<text x="{x + 17:.1f}" y="{_HEIGHT - 12}">{escape(name)}</text>'
        )
    return "".join(made)
