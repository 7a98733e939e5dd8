"""Files on disk: written whole or not at all, and nothing edited by hand is ever overwritten."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from .model.finding import Refusal

# A file that must not be lost is kept aside under a name with one of these words in it.
HAND_EDITED, REPLACED = "手工修改", "原文件"

_TEMPORARY, _ENDING = ".gongkai-", ".tmp"
_STALE = 24 * 3600.0  # seconds after which a temporary file was left behind by a killed process
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")
_LONGEST = 160  # bytes; most systems allow 255, and endings, dates and folders of history are put to it
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.ETXTBSY}


def safe_name(text: str, otherwise: str = "公开") -> str:
    """``text`` as a file name that Windows, macOS and Linux all accept, without an ending.

    A long one is cut; a mark made from the whole text keeps two long names apart."""
    name = _FORBIDDEN.sub("_", text).strip(" .")
    name = f"_{name}" if _RESERVED.match(name) else name or otherwise
    whole = name.encode("utf-8", "surrogatepass")
    if len(whole) <= _LONGEST:
        return name
    return f"{whole[: _LONGEST - 9].decode('utf-8', 'ignore').rstrip(' .')}~{zlib.crc32(whole):08x}"


def same_file(left: Path, right: Path) -> bool:
    """Whether both names lead to one file; a file that does not exist is compared by name."""
    try:
        return left.samefile(right)
    except (OSError, ValueError):  # ValueError: a name that this system's language can't write
        return os.path.normcase(left.absolute()) == os.path.normcase(right.absolute())


def write(target: Path, data: bytes, keep: Callable[[bytes], str] | None = None) -> Path | None:
    """Put ``data`` at ``target`` in one step; Refusal (with the old file whole) when that can't be done.

    ``keep`` is asked about the file that stands there: a word such as “手工修改” copies it aside under a name with
    that word first, an empty one lets it go. The name it was moved to is returned.
    """
    target = _real(target)
    with _plainly(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        old = _present(target)
        with ExitStack() as undo:
            fresh = _beside(target, data, undo)
            aside = None
            if old is not None:
                fresh.chmod(stat.S_IMODE(target.stat().st_mode))
                why = keep(old) if keep is not None else ""
                aside = _set_aside(target, old, why, undo) if why else None
            fresh.replace(target)
            undo.pop_all()
        _flush_folder(target.parent)
        return aside


def _real(target: Path) -> Path:
    """Where links lead: a linked file is replaced where it lies and the link stays."""
    try:
        return target.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # links in a circle, or a name this system can't write
        raise Refusal(f"“{target}”不能作为文件名。", "请用 -o 另外指定一个文件名。") from error


def present(target: Path) -> bytes | None:
    """What stands at ``target``, None when there is nothing; Refusal when it can't be read or is not to be written."""
    target = _real(target)
    with _plainly(target):
        try:
            return _present(target)
        except NotADirectoryError:
            return None  # said when the file is to be written


def _present(target: Path) -> bytes | None:
    """The file that stands there; None when there is none."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise Refusal(f"“{target}”是文件夹或设备，不能作为输出文件。", "请用 -o 另外指定一个文件名。")
    # Replacing a file needs no right to the file itself, only to its folder: what is marked read-only is asked for.
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise Refusal(f"“{target}”是只读文件，没有改动它。", "请取消“只读”属性，或用 -o 另外指定一个文件名。")
    return target.read_bytes()


def _beside(target: Path, data: bytes, undo: ExitStack) -> Path:
    """``data`` flushed to a temporary file in the target's folder, removed again unless ``undo`` is emptied."""
    path = target.parent / f"{_TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}{_ENDING}"
    undo.callback(path.unlink, missing_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return path


def _set_aside(target: Path, old: bytes, why: str, undo: ExitStack) -> Path:
    """A copy of the old file under a clear name, with its own date; the old file itself is not touched."""
    when = target.stat()
    stem = f"{target.stem}.{why}-{datetime.fromtimestamp(when.st_mtime):%Y%m%d-%H%M%S}"
    name, count = f"{stem}{target.suffix}", 1
    while (target.parent / name).exists():
        count += 1
        name = f"{stem}-{count}{target.suffix}"
    path = target.parent / name
    _beside(target, old, undo).replace(path)
    undo.callback(path.unlink, missing_ok=True)
    os.utime(path, (when.st_atime, when.st_mtime))
    return path


def _sweep(folder: Path) -> None:
    """Remove what a killed process left here a day ago or longer."""
    for path in folder.glob(f"{_TEMPORARY}*{_ENDING}"):
        try:
            if time.time() - path.stat().st_mtime > _STALE:
                path.unlink()
        except OSError:
            continue  # another run is at it, or it is not ours to remove: no reason to stop


def _flush_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the system can do that for folders."""
    if os.name != "posix":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return  # some network drives refuse; the file itself is flushed
    finally:
        os.close(handle)


@contextmanager
def _plainly(target: Path) -> Iterator[None]:
    """What the system says about files, in the user's words."""
    try:
        yield
    except OSError as error:
        raise _refusal(target, error) from error
    except UnicodeEncodeError as error:  # the system's language has no Chinese file names
        raise Refusal(f"“{target}”不能作为文件名。", "请用 -o 另外指定一个文件名。") from error


_SAID = {
    **dict.fromkeys(_FULL, "磁盘空间不足"),
    **dict.fromkeys(_CLOSED, "没有权限，或文件正被其他程序占用"),
    errno.EIO: "磁盘、U 盘或网络位置读写出错",
    errno.ENOENT: "文件或文件夹已不存在",
    errno.EMFILE: "打开的文件过多",
    errno.ENAMETOOLONG: "文件名过长",
}


def why(error: OSError) -> str:
    """What the system says of a file, in the user's language where we know the words."""
    number = error.errno
    return (_SAID.get(number) if number is not None else None) or f"系统提示：{error.strerror or error}"


def _refusal(target: Path, error: OSError) -> Refusal:
    whole = "原有文件没有改动。"
    if error.errno in _FULL:
        return Refusal(f"磁盘空间不足，“{target}”没有写成。{whole}", "请清理磁盘空间后重试，或用 -o 写到别的磁盘。")
    if error.errno in _CLOSED:
        return Refusal(
            f"不能写入“{target}”：没有写入权限，或文件正被其他程序占用。{whole}",
            "请先关闭在 Word 或 WPS 中打开的该文件，检查文件夹是否可写，或用 -o 另外指定一个文件名。",
        )
    if error.errno == errno.ENAMETOOLONG:
        return Refusal(f"文件名过长：“{target.name}”。", "请用 -o 指定一个较短的文件名。")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return Refusal(f"“{target.parent}”不是文件夹，不能在其中写文件。", "请用 -o 另外指定一个位置。")
    return Refusal(f"不能写入“{target}”（{why(error)}）。{whole}", "请检查磁盘、U 盘或网络位置是否可用后重试。")
