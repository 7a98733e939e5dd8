"""Every number of filled workbooks altered in turn by slips of the fingers: what the checks notice and whom they name.

    python tests/mutation.py            a sample
    python tests/mutation.py --all      every cell and slip, with the cells that no relation can check
    python tests/mutation.py --all --book 样例 --missed      one workbook, each miss named

Sums stand as values (``pasted``), as an export gives them, or as living formulas recalculated after the slip
(``live``): then only other tables can tell. In ``over`` a formula itself is overwritten, and what builds on it follows.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from book_builder import sample_book  # noqa: E402

from generator import editions  # noqa: E402
from generator.checks import linear, rules  # noqa: E402
from generator.checks.formula import Reads  # noqa: E402
from generator.checks.implied import Implied  # noqa: E402
from generator.checks.rule import Outcome  # noqa: E402
from generator.checks.run import evaluate, run  # noqa: E402
from generator.editions import Edition  # noqa: E402
from generator.model.book import BlockData, Book, FormData, RowData  # noqa: E402
from generator.model.cell import Cell, CellKind, CellRef  # noqa: E402
from generator.model.finding import Finding, Severity  # noqa: E402
from generator.model.form import Role  # noqa: E402
from generator.workbook.read import read  # noqa: E402

CENT = Decimal("0.01")
INVENTED = "wuhan-final-2021"  # the edition of the invented department
MODES = ("pasted", "live", "over")
VALUE_SLIPS = ("+0.01", "-0.01", "+1%", "-1%", "x10", "/10", "sign", "swapped", "blank", "beside", "above")
KINDS = (*VALUE_SLIPS, "text")


@dataclass
class Bench:
    """One sound workbook whose cells can be altered: ``live`` follows every declared sum, as a spreadsheet would."""

    edition: Edition
    book: Book
    name: str

    def __post_init__(self) -> None:
        self._where: dict[CellRef, tuple[str, int, str, int, str]] = {}
        for form_id, group in self.book.sheets.items():
            for n, data in enumerate(group):
                for block in data.blocks.values():
                    for at, row in enumerate(block.rows):
                        for column, cell in row.cells.items():
                            self._where.setdefault(cell.ref, (form_id, n, block.key, at, column))
        self.sums = _sums(self.edition, self.book)
        self._above: dict[CellRef, list[CellRef]] = defaultdict(list)
        for total, addends in self.sums.items():
            for _, ref in addends:
                self._above[ref].append(total)
        self.book = self.with_cells([_typed(self.cell(ref), False) for ref in self._where])
        self.living = self.with_cells([_typed(self.cell(ref), True) for ref in self.sums])

    def cell(self, ref: CellRef, book: Book | None = None) -> Cell:
        form_id, n, block, at, column = self._where[ref]
        return (book or self.book).sheets[form_id][n].blocks[block].rows[at].cells[column]

    def form_of(self, ref: CellRef) -> FormData:
        form_id, n, *_ = self._where[ref]
        return self.book.sheets[form_id][n]

    def with_cells(self, cells: Iterable[Cell], book: Book | None = None) -> Book:
        """The book with these cells in place of its own; only their rows are made anew."""
        book = book or self.book
        by_block: dict[tuple[str, int, str], dict[int, dict[str, Cell]]] = {}
        for cell in cells:
            form_id, n, block, at, column = self._where[cell.ref]
            by_block.setdefault((form_id, n, block), {}).setdefault(at, {})[column] = cell
        sheets = dict(book.sheets)
        for (form_id, n, block), changed in by_block.items():
            data = sheets[form_id][n]
            rows = list(data.blocks[block].rows)
            for at, columns in changed.items():
                rows[at] = RowData(rows[at].key, {**rows[at].cells, **columns}, rows[at].label, rows[at].ref)
            made = replace(data, blocks={**data.blocks, block: BlockData(block, tuple(rows))})
            sheets[form_id] = (*sheets[form_id][:n], made, *sheets[form_id][n + 1 :])
        return replace(book, sheets=sheets)

    def altered(self, cell: Cell, mode: str) -> Book:
        """The book after the slip; in ``live`` and ``over`` every formula that builds on the cell follows."""
        if mode == "pasted":
            return self.with_cells([cell])
        changed = {cell.ref: cell}
        for ref in self._following(cell.ref):
            number = sum((s * _number(changed.get(a) or self.cell(a)) for s, a in self.sums[ref]), Decimal(0))
            old = self.cell(ref, self.living)
            changed[ref] = Cell(ref, CellKind.NUMBER, number, str(number), old.formula)
        return self.with_cells(changed.values(), self.living)

    def neighbour(self, ref: CellRef, up: int) -> Decimal | None:
        """The number in the column to the left or in the row above, None where there is none."""
        there = CellRef(ref.sheet, ref.row - up, ref.column - (1 - up))
        at = self._where.get(there)
        if at is None or at[4] in ("code", "line"):
            return None
        return self.cell(there).number

    def numbers(self, mode: str) -> list[Cell]:
        """Numbers of the official tables and performance forms that a person could mistype in this way."""
        found = []
        for ref, (form_id, _, _, _, column) in self._where.items():
            cell = self.cell(ref)
            amount = self.edition.form(form_id).role in (Role.TABLE, Role.PERFORMANCE) and column not in (
                "code",
                "line",
            )
            if amount and cell.kind is CellKind.NUMBER and (mode == "pasted" or (ref in self.sums) is (mode == "over")):
                found.append(cell)
        return found

    def checkable(self, mode: str) -> set[CellRef]:
        """Cells that a rule reads which could notice: with living sums only one that does not follow by formula."""
        book = self.book if mode == "pasted" else self.living
        results = evaluate(self.edition, book)
        system = linear.build(Reads(self.edition, book), results)
        found = {operand.cell for operand, of in zip(system.cells, system.of, strict=True) if of and operand.cell}
        for result in results:
            if result.outcome is not Outcome.NOT_APPLICABLE and not (result.left and linear.is_linear(result.check)):
                found |= set(result.cells)
        return found | (set(self.sums) if mode == "over" else set())

    def limited(self, mode: str) -> set[CellRef]:
        """Cells that stand in no equation, only in limits: a slip inside the limit is no contradiction."""
        book = self.book if mode == "pasted" else self.living
        system = linear.build(Reads(self.edition, book), evaluate(self.edition, book))
        return {
            operand.cell
            for operand, of in zip(system.cells, system.of, strict=True)
            if operand.cell and all(None in _bounds(system.relations[n].allowed) for n in of)
        }

    def outside(self, book: Book, ref: CellRef) -> bool:
        """Is a relation of the cell broken beyond its tail?"""
        results = evaluate(self.edition, book)
        return any(r.outcome is Outcome.BROKEN and ref in r.cells for r in results)

    def _following(self, ref: CellRef) -> list[CellRef]:
        """Formulas that depend on the cell, each after those it depends on."""
        order: list[CellRef] = []
        seen: set[CellRef] = {ref}

        def visit(at: CellRef) -> None:
            for total in self._above.get(at, ()):
                if total not in seen:
                    seen.add(total)
                    visit(total)
            order.append(at)

        visit(ref)
        return order[-2::-1]


def _bounds(allowed: linear.Interval) -> tuple[Decimal | None, Decimal | None]:
    return allowed.low, allowed.high


def _typed(cell: Cell, formula: bool) -> Cell:
    return Cell(cell.ref, cell.kind, cell.number, cell.text, formula)


def _number(cell: Cell) -> Decimal:
    return cell.number if cell.kind is CellKind.NUMBER and cell.number is not None else Decimal(0)


def _sums(edition: Edition, book: Book) -> dict[CellRef, tuple[tuple[int, CellRef], ...]]:
    """Declared sums that hold exactly: what the blank workbook has as formulas."""
    implied = Implied(Reads(edition, book))
    found: dict[CellRef, tuple[tuple[int, CellRef], ...]] = {}
    for check in (c for rule in rules.load(edition) for c in rule.checks if c.implied):
        for relation in implied.of(check):
            left, right = relation.sides
            if relation.total.cell is not None and left.numbers and left.value == right.value:
                addends = tuple((sign, o.cell) for sign, o in relation.addends if o.cell is not None)
                found.setdefault(relation.total.cell, addends)
    return found


@dataclass(frozen=True)
class Slip:
    kind: str
    cell: Cell


def slips(bench: Bench, cell: Cell) -> Iterator[Slip]:
    """Every slip of one number that changes something."""
    value = cell.number
    assert value is not None
    beside, above = bench.neighbour(cell.ref, 0), bench.neighbour(cell.ref, 1)
    made: dict[str, Decimal | None] = {
        "+1%": (value * Decimal("1.01")).quantize(CENT),
        "-1%": (value * Decimal("0.99")).quantize(CENT),
        "x10": value * 10,
        "/10": (value / 10).quantize(CENT),
        "sign": -value,
        "swapped": swapped(value),
        "beside": beside,
        "above": above,
    }
    if bench.form_of(cell.ref).divisor != 1:
        made |= {"+0.01": value + CENT, "-0.01": value - CENT}
    for kind, number in made.items():
        if number is not None and number != value:
            yield Slip(kind, Cell(cell.ref, CellKind.NUMBER, number, f"{number:f}"))
    if value:
        yield Slip("blank", Cell(cell.ref, CellKind.BLANK))
    yield Slip("text", Cell(cell.ref, CellKind.BAD, text="约" + cell.text))


def swapped(value: Decimal) -> Decimal | None:
    """The first two unlike neighbouring digits changed over."""
    digits = f"{value:f}"
    for n in range(len(digits) - 1):
        if digits[n : n + 2].isdigit() and digits[n] != digits[n + 1]:
            return Decimal(digits[:n] + digits[n + 1] + digits[n] + digits[n + 2 :])
    return None


@dataclass(frozen=True)
class Result:
    """What came of one slip. ``within`` says that no relation of the cell is left outside its tail's envelope."""

    book: str
    mode: str
    kind: str
    table: str
    cell: str
    large: bool
    limited: bool
    within: bool
    caught: bool
    place: int  # 1 named first alone, 2 first with ties, 3 among those named, 4 not named
    named: int
    says: str = ""


def trials(bench: Bench, mode: str, step: int = 1, seed: int = 0) -> Iterator[Result]:
    """Every ``step``-th slip of the numbers of tables and performance forms, in an order that ``seed`` settles."""
    start = bench.book if mode == "pasted" else bench.living
    before = {key(f) for f in run(bench.edition, start)}
    readable, limited = bench.checkable(mode), bench.limited(mode)
    chosen = [(cell, slip) for cell in bench.numbers(mode) if cell.ref in readable for slip in slips(bench, cell)]
    if step > 1:
        random.Random(seed).shuffle(chosen)
        chosen = chosen[: max(1, len(chosen) // step)]
    for cell, slip in chosen:
        yield _trial(bench, mode, cell, slip, before, cell.ref in limited)


def key(finding: Finding) -> tuple[object, ...]:
    return finding.rule, finding.severity, finding.message


def _trial(bench: Bench, mode: str, cell: Cell, slip: Slip, before: set[tuple[object, ...]], limited: bool) -> Result:
    altered = bench.altered(slip.cell, mode)
    new = [f for f in run(bench.edition, altered) if key(f) not in before and f.severity is not Severity.INFO]
    accusing = [f for f in new if f.tied] or [f for f in new if cell.ref in f.cells] or new
    named = accusing[0] if accusing else None
    if named is None or cell.ref not in named.cells:
        place = 4
    else:
        tied = max(named.tied, 1) if named.tied or len(named.cells) == 1 else len(named.cells)
        at = named.cells.index(cell.ref)
        place = 1 if at == 0 and tied == 1 else 2 if at < tied else 3
    old, number = cell.number or Decimal(0), slip.cell.number if slip.cell.number is not None else Decimal(0)
    within = not new and slip.kind != "text" and not bench.outside(altered, cell.ref)
    return Result(
        bench.name, mode, slip.kind, bench.form_of(cell.ref).form.sheet, str(cell.ref),
        abs(number - old) >= abs(old) / 100, limited, within, bool(new), place,
        len(named.cells) if named else 0, " | ".join(f.message for f in new),
    )  # fmt: skip


def benches() -> list[Bench]:
    """The samples and the invented department of the tests, each in its own unit."""
    made = []
    for path in sorted((ROOT / "inputs").glob("*.xlsx")):
        edition, book = read(path)
        made.append(Bench(edition, book, path.stem))
    edition = editions.load(INVENTED)
    for unit in ("万元", "元"):
        made.append(
            Bench(edition, sample_book(edition, fund=True, capital=True, amount_unit=unit), f"虚构部门（{unit}）")
        )
    return made


def share(part: int, whole: int) -> str:
    return f"{part / whole:7.2%}" if whole else "      -"


@dataclass
class Tally:
    """Figures over one group of results."""

    results: list[Result] = field(default_factory=list)

    def line(self, name: str) -> str:
        r = self.results
        beyond = [x for x in r if not x.within]
        large = [x for x in r if x.large]
        caught = [x for x in r if x.caught]
        places = [sum(x.place == n for x in caught) for n in (1, 2, 3)]
        named = median(x.named for x in caught) if caught else 0
        return (
            f"{name:<36}{len(r):>7}{share(sum(x.caught for x in large), len(large)):>9}"
            f"{share(sum(x.caught for x in beyond), len(beyond)):>9}{share(places[0], len(caught)):>9}"
            f"{share(places[0] + places[1], len(caught)):>9}{share(sum(places), len(caught)):>9}{named:>7g}"
        )


HEAD = f"{'':<36}{'slips':>7}{'>=1%':>9}{'beyond':>9}{'alone':>9}{'tied':>9}{'named':>9}{'cells':>7}"


def table(results: Sequence[Result]) -> Iterator[str]:
    """By way of summing, then by kind of slip and by table."""
    for mode in MODES:
        ours = [r for r in results if r.mode == mode]
        if not ours:
            continue
        yield f"\n== {mode} =="
        yield HEAD
        yield Tally(ours).line("all")
        yield Tally([r for r in ours if r.kind != "text"]).line("value slips")
        yield Tally([r for r in ours if r.kind != "text" and not r.limited]).line("  in cells of an equation")
        yield Tally([r for r in ours if r.kind != "text" and r.limited]).line("  in cells with limits only")
        yield Tally([r for r in ours if r.table[:2] <= "05"]).line("01 to 05")
        for title, of in (("kind", "kind"), ("table", "table"), ("book", "book")):
            groups: Mapping[str, list[Result]] = defaultdict(list)
            for result in ours:
                groups[getattr(result, of)].append(result)
            yield f"-- by {title}"
            yield from (Tally(found).line(name) for name, found in sorted(groups.items()))


def unread(bench: Bench, mode: str) -> list[str]:
    readable = bench.checkable(mode)
    return [str(cell.ref) for cell in bench.numbers(mode) if cell.ref not in readable]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Slips of the fingers against the checks.")
    parser.add_argument("--all", action="store_true", help="every cell and slip")
    parser.add_argument("--step", type=int, default=50, help="without --all: one slip of so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--book", default="", help="only workbooks whose name holds this")
    parser.add_argument("--mode", choices=MODES, action="append")
    parser.add_argument("--missed", action="store_true", help="name what was missed or not named first")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    results: list[Result] = []
    chosen = [bench for bench in benches() if options.book in bench.name]
    for bench in chosen:
        for mode in options.mode or MODES:
            results += trials(bench, mode, 1 if options.all else options.step, options.seed)
    print("\n".join(table(results)))
    if options.missed:
        for r in results:
            if (not r.caught and (r.large or not r.within)) or (r.caught and r.place > 2):
                print(f"{r.book} {r.mode} {r.kind} {r.cell}: caught {r.caught}, place {r.place}: {r.says[:160]}")
    for bench in chosen:
        for mode in options.mode or MODES[:2] if options.all else ():
            cells = unread(bench, mode)
            print(f"\n{bench.name}, {mode}: {len(cells)} cells that no relation reads: {'、'.join(cells)}")
    print(f"\n{len(results)} slips in {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
