"""One workbook of a batch, from reading to its small result file: what a worker does.

Workers return little; everything worth knowing is in the file, which is written last.
"""

from __future__ import annotations

import faulthandler
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import __version__, files, history, pipeline
from ..editions import Edition
from ..model.book import OWN_OFFICE, Book
from ..model.finding import Finding, Refusal, Severity
from ..model.revised import Fate
from . import forms
from .inputs import FORMER, LETTER, MARKED
from .store import Record, Status, Store, file_digest, sha

_SUBJECTS = "*"  # no file is called so
_UNIT, _YES = "unit", "是"
_KEPT = (Fate.KEPT, Fate.UPDATED, Fate.DELETED, Fate.MOVED, Fate.INSERTED)

_BUILT_IN = forms.Source()


@dataclass(frozen=True)
class Job:
    """``limit``: seconds after which the worker ends itself (the file is taken to be unusable); 0 never."""

    workbook: str
    place: str
    name: str
    output: str
    limit: float = 0.0
    source: forms.Source = _BUILT_IN


def handle(job: Job) -> str:
    """Check, write and remember one workbook; its status. The worker's process ends when it takes too long."""
    if job.limit:
        quiet = open(os.devnull, "w")  # noqa: SIM115, PTH123 (open as long as the process may be ended)
        faulthandler.dump_traceback_later(job.limit, exit=True, file=quiet)
    try:
        with pipeline.editions_in_order():
            return _handle(job).status.value
    finally:
        if job.limit:
            faulthandler.cancel_dump_traceback_later()
            quiet.close()


def unchanged(job: Job) -> bool:
    """Whether the result at hand is still that of this workbook, its attachments, its edition and this program."""
    old = Store(Path(job.output)).load(job.name)
    if old is None or old.status is Status.FAILED or old.version != __version__ or not old.inputs.get(""):
        return False
    if old.place != job.place:  # it has taken the name over from one with another ending
        return False
    try:
        library, subjects = forms.library(job.source, Path(job.workbook))
    except Refusal:
        return False  # the worker will say why
    edition = forms.known(library, old.edition)
    if old.form != forms.digest((edition or library).folders, job.source.stamp):
        return False
    if not all((Path(job.output) / name).is_file() for name in old.written):
        return False
    return dict(old.inputs) == _inputs(Path(job.workbook), attachments(old), subjects)


def attachments(record: Record) -> list[str]:
    """Names of the files that the workbook wants in its document, as it writes them."""
    return [name for name in record.inputs if name not in ("", _SUBJECTS)]


def beside(folder: Path, attachment: str) -> Path:
    """Where an attachment lies that a workbook in ``folder`` names."""
    return folder / attachment.replace("\\", "/")


def failed(job: Job, reason: str, advice: str) -> Record:
    """The record of a workbook whose worker did not live to write one; it will be tried again."""
    old = Store(Path(job.output)).load(job.name)
    made = Record(job.place, job.name, Status.FAILED, reason=reason, advice=advice, version=__version__)
    if old is not None:
        another = old.inputs.get("", "") not in ("", file_digest(Path(job.workbook)))
        made = replace(
            made,
            round=old.round + another,
            previous=old.matters if another else old.previous,
            unit=old.unit,
            year=old.year,
            written=old.written,
        )
    Store(Path(job.output)).save(made)
    return made


def _handle(job: Job) -> Record:
    store, workbook = Store(Path(job.output)), Path(job.workbook)
    old = store.load(job.name)
    library, subjects = forms.library(job.source, workbook)
    inputs = _inputs(workbook, [], subjects)  # before reading: a file changed meanwhile is read again next time
    target = store.output / f"{job.name}.docx"
    try:
        made = pipeline.generate(workbook, target, library=library)
    except Refusal as refusal:
        return _refused(job, store, old, inputs, refusal)
    assert made.checked is not None  # the pipeline always says what it read
    edition, book = made.checked.edition, made.checked.book
    record = _seen(job, edition, book, made)
    record = replace(
        record,
        form=forms.digest(edition.folders, job.source.stamp) if _whole(made) else "",
        inputs=_inputs(workbook, _attachments(book), subjects) | inputs,
    )
    return _finish(job, store, old, record, made.findings, edition)


def _refused(job: Job, store: Store, old: Record | None, inputs: Mapping[str, str], refusal: Refusal) -> Record:
    """The workbook can't be read, or (then it is tried again) the document can't be written."""
    library, _ = forms.library(job.source, Path(job.workbook))
    try:
        pipeline.check(Path(job.workbook), library=library)
        status = Status.FAILED
    except Refusal:
        status = Status.REFUSED if inputs[""] else Status.FAILED
    record = Record(job.place, job.name, status, reason=refusal.message, advice=refusal.fix, inputs=inputs)
    fault = Finding("S0", Severity.ERROR, refusal.message, refusal.fix)
    record = replace(record, findings=(_plain(fault),), form=forms.digest(library.folders, job.source.stamp))
    return _finish(job, store, old, record, (), forms.newest(library))


def _seen(job: Job, edition: Edition, book: Book, made: pipeline.Generated) -> Record:
    from ..narrative.context import Context
    from .figures import amounts, reasons

    context = Context(edition, book)
    figures, ratios = amounts(edition, book)
    return Record(
        job.place,
        job.name,
        Status.GENERATED if made.output is not None else Status.ERRORS,
        unit=context.words["unit"],
        scope=_scope(edition, book),
        year=context.year,
        edition=edition.id,
        kind=edition.kind,
        document=context.fill(edition.title),
        findings=tuple(map(_plain, made.findings)),
        figures=figures,
        ratios=ratios,
        reasons=tuple(reasons(edition, book)),
        pages=made.pages,
        notes=tuple(_edited(job, made)),
    )


def _scope(edition: Edition, book: Book) -> str:
    """What the workbook is about, as it says or as its form has it where nothing is chosen."""
    facts = {row.key: row.default for form in edition.forms if form.id == _UNIT for b in form.blocks for row in b.rows}
    scope = book.text(_UNIT, "scope").strip() or facts.get("scope", "")
    return f"{scope}{OWN_OFFICE}" if book.text(_UNIT, "head_suffix").strip() == _YES else scope


def _edited(job: Job, made: pipeline.Generated) -> Iterator[str]:
    """What became of the document that stood there, and of what hands had changed in it."""
    if made.output is None or made.written is None:
        return
    if made.set_aside is not None:
        yield f"原有的“{made.output.name}”已另存为“{made.set_aside.name}”"
    if made.written.reason:
        yield f"原有的“{job.name}.docx”没有改动：{made.written.reason}；新文档写成“{made.output.name}”，请对照后合并"
    fates = Counter(one.fate for one in made.written.revisions)
    todo, kept = fates[Fate.CONFLICT] + fates[Fate.LOST], sum(fates[fate] for fate in _KEPT)
    if todo:
        yield f"公开文档中有 {todo} 处手工修改与现在的数据合不上，请查看文中批注"
    if fates[Fate.OUTDATED]:
        yield f"公开文档中手工增加的文字有 {fates[Fate.OUTDATED]} 处是上一次的数，没有改动，请核对"
    if kept:
        yield f"公开文档中的手工修改已保留（{kept} 处）"
    yield from made.written.notes


def _whole(made: pipeline.Generated) -> bool:
    """Whether the record beside the document could be written too; else it is tried again next time."""
    return made.output is None or bool(history.record_of(made.output))


def _finish(
    job: Job, store: Store, old: Record | None, record: Record, findings: tuple[Finding, ...], edition: Edition
) -> Record:
    """The marked copy and the letter, what became of the round before, and last of all the record itself."""
    from .letter import owed

    record = _with_round(old, record)
    record = replace(record, version=__version__)
    written: dict[str, str] = {}
    notes = list(record.notes)
    document = store.output / f"{job.name}.docx"
    if record.status is Status.GENERATED:
        written[document.name] = file_digest(document)
    marked = store.output / f"{job.name}{MARKED}"
    try:
        if findings and pipeline.worth_marking(findings):
            copy = pipeline.mark(Path(job.workbook), findings, marked)
            written[marked.name] = file_digest(marked)
            if copy.set_aside is not None:
                notes.append(f"原有的“{marked.name}”已另存为“{copy.set_aside.name}”")
        record = replace(record, written=written)
        if owed(record.matters, record.status) and record.status is not Status.FAILED:
            notes += _write_letter(store, record, edition, old.written if old is not None else {})
    except Refusal as refusal:  # a file is open in another program, the disk is full …: tried again next time
        record = replace(record, status=Status.FAILED, reason=refusal.message, advice=refusal.fix)
    if old is not None:
        notes += _put_by(store, old, written)
    record = replace(record, written=written, notes=tuple(notes))
    store.save(record)
    return record


def _write_letter(store: Store, record: Record, edition: Edition, were: Mapping[str, str]) -> list[str]:
    """Adds the letter to ``record.written``; one that was worked on by hand since ``were`` is kept aside."""
    from .letter import letter

    path, marked = store.output / f"{record.name}{LETTER}", f"{record.name}{MARKED}"
    data = letter(record, edition, record.place.rpartition("/")[2], marked if marked in record.written else "")
    ours = {were.get(path.name), sha(data)}
    aside = files.write(path, data, lambda there: "" if sha(there) in ours else files.HAND_EDITED)
    record.written[path.name] = sha(data)
    return [f"原有的“{path.name}”已另存为“{aside.name}”"] if aside is not None else []


def inherited(store: Store, heir: Record, former: Record, edition: Edition | None) -> Record:
    """``heir`` as the next round after ``former``, the same unit's result under another name; its letter says so."""
    made = replace(heir, previous=former.matters, round=former.round + 1, written=dict(heir.written))
    if f"{made.name}{LETTER}" in made.written and edition is not None:
        made = replace(made, notes=(*made.notes, *_write_letter(store, made, edition, heir.written)))
    return replace(made, notes=(*made.notes, *_put_by(store, former, {})))


def _with_round(old: Record | None, record: Record) -> Record:
    """Another content is another round; the same under a new program or edition is the same round again."""
    if old is None:
        return record
    if old.status is Status.FAILED and not old.inputs:
        return replace(record, round=old.round, previous=old.previous)
    if old.inputs == record.inputs:
        return replace(record, round=old.round, previous=old.previous)
    return replace(record, round=old.round + 1, previous=old.matters)


def _put_by(store: Store, old: Record, written: Mapping[str, str]) -> list[str]:
    """Letters and marked copies of the round before that no longer hold go to a folder of their own.

    A document stays where it is: it may hold work by hand that the next one takes over.
    """
    notes = []
    for name in sorted(set(old.written) - set(written)):
        path = store.output / name
        if not path.is_file():
            continue
        stem, dot, ending = name.removeprefix(old.name).rpartition(".")
        target = store.output / FORMER / f"{old.name}{stem}.第{old.round}次{dot}{ending}"
        try:
            if (ending == "docx" and not stem) or target.exists():
                raise FileExistsError
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
            notes.append(f"以前写出的“{name}”已移到“{FORMER}”文件夹")
        except OSError:
            notes.append(f"“{name}”是以前写出的，已经过时")
    return notes


def _inputs(workbook: Path, attachments: list[str], subjects: str) -> dict[str, str]:
    """Digests of the workbook (""), of the subject list that came with it, and of the attachments by their names."""
    folder = workbook.parent
    found = {"": file_digest(workbook), _SUBJECTS: subjects}
    for name in attachments:
        path = beside(folder, name)
        try:
            inside = path.resolve().is_relative_to(folder.resolve()) and path.is_file()
        except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
            inside = False
        found[name] = file_digest(path) if inside else ""
    return found


def _attachments(book: Book) -> list[str]:
    from ..narrative.attachments import BLOCK, FORM

    return [name for row in book.rows(FORM, BLOCK) if (name := row.text("file").strip())]


def _plain(finding: Finding) -> dict[str, Any]:
    """A finding as `--format json` has it."""
    found: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "cells": [str(cell) for cell in finding.cells],
        "message": finding.message,
        "fix": finding.fix,
    }
    if finding.rules:
        found |= {"rules": list(finding.rules), "suspects": finding.tied}
    if finding.answer:
        found["answer"] = finding.answer
    return found


__all__ = ["Job", "failed", "handle", "inherited", "unchanged"]
