"""Workbooks of a shape that hangs other programs: read or refused within ten seconds and 400 MB, marked copy and all.

`python tests/hostile_shapes.py` prints the figures of every shape.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hostile_shapes as shapes  # isort: skip

READ = (
    shapes.whole_columns_merged,
    shapes.whole_sheet_merged,
    shapes.two_cells_far_apart,
    shapes.a_dimension_that_lies,
    shapes.ten_thousand_styles,
    shapes.five_thousand_merges,
    shapes.three_hundred_sheets,
    shapes.styled_blank_rows_above_a_value,
    shapes.a_cell_of_twenty_megabytes,
    shapes.a_million_attributes,
)
REFUSED = (
    shapes.filled_cells_on_every_table,
    shapes.a_million_strings,
    shapes.deep_nesting_in_strings,
    shapes.a_million_relations,
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("shape", [*READ, *REFUSED], ids=lambda shape: shape.__name__)
def test_read_or_refused_in_time(shape: Callable[[], shapes.Parts], tmp_path: Path) -> None:
    code, said, seconds, megabytes = shapes.measured(shapes.write(shape, tmp_path / "填报.xlsx"))
    assert not shapes.too_much(code, said, seconds, megabytes), (code, said[-500:], seconds, megabytes)
    assert (code == 2) is (shape in REFUSED), said[-500:]
    assert "Traceback" not in said
