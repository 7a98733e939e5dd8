"""One command in this process with an audit hook that notes whatever leaves it; a child process of test_quiet.py.

python audited.py <report.json> generate 某某局.xlsx -o 公开.docx
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

FILES = ("open", "os.", "shutil.", "tempfile.", "glob.", "pathlib.")
LOUD = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.fork",
    "os.startfile",
    "pty.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
    "imaplib.",
    "poplib.",
    "telnetlib.",
    "nntplib.",
    "webbrowser.",
    "ctypes.",
)
_UNHEARD = {"os.putenv", "os.unsetenv", "os.listxattr", "os.getxattr"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

heard: list[dict[str, Any]] = []
listening = True


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, (str, bytes, os.PathLike)) else ""


def _folder(args: tuple[Any, ...]) -> str:
    """Where a relative name begins: at the folder whose handle comes with it, else at the current one."""
    handle = args[-1]
    link = Path(f"/proc/self/fd/{handle}")
    if isinstance(handle, int) and handle >= 0 and link.exists():
        return str(link.readlink())
    return str(Path.cwd())


def hook(event: str, args: tuple[Any, ...]) -> None:
    """Noted with the folder of the moment, since names may be relative; handles (numbers) name nothing new."""
    if not listening or event in _UNHEARD:
        return
    if event.startswith(LOUD):
        heard.append({"event": event, "loud": repr(args)[:300]})
    elif event == "open":
        path, mode, flags = args
        if isinstance(path, int):
            return
        writes = any(letter in mode for letter in "wax+") if mode else bool(flags & _WRITES)
        heard.append({"event": event, "path": str(Path.cwd() / _text(path)), "writes": writes})
    elif event.startswith(FILES):
        looks = event in ("os.listdir", "os.scandir") or "glob" in event
        for arg in args[:1] if looks else args:  # of a search the folder; the pattern names no file
            if _text(arg):
                heard.append({"event": event, "path": str(Path(_folder(args), _text(arg))), "writes": not looks})


def main() -> None:
    global listening
    report, arguments = Path(sys.argv[1]), sys.argv[2:]
    sys.argv = ["gongkai", *arguments]
    sys.addaudithook(hook)
    from generator.commands import main as gongkai

    code: Any = 0
    try:
        gongkai()
    except SystemExit as left:
        code = left.code
    finally:
        listening = False
    report.write_text(json.dumps({"code": code, "heard": heard}, ensure_ascii=True), "utf-8")


if __name__ == "__main__":
    main()
