"""Floor 1: an edition is a folder of data under ``templates/``; this package turns it into values.

A file is looked for in the edition's own folder, then in the one it ``extends:``, then in ``templates/shared``;
a file replaces its namesake whole, keys are never merged.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from pathlib import Path

from ..model.form import Form, Role
from . import forms as form_files
from .node import EditionError, Node, read

__all__ = ["ContentsLine", "Edition", "EditionError", "Node", "ids", "load", "serving"]

_PLACE = re.compile(r"\{(\w+)\}")
_SAFE_ID = re.compile(r"[\w][\w.-]*$")


def templates_root() -> Path:
    """Beside this package in an installed wheel, one folder up in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def fill(text: str, words: Mapping[str, str]) -> str:
    """``{name}`` places of edition wording replaced; the values are never looked into again."""
    return _PLACE.sub(lambda m: words[m[1]], text)


@dataclass(frozen=True)
class ContentsLine:
    """One line of the contents; ``tables`` stands for one line per official table.

    ``heading``: the wording in the body where it differs; ``unlisted``: a heading that the contents leave out.
    """

    level: int
    text: str
    block: str = ""
    tables: bool = False
    heading: str = ""
    unlisted: bool = False


@dataclass(frozen=True)
class Edition:
    """Everything that differs between forms. Texts may hold {year} {unit} {dept} … (see ``fill``)."""

    id: str
    name: str
    kind: str
    years: tuple[int, ...]
    basis: str
    title: str
    forms: tuple[Form, ...]
    department_line: str
    amount_line: str
    table_numbers: Mapping[str, str]
    levels: Mapping[str, Mapping[str, str]]
    tolerances: Mapping[str, Decimal]
    chapters: tuple[str, ...]
    rule_files: tuple[str, ...]
    hint_files: tuple[str, ...]
    contents_title: str
    contents: tuple[ContentsLine, ...]
    folders: tuple[Path, ...]

    def find(self, name: str) -> Path:
        """The file ``name`` that is in force; EditionError when no folder has it."""
        for folder in self.folders:
            if (folder / name).is_file():
                return folder / name
        raise EditionError(f"{self.id}: no file {name!r}")

    def yaml(self, name: str) -> Node:
        path = self.find(name)
        return read(path, f"{path.parent.name}/{name}")

    def form(self, form_id: str) -> Form:
        return self._by_id[form_id]

    @cached_property
    def _by_id(self) -> Mapping[str, Form]:
        return {form.id: form for form in self.forms}

    @property
    def tables(self) -> tuple[Form, ...]:
        return tuple(form for form in self.forms if form.role is Role.TABLE)

    @cached_property
    def subjects(self) -> Mapping[str, str]:
        """Known subject codes and names; names seen in a year the edition serves win over those of other years."""
        found: dict[str, tuple[bool, str]] = {}
        with self.find("subjects.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                ours = any(str(year) in row["years_seen"].split(";") for year in self.years)
                if row["code"] not in found or (ours and not found[row["code"]][0]):
                    found[row["code"]] = (ours, row["name"])
        return {code: name for code, (_, name) in found.items()}

    @cached_property
    def subject_names(self) -> Mapping[str, tuple[str, ...]]:
        """Every name the subject list has for a code, in whatever year."""
        found: dict[str, dict[str, None]] = {}
        with self.find("subjects.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["code"], {})[row["name"]] = None
        return {code: tuple(names) for code, names in found.items()}


def ids() -> tuple[str, ...]:
    """Ids of all editions at hand: the folders that hold an edition.yaml."""
    return tuple(sorted(p.parent.name for p in templates_root().glob("*/edition.yaml")))


def serving(year: int) -> tuple[Edition, ...]:
    """Editions whose years include ``year``."""
    return tuple(edition for edition in map(load, ids()) if year in edition.years)


@lru_cache(maxsize=8)
def load(edition_id: str) -> Edition:
    """The edition of that id; EditionError when it does not exist or a file of it is wrong."""
    root = templates_root()
    if not _SAFE_ID.match(edition_id) or not (root / edition_id / "edition.yaml").is_file():
        raise EditionError(f"没有版式 {edition_id!r}；现有：{'、'.join(ids())}")
    folders = [root / edition_id]
    node = read(folders[0] / "edition.yaml", f"{edition_id}/edition.yaml")
    parent = node.text("extends", "")
    if parent:
        folders += [f for f in load(parent).folders if f.name != "shared"]
    folders.append(root / "shared")
    return _edition(node, edition_id, tuple(folders))


def _edition(node: Node, edition_id: str, folders: tuple[Path, ...]) -> Edition:
    if node.text("id") != edition_id:
        raise node.fail(f"id must be the folder's name {edition_id!r}")
    lines, contents = node.node("table_lines"), node.node("contents")
    edition = Edition(
        id=edition_id,
        name=node.text("name"),
        kind=node.text("kind"),
        years=tuple(int(y) for y in node.texts("years")),
        basis=node.text("basis", ""),
        title=node.text("title"),
        forms=tuple(_form(node, name, folders) for name in node.texts("forms")),
        department_line=lines.text("department"),
        amount_line=lines.text("amount_unit"),
        table_numbers=node.mapping("table_numbers"),
        levels={name: {k: v.data for k, v in words.items()} for name, words in node.node("levels").items()},
        tolerances=_tolerances(node),
        chapters=node.texts("chapters"),
        rule_files=node.texts("rules"),
        hint_files=node.texts("hints", ()),
        contents_title=contents.text("title"),
        contents=tuple(_contents_line(n) for n in contents.nodes("entries")),
        folders=folders,
    )
    for part in (lines, contents, node):
        part.done()
    return edition


def _form(node: Node, name: str, folders: tuple[Path, ...]) -> Form:
    for folder in folders:
        if (folder / name).is_file():
            return form_files.form(read(folder / name, f"{folder.name}/{name}"), name.split("/")[0])
    raise node.fail(f"forms: no file {name!r}")


def _tolerances(node: Node) -> dict[str, Decimal]:
    try:
        return {name: Decimal(text) for name, text in node.mapping("tolerances").items()}
    except InvalidOperation:
        raise node.fail("tolerances must be decimal numbers in quotes") from None


def _contents_line(node: Node) -> ContentsLine:
    line = ContentsLine(
        node.whole("level"),
        node.text("text"),
        node.text("block", ""),
        node.flag("tables"),
        node.text("heading", ""),
        node.flag("unlisted"),
    )
    if line.level not in (1, 2) and not (line.level == 3 and line.unlisted):
        raise node.fail("level 应为 1 或 2；unlisted 的可为 3")
    node.done()
    return line
