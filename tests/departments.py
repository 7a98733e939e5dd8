"""Any number of departments' workbooks: one sound sample under many names, some of them with a defect planted."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from altered import alter
from support import sample

from generator.model.book import Book
from generator.model.cell import CellRef
from generator.workbook.read import read

SAMPLE = "sample-2021"
REASONS = (("changes", "years"), ("changes", "three_public_budget"), ("initial_budget", "classes"))
_WORDS = "山川江湖林田沙草星辰云雨风雷春夏秋冬梅兰竹菊松柏桃李金木水火土石玉珠琴棋书画诗酒花茶东南西北中前后左右"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)


@dataclass(frozen=True)
class Made:
    """One workbook, and what is wrong with it: cells at fault, or that it can't be used at all."""

    path: Path
    unit: str
    faults: tuple[str, ...] = ()
    unusable: bool = False


@lru_cache(maxsize=2)
def book(path: Path) -> Book:
    return read(path)[1]


def place(found: Book, form: str, row: str, column: str) -> CellRef:
    data = found.sheet(form)
    cell = data.cell(row, column) if data is not None else None
    assert cell is not None, f"{form}.{row}.{column}"
    return cell.ref


def reasons(found: Book) -> list[CellRef]:
    """Cells that hold a reason in the sample."""
    cells = [row.cells.get("reason") for form, block in REASONS for row in found.rows(form, block)]
    return [cell.ref for cell in cells if cell is not None and cell.text.strip()]


def words(seed: str) -> str:
    """A reason like no other."""
    return "".join(random.Random(seed).choices(_WORDS, k=30))


def rename(base: Path, target: Path, unit: str) -> None:
    """The sample as the workbook of ``unit``: its name throughout, and reasons of its own."""
    found = book(base)
    old = found.text("unit", "name").encode()
    renamed = target.with_suffix(".renamed")
    with zipfile.ZipFile(base) as source, zipfile.ZipFile(renamed, "w", zipfile.ZIP_DEFLATED) as package:
        for name in source.namelist():
            package.writestr(name, source.read(name).replace(old, unit.encode()))
    alter(renamed, target, {str(ref): words(f"{unit} {ref}") for ref in reasons(found)})
    renamed.unlink()


def wrong_total(base: Path, source: Path) -> tuple[str, ...]:
    """A sum that does not add up."""
    ref = str(place(book(base), "totals", "income_total", "amount"))
    alter(source, source, {ref: 12345})
    return (ref,)


def text_for_amount(base: Path, source: Path) -> tuple[str, ...]:
    """Words where an amount belongs."""
    ref = str(place(book(base), "totals", "closing", "amount"))
    alter(source, source, {ref: "见附表"})
    return (ref,)


def no_date(base: Path, source: Path) -> tuple[str, ...]:
    """A cell that must be filled in is not."""
    ref = str(place(book(base), "unit", "cover_date", "value"))
    alter(source, source, {ref: None})
    return (ref,)


def _truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _empty(data: bytes) -> bytes:
    return b""


def _old_excel(data: bytes) -> bytes:
    return _OLE


def _not_excel(data: bytes) -> bytes:
    return "这是一段文字".encode()


def _no_sheets(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("readme.txt", "nothing")
    return out.getvalue()


FAULTS: Sequence[Callable[[Path, Path], tuple[str, ...]]] = (wrong_total, text_for_amount, no_date)
BROKEN: Sequence[Callable[[bytes], bytes]] = (_truncated, _empty, _old_excel, _not_excel, _no_sheets)


def make(folder: Path, count: int, *, faulty: int, broken: int) -> tuple[Made, ...]:
    """``count`` workbooks in ``folder``: the first ``faulty`` with a wrong cell, the next ``broken`` unusable."""
    folder.mkdir(parents=True, exist_ok=True)
    base = sample(SAMPLE, folder.parent / "base" if (folder.parent / "base").is_dir() else _new(folder.parent / "base"))
    for file in (base.parent / "附件").glob("*"):
        (folder / "附件").mkdir(exist_ok=True)
        (folder / "附件" / file.name).write_bytes(file.read_bytes())
    made = []
    for number in range(count):
        unit = f"某市第{number + 1}局"
        path = folder / f"{number + 1:03d}-{unit}.xlsx"
        rename(base, path, unit)
        faults: tuple[str, ...] = ()
        if number < faulty:
            faults = FAULTS[number % len(FAULTS)](base, path)
        unusable = faulty <= number < faulty + broken
        if unusable:
            path.write_bytes(BROKEN[number % len(BROKEN)](path.read_bytes()))
        made.append(Made(path, unit, faults, unusable))
    return tuple(made)


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
