"""Whatever operation on files fails, and wherever the process ends: every output is the old one or the new one, whole.

Each run takes the command from the same beginning and fails its 1st, 2nd, 3rd … operation, until a run has none left
to fail. In the suite the kinds of fault take turns and four of five operations are passed over; GONGKAI_FAULTS=all
tries every kind at every operation.
"""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from altered import alter
from support import sample

from generator import files
from generator.document.package import fingerprint_ok
from generator.history import RECORD, record_of
from generator.model.cell import CellKind
from generator.model.state import State, StateError, unpack
from generator.revision.store import embedded
from generator.workbook.mark_seal import untouched
from generator.workbook.read import read

if not hasattr(os, "fork"):
    pytest.skip("faults are brought in by fork, which this system lacks", allow_module_level=True)

import faults
from faults import Fault

ALL = os.environ.get("GONGKAI_FAULTS") == "all"
NUMBERS = (errno.ENOSPC, errno.EIO, errno.EACCES)
MOST = 400  # operations of one command; more would be a loop
STEP = 1 if ALL else 5  # in the suite every fifth, beginning elsewhere in each scene
BOOK, DOCUMENT, MARKED = "某局.xlsx", "outputs/某局.docx", "outputs/某局.校验.xlsx"
ERROR = {"03支出决算表!C12": 999999}


@dataclass(frozen=True)
class Scene:
    """What lies in the folder before, which command is run, and how it ends when nothing fails."""

    name: str
    prepare: Callable[[Path], None]
    arguments: tuple[str, ...]
    code: int = 0


def run(folder: Path, *arguments: str) -> faults.Outcome:
    return faults.run(arguments, folder)


def _nothing(folder: Path) -> None:
    """An output folder that is not there yet."""


def _generated(folder: Path) -> None:
    """A document of an older workbook: its unit had another name."""
    assert run(folder, "generate", BOOK).code == 0
    workbook = folder / BOOK
    copy = folder / "copy.xlsx"
    workbook.rename(copy)
    alter(copy, workbook, _another_text(copy))
    copy.unlink()


def _another_text(workbook: Path) -> dict[str, str]:
    return {_cell_with_text(workbook): "负责本次测试中另外填写的职能。"}


def _cell_with_text(workbook: Path) -> str:
    _, book = read(workbook)
    found = [
        cell.ref
        for data in book
        for block in data.blocks.values()
        for row in block.rows
        for cell in row.cells.values()
        if cell.kind is CellKind.TEXT and len(cell.text) > 30
    ]
    return str(found[0])


def _edited(folder: Path) -> None:
    _generated(folder)
    edit(folder / DOCUMENT)


def edit(document: Path) -> None:
    """As Word would save it: the same parts packed anew, one word typed at the first place that has one."""
    with zipfile.ZipFile(document) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    body = parts["word/document.xml"]
    parts["word/document.xml"] = body.replace("职能</w:t>".encode(), "职能（改）</w:t>".encode(), 1)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    document.write_bytes(stream.getvalue())


def _foreign(folder: Path) -> None:
    """Somebody else's file under the document's name."""
    (folder / "outputs").mkdir()
    with zipfile.ZipFile(folder / DOCUMENT, "w") as package:
        package.writestr("word/document.xml", "<w:document/>")


def _wrong(folder: Path) -> None:
    alter(shutil.copy(folder / BOOK, folder / "copy.xlsx"), folder / BOOK, ERROR)
    (folder / "copy.xlsx").unlink()


def _marked(folder: Path) -> None:
    """A marked copy of before, in which somebody wrote."""
    _wrong(folder)
    assert run(folder, "check", BOOK).code == 1
    with zipfile.ZipFile(folder / MARKED, "a") as package:
        package.writestr("note.txt", "my own")


def _blank(folder: Path) -> None:
    (folder / "空白.xlsx").write_bytes(b"my own")


SCENES = (
    Scene("first document", _nothing, ("generate", BOOK)),
    Scene("document anew", _generated, ("generate", BOOK)),
    Scene("document edited by hand", _edited, ("generate", BOOK)),
    Scene("somebody else's file", _foreign, ("generate", BOOK)),
    Scene("marked copy", _marked, ("check", BOOK), 1),
    Scene("blank workbook", _blank, ("new", "--edition", "wuhan-final-2021", "-o", "空白.xlsx", "--force")),
)


@pytest.fixture(params=SCENES, ids=lambda scene: scene.name)
def scene(request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.param
    return found


@dataclass(frozen=True)
class Stage:
    """A scene made ready in ``before``; ``old`` and ``new`` are its files by name, without and after a whole run."""

    scene: Scene
    before: Path
    old: dict[str, bytes]
    new: dict[str, bytes]

    @property
    def offset(self) -> int:
        return SCENES.index(self.scene) % STEP

    def fresh(self, nth: int) -> Path:
        """The folder as it was before, always under the same name: it may stand in what is written."""
        folder = self.before.with_name("at")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.before, folder, symlinks=True)
        return folder

    def judge(self, folder: Path, what: str, killed: bool) -> None:
        """Every file is one of before or of after, whole; nothing of before is lost; no temporary file stays."""
        now = contents(folder)
        known = {*self.old.values(), *self.new.values()}
        left = [name for name in now if temporary(name)]
        assert killed or not left, (what, left)
        for name, data in now.items():
            if not temporary(name):
                assert data in known or whole(name, data), (what, name, "neither old nor new")
        for name, data in self.old.items():
            assert name in now, (what, name, "gone")
            assert now[name] in (data, self.new[name]) or whole(name, now[name]), (what, name)
            if data in self.new.values():  # what a whole run keeps, a broken one keeps too
                assert data in now.values(), (what, name, "lost")
        if killed:
            for name in left:
                os.utime(folder / name, (0, 0))
        if now == self.old and not ALL:
            return  # nothing has happened
        again = run(folder, *self.scene.arguments)
        assert again.code == self.scene.code, (what, again.said)
        after = contents(folder)
        assert not [name for name in after if temporary(name)], (what, "still there")
        assert agree(folder), (what, "the records do not agree")
        for name in self.old.keys() & self.new.keys():
            assert alike(after[name], self.new[name]), (what, name, "not what it should be in the end")


def whole(name: str, data: bytes) -> bool:
    """Just as it was written by us: what is made without an attachment that can't be read is a whole document too."""
    if name.endswith(RECORD):
        return recorded(data) is not None
    return fingerprint_ok(data) is True if name.endswith(".docx") else untouched(data)


def alike(one: bytes, other: bytes) -> bool:
    """The same file; of a merged document, the same but for numbers that count the times it was merged."""
    if one == other or not zipfile.is_zipfile(io.BytesIO(one)):
        return one == other
    return _settled(one) == _settled(other)


def _settled(document: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(document)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts.pop("docProps/custom.xml", None)  # the seal
    body = parts.get("word/document.xml", b"")
    return {**parts, "word/document.xml": re.sub(rb'(<w:bookmark(?:Start|End) w:id=)"\d+"', rb"\1", body)}


def recorded(data: bytes) -> State | None:
    """What a record tells of its document; None when it is damaged."""
    try:
        return unpack(data.decode("ascii", "replace"))
    except StateError:
        return None


def agree(folder: Path) -> bool:
    """The record beside the document and the one in it are of the same generation."""
    document = folder / DOCUMENT
    if not document.exists():
        return True
    with zipfile.ZipFile(document) as package:
        inside = embedded({name: package.read(name) for name in package.namelist()})
    beside = recorded(record_of(document))
    return inside is not None and beside is not None and inside.digest == beside.digest


def temporary(name: str) -> bool:
    return Path(name).name.startswith(files._TEMPORARY)


def contents(folder: Path) -> dict[str, bytes]:
    """Files by name, but for the compiled chapters, which only save time."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != "temporary":
            found[str(name)] = path.read_bytes()
    return found


@pytest.fixture
def stage(scene: Scene, tmp_path: Path) -> Stage:
    before = tmp_path / "before"
    before.mkdir()
    (before / "temporary").mkdir()
    sample("sample-2021", before).rename(before / BOOK)
    made = before.with_name("at")
    before.rename(made)
    scene.prepare(made)
    made.rename(before)
    stage = Stage(scene, before, contents(before), {})
    folder = stage.fresh(0)
    done = run(folder, *scene.arguments)
    assert done.code == scene.code, done.said
    new = contents(folder)
    assert new != stage.old, "the command wrote nothing"
    return Stage(scene, before, stage.old, new)


def kinds(nth: int) -> Iterator[Fault]:
    if ALL:
        for number in NUMBERS:
            yield from (Fault(nth, number), Fault(nth, number, lasting=True))
    else:
        yield Fault(nth, NUMBERS[nth // STEP % len(NUMBERS)], lasting=nth % 2 == 1)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_any_operation_may_fail(stage: Stage) -> None:
    for nth in range(1 + stage.offset, MOST, STEP):
        for fault in kinds(nth):
            folder = stage.fresh(nth)
            done = faults.run(stage.scene.arguments, folder, fault)
            what = f"{fault}: {done.met}\n{done.said}"
            if not done.met:
                assert nth > 5
                return
            assert done.code in (0, 1, 2), what
            assert "程序内部出错" not in done.said, what
            assert "Traceback" not in done.said, what
            assert done.said.strip(), what
            stage.judge(folder, what, killed=fault.lasting)
    raise AssertionError("no end of operations")


def test_the_process_may_end_anywhere(stage: Stage) -> None:
    for nth in range(1 + stage.offset, MOST, STEP):
        folder = stage.fresh(nth)
        done = faults.run(stage.scene.arguments, folder, Fault(nth, None))
        if not done.met:
            return
        assert done.code == faults.KILLED
        stage.judge(folder, f"killed at {nth}: {done.met}", killed=True)
    raise AssertionError("no end of operations")


def test_the_process_may_end_within_a_write(stage: Stage) -> None:
    for size in (0, 100, 5_000, 20_000):
        folder = stage.fresh(size)
        done = faults.run(stage.scene.arguments, folder, largest=size)
        assert done.code != stage.scene.code, "the bound was too wide to meet"
        stage.judge(folder, f"killed after {size} bytes", killed=True)
