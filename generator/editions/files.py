"""The files an edition is made of, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import SHARED, Edition

OWN, INHERITED, COMMON = "own", "inherited", "shared"
_IGNORED = (".", "~", "_")  # hidden files and those that other programs leave


@dataclass(frozen=True, slots=True)
class File:
    """``name`` is the path inside the edition; ``origin`` own, inherited or shared; ``edition`` the folder it is from.

    ``replaces`` are the editions whose file of the same name it stands for. ``used``: a form, rule or chapter that the
    edition names, or a file that every edition has.
    """

    name: str
    path: Path
    origin: str
    edition: str
    replaces: tuple[str, ...] = ()
    used: bool = True

    @property
    def origin_in_words(self) -> str:
        if self.origin == OWN:
            return f"本版式（替换 {'、'.join(self.replaces)} 的同名文件）" if self.replaces else "本版式"
        return "各版式共用" if self.origin == COMMON else f"继承自 {self.edition}"


def effective(edition: Edition) -> tuple[File, ...]:
    """Every file in force, by name; of namesakes only the one that is found first."""
    found: dict[str, File] = {}
    for folder in edition.folders:
        origin = COMMON if folder.name == SHARED else OWN if folder == edition.folders[0] else INHERITED
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if not path.is_file() or any(part.startswith(_IGNORED) for part in name.split("/")):
                continue
            first = found.get(name)
            if first is None:
                found[name] = File(name, path, origin, folder.name, used=_used(edition, name))
            elif name != "edition.yaml":
                replaces = (*first.replaces, folder.name)
                found[name] = File(first.name, first.path, first.origin, first.edition, replaces, first.used)
    return tuple(found[name] for name in sorted(found))


def _used(edition: Edition, name: str) -> bool:
    """Forms and rules count only when edition.yaml names them; what chapters include is their own affair."""
    folder = name.partition("/")[0]
    if name.endswith((".yaml", ".yml")) and folder in ("tables", "inputs", "performance"):
        return name in edition.form_files
    if folder == "rules":
        return name in (*edition.rule_files, *edition.hint_files)
    return True
