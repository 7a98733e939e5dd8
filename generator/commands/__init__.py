"""Floor 4: the command line. Nothing is imported that the command at hand does not use."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS_BETWEEN_COLLECTIONS = 200_000  # a document makes few reference cycles, and the process ends soon


def main() -> None:
    """The console script ``gongkai``; also ``python cli.py`` and ``python -m gongkai``."""
    with _short_lived():
        from .cli import gongkai

        gongkai(prog_name="gongkai")


def generate_main() -> None:
    """The console script ``generate``: the same as ``gongkai generate``."""
    with _short_lived():
        from .cli import generate

        generate(prog_name="generate")


@contextmanager
def _short_lived() -> Iterator[None]:
    """A process for one document: what collecting garbage costs it, a third of a cold run, is not worth paying.

    openpyxl imports numpy when it is at hand and never needs it here: without it we start 50 ms sooner.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        gc.freeze()  # or the interpreter looks through everything once more on its way out
