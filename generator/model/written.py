"""A Word document as it stands, block by block: for showing what hands have made of it."""

from __future__ import annotations

from typing import NamedTuple


class WrittenCell(NamedTuple):
    text: str
    colspan: int = 1
    rowspan: int = 1


class WrittenBlock(NamedTuple):
    """A paragraph or a table (then with ``rows``; cells covered by merging are left out). ``marks`` are the names of
    our bookmarks in it, ``style`` the paragraph style's name in lower case; ``entry``: a line of the contents."""

    marks: tuple[str, ...]
    style: str = ""
    text: str = ""
    rows: tuple[tuple[WrittenCell, ...], ...] | None = None
    entry: bool = False
