"""What is installed works from any folder; README, CI and the package description say the same."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from generator import __version__

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (path,) = folder.glob("gongkai-*.whl")
    return path


def test_the_wheel_keeps_to_its_own_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as package:
        names = package.namelist()
    assert {name.split("/")[0] for name in names} == {"gongkai", f"gongkai-{__version__}.dist-info"}
    packed = {name for name in names if name.startswith("gongkai/")}
    tracked = subprocess.run(["git", "ls-files", "generator", "templates"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode == 0:
        lie = {name.replace("generator/", "gongkai/", 1) for name in tracked.stdout.split() if name.startswith("gen")}
        lie |= {f"gongkai/{name}" for name in tracked.stdout.split() if name.startswith("templates/")}
        assert lie <= packed


def test_the_wheel_works_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    """Unpacked where no checkout is near: a blank workbook, its check, and the sample's document."""
    installed, work = tmp_path / "installed", tmp_path / "某文件夹"
    work.mkdir()
    with zipfile.ZipFile(wheel) as package:
        package.extractall(installed)
    path = os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])])

    def gongkai(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "import sys; from gongkai.commands import main; main()", *arguments],
            cwd=work,
            env=os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    assert gongkai("editions").returncode == 0
    edition = gongkai("editions").stdout.split()[0]
    made = gongkai("new", "--edition", edition, "-o", "空白.xlsx")
    assert (made.returncode, (work / "空白.xlsx").is_file()) == (0, True), made.stderr
    assert gongkai("check", "空白.xlsx").returncode == 1
    sample = gongkai("generate", str(ROOT / "inputs" / "wuchang-2021.xlsx"))
    assert sample.returncode == 0, sample.stdout + sample.stderr
    assert (work / "outputs" / "wuchang-2021.docx").is_file()
    as_module = subprocess.run(
        [sys.executable, "-m", "gongkai", "--version"],
        cwd=work,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
    )
    assert as_module.stdout.strip() == f"gongkai {__version__}"


def test_the_second_console_script_is_generate(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as package:
        scripts = package.read(f"gongkai-{__version__}.dist-info/entry_points.txt").decode()
    assert "gongkai = gongkai.commands:main" in scripts
    assert "generate = gongkai.commands:generate_main" in scripts
    from generator.commands import generate_main  # noqa: F401 (what the script calls)


def commands() -> list[str]:
    return re.findall(r"^python3 -m pip .*$", README, re.MULTILINE)


def test_the_readme_gives_two_commands_of_one_line() -> None:
    generate, test = commands()
    assert generate.endswith("python3 cli.py generate inputs/wuchang-2021.xlsx")
    assert "pytest" in test
    for command in (generate, test):
        assert "--target .deps" in command  # needs neither venv nor a Python that lets itself be changed
        assert "PYTHONPATH=.deps" in command


def test_ci_runs_the_readme_command() -> None:
    """CI takes the very line out of the README, as a shell would."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    pick = re.search(r"^test_command=\$\((.*)\)$", script, re.MULTILINE)
    assert pick is not None
    picked = subprocess.run(["bash", "-c", pick[1]], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert picked.stdout.strip() == commands()[1]
    assert script.rstrip().endswith('eval "$test_command"')
    for tool in ("ruff check", "ruff format --check", "mypy", "GONGKAI_NO_SKIP=1"):
        assert tool in script


def test_documents_that_the_readme_points_to_exist() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_option_is_documented() -> None:
    from generator.commands.cli import gongkai

    usage = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
    for name, command in gongkai.commands.items():
        assert f"## {name}" in usage
        section = usage.split(f"## {name}")[1].split("\n## ")[0]
        for param in command.params:
            wanted = [o for o in param.opts if o.startswith("--") and o not in ("--version", "--debug")]
            assert all(option in section or option in usage for option in wanted), (name, wanted)


def test_every_key_of_edition_files_is_documented() -> None:
    """Keys that the loaders ask for, found by reading them, stand in docs/edition.md."""
    page = (ROOT / "docs" / "edition.md").read_text(encoding="utf-8")
    page = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    documented = set(re.findall(r"[A-Za-z_]+", " ".join(re.findall(r"`([^`]+)`", page))))
    askers = {"text", "texts", "whole", "number", "flag", "node", "nodes", "mapping", "raw", "has"}
    loaders = [
        "editions/__init__.py",
        "editions/forms.py",
        "checks/rules.py",
        "narrative/glossary.py",
        "narrative/charts.py",
    ]
    asked = set()
    for name in loaders:
        for call in ast.walk(ast.parse((ROOT / "generator" / name).read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in askers:
                first = call.args[0] if call.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    asked.add(first.value)
    assert len(asked) > 60
    assert asked - documented == set()
