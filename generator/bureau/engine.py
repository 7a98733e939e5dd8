"""The one seam between a batch and what runs it: an Executor of the standard library, ours or Dask's."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from typing import Protocol, TypeVar

from ..model.finding import Refusal

_RENEWED = 100  # workbooks of each worker before it makes room for a new one: what libraries keep is given back
_LEAST = 2 << 30  # bytes of address space that a worker gets in any case
_CONNECT = "10s"

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class Died(Exception):
    """The worker's process ended while it had this job and no other: killed, out of memory, or too long at it."""


class Engine(Protocol):
    """``ahead``: jobs handed out at a time, 0 unknown yet; ``renew``: jobs after which it is opened anew, 0 never."""

    @property
    def renew(self) -> int: ...

    def open(self, alone: bool = False) -> AbstractContextManager[tuple[Executor, int]]:
        """The executor, and how many jobs it may have at a time; ``alone``: a single worker."""


@dataclass(frozen=True)
class Local:
    """Processes on this machine, started afresh (spawn), so that Windows, macOS and Linux behave alike."""

    jobs: int

    @property
    def renew(self) -> int:
        return self.jobs * _RENEWED

    @contextmanager
    def open(self, alone: bool = False) -> Iterator[tuple[Executor, int]]:
        from concurrent.futures import ProcessPoolExecutor

        workers = 1 if alone else self.jobs
        executor = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(_share(self.jobs),)
        )
        try:
            yield executor, 1 if alone else workers * 2
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class Dask:
    """A running Dask cluster whose workers have this program installed and see the same folders."""

    address: str
    renew: int = 0

    @contextmanager
    def open(self, alone: bool = False) -> Iterator[tuple[Executor, int]]:
        try:
            from distributed import Client
        except ImportError as error:
            raise Refusal("没有安装 Dask，不能使用 --dask。", "请运行：pip install 'gongkai[dask]'。") from error
        try:
            client = Client(self.address, timeout=_CONNECT)
        except (OSError, ValueError, TypeError) as error:
            raise Refusal(
                f"连接不上 Dask 调度器“{self.address}”。", "请核对地址（例如 tcp://主机:8786），并确认调度器已经启动。"
            ) from error
        with client:
            width = sum(client.ncores().values())
            if not width:
                raise Refusal(f"Dask 调度器“{self.address}”没有可用的工作进程。", "请先启动 dask worker。")
            executor = client.get_executor(pure=False)  # the same workbook may well have changed since
            try:
                yield executor, width * 2
            finally:
                executor.shutdown(wait=False)


def run(
    jobs: Iterable[_Job], work: Callable[[_Job], _Result], engine: Engine
) -> Iterator[tuple[_Job, _Result | BaseException]]:
    """Each job with its result or its fault, as they come. A worker that dies costs nobody else's job.

    When a worker dies, the executor is lost with all it had in hand; those jobs are tried once more, each alone, and
    the one that kills its worker again is given up as ``Died``.
    """
    queue = iter(jobs)
    suspects: list[_Job] = []
    more = True
    while more:
        with engine.open() as (executor, ahead):
            more = yield from _wave(queue, work, executor, ahead, engine.renew, suspects)
        while suspects:
            yield from _alone(suspects, work, engine)


def _wave(
    queue: Iterator[_Job],
    work: Callable[[_Job], _Result],
    executor: Executor,
    ahead: int,
    renew: int,
    suspects: list[_Job],
) -> Generator[tuple[_Job, _Result | BaseException], None, bool]:
    """Until the queue is empty (returns False), the executor is due for renewal, or it broke."""
    running: dict[Future[_Result], _Job] = {}
    given, more, broken = 0, True, False
    while True:
        while more and not broken and len(running) < ahead and not (renew and given >= renew):
            for job in queue:
                try:
                    with _unheard():
                        running[executor.submit(work, job)] = job
                except BrokenExecutor:
                    suspects.append(job)
                    broken = True
                given += 1
                break
            else:
                more = False
        if not running:
            return more
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            job = running.pop(future)
            error = _fault(future)
            if isinstance(error, BrokenExecutor):
                suspects.append(job)
                broken = True
            else:
                yield job, error if error is not None else future.result()


def _alone(
    suspects: list[_Job], work: Callable[[_Job], _Result], engine: Engine
) -> Iterator[tuple[_Job, _Result | BaseException]]:
    """The suspects one by one, until one of them kills its worker again; the rest stay in the list."""
    with engine.open(alone=True) as (executor, _):
        while suspects:
            job = suspects.pop(0)
            with _unheard():
                future = executor.submit(work, job)
            error = _fault(future)
            if isinstance(error, BrokenExecutor):
                yield job, Died()
                return
            yield job, error if error is not None else future.result()


def _fault(future: Future[_Result]) -> BaseException | None:
    try:
        error = future.exception()
    except CancelledError as lost:
        raise Refusal("与 Dask 调度器的连接中断了。", "已完成的部分保留着，请重新运行同一命令。") from lost
    if type(error).__name__ == "KilledWorker":  # Dask's word for it; the class is not to be had without Dask
        return Died()
    return error


def _share(jobs: int) -> int:
    """Bytes of address space for each worker, so that a runaway one fails by itself and not the machine; 0 unknown."""
    if not hasattr(os, "sysconf"):
        return 0
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0
    return max(_LEAST, whole // max(jobs, 1))


@contextmanager
def _unheard() -> Iterator[None]:
    """Ctrl-C waits a moment: a process that is started now inherits our deafness and does not print a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _begin(memory: int) -> None:
    """In each new worker: Ctrl-C is the parent's affair, memory has an end, and without the parent there is no work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory and sys.platform.startswith("linux"):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        if most == resource.RLIM_INFINITY or most > memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, most))
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(parent: int) -> None:
    wait_for([parent])
    os._exit(1)


__all__ = ["Dask", "Died", "Engine", "Local", "run"]
