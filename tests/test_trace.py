"""The trace of a document: every figure with its exact value, its cells and its place, kept as JSON and read back."""

from __future__ import annotations

import json

import pytest

from generator.model import snapshot
from generator.model.blocks import SpanKind
from generator.model.trace import Trace, from_json, to_json, trace
from generator.narrative.compose import compose
from generator.workbook.read import read
from tests.support import sample


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    edition, book = read(sample("sample-2021", tmp_path_factory.mktemp("trace")))
    return trace(compose(edition, book)[0])


def test_every_figure_has_its_value_and_stands_where_its_mark_says(traced: Trace) -> None:
    kinds = set()
    for block in traced.blocks:
        for piece in block.pieces:
            for mark in piece.figures():
                kinds.add(block.kind)
                assert 0 <= mark.start <= mark.end <= len(piece.text)
                assert mark.value is not None
                shown = piece.text[mark.start : mark.end].replace(",", "")
                if shown and (block.kind, block.style) != ("chart", "pie"):  # labels of a pie are shares
                    number = float(shown.rstrip("%")) / (100 if shown.endswith("%") else 1)
                    assert abs(abs(float(mark.value)) - abs(number)) < 0.006, (block.id, piece.key, shown)
                    assert mark.cells or not mark.value
    assert kinds == {"paragraph", "grid", "chart"}


def test_it_survives_json(traced: Trace) -> None:
    assert from_json(json.loads(json.dumps(to_json(traced), ensure_ascii=False))) == traced


def test_from_a_cell_to_all_its_places(traced: Trace) -> None:
    uses = traced.uses()
    most = max(uses.values(), key=lambda places: len({block for block, _, mark in places if mark.kind == "figure"}))
    blocks = traced.by_id()
    for block, key, mark in most:
        (piece,) = (p for p in blocks[block].pieces if p.key == key)
        assert mark in piece.marks
    assert len({blocks[block].kind for block, _, mark in most if mark.kind == SpanKind.FIGURE.value}) > 1


def test_cells_of_a_table_are_counted_on_its_grid(traced: Trace) -> None:
    for block in traced.blocks:
        if block.kind == "grid":
            keys = [tuple(map(int, piece.key.split("."))) for piece in block.pieces]
            assert keys == sorted(set(keys)), block.id


def test_the_cells_of_a_workbook_survive_json(tmp_path_factory: pytest.TempPathFactory) -> None:
    _, book = read(sample("sample-2021", tmp_path_factory.mktemp("cells")))
    kept = snapshot.snapshot(book)
    assert sum(len(row.entries) for sheet in kept.sheets for block in sheet.blocks for row in block.rows) > 500
    again = snapshot.from_json(json.loads(json.dumps(snapshot.to_json(kept))))
    assert snapshot.to_json(again) == snapshot.to_json(kept)
