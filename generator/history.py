"""What stood at a place before: kept in a folder beside the document, with time and reason, and brought back."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from . import files
from .model.finding import Refusal

FOLDER = "历史"  # <document>.历史
RECORD = "生成记录.gongkai"
KEEP = 20
KEEP_SETTING = "GONGKAI_KEEP"
_NAME = re.compile(r"(\d{8}-\d{6})(?:-(\d+))? (.+)\.docx")
_RECORD_ENDING = ".gongkai"
_WHEN = "%Y%m%d-%H%M%S"


@dataclass(frozen=True, order=True)
class Kept:
    """An earlier file. ``when`` as in its name (local time), ``reason`` what it was replaced for."""

    when: str
    number: int
    path: Path
    reason: str


def folder_of(document: Path) -> Path:
    return document.parent / f"{document.stem}.{FOLDER}"


def how_many(given: int | None) -> int:
    """The bound: as given, else the setting in the environment, else 20; never less than one."""
    if given is not None:
        return max(given, 1)
    text = os.environ.get(KEEP_SETTING, "").strip()
    if not text:
        return KEEP
    if not text.isdigit() or int(text) < 1:
        raise Refusal(f"环境变量 {KEEP_SETTING} 的值“{text}”不是正整数。", "它是历史文件夹保留的份数，例如 20。")
    return int(text)


def keep(document: Path, data: bytes, reason: str) -> Path:
    """A copy of the file as it stands, with the record of its making beside it; all or nothing."""
    folder = folder_of(document)
    stamp = f"{datetime.now():%Y%m%d-%H%M%S}"
    path, number = folder / f"{stamp} {reason}.docx", 1
    taken = {kept.when + f"-{kept.number}" for kept in listed(document)}
    while f"{stamp}-{number}" in taken or path.exists():
        number += 1
        path = folder / f"{stamp}-{number} {reason}.docx"
    files.write(path, data)
    record = _read(folder / RECORD)
    if record:
        try:
            files.write(path.with_suffix(_RECORD_ENDING), record)
        except Refusal:
            path.unlink(missing_ok=True)
            raise
    return path


def forget(kept: Path) -> None:
    """Take back what ``keep`` did, where nothing came of it."""
    for path in (kept, kept.with_suffix(_RECORD_ENDING)):
        path.unlink(missing_ok=True)


def prune(document: Path, most: int) -> None:
    """Remove the oldest beyond ``most``; what can't be removed stays, and is no reason to stop."""
    found = listed(document)
    for kept in found[: max(len(found) - most, 0)]:
        for path in (kept.path, kept.path.with_suffix(_RECORD_ENDING)):
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue


def listed(document: Path) -> list[Kept]:
    """Earlier files of ``document``, the oldest first."""
    found = []
    try:
        names = sorted(folder_of(document).iterdir())
    except OSError:
        return []
    for path in names:
        match = _NAME.fullmatch(path.name)
        if match and _is_time(match[1]):
            found.append(Kept(match[1], int(match[2] or 1), path, match[3]))
    return sorted(found)


def record_of(document: Path) -> bytes:
    """The record of the last generation, empty when there is none."""
    return _read(folder_of(document) / RECORD)


def write_record(document: Path, text: str) -> None:
    """Refusal when it can't be written; the document itself carries the same record."""
    files.write(folder_of(document) / RECORD, text.encode("ascii"))


def restore(document: Path, which: Kept, most: int, check: Callable[[], None]) -> Path | None:
    """Put an earlier file back; what stands there now goes to the folder first. Its path there, or None."""
    check()
    try:
        data = which.path.read_bytes()
    except OSError as error:
        raise Refusal(f"不能读取“{which.path}”。", "请检查历史文件夹是否可读。") from error
    record = _read(which.path.with_suffix(_RECORD_ENDING))
    present = files.present(document)
    saved = keep(document, present, "还原前") if present is not None and present != data else None
    files.write(document, data)
    if record:
        write_record(document, record.decode("ascii", "replace"))
    prune(document, most)
    return saved


def spoken(kept: Kept) -> str:
    """The moment as year-month-day and time, for people to read."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.strptime(kept.when, _WHEN))


def _is_time(text: str) -> bool:
    try:
        time.strptime(text, _WHEN)
    except ValueError:
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
