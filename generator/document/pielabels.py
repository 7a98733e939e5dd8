"""Where the labels of a pie go, so that many small slices stay readable.

Word, WPS and LibreOffice put a label just outside the middle of its slice and let neighbours cover each other; the
place of each label is therefore worked out here and written down as an offset from that natural one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_SIZE = 0.62  # diameter of the pie as a share of the chart's height
_GAP = 0.05  # from the rim to the middle of a label, as a share of the height
_EDGE = 0.05  # kept free above and below
_LEADER = 0.02  # sideways, so that the line to a shifted label can be seen
_NEAR = 0.005  # a label this near to its natural place stays there


@dataclass(frozen=True, slots=True)
class Layout:
    """``start`` in degrees clockwise from the top; the pie's box and the shifts as shares of width and height."""

    start: int
    box: tuple[float, float, float, float]
    shifts: tuple[tuple[float, float], ...]


def layout(shares: tuple[float, ...], width: int, height: int, line: float) -> Layout:
    """For slices of those shares (of 1, in order) on a chart of that size; a label is ``line`` of the height tall.

    The largest slice faces left, so that all small ones have the right side, where labels stack.
    """
    starts = [sum(shares[:at]) for at in range(len(shares))]
    middles = [start + share / 2 for start, share in zip(starts, shares, strict=True)]
    largest = max(range(len(shares)), key=lambda at: shares[at])
    start = round(270 - 360 * middles[largest]) % 360
    reach = _SIZE / 2 + _GAP
    angles = [math.radians(start + 360 * middle) for middle in middles]
    natural = [0.5 - reach * math.cos(angle) for angle in angles]
    wanted = list(natural)
    for right in (True, False):
        side = sorted((at for at, a in enumerate(angles) if (math.sin(a) >= 0) is right), key=lambda at: natural[at])
        for at, place in zip(side, _apart([natural[at] for at in side], line), strict=True):
            wanted[at] = place
    across = _SIZE * height / width
    box = ((1 - across) / 2, (1 - _SIZE) / 2, across, _SIZE)
    shifts = tuple(
        (math.copysign(_LEADER, math.sin(angle)), round(to - here, 4)) if abs(to - here) > _NEAR else (0.0, 0.0)
        for to, here, angle in zip(wanted, natural, angles, strict=True)
    )
    return Layout(start, box, shifts)


def _apart(places: list[float], least: float) -> list[float]:
    """Sorted places moved as little as possible until neighbours are ``least`` apart (groups centred on themselves)."""
    groups: list[list[float]] = []
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _span(groups[-2], least)[1] + least > _span(groups[-1], least)[0]:
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_span(group, least)[0] + least * at for group in groups for at in range(len(group))]


def _span(group: list[float], least: float) -> tuple[float, float]:
    """First and last place of a group laid out around its mean, inside the chart."""
    length = least * (len(group) - 1)
    first = sum(group) / len(group) - length / 2
    first = max(_EDGE, min(first, 1 - _EDGE - length))
    return first, first + length
