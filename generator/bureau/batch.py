"""Many workbooks at once: plan, run, sum up. Can be stopped at any moment and taken up again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .. import files, pipeline
from ..editions import Library
from ..model.finding import Refusal
from . import forms, inputs, work
from .engine import Died, Engine, run
from .inputs import SUMMARY, Other, Source
from .store import Record, Store, sha
from .summary import Totals, build
from .work import Job

LIMIT = 600.0  # seconds for one workbook
_DIED = (
    "处理该工作簿的进程意外终止（内存不足、超时或被系统结束）。",
    "请单独校验这一本；打不开的，请另存为新的 .xlsx 后重新报送。",
)
_MEMORY = ("内存不足，没有处理完。", "请减少 --jobs，或单独处理这一本。")

Step = Callable[[str, bool], None]
"""Called after each workbook with its name; True where it was unchanged and passed over."""


@dataclass(frozen=True)
class Batch:
    """``skipped``: workbooks unchanged since the last run; ``set_aside``: a summary that was not ours as written;
    ``others``: files that lay there and were not taken for workbooks."""

    output: Path
    summary: Path
    totals: Totals
    skipped: int
    set_aside: Path | None
    others: tuple[Other, ...] = ()

    def records(self) -> Iterator[tuple[Record, bool]]:
        """Every result, one at a time; True where it is of an earlier run."""
        return _records(Store(self.output), self._places)

    _places: tuple[str, ...] = ()


def run_batch(
    sources: Sequence[Source],
    output: Path,
    engine: Engine,
    *,
    say: Step = lambda name, skipped: None,
    handle: Callable[[Job], str] = work.handle,
    limit: float = LIMIT,
    source: forms.Source | None = None,
    given: Sequence[Path] = (),
) -> Batch:
    """Results, documents, marked copies and letters of all ``sources`` in ``output``, and the summary of them.

    ``given`` are the folders in which the sources were found: what else lies there is told. Refusal when the folder
    can't be used or the engine can't be reached. What is done stays done when interrupted.
    """
    source = forms.stamped(source or forms.Source())
    library, _ = forms.library(source)
    store = Store(output.resolve())
    with store.locked(), pipeline.editions_in_order():
        named = inputs.names([source.place for source in sources], store.names())
        store.save_names(named)
        jobs = [Job(str(s.path), s.place, named[s.place], str(store.output), limit, source) for s in sources]
        skipped = 0

        def changed() -> Iterator[Job]:
            nonlocal skipped
            for job in jobs:
                if work.unchanged(job):
                    skipped += 1
                    say(job.place, True)
                else:
                    yield job

        for job, result in _run(changed(), handle, engine):
            if isinstance(result, BaseException):
                work.failed(job, *_why(result))
            say(job.place, False)
        places = tuple(source.place for source in sources)
        _inherit(store, places, library)
        others = tuple(inputs.others(given, output, sources, _attachments(store, sources, given)))
        data, totals = build(partial(_records, store, places), library, others)
        target = store.output / SUMMARY
        ours = store.summary_digest()
        aside = files.write(target, data, lambda old: "" if sha(old) == ours else files.REPLACED)
        store.save_summary_digest(data)
    return Batch(store.output, target, totals, skipped, aside, others, places)


def _run(
    jobs: Iterator[Job], handle: Callable[[Job], str], engine: Engine
) -> Iterable[tuple[Job, str | BaseException]]:
    """No engine is started where nothing has changed."""
    first = next(jobs, None)
    if first is None:
        return ()
    return run(_again(first, jobs), handle, engine)


def _again(first: Job, rest: Iterator[Job]) -> Iterator[Job]:
    yield first
    yield from rest


def _why(fault: BaseException) -> tuple[str, str]:
    if isinstance(fault, Refusal):
        return fault.message, fault.fix
    if isinstance(fault, Died):
        return _DIED
    if isinstance(fault, MemoryError):
        return _MEMORY
    return (
        f"程序内部出错（{type(fault).__name__}：{fault}）。",
        "请单独校验这一本并加 --debug，把屏幕内容和工作簿一并反馈给维护者。",
    )


def _records(store: Store, places: Sequence[str]) -> Iterator[tuple[Record, bool]]:
    """Those of this run, then those of earlier runs whose workbooks were not sent this time."""
    names, here = store.names(), set(places)
    for place in places:
        record = store.load(names[place])
        if record is not None:
            yield record, False
    for place in sorted(set(names) - here):
        record = store.load(names[place])
        if record is not None:
            yield record, True


def _attachments(store: Store, sources: Sequence[Source], given: Sequence[Path]) -> set[str]:
    """Keys of the files that the workbooks name as their attachments."""
    if not any(start.is_dir() for start in given):
        return set()
    lies = {source.place: source.path.parent for source in sources}
    found = (record for record, carried in _records(store, tuple(lies)) if not carried)
    return {inputs.key(work.beside(lies[one.place], name)) for one in found for name in work.attachments(one)}


def _inherit(store: Store, places: Sequence[str], library: Library) -> None:
    """A unit that sent its workbook again under another name: its earlier result becomes the round before."""
    now = {_identity(record): record.name for record, carried in _records(store, places) if not carried and record.unit}
    for record, carried in _records(store, places):
        name = now.get(_identity(record)) if carried and record.unit else None
        heir = store.load(name) if name is not None else None
        if heir is None:
            continue
        if heir.previous is None:
            store.save(work.inherited(store, heir, record, forms.known(library, heir.edition)))
        store.forget(record)


def _identity(record: Record) -> tuple[str, int, str, str, str]:
    return record.unit, record.year, record.edition, record.document, record.scope


__all__ = ["LIMIT", "SUMMARY", "Batch", "run_batch"]
