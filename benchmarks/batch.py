"""Many departments at once: workbooks per second, peak memory, and whether the summary names what was planted.

    python benchmarks/batch.py [--count 200] [--jobs 2] [--folder FOLDER]

The workbooks are the sample under other names with reasons of their own; a tenth has a wrong cell, another tenth can't
be used at all, in several ways. Memory is the sum over all processes of the batch, sampled ten times a second.
Growth is measured by a quarter of the workbooks: peak memory must not follow their number.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import openpyxl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "tests")]

from departments import Made, make  # noqa: E402


def resident(pid: int) -> int:
    """Bytes in memory of the process and all below it; what processes share is counted for each."""
    total, here = 0, [pid]
    while here:
        one = here.pop()
        try:
            for line in Path(f"/proc/{one}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    total += int(line.split()[1]) * 1024
            for task in Path(f"/proc/{one}/task").iterdir():
                here += [int(child) for child in (task / "children").read_text().split()]
        except OSError:  # it has just ended
            continue
    return total


def processors() -> float:
    """Seconds of all processes of ours that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(folder: Path, output: Path, jobs: int) -> tuple[float, float, float, float]:
    """Seconds on the wall and of processors, and megabytes at the peak: of all processes together, and the parent."""
    command = [sys.executable, str(ROOT / "cli.py"), "batch", str(folder), "-o", str(output), "--jobs", str(jobs)]
    start, before = time.perf_counter(), processors()
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peaks = [0, 0]

    def watch() -> None:
        while running.poll() is None:
            peaks[0] = max(peaks[0], resident(running.pid))
            try:
                text = Path(f"/proc/{running.pid}/status").read_text()
                peaks[1] = max([peaks[1], *(int(x.split()[1]) * 1024 for x in text.splitlines() if x[:5] == "VmRSS")])
            except OSError:
                break
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = running.wait()
    taken = time.perf_counter() - start
    watcher.join()
    if code not in (0, 1):
        raise SystemExit(f"batch ended with {code}")
    return taken, processors() - before, peaks[0] / 2**20, peaks[1] / 2**20


def exact(made: tuple[Made, ...], summary: Path) -> bool:
    """Does the summary name the planted defects and nothing else?"""
    sheet = openpyxl.load_workbook(summary, read_only=True)["问题清单"]
    named = {(row[1], row[4] or "") for row in sheet.iter_rows(min_row=3, values_only=True)}
    wanted = {(m.path.name, cell) for m in made for cell in m.faults} | {(m.path.name, "") for m in made if m.unusable}
    return named == wanted


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--folder", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = given.folder or Path(name)
        made = make(home / "in", given.count, faulty=given.count // 10, broken=given.count // 10)
        few = make(home / "few" / "in", given.count // 4, faulty=given.count // 40, broken=given.count // 40)
        for title, folder, output, count, jobs in (
            ("one process", few[0].path.parent, home / "few" / "one", len(few), 1),
            ("a quarter", few[0].path.parent, home / "few" / "out", len(few), given.jobs),
            ("all", made[0].path.parent, home / "out", given.count, given.jobs),
            ("again, nothing changed", made[0].path.parent, home / "out", given.count, given.jobs),
        ):
            taken, processor, whole, parent = timed(folder, output, jobs)
            print(
                f"{title:<24}{count:>6} workbooks, {jobs} jobs: {taken:7.1f} s, {count / taken:6.1f} a second,"
                f" {processor / count * 1000:5.0f} ms of processor each,"
                f" peak {whole:4.0f} MB in all, {parent:4.0f} MB the parent"
            )
        print(f"the summary names exactly what was planted: {exact(made, home / 'out' / '汇总.xlsx')}")


if __name__ == "__main__":
    main()
