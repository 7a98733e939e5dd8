"""Files of other people, as many as there are in a folder: none may end in a crash, none may lose a value.

    python tests/wild.py FOLDER [--every N] [--seconds S]

Put there what you have: workbooks of offices, the collections that other programs test themselves with. Every .xlsx and
.xlsm is read by openpyxl too and compared cell by cell; then its sheets are given the names of our forms, it is checked
and marked, and the marked copy is compared with what it was made from. Every other workbook is imported. Every Word
file is compared with a document of ours, attached to one, and overwritten by one. One line for each thing that is not
as it should be.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shutil
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

import openpyxl  # noqa: E402
from lxml import etree  # noqa: E402
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula  # noqa: E402
from test_second_reader import ours, same, theirs  # noqa: E402

from generator import editions  # noqa: E402
from generator.commands.cli import gongkai  # noqa: E402
from generator.model.finding import Refusal  # noqa: E402

WORKBOOKS, OTHERS, DOCUMENTS = (".xlsx", ".xlsm"), (".xls", ".et", ".xlsb", ".ods", ".csv", ".html"), (".docx", ".docm")
SAMPLE = ROOT / "inputs" / "sample-2021.xlsx"
ATTACHED = "附件/绩效管理办法.docx"
SECONDS = 20.0
_SHEET = re.compile(rb'(<(?:\w+:)?sheet\b[^>]*?\bname=")[^"]*"')
# What a second reader may see otherwise: dates to the microsecond, sheets of old macros, links shown as texts.
_READERS_DIFFER = ("E+", "http", "/wiki")


def said(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and words of a command, as a user sees them."""
    words = io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        try:
            gongkai.main([str(one) for one in arguments], prog_name="gongkai")
        except SystemExit as end:
            return int(end.code or 0), words.getvalue()
    return 0, words.getvalue()


def wrong_words(*arguments: str | Path) -> Iterator[str]:
    code, words = said(*arguments)
    if code not in (0, 1, 2) or "程序内部出错" in words or "Traceback" in words:
        yield f"{arguments[0]}: {words.strip()[:300] or code}"
    elif not words.strip():
        yield f"{arguments[0]}: 没有一句话，退出码 {code}"


def read_twice(path: Path) -> Iterator[str]:
    """Values that openpyxl sees and we don't, or see otherwise."""
    data = path.read_bytes()
    try:
        mine = ours(data)
    except Refusal as refusal:
        if not refusal.fix:
            yield f"refused without advice: {refusal.message}"
        return
    try:
        other = theirs(data)
    except Exception:  # noqa: BLE001 (what openpyxl can't read can't be compared)
        return
    for place, value in other.items():
        if place not in mine:
            if value != "" and not str(value).startswith(_READERS_DIFFER):
                yield f"{place} is lost: {value!r}"
        elif not same(mine[place], value) and not _nearly(mine[place].text, value):
            yield f"{place}: {mine[place]} is not {value!r}"


def _nearly(text: str, value: Any) -> bool:
    """Dates go through openpyxl rounded to the microsecond, and its blanks may be formulas of another table."""
    try:
        return value is None or abs(float(text) - float(value)) < 1e-6
    except (ValueError, TypeError):
        return str(value).startswith("#")


def marked(path: Path, folder: Path, turn: int) -> Iterator[str]:
    """The workbook under the names of our forms, through checks and marks; what the marked copy lost."""
    edition = editions.load(editions.ids()[turn % len(editions.ids())])
    forms = [form.sheet for form in edition.forms]
    names = iter(forms[turn % len(forms) :] + forms[: turn % len(forms)])
    given = folder / "工作簿.xlsx"
    try:
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(given, "w", zipfile.ZIP_DEFLATED) as new:
            for item in old.infolist():
                data = old.read(item)
                if item.filename.lower() == "xl/workbook.xml":
                    data = _SHEET.sub(lambda m: m[1] + next(names, "其他").encode() + b'"', data)
                new.writestr(item, data)
    except Exception:  # noqa: BLE001 (no archive that can be written anew)
        return
    copy = folder / "标注.xlsx"
    yield from wrong_words("check", given, "--edition", edition.id, "--marked", copy)
    if not copy.exists():
        return
    try:
        before = _everything(given)
    except Exception:  # noqa: BLE001 (as above)
        return
    after = _everything(copy)
    for place, value in before.items():
        if after.get(place) != value and not isinstance(value, (ArrayFormula, DataTableFormula)):
            yield f"marked copy, {place}: {after.get(place)!r} is not {value!r}"


def _everything(path: Path) -> dict[tuple[str, int, int], Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path)
    cells = ((sheet.title, place, cell) for sheet in book.worksheets for place, cell in sheet._cells.items())
    return {(title, *place): cell.value for title, place, cell in cells if cell.value is not None}


def imported(path: Path, folder: Path) -> Iterator[str]:
    yield from wrong_words("import", path, "--into", SAMPLE, "-o", folder / "导入.xlsx")


def documents(path: Path, folder: Path, own: Path) -> Iterator[str]:
    """A Word file beside ours, in ours, and at the place of ours."""
    yield from wrong_words("diff", own, path)
    shutil.copy(SAMPLE, folder / "工作簿.xlsx")
    shutil.copytree(SAMPLE.parent / "附件", folder / "附件", dirs_exist_ok=True)
    shutil.copy(path, folder / ATTACHED)
    made = folder / "公开.docx"
    yield from wrong_words("generate", folder / "工作簿.xlsx", "-o", made)
    if not made.exists():
        yield "attached: no document"
        return
    with zipfile.ZipFile(made) as package:
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(package.read(name))
            if "vba" in name.lower():
                yield f"attached: {name} came along"
    place = folder / "原有.docx"
    shutil.copy(path, place)
    yield from wrong_words("generate", SAMPLE, "-o", place)
    kept = [one for one in folder.glob("原有*.docx") if one.read_bytes() == path.read_bytes()]
    if not kept:
        yield "overwritten: the file that stood there is gone"


def wild(folder: Path, every: int = 1, seconds: float = SECONDS) -> tuple[Counter[str], list[str]]:
    """Files tried, by kind, and what is wrong with any."""
    tried: Counter[str] = Counter()
    wrong: list[str] = []
    known = (*WORKBOOKS, *OTHERS, *DOCUMENTS)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in known and path.is_file())
    with tempfile.TemporaryDirectory() as top:
        own = Path(top, "公开.docx")
        said("generate", SAMPLE, "-o", own)
        for turn, path in enumerate(files[::every]):
            kind = path.suffix.lower()
            tried[kind] += 1
            began = time.process_time()
            with tempfile.TemporaryDirectory(dir=top) as name:
                here = Path(name)
                try:
                    if kind in WORKBOOKS:
                        found = [*read_twice(path), *marked(path, here, turn)]
                    else:
                        found = [*(documents(path, here, own) if kind in DOCUMENTS else imported(path, here))]
                except Exception as error:  # noqa: BLE001 (finding those is what this is for)
                    found = [f"{type(error).__name__}: {error}"]
            spent = time.process_time() - began
            wrong += [f"{path}: {one}" for one in found[:5]]
            wrong += [f"{path}: {spent:.1f} s"] if spent > seconds else []
    return tried, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description="Files of other people through reader, checks, marks and documents.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only one file in so many")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    given = parser.parse_args()
    tried, wrong = wild(given.folder, given.every, given.seconds)
    print(*wrong, sep="\n")
    print(", ".join(f"{count} {kind}" for kind, count in tried.most_common()), f"; {len(wrong)} wrong")


if __name__ == "__main__":
    main()
