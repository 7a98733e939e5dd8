"""Floor 4: the command line. Nothing is imported that the command at hand does not use."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script ``gongkai``; also ``python cli.py`` and ``python -m gongkai``."""
    _without_numpy()
    from .cli import gongkai

    gongkai(prog_name="gongkai")


def generate_main() -> None:
    """The console script ``generate``: the same as ``gongkai generate``."""
    _without_numpy()
    from .cli import generate

    generate(prog_name="generate")


def _without_numpy() -> None:
    """openpyxl imports numpy when it is at hand and never needs it here; without it we start 50 ms sooner."""
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]
