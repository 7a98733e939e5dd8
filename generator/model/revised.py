"""What became of hand edits when a document was generated again: one entry a block, for the report."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Fate(Enum):
    CONFLICT = "conflict"  # the user's text stays, what the data says now stands beside it as a comment
    OUTDATED = "outdated"  # a figure of the generation before, in words that a person added
    UPDATED = "updated"  # the user's words, with the figures of the corrected workbook
    KEPT = "kept"  # edited by hand, and nothing in the data changed there
    DELETED = "deleted"  # taken out by hand, and stays out
    MOVED = "moved"
    INSERTED = "inserted"  # added by hand
    NEW = "new"  # a block that the data brought
    GONE = "gone"  # a block that the data no longer has
    LOST = "lost"  # could not be found in the user's file


class Revision(NamedTuple):
    """``place`` is where it stands in accountants' words, ``text`` a short piece of it, ``note`` what to know."""

    fate: Fate
    place: str
    text: str
    note: str = ""
    block: str = ""
