"""Departments that stand out among their peers, by distance from the median in median deviations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext

from .figures import PERCENT
from .tally import Measure, Value

FEWEST = 8  # departments to compare with
FAR = Decimal("3.5")  # modified z-score (Iglewicz and Hoaglin)
_NORMAL = Decimal("0.6745")  # of a normal distribution's deviation lies within the median deviation
_MEAN_NORMAL = Decimal("0.7979")  # the same for the mean deviation, used where more than half are equal
_LEAST = Decimal("0.05")  # five percentage points, or 5 % of the median: nearer than that nobody stands out
_BLANK = Decimal(0)
_PRECISION = 80


@dataclass(frozen=True)
class Outlier:
    """``low`` and ``high`` bound what is usual; ``score`` is the distance from the median in standard deviations, which
    the median absolute deviation stands for (modified z-score), none taken to be smaller than ``_LEAST`` allows."""

    measure: Measure
    value: Value
    median: Decimal
    low: Decimal
    high: Decimal
    score: Decimal


def outliers(measures: Iterable[Measure]) -> Iterator[Outlier]:
    """Of each measure, farthest first; none where there are too few to compare."""
    for measure in measures:
        if len(measure.values) >= FEWEST:
            yield from _of(measure)


def _of(measure: Measure) -> list[Outlier]:
    with localcontext() as context:
        context.prec = _PRECISION  # ratios are carried to many digits: what is equal must stay so
        numbers = [value.value for value in measure.values]
        middle = median(numbers)
        gaps = [abs(number - middle) for number in numbers]
        least = (_LEAST if measure.unit == PERCENT else abs(middle) * _LEAST) / FAR
        spread = max(median(gaps) / _NORMAL or sum(gaps, _BLANK) / len(gaps) / _MEAN_NORMAL, least)
        if not spread:
            return []
        reach = FAR * spread
        found = [
            Outlier(measure, value, middle, middle - reach, middle + reach, (value.value - middle) / spread)
            for value in measure.values
            if abs(value.value - middle) > reach
        ]
    return sorted(found, key=lambda outlier: -abs(outlier.score))


def median(numbers: list[Decimal]) -> Decimal:
    """Of at least one number."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


__all__ = ["FAR", "FEWEST", "Outlier", "median", "outliers"]
