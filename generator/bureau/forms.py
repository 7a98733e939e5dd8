"""Where the editions of a batch come from, and digests that tell when one of their files has changed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from .. import pipeline
from ..editions import BUILT_IN, Edition, EditionError, Library
from ..workbook.subjects import found
from .store import file_digest


@dataclass(frozen=True)
class Source:
    """What the command line says: further folders of editions, and a subject list (else one beside a workbook).

    ``stamp`` is a digest of all editions when the batch began: a worker that lives on loads them anew when it differs.
    """

    templates: tuple[str, ...] = ()
    subjects: str = ""
    stamp: str = ""


def library(source: Source, workbook: Path | None = None) -> tuple[Library, str]:
    """The editions for a workbook, and the digest of the subject list in force ("" for the built-in one).

    Loaded once per process and list: hundreds of workbooks share it. Refusal when a folder or list can't be used.
    """
    roots = tuple(Path(root) for root in source.templates)
    places = ((workbook.parent,) if workbook is not None else ()) + roots
    path = Path(source.subjects) if source.subjects else found(places)
    return _library(roots, path, file_digest(path) if path is not None else "", source.stamp)


@lru_cache(maxsize=8)
def _library(roots: tuple[Path, ...], subjects: Path | None, digest: str, stamp: str) -> tuple[Library, str]:
    made = pipeline.open_library(roots, subjects)
    return (Library() if made is BUILT_IN else made), digest


def stamped(source: Source) -> Source:
    """The same, as its editions are at this moment."""
    return replace(source, stamp=digest(library(source)[0].folders, os.urandom(8).hex()))


def known(editions: Library, edition_id: str) -> Edition | None:
    """The edition of that id, None when there is none any more."""
    if not edition_id:
        return None
    try:
        return editions.load(edition_id)
    except EditionError:
        return None


def newest(editions: Library) -> Edition:
    return max(map(editions.load, editions.ids()), key=lambda edition: (max(edition.years), edition.id))


@lru_cache(maxsize=64)
def digest(folders: tuple[Path, ...], stamp: str) -> str:
    """Of every file in the folders of an edition, or in those in which editions are looked for; once per ``stamp``."""
    made = hashlib.sha256()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name[0] not in ".~"):
            made.update(path.relative_to(folder).as_posix().encode("utf-8", "surrogatepass"))
            made.update(file_digest(path).encode())
    return made.hexdigest()


__all__ = ["Source", "digest", "known", "library", "newest", "stamped"]
