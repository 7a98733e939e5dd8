"""Floor 4: the command line. Nothing is imported that the command at hand does not use."""

from __future__ import annotations

import gc
import sys

_OBJECTS_BETWEEN_COLLECTIONS = 200_000  # a document makes few reference cycles, and the process ends soon


def main() -> None:
    """The console script ``gongkai``; also ``python cli.py`` and ``python -m gongkai``."""
    _start_quickly()
    from .cli import gongkai

    gongkai(prog_name="gongkai")


def generate_main() -> None:
    """The console script ``generate``: the same as ``gongkai generate``."""
    _start_quickly()
    from .cli import generate

    generate(prog_name="generate")


def _start_quickly() -> None:
    """Collecting garbage every few hundred objects costs a sixth of a cold run.

    openpyxl imports numpy when it is at hand and never needs it here: without it we start 50 ms sooner.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]
