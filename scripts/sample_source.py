"""From a readable source file (inputs/sources/*.yaml) to the ``content`` that fills a blank workbook.

A source names its edition and, form by form, what an accountant would fill in::

    forms:
      unit: {year: 2021, name: …}             # fixed rows: key and value
      changes:
        totals: {last: 4090.91, reason: …}    # fixed rows with several columns
      general:
        subjects:                             # rows by subject code, as a text table
          columns: basic project
          rows: |
            201      一般公共服务支出
            2010104  人大会议            -  5.75
      texts:
        duties: [第一段, 第二段]               # a free list of one column
      key_work:
        items: [{matter: …, goal: …}]         # a free list of several columns
      project_performance: [{…}, {…}]         # a repeated form

Nothing that a form adds up by itself is typed. Where a published sum is off its addends by a rounding tail, the
published amount stands in the 类 or 款 line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from generator.editions import Edition, load
from generator.model.form import AMOUNT_KINDS, Block, Column, Form, Kind, Role

SOURCES = Path(__file__).resolve().parent.parent / "inputs" / "sources"
_AMOUNT = re.compile(r"-?\d+(\.\d+)?$")


class _AsTyped(yaml.SafeLoader):
    """Every scalar stays text: 0.50 is 0.50, never a binary float, and 是 or no never a boolean."""

    yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile(r"<<$"))]}  # noqa: RUF012 (PyYAML's own)


class SourceError(ValueError):
    """A source names a form, row or column that the edition does not have; the message says which."""


def names() -> tuple[str, ...]:
    """The sources at hand, without their ending."""
    return tuple(sorted(path.stem for path in SOURCES.glob("*.yaml")))


def load_source(name: str) -> tuple[Edition, dict[str, Any]]:
    """The edition and the content of inputs/sources/<name>.yaml."""
    edition_id, forms = raw_source(name)
    edition = load(edition_id)
    return edition, content(edition, forms)


def raw_source(name: str) -> tuple[str, dict[str, Any]]:
    """The edition's id and the forms of inputs/sources/<name>.yaml as they are written there."""
    data = yaml.load((SOURCES / f"{name}.yaml").read_text(encoding="utf-8"), Loader=_AsTyped)
    return data["edition"], data["forms"]


def content(edition: Edition, forms: Mapping[str, Any]) -> dict[str, Any]:
    """``forms`` of a source as content for ``blank.build``; SourceError for anything the edition does not know."""
    made: dict[str, Any] = {}
    for form_id, data in forms.items():
        try:
            form = edition.form(form_id)
        except KeyError:
            raise SourceError(f"no form {form_id!r}") from None
        one = _performance if form.role is Role.PERFORMANCE else _sheet
        made[form_id] = [one(form, item) for item in data] if form.repeat else one(form, data)
    return made


def _sheet(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in data.items():
        block = next((b for b in form.blocks if b.open is not None and b.key == key), None)
        if block is not None:
            made[key] = made.get(key, []) + _open_rows(form, block, value)
            continue
        home = form.block_of_row(key)
        if home is None:
            raise SourceError(f"{form.id}: no row or open block {key!r}")
        row = next(r for r in home.rows if r.key == key)
        if not isinstance(value, Mapping):
            value = {_first(home).key: value}
        cells = {c: _cell(form, home.kind_of(row, home.column(c)), v) for c, v in _known(form, home, value).items()}
        if home.open is not None:
            made.setdefault(home.key, []).insert(0, {"_key": key, **cells})
        else:
            made.setdefault(home.key, {})[key] = cells
    return made


def _open_rows(form: Form, block: Block, data: Any) -> list[dict[str, Any]]:
    if isinstance(data, Mapping):
        rows: list[Mapping[str, Any]] = list(_text_table(form, block, data["columns"].split(), data["rows"]))
    else:
        rows = [item if isinstance(item, Mapping) else {_first(block).key: item} for item in data]
    return [{c: _cell(form, block.column(c).kind, v) for c, v in _known(form, block, row).items()} for row in rows]


def _text_table(form: Form, block: Block, columns: list[str], text: str) -> list[dict[str, str]]:
    """Lines of code, name and amounts in the order of ``columns``; “-” is a blank, missing amounts are blank."""
    made: list[dict[str, str]] = []
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) > len(columns) + 2:
            raise SourceError(f"{form.id}.{block.key}: more amounts than columns in {line!r}")
        made.append({k: w for k, w in zip(("code", "name", *columns), words, strict=False) if w != "-"})
    return made


def _performance(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """A performance form: its fields by name, its open parts by key as rows in the order of the columns.

    A mapping among those rows is a fixed row: ``{total: [95]}``.
    """
    parts = {line.indicators.key: line.indicators for line in form.lines if line.indicators}
    fields = {part.field: part.kind for line in form.lines for part in line.parts if part.field}
    if form.header and form.header.field:
        fields[form.header.field] = Kind.VERBATIM
    made: dict[str, Any] = {"fields": {}, **{key: [] for key in parts}}
    for key, value in data.items():
        if key in parts:
            made[key] = [row for given in value for row in _part_rows(form, parts[key], given)]
        elif key in fields:
            made["fields"][key] = {"value": _cell(form, fields[key], value)}
        else:
            raise SourceError(f"{form.id}: no field {key!r}")
    return made


def _part_rows(form: Form, block: Block, given: Any) -> list[dict[str, Any]]:
    keys = [column.key for column in block.columns]
    if isinstance(given, Mapping):
        return [
            {"_key": row, **{k: _cell(form, Kind.VERBATIM, v) for k, v in zip(keys[1:], values, strict=True)}}
            for row, values in given.items()
        ]
    return [{k: _cell(form, block.column(k).kind, v) for k, v in zip(keys, given, strict=True)}]


def _first(block: Block) -> Column:
    """The first column that is filled in by hand; codes are the form's own unless rows are free to add."""
    codes = () if block.open else (Kind.CODE, Kind.NAME)
    return next(c for c in block.value_columns if not c.show and not c.sum_of and c.kind not in codes)


def _known(form: Form, block: Block, row: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = [key for key in row if key not in {c.key for c in block.columns}]
    if unknown:
        raise SourceError(f"{form.id}.{block.key}: no column {unknown[0]!r}")
    return row


def _cell(form: Form, kind: Kind, text: Any) -> str | Decimal:
    """Amounts as Decimal; what is printed as typed becomes a number when it is a plain one, as typing it would."""
    if not isinstance(text, str):
        raise SourceError(f"{form.id}: text expected, not {text!r}")
    number = _AMOUNT.match(text.strip())
    if kind in AMOUNT_KINDS and not number:
        raise SourceError(f"{form.id}: {text!r} is not an amount")
    plain = kind is Kind.VERBATIM and number and not (text.startswith("0") and text[1:2].isdigit())
    plain = plain and not re.search(r"\.\d*0$", text.strip())  # 0.00 is to be printed so: as a number it would be 0
    return Decimal(text.strip()) if kind in AMOUNT_KINDS or plain else text
