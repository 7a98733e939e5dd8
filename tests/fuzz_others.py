"""Mutants of the other files that are read: documents that came back, attachments, old workbooks, lists, editions.

    python tests/fuzz_others.py [COUNT] [--leg NAME] [--seed N] [--start N]

Each leg makes a mutant from its number and hands it to the code behind the command. What ends in anything but a result
or a Refusal, or takes longer than SECONDS, is printed with its number: the same number makes the same mutant.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

import fuzz  # isort: skip
import hand
from exported import Layout, grids, write
from support import INPUTS, load_source

from generator import companions, editions, regenerate
from generator.document import attach
from generator.editions import Library
from generator.exchange import spreadsheets, tables
from generator.exchange.source import Source
from generator.model.blocks import Attachment
from generator.model.cell import CellRef
from generator.model.finding import Refusal
from generator.model.state import State
from generator.tryout import faults
from generator.workbook import subjects
from generator.workbook.read import read

SECONDS = 5.0
SAMPLE = "sample-2021"
CHANGES = (
    fuzz.bytes_flipped, fuzz.piece_cut_or_doubled, fuzz.tag_gone_moved_or_renamed, fuzz.tag_gone_moved_or_renamed,
    fuzz.attribute_changed, fuzz.part_gone_or_swapped, fuzz.hostile_xml,
)  # fmt: skip
Leg = Callable[[random.Random, Path], bytes]


def parts_of(data: bytes) -> fuzz.Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def spoilt(rng: random.Random, data: bytes) -> bytes:
    """A package spoilt in its parts, the text first, or in its own bytes."""
    if rng.random() < 0.1:
        return fuzz.archive_spoilt(rng, data)
    found = parts_of(data)
    for change in rng.choices(CHANGES, k=rng.choice((1, 1, 2, 4))):
        if rng.random() < 0.6 and "word/document.xml" in found:
            text = {"word/document.xml": found.pop("word/document.xml")}
            change(rng, text)
            found.update(text)
        elif found:
            change(rng, found)
    return fuzz.zipped(found)


def flipped(rng: random.Random, data: bytes, count: int) -> bytes:
    made = bytearray(data)
    for _ in range(count):
        at = rng.randrange(len(made))
        what = rng.randrange(4)
        if what == 0:
            made[at] = rng.randrange(256)
        elif what == 1:
            made[at : at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\1\0\0\0"))
        elif what == 2:
            made[at:at] = made[at : at + rng.randrange(40)]
        else:
            del made[at : at + rng.choice((1, 2, 40))]
    return bytes(made)


# documents


def _more(content: dict[str, Any]) -> None:
    """Half of the figures of the first tables are other ones."""
    for form in [form for form in content if isinstance(content[form], dict)][:12]:
        for block in content[form].values():
            for row in block if isinstance(block, list) else block.values():
                for key, value in row.items():
                    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 10_000:
                        row[key] = value + 1


@cache
def documents() -> tuple[tuple[bytes, State], tuple[bytes, State]]:
    """The sample's document, and that of the corrected workbook."""
    return hand.generated(), hand.generated(_more)


def _edited(rng: random.Random) -> bytes:
    """A document with edits of the usual kind now and then, so that it is merged."""
    data = documents()[0][0]
    if rng.random() < 0.7:
        found = parts_of(data)
        found["word/document.xml"] = found["word/document.xml"].replace("万元".encode(), "萬元".encode(), 3)
        data = fuzz.zipped(found)
    return data


def merged(rng: random.Random, folder: Path) -> bytes:
    """A document that came back with edits, put right by the next run."""
    made = spoilt(rng, _edited(rng))
    target = folder / "公开.docx"
    for old in folder.glob("公开*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    target.write_bytes(made)
    fresh, state = documents()[1]
    regenerate.put(target, fresh, state)
    return made


def compared(rng: random.Random, folder: Path) -> bytes:
    made = spoilt(rng, _edited(rng))
    old, new = folder / "旧.docx", folder / "新.docx"
    old.write_bytes(made)
    new.write_bytes(documents()[1][0])
    found = companions.documents(*((old, new) if rng.random() < 0.5 else (new, old)))
    if rng.random() < 0.3:
        companions.state_of(old)
    assert all(one.kind for one in found)
    return made


def attached(rng: random.Random, folder: Path) -> bytes:
    """A Word file put into the document."""
    made = spoilt(rng, rng.choice(_word_files()))
    path = folder / "附件.docx"
    path.write_bytes(made)
    attach.append(documents()[0][0], (Attachment("attachment.1.file", "附件", str(path), CellRef("附件", 3, 2)),))
    return made


@cache
def _word_files() -> tuple[bytes, ...]:
    return (*(path.read_bytes() for path in sorted((INPUTS / "附件").glob("*.docx"))), documents()[0][0])


# tables of other programs, lists, editions


@cache
def _old_files() -> tuple[bytes, Source]:
    edition, content = load_source(SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        (path,) = write(grids(edition, content), Path(folder), Layout(old=True))
        return path.read_bytes(), Source(*read(INPUTS / f"{SAMPLE}.xlsx"))


def imported(rng: random.Random, folder: Path) -> bytes:
    """An .xls in which the file's own structure or a record is spoilt."""
    data, into = _old_files()
    made = flipped(rng, data, rng.choice((1, 2, 8, 40)))
    if rng.random() < 0.3:
        made = data[:512] + flipped(rng, data[512:4096], 3) + data[4096:]
    if rng.random() < 0.1:
        made = made[: rng.randrange(len(made))]
    path = folder / rng.choice(("导出.xls", "导出.et"))
    path.write_bytes(made)
    tables.put_in(into, [spreadsheets.load(path)], "元")
    return made


@cache
def _lists() -> tuple[bytes, bytes]:
    rows = [["科目编码", "科目名称", "年度"], *([f"{n}", f"科目{n}", "2020-2022;2024-"] for n in range(201, 260))]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return "\n".join(",".join(row) for row in rows).encode(), stream.getvalue()


def listed(rng: random.Random, folder: Path) -> bytes:
    """A list of subjects."""
    text, packed = _lists()
    if rng.random() < 0.3:
        path, made = folder / "科目.xlsx", spoilt(rng, packed)
    else:
        path, made = folder / "科目.csv", flipped(rng, text, rng.choice((1, 3, 20)))
        if rng.random() < 0.3:
            made = made.decode("utf-8", "replace").encode(rng.choice(("gb18030", "utf-16", "utf-8-sig", "utf-32")))
    path.write_bytes(made)
    subjects.read(path)
    return made


_PIECES = (
    b"&a [*a, *a]", b"*a", b"!!python/object:os.system x", b"{", b"]", b": ", b"- ", b"\t", b"\0", b"null", b"-1",
    b"1e400", b".inf", b"'", b'"', b"|", b">", b"2021-01-01", b"[" * 300, b"{{ x }}", b"{% for a in b %}",
    b"{{ [1] * 9 }}", b"sum(", b"1/0", b"..", b"/etc/passwd", "万元".encode(), "，".encode(),
)  # fmt: skip


@cache
def _edition_files() -> tuple[tuple[Path, bytes], ...]:
    edition = editions.load(editions.ids()[-1])
    root = edition.find("edition.yaml").parent
    files = [path for path in sorted(root.rglob("*")) if path.suffix in (".yaml", ".j2", ".md", ".txt", ".csv")]
    return tuple((path.relative_to(root), path.read_bytes()) for path in files)


def declared(rng: random.Random, folder: Path) -> bytes:
    """A folder of editions, one file of it spoilt."""
    home = folder / "editions" / editions.ids()[-1]
    if not home.exists():
        shutil.copytree(editions.load(editions.ids()[-1]).find("edition.yaml").parent, home)
    where, data = rng.choice(_edition_files())
    lines = data.split(b"\n")
    made = data
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(lines))
        what = rng.randrange(5)
        if what == 0:
            del lines[at : at + rng.choice((1, 1, 5))]
        elif what == 1:
            lines[at:at] = [rng.choice(lines)]
        elif what == 2:
            lines[at] = re.sub(rb"[\w.]+", rng.choice(re.findall(rb"[\w.]+", data)), lines[at], count=1)
        elif what == 3:
            cut = rng.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:cut] + rng.choice(_PIECES) + lines[at][cut:]
        else:
            lines[at] = b" " * rng.randrange(6) + lines[at].strip()
        lines = lines or [b""]
    made = b"\n".join(lines)
    (home / where).write_bytes(made)
    try:
        faults(Library((folder / "editions",)), home.name)
    finally:
        (home / where).write_bytes(data)
    return where.as_posix().encode() + b"\n" + made


LEGS: dict[str, Leg] = {leg.__name__: leg for leg in (merged, compared, attached, imported, listed, declared)}


def run(leg: str, count: int, folder: Path, seed: int = 0, start: int = 0) -> tuple[Counter[str], dict[str, int]]:
    """Outcomes counted, and the number of the first mutant of every kind of crash."""
    outcomes: Counter[str] = Counter()
    crashes: dict[str, int] = {}
    for number in range(start, start + count):
        began = time.process_time()
        try:
            LEGS[leg](random.Random(f"{leg}.{seed}.{number}"), folder)
            outcomes["done"] += 1
        except Refusal as refusal:
            outcomes["refused"] += 1
            if not refusal.message or not refusal.fix:
                crashes.setdefault(f"a refusal without advice: {refusal.message}", number)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcomes["crashed"] += 1
            crashes.setdefault(f"{leg}: {fuzz.crash(error)}", number)
        if time.process_time() - began > SECONDS:
            crashes.setdefault(f"{leg}: slow, {time.process_time() - began:.0f} s", number)
    return outcomes, crashes


def main() -> None:
    parser = argparse.ArgumentParser(description="Mutants of documents, old workbooks, lists and editions.")
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("--leg", choices=LEGS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0)
    given = parser.parse_args()
    bad = False
    for leg in [given.leg] if given.leg else LEGS:
        began = time.time()
        with tempfile.TemporaryDirectory() as folder:
            outcomes, crashes = run(leg, given.count, Path(folder), given.seed, given.start)
        print(leg, dict(outcomes), f"{time.time() - began:.0f} s", flush=True)
        for kind, number in crashes.items():
            print(f"  mutant {number}: {kind}", flush=True)
        bad = bad or bool(crashes)
    sys.exit(bad)


if __name__ == "__main__":
    main()
