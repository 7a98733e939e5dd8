"""All coded checks by name; a rule file names one of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import coded
from .coded import Coded, Subject, Verdict
from .rule import ELSEWHERE, Check


def _elsewhere(subject: Subject, check: Check) -> Iterable[Verdict]:
    """Kept by another step: listed and explained here, never tried."""
    return ()


CODED: Mapping[str, Coded] = {
    **dict.fromkeys(ELSEWHERE, _elsewhere),
    **dict(coded.CODED),
}
NAMES = tuple(CODED)
