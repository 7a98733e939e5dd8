"""docs/chapters.md names all that chapters may use, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from book_builder import sample_book

from generator import editions
from generator.model.book import Book
from generator.narrative.comparisons import Comparisons
from generator.narrative.compose import fixed_digits, known, prepared
from generator.narrative.filters import FILTERS
from generator.narrative.ledger import Ledger, RowView
from generator.narrative.sandbox import environment
from generator.narrative.scribe import _STYLES, Scribe
from generator.narrative.values import Amount, Change

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "chapters.md").read_text(encoding="utf-8")
EDITION = editions.load("wuhan-final-2021")
INSIDE = {"__abs__", "desk", "figure", "explain", "cells", "given", "now", "before", "known"}


@pytest.fixture(scope="module")
def book() -> Book:
    return sample_book(EDITION)


def names(book: Book) -> dict[str, object]:
    ledger = Ledger(prepared(EDITION, book))
    comparisons = Comparisons(ledger)
    return known(ledger, comparisons, Scribe(ledger.context, ledger, fixed_digits(EDITION)))


def own(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")} - INSIDE


def test_every_function_filter_and_style_is_explained(book: Book) -> None:
    macros = re.findall(r"macro (\w+)\(", (ROOT / "templates/shared/sentences.j2").read_text(encoding="utf-8"))
    parts = {f".{name}" for kind in (Amount, Change, RowView) for name in own(kind)}
    wanted = {*names(book), *FILTERS, *_STYLES, *macros, *parts}
    assert sorted(name for name in wanted if not re.search(rf"{re.escape(name)}\b", TEXT)) == []


@pytest.mark.parametrize("call", sorted(set(re.findall(r"`([a-z_]+\([^`]*\))`", TEXT))))
def test_every_function_named_is_there(call: str, book: Book) -> None:
    name = call.partition("(")[0]
    known_names = {*names(book), *FILTERS}
    macros = (ROOT / "templates/shared/sentences.j2").read_text(encoding="utf-8")
    assert name in known_names or f"macro {name}(" in macros


TRIED = "figure|text|lines|rows|names_below|subject|leaves|heads|yearly|against"
EXAMPLES = re.findall(rf"^\| `((?:{TRIED})\(.*?\))`", TEXT, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_run(example: str, book: Book) -> None:
    chapters = environment(EDITION.folders)
    chapters.budget.renew()
    chapters.from_string("{% set found = " + example + " %}").render(names(book))


def test_it_is_reached_from_the_walk_through() -> None:
    assert "(chapters.md)" in (ROOT / "docs" / "adding-an-edition.md").read_text(encoding="utf-8")
