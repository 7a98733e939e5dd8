"""What is known of each department between runs: one small file each, in a folder of ours below the output."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any

from .. import files
from ..model.finding import Refusal

SCHEMA = 1
_OURS = ".gongkai/batch"
_NAMES, _RESULTS, _LOCK, _SUMMARY = "names.json", "results", "lock", "summary.json"
_TEMPORARY = ".gongkai-*.tmp"


class Status(Enum):
    """How it ended for one workbook."""

    GENERATED = "generated"
    ERRORS = "errors"  # findings at error level: no document
    REFUSED = "refused"  # the file can't be used
    FAILED = "failed"  # the program failed, the worker died, or a file could not be written: tried again next time


@dataclass(frozen=True)
class Amount:
    """A key figure in 万元 as exact decimals in text; None where it is not filled in or can't be read."""

    value: str | None = None
    last: str | None = None
    budget: str | None = None


@dataclass(frozen=True)
class Record:
    """The result of one workbook. ``previous`` are the matters of the round before, None when there was none.

    A matter is a finding at error or warning level: rule, severity, cells, message, fix; answer where one was given.
    ``inputs`` are digests of the workbook ("") and of the attachments it names; ``written`` those of our files.
    """

    place: str
    name: str
    status: Status
    unit: str = ""
    scope: str = ""  # of a department with its units, of a unit, or of the own office (本级)
    year: int = 0
    edition: str = ""
    kind: str = ""
    document: str = ""  # the document's title
    reason: str = ""  # why there is nothing, where there is nothing
    advice: str = ""
    findings: tuple[Mapping[str, Any], ...] = ()
    figures: Mapping[str, Amount] = field(default_factory=dict)
    ratios: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[Mapping[str, str], ...] = ()  # cell, text
    pages: int | None = None
    notes: tuple[str, ...] = ()
    round: int = 1
    previous: tuple[Mapping[str, Any], ...] | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    form: str = ""  # digest of the edition's files
    version: str = ""
    written: dict[str, str] = field(default_factory=dict)

    @property
    def matters(self) -> tuple[Mapping[str, Any], ...]:
        """Errors, and warnings that nobody has answered."""
        return tuple(f for f in self.findings if f["severity"] != "info" and not f.get("answer"))

    def count(self, severity: str) -> int:
        return sum(f["severity"] == severity for f in self.matters)


@dataclass(frozen=True)
class Store:
    """The output folder. Refusal when it can't be used."""

    output: Path

    @property
    def folder(self) -> Path:
        return self.output / _OURS

    def record_path(self, name: str) -> Path:
        return self.folder / _RESULTS / f"{name}.json"

    def load(self, name: str) -> Record | None:
        """None when there is none, or one of another program version's making that can't be used."""
        try:
            data = json.loads(self.record_path(name).read_bytes())
            if data.pop("schema") != SCHEMA:
                return None
            wanted = {f.name for f in fields(Record)}
            given = {key: value for key, value in data.items() if key in wanted}
            previous = given.get("previous")
            return Record(
                **{
                    **given,
                    "status": Status(given["status"]),
                    "findings": tuple(given["findings"]),
                    "figures": {key: Amount(**value) for key, value in given["figures"].items()},
                    "reasons": tuple(given["reasons"]),
                    "notes": tuple(given["notes"]),
                    "previous": tuple(previous) if previous is not None else None,
                }
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def save(self, record: Record) -> None:
        data = {"schema": SCHEMA, **asdict(record), "status": record.status.value}
        files.write(self.record_path(record.name), dumped(data))

    def forget(self, record: Record) -> None:
        """Its place in the batch is free again."""
        self.save_names({place: name for place, name in self.names().items() if name != record.name})
        with suppress(OSError):
            self.record_path(record.name).unlink()

    def names(self) -> dict[str, str]:
        """Place → name of every workbook that was ever in a batch of this folder."""
        found = self._json(_NAMES)
        return {str(k): str(v) for k, v in found.items()}

    def save_names(self, names: Mapping[str, str]) -> None:
        if names != self.names():
            files.write(self.folder / _NAMES, dumped(dict(names)))

    def summary_digest(self) -> str:
        """Of the summary as we last wrote it."""
        return str(self._json(_SUMMARY).get("digest", ""))

    def save_summary_digest(self, data: bytes) -> None:
        files.write(self.folder / _SUMMARY, dumped({"digest": sha(data)}))

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One batch at a time in a folder; what a killed one left half-written is removed."""
        path = self.folder / _LOCK
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            (self.folder / _RESULTS).mkdir(exist_ok=True)
            lock = path.open("ab")
        except OSError as error:
            raise Refusal(
                f"不能使用输出文件夹“{self.output}”（系统提示：{error.strerror or error}）。",
                "请检查该位置是否可写，或用 -o 另外指定一个文件夹。",
            ) from error
        with lock:
            if not _lock(lock.fileno()):
                raise Refusal(
                    f"另一个批量处理正在使用输出文件夹“{self.output}”。", "请等它结束，或用 -o 另外指定一个文件夹。"
                )
            for folder in (self.output, self.folder, self.folder / _RESULTS):
                for left in folder.glob(_TEMPORARY):
                    with suppress(OSError):
                        left.unlink()
            yield


def _lock(handle: int) -> bool:
    """Whether the file is ours alone until it is closed; where the system can't lock, it is taken to be."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


def dumped(data: Any) -> bytes:
    """The same bytes for the same data; broken text (half a character) included."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8", "backslashreplace")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """Of the file's bytes, read piece by piece; empty when it can't be read."""
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                found.update(piece)
    except OSError:
        return ""
    return found.hexdigest()


__all__ = ["Amount", "Record", "Status", "Store", "dumped", "file_digest", "sha"]
