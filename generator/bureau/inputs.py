"""Which workbooks a batch is about, what lies beside them, and what each is called in the output folder."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..editions.subjects import FILE_STEM
from ..files import HAND_EDITED, REPLACED, safe_name
from ..model.finding import Refusal
from ..regenerate import BESIDE
from .store import Store

# What an accountant may send in: those that can't be read are reported, not passed over.
ENDINGS = frozenset({".xlsx", ".xlsm", ".xls", ".et"})
MARKED = ".校验.xlsx"  # marked copies lie beside their workbooks and are none
LETTER = ".退回意见.docx"
SUMMARY = "汇总.xlsx"
FORMER = "往次文件"  # where files of an earlier round go that would now say something untrue
_MARK = ".校验."
_HISTORY = ".历史"  # ends the names of folders with earlier documents
_NOISE = frozenset({"thumbs.db", "desktop.ini"})
_ARCHIVES = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz"})
_OURS = frozenset({"docx", "校验", "退回意见", BESIDE, HAND_EDITED, REPLACED})  # words after a workbook's name
_EXAMPLES = 3
_LONGEST = 60  # characters of a name, so that with its endings every system takes it


@dataclass(frozen=True)
class Source:
    """One workbook: where it lies, and its place within the batch, which stays the same from round to round."""

    path: Path
    place: str


@dataclass(frozen=True)
class Other:
    """A file or folder that was not taken for a workbook, and why; ``path`` as it was found."""

    path: Path
    place: str
    why: str


def find(given: Sequence[Path], output: Path) -> tuple[Source, ...]:
    """Every workbook named or lying in a folder named, once each, in the order of their places.

    The place is the path below the folder, or the file's name; where two would be the same, folders are put before
    it until they differ. Refusal when something named is not there or no workbook is found.
    """
    found: dict[str, tuple[Path, str]] = {}
    for start in given:
        if not start.exists():
            raise Refusal(f"没有找到“{start}”。", "请核对文件夹或文件名；文件名中有空格时请用引号括起来。")
        inside = _walk(start, output) if start.is_dir() else [Other(start, start.name, "")]
        for one in inside:
            if not one.why:
                found.setdefault(key(one.path), (_real(one.path), one.place))
    if not found:
        beside = [f"{one.place}（{one.why}）" for one in islice(others(given, output, (), ()), _EXAMPLES)]
        seen = f"那里有：{'、'.join(beside)}。" if beside else ""
        raise Refusal(
            "所给的文件夹中没有工作簿（.xlsx）。",
            f"请核对文件夹；标注副本（.校验.xlsx）、临时文件和本工具写出的文件不算在内。{seen}",
        )
    return tuple(sorted(_distinct(list(found.values())), key=lambda source: source.place))


def others(
    given: Sequence[Path], output: Path, sources: Sequence[Source], attachments: Collection[str]
) -> Iterator[Other]:
    """What lies in the folders and is neither a workbook of the batch nor one of ``attachments`` (keys, see ``key``)
    nor written by this tool: someone may have meant to send it in."""
    taken = {key(source.path) for source in sources}
    told: set[str] = set()
    for start in given:
        for one in _walk(start, output) if start.is_dir() else ():
            this = key(one.path)
            if one.why and this not in taken and this not in attachments and this not in told:
                told.add(this)
                yield one


def key(path: Path) -> str:
    """The same for every way of writing a file's path."""
    return os.path.normcase(_real(path))


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):  # links in a circle, or a name this system can't write
        return path.absolute()


def _walk(folder: Path, output: Path) -> Iterator[Other]:
    """Files in ``folder`` and below, without a ``why`` where they are workbooks; hidden ones and ours are left out."""
    ours, closed = _real(output), list[OSError]()
    for root, folders, names in os.walk(folder, onerror=closed.append):
        here = Path(root)
        written = _Written.by(here)
        entered = []
        for name in sorted(folders):
            if name[0] == "." or written.folder(name) or _real(here / name) == ours:
                continue
            if (here / name).is_symlink():
                yield Other(here / name, _place(here / name, folder), "链接到别处的文件夹，没有进入")
            else:
                entered.append(name)
        folders[:] = entered
        for name in sorted(names):
            if not _noise(name) and not written.file(name):
                yield Other(here / name, _place(here / name, folder), _why(name))
    for error in closed:
        path = Path(error.filename or folder)
        yield Other(path, _place(path, folder), f"文件夹打不开（系统提示：{error.strerror or error}）")


def _place(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _noise(name: str) -> bool:
    """Hidden files, those of a program that has the workbook open, of the system, and a subject list."""
    stem, dot, _ = name.rpartition(".")
    return name[0] == "." or name.startswith("~$") or name.lower() in _NOISE or bool(dot and stem == FILE_STEM)


def _why(name: str) -> str:
    """Why this is no workbook to process; empty where it is one. What can't be read is said when it is opened."""
    ending = Path(name).suffix.lower()
    if ending in ENDINGS:
        return "标注副本，请在原工作簿中改正后重新报送" if _MARK in name else ""
    if ending in _ARCHIVES:
        return "压缩文件，请解压后再运行"
    return "不是工作簿，也没有工作簿把它写作附件"


@dataclass(frozen=True)
class _Written:
    """What batches have written into a folder: nothing where it never was the output folder of one."""

    names: frozenset[str] = frozenset()
    known: bool = False

    @staticmethod
    def by(folder: Path) -> _Written:
        store = Store(folder)
        return _Written(frozenset(store.names().values()), True) if store.folder.is_dir() else _Written()

    def folder(self, name: str) -> bool:
        return self.known and (name == FORMER or name.endswith(_HISTORY))

    def file(self, name: str) -> bool:
        """甲局.docx, 甲局.校验.xlsx, 甲局.退回意见.手工修改-<when>.docx …, where 甲局 is the name of a workbook."""
        if not self.known:
            return False
        if name == SUMMARY or name.startswith(f"{Path(SUMMARY).stem}."):
            return True
        parts = name.split(".")
        return any(
            parts[at].partition("-")[0] in _OURS and ".".join(parts[:at]) in self.names for at in range(1, len(parts))
        )


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

    ``known`` are the names of earlier runs, which are kept; a workbook that comes back in place of one of the same
    name with another ending (saved anew as .xlsx) takes over its name. No two names lead to the same file on any
    system.
    """
    places, given = list(places), dict(known)
    former: dict[str, list[str]] = {}
    for place in set(known) - set(places):
        former.setdefault(_stem(place), []).append(place)
    taken = {file for name in known.values() for file in _files(name)}
    for place in places:
        if place in given:
            continue
        if len(before := former.get(_stem(place), [])) == 1:
            given[place] = given.pop(before.pop())
            continue
        for name in _candidates(place):
            if not taken & _files(name):
                given[place] = name
                taken |= _files(name)
                break
    return given


def _stem(place: str) -> str:
    folder, slash, file = place.rpartition("/")
    return f"{folder}{slash}{file.rpartition('.')[0] or file}".casefold()


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


__all__ = ["ENDINGS", "FORMER", "LETTER", "MARKED", "SUMMARY", "Other", "Source", "find", "key", "names", "others"]
