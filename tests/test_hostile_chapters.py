"""A user's own chapters: kept from the machine, and from running for ever or filling the memory."""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from pathlib import Path

import pytest
from book_builder import sample_book

from generator import editions
from generator.editions import EditionError
from generator.narrative.compose import compose

EDITION = editions.load("wuhan-final-2021")

ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ unit.__init__.__globals__ }}",
    "{{ figure.__globals__ }}",
    "{{ self.__init__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ ''|attr('__class__') }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../../../etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
    "{{ ''['__class__'] }}",
    "{{ [].append(1) }}",
    "{{ '{0.__class__}'.format(unit) }}",
    "{{ '%s'|format(unit) }}",
    "{% set x = para.__self__ %}{{ x }}",
    "{{ joiner.__init__.__globals__ }}",
]
ENDLESS = [
    "{{ range(10**9)|list|length|string }}",
    "{% for a in range(1000000) %}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% set x = range(99999)|list %}{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}",
    "{{ 'a' * 10**9 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 1000000000 * 'a' }}",
    "{{ [0] * 1000000000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 9**9**9 }}",
    "{{ 'a'|center(1000000000) }}",
    "{{ 'a'.ljust(1000000000) }}",
    "{{ 'a'.zfill(1000000000) }}",
    "{{ '甲'|indent(1000000000) }}",
    "{{ lipsum(n=100000) }}",
    "{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set n.x = [n.x, n.x]|join %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set n.x = n.x.replace('a', n.x) %}{% endfor %}",
    "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{% macro f(n) %}{% if n %}{% set a = f(n - 1) %}{% set b = f(n - 1) %}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% for a in range(99999) %}" + "长" * 10_000 + "{% endfor %}",
    "{% set t = 'a' * 1000000 %}{% for a in range(99999) %}{{ t }}{% endfor %}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% include 'chapters/glossary.j2' %}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "[" * 500 + "]" * 500 + " }}",
]


def composed(tmp_path: Path, text: str) -> str:
    """What is said of the edition with ``text`` as a chapter."""
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "glossary.j2").write_text(text, encoding="utf-8")
    with pytest.raises(EditionError) as error:
        compose(replace(EDITION, folders=(tmp_path, *EDITION.folders)), sample_book(EDITION))
    return str(error.value)


@pytest.mark.parametrize("text", ESCAPES, ids=range(len(ESCAPES)))
def test_chapters_are_kept_from_the_machine(text: str, tmp_path: Path) -> None:
    said = composed(tmp_path, text)
    assert "glossary.j2" in said
    assert "root:" not in said


@pytest.mark.parametrize("text", ENDLESS, ids=range(len(ENDLESS)))
def test_chapters_come_to_an_end(text: str, tmp_path: Path) -> None:
    """Within ten seconds and 200 MB more than before."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    said = composed(tmp_path, text)
    assert "glossary.j2" in said
    assert time.monotonic() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
