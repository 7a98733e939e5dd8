"""Floor 1: an edition is a folder of data under ``templates/``; this package turns it into values.

A file is looked for in the edition's own folder, then in the one it ``extends:``, then in ``templates/shared``;
a file replaces its namesake whole, keys are never merged. Further folders of editions, searched before the built-in
one, make a ``Library`` of their own: nothing about them is kept anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path

from ..model.form import Form, Role
from . import forms as form_files
from . import validate
from .node import EditionError, Node, read
from .subjects import SubjectList, read_csv

__all__ = ["BUILT_IN", "Broken", "ContentsLine", "Edition", "EditionError", "Library", "Node", "ids", "load", "serving"]

_FIRST_YEAR, _LAST_YEAR = 1000, 9999  # four digits
_PLACE = re.compile(r"\{(\w+)\}")
_SAFE_ID = re.compile(r"[\w][\w.-]*$")
SHARED = "shared"  # what all editions have in common
NO_EDITION = "可用 gongkai editions 查看现有版式。"


def templates_root() -> Path:
    """Beside this package in an installed wheel, one folder up in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def fill(text: str, words: Mapping[str, str]) -> str:
    """``{name}`` places of edition wording replaced; the values are never looked into again."""

    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise EditionError(f"“{text}”：没有可代入的 {match[0]}", f"可用的有：{'、'.join(words)}。")
        return words[match[1]]

    return _PLACE.sub(word, text)


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
    absent: Mapping[str, str] = field(default_factory=dict)  # form, form.row, form.*.column → why there is none
    extends: str = ""
    form_files: tuple[str, ...] = ()
    own_subjects: SubjectList = field(default=SubjectList.NONE, compare=False)
    loaded: object = field(default_factory=object, repr=False, compare=False)  # the same for copies of one loading

    def find(self, name: str) -> Path:
        """The file ``name`` that is in force; EditionError when no folder has it."""
        for folder in self.folders:
            if (folder / name).is_file():
                return folder / name
        raise EditionError(f"{self.id}: 缺少文件 {name}", f"请在版式文件夹“{self.folders[0]}”中补上这个文件。")

    def shown(self, name: str) -> str:
        """A file of the edition as messages name it: the folder it is found in, and its path there."""
        return next((f"{folder.name}/{name}" for folder in self.folders if (folder / name).is_file()), name)

    def has(self, name: str) -> bool:
        return any((folder / name).is_file() for folder in self.folders)

    def yaml(self, name: str) -> Node:
        path = self.find(name)
        return read(path, self.shown(name))

    def form(self, form_id: str) -> Form:
        return self._by_id[form_id]

    def lacks(self, *parts: str) -> str:
        """Why the edition has no such form, row (block, field) or column; "" when it is not declared absent."""
        for path, reason in self.absent.items():
            keys = path.split(".")
            if len(keys) <= len(parts) and all(key in ("*", part) for key, part in zip(keys, parts, strict=False)):
                return reason
        return ""

    @cached_property
    def _by_id(self) -> Mapping[str, Form]:
        return {form.id: form for form in self.forms}

    @property
    def tables(self) -> tuple[Form, ...]:
        return tuple(form for form in self.forms if form.role is Role.TABLE)

    @cached_property
    def subject_list(self) -> SubjectList:
        """The user's own list where there is one, before the edition's."""
        return self.own_subjects.over(read_csv(self.find("subjects.csv")))

    @cached_property
    def subjects(self) -> Mapping[str, str]:
        """Known subject codes and names; names of a year the edition serves win over those of other years."""
        listed = self.subject_list
        serves = sorted(self.years, reverse=True)
        found: dict[str, str] = {}
        for code, every in listed.named.items():
            ours = next((one.name for year in serves for one in every if one.valid(year) or year in one.seen), "")
            found[code] = ours or listed.name(code, serves[0] if serves else None)
        return found


@dataclass(frozen=True)
class Broken:
    """An edition that can't be loaded; ``kind`` and ``years`` as far as its edition.yaml still tells, else empty."""

    id: str
    error: EditionError
    kind: str
    years: tuple[int, ...]


@dataclass(frozen=True)
class Library:
    """Where editions are looked for: further ``roots`` in their order, then the built-in one.

    Editions are loaded once per library; a new library sees files that have changed meanwhile.
    ``subjects``: a list that the user brings, for every edition.
    """

    roots: tuple[Path, ...] = ()
    subjects: SubjectList = field(default=SubjectList.NONE, compare=False)
    _loaded: dict[str, Edition] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def folders(self) -> tuple[Path, ...]:
        return (*self.roots, templates_root())

    def ids(self) -> tuple[str, ...]:
        """Ids of all editions at hand: the folders that hold an edition.yaml."""
        return tuple(sorted({p.parent.name for root in self.folders for p in root.glob("*/edition.yaml")}))

    def serving(self, year: int) -> tuple[Edition, ...]:
        """Editions in order whose years include ``year``."""
        return tuple(edition for edition in self.sorted_out()[0] if year in edition.years)

    def sorted_out(self) -> tuple[tuple[Edition, ...], tuple[Broken, ...]]:
        """Editions that can be loaded, and those with a fault of their own: one never hides the others."""
        good: list[Edition] = []
        bad: list[Broken] = []
        for name in self.ids():
            try:
                good.append(self.load(name))
            except EditionError as error:
                bad.append(Broken(name, error, *self._outline(name)))
        return tuple(good), tuple(bad)

    def _outline(self, edition_id: str) -> tuple[str, tuple[int, ...]]:
        """What a broken edition is for, as far as its edition.yaml still tells."""
        try:
            node = self._found(edition_id, ())[0]
            return node.text("kind"), _years(node)
        except EditionError:
            return "", ()

    def load(self, edition_id: str) -> Edition:
        """The edition of that id; EditionError when it does not exist or a file of it is wrong."""
        if edition_id not in self._loaded:
            node, folders = self._found(edition_id, ())
            self._loaded[edition_id] = _edition(node, edition_id, folders, self.subjects)
        return self._loaded[edition_id]

    def _found(self, edition_id: str, heirs: tuple[str, ...]) -> tuple[Node, tuple[Path, ...]]:
        """edition.yaml and the folders in which to look, in their order; ``heirs`` are the editions that extend it."""
        folder = self._folder(edition_id)
        if folder is None:
            known = "、".join(self.ids()) or "一个也没有"
            if heirs:
                place = f"{heirs[-1]}/edition.yaml: extends"
                raise EditionError(f"{place}: 没有版式“{edition_id}”", f"请改为现有的版式之一：{known}。")
            raise EditionError(f"没有版式“{edition_id}”；现有：{known}", NO_EDITION)
        node = read(folder / "edition.yaml", f"{edition_id}/edition.yaml")
        parent = node.text("extends", "")
        if parent in (*heirs, edition_id):
            line = (*heirs, edition_id)
            circle = " → ".join((*line[line.index(parent) :], parent))
            raise node.fail(f"extends 绕成了一圈：{circle}", "请让其中一个版式不再写 extends，或给本版式另取一个编号。")
        above = self._found(parent, (*heirs, edition_id))[1] if parent else tuple(r / SHARED for r in self.folders)
        return node, (folder, *above)

    def _folder(self, edition_id: str) -> Path | None:
        if not _SAFE_ID.match(edition_id):
            return None
        found = (root / edition_id for root in self.folders)
        return next((folder for folder in found if (folder / "edition.yaml").is_file()), None)


BUILT_IN = Library()


def ids() -> tuple[str, ...]:
    """Ids of the built-in editions."""
    return BUILT_IN.ids()


def serving(year: int) -> tuple[Edition, ...]:
    """Built-in editions whose years include ``year``."""
    return BUILT_IN.serving(year)


def load(edition_id: str) -> Edition:
    """The built-in edition of that id; EditionError when it does not exist or a file of it is wrong."""
    return BUILT_IN.load(edition_id)


def _edition(node: Node, edition_id: str, folders: tuple[Path, ...], subjects: SubjectList) -> Edition:
    if node.text("id") != edition_id:
        raise node.fail(f"id 应与文件夹名“{edition_id}”相同", "请改正 id，或给文件夹改名。")
    lines, contents = node.node("table_lines"), node.node("contents")
    edition = Edition(
        id=edition_id,
        name=node.text("name"),
        kind=node.text("kind"),
        years=_years(node),
        basis=node.text("basis", ""),
        title=node.text("title"),
        forms=tuple(_form(node, name, folders) for name in node.texts("forms")),
        department_line=lines.text("department"),
        amount_line=lines.text("amount_unit"),
        table_numbers=node.mapping("table_numbers"),
        levels={name: node.node("levels").mapping(name) for name, _ in node.node("levels").items()},
        tolerances=_tolerances(node),
        chapters=node.texts("chapters"),
        rule_files=node.texts("rules"),
        hint_files=node.texts("hints", ()),
        contents_title=contents.text("title"),
        contents=tuple(_contents_line(n) for n in contents.nodes("entries")),
        folders=folders,
        extends=node.text("extends", ""),
        form_files=node.texts("forms"),
        own_subjects=subjects,
        absent=node.mapping("absent", {}),
    )
    if edition.absent:
        from .absent import check_absent

        check_absent(edition.forms, edition.absent, node)
    for part in (lines, contents, node):
        part.done()
    validate.check(edition, node)
    return edition


def _form(node: Node, name: str, folders: tuple[Path, ...]) -> Form:
    for folder in folders:
        if (folder / name).is_file():
            return form_files.form(read(folder / name, f"{folder.name}/{name}"), name.split("/")[0])
    base = "" if node.has("extends") else "；要沿用另一版式的文件，请写明“extends: 那个版式的编号”"
    raise node.fail(f"forms: 没有文件 {name}", f"请核对文件夹和文件名，或在版式文件夹中补上这个文件{base}。")


def _years(node: Node) -> tuple[int, ...]:
    fault = node.fail("years 应是年度的列表", "请写四位数字，用半角逗号隔开，放在方括号里。")
    if not isinstance(node.raw("years"), list):
        raise fault
    try:
        years = tuple(int(year) for year in node.texts("years"))
    except ValueError:
        raise fault from None
    strange = [str(year) for year in years if not _FIRST_YEAR <= year <= _LAST_YEAR]
    if strange:
        raise node.fail(f"years 中的 {'、'.join(strange)} 不是四位数字的年度", "请核对年度。")
    if list(years) != sorted(set(years)):
        raise node.fail("years 没有从早到晚排列，或有重复", "请从早到晚列出适用的年度，每个写一次。")
    return years


def _tolerances(node: Node) -> dict[str, Decimal]:
    try:
        found = {name: Decimal(text) for name, text in node.mapping("tolerances").items()}
        if all(value.is_finite() and value >= 0 for value in found.values()):
            return found
        raise InvalidOperation
    except InvalidOperation:
        raise node.fail("tolerances 的值应是带引号的小数", '请写成 "0.005" 这样的小数，单位万元。') from None


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
        raise node.fail(f"level 不能是 {line.level}", "请改为 1 或 2；unlisted 的可为 3。")
    node.done()
    return line
