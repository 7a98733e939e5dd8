"""No command speaks to the network, starts a program, or opens a file that is not its business.

Each runs in a child process under an audit hook (audited.py), in a folder tree where everything around it is a trap:
other people's workbooks beside the input, a home folder with settings, a current folder with modules of known names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from altered import alter
from support import ROOT, sample

from generator.commands import cli

AUDITED = Path(__file__).with_name("audited.py")
TIMEOUT = 120

# What Python and the system read for themselves: modules, time zones, languages, the null device.
_OWN = {sys.prefix, sys.base_prefix, sys.exec_prefix, *(sysconfig.get_paths().values()), *filter(None, sys.path)}
_SYSTEM = ("/dev/null", "/dev/urandom", "/usr/share/zoneinfo", "/usr/share/locale", "/etc/localtime", "/etc/mime.types")
_LOOKS = ("os.listdir", "os.scandir", "glob.glob", "pathlib.Path.glob")
_CACHE = "gongkai-"  # compiled chapters, in the temporary folder


@dataclass(frozen=True)
class Place:
    """Where a command runs, and what of it is its business."""

    root: Path
    inputs: Path
    outputs: Path
    temporary: Path

    @property
    def workbook(self) -> Path:
        return self.inputs / "某局.xlsx"

    @property
    def second(self) -> Path:
        return self.inputs / "某中心.xlsx"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path, *(tmp_path / name for name in ("inputs", "outputs", "temporary")))
    for folder in (made.inputs, made.outputs, made.temporary, tmp_path / "home", tmp_path / "here"):
        folder.mkdir()
    sample("sample-2021", made.inputs).rename(made.workbook)
    alter(made.workbook, made.second, {"增减原因!F6": "新增设施维护经费", "单位信息!B8": "云川市文化中心"})
    for trap in ("inputs/邻局.xlsx", "inputs/邻局.docx", "here/某局.xlsx", "here/yaml.py", "here/jinja2.py"):
        (tmp_path / trap).write_bytes(b"trap")
    for trap in ("home/.gongkairc", "home/.netrc", "home/.pythonrc.py"):
        (tmp_path / trap).write_bytes(b"trap")
    return made


def run(place: Place, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """What was heard of a command, which must end with ``code``."""
    report = place.root / "heard.json"
    settings = {
        key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH", "SYSTEMROOT", "LANG", "LC_ALL")
    }
    settings |= {"HOME": str(place.root / "home"), "USERPROFILE": str(place.root / "home"), "PYTHONUTF8": "1"}
    settings |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(place.temporary))
    done = subprocess.run(
        [sys.executable, str(AUDITED), str(report), *arguments],
        cwd=place.root / "here",
        env=settings,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    told = json.loads(report.read_text("utf-8")) if report.exists() else {}
    output = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert told.get("code") == code, output
    assert "Traceback" not in output
    return told["heard"]


def within(path: Path, folders: Iterable[str | Path]) -> bool:
    return any(path.is_relative_to(Path(folder)) for folder in folders)


def business(place: Place, one: dict[str, Any], reads: Iterable[Path], writes: Iterable[Path]) -> bool:
    if "loud" in one:
        return False
    path = Path(os.path.normpath(one["path"]))
    if within(path, (*writes, place.temporary)):
        return True
    if one["writes"]:
        return path.name.endswith(".pyc") or ("__pycache__" in path.parts and within(path, (*_OWN, ROOT)))
    if one["event"] in _LOOKS and path in {read.parent for read in reads}:
        return True  # a look at names beside the workbook: a subject list may lie there
    return within(path, (*reads, *_OWN, *_SYSTEM, ROOT / "generator", ROOT / "templates", ROOT / "tests"))


def strange(place: Place, heard: list[dict[str, Any]], reads: Iterable[Path], writes: Iterable[Path]) -> list[str]:
    return [str(one) for one in heard if not business(place, one, tuple(reads), tuple(writes))]


def wrong(place: Place) -> None:
    """The workbook with a total typed over."""
    copy = place.root / "copy.xlsx"
    shutil.copy(place.workbook, copy)
    alter(copy, place.workbook, {"03支出决算表!C12": 999999})


BOOK, SECOND, OUT = "{inputs}/某局.xlsx", "{inputs}/某中心.xlsx", "{outputs}"
DOCUMENT = f"{OUT}/公开.docx"
EDITION, OTHER = "wuhan-final-2021", "wuhan-final-2019"
# Of every command what it does most: command lines run one after another.
COMMANDS: dict[str, list[list[str]]] = {
    "generate": [["generate", BOOK, "-o", DOCUMENT], ["generate", BOOK, "-o", DOCUMENT, "--draft"]],
    "check": [["check", BOOK, "--marked", f"{OUT}/标注.xlsx"], ["check", BOOK, "--no-mark", "--format", "json"]],
    "new": [["new", "--edition", EDITION, "--unit", "某局", "-o", f"{OUT}/空白.xlsx"]],
    "rules": [["rules"], ["rules", "X2"]],
    "editions": [
        ["editions"],
        ["editions", "show", EDITION],
        ["editions", "diff", OTHER, EDITION],
        ["editions", "check", EDITION],
    ],
    "restore": [
        ["generate", SECOND, "-o", DOCUMENT, "--no-mark"],
        ["generate", BOOK, "-o", DOCUMENT, "--fresh", "--review", "--redline"],
        ["restore", DOCUMENT],
        ["restore", DOCUMENT, "1"],
    ],
    "diff": [["generate", BOOK, "-o", DOCUMENT], ["diff", SECOND, BOOK], ["diff", DOCUMENT, BOOK]],
    "roll": [["roll", BOOK, "--year", "2022", "-o", f"{OUT}/明年.xlsx"]],
    "import": [["import", BOOK, "--into", BOOK, "-o", f"{OUT}/导入.xlsx"]],
    "consolidate": [["consolidate", BOOK, SECOND, "-o", f"{OUT}/汇总.xlsx"]],
    "batch": [["batch", BOOK, "-o", f"{OUT}/全部", "--jobs", "1"]],
}

CODES = {"import": 1}  # the other sheets of a workbook are no tables to import


def filled(arguments: list[str], place: Place) -> list[str]:
    return [one.format(inputs=place.inputs, outputs=place.outputs) for one in arguments]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_keeps_to_its_business(command: str, place: Place) -> None:
    if command not in cli.gongkai.commands:
        pytest.skip(f"{command} is not among the commands")
    before = place.workbook.read_bytes()
    for arguments in COMMANDS[command]:
        heard = run(place, *filled(arguments, place), code=CODES.get(command, 0))
        business = [place.workbook, place.inputs / "附件"]
        if SECOND in arguments:
            business.append(place.second)
        assert not strange(place, heard, business, (place.outputs,))
    assert place.workbook.read_bytes() == before
    left = [path.relative_to(place.temporary) for path in place.temporary.rglob("*")]
    assert all(path.parts[0].startswith(_CACHE) for path in left)


def test_every_command_is_listened_to() -> None:
    assert set(cli.gongkai.commands) <= set(COMMANDS)


def test_errors_too_are_told_quietly(place: Place) -> None:
    """A marked copy is written, nothing else; refused files leave nothing at all."""
    wrong(place)
    for command in ("check", "generate"):
        more = ("-o", str(place.outputs / "公开.docx")) if command == "generate" else ()
        heard = run(place, command, str(place.workbook), "--marked", str(place.outputs / "标注.xlsx"), *more, code=1)
        assert not strange(place, heard, (place.workbook,), (place.outputs,))
        assert [path.name for path in place.outputs.iterdir()] == ["标注.xlsx"]
    place.workbook.write_bytes(b"PK\x03\x04 not a workbook")
    (place.outputs / "标注.xlsx").unlink()
    heard = run(place, "check", str(place.workbook), "--marked", str(place.outputs / "标注.xlsx"), code=2)
    assert not strange(place, heard, (place.workbook,), (place.outputs,))
    assert list(place.outputs.iterdir()) == []


def test_the_ear_hears(place: Place) -> None:
    """The hook is no use if it misses what it is there for."""
    script = (
        "import sys, json, runpy; sys.path.insert(0, {tests!r}); import audited; sys.addaudithook(audited.hook)\n"
        "import socket, subprocess, os\n"
        "open({trap!r}).close()\n"
        "open({trap!r} + '2', 'w').close()\n"
        "try: socket.create_connection(('127.0.0.1', 9), 0.1)\n"
        "except OSError: pass\n"
        "subprocess.run([sys.executable, '-c', ''])\n"
        "audited.listening = False; print(json.dumps(audited.heard))\n"
    ).format(tests=str(AUDITED.parent), trap=str(place.root / "home" / ".netrc"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=TIMEOUT, check=True)
    caught = strange(place, json.loads(done.stdout), (place.workbook,), (place.outputs,))
    for words in ("'socket.connect'", "'subprocess.Popen'", ".netrc', 'writes': False", ".netrc2', 'writes': True"):
        assert any(words in one for one in caught), words
