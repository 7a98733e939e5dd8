"""Whatever people do to the document between corrections of the workbook: nothing that was typed is ever lost.

Random hand edits of every kind, random corrections, several rounds: every typed piece of text stays, blocks that
nobody edited equal those of a fresh generation part by part, the file stays sound, and a run without changes
changes nothing.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from generator import regenerate
from generator.model.revised import Fate
from generator.revision.body import open_body
from generator.revision.text import plain
from tests.hand import (
    Word,
    comment,
    cut_runs,
    embolden,
    generated,
    nothing,
    paragraph,
    replace_words,
    runs,
    track_deletion,
    track_insertion,
)
from tests.support import W
from tests.test_regeneration import (
    chart_of,
    last_year_higher,
    more_staff,
    new_project,
    one_project_less,
    other_income,
    other_reason,
    sound,
)


def much(content: dict[str, Any]) -> None:
    last_year_higher(content)
    other_income(content)
    more_staff(content)
    new_project(content)
    content["texts"]["duties"].pop()


def no_fund(content: dict[str, Any]) -> None:
    """A table without figures gets a statement, a paragraph gets other words."""
    content["fund"]["subjects"] = []
    content["other"]["vehicles"] = {}


def smaller(content: dict[str, Any]) -> None:
    """Every amount of one table is another one, and a subject is gone."""
    rows = content["general"]["subjects"]
    for row in rows:
        for key in ("basic", "project"):
            if row.get(key):
                row[key] = (row[key] * Decimal("0.9")).quantize(Decimal("0.01"))
    rows[:] = [row for row in rows if row["code"] != "2050803"]


CORRECTIONS = [nothing, last_year_higher, more_staff, other_reason, new_project, one_project_less, other_income, much,
               no_fund, smaller]  # fmt: skip
TYPED = st.text(alphabet="甲乙丙丁戊己庚辛壬癸，。；共计123.45%万元增加减少的是", min_size=1, max_size=12)


@dataclass
class Pen:
    """What was typed so far, each piece between marks of its own so that it is known again."""

    typed: list[str] = field(default_factory=list)
    pictures: int = 0
    touched: set[str] = field(default_factory=set)
    count: int = 0

    def piece(self, text: str) -> str:
        self.count += 1
        made = f"〖{chr(0x4E00 + self.count)}{text}〗"
        self.typed.append(made)
        return made


def marked(word: Word, kind: str) -> list[str]:
    """Bookmarks of blocks of that kind that hold text (or rows, or a chart) in the body."""
    found = []
    for child in word.body:
        marks = [m.get(W + "name") for m in child.iter(W + "bookmarkStart")]
        marks = [m for m in marks if m.startswith("g_")]
        shape = "table" if child.tag == W + "tbl" else "chart" if child.find(f".//{W}drawing") is not None else "text"
        if marks and child.tag in (W + "p", W + "tbl") and shape == kind and (shape != "text" or plain(child)):
            found.append(marks[0])
    return found


def in_text(act: Callable[[Word, Pen, etree._Element, str, Any], None]) -> Callable[[Word, Pen, Any], None]:
    def edit(word: Word, pen: Pen, data: Any) -> None:
        marks = marked(word, "text")
        if marks:
            mark = data.draw(st.sampled_from(marks))
            pen.touched.add(mark)
            act(word, pen, word.block(mark), data.draw(TYPED), data)

    return edit


def plain_spots(block: etree._Element) -> str:
    return "".join(node.text or "" for _, node in runs(block))


def put_at(block: etree._Element, at: int, text: str) -> None:
    for _, node in runs(block):
        held = node.text or ""
        if at <= len(held):
            node.text = held[:at] + text + held[at:]
            node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            return
        at -= len(held)


@in_text
def type_into(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    held = plain_spots(block)
    safe = [n for n in range(len(held)) if "〖" not in held[:n] or held[:n].count("〖") == held[:n].count("〗")]
    if held and safe:
        at = data.draw(st.sampled_from(safe))
        put_at(block, at, pen.piece(text))


@in_text
def reword(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    held = plain_spots(block)
    pieces = [piece for piece in re.split("[，。；：〖〗]", held) if len(piece) > 2 and held.count(piece) == 1]
    pieces = [piece for piece in pieces if not any(piece in typed for typed in pen.typed)]
    if pieces:
        replace_words(block, data.draw(st.sampled_from(pieces)), pen.piece(text))


@in_text
def change_number(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    outside = re.sub("〖[^〗]*〗", lambda found: "〇" * len(found[0]), plain_spots(block))
    numbers = [m[0] for m in re.finditer(r"\d+\.\d+", outside) if plain_spots(block).count(m[0]) == 1]
    if numbers:
        replace_words(block, data.draw(st.sampled_from(numbers)), pen.piece("77.7"))


@in_text
def take_out(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    outside = re.sub("〖[^〗]*〗", "〇", plain_spots(block))
    clauses = [c for c in re.findall("，[^，。〇]{2,}", outside) if plain_spots(block).count(c) == 1]
    if clauses:
        replace_words(block, data.draw(st.sampled_from(clauses)), "")


@in_text
def bold(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    for at in data.draw(st.lists(st.integers(1, 40), max_size=4)):
        cut_runs(block, at)
    embolden(block)


@in_text
def insert_paragraph(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    block.addnext(paragraph(pen.piece(text)))


@in_text
def insert_picture(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    block.addnext(word.picture())
    pen.pictures += 1


@in_text
def picture_inside(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    made = word.picture()
    block.append(made[0])
    pen.pictures += 1


@in_text
def annotate(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    comment(word, block, pen.piece(text))


@in_text
def track(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    track_insertion(block, pen.piece(text), 5000 + pen.count)


@in_text
def track_away(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    if not any(piece in plain(block) for piece in pen.typed):
        pen.count += 1
        track_deletion(block, 7000 + pen.count)


@in_text
def delete(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    held = etree.tostring(block, encoding="unicode")
    if "〖" not in held and "wp:inline" not in held and "comment" not in held and "sectPr" not in held:
        word.body.remove(block)


@in_text
def move(word: Word, pen: Pen, block: etree._Element, text: str, data: Any) -> None:
    places = [child for child in word.body if child.tag == W + "p" and child is not block]
    if block.find(f"{W}pPr/{W}sectPr") is None:
        data.draw(st.sampled_from(places)).addnext(block)


def type_into_cell(word: Word, pen: Pen, data: Any) -> None:
    marks = marked(word, "table")
    if not marks:
        return
    mark = data.draw(st.sampled_from(marks))
    pen.touched.add(mark)
    nodes = [t for t in word.block(mark).iter(W + "t") if t.text and "〖" not in t.text]
    node = data.draw(st.sampled_from(nodes))
    node.text = data.draw(st.sampled_from(["", node.text])) + pen.piece(data.draw(TYPED))


def add_row(word: Word, pen: Pen, data: Any) -> None:
    marks = marked(word, "table")
    if not marks:
        return
    mark = data.draw(st.sampled_from(marks))
    pen.touched.add(mark)
    rows = [row for row in word.block(mark).iter(W + "tr") if "vMerge" not in etree.tostring(row, encoding="unicode")]
    filled = [row for row in rows if next(row.iter(W + "t"), None) is not None]
    if filled:
        row = data.draw(st.sampled_from(filled))
        made = copy.deepcopy(row)
        for found in list(
            made.iter(W + "bookmarkStart", W + "bookmarkEnd", W + "commentRangeStart", W + "commentRangeEnd")
        ):
            found.getparent().remove(found)
        for found in list(made.iter(W + "commentReference")):
            found.getparent().getparent().remove(found.getparent())
        for node in made.iter(W + "t"):
            node.text = ""
        next(made.iter(W + "t")).text = pen.piece(data.draw(TYPED))
        row.addnext(made)


def drop_chart(word: Word, pen: Pen, data: Any) -> None:
    marks = [m for m in marked(word, "chart") if next(word.block(m).iter("{*}chart"), None) is not None]
    if marks:
        mark = data.draw(st.sampled_from(marks))
        if "〖" not in etree.tostring(word.block(mark), encoding="unicode"):
            word.remove(mark)


EDITS = [type_into, reword, change_number, take_out, bold, insert_paragraph, insert_picture, picture_inside, annotate,
         track, track_away, delete, move, type_into_cell, add_row, drop_chart]  # fmt: skip


def all_text(word: Word) -> str:
    body = "\n".join(word.lines())
    notes = word.parts.get("word/comments.xml", b"<x/>")
    return body + "\n".join("".join(one.itertext()) for one in etree.fromstring(notes))


def pictures(word: Word) -> int:
    return sum("media/user" in (link.get("Target") or "") for link in etree.fromstring(
        word.parts["word/_rels/document.xml.rels"]))  # fmt: skip


def same_as_fresh(word: Word, fresh: Word, touched: set[str]) -> None:
    """Blocks that nobody touched: the same words, looks, tables and charts as in a fresh document."""
    mine, theirs = open_body(word.parts), open_body(fresh.parts)
    wanted = {unit.marks[0]: theirs.digest(unit) for unit in theirs.units if unit.marks}
    for unit in mine.units:
        if len(unit.marks) == 1 and unit.marks[0] not in touched and unit.marks[0] in wanted:
            assert mine.digest(unit) == wanted[unit.marks[0]], unit.text
            if next(unit.element.iter("{*}chart"), None) is not None:
                assert chart_of(word, unit.marks[0])[1] == chart_of(fresh, unit.marks[0])[1]


NUMBER = re.compile(r"\d[\d,]*\.\d+%?")


def no_older_figures(now: Word, generations: list[Word], touched: set[str], told: int) -> None:
    """A paragraph that people reworded holds no figure of an older generation unless a conflict is told."""
    stale = 0
    for mark in touched & set(marked(now, "text")):
        text = re.sub("〖[^〗]*〗", "", now.text(mark))
        held = [set(NUMBER.findall(one.text(mark))) for one in generations if one.has(mark)]
        if now.text(mark) and held and generations[-1].has(mark):
            stale += bool((set().union(*held) - held[-1]) & set(NUMBER.findall(text)))
    assert stale <= told


EXAMPLES = int(os.environ.get("GONGKAI_EXAMPLES", "8"))  # more of them when there is time


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_nothing_that_was_typed_is_ever_lost(data: Any) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "公开.docx"
        regenerate.put(path, *generated())
        pen = Pen()
        deleted: set[str] = set()
        generations = [Word(generated()[0])]
        for _ in range(data.draw(st.integers(1, 3), label="rounds")):
            word = Word(path.read_bytes())
            before = {m for kind in ("text", "table", "chart") for m in marked(word, kind)}
            for edit in data.draw(st.lists(st.sampled_from(EDITS), min_size=1, max_size=6), label="edits"):
                edit(word, pen, data)
            deleted |= before - {m for kind in ("text", "table", "chart") for m in marked(word, kind)}
            path.write_bytes(word.save())
            edited = path.read_bytes()
            change = data.draw(st.sampled_from(CORRECTIONS), label="correction")
            written = regenerate.put(path, *generated(change))
            now = Word(path.read_bytes())
            assert not written.reason
            text = all_text(now)
            for piece in pen.typed:
                assert piece in text
            assert pictures(now) == pen.pictures
            assert Fate.LOST not in {one.fate for one in written.revisions}
            assert not {m for kind in ("text", "table", "chart") for m in marked(now, kind)} & deleted
            generations.append(Word(generated(change)[0]))
            no_older_figures(
                now, generations, pen.touched, [one.fate for one in written.revisions].count(Fate.CONFLICT)
            )
            same_as_fresh(now, Word(generated(change)[0]), pen.touched)
            if written.changed:
                assert written.history is not None
                assert written.history.read_bytes() == edited
            stood = path.read_bytes()
            again = regenerate.put(path, *generated(change))
            assert not again.changed
            assert path.read_bytes() == stood
        sound(path)
