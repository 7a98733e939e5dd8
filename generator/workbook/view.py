"""``view``: sheets as a person sees them, heads and labels included. Nothing is understood here, only shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..model.sheetview import SheetView, Shown
from . import cells, values
from .package import open_package


def view(workbook: Path, names: Iterable[str]) -> tuple[SheetView, ...]:
    """The sheets of those names, in that order; one that is not there is left out. Refusal as for ``read``."""
    made = []
    with open_package(workbook) as package:
        parts = {part.name: part.part for part in sorted(package.sheets, key=lambda part: not part.hidden)}
        strings, styles = cells.shared_strings(package), cells.styles(package)
        for name in names:
            if name in parts:
                sheet = cells.read_sheet(package, name, parts[name], strings)
                shown = {
                    (row, column): _shown(raw, styles, package.date1904)
                    for row, found in sheet.rows.items()
                    for column, raw in found.items()
                }
                made.append(SheetView(name, shown, sheet.merges))
    return tuple(made)


def _shown(raw: cells.Raw, styles: cells.Styles, date1904: bool) -> Shown:
    if raw.type == "b":
        return Shown("TRUE" if raw.text == "1" else "FALSE", formula=raw.formula)
    number = values.stored(raw.text) if raw.type == "n" else None
    if number is None:
        return Shown(values.clean(raw.text)[0], formula=raw.formula)
    code = styles.code(raw.style)
    if styles.is_date(raw.style):
        return Shown(values.date_text(number, date1904) or values.shown(number), formula=raw.formula)
    text = values.shown_as(number, code)
    if "," in code and "%" not in text:
        sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
        whole, point, decimals = digits.partition(".")
        text = f"{sign}{int(whole):,}{point}{decimals}" if whole.isdigit() else text
    return Shown(text, True, raw.formula)
