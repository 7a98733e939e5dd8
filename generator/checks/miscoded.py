"""Rows under a wrong code of the right length: the code is named, and what follows from it is not told as well.

One table has a subject that no other has, and lacks one of the same name that the others have: 2010530 beside
2010350, both 事业运行. Whether the code is the mistake is tried out: the book is checked again with the other code.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from ..model.book import BlockData, Book, FormData, RowData
from ..model.cell import Cell, CellRef
from ..model.figure import ZERO
from ..model.finding import Finding, Severity
from ..model.form import Block, Role
from . import places
from .formula import HALF_CENT, Reads, amount_columns
from .rule import Outcome, RuleResult

_RULE = "S8"  # as the reader speaks of codes
_CANDIDATES = 12  # more are no slip of the fingers: another form's rows, or a table of its own
_ROUNDS = 5
_FIX = "请核对该行的科目编码，改正后重新校验；同一科目在各表的编码应当相同。"

Whole = Callable[[Book], Sequence[RuleResult]]


@dataclass(frozen=True)
class Miscoded:
    """The book as it would be with the right codes, and what to say of the wrong ones."""

    book: Book
    findings: tuple[Finding, ...] = ()
    explained: frozenset[CellRef] = frozenset()

    def said(self, findings: Sequence[Finding]) -> list[Finding]:
        """Without what the reader says of the codes because one of them is wrong: order, doubles, missing parents."""
        return [f for f in findings if f.rule != _RULE or not f.cells or not self.explained.issuperset(f.cells)]


class _Place(NamedTuple):
    """A row of a table by code; ``number`` counts the rows of its block."""

    form: str
    block: str
    number: int
    code: str
    name: str
    cell: CellRef


class _Candidate(NamedTuple):
    place: _Place
    right: str
    others: tuple[_Place, ...]  # rows of other tables with the right code
    own: bool  # the subject list has the name for the code that stands there,
    known: bool  # and for the right one


def found(reads: Reads, whole: Whole) -> Miscoded:
    """``whole`` gives all results of a book; it is asked only where codes of one name differ between tables."""
    book, said, explained = reads.book, [], set[CellRef]()
    named = _by_name(reads)
    for _ in range(_ROUNDS):
        listed = list(_places(book))
        candidates = list(islice(_candidates(listed, named), _CANDIDATES + 1))
        if not 0 < len(candidates) <= _CANDIDATES:
            break
        before = _wrong(whole(book))
        tried = [(_wrong(whole(_with(book, one))), n) for n, one in enumerate(candidates)]
        least = min(after for after, _ in tried)
        if least >= before:
            break
        best = [candidates[n] for after, n in tried if after == least]
        chosen = max(best, key=lambda one: (not one.own, one.known, len(one.others)))
        weight = (chosen.own, chosen.known, len(chosen.others))
        rivals = [o for o in best if o.place in chosen.others and (o.own, o.known, len(o.others)) == weight]
        group = [chosen]
        if chosen.own and chosen.others and not chosen.known:  # all the other tables are wrong
            right = chosen.place.code
            group = [_Candidate(other, right, (chosen.place,), False, True) for other in chosen.others]
        said.append(_finding(reads, group, bool(rivals), before - least))
        for one in group:
            explained |= _explained(listed, one)
            book = _with(book, one)
    return Miscoded(book, tuple(said), frozenset(explained))


def _places(book: Book) -> Iterator[_Place]:
    for data in book:
        if data.form.role is not Role.TABLE:
            continue
        for block, rows in _by_code(data):
            fixed = {row.key for row in block.rows}
            for number, row in enumerate(rows.rows):
                cell = row.cells.get("code")
                at = cell.ref if cell is not None else row.ref
                name = _plain(row.text("name") or row.label)
                usable = block.open is not None and len(row.key) in block.open.levels
                if row.key not in fixed and at is not None and name and usable:
                    yield _Place(data.form.id, block.key, number, row.key, name, at)


def _by_code(data: FormData) -> Iterator[tuple[Block, BlockData]]:
    for block in data.form.blocks:
        if block.open is not None and block.open.by_code and block.key in data.blocks:
            yield block, data.blocks[block.key]


def _by_name(reads: Reads) -> dict[str, set[str]]:
    """The codes of each name in the subject list."""
    subjects, year = reads.edition.subject_list, reads.book.figure("unit", "year", "value")
    found: dict[str, set[str]] = {}
    for code in subjects.named:
        for name in subjects.names(code, int(year.value) if year else None):
            found.setdefault(_plain(name), set()).add(code)
    return found


def _candidates(listed: Sequence[_Place], subjects: Mapping[str, set[str]]) -> Iterator[_Candidate]:
    codes: dict[str, dict[str, Counter[str]]] = {}  # code → table → its names
    named: dict[str, dict[str, list[_Place]]] = {}
    for place in listed:
        codes.setdefault(place.code, {}).setdefault(place.form, Counter())[place.name] += 1
        named.setdefault(place.name, {}).setdefault(place.code, []).append(place)
    lacking: dict[tuple[str, str], list[str]] = {}  # of a name, the codes that a table does not have
    for place in listed:
        here = codes[place.code]
        double = here[place.form].total() > 1 and all(
            place.name not in names for form, names in here.items() if form != place.form
        )
        if len(here) > 1 and not double:
            continue
        known = subjects.get(place.name, set())
        near = (
            {code for code in known if code[:-2] == place.code[:-2] and len(code) == len(place.code)}
            if place.code not in known
            else set()
        )
        if (place.form, place.name) not in lacking:
            lacking[place.form, place.name] = [code for code in named[place.name] if place.form not in codes[code]]
        for right in dict.fromkeys([*lacking[place.form, place.name], *sorted(near)]):
            if len(right) == len(place.code) and place.form not in codes.get(right, {}):
                yield _Candidate(
                    place, right, tuple(named[place.name].get(right, ())), place.code in known, right in known
                )


def _wrong(results: Sequence[RuleResult]) -> int:
    return sum(r.outcome is Outcome.BROKEN and r.check.severity is Severity.ERROR for r in results)


def _finding(reads: Reads, group: Sequence[_Candidate], either: bool, mended: int) -> Finding:
    """One wrong code, in one table or in several."""
    one = group[0]
    row = reads.book.sheets[one.place.form][0].blocks[one.place.block].rows[one.place.number]
    cells = [other.place.cell for other in group]
    there = list(dict.fromkeys(other.cell for other in one.others))
    year = reads.book.figure("unit", "year", "value")
    known = reads.edition.subject_list.name(one.place.code, int(year.value) if year else None)
    which = f"（科目表中为“{known}”）" if known and _plain(known) != one.place.name else ""
    doubt = "与其他表的不同，其中一处有误" if either else f"疑为“{one.right}”之误"
    where = f"在其他表（{places.cells(there)}）的编码是" if there else "在科目表中的编码是"
    tables = "、".join(dict.fromkeys(places.table(reads.edition.form(other.place.form)) for other in group))
    text = (
        f"{places.cells(cells)} 的科目编码“{one.place.code}”{which}{doubt}：“{row.text('name') or row.label}”{where}"
        f" {one.right}，{tables}没有这个编码。改正后，由此不符的 {mended} 项核对成立，不再逐条列出。"
    )
    return Finding(_RULE, Severity.ERROR, text, _FIX, tuple(dict.fromkeys([*cells, *there])))


def _explained(listed: Sequence[_Place], one: _Candidate) -> set[CellRef]:
    """The code itself, its double, the next row (out of order), and the rows that lack it as their parent."""
    rows = [p for p in listed if (p.form, p.block) == (one.place.form, one.place.block)]
    near = {one.place.number, one.place.number + 1}
    own = {one.place.code, one.right}
    return {p.cell for p in rows if p.number in near or p.code in own or p.code.startswith(one.right)}


def _with(book: Book, one: _Candidate) -> Book:
    """The book with the right code, and the sums that the table's formulas would then show."""
    data = book.sheets[one.place.form][0]
    block = data.form.block(one.place.block)
    rows = data.blocks[block.key].rows
    row = rows[one.place.number]
    cell = row.cells.get("code")
    cells = {**row.cells, "code": cell._replace(text=one.right)} if cell is not None else row.cells
    renamed = (*rows[: one.place.number], replace(row, key=one.right, cells=cells), *rows[one.place.number + 1 :])
    summed = _summed(block, rows, renamed, (one.place.code, one.right))
    sheets = replace(data, blocks={**data.blocks, block.key: replace(data.blocks[block.key], rows=summed)})
    return replace(book, sheets={**book.sheets, one.place.form: (sheets, *book.sheets[one.place.form][1:])})


def _summed(
    block: Block, old: Sequence[RowData], new: Sequence[RowData], moved: tuple[str, str]
) -> tuple[RowData, ...]:
    """The rows with every total that was the sum of its children made the sum of those it has now.

    ``moved``: the code that one row had, and the one it has.
    """
    assert block.open is not None
    levels = sorted(block.open.levels)
    amounts = [column.key for column in amount_columns(block, None)]
    made = list(new)
    for above in (*reversed(levels[:-1]), 0):
        below = levels[0] if not above else levels[levels.index(above) + 1]
        for n, row in enumerate(made):
            if len(row.key) != above if above else row.key.isdigit() or not row.key:
                continue
            if above and not any(code.startswith(row.key) for code in moved):
                continue  # has the children it had
            prefixes = (old[n].key, row.key) if above else ("", "")
            changed = dict(_totals(old[n], prefixes, below, old, made, amounts))
            if changed:
                made[n] = replace(row, cells={**row.cells, **changed})
    return tuple(made)


def _totals(
    row: RowData,
    prefixes: tuple[str, str],
    below: int,
    old: Sequence[RowData],
    new: Sequence[RowData],
    amounts: Sequence[str],
) -> Iterator[tuple[str, Cell]]:
    for column in amounts:
        cell = row.cells.get(column)
        if cell is None or not cell.formula or cell.number is None:
            continue
        before, after = (
            _children(rows, prefix, below, column) for rows, prefix in zip((old, new), prefixes, strict=True)
        )
        if before != after and abs(cell.number - before) <= HALF_CENT:
            yield column, cell._replace(number=after, text=f"{after:f}")


def _children(rows: Sequence[RowData], prefix: str, digits: int, column: str) -> Decimal:
    cells: Iterator[Mapping[str, Cell]] = (
        row.cells for row in rows if row.key.isdigit() and len(row.key) == digits and row.key.startswith(prefix)
    )
    return sum((c[column].number or ZERO for c in cells if column in c), ZERO)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
