"""Rolling forward, importing, consolidating: seconds, and how they grow with the number of units.

python benchmarks/exchange.py [--units 3 30]
"""

from __future__ import annotations

import argparse
import copy
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "tests")]

from exported import Layout, amounts, grids, laid_out, write  # noqa: E402
from sample_source import load_source  # noqa: E402

from generator import editions  # noqa: E402
from generator.exchange import spreadsheets  # noqa: E402
from generator.exchange.consolidate import consolidate  # noqa: E402
from generator.exchange.roll import roll  # noqa: E402
from generator.exchange.source import Source  # noqa: E402
from generator.exchange.tables import put_in  # noqa: E402
from generator.workbook.blank import build  # noqa: E402
from generator.workbook.read import read  # noqa: E402


def timed(what: str, job: Callable[[], object]) -> None:
    started, spent = time.perf_counter(), time.process_time()
    job()
    print(f"{what:44} {time.perf_counter() - started:6.2f} s, {time.process_time() - spent:6.2f} s of a processor")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--units", type=int, nargs="*", default=[3, 30])
    wanted = options.parse_args().units
    edition, given = load_source("sample-2021")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "上年.xlsx"
        path.write_bytes(build(edition, given))
        last = Source(*read(path))
        later = next(one for one in editions.serving(max(edition.years) + 1) if one.kind == edition.kind)
        timed("roll, to another form", lambda: build(later, roll(last, later, max(edition.years) + 1).content))
        timed("roll, to the same form", lambda: _same(edition, given, folder))
        for old in (False, True):
            tables = [laid_out(grid, Layout(old=old), True) for grid in grids(edition, given)]
            for table in tables:
                amounts(table, edition, 1, False)
            files = write(tables, folder, Layout(old=old))
            timed(f"import of nine tables, {files[0].suffix}", lambda f=files: _import(last, f))
        for count in wanted:
            units = []
            for n in range(count):
                mine = copy.deepcopy(given)
                mine["unit"]["facts"]["name"] = {"value": f"单位{n}"}
                unit = folder / f"{n}.xlsx"
                unit.write_bytes(build(edition, mine))
                units.append(unit)
            timed(f"consolidate {count} units, read and written", lambda u=units: _together(u))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def _same(edition: editions.Edition, given: dict, folder: Path) -> None:
    path = folder / "上上年.xlsx"
    path.write_bytes(build(edition, given, year=min(edition.years)))
    build(edition, roll(Source(*read(path)), edition, min(edition.years) + 1).content)


def _import(into: Source, files: list[Path]) -> None:
    build(into.edition, put_in(into, [spreadsheets.load(path) for path in files]).content)


def _together(paths: list[Path]) -> None:
    made = consolidate([Source(*read(path)) for path in paths])
    build(editions.load(Source(*read(paths[0])).edition.id), made.content, extras=made.extras)


if __name__ == "__main__":
    main()
