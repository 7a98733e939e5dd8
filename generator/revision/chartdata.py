"""What a chart shows: its categories and series as texts, read from and written to the chart's own part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from .package import Unreadable, parse
from .xmlnames import A_SPACE, C_SPACE, R_SPACE

if TYPE_CHECKING:
    from .body import Body

_CHART = f"{{{C_SPACE}}}chart"
_ID = f"{{{R_SPACE}}}id"
Data = tuple[tuple[str, ...], ...]


def c(name: str) -> str:
    return f"{{{C_SPACE}}}{name}"


def part_of(body: Body, element: etree._Element) -> str:
    """Name of the part of the chart inside ``element``; empty when there is none."""
    found = next(element.iter(_CHART), None)
    return body.relations.target(found.get(_ID, "")) if found is not None else ""


def of(body: Body, element: etree._Element) -> Data:
    """The data of the chart in a paragraph; empty when it holds none that can be read."""
    name = part_of(body, element)
    if not name or name not in body.parts:
        return ()
    try:
        return read(parse(body.parts[name]))
    except Unreadable:
        return ()


def read(root: etree._Element) -> Data:
    """First the categories, then every series: its name and its values, then all texts that are printed as labels."""
    found: list[tuple[str, ...]] = []
    for series in root.iter(c("ser")):
        if not found:
            found.append(("", *_values(series, "cat")))
        name = "".join(_values(series, "tx"))
        found.append((name, *map(_number, _values(series, "val"))))
    if found:
        found.append(("labels", *(node.text or "" for node in _labels(root))))
    return tuple(found)


def figures(data: Data) -> Data:
    """Categories and series without the labels: editors write labels each in their own way."""
    return data[:-1]


def _number(text: str) -> str:
    """One way of writing for 20, 20.0 and 2e1."""
    try:
        return f"{float(text):.10g}"
    except ValueError:
        return text


def _points(series: etree._Element, name: str) -> list[etree._Element]:
    held = series.find(c(name))
    return [] if held is None else [v for point in held.iter(c("pt")) for v in point.iter(c("v"))]


def _values(series: etree._Element, name: str) -> list[str]:
    return [node.text or "" for node in _points(series, name)]


def _labels(root: etree._Element) -> list[etree._Element]:
    return [t for labels in root.iter(c("dLbls")) for t in labels.iter(f"{{{A_SPACE}}}t")]


def write(root: etree._Element, fresh: etree._Element) -> bool:
    """Give a chart the values of ``fresh`` and keep its looks; False (and nothing done) where the shapes differ."""
    mine, theirs = list(root.iter(c("ser"))), list(fresh.iter(c("ser")))
    labels = _labels(root), _labels(fresh)
    pairs = [(_points(a, n), _points(b, n)) for a, b in zip(mine, theirs, strict=False) for n in ("cat", "tx", "val")]
    if labels[0] or labels[1]:
        pairs.append(labels)
    if len(mine) != len(theirs) or any(len(left) != len(right) for left, right in pairs):
        return False
    for left, right in pairs:
        for target, source in zip(left, right, strict=True):
            target.text = source.text
    return True
