"""Hidden marks that name every block, so that links and later runs find it again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_LONGEST = 40  # Word's limit


class Bookmarks:
    """Names and ids for one document. A name depends on the block's id alone unless two ids would share it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self._next = 0

    @property
    def names(self) -> Mapping[str, str]:
        """Names by block id, of all blocks asked for so far."""
        return self._names

    def name(self, id: str) -> str:
        if id not in self._names:
            name = plain_name(id)
            if name.lower() in self._taken:
                name = _marked(name, id)
            self._taken.add(name.lower())
            self._names[id] = name
        return self._names[id]

    def around(self, id: str) -> tuple[str, str]:
        """Start and end elements for the block ``id``; to be asked once per block."""
        self._next += 1
        return (
            f'<w:bookmarkStart w:id="{self._next}" w:name="{self.name(id)}"/>',
            f'<w:bookmarkEnd w:id="{self._next}"/>',
        )


def plain_name(id: str) -> str:
    """``g_`` and the id with dots as underscores; with a hash where that would not be a valid name."""
    name = "g_" + id.replace(".", "_")
    return name if _PLAIN.fullmatch(name) and len(name) <= _LONGEST else _marked(name, id)


def _marked(name: str, id: str) -> str:
    digest = hashlib.sha256(id.encode("utf-8", "backslashreplace")).hexdigest()[:10]
    kept = re.sub(r"[^A-Za-z0-9_]", "_", name)[: _LONGEST - len(digest) - 1]
    return f"{kept}_{digest}"
