"""Mutants of workbooks: bytes, the archive, its XML, its cells; each is read, checked and marked, or refused.

    python tests/fuzz.py [COUNT] [--seed N] [--start N] [--keep FOLDER]

Every mutant is read; every fifth is marked, every twentieth checked, every fiftieth put to a further use: the
document, a new workbook with its content, the sheets of the review page. A mutant that ends in anything but findings
or a Refusal, or takes longer than SECONDS, is printed with its number (the same number makes the same mutant), and
kept in FOLDER if one is given.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import struct
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from made_content import made_content  # noqa: E402
from raw_xlsx import pages, parts  # noqa: E402

from generator import editions  # noqa: E402
from generator.checks import run as checks  # noqa: E402
from generator.document.render import render  # noqa: E402
from generator.editions import Edition  # noqa: E402
from generator.exchange.content import content  # noqa: E402
from generator.model.book import Book  # noqa: E402
from generator.model.finding import Refusal  # noqa: E402
from generator.model.snapshot import snapshot  # noqa: E402
from generator.model.trace import trace  # noqa: E402
from generator.narrative.compose import compose  # noqa: E402
from generator.workbook import blank, mark, read, view  # noqa: E402

SECONDS = 5.0
Parts = dict[str, bytes]
Change = Callable[[random.Random, Parts], None]

NUMBERS = (
    "NaN", "INF", "-inf", "1e400", "-1E400", "1E-400", "-0", "0.1234567890123456789", "12345678901234567", "9" * 400,
    "0x10", "1,000", "１２", "", " ", "1 2", "--1", "+5", ".", "1e", "1_000", "TRUE", "#REF!", "1.7976931348623157E308",
)  # fmt: skip
TEXTS = (
    "{{7*7}}", "{% for x in y %}", "<w:p>", "&", "]]>", "_xD800_", "_x0000_", "_x000D_", "\u202e逆", "\u200b", "𠮷〇㐂",
    "\ue000", "=1+1", "+1", "-1", "@SUM(A1)", "…" * 3000, "\ufeff", "3,097.76", "(12.5)", "（空）", "—", "无",
    "2021-02-30",
)  # fmt: skip
KINDS = ("n", "s", "str", "inlineStr", "b", "e", "d", "x", "")
INSIDES = ("<v>%s</v>", "<f>A1</f><v>%s</v>", "<f>A1</f>", "<is><t>%s</t></is>", "<v/>", "<is/>", "%s")
TAGS = (b"row", b"c", b"v", b"f", b"is", b"t", b"sheetData", b"mergeCell", b"sheet", b"xf", b"numFmt", b"Relationship")
_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*>.*?</c>', re.DOTALL)
_ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')
_TAG = re.compile(rb"<[^<>]*>")


@cache
def seeds() -> tuple[tuple[tuple[str, bytes], ...], ...]:
    """Parts of filled workbooks: plain ones of every edition, and those of inputs/, with formulas and styles."""
    found = []
    for name in editions.ids():
        edition = editions.load(name)
        made = parts(pages(edition, made_content(edition)))
        found.append(tuple((part, data.encode()) for part, data in made.items()))
    for path in sorted((ROOT / "inputs").glob("*.xlsx")):
        with zipfile.ZipFile(path) as archive:
            found.append(tuple((part, archive.read(part)) for part in archive.namelist()))
    return tuple(found)


def zipped(found: Parts) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in found.items():
            archive.writestr(name, data)
    return stream.getvalue()


# changes of parts: each spoils one thing


def _part(rng: random.Random, found: Parts) -> str:
    names = list(found)
    sheets = [name for name in names if "/worksheets/" in name and not name.endswith(".rels")]
    return rng.choice(sheets if sheets and rng.random() < 0.7 else names)


def bytes_flipped(rng: random.Random, found: Parts) -> None:
    name = _part(rng, found)
    data = bytearray(found[name])
    for _ in range(rng.choice((1, 1, 2, 8)) if data else 0):
        data[rng.randrange(len(data))] = rng.choice((0, 60, 62, 38, 34, 255, rng.randrange(256)))
    found[name] = bytes(data)


def piece_cut_or_doubled(rng: random.Random, found: Parts) -> None:
    name = _part(rng, found)
    data = found[name]
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    b = min(b, a + rng.choice((1, 10, 300, 1 << 30)))
    found[name] = data[:a] + (b"" if rng.random() < 0.5 else data[a:b] * 2) + data[b:]


def tag_gone_moved_or_renamed(rng: random.Random, found: Parts) -> None:
    name = _part(rng, found)
    tags = list(_TAG.finditer(found[name]))
    if not tags:
        return
    tag, data = rng.choice(tags), found[name]
    other = rng.choice(tags)
    new = rng.choice(
        (b"", other[0], tag[0] * 2, b"<" + rng.choice(TAGS) + b">", b"</" + rng.choice(TAGS) + b">", b"<!--")
    )
    found[name] = data[: tag.start()] + new + data[tag.end() :]


def attribute_changed(rng: random.Random, found: Parts) -> None:
    name = _part(rng, found)
    here = list(_ATTRIBUTE.finditer(found[name]))
    if not here:
        return
    one, data = rng.choice(here), found[name]
    value = rng.choice(
        (b"", b"-1", b"0", b"99999999999", b"1e9", b"A1", b"XFD1048576", b"ZZZ9", b"A0", b"A1:XFD1048576", b"true",
         b"\xff", b"../../x", b"http://x/", b"&amp;", rng.choice(here)[2])
    )  # fmt: skip
    key = one[1] if rng.random() < 0.9 else rng.choice(here)[1]
    found[name] = data[: one.start()] + key + b'="' + value + b'"' + data[one.end() :]


def cell_content(rng: random.Random, found: Parts) -> None:
    name = _part(rng, found)
    cells = list(_CELL.finditer(found[name]))
    for one in sorted(rng.sample(cells, min(len(cells), rng.choice((1, 1, 5)))), key=lambda m: -m.start()):
        text = rng.choice(NUMBERS if rng.random() < 0.5 else TEXTS)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "]]&gt;")
        kind = rng.choice(KINDS)
        inside = rng.choice(INSIDES).replace("%s", text)
        if rng.random() < 0.2:
            inside += rng.choice(("<v>5</v>", "<f/>", "<extLst/>", "<is><r><t>a</t></r></is>"))
        style = rng.choice(("", ' s="1"', ' s="2"', ' s="99999"', ' s="x"'))
        made = f'<c r="{one[1].decode()}{one[2].decode()}" t="{kind}"{style}>{inside}</c>'.encode("utf-8", "replace")
        found[name] = found[name][: one.start()] + made + found[name][one.end() :]


def cells_moved(rng: random.Random, found: Parts) -> None:
    """Duplicate, out of order, under another row, without an address."""
    name = _part(rng, found)
    data = found[name]
    cells = list(_CELL.finditer(data))
    if not cells:
        return
    one, other = rng.choice(cells), rng.choice(cells)
    made = rng.choice((one[0] + other[0], other[0], re.sub(rb' r="[^"]*"', b"", one[0], count=1), one[0] * 2))
    found[name] = data[: one.start()] + made + data[one.end() :]


def rows_moved(rng: random.Random, found: Parts) -> None:
    name = _part(rng, found)
    rows = re.findall(rb"<row\b.*?</row>", found[name], re.DOTALL)
    head, middle, tail = found[name].partition(b"".join(rows) or b"\0")
    if not rows or not middle:
        return
    what = rng.randrange(5)
    if what == 0:
        rng.shuffle(rows)
    elif what == 1:
        del rows[rng.randrange(len(rows))]
    elif what == 2:
        rows.insert(rng.randrange(len(rows)), rng.choice(rows))
    elif what == 3:
        rows = [re.sub(rb'<row r="\d+"', b"<row", row, count=1) for row in rows]
    else:
        rows = [re.sub(rb'(<c) r="[^"]*"', rb"\1", row) for row in rows]
    found[name] = head + b"".join(rows) + tail


def merges(rng: random.Random, found: Parts) -> None:
    name = _part(rng, found)
    reference = rng.choice(("A1:XFD1048576", "A:C", "B7:B7", "C5:A1", "A1:B", "x", "A5:F9", "A4:C4", "B2:B900"))
    tag = f'<mergeCells><mergeCell ref="{reference}"/></mergeCells>'.encode()
    found[name] = found[name].replace(b"</sheetData>", b"</sheetData>" + tag, 1)


def sheets_listed(rng: random.Random, found: Parts) -> None:
    name = "xl/workbook.xml"
    tags = re.findall(rb"<sheet [^>]*>", found.get(name, b""))
    if not tags:
        return
    one, other = rng.choice(tags), rng.choice(tags)
    new = rng.choice((b"", one * 2, other, re.sub(rb'name="[^"]*"', re.search(rb'name="[^"]*"', other)[0], one),  # type: ignore[index]
                      one.replace(b" ", b' state="hidden" ', 1), one.replace(b"r:id", b"id")))  # fmt: skip
    found[name] = found[name].replace(one, new, 1)


def part_gone_or_swapped(rng: random.Random, found: Parts) -> None:
    one, other = rng.choice(list(found)), rng.choice(list(found))
    what = rng.randrange(4)
    if what == 0:
        del found[one]
    elif what == 1:
        found[one], found[other] = found[other], found[one]
    elif what == 2:
        found[rng.choice(("../", "/", "\\", "X/", one.upper() + "/")) + one] = found[one]
    else:
        encoding = rng.choice(("utf-16", "utf-32", "utf-8-sig", "gb18030"))
        found[one] = found[one].decode("utf-8", "replace").encode(encoding)


def hostile_xml(rng: random.Random, found: Parts) -> None:
    name = _part(rng, found)
    new = rng.choice(
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<!-- x -->", b"<?x y?>", b"<![CDATA[<c r='A1'/>]]>", b"&nbsp;", b"&#0;",
         b"<a>" * 400, b"\0" * 50, b"<mc:AlternateContent/>")
    )  # fmt: skip
    data = found[name]
    at = rng.choice((0, data.find(b"?>") + 2, data.find(b"<sheetData>") + 11, data.find(b"</row>"), len(data)))
    found[name] = data[: max(at, 0)] + new + data[max(at, 0) :]


CHANGES: tuple[Change, ...] = (
    bytes_flipped, piece_cut_or_doubled, tag_gone_moved_or_renamed, attribute_changed, cell_content, cell_content,
    cells_moved, rows_moved, merges, sheets_listed, part_gone_or_swapped, hostile_xml,
)  # fmt: skip


def archive_spoilt(rng: random.Random, data: bytes) -> bytes:
    """The archive's own bytes: anywhere, or in a header, where they mean most."""
    made = bytearray(data)
    marks = [m.start() for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") for m in re.finditer(mark, data)]
    for _ in range(rng.choice((1, 2, 6))):
        at = rng.choice(marks) + rng.randrange(46) if rng.random() < 0.7 else rng.randrange(len(made))
        if at + 4 <= len(made):
            if rng.random() < 0.5:
                made[at] = rng.randrange(256)
            else:
                struct.pack_into("<I", made, at, rng.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, rng.randrange(1 << 32))))
    if rng.random() < 0.2:
        made = made[: rng.randrange(len(made))]
    if rng.random() < 0.1:
        made = bytearray(bytes(rng.randrange(200)) + made)
    return bytes(made)


def mutant(number: int, seed: int = 0) -> tuple[bytes, str]:
    """The mutant of that number, and what was done to it."""
    rng = random.Random(f"{seed}.{number}")
    plain = len(editions.ids())  # ten times smaller than those of inputs/: three in four
    found = dict(rng.choice(seeds()[:plain] if rng.random() < 0.75 else seeds()[plain:] or seeds()))
    done = []
    if rng.random() < 0.15:
        return archive_spoilt(rng, zipped(found)), "archive_spoilt"
    for change in rng.choices(CHANGES, k=rng.choice((1, 1, 1, 2, 4))):
        change(rng, found)
        done.append(change.__name__)
    data = zipped(found)
    if rng.random() < 0.02:
        data, done = archive_spoilt(rng, data), [*done, "archive_spoilt"]
    return data, "+".join(done)


def _document(edition: Edition, book: Book, path: Path) -> None:
    disclosure, _ = compose(edition, book, True)
    trace(disclosure)
    render(edition.find("style.docx"), disclosure)


def _new_workbook(edition: Edition, book: Book, path: Path) -> None:
    snapshot(book)
    blank.build(edition, content(edition, book))


def _views(edition: Edition, book: Book, path: Path) -> None:
    view.view(path, [form.sheet for form in edition.forms])


USES = (_document, _new_workbook, _views)


def tried(data: bytes, path: Path, number: int = 0) -> str:
    """ "read" or "refused"; raises what the reader and those that follow it should not."""
    path.write_bytes(data)
    try:
        edition, book = read.read(path)
        findings = (*book.findings, *(checks.run(edition, book) if number % 20 == 0 else ()))
        if number % 5 == 0:
            mark.mark(data, findings, title="校验")
        if number % 50 == 1:
            USES[number // 50 % len(USES)](edition, book, path)
    except Refusal as refusal:
        if not refusal.message or not refusal.fix:
            raise AssertionError(f"a refusal without advice: {refusal.message}") from refusal
        return "refused"
    return "read"


def crash(error: BaseException) -> str:
    """The kind of a crash: its type and the place in our code."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "generator" in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else "?"
    return f"{type(error).__name__} at {place}: {str(error)[:100]}"


def fuzz(
    count: int, path: Path, seed: int = 0, start: int = 0, keep: Path | None = None, seconds: float = SECONDS
) -> tuple[Counter[str], list[str]]:
    """Outcomes counted, and one line for each new kind of crash, or of mutant that takes more processor time."""
    outcomes: Counter[str] = Counter()
    crashes: dict[str, str] = {}
    for number in range(start, start + count):
        data, done = mutant(number, seed)
        began = time.process_time()
        try:
            outcomes[tried(data, path, number)] += 1
        except Exception as error:  # noqa: BLE001 (finding those is what this is for)
            outcomes["crashed"] += 1
            kind = crash(error)
            if kind not in crashes:
                crashes[kind] = f"mutant {number} ({done}): {kind}"
                if keep is not None:
                    (keep / f"mutant-{seed}-{number}.xlsx").write_bytes(data)
        if time.process_time() - began > seconds:
            crashes.setdefault(f"slow {done}", f"mutant {number} ({done}): {time.process_time() - began:.1f} s")
    return outcomes, list(crashes.values())


def main() -> None:
    parser = argparse.ArgumentParser(description="Mutants of workbooks, read, checked and marked.")
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    import tempfile

    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        outcomes, crashes = fuzz(given.count, Path(folder) / "x.xlsx", given.seed, given.start, given.keep)
    print(dict(outcomes), f"{time.time() - began:.0f} s")
    print("\n".join(crashes) or "no crash")
    sys.exit(bool(crashes))


if __name__ == "__main__":
    main()
