"""Every edition's sample: a sentence edited, a cell corrected, the document generated again."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator import regenerate
from generator.document.render import render
from generator.model.cell import CellRef
from generator.model.revised import Fate
from generator.model.snapshot import snapshot
from generator.model.state import State
from generator.model.trace import trace
from generator.narrative.compose import compose
from generator.revision.store import remember
from generator.workbook.read import read
from tests.altered import alter
from tests.hand import Word, paragraph, replace_words
from tests.support import INPUTS
from tests.test_regeneration import sound
from tests.test_regeneration_properties import same_as_fresh


def made(workbook: Path) -> tuple[bytes, State]:
    edition, book = read(workbook)
    disclosure, _ = compose(edition, book)
    states: list[State] = []
    rendered = render(
        edition.find("style.docx"),
        disclosure,
        lambda parts, names: states.append(remember(parts, trace(disclosure), snapshot(book), names)),
    )
    return rendered.data, states[0]


def most_used(state: State) -> tuple[CellRef, str, str]:
    """A typed amount that sentences use most, a sentence that does, and the words before its figure."""
    paragraphs = {block.id for block in state.trace.blocks if block.kind == "paragraph"}
    best: dict[CellRef, list[tuple[str, int]]] = {}
    for cell, places in state.trace.uses().items():
        for block, _, mark in places:
            if block in paragraphs and mark.kind == "figure" and mark.start > 4 and len(mark.cells) == 1:
                best.setdefault(cell, []).append((block, mark.start))
    cell = max(best, key=lambda ref: len(best[ref]))
    block, start = best[cell][0]
    text = state.trace.by_id()[block].pieces[0].text
    return cell, block, text[start - 3 : start]


@pytest.mark.parametrize("source", sorted(INPUTS.glob("*.xlsx")), ids=lambda path: path.stem)
def test_edits_are_kept_in_every_edition(source: Path, tmp_path: Path) -> None:
    workbook, target = tmp_path / "a.xlsx", tmp_path / "公开.docx"
    workbook.write_bytes(source.read_bytes())
    first, state = made(workbook)
    regenerate.put(target, first, state)
    cell, block, words = most_used(state)
    mark = state.names[block]
    word = Word(target.read_bytes())
    replace_words(word.block(mark), words, f"（改）{words}")
    word.add_after(mark, paragraph("领导补充的一段话。"))
    target.write_bytes(word.save())
    workbook.write_bytes(alter(source, tmp_path / "b.xlsx", {str(cell): 7654.32}).read_bytes())
    fresh, now = made(workbook)
    assert fresh != first
    written = regenerate.put(target, fresh, now)
    assert not written.reason
    assert Fate.INSERTED in {one.fate for one in written.revisions}
    after = Word(target.read_bytes())
    assert "（改）" in after.text(mark)
    if Fate.CONFLICT not in {one.fate for one in written.revisions}:
        assert after.text(mark).replace("（改）", "") == Word(fresh).text(mark)
    assert "领导补充的一段话。" in after.lines()
    same_as_fresh(after, Word(fresh), {mark})
    sound(target)
    assert not regenerate.put(target, fresh, now).changed
