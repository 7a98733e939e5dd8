"""Speed of reading and checking a workbook, warm, and how it grows with rows.

    python benchmarks/checks.py [WORKBOOK …] [--runs 30] [--growth] [--profile]

Prints medians and the best run, in milliseconds of processor time of one process, so that a busy machine disturbs
little. ``--growth`` repeats the 项 rows of every table by code 10 and 100 times; ``--profile`` says where time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from run import GROWTH, ROOT, grown, median, report  # noqa: E402

from generator.checks.run import run as check  # noqa: E402
from generator.workbook.read import read  # noqa: E402

TARGET = 40  # milliseconds for a sample


def times(workbook: Path, runs: int) -> list[tuple[float, float]]:
    """Milliseconds of reading and of checking; the first run, which loads the edition, is left out."""
    taken = []
    for count in range(runs + 1):
        begun = time.process_time()
        edition, book = read(workbook)
        between = time.process_time()
        check(edition, book)
        ended = time.process_time()
        if count:
            taken.append(((between - begun) * 1000, (ended - between) * 1000))
    return taken


def rows(workbook: Path, runs: int) -> list[tuple[str, str]]:
    taken = times(workbook, runs)
    columns = {
        "reading": [reading for reading, _ in taken],
        "checking": [checking for _, checking in taken],
        "both": [reading + checking for reading, checking in taken],
    }
    return [(name, f"{median(found):.1f} ms, best {min(found):.1f} ms") for name, found in columns.items()]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("workbooks", nargs="*", type=Path, default=sorted((ROOT / "inputs").glob("*.xlsx")))
    options.add_argument("--runs", type=int, default=30)
    options.add_argument("--growth", action="store_true")
    options.add_argument("--profile", action="store_true")
    given = options.parse_args()
    for workbook in given.workbooks:
        report(f"{workbook.name}, {given.runs} runs (to reach: {TARGET} ms)", rows(workbook, given.runs))
    if given.growth:
        with tempfile.TemporaryDirectory() as name:
            for factor in GROWTH:
                workbook = grown(given.workbooks[0].stem, factor, Path(name))
                report(f"{factor}× detail rows", rows(workbook, max(3, given.runs // factor)))
    if given.profile:
        edition, book = read(given.workbooks[0])
        profile = cProfile.Profile()
        profile.enable()
        for _ in range(10):
            edition, book = read(given.workbooks[0])
            check(edition, book)
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
