"""Many departments at once: workbooks per second, peak memory, and whether the summary names what was planted.

    python benchmarks/batch.py [--count 200] [--jobs 2] [--folder FOLDER]

The workbooks are the sample under other names with reasons of their own; a tenth has a wrong cell, another tenth can't
be used at all, in several ways. Memory is the sum over all processes of the batch (pages that they share counted once,
where the system tells), sampled ten times a second. Growth is measured by a quarter of the workbooks: peak memory must
not follow their number. At the end a run is killed when half is done, and taken up again.
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
    """Bytes in memory of the process and all below it; what processes share is divided among them."""
    total, here = 0, [pid]
    while here:
        one = here.pop()
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
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


def started(folder: Path, output: Path, jobs: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "cli.py"), "batch", str(folder), "-o", str(output), "--jobs", str(jobs)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def timed(folder: Path, output: Path, jobs: int) -> tuple[float, float, float, float]:
    """Seconds on the wall and of processors, and megabytes at the peak: of all processes together, and the parent."""
    start, before = time.perf_counter(), processors()
    running = started(folder, output, jobs)
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


def killed(folder: Path, output: Path, jobs: int, after: int) -> int:
    """Workbooks done when the batch was killed, which was when ``after`` of them were."""
    results = output / ".gongkai" / "batch" / "results"
    running = started(folder, output, jobs)
    while running.poll() is None and len(list(results.glob("*.json"))) < after:
        time.sleep(0.05)
    running.kill()
    running.wait()
    return len(list(results.glob("*.json")))


def same(left: Path, right: Path) -> bool:
    """Do two output folders hold the same, but for the summary, whose package has the time in it?"""
    trees = [
        {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path.name not in ("汇总.xlsx", "summary.json")
        }
        for folder in (left, right)
    ]
    sheets = [
        {sheet.title: list(sheet.values) for sheet in openpyxl.load_workbook(folder / "汇总.xlsx", read_only=True)}
        for folder in (left, right)
    ]
    return trees[0] == trees[1] and sheets[0] == sheets[1]


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
        done = killed(made[0].path.parent, home / "again", given.jobs, given.count // 2)
        timed(made[0].path.parent, home / "again", given.jobs)
        print(f"killed after {done}, taken up again, ends the same: {same(home / 'out', home / 'again')}")


if __name__ == "__main__":
    main()
