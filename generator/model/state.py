"""What a document was generated from and how it looked then: kept with it, so that hand edits can be told later.

Frozen values and their packing as text; reading .docx parts is the business of ``revision``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from . import snapshot, trace
from .snapshot import Snapshot
from .trace import Trace

VERSION = 1
_LARGEST = 24 * 1024 * 1024  # bytes of JSON: eighty times an ordinary document's
_MOST_LISTS = 500_000  # in it: each takes many times its own two bytes
_DIGEST = 16
_LEVEL = 3  # of compression: a third of the time of the usual one, a tenth more bytes


class StateError(ValueError):
    """The text is damaged, or no state of this version."""


@dataclass(frozen=True, slots=True)
class UnitState:
    """One paragraph or table of the body as generated.

    ``id`` is the bookmark's name where it has one, else it follows from its neighbour. ``rows`` are a table's cell
    texts. ``hash`` tells whether anything but noise was changed since; ``section`` names the kind of section that
    ends with a paragraph; ``chart`` is the data of a chart in it. ``since`` is an older text, upon which the user's
    words were written that could not be brought up to date; empty where they belong to ``text``.
    """

    id: str
    kind: str
    hash: str
    text: str = ""
    style: str = ""
    section: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    chart: tuple[tuple[str, ...], ...] = ()
    since: str = ""

    @property
    def mark(self) -> str:
        """The bookmark's name; empty for a unit without one."""
        return "" if _derived(self.id) else self.id

    @property
    def written_on(self) -> str:
        """The generated text that the user's words belong to."""
        return self.since or self.text


def _derived(id: str) -> bool:
    return "+" in id or ">" in id


@dataclass(frozen=True)
class State:
    """``digest`` is that of the document as generated, without hand edits; ``names`` maps block ids to bookmarks.

    ``merged`` says that the file which holds this state had hand edits in it from the first, ``partial`` that
    ``cells`` are those only which the document shows.
    """

    digest: str
    draft: bool
    trace: Trace
    cells: Snapshot
    names: Mapping[str, str] = field(default_factory=dict)
    units: tuple[UnitState, ...] = ()
    merged: bool = False
    partial: bool = False

    def published(self) -> State:
        """What may travel inside the document: of the workbook only the cells that the document shows anyway."""
        if self.partial:
            return self
        used = set(self.trace.uses())
        return self._alike(cells=self.cells.only(used), partial=True)

    def pack(self) -> str:
        """As plain ASCII text that ``unpack`` reads; the same state gives the same text."""
        return self._packed

    @cached_property
    def _packed(self) -> str:
        held = {
            "version": VERSION,
            "digest": self.digest,
            "draft": self.draft,
            "merged": self.merged,
            "partial": self.partial,
            "cells": snapshot.to_json(self.cells),
        }
        data = f"{_json(held)[:-1]},{self._document}".encode("utf-8", "backslashreplace")
        packed = base64.b64encode(zlib.compress(data, _LEVEL)).decode()
        return f"{_digest(packed)}:{packed}"

    def after_merging(self) -> State:
        return self._alike(merged=True)

    def written_on(self, since: Mapping[str, str]) -> State:
        """A state that remembers for some units (id → text) which older text the user's words belong to."""
        if not since:
            return self
        return replace(self, units=tuple(replace(u, since=since[u.id]) if u.id in since else u for u in self.units))

    def _alike(self, **changed: Any) -> State:
        """A state of the same document: what is long in its text is not made again."""
        made = replace(self, **changed)
        made.__dict__["_document"] = self._document
        return made

    @cached_property
    def _document(self) -> str:
        """Of the packed text what depends on the document alone: most of it."""
        held = {
            "names": dict(self.names),
            "trace": trace.to_json(self.trace),
            "units": [
                [u.id, u.kind, u.hash, u.text, u.style, u.section, u.rows, u.chart, *([u.since] if u.since else ())]
                for u in self.units
            ],
        }
        return _json(held)[1:]


def _json(held: Mapping[str, Any]) -> str:
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))


def unpack(text: str) -> State:
    """The state that ``pack`` wrote; StateError when it is anything else."""
    digest, _, packed = "".join(text.split()).partition(":")
    if not packed or digest != _digest(packed):
        raise StateError("damaged")
    try:
        opener = zlib.decompressobj()
        data = opener.decompress(base64.b64decode(packed, validate=True), _LARGEST)
        if opener.unconsumed_tail or data.count(b"[") + data.count(b"{") > _MOST_LISTS:
            raise StateError("too large")
        held: dict[str, Any] = json.loads(data)
        if held["version"] != VERSION:
            raise StateError("made by another version")
        return State(
            str(held["digest"]),
            bool(held["draft"]),
            trace.from_json(held["trace"]),
            snapshot.from_json(held["cells"]),
            {str(id): str(name) for id, name in held["names"].items()},
            tuple(_unit(one) for one in held["units"]),
            bool(held["merged"]),
            bool(held["partial"]),
        )
    except (
        ValueError, LookupError, TypeError, AttributeError, ArithmeticError, zlib.error, RecursionError, MemoryError,
    ) as error:  # fmt: skip
        raise StateError("damaged") from error


def _unit(held: list[Any]) -> UnitState:
    id, kind, hash, text, style, section, rows, chart, *since = held
    made = UnitState(id, kind, hash, text, style, section, tuple(map(tuple, rows)), tuple(map(tuple, chart)))
    return replace(made, since=str(since[0])) if since else made


def _digest(packed: str) -> str:
    return hashlib.sha256(packed.encode()).hexdigest()[:_DIGEST]
