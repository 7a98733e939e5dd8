"""``consolidate.yaml`` of an edition: what of its units a department's workbook adds up, joins or takes over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..editions import Edition, Node
from ..model.form import Block, Form
from .rollplan import form_of

FILE = "consolidate.yaml"
_KEYS = "请核对表单文件中的 id 和 key。"

Scope = tuple[str, str]  # form, block ("" every block)


@dataclass(frozen=True)
class Internal:
    """A payment between units, as form.column: paid and received by subject; the row of ``total`` holds them all."""

    name: str
    paid: tuple[str, str]
    received: tuple[str, str]
    total: tuple[str, str]


@dataclass(frozen=True)
class UnitPlan:
    """``kinds``: unit type → its word in the list of units.

    ``counts``: row → the types counted there, and whether the own office counts too.
    """

    summed: tuple[Scope, ...] = ()
    joined: tuple[Scope, ...] = ()
    merged: tuple[Scope, ...] = ()
    first: tuple[Scope, ...] = ()
    listed: Scope = ("", "")
    name: str = ""
    kind: str = ""
    type: tuple[str, str] = ("", "")
    kinds: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, tuple[tuple[str, ...], bool]] = field(default_factory=dict)
    internal: Mapping[str, Internal] = field(default_factory=dict)

    @staticmethod
    def covers(scopes: tuple[Scope, ...], form: str, block: str) -> bool:
        return any(one == form and key in ("", block) for one, key in scopes)


def load(edition: Edition) -> UnitPlan:
    """The edition's plan; one that adds up the official tables only where it has none. EditionError for wrong keys."""
    if not edition.has(FILE):
        return UnitPlan()
    node = edition.yaml(FILE)
    units, internal = node.node("units"), node.node("eliminate")
    counts = {}
    for row, inner in units.node("counts").items():
        counts[row] = (inner.texts("of"), inner.flag("own"))
    made = UnitPlan(
        summed=_scopes(edition, node, "sum"),
        joined=_scopes(edition, node, "join"),
        merged=_scopes(edition, node, "merge"),
        first=_scopes(edition, node, "first"),
        listed=_pair(units, "list"),
        name=units.text("name"),
        kind=units.text("kind"),
        type=_pair(units, "type"),
        kinds=units.mapping("kinds"),
        counts=counts,
        internal={
            name: Internal(name, _pair(inner, "paid"), _pair(inner, "received"), _pair(inner, "total"))
            for name, inner in internal.items()
        },
    )
    node.done()
    return made


def open_by_code(form: Form) -> Block | None:
    return next((b for b in form.blocks if b.open is not None and b.open.by_code), None)


def _scopes(edition: Edition, node: Node, key: str) -> tuple[Scope, ...]:
    found = []
    for text in node.texts(key, ()):
        form_id, _, block = text.partition(".")
        form = form_of(edition, form_id)
        if form is None or (block and block not in {b.key for b in form.blocks}):
            raise node.fail(f"{key}：没有 {text}", _KEYS)
        found.append((form_id, block))
    return tuple(found)


def _pair(node: Node, key: str) -> tuple[str, str]:
    first, _, second = node.text(key).partition(".")
    return first, second
