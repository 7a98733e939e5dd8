"""A short run of the fuzzer; `python tests/fuzz.py 100000` makes a long one."""

from __future__ import annotations

from pathlib import Path

import fuzz  # isort: skip


def test_no_mutant_is_a_crash(tmp_path: Path) -> None:
    outcomes, crashes = fuzz.fuzz(
        150, tmp_path / "x.xlsx", seed=7, seconds=60
    )  # a busy machine, or one that measures coverage
    assert crashes == []
    assert min(outcomes["read"], outcomes["refused"]) > 20, outcomes


def test_a_mutant_is_known_by_its_number() -> None:
    assert fuzz.mutant(5, seed=1) == fuzz.mutant(5, seed=1)
    assert len({fuzz.mutant(number)[0] for number in range(20)}) == 20


def test_a_crash_is_told_by_its_kind(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    def fail(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(fuzz.read, "read", fail)
    outcomes, crashes = fuzz.fuzz(3, tmp_path / "x.xlsx", keep=tmp_path)
    assert outcomes == {"crashed": 3}
    assert len(crashes) == 1
    assert "KeyError" in crashes[0]
    assert len(list(tmp_path.glob("mutant-*.xlsx"))) == 1
