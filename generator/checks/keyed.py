"""Editions as keys of caches: they hold mappings and can't be hashed themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..editions import Edition


@dataclass(frozen=True)
class EditionKey:
    """Equal for editions of the same id from the same folders, loaded at the same time."""

    edition: Edition = field(compare=False)
    id: str = ""
    folders: tuple[Path, ...] = ()
    loaded: object = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.edition.id)
        object.__setattr__(self, "folders", self.edition.folders)
        object.__setattr__(self, "loaded", self.edition.loaded)
