"""``roll.yaml`` of an edition: what next year's workbook takes from last year's, and where it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..editions import Edition, Node
from ..model.expression import Expression, ExpressionError, parse, references
from ..model.form import Block, Column, Form, Kind, Role, Row
from .content import FIELDS, VALUE

FILE = "roll.yaml"
EVERY = "*"  # as a row of a source: every row by its code
_ALL = "all"
_KEYS = "请核对表单文件中的 id 和 key；写作 表.行.列。"

Place = tuple[str, str, str]  # form, row (or block of an open list), column


@dataclass(frozen=True)
class Carried:
    """Rows of a block of fixed rows, columns of an open one, fields of a performance form; none named: all."""

    form: str
    block: str
    keys: tuple[str, ...] = ()

    def covers(self, key: str) -> bool:
        return not self.keys or key in self.keys


@dataclass(frozen=True)
class RollPlan:
    """``prior`` and ``budget``: target → sources, of which the first that the source's edition has counts."""

    carry: tuple[Carried, ...] = ()
    excepted: frozenset[tuple[str, str]] = frozenset()
    prior: Mapping[Place, tuple[str, ...]] = ()  # type: ignore[assignment]
    reasons: tuple[Place, ...] = ()
    budget: Mapping[Place, tuple[str, ...]] = ()  # type: ignore[assignment]


def load(edition: Edition) -> RollPlan:
    """The edition's plan; one that takes nothing where it has none. EditionError for keys that it does not have."""
    if not edition.has(FILE):
        return RollPlan((), frozenset(), {}, (), {})
    node = edition.yaml(FILE)
    found = RollPlan(
        tuple(_carry(edition, node.node("carry"))),
        frozenset(_row(edition, node, text) for text in node.texts("except", ())),
        _mapping(edition, node.node("prior")),
        tuple(_list_place(edition, node, text) for text in node.texts("reasons", ())),
        _mapping(edition, node.node("budget")) if node.has("budget") else {},
    )
    node.done()
    return found


def joined(these: Iterable[Carried], before: Iterable[Carried]) -> list[Carried]:
    """Every block once, with what either plan takes over of it: two plans often name the same one differently."""
    found: dict[tuple[str, str], Carried] = {}
    for one in (*these, *before):
        other = found.setdefault((one.form, one.block), one)
        keys = tuple(dict.fromkeys((*other.keys, *one.keys))) if other.keys and one.keys else ()
        found[one.form, one.block] = Carried(one.form, one.block, keys)
    return list(found.values())


def refs(tree: Expression) -> Iterator[Place]:
    """The cells that a source names."""
    for ref in references(tree):
        if len(ref.parts) == 3:
            yield ref.parts[0], ref.parts[1], ref.parts[2]


def form_of(edition: Edition, form_id: str) -> Form | None:
    return next((form for form in edition.forms if form.id == form_id), None)


def fields_of(form: Form) -> dict[str, Kind]:
    """The fields of a performance form."""
    found = {part.field: part.kind for line in form.lines for part in line.parts if part.field}
    if form.header is not None and form.header.field:
        found[form.header.field] = form.header.kind
    return found


def cell_of(edition: Edition, place: Place) -> tuple[Block | None, Row | None, Column | None, Kind] | None:
    """What stands at form.row.column; None when the edition has no such cell. Of a field there is only its kind."""
    form = form_of(edition, place[0])
    if form is None:
        return None
    if form.role is Role.PERFORMANCE:
        kind = fields_of(form).get(place[1])
        return (None, None, None, kind) if kind is not None and place[2] == VALUE else None
    block = form.block_of_row(place[1])
    row = next((r for r in block.rows if r.key == place[1]), None) if block is not None else None
    if block is None:
        block = next((b for b in form.blocks if b.open is not None and _in_open(b, place[1])), None)
    column = next((c for c in block.columns if c.key == place[2]), None) if block is not None else None
    if block is None or column is None:
        return None
    return block, row, column, block.kind_of(row, column) if row is not None else column.kind


def _in_open(block: Block, row: str) -> bool:
    opened = block.open
    return row in (block.key, EVERY) or (opened is not None and row.isdigit() and len(row) in opened.levels)


def _carry(edition: Edition, node: Node) -> Iterator[Carried]:
    for form_id, inner in node.items():
        form = form_of(edition, form_id)
        if form is None:
            raise node.fail(f"没有表 {form_id}", _KEYS)
        blocks = [block.key for block in form.blocks] if form.role is not Role.PERFORMANCE else [FIELDS]
        if inner.data == _ALL:
            yield from (Carried(form_id, key) for key in blocks)
            continue
        for key, listed in inner.items():
            if key not in blocks:
                raise inner.fail(f"表 {form_id} 没有块 {key}", _KEYS)
            keys = () if listed.data == _ALL else inner.texts(key)
            if form.role is Role.PERFORMANCE:
                known = set(fields_of(form))
            else:
                block = form.block(key)
                known = {c.key for c in block.columns} if block.open is not None else {r.key for r in block.rows}
            if unknown := [one for one in keys if one not in known]:
                raise inner.fail(f"{form_id}.{key} 没有 {'、'.join(unknown)}", _KEYS)
            yield Carried(form_id, key, keys)


def _row(edition: Edition, node: Node, text: str) -> tuple[str, str]:
    form_id, _, row = text.partition(".")
    form = form_of(edition, form_id)
    if form is None or (form.block_of_row(row) is None and row not in fields_of(form)):
        raise node.fail(f"except：没有 {text}", _KEYS)
    return form_id, row


def _list_place(edition: Edition, node: Node, text: str) -> Place:
    """form.block.column."""
    parts = text.split(".")
    form = form_of(edition, parts[0])
    block = next((b for b in form.blocks if b.key == parts[1]), None) if form and len(parts) == 3 else None
    if block is None or parts[2] not in {c.key for c in block.columns}:
        raise node.fail(f"没有 {text}", "写作 表.块.列。")
    return parts[0], parts[1], parts[2]


def _mapping(edition: Edition, node: Node) -> dict[Place, tuple[str, ...]]:
    found = {}
    for target, inner in node.items():
        parts = target.split(".")
        if len(parts) != 3 or cell_of(edition, (parts[0], parts[1], parts[2])) is None:
            raise node.fail(f"没有单元格 {target}", _KEYS)
        sources = tuple(str(one.data) for one in inner) if isinstance(inner.data, list) else (node.text(target),)
        for source in sources:
            if source.count(f".{EVERY}.") == 1:
                continue
            try:
                if not list(refs(parse(source))):
                    raise node.fail(f"{target}：“{source}”没有写数据来源", _KEYS)
            except ExpressionError as error:
                raise node.fail(f"{target}：{error}", _KEYS) from error
        found[parts[0], parts[1], parts[2]] = sources
    return found


def default_of(row: Row | None, block: Block | None, column: str) -> str | None:
    if row is None or block is None or column != block.value_columns[0].key:
        return None
    return row.default


def filled_in(rows: Any, carried: Carried) -> int:
    if isinstance(rows, list):
        return sum(any(value != "" for key, value in row.items() if carried.covers(key)) for row in rows)
    return sum(any(v not in ("", 0) for v in row.values()) for key, row in (rows or {}).items() if carried.covers(key))
