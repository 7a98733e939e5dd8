"""Quotation marks within quotation marks, as Chinese sets them."""

from __future__ import annotations

import re

_OPENING = re.compile("““([^“”]*)”")
_CLOSING = re.compile("“([^“”]*)””")


def nested(text: str) -> str:
    """““三公”经费” → “‘三公’经费”: where a quoted name begins or ends with a quotation of its own."""
    return _CLOSING.sub("‘\\1’”", _OPENING.sub("“‘\\1’", text))


__all__ = ["nested"]
