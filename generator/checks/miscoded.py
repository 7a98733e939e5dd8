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
    amount: Decimal  # the largest of the row, in 万元


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
        tried = [(_wrong(whole(_moved(book, group))), n) for n, group in enumerate(candidates)]
        least = min(after for after, _ in tried)
        if least >= before:
            break
        best = [candidates[n] for after, n in tried if after == least]
        group = max(best, key=lambda group: (not group[0].own, group[0].known, len(group[0].others)))
        chosen = group[0]
        weight = (chosen.own, chosen.known, len(chosen.others))
        rivals = [o for o, *_ in best if o.place in chosen.others and (o.own, o.known, len(o.others)) == weight]
        if chosen.own and chosen.others and not chosen.known:  # all the other tables are wrong
            right = chosen.place.code
            group = [_Candidate(other, right, (chosen.place,), False, True) for other in chosen.others]
        said.append(_finding(reads, group, bool(rivals), before - least))
        for one in group:
            explained |= _explained(listed, one)
        book = _moved(book, group)
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
                    yield _Place(data.form.id, block.key, number, row.key, name, at, _amount(data, block, row))


def _amount(data: FormData, block: Block, row: RowData) -> Decimal:
    cells = (row.cells.get(column.key) for column in amount_columns(block, None))
    return max((cell.number / data.divisor for cell in cells if cell is not None and cell.number), default=ZERO)


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


def _candidates(listed: Sequence[_Place], subjects: Mapping[str, set[str]]) -> Iterator[list[_Candidate]]:
    """Rows to be given another code, each by itself or, when two rows have each other's, both."""
    codes: dict[str, dict[str, Counter[str]]] = {}  # code → table → its names
    named: dict[str, dict[str, list[_Place]]] = {}
    for place in listed:
        codes.setdefault(place.code, {}).setdefault(place.form, Counter())[place.name] += 1
        named.setdefault(place.name, {}).setdefault(place.code, []).append(place)
    equal: dict[tuple[int, Decimal], dict[str, list[_Place]]] = {}  # subjects of one amount
    for place in listed:
        equal.setdefault((len(place.code), place.amount), {}).setdefault(place.code, []).append(place)
    rows = {(place.form, place.code): place for place in reversed(listed)}
    lacking: dict[tuple[str, str], list[str]] = {}  # of a name, the codes that a table does not have
    for place in listed:
        here = codes[place.code]
        double = here[place.form].total() > 1 and all(
            place.name not in names for form, names in here.items() if form != place.form
        )
        if len(here) > 1 and not double:
            yield from _swapped(place, named, codes, rows)
            continue
        known = subjects.get(place.name, set())
        near = (
            {code for code in known if code[:-2] == place.code[:-2] and len(code) == len(place.code)}
            if place.code not in known
            else set()
        )
        if (place.form, place.name) not in lacking:
            missing = [code for code in named[place.name] if place.form not in codes[code]]
            lacking[place.form, place.name] = missing if len(missing) <= _CANDIDATES else []
        told = False
        for right in dict.fromkeys([*lacking[place.form, place.name], *sorted(near)]):
            if len(right) == len(place.code) and place.form not in codes.get(right, {}):
                others = tuple(named[place.name].get(right, ()))
                yield [_Candidate(place, right, others, place.code in known, right in known)]
                told = True
        same = equal[len(place.code), place.amount]
        for right, alike in same.items() if place.amount and not told and len(same) <= _CANDIDATES else ():
            if place.form not in codes[right]:
                yield [_Candidate(place, right, tuple(alike), False, False)]


def _swapped(
    place: _Place,
    named: Mapping[str, Mapping[str, Sequence[_Place]]],
    codes: Mapping[str, Mapping[str, Counter[str]]],
    rows: Mapping[tuple[str, str], _Place],
) -> Iterator[list[_Candidate]]:
    """Two rows of a table whose names have each other's codes everywhere else."""
    for right, alike in named[place.name].items() if len(named[place.name]) <= _CANDIDATES else ():
        other = rows.get((place.form, right))
        if other is None or right <= place.code or len(right) != len(place.code):
            continue
        back = named[other.name].get(place.code, ())
        mine = codes[place.code][place.form][place.name] + codes[right][place.form][other.name]
        if back and mine == len(alike[:1]) + len(back[:1]) and all(p.form != place.form for p in (*alike, *back)):
            yield [
                _Candidate(place, right, tuple(alike), False, True),
                _Candidate(other, place.code, tuple(back), False, True),
            ]


def _wrong(results: Sequence[RuleResult]) -> int:
    return sum(r.outcome is Outcome.BROKEN and r.check.severity is Severity.ERROR for r in results)


def _finding(reads: Reads, group: Sequence[_Candidate], either: bool, mended: int) -> Finding:
    """One wrong code, in one table or in several."""
    one = group[0]
    cells = [other.place.cell for other in group]
    there = list(dict.fromkeys(other.cell for each in group for other in each.others))
    where = f"在其他表（{places.cells(there)}）的编码是" if there else "在科目表中的编码是"
    tables = "、".join(dict.fromkeys(places.table(reads.edition.form(other.place.form)) for other in group))
    if len({other.right for other in group}) > 1:
        right = "、".join(f"“{_name(reads, other)}”{other.right}" for other in group)
        text = f"{places.cells(cells)} 的科目编码疑互相填错：在其他表（{places.cells(there)}）是{right}。"
    elif one.others and one.others[0].name != one.place.name:
        mine, theirs = f"{one.place.code} {_name(reads, one)}", f"{one.right} {one.others[0].name}"
        text = (
            f"{places.cells(cells)} 的科目“{mine}”疑为“{theirs}”之误："
            f"其他表（{places.cells(there)}）中金额相同的是后者，{tables}没有后者。"
        )
    else:
        year = reads.book.figure("unit", "year", "value")
        known = reads.edition.subject_list.name(one.place.code, int(year.value) if year else None)
        which = f"（科目表中为“{known}”）" if known and _plain(known) != one.place.name else ""
        doubt = "与其他表的不同，其中一处有误" if either else f"疑为“{one.right}”之误"
        text = (
            f"{places.cells(cells)} 的科目编码“{one.place.code}”{which}{doubt}：“{_name(reads, one)}”{where}"
            f" {one.right}，{tables}没有这个编码。"
        )
    text += f"改正后，由此不符的 {mended} 项核对成立，不再逐条列出。"
    marked = [*cells, *there] if either else cells  # those of other tables are right, and named in the sentence
    return Finding(_RULE, Severity.ERROR, text, _FIX, tuple(dict.fromkeys(marked)))


def _name(reads: Reads, one: _Candidate) -> str:
    row = reads.book.sheets[one.place.form][0].blocks[one.place.block].rows[one.place.number]
    return row.text("name") or row.label


def _explained(listed: Sequence[_Place], one: _Candidate) -> set[CellRef]:
    """The code itself, its double, the next row (out of order), and the rows that lack it as their parent."""
    rows = [p for p in listed if (p.form, p.block) == (one.place.form, one.place.block)]
    near = {one.place.number, one.place.number + 1}
    own = {one.place.code, one.right}
    return {p.cell for p in rows if p.number in near or p.code in own or p.code.startswith(one.right)}


def _moved(book: Book, group: Sequence[_Candidate]) -> Book:
    for one in group:
        book = _with(book, one)
    return book


def _with(book: Book, one: _Candidate) -> Book:
    """The book with the right code, and the sums that the table's formulas would then show."""
    data = book.sheets[one.place.form][0]
    block = data.form.block(one.place.block)
    rows = data.blocks[block.key].rows
    row = rows[one.place.number]
    cell = row.cells.get("code")
    cells = {**row.cells, "code": cell._replace(text=one.right)} if cell is not None else row.cells
    name = row.cells.get("name")
    if name is not None and one.others and one.others[0].name != one.place.name:
        cells = {**cells, "name": name._replace(text=one.others[0].name)}
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
