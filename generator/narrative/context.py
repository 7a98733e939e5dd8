"""What every chapter needs to know about this workbook: names, level words, number style, wording settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ..editions import Edition, fill
from ..model.book import OWN_OFFICE, OWN_OFFICE_SAID, Book
from ..model.form import Form, Row
from .numbers import Decimals, NumberStyle, TableStyle, UnknownStyle

# Keys of the forms `unit` and `wording`; they keep their meaning in every edition.
UNIT, WORDING = "unit", "wording"
_AS_THE_FORM = "按版式"
UNKNOWN = "未填写"  # the words of an edition for a unit whose level is not known: a draft must be readable


@dataclass(frozen=True)
class Context:
    edition: Edition
    book: Book

    def setting(self, key: str) -> str:
        """A choice of the wording or unit sheet; the edition's default where nothing is chosen or it is unknown."""
        for form_id in (WORDING, UNIT):
            row = _row(self.edition.form(form_id), key)
            if row is not None:
                chosen = self.book.text(form_id, key)
                return chosen if chosen in row.choices or (chosen and not row.choices) else row.default
        raise KeyError(key)

    @cached_property
    def year(self) -> int:
        return int(self.book.figure(UNIT, "year", "value").value)

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Places that edition wording may use: {year} {prior_year} {unit} {unit_head} {short} {dept} {treasury} …"""
        unit = self.book.text(UNIT, "name")
        short = self.book.text(UNIT, "short_name") or unit
        level = self.book.text(UNIT, "level")
        own, says_own = self.setting("self_name"), self.setting("head_suffix") == "是"
        return {
            "year": str(self.year),
            "prior_year": str(self.year - 1),
            "unit": unit,
            "unit_head": unit + (OWN_OFFICE if says_own and not unit.endswith(OWN_OFFICE_SAID) else ""),
            "short": short,
            "level": level,
            "region": self._region,
            "dept": self.setting("scope")[:2],
            "self": {"单位全称": unit, "单位简称": short}.get(own, own),
            **dict(self.edition.levels.get(level) or self.edition.levels[UNKNOWN]),
        }

    @property
    def _region(self) -> str:
        """The district (某某区) where the edition asks for it."""
        return self.book.text(UNIT, "region") if _row(self.edition.form(UNIT), "region") is not None else ""

    def subject(self, code: str) -> str:
        """The name of a subject in the book's year; empty when the subject list does not have it."""
        return self.edition.subject_list.name(code, self.year)

    def statement(self, form: Form) -> str:
        """The 无数据 wording of a table, its places not filled yet, in the variant chosen; its first one where it lacks
        that, or has no other."""
        texts = form.statement
        chosen = self.setting("statement") if len(texts) > 1 else ""
        return texts.get(chosen) or next(iter(texts.values()))

    def fill(self, text: str) -> str:
        return fill(text, self.words)

    @cached_property
    def has_prior_year(self) -> bool:
        """False for a unit that publishes for the first time."""
        return self.setting("first_time") != "是"

    @cached_property
    def numbers(self) -> NumberStyle:
        return NumberStyle(
            thousands=self.setting("thousands") == "有",
            money_decimals=Decimals.named(self.setting("money_decimals")),
            percent_decimals=Decimals.named(self.setting("percent_decimals")),
        )

    @cached_property
    def table_numbers(self) -> TableStyle:
        style = self.edition.table_numbers
        chosen = self.setting("table_decimals")
        decimals = style["decimals"] if chosen in ("", _AS_THE_FORM) else chosen
        return TableStyle(style["thousands"] == "有", Decimals.named(decimals))


def _row(form: Form, key: str) -> Row | None:
    return next((row for block in form.blocks for row in block.rows if row.key == key), None)


__all__ = ["UNIT", "WORDING", "Context", "UnknownStyle"]
