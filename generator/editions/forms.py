"""From a form's YAML file to a Form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..model import expression
from ..model.form import Block, Column, Form, Group, Header, Kind, Line, OpenRows, Part, Role, Row, Term
from .node import EditionError, Node

_T = TypeVar("_T")
_RATES = "百分数由公式得出，请用 show 写出算法；要填写的金额写 kind: money，个数写 kind: count。"
_SUMS = "请核对：各键用本表已有的 key，只用 +、-、.. 和括号连接，例如 a + b - c 或 first..last。"
_ROLES = {"tables": Role.TABLE, "inputs": Role.INPUT, "performance": Role.PERFORMANCE}


def form(node: Node, folder: str) -> Form:
    """``folder`` (tables, inputs, performance) decides the role."""
    if folder not in _ROLES:
        raise node.fail(
            "forms: 表单文件应放在 tables、inputs 或 performance 文件夹", "请移动文件，并改正 forms 中的写法。"
        )
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
        statement_of=node.texts("statement_of", ()),
        repeat=node.flag("repeat"),
        group_title=node.text("group_title", ""),
        heading=node.text("heading", ""),
        header=_header(node.node("header")) if node.has("header") else None,
        grid=tuple(float(w) for w in node.raw("grid", ())),
        lines=tuple(_line(n) for n in node.nodes("lines", [])),
        hint=node.text("hint", ""),
        source=node.source,
    )
    if made.orientation not in ("portrait", "landscape"):
        raise node.fail(f"orientation 不能是“{made.orientation}”", "请改为 portrait（纵向）或 landscape（横向）。")
    _check_keys(made, node)
    node.done()
    return made


def _check_keys(made: Form, node: Node) -> None:
    rows = [row.key for block in made.blocks for row in block.rows if not row.spacer]
    twice = sorted({key for key in rows if rows.count(key) > 1})
    if twice:
        raise node.fail(f"行的 key 重复：{'、'.join(twice)}", "同一张表内各行的 key 不能相同，请改名。")
    for block in made.blocks:
        _check_split(made, block, node)
    for line in made.lines:
        spans = sum(part.span for part in line.parts)
        if line.parts and spans > len(made.grid):
            raise node.fail(f"一行占了 {spans} 格，grid 只有 {len(made.grid)} 格", "请核对该行各格的 span。")


def _check_split(made: Form, block: Block, node: Node) -> None:
    for column in (c for c in block.columns if c.split):
        levels = block.open.levels if block.open is not None else ()
        if made.role is not Role.TABLE or column.kind is not Kind.CODE or len(column.split) != len(levels):
            raise node.fail(
                f"块 {block.key} 的列 {column.key} 不能写 split",
                f"split 只用于官方表中按科目编码开放的编码列，by_code 有几级就写几个名称（此处 {len(levels)} 级）。",
            )


def _header(node: Node) -> Header:
    made = Header(node.text("left", ""), node.text("right", ""), node.text("field", ""), _kind(node, "date"))
    node.done()
    return made


def _kind(node: Node, default: str | None = None) -> Kind:
    name = node.text("kind", default) if default is not None else node.text("kind")
    try:
        return Kind(name)
    except ValueError:
        raise node.fail(f"没有名为“{name}”的 kind", f"可用的有：{'、'.join(kind.value for kind in Kind)}。") from None


def _sum(node: Node, text: str, keys: tuple[str, ...]) -> tuple[Term, ...]:
    try:
        return tuple(Term(sign, key) for sign, key in expression.terms(text, keys))
    except expression.ExpressionError as error:
        raise node.fail(f"公式写错：{error}", _SUMS) from error


def _show(node: Node) -> str:
    show = node.text("show", "")
    if show:
        _guard(node, lambda: expression.parse(show))
    return show


def _guard(node: Node, action: Callable[[], _T]) -> _T:
    try:
        return action()
    except expression.ExpressionError as error:
        raise node.fail(f"公式写错：{error}", _SUMS) from error


def _row_keys(blocks: tuple[Node, ...]) -> tuple[str, ...]:
    """Row keys of the whole form: a total may add rows of a neighbouring block."""
    return tuple(row.text("key") for block in blocks for row in block.nodes("rows", []) if row.has("key"))


def _block(node: Node, row_keys: tuple[str, ...]) -> Block:
    column_nodes = node.nodes("columns")
    column_keys = tuple(n.text("key") for n in column_nodes)
    if len(set(column_keys)) != len(column_keys):
        raise node.fail("同一个块内有两列的 key 相同", "请把其中一个改名。")
    opened = _open(node.node("open")) if node.has("open") else None
    row_nodes = node.nodes("rows", [])
    rows: list[Row] = []
    of_rows: list[Node] = []
    for n in row_nodes:
        made_rows = _rows(n, row_keys)
        rows += made_rows
        of_rows += [n] * len(made_rows)
    columns = tuple(_column(n, column_keys) for n in column_nodes)
    _heads(columns, column_nodes)
    _kinds(columns, column_nodes, rows, of_rows)
    made = Block(
        key=node.text("key"),
        columns=columns,
        rows=tuple(rows),
        open=opened,
        title=node.text("title", ""),
        hint=node.text("hint", ""),
        first_line=node.whole("first_line", 0),
    )
    node.done()
    return made


def _heads(columns: tuple[Column, ...], nodes: tuple[Node, ...]) -> None:
    """A column is found by its head: no two of a block have the same."""
    first: dict[tuple[str, ...], str] = {}
    for column, node in zip(columns, nodes, strict=True):
        other = first.setdefault(column.head, column.key)
        if other != column.key:
            named = "、".join(part for part in column.head if part)
            raise node.fail(
                f"{column.key} 与 {other} 两栏的表头相同：{named}", "表头用来认出各栏，请改正其中一栏的 head。"
            )


def _kinds(
    columns: tuple[Column, ...], nodes: tuple[Node, ...], rows: Sequence[Row], row_nodes: Sequence[Node]
) -> None:
    """Only like is added to like; percentages are never typed: what they are of is."""
    by_key = {column.key: column for column in columns}
    for column, node in zip(columns, nodes, strict=True):
        addends = [by_key[term.key] for term in column.sum_of if term.key in by_key]
        other = next((one for one in addends if one.kind is not column.kind), None)
        if other is not None:
            raise node.fail(
                f"{column.key} 的 kind 是 {column.kind.value}，相加的 {other.key} 却是 {other.kind.value}",
                "合计与各分栏应是同一种数，请改正 kind 或 is。",
            )
        if column.kind is Kind.RATE and not column.show:
            raise node.fail(f"{column.key} 是百分数（kind: rate），却没有写 show", _RATES)
    for row, node in zip(rows, row_nodes, strict=True):
        if row.kind is Kind.RATE and not row.show:
            raise node.fail(f"{row.key} 是百分数（kind: rate），却没有写 show", _RATES)


def _open(node: Node) -> OpenRows:
    levels = tuple(int(n) for n in node.raw("by_code", ()))
    made = OpenRows(levels, node.whole("prepared", 10), node.text("begins", ""))
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
    sides: tuple[Part, ...] = ()
    if node.has("side"):
        several = isinstance(node.raw("side"), list)
        sides = tuple(_part(n) for n in (node.nodes("side") if several else (node.node("side"),)))
    group = _group(node, indicators, merge) if node.has("group") else None
    band = node.text("band", "")
    if band and band not in (column.key for column in indicators.columns):
        raise node.fail(f"band: no indicator column {band!r}")
    node.done()
    return Line(indicators=indicators, merge_down=merge, sides=sides, group=group, band=band)


def _group(node: Node, indicators: Block, merge: tuple[str, ...]) -> Group:
    one = node.node("group")
    made = Group(one.text("column"), one.text("label", ""), one.whole("span", 1))
    if made.column != indicators.columns[0].key or made.column not in merge[:1]:
        raise one.fail("group 的 column 应是指标的第一列，也是 merge_down 的第一列", "请改正 column。")
    one.done()
    return made


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
        marks=node.texts("marks", ()),
        default=node.text("default", ""),
    )
    if made.marks and len(made.marks) != 2:
        raise node.fail("marks 应有两个：选中的和未选中的记号", "请写两个记号。")
    node.done()
    return made


__all__ = ["EditionError", "form"]
