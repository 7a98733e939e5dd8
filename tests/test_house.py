"""The floors of docs/architecture.md, held by reading the code; and what generator/ must not name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GENERATOR = ROOT / "generator"
MODULES = sorted(GENERATOR.rglob("*.py"))
LONGEST = 360  # lines of a module

# What stands on which floor, and what each may take from outside the standard library.
FLOORS: dict[str, tuple[int, set[str]]] = {
    "model": (0, set()),
    "guard": (1, set()),
    "editions": (1, {"yaml"}),
    "workbook": (2, {"lxml"}),
    "checks": (2, set()),
    "narrative": (2, {"jinja2"}),
    "document": (2, {"lxml", "docx", "docxcompose"}),
    "revision": (2, {"lxml"}),
    "review": (2, set()),
    "files": (3, set()),
    "history": (3, set()),
    "regenerate": (3, set()),
    "companions": (3, set()),
    "pipeline": (3, set()),
    "tryout": (3, set()),
    "bureau": (4, {"openpyxl", "distributed"}),
    "exchange": (4, {"python_calamine", "xlrd"}),
    "commands": (5, {"click"}),
    "__main__": (6, set()),
    "__init__": (0, set()),
}
# Modules that may take more than their floor.
EXTRA = {"openpyxl": re.compile(r"workbook/blank\w*\.py$|document/chart\w*\.py$")}
SAME_FLOOR = {
    ("history", "files"),
    ("regenerate", "files"),
    ("regenerate", "history"),
    ("pipeline", "files"),
    ("pipeline", "regenerate"),
    ("companions", "files"),
    ("companions", "pipeline"),
}


def place(path: Path) -> str:
    return str(path.relative_to(GENERATOR))


def part(path: Path) -> str:
    return path.relative_to(GENERATOR).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Line, module from the top of the package or of the world, and whether it is ours."""
    inside = path.relative_to(GENERATOR).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name, False
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or "", False
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) - node.level + 1]
            for name in node.names:
                yield node.lineno, ".".join([*base, *(node.module or name.name).split(".")]), True


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_nobody_reaches_above_or_beside(path: Path) -> None:
    mine = part(path)
    floor, allowed = FLOORS[mine]
    wrong = []
    for line, module, ours in imports(path):
        top = module.split(".")[0]
        if ours:
            theirs = top if top in FLOORS else "__init__"  # `from .. import __version__`
            lower = FLOORS[theirs][0] < floor or theirs == mine or (mine, theirs) in SAME_FLOOR
            if not lower:
                wrong.append(f"line {line}: {module} is not on a lower floor")
        elif top in ("generator", "gongkai"):
            wrong.append(f"line {line}: imports inside the package are relative")
        elif top not in sys.stdlib_module_names and top not in allowed:
            extra = EXTRA.get(top)
            if extra is None or not extra.search(path.as_posix()):
                wrong.append(f"line {line}: {top} is not for this floor")
    assert wrong == []


def texts(tree: ast.Module) -> Iterator[tuple[int, str | int]]:
    """Literals of the code itself: docstrings may give examples."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, int)) and id(node) not in docs:
            yield node.lineno, node.value


EDITIONS = sorted(p.parent.name for p in (ROOT / "templates").glob("*/edition.yaml"))
FORBIDDEN = {
    "a year": re.compile(r"(?<![\d.u])(19[89]\d|20[0-6]\d)(?!\d| 格式)"),
    "an official table": re.compile(r"公开\s*0\d|(?<!\d)0[1-9][一-鿿]|表\s*[1-9](?!\d)"),
    "a cell address": re.compile(r"\$[A-Z]{1,3}\$?\d|![A-Z]{1,3}\d|(?<![\w])[A-Z]{1,3}\d+:[A-Z]{1,3}\d+(?!\w)"),
    "an edition": re.compile("|".join(map(re.escape, EDITIONS))),
    "a place": re.compile("湖北|武汉|武昌|汉阳|硚口|洪山|wuhan|wuchang"),
}
# The help pages show how a year and a file name are typed; zip members carry a fixed date.
ALLOWED = {("commands/cli.py", "a year")}
PLAIN_YEARS = range(2010, 2040)  # among whole numbers, which are often sizes; texts are taken at their word
ADDRESS = re.compile(r"https?://[\w./-]+")  # namespaces carry the year in which they were named


def offences(source: str, name: str = "") -> list[str]:
    found = []
    for line, value in texts(ast.parse(source)):
        for what, pattern in FORBIDDEN.items():
            if (isinstance(value, int) and value not in PLAIN_YEARS) or (name, what) in ALLOWED:
                continue
            if pattern.search(ADDRESS.sub("", str(value))):
                found.append(f"line {line}: {what}: {value!r}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_what_belongs_to_editions_is_not_named_in_code(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8"), place(path)) == []


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("x = 2021", "a year"),
        ("x = '2021年度'", "a year"),
        ("x = '公开03表'", "an official table"),
        ("x = '03支出决算表'", "an official table"),
        ("x = '（表3）'", "an official table"),
        ("x = f'{sheet}!B7'", "a cell address"),
        ("x = 'A1:C9'", "a cell address"),
        (f"x = '{EDITIONS[0]}'", "an edition"),
        ("x = '武汉市'", "a place"),
    ],
)
def test_the_sieve_holds_back(code: str, what: str) -> None:
    assert any(what in offence for offence in offences(code))


@pytest.mark.parametrize("code", ["x = 20210", "'''In 2021.'''", "x = 'RGB 1F4E79'", "x = '表{number}'", "x = 1980"])
def test_the_sieve_lets_through(code: str) -> None:
    assert offences(code) == []


def test_no_official_table_is_named_by_id_or_sheet() -> None:
    """Code asks a form for its role, number or keys; which tables there are is the edition's affair."""
    files = sorted((ROOT / "templates").glob("*/tables/*.yaml"))
    names = {m[1] for path in files for m in re.finditer(r"(?m)^(?:id|sheet): (.+)$", path.read_text(encoding="utf-8"))}
    assert len(names) > len({path.name for path in files}) > 0  # ids are shared by the editions, sheets mostly not
    named = [
        f"{place(path)} line {line}: {value}"
        for path in MODULES
        for line, value in texts(ast.parse(path.read_text(encoding="utf-8")))
        if value in names and (place(path), value) != ("workbook/cells.py", "general")  # the number format
    ]
    assert named == []


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_manners(path: Path) -> None:
    """Short modules, no catch-all but the one at the outermost edge, nothing printed past click."""
    source = path.read_text(encoding="utf-8")
    broad = [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or any(getattr(n, "id", "") in ("Exception", "BaseException") for n in ast.walk(node.type))
        )
    ]
    assert len(broad) <= (place(path) == "commands/boundary.py"), f"broad except in line {broad}"
    assert len(source.splitlines()) <= LONGEST
    assert not re.search(r"['\"]/(home|root|Users|tmp)/", source), "a path of one machine"


def loaded_by(*arguments: str, folder: Path, path: str = "") -> tuple[int, set[str]]:
    """Exit code of the command line, and the top-level modules that it imported."""
    code = (
        "import sys, runpy\nsys.argv = ['cli.py', *sys.argv[1:]]\ncode = 0\n"
        f"sys.path[:0] = [p for p in [{path!r}, {str(ROOT)!r}] if p]\n"
        f"try: runpy.run_path({str(ROOT / 'cli.py')!r}, run_name='__main__')\n"
        "except SystemExit as end: code = end.code\n"
        "names = [n for n, m in sys.modules.items() if m is not None]\n"
        "print('\\n', code, *{n.split('.')[0] for n in names}, *names)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    end, *modules = run.stdout.splitlines()[-1].split()
    return int(end), set(modules)


HEAVY = {"lxml", "yaml", "jinja2", "docx", "docxcompose", "openpyxl", "numpy", "xml.sax", "multiprocessing", "asyncio"}


@pytest.mark.parametrize(
    ("command", "code", "may"),
    [
        (["--help"], 0, set()),
        (["--version"], 0, set()),
        (["generate", "--help"], 0, set()),
        (["generate"], 2, set()),
        (["batch", "--help"], 0, set()),
        (["editions"], 0, {"yaml"}),
        (["check", "no such file.xlsx"], 2, {"yaml", "lxml"}),
        (["generate", "no such file.xlsx"], 2, {"yaml", "lxml"}),
        (["new", "-o", "blank.xlsx", "--edition", EDITIONS[0]], 0, {"yaml", "lxml", "openpyxl"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_loads_only_what_it_uses(command: list[str], code: int, may: set[str], tmp_path: Path) -> None:
    end, modules = loaded_by(*command, folder=tmp_path)
    assert end == code
    assert modules & HEAVY <= may


def test_numpy_is_left_alone_even_when_it_is_there(tmp_path: Path) -> None:
    """openpyxl imports numpy wherever it finds it; a numpy that cannot be imported shows that we never do."""
    numpy = tmp_path / "packages" / "numpy"
    numpy.mkdir(parents=True)
    (numpy / "__init__.py").write_text("raise SystemExit('numpy was imported')\n")
    work = tmp_path / "work"
    work.mkdir()
    path = str(numpy.parent)
    assert loaded_by("new", "-o", "blank.xlsx", "--edition", EDITIONS[0], folder=work, path=path)[0] == 0
    sample = next(iter(sorted((ROOT / "inputs").glob("*.xlsx"))), work / "blank.xlsx")
    end, modules = loaded_by("generate", str(sample), "--draft", "-o", str(work / "a.docx"), folder=work, path=path)
    assert end in (0, 1)
    assert (work / "a.docx").is_file()
    assert {"lxml", "docx", "jinja2"} <= modules
