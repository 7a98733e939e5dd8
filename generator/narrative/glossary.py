"""The terms of 名词解释 from the edition's ``glossary.yaml``: what is empty goes, the numbering closes up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..editions import Edition, EditionError, Node, fill
from ..editions.node import read
from ..model.book import Book
from .context import Context
from .ledger import Ledger
from .spans import WrongTemplate

FILE = "glossary.yaml"


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    amount: str
    usual: bool  # named by the form itself, whatever the unit has


@dataclass(frozen=True, slots=True)
class _Item:
    id: str
    term: str
    text: str
    list: str
    kinds: tuple[_Kind, ...]
    other_than: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One term; ``lines`` are what the chapter lists below it."""

    id: str
    term: str
    text: str
    list: str
    lines: Sequence[Any]


def glossary(context: Context, ledger: Ledger, lists: Mapping[str, Sequence[Any]]) -> tuple[Term, ...]:
    """All terms in order. A term with a ``list:`` is there only when ``lists`` has something under that name."""
    made: list[Term] = []
    path = context.edition.find(FILE)
    for item in _items(path, path.stat().st_mtime_ns):
        if item.list and not lists.get(item.list):
            continue
        words = {**context.words, "kinds": _kinds(ledger, item)}
        text = fill(item.text, words)
        made.append(Term(item.id, fill(item.term, words), text, item.list, lists.get(item.list, ())))
    return tuple(made)


def check(edition: Edition) -> None:
    """Terms once each, and every amount they ask for is there; EditionError otherwise."""
    path = edition.find(FILE)
    ledger = Ledger(Context(edition, Book(edition.id, "", {})))
    seen: set[str] = set()
    for item in _items(path, path.stat().st_mtime_ns):
        if item.id in seen:
            raise EditionError(f"{edition.shown(FILE)}: 名词 {item.id} 写了两次", "请删去或改名其中一个。")
        seen.add(item.id)
        for reference in (*item.other_than, *(kind.amount for kind in item.kinds)):
            try:
                ledger.split(reference)
            except WrongTemplate as error:
                raise EditionError(
                    f"{edition.shown(FILE)}: 名词 {item.id}: {error}", "请核对表单文件中的 id 和 key。"
                ) from error


def _kinds(ledger: Ledger, item: _Item) -> str:
    """“甲”、“乙”: the kinds of income the unit has; all that the form names where it has nothing special."""
    special = any(ledger.figure(path) for path in item.other_than)
    chosen = [kind for kind in item.kinds if ledger.figure(kind.amount)] if special else []
    return "、".join(f"“{kind.name}”" for kind in chosen or [k for k in item.kinds if k.usual])


@lru_cache(maxsize=8)
def _items(path: Path, changed: int) -> tuple[_Item, ...]:
    """``changed``: when the file was written, so that a later version is read again."""
    node = read(path, f"{path.parent.name}/{path.name}")
    made = tuple(_item(one) for one in node.nodes("items"))
    node.done()
    return made


def _item(node: Node) -> _Item:
    made = _Item(
        id=node.text("id"),
        term=node.text("term"),
        text=node.text("text", ""),
        list=node.text("list", ""),
        kinds=tuple(_kind(n) for n in node.nodes("kinds", [])),
        other_than=node.texts("all_unless", ()),
    )
    node.done()
    return made


def _kind(node: Node) -> _Kind:
    made = _Kind(node.text("name"), node.text("amount"), node.flag("usual"))
    node.done()
    return made
