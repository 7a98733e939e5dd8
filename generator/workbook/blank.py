"""A workbook of an edition, empty or filled: the only door to openpyxl."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openpyxl.workbook import Workbook
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.worksheet import Worksheet

from ..editions import Edition
from ..model.book import OWN_OFFICE, OWN_OFFICE_SAID
from ..model.form import Role
from ..model.livecheck import LiveCheck
from .blank_checks import SHEET as CHECKS
from .blank_checks import write_checks
from .blank_extra import Extra, write_extra
from .blank_formulas import Formulas
from .blank_guide import GUIDE, Hidden, write_guide
from .blank_inputs import write_inputs
from .blank_package import finish
from .blank_performance import write_performance
from .blank_plan import Content, SheetPlan, plan
from .blank_sheet import Cache, Kit, Words, expand
from .blank_spots import Spot, quoted, sheet_prefix
from .blank_style import Paint
from .blank_tables import write_table

# Keys of the forms `unit` and `wording`; they keep their meaning in every edition.
UNIT, WORDING = "unit", "wording"
_AMOUNT_UNIT = "amount_unit"
_WRITERS: Mapping[Role, Callable[[Kit, Worksheet, SheetPlan], None]] = {
    Role.TABLE: write_table,
    Role.INPUT: write_inputs,
    Role.PERFORMANCE: write_performance,
}
_TABS = {Role.TABLE: "FF4F81BD", Role.INPUT: "FFE0B040", Role.PERFORMANCE: "FF6FA76F"}


def build(
    edition: Edition,
    content: Content | None = None,
    *,
    year: int | None = None,
    unit: str | None = None,
    checks: Sequence[LiveCheck] = (),
    extras: Sequence[Extra] = (),
) -> bytes:
    """The .xlsx of ``edition``, filled with ``content`` (see docs/architecture.md) and with defaults elsewhere.

    ``checks`` are shown live on a sheet of their own, when there are any; ``extras`` are further sheets at the end.
    ``year`` and ``unit`` fill in the year (the edition's last one when nobody says) and the unit's name. A value in
    ``content`` takes the place of a formula; every formula carries its value, so that a reader that does not
    calculate sees the same. Text stays text whatever it begins with. The bytes depend on the arguments alone.
    ValueError names content that no form has a place for, or that no cell can hold.
    """
    sheets = plan(edition, _with_facts(edition, content or {}, year, unit))
    hidden = Hidden(edition)
    formulas = Formulas(sheets, hidden.subjects)
    words = _Words(formulas, sheets)
    cache: Cache = {}
    kit = Kit(
        edition, formulas, Paint(), words.all(), words.amount_line(edition), words.statement(), cache,
        hidden.choices, hidden.codes,
    )  # fmt: skip
    book = Workbook()
    guide = book.active
    guide.title = GUIDE
    live = book.create_sheet(CHECKS) if checks else None
    for sheet in sheets:
        made = book.create_sheet(sheet.name)
        made.sheet_properties.tabColor = _TABS[sheet.form.role]
        _WRITERS[sheet.form.role](kit, made, sheet)
    write_guide(kit, guide, sheets, CHECKS if live is not None else "")
    hidden.write(kit, book)
    if live is not None:
        write_checks(kit, book, live, sheets, checks, words.amount_unit())
    for extra in extras:
        write_extra(kit, book, extra)
    book.calculation = CalcProperties(fullCalcOnLoad=True)
    book.properties.creator = "gongkai"
    book.properties.title = "".join(c for c in expand(edition.title, kit.words)[1] if c.isprintable())
    out = io.BytesIO()
    book.save(out)
    return finish(out.getvalue(), cache)


def _with_facts(edition: Edition, content: Content, year: int | None, unit: str | None) -> Content:
    """Content with the year, the edition's id and the unit's name at their places on the sheet of the unit."""
    form = edition.form(UNIT)
    filled: dict[str, Any] = {key: dict(block) if isinstance(block, Mapping) else block
                              for key, block in content.get(UNIT, {}).items()}  # fmt: skip
    facts: dict[str, Any] = {"year": year, "name": unit, "edition": edition.id}
    defaults = {"year": edition.years[-1]}
    for key, value in facts.items():
        block = form.block_of_row(key)
        if block is None:
            continue
        rows = filled.setdefault(block.key, {})
        column = block.value_columns[0].key
        if value is not None:
            rows[key] = {column: value}
        elif key in defaults:
            rows.setdefault(key, {column: defaults[key]})
    return {**content, UNIT: filled}


class _Words:
    """Places of edition wording, as spreadsheet expressions over the sheets `unit` and `wording`, and as text now."""

    def __init__(self, formulas: Formulas, sheets: list[SheetPlan]) -> None:
        self._formulas = formulas
        self._sheets = {sheet.form.id: sheet for sheet in sheets if sheet.form.id in (UNIT, WORDING)}

    def _spot(self, key: str) -> Spot | None:
        for sheet in self._sheets.values():
            found = sheet.find(key)
            if found is not None:
                return Spot(sheet, *found, found[0].block.value_columns[0])
        return None

    def _setting(self, key: str) -> tuple[str, str]:
        """Address and present text of a setting; a constant where the edition has none."""
        spot = self._spot(key)
        if spot is None:
            return '""', ""
        value = self._formulas.value(spot)
        return sheet_prefix(spot.sheet.name) + spot.address, "" if value is None else str(value)

    def all(self) -> Words:
        year, unit, short = self._setting("year"), self._setting("name"), self._setting("short_name")
        scope, suffix, level = self._setting("scope"), self._setting("head_suffix"), self._setting("level")
        own = OWN_OFFICE
        added = suffix[1] == "是" and not unit[1].endswith(OWN_OFFICE_SAID)
        unsaid = ",".join(f'RIGHT({unit[0]},{len(end)})<>"{end}"' for end in OWN_OFFICE_SAID)
        formula = f'IF(AND({suffix[0]}="是",{unsaid}),"{own}","")'
        prior, before = ((f"({year[0]}-{n})", str(int(year[1]) - n) if year[1].isdigit() else "") for n in (1, 2))
        return {
            "year": year,
            "prior_year": prior,
            "year_before_last": before,
            "unit": unit,
            "short": (f'IF({short[0]}="",{unit[0]},{short[0]})', short[1] or unit[1]),
            "unit_head": (f"{unit[0]}&{formula}", unit[1] + (own if added else "")),
            "level": level,
            "region": self._setting("region"),
            "dept": (f"LEFT({scope[0]},2)", scope[1][:2]),
        }

    def amount_line(self, edition: Edition) -> tuple[str, str]:
        """金额单位：… following the choice on the sheet of the unit."""
        spot = self._spot(_AMOUNT_UNIT)
        line = edition.amount_line
        choices = spot.row.row.choices if spot and spot.row.row else ()
        ending = max((c for c in choices if line.endswith(c)), key=len, default="")
        if not ending:
            return "", line
        cell, now = self._setting(_AMOUNT_UNIT)
        lead = line.removesuffix(ending)
        return f'={quoted(lead)}&IF({cell}="",{quoted(ending)},{cell})', lead + (now or ending)

    def amount_unit(self) -> tuple[str, str]:
        """元 or 万元."""
        return self._setting(_AMOUNT_UNIT)

    def statement(self) -> tuple[str, str]:
        return self._setting("statement")
