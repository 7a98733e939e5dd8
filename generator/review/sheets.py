"""The workbook's half of the page: every sheet that was read, as filled, with heads of rows and columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ..model.cell import CellRef, column_letters
from ..model.sheetview import SheetView, Shown
from .markup import Places, escape, lines

_BRIDGE = 3  # empty rows or columns in between that are drawn; more become a gap
_MOST_ROWS, _MOST_COLUMNS = 5000, 400
_NOTHING = Shown("")


def tabs(sheets: Sequence[SheetView]) -> str:
    return "".join(
        f'<button type="button" role="tab" id="t{at}" aria-controls="s{at}" aria-selected="{str(not at).lower()}"'
        f' tabindex="{-1 if at else 0}">{escape(sheet.name)}</button>'
        for at, sheet in enumerate(sheets)
    )


def panels(
    sheets: Sequence[SheetView], places: Places, wanted: Mapping[str, Collection[CellRef]], flags: Mapping[CellRef, str]
) -> str:
    """One panel a sheet. ``wanted`` are cells that must have a place though they are empty."""
    return "".join(
        f'<section class="sheet" role="tabpanel" id="s{at}" aria-labelledby="t{at}">'
        f"<h3>{escape(sheet.name)}</h3>{_sheet(sheet, places, wanted.get(sheet.name, ()), flags)}</section>"
        for at, sheet in enumerate(sheets)
    )


def _sheet(sheet: SheetView, places: Places, wanted: Collection[CellRef], flags: Mapping[CellRef, str]) -> str:
    needed = {(ref.row, ref.column) for ref in wanted}
    spots = {place for place, cell in sheet.cells.items() if cell.text or cell.formula} | needed
    ranges = [(a, b) for a, b in sheet.merges.items() if a in spots]
    rows = _drawn([r for r, _ in spots], [range(a[0], b[0]) for a, b in ranges], _MOST_ROWS)
    columns = _drawn([c for _, c in spots], [range(a[1], b[1]) for a, b in ranges], _MOST_COLUMNS)
    row_at, column_at = {r: n for n, r in enumerate(rows)}, {c: n for n, c in enumerate(columns)}
    covered: set[tuple[int, int]] = set()
    spans: dict[tuple[int, int], str] = {}
    for (top, left), (bottom, right) in ranges:
        if top not in row_at or left not in column_at:
            continue
        down = [r for r in rows[row_at[top] :] if r <= bottom]
        across = [c for c in columns[column_at[left] :] if c <= right]
        covered.update((r, c) for r in down for c in across if (r, c) != (top, left) and (r, c) not in needed)
        if not any((r, c) in needed for r in down for c in across if (r, c) != (top, left)):
            spans[top, left] = (f' colspan="{len(across)}"' if len(across) > 1 else "") + (
                f' rowspan="{len(down)}"' if len(down) > 1 else ""
            )
        else:
            covered.difference_update((r, c) for r in down for c in across)
    head = "".join(f'<th scope="col">{column_letters(column)}</th>' for column in columns)
    body, last = [], 0
    for row in rows:
        if last and row > last + 1:
            body.append(f'<tr class="gap"><th></th><td colspan="{len(columns)}">……</td></tr>')
        last = row
        cells = "".join(
            _cell(sheet, places, flags, (row, column), spans.get((row, column), ""), needed)
            for column in columns
            if (row, column) not in covered
        )
        body.append(f'<tr><th scope="row">{row}</th>{cells}</tr>')
    return (
        f'<div class="scroll"><table class="grid" aria-label="{escape(sheet.name)}">'
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(
    sheet: SheetView,
    places: Places,
    flags: Mapping[CellRef, str],
    place: tuple[int, int],
    spans: str,
    needed: Collection[tuple[int, int]],
) -> str:
    shown = sheet.cells.get(place, _NOTHING)
    if not shown.text and not shown.formula and place not in needed:
        return f"<td{spans}></td>"
    ref = CellRef(sheet.name, *place)
    flag = flags.get(ref, "")
    classes = ("n" if shown.number else "") + (" x" if shown.formula else "")
    kind = f' class="{classes.strip()}"' if classes else ""
    marked = f' data-s="{flag}"' if flag else ""
    return f'<td id="c{places.short(ref)}"{spans}{kind}{marked}>{lines(shown.text)}</td>'


def _drawn(used: Iterable[int], inside: Iterable[range], most: int) -> list[int]:
    """The numbers to draw: those used, those that a merged range covers nearby, and small gaps between."""
    found = set(used)
    for covered in inside:
        found.update(covered[: _BRIDGE * 4])
    made: list[int] = []
    for number in sorted(found):
        if made and 1 < number - made[-1] <= _BRIDGE + 1:
            made.extend(range(made[-1] + 1, number))
        elif not made and number <= _BRIDGE + 1:
            made.extend(range(1, number))
        made.append(number)
    return made[:most]
