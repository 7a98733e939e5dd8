"""Files are written whole or not at all, and a file edited by hand is never lost."""

from __future__ import annotations

import errno
import os
import stat
from datetime import datetime
from pathlib import Path

import pytest

from generator import files
from generator.model.finding import Refusal

OLD, NEW = b"old and whole", b"new"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kept(word: str):
    return lambda data: word


def test_a_new_file_in_a_new_folder(tmp_path: Path) -> None:
    target = tmp_path / "甲" / "乙" / "公开.docx"
    assert files.write(target, NEW) is None
    assert target.read_bytes() == NEW
    assert names(target.parent) == ["公开.docx"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask


def test_an_untouched_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "公开.docx"
    target.write_bytes(OLD)
    target.chmod(0o640)
    seen: list[bytes] = []
    assert files.write(target, NEW, lambda data: seen.append(data) or "") is None
    assert (target.read_bytes(), seen, names(tmp_path)) == (NEW, [OLD], ["公开.docx"])
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_an_edited_file_is_set_aside_under_its_own_date(tmp_path: Path) -> None:
    target = tmp_path / "公开.docx"
    when = datetime(2022, 11, 8, 15, 30).timestamp()
    for count, name in enumerate(["公开.手工修改-20221108-153000.docx", "公开.手工修改-20221108-153000-2.docx"]):
        data = OLD + bytes([count])
        target.write_bytes(data)
        os.utime(target, (when, when))
        aside = files.write(target, NEW, kept("手工修改"))
        assert aside is not None
        assert (aside.name, aside.read_bytes(), aside.stat().st_mtime) == (name, data, when)
        assert target.read_bytes() == NEW
    assert len(names(tmp_path)) == 3


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "a" / "real.docx", tmp_path / "link.docx"
    real.parent.mkdir()
    real.write_bytes(OLD)
    link.symlink_to(real)
    files.write(link, NEW)
    assert link.is_symlink()
    assert real.read_bytes() == NEW


def refused(target: Path, edited: str) -> Refusal | None:
    try:
        files.write(target, NEW, kept(edited))
    except Refusal as refusal:
        return refusal
    return None


FAULTS = [
    (errno.ENOSPC, "磁盘空间不足"),
    (errno.EDQUOT, "磁盘空间不足"),
    (errno.EACCES, "没有写入权限"),
    (errno.EROFS, "没有写入权限"),
    (errno.EIO, "读写出错"),
    (errno.ESTALE, "系统提示"),
]


@pytest.mark.parametrize(("number", "words"), FAULTS)
@pytest.mark.parametrize("edited", ["", "手工修改"])
def test_a_fault_at_any_step_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, edited: str
) -> None:
    """The 1st, 2nd, 3rd … call to the system fails in turn, until a run has none left to fail."""
    target = tmp_path / "公开.docx"
    target.write_bytes(OLD)
    calls = [(os, "fsync"), (Path, "replace"), (Path, "chmod"), (os, "utime"), (Path, "read_bytes")]
    failed = 0
    for nth in range(1, 20):
        count = 0
        with monkeypatch.context() as patch:
            for owner, name in calls:
                real = getattr(owner, name)

                def faulty(*args, real=real, nth=nth, **options):
                    nonlocal count
                    count += 1
                    if count == nth:
                        raise OSError(number, "fault")
                    return real(*args, **options)

                patch.setattr(owner, name, faulty)
            refusal = refused(target, edited)
        if refusal is None:
            break
        failed += 1
        assert words in refusal.message
        assert refusal.fix
        assert (target.read_bytes(), names(tmp_path)) == (OLD, ["公开.docx"])
    assert target.read_bytes() == NEW
    assert failed == (7 if edited else 4)  # every call but the last one, which flushes the folder


def test_an_interruption_leaves_the_old_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "公开.docx"
    target.write_bytes(OLD)

    def interrupted(data: bytes) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write(target, NEW, interrupted)
    assert (target.read_bytes(), names(tmp_path)) == (OLD, ["公开.docx"])


def test_what_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    read_only = tmp_path / "只读.docx"
    read_only.write_bytes(OLD)
    read_only.chmod(0o444)
    circle = tmp_path / "circle.docx"
    circle.symlink_to(circle)
    for target, words in [
        (read_only, "只读"),
        (tmp_path, "文件夹"),
        (read_only / "x.docx", "不是文件夹"),
        (tmp_path / ("长" * 200 + ".docx"), "过长"),
        (circle, ""),
    ]:
        with pytest.raises(Refusal) as refused:
            files.write(target, NEW)
        assert words in refused.value.message
    assert read_only.read_bytes() == OLD
    assert names(tmp_path) == ["circle.docx", "只读.docx"]


def test_only_old_leftovers_are_swept(tmp_path: Path) -> None:
    stale, busy, other = (tmp_path / n for n in (".gongkai-1-aa.tmp", ".gongkai-2-bb.tmp", "mine.tmp"))
    for path in (stale, busy, other):
        path.write_bytes(b"")
    os.utime(stale, (0, 0))
    os.utime(other, (0, 0))
    files.write(tmp_path / "a.docx", NEW)
    assert names(tmp_path) == [busy.name, "a.docx", other.name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wuchang-2021", "wuchang-2021"),
        ("某局/2021:终稿?", "某局_2021_终稿_"),
        ("..", "公开"),
        (" 某局. ", "某局"),
        ("con", "_con"),
        ("NUL.a", "_NUL.a"),
        ("consul", "consul"),
        ("a\x00\nb", "a_b"),
        ("", "公开"),
    ],
)
def test_safe_names(text: str, name: str) -> None:
    assert files.safe_name(text) == name


def test_long_names_are_cut_and_stay_apart() -> None:
    one, two = files.safe_name("局" * 300 + "甲"), files.safe_name("局" * 300 + "乙")
    assert one != two
    assert {len(name.encode()) <= 160 for name in (one, two)} == {True}
    assert files.safe_name("局" * 50) == "局" * 50


def test_what_stands_below_a_file_is_not_there(tmp_path: Path) -> None:
    below = tmp_path / "公开.docx"
    assert files.present(below) is None
    below.write_bytes(OLD)
    assert files.present(below) == OLD
    assert files.present(below / "附件.docx") is None
    with pytest.raises(Refusal, match="文件夹或设备"):
        files.present(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="folders are flushed on Unix only")
@pytest.mark.parametrize("call", ["open", "fsync"])
def test_a_drive_that_cannot_flush_folders_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    real, folders = getattr(os, call), []

    def refusing(what: object, *more: object) -> object:
        folder = stat.S_ISDIR(os.fstat(what).st_mode) if isinstance(what, int) else Path(str(what)).is_dir()
        if folder:
            folders.append(what)
            raise OSError(errno.EINVAL, "fault")
        return real(what, *more)

    monkeypatch.setattr(os, call, refusing)
    target = tmp_path / "公开.docx"
    assert files.write(target, NEW) is None
    assert target.read_bytes() == NEW
    assert folders


def test_leftovers_that_another_run_removes_are_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / f"{files._TEMPORARY}1-a{files._ENDING}"
    old.write_bytes(OLD)
    os.utime(old, (0, 0))
    real = Path.unlink

    def gone(path: Path, missing_ok: bool = False) -> None:
        if path == old:
            raise FileNotFoundError
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", gone)
    files.write(tmp_path / "公开.docx", NEW)
    assert (tmp_path / "公开.docx").read_bytes() == NEW


def test_a_name_that_the_system_cannot_write_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """A system without Chinese: the old file cannot be set aside as “手工修改”."""
    target = tmp_path / "a.docx"
    target.write_bytes(OLD)
    with pytest.raises(Refusal, match="不能作为文件名"):
        files.write(target, NEW, kept("\ud800"))
    assert (target.read_bytes(), names(tmp_path)) == (OLD, ["a.docx"])
