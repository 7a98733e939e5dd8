"""What keeping hand edits costs: a cold run over an edited document against one over none, and growth with blocks.

    python benchmarks/merging.py [--runs 10]

Cold is a new process that runs `cli.py generate`; the edited document is put back before each run, the workbook was
corrected since, so that every run merges. Growth repeats the duties of the sample, a paragraph each, and edits
every tenth; it times merging in this process. Prints medians, those of growth in processor time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from generator.document.package import seal, unpack  # noqa: E402
from generator.revision.merge import merge  # noqa: E402
from generator.revision.store import embedded  # noqa: E402
from generator.workbook.blank import build  # noqa: E402
from tests.hand import SOURCE, Word, generated, paragraph, replace_words, runs  # noqa: E402
from tests.support import INPUTS, W, load_source  # noqa: E402

GROWTH = (1, 10, 100)


def corrected(content: dict[str, Any]) -> None:
    content["changes"]["years"]["totals"]["last"] = Decimal("60000000.00")


def workbook(folder: Path, change: Callable[[dict[str, Any]], None] | None = None) -> Path:
    edition, content = load_source(SOURCE)
    if change is not None:
        change(content)
    path = folder / "a.xlsx"
    path.write_bytes(build(edition, content))
    shutil.copytree(INPUTS / "附件", folder / "附件", dirs_exist_ok=True)
    return path


def edit(word: Word) -> None:
    """A word in every tenth paragraph, a paragraph more, one less, a figure in a table."""
    marks = [mark.get(W + "name") for mark in word.root.iter(W + "bookmarkStart")]
    texts = [mark for mark in marks if word.block(mark).tag.endswith("}p") and runs(word.block(mark))]
    for mark in texts[5::10]:
        held = word.text(mark)
        if "\t" not in held:
            replace_words(word.block(mark), held[:1], "改" + held[:1])
    word.add_after(texts[20], paragraph("领导补充的一段话。"))
    table = next(word.block(mark) for mark in marks if word.block(mark).tag.endswith("}tbl"))
    next(node for _, node in runs(table)).text = "改过的格"


def spent() -> float:
    """Processor time of all processes started from here that have ended, in seconds."""
    now = os.times()
    return now.children_user + now.children_system


def cold(command: list[str], before: Callable[[], None], times: int) -> tuple[float, float]:
    """Milliseconds of a run by the clock and of the processor."""
    taken: list[tuple[float, float]] = []
    for run in range(times + 1):
        before()
        start, used = time.perf_counter(), spent()
        subprocess.run(command, check=True, capture_output=True)
        if run:
            taken.append((time.perf_counter() - start, spent() - used))
    clock, processor = zip(*taken, strict=True)
    return statistics.median(clock) * 1000, statistics.median(processor) * 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    times = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        book, target = workbook(folder), folder / "out" / "a.docx"
        command = [
            sys.executable,
            str(ROOT / "cli.py"),
            "generate",
            str(book),
            "-o",
            str(target),
            "--draft",
            "--no-mark",
        ]
        subprocess.run(command, check=False, capture_output=True)
        word = Word(target.read_bytes())
        edit(word)
        edited = word.save()
        workbook(folder, corrected)
        record = (target.parent / "a.历史" / "生成记录.gongkai").read_bytes()

        def none() -> None:
            shutil.rmtree(target.parent, ignore_errors=True)

        def ours() -> None:
            shutil.rmtree(target.parent, ignore_errors=True)
            (target.parent / "a.历史").mkdir(parents=True)
            (target.parent / "a.历史" / "生成记录.gongkai").write_bytes(record)
            target.write_bytes(edited)

        plain, merging = cold(command, none, times), cold(command, ours, times)
        for what, without, with_it in zip(("clock", "processor"), plain, merging, strict=True):
            print(f"cold, {what}: {without:.0f} ms without a document, {with_it:.0f} merging: {with_it - without:+.0f}")
    for factor in GROWTH:
        growth(factor, max(times // 2, 3))


def growth(factor: int, times: int) -> None:
    def many(content: dict[str, Any]) -> None:
        content["texts"]["duties"] = [
            {**row, "text": f"{row['text']}第{n}次"} for n in range(factor) for row in content["texts"]["duties"]
        ]

    def then(content: dict[str, Any]) -> None:
        many(content)
        corrected(content)

    (old, _), (new, state) = generated(many), generated(then)
    word = Word(old)
    edit(word)
    parts, fresh = unpack(word.save()), unpack(new)
    base = embedded(parts)
    assert base is not None
    taken = []
    for _ in range(times + 1):
        start = time.process_time()
        made = merge(parts, base, fresh, state)
        assert made.parts is not None
        seal(made.parts)
        taken.append((time.process_time() - start) * 1000)
    per = statistics.median(taken[1:])
    print(f"{len(base.units):>6} blocks: {per:7.1f} ms, {per / len(base.units):.3f} ms a block")


if __name__ == "__main__":
    main()
