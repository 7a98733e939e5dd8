"""From a form's YAML file to a Form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..model import expression
from ..model.form import Block, Column, Form, Header, Kind, Line, OpenRows, Part, Role, Row, Term
from .node import EditionError, Node

_T = TypeVar("_T")
_ROLES = {"tables": Role.TABLE, "inputs": Role.INPUT, "performance": Role.PERFORMANCE}


def form(node: Node, folder: str) -> Form:
    """``folder`` (tables, inputs, performance) decides the role."""
    if folder not in _ROLES:
        raise node.fail(f"forms live in one of {', '.join(_ROLES)}")
    blocks = node.nodes("blocks", [])
    made = Form(
        id=node.text("id"),
        role=_ROLES[folder],
        sheet=node.text("sheet"),
        title=node.text("title"),
        entry=node.text("entry", ""),
        blocks=tuple(_block(b, _row_keys(blocks)) for b in blocks),
        number=node.whole("number", 0),
        form_no=node.text("form_no", ""),
        ordinals=node.text("ordinals", ""),
        orientation=node.text("orientation", "portrait"),
        notes=node.texts("notes", ()),
        statement=node.mapping("statement", {}),
        repeat=node.flag("repeat"),
        group_title=node.text("group_title", ""),
        header=_header(node.node("header")) if node.has("header") else None,
        grid=tuple(float(w) for w in node.raw("grid", ())),
        lines=tuple(_line(n) for n in node.nodes("lines", [])),
        hint=node.text("hint", ""),
        source=node.source,
    )
    if made.orientation not in ("portrait", "landscape"):
        raise node.fail("orientation is portrait or landscape")
    _check_keys(made, node)
    node.done()
    return made


def _check_keys(made: Form, node: Node) -> None:
    rows = [row.key for block in made.blocks for row in block.rows if not row.spacer]
    twice = sorted({key for key in rows if rows.count(key) > 1})
    if twice:
        raise node.fail(f"row keys must be unique within a form: {', '.join(twice)}")
    for block in made.blocks:
        _check_split(made, block, node)
    for line in made.lines:
        spans = sum(part.span for part in line.parts)
        if line.parts and spans > len(made.grid):
            raise node.fail(f"a line spans {spans} of {len(made.grid)} grid columns")


def _check_split(made: Form, block: Block, node: Node) -> None:
    for column in (c for c in block.columns if c.split):
        levels = block.open.levels if block.open is not None else ()
        if made.role is not Role.TABLE or column.kind is not Kind.CODE or len(column.split) != len(levels):
            raise node.fail(
                f"block {block.key!r}, column {column.key!r}: split belongs to the column of codes of an official table"
                f" open by code, one name for each level of by_code ({len(levels)} here)"
            )


def _header(node: Node) -> Header:
    made = Header(node.text("left", ""), node.text("right", ""), node.text("field", ""))
    node.done()
    return made


def _kind(node: Node, default: str | None = None) -> Kind:
    name = node.text("kind", default) if default is not None else node.text("kind")
    try:
        return Kind(name)
    except ValueError:
        raise node.fail(f"unknown kind {name!r}") from None


def _sum(node: Node, text: str, keys: tuple[str, ...]) -> tuple[Term, ...]:
    try:
        return tuple(Term(sign, key) for sign, key in expression.terms(text, keys))
    except expression.ExpressionError as error:
        raise node.fail(str(error)) from error


def _show(node: Node) -> str:
    show = node.text("show", "")
    if show:
        _guard(node, lambda: expression.parse(show))
    return show


def _guard(node: Node, action: Callable[[], _T]) -> _T:
    try:
        return action()
    except expression.ExpressionError as error:
        raise node.fail(str(error)) from error


def _row_keys(blocks: tuple[Node, ...]) -> tuple[str, ...]:
    """Row keys of the whole form: a total may add rows of a neighbouring block."""
    return tuple(row.text("key") for block in blocks for row in block.nodes("rows", []) if row.has("key"))


def _block(node: Node, row_keys: tuple[str, ...]) -> Block:
    column_nodes = node.nodes("columns")
    column_keys = tuple(n.text("key") for n in column_nodes)
    if len(set(column_keys)) != len(column_keys):
        raise node.fail("column keys must be unique within a block")
    opened = _open(node.node("open")) if node.has("open") else None
    row_nodes = node.nodes("rows", [])
    rows: list[Row] = []
    for n in row_nodes:
        rows += _rows(n, row_keys)
    made = Block(
        key=node.text("key"),
        columns=tuple(_column(n, column_keys) for n in column_nodes),
        rows=tuple(rows),
        open=opened,
        title=node.text("title", ""),
        hint=node.text("hint", ""),
        first_line=node.whole("first_line", 0),
    )
    node.done()
    return made


def _open(node: Node) -> OpenRows:
    made = OpenRows(tuple(int(n) for n in node.raw("by_code", ())), node.whole("prepared", 10))
    node.done()
    return made


def _column(node: Node, keys: tuple[str, ...]) -> Column:
    total = node.text("is", "")
    made = Column(
        key=node.text("key"),
        head=node.texts("head"),
        kind=_kind(node),
        width=float(node.number("width", 12)),
        sum_of=_sum(node, total, keys) if total else (),
        show=_show(node),
        choices=node.texts("choices", ()),
        comment=node.text("comment", ""),
        span=node.whole("span", 1),
        split=node.texts("split", ()),
    )
    node.done()
    return made


def _rows(node: Node, keys: tuple[str, ...]) -> list[Row]:
    if node.has("spacers"):
        count = node.whole("spacers")
        node.done()
        return [Row(key="", label="", spacer=True)] * count
    total = node.text("is", "")
    made = Row(
        key=node.text("key"),
        label=node.text("label"),
        code=node.text("code", ""),
        sum_of=_sum(node, total, keys) if total and total != "children" else (),
        children=total == "children",
        bold=node.flag("bold"),
        kind=_kind(node) if node.has("kind") else None,
        label_span=node.whole("label_span", 0),
        show=_show(node),
        choices=node.texts("choices", ()),
        default=node.text("default", ""),
        comment=node.text("comment", ""),
        required=node.flag("required"),
    )
    node.done()
    return [made]


def _line(node: Node) -> Line:
    if isinstance(node.data, list):
        return Line(parts=tuple(_part(n) for n in node))
    indicators = _block(node.node("indicators"), ())
    merge = node.texts("merge_down", ())
    side = _part(node.node("side")) if node.has("side") else None
    node.done()
    return Line(indicators=indicators, merge_down=merge, side=side)


def _part(node: Node) -> Part:
    made = Part(
        span=node.whole("span", 1),
        label=node.text("label", ""),
        field=node.text("field", ""),
        kind=_kind(node, "verbatim"),
        options=node.texts("options", ()),
        down=node.whole("down", 1),
        suffix=node.text("suffix", ""),
        comment=node.text("comment", ""),
    )
    node.done()
    return made


__all__ = ["EditionError", "form"]
