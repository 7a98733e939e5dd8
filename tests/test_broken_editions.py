"""Every mistake in an edition's files is told with file, place and remedy: the mistakes are data."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from generator.commands import cli
from generator.editions import Library, load
from generator.tryout import faults

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "broken_editions.yaml").read_text(encoding="utf-8"))
PARENT, EDITION = "wuhan-final-2021", "某市-决算"


def heir(root: Path) -> Path:
    """An edition of one's own that changes nothing but its name."""
    folder = root / EDITION
    folder.mkdir(parents=True)
    text = load(PARENT).find("edition.yaml").read_text(encoding="utf-8")
    assert f"id: {PARENT}\n" in text
    text = text.replace(f"id: {PARENT}\n", f"id: {EDITION}\nextends: {PARENT}\n")
    (folder / "edition.yaml").write_text(text, encoding="utf-8")
    return folder


def damage(folder: Path, file: str, edit: dict[str, Any]) -> None:
    path = folder / file
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(load(PARENT).find(file), path)
    ((how, what),) = edit.items()
    if how == "replace":
        text = path.read_text(encoding="utf-8")
        assert what[0] in text, f"{file} no longer has {what[0]!r}"
        path.write_text(text.replace(*what), encoding="utf-8")
    elif how == "append":
        path.write_text(path.read_text(encoding="utf-8") + what, encoding="utf-8")
    elif how == "write":
        path.write_text(what, encoding="utf-8")
    else:
        assert how == "bytes"
        path.write_bytes(path.read_text(encoding="utf-8").encode(what))


def test_an_edition_that_changes_nothing_is_in_order(tmp_path: Path) -> None:
    heir(tmp_path)
    assert faults(Library((tmp_path,)), EDITION) == ()


@pytest.mark.parametrize("case", CASES, ids=[case["mistake"] for case in CASES])
def test_a_mistake_is_told_with_file_place_and_remedy(tmp_path: Path, case: dict[str, Any]) -> None:
    damage(heir(tmp_path), case["file"], case["edit"])
    found = faults(Library((tmp_path,)), EDITION)
    assert found
    told = [f"{fault.message} {fault.fix}" for fault in found]
    assert any(all(str(piece) in one for piece in case["expect"]) for one in told), told
    assert all(fault.fix.endswith("。") for fault in found), told


@pytest.mark.parametrize("command", ["new", "rules", "editions check"])
def test_commands_refuse_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(tmp_path)
    damage(heir(tmp_path / "版式"), "rules/texts.yaml", {"replace": ["severity: warning", "severity: 警告"]})
    arguments = [*command.split(), *([] if " " in command else ["--edition"]), EDITION, "--templates", "版式"]
    result = CliRunner().invoke(cli.gongkai, arguments)
    assert result.exit_code == (1 if "check" in command else 2)
    assert "某市-决算/rules/texts.yaml 第" in result.output
    assert "Traceback" not in result.output
    assert "程序内部出错" not in result.output
