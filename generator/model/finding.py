"""What a check has to say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from .cell import CellRef


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_REST = re.compile(r"另有 (\d+) 项")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at, in an accountant's words: what, where, both numbers, the gap (message); what to do (fix).

    ``cells`` are in the order the message names them. ``unanswerable`` marks a rule that could not be decided
    because a cell it needs is blank or unreadable. ``answer`` is the reason the user gave for leaving a warning be.

    A finding about a wrong figure that breaks several relations lists the ids of their rules in ``rules``; its first
    ``tied`` cells are the ones most likely at fault, equally so when there is more than one (0: nobody is accused).
    Its message has a line for each relation after the first line.
    """

    rule: str
    severity: Severity
    message: str
    fix: str = ""
    cells: tuple[CellRef, ...] = ()
    unanswerable: bool = False
    answer: str = ""
    rules: tuple[str, ...] = ()
    tied: int = 0


def relations_in(lines: Sequence[str]) -> int:
    """How many relations the lines below a finding's first stand for: the last may sum up several (另有 9 项)."""
    rest = _REST.match(lines[-1]) if lines else None
    return len(lines) - 1 + int(rest[1]) if rest else len(lines)


class Refusal(Exception):
    """The file can't be used at all (exit code 2). ``message`` and ``fix`` are ready to show to the user."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
