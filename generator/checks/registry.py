"""All coded checks by name; a rule file names one of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import (
    coded,
    coded_changes,
    coded_contents,
    coded_indicators,
    coded_named,
    coded_points,
    coded_projects,
    coded_scores,
    coded_tables,
    coded_targets,
    coded_texts,
    coded_years,
    units,
)
from .coded import Coded, Subject, Verdict
from .rule import ELSEWHERE, Check


def _elsewhere(subject: Subject, check: Check) -> Iterable[Verdict]:
    """Kept by another step, or over all results together: listed and explained here, not tried one by one."""
    return ()


CODED: Mapping[str, Coded] = {
    **dict.fromkeys((*ELSEWHERE, units.CODED, "answers"), _elsewhere),
    **dict(coded.CODED),
    **coded_tables.CODED,
    **coded_contents.CODED,
    **coded_named.CODED,
    **coded_changes.CODED,
    **coded_texts.CODED,
    **coded_years.CODED,
    **coded_scores.CODED,
    **coded_indicators.CODED,
    **coded_points.CODED,
    **coded_projects.CODED,
    **coded_targets.CODED,
}
NAMES = tuple(CODED)
