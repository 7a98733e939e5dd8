"""Speed and memory of generate: cold, warm, and as the open tables grow.

    python benchmarks/run.py [WORKBOOK] [--runs 10] [--skip-growth]

Prints medians. Cold is a new process that runs `cli.py generate`; warm is the whole pipeline, file written, in one
process. Growth repeats the 项 rows of every table by code 10 and 100 times under codes of their own, with amounts
that still add up. Peak memory is that of the process (ru_maxrss).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

GROWTH = (1, 10, 100)
DIGITS = (3, 5, 7)  # of 类, 款, 项 codes
CENT = Decimal("0.01")
_MEASURE = """
import resource, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    code = end.code
print("\\npeak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, code)
"""


def median(values: list[float]) -> float:
    return statistics.median(values)


def cold(workbook: Path, output: Path, runs: int) -> list[float]:
    """Seconds of a fresh process; one run before, so that compiled modules lie on disk as after an installation."""
    command = [sys.executable, str(ROOT / "cli.py"), "generate", str(workbook), "-o", str(output)]
    taken = []
    for run in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment())
        if run:
            taken.append(time.perf_counter() - start)
    return taken


def peak(workbook: Path, output: Path) -> float:
    """Megabytes at the peak of one run."""
    command = [
        sys.executable,
        "-c",
        _MEASURE,
        str(ROOT / "cli.py"),
        "generate",
        str(workbook),
        "--draft",
        "-o",
        str(output),
    ]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment(), check=True)
    _, kilobytes, code = run.stdout.split()[-3:]
    if code == "2":
        raise SystemExit(f"generate ended with {code}:\n{run.stdout}")
    return int(kilobytes) / (1024 * 1024 if sys.platform == "darwin" else 1024)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def warm(workbook: Path, output: Path, runs: int) -> tuple[list[float], dict[str, list[float]]]:
    """Milliseconds of a document in this process, and of each of its steps."""
    from generator import pipeline

    totals: list[float] = []
    steps: dict[str, list[float]] = {}
    for run in range(runs + 1):
        marks: list[tuple[str, float]] = []
        made = pipeline.generate(
            workbook, output, draft=True, say=lambda step, seen=marks: seen.append((step, time.perf_counter()))
        )
        end = time.perf_counter()
        if made.output is None:
            raise SystemExit(f"not written: {[f.message for f in made.findings][:3]}")
        if not run:
            continue
        totals.append((end - marks[0][1]) * 1000)
        for (name, begun), (_, ended) in zip(marks, [*marks[1:], ("", end)], strict=True):
            steps.setdefault(name, []).append((ended - begun) * 1000)
    return totals, steps


def imports(workbook: Path, output: Path) -> list[tuple[str, float]]:
    """Milliseconds of the most expensive imports, with all they bring along, of a cold run."""
    command = [sys.executable, "-X", "importtime", str(ROOT / "cli.py"), "generate", str(workbook), "-o", str(output)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment(), check=True)
    rows = [line.split("|") for line in run.stderr.splitlines() if line.startswith("import time:") and "us" not in line]
    found = {row[2].strip(): int(row[1]) / 1000 for row in rows}
    wanted = ("click", "yaml", "lxml.etree", "jinja2", "docx", "docxcompose", "openpyxl", "json", "decimal")
    return [(name, found[name]) for name in wanted if name in found]


def grown(name: str, factor: int, folder: Path) -> Path:
    """The sample with ``factor`` times the 项 rows in every table by code; ``factor`` is a power of ten."""
    from sample_source import load_source

    from generator.workbook.blank import build

    edition, content = load_source(name)
    if factor > 1:
        places = [(f.id, b) for f in edition.tables for b in f.blocks if b.open is not None and b.open.by_code]
        tables = [content[form][block.key] for form, block in places if block.key in content.get(form, {})]
        codes = copies(
            {row["code"] for rows in tables for row in rows if len(row.get("code", "")) == DIGITS[-1]}, factor
        )
        for rows in tables:
            rows[:] = multiplied(rows, codes, factor)
    path = folder / f"{name}-{factor}.xlsx"
    path.write_bytes(build(edition, content))
    for source in (ROOT / "inputs").iterdir():
        link = folder / source.name
        if source.is_dir() and not link.exists():
            link.symlink_to(source)
    return path


def copies(codes: set[str], factor: int) -> dict[str, list[str]]:
    """New 项 codes for each old one, in its own 类: 99 to a 款, the same in every table."""
    made: dict[str, list[str]] = {}
    used: dict[str, int] = {}
    for code in sorted(codes):
        group = code[: DIGITS[0]]
        for _ in range(factor):
            number = used.get(group, 0)
            used[group] = number + 1
            made.setdefault(code, []).append(f"{group}{number // 99 + 1:02d}{number % 99 + 1:02d}")
    return made


def multiplied(rows: list[dict[str, Any]], codes: dict[str, list[str]], factor: int) -> list[dict[str, Any]]:
    """类 rows stay, 项 rows are split into ``factor`` parts, 款 rows are made anew as sums of their 项 rows."""
    fixed = [row for row in rows if len(row.get("code", "")) <= DIGITS[0]]
    details = [dict(row) for row in rows if len(row.get("code", "")) == DIGITS[-1]]
    without_tails(details, [row for row in rows if len(row.get("code", "")) == DIGITS[1]])
    parts: list[dict[str, Any]] = [
        {key: split(value, factor)[at] if isinstance(value, Decimal) else value for key, value in row.items()}
        | {"code": code}
        for row in details
        for at, code in enumerate(codes.get(row["code"], ()))
    ]
    heads: dict[str, dict[str, Any]] = {}
    for part in parts:
        code = part["code"][: DIGITS[1]]
        head = heads.setdefault(code, {"code": code, "name": f"第{code}款"})
        for key, value in part.items():
            if isinstance(value, Decimal):
                head[key] = head.get(key, Decimal(0)) + value
    return sorted([*fixed, *heads.values(), *parts], key=lambda row: row.get("code", ""))


def without_tails(details: list[dict[str, Any]], groups: list[dict[str, Any]]) -> None:
    """Make 项 rows add up to their 款 exactly: a published 尾差 goes to the last of them."""
    for group in groups:
        own = [row for row in details if row["code"].startswith(group["code"])]
        for key, value in group.items():
            if own and isinstance(value, Decimal):
                tail = value - sum((row.get(key, Decimal(0)) for row in own), Decimal(0))
                if tail:
                    own[-1][key] = own[-1].get(key, Decimal(0)) + tail


@lru_cache(maxsize=4096)
def split(amount: Decimal, factor: int) -> list[Decimal]:
    """``factor`` parts of two decimals that add up exactly: the last takes what is left over."""
    part = (amount / factor).quantize(CENT, rounding=ROUND_DOWN)
    return [*[part] * (factor - 1), amount - part * (factor - 1)]


def report(title: str, rows: list[tuple[str, str]]) -> None:
    print(f"\n{title}")
    for name, value in rows:
        print(f"  {name:<28}{value:>12}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("workbook", nargs="?", type=Path, default=ROOT / "inputs" / "wuchang-2021.xlsx")
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--skip-growth", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        output = folder / "a.docx"
        times = cold(given.workbook, output, given.runs)
        report(
            f"{given.workbook.name}: cold generate, {given.runs} runs",
            [
                ("median", f"{median(times):.3f} s"),
                ("best", f"{min(times):.3f} s"),
                ("peak memory", f"{peak(given.workbook, output):.0f} MB"),
            ],
        )
        report(
            "imports within that (with importtime's own cost)",
            [(n, f"{ms:.0f} ms") for n, ms in imports(given.workbook, output)],
        )
        totals, steps = warm(given.workbook, output, given.runs)
        report(
            f"warm, {given.runs} documents in one process",
            [("median", f"{median(totals):.1f} ms"), *((n, f"{median(ms):.1f} ms") for n, ms in steps.items())],
        )
        if not given.skip_growth:
            growth(given.workbook.stem, folder, given.runs)


def growth(name: str, folder: Path, runs: int) -> None:
    rows = []
    for factor in GROWTH:
        workbook, output = grown(name, factor, folder), folder / f"{factor}.docx"
        totals, _ = warm(workbook, output, max(3, runs // factor))
        rows.append((f"{factor}× detail rows", f"{median(totals):.0f} ms, {peak(workbook, output):.0f} MB"))
    report("growth of the tables by code, warm", rows)


if __name__ == "__main__":
    main()
