"""Which workbooks a batch is about, and what each of them is called in the output folder."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..editions.subjects import FILE_STEM
from ..files import safe_name
from ..model.finding import Refusal

# What an accountant may send in: those that can't be read are reported, not passed over.
ENDINGS = frozenset({".xlsx", ".xlsm", ".xls", ".et"})
MARKED = ".校验.xlsx"  # marked copies lie beside their workbooks and are none
LETTER = ".退回意见.docx"
SUMMARY = "汇总.xlsx"
FORMER = "往次文件"  # where files of an earlier round go that would now say something untrue
_MARK = ".校验."
_LONGEST = 60  # characters of a name, so that with its endings every system takes it


@dataclass(frozen=True)
class Source:
    """One workbook: where it lies, and its place within the batch, which stays the same from round to round."""

    path: Path
    place: str


def find(given: Sequence[Path], output: Path) -> tuple[Source, ...]:
    """Every workbook named or lying in a folder named, once each, in the order of their places.

    The place is the path below the folder, or the file's name; where two would be the same, folders are put before
    it until they differ. Refusal when something named is not there or no workbook is found.
    """
    found: dict[str, tuple[Path, str]] = {}
    for start in given:
        if not start.exists():
            raise Refusal(f"没有找到“{start}”。", "请核对文件夹或文件名；文件名中有空格时请用引号括起来。")
        inside = _workbooks(start, output) if start.is_dir() else [(start, start.name)]
        for path, place in inside:
            found.setdefault(os.path.normcase(path.resolve()), (path.resolve(), place))
    if not found:
        raise Refusal("所给的文件夹中没有工作簿（.xlsx）。", "请核对文件夹；标注副本（.校验.xlsx）和临时文件不算在内。")
    return tuple(sorted(_distinct(list(found.values())), key=lambda source: source.place))


def _workbooks(folder: Path, output: Path) -> Iterator[tuple[Path, str]]:
    """Workbooks in ``folder`` and below, what we wrote ourselves and hidden files left out."""
    ours = output.resolve()
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(
            name for name in folders if name[0] != "." and name != FORMER and (here / name).resolve() != ours
        )
        for name in sorted(names):
            if Path(name).suffix.lower() in ENDINGS and not _aside(name) and not (here == folder and _summary(name)):
                yield here / name, (here / name).relative_to(folder).as_posix()


def _aside(name: str) -> bool:
    """Hidden files, those of a program that has the workbook open, marked copies, and a subject list."""
    return name[0] == "." or name.startswith("~$") or _MARK in name or Path(name).stem == FILE_STEM


def _summary(name: str) -> bool:
    return name == SUMMARY or name.startswith(f"{Path(SUMMARY).stem}.")


def _distinct(found: list[tuple[Path, str]]) -> Iterator[Source]:
    depth = {path: place.count("/") + 1 for path, place in found}
    places = {path: unicodedata.normalize("NFC", place) for path, place in found}
    while True:
        often = Counter(place.casefold() for place in places.values())
        twice = [path for path, place in places.items() if often[place.casefold()] > 1]
        if not any(depth[path] < len(path.parts) - 1 for path in twice):
            break
        for path in twice:
            depth[path] = min(depth[path] + 1, len(path.parts) - 1)
            places[path] = unicodedata.normalize("NFC", "/".join(path.parts[-depth[path] :]))
    return (Source(path, place) for path, place in places.items())


def names(places: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """A name for each place under which its files are written: the workbook's own where it is free.

    ``known`` are the names of earlier runs, which are kept. No two names lead to the same file on any system.
    """
    given = dict(known)
    taken = {file for name in known.values() for file in _files(name)}
    for place in places:
        if place in given:
            continue
        for name in _candidates(place):
            if not taken & _files(name):
                given[place] = name
                taken |= _files(name)
                break
    return given


def _files(name: str) -> set[str]:
    return {unicodedata.normalize("NFC", f"{name}{end}").casefold() for end in (".docx", MARKED, LETTER, ".json")}


def _candidates(place: str) -> Iterator[str]:
    *folders, file = place.split("/")
    stem = file.rpartition(".")[0] or file
    mark = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    for text in (stem, "-".join([*folders[-1:], stem]), "-".join([*folders, stem])):
        if len(text) <= _LONGEST:
            yield safe_name(text)
    yield safe_name(f"{stem[:_LONGEST]}-{mark}")
    yield safe_name(f"{mark}-{stem[:_LONGEST]}")


__all__ = ["ENDINGS", "FORMER", "LETTER", "MARKED", "SUMMARY", "Source", "find", "names"]
