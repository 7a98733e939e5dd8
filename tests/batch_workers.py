"""What workers of tests/test_batch.py do, found by name in a process of their own: nothing heavy is imported."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

from generator.bureau import work


def twice_or_die(job: int) -> int:
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if job == 5:
        raise MemoryError
    return job * 2


def die_once(job: str) -> str:
    mark = Path(job)
    if mark.suffix == ".once" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return mark.name


def killed_by_one(job: work.Job) -> str:
    if "第2局" in job.place:
        os.kill(os.getpid(), signal.SIGKILL)
    if "第3局" in job.place:
        raise MemoryError
    return work.handle(job)


def hang(job: work.Job) -> str:
    if "第2局" in job.place:
        work.handle(replace(job, limit=0.01))
    return work.handle(job)


def process(job: int) -> int:
    return os.getpid()
