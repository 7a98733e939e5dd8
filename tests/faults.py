"""A command in a forked copy of this process whose nth operation on files fails, or ends it as a power cut would.

The faults come in at the lowest place that Python has: audit events (opening, renaming, removing, making folders,
listing, rights and dates of files) can refuse what they tell of; flushing and asking about a file, which tell nothing,
are replaced; a bound on the size of files stops a write half-way. Only files below one folder are touched by it.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What a command imports on its way is imported before the fork, or every run would pay for it.
import generator.document.render
import generator.narrative.compose
import generator.tryout
import generator.workbook.blank
import generator.workbook.mark  # noqa: F401
from generator.commands import cli

KILLED = 77
TIMEOUT = 60  # seconds for one run
_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.utime", "os.listdir", "os.scandir"}


@dataclass(frozen=True)
class Fault:
    """The ``nth`` operation (from 1) fails with ``number``, once or from then on; None kills the process there."""

    nth: int
    number: int | None
    lasting: bool = False


@dataclass(frozen=True)
class Outcome:
    """``code`` as a shell has it; ``met`` the operation that failed, empty when there were fewer than n."""

    code: int
    met: str
    said: str


class _Seam:
    def __init__(self, folder: Path, fault: Fault, tell: Callable[[str], None]) -> None:
        self.folder, self.fault, self.tell = str(folder), fault, tell
        self.count = 0

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _EVENTS:
            self.step(event, args[0])

    def step(self, event: str, subject: Any) -> None:
        if isinstance(subject, int) and event != "fsync":
            return
        try:
            name = os.fsdecode(subject) if not isinstance(subject, int) else self.folder
        except TypeError:
            return
        if not os.path.abspath(name).startswith(self.folder):  # noqa: PTH100 (pathlib would come back here)
            return
        self.count += 1
        if self.count < self.fault.nth or (self.count > self.fault.nth and not self.fault.lasting):
            return
        if self.count == self.fault.nth:
            self.tell(f"{event} {name}")
        if self.fault.number is None:
            os._exit(KILLED)
        raise OSError(self.fault.number, os.strerror(self.fault.number), name)

    def watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def instead(subject: Any, *args: Any, **options: Any) -> Any:
            self.step(name, subject)
            return real(subject, *args, **options)

        return instead


def run(arguments: Sequence[str], folder: Path, fault: Fault | None = None, largest: int | None = None) -> Outcome:
    """One command in ``folder``; ``largest``: bytes after which writing a file kills the process."""
    read, write = os.pipe()
    log = folder.with_name(f"{folder.name}.said")
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.close(read)
            code = _forked(arguments, folder, fault, largest, log, write)
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        met = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    said = log.read_text("utf-8", "replace") if log.exists() else ""
    return Outcome(code, met, said)


def _forked(
    arguments: Sequence[str], folder: Path, fault: Fault | None, largest: int | None, log: Path, pipe: int
) -> int:
    signal.alarm(TIMEOUT)
    os.chdir(folder)
    os.environ["TMPDIR"] = str(folder / "temporary")
    stream = io.TextIOWrapper(log.open("wb", buffering=0), "utf-8", write_through=True)
    sys.stdout = sys.stderr = stream
    if largest is not None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    if fault is not None:
        seam = _Seam(folder, fault, lambda met: os.write(pipe, met.encode("utf-8", "replace")))
        os.fsync = seam.watched("fsync", os.fsync)
        os.stat = seam.watched("stat", os.stat)
        os.access = seam.watched("access", os.access)
        sys.addaudithook(seam.hook)
    try:
        cli.gongkai.main(list(arguments), "gongkai")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    return 0
