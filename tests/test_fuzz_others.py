"""A short run over the other files that are read; `python tests/fuzz_others.py 1000` makes a long one."""

from __future__ import annotations

from pathlib import Path

import pytest

import fuzz_others  # isort: skip

COUNTS = {"merged": 6, "compared": 6, "attached": 6, "imported": 25, "listed": 60, "declared": 1}


@pytest.mark.parametrize("leg", fuzz_others.LEGS)
def test_no_mutant_is_a_crash(leg: str, tmp_path: Path) -> None:
    outcomes, crashes = fuzz_others.run(leg, COUNTS[leg], tmp_path, seed=7)
    assert crashes == {}
    assert outcomes["done"] + outcomes["refused"] == COUNTS[leg]
