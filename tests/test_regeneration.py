"""A leader edits the document, the bureau corrects a figure, the document is generated again: what a user would see."""

from __future__ import annotations

import copy
import errno
import os
import posixpath
import shutil
import subprocess
import zipfile
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from lxml import etree

from generator import files, history, regenerate
from generator.model.finding import Refusal
from generator.model.revised import Fate
from generator.model.state import State, StateError, unpack
from generator.regenerate import Written
from generator.revision.store import embedded
from tests.hand import (
    Change,
    Word,
    comment,
    comments,
    cut_runs,
    element,
    embolden,
    generated,
    nothing,
    paragraph,
    replace_words,
    strip_marks,
    track_deletion,
    track_insertion,
)
from tests.support import SHARED, W, module_at

TOTAL = "g_p3_s1_text"  # 收、支总计各增加 … 万元，增长 …
BASIC = "g_p1_staff_working"
GRID = "g_t_totals_grid"
COLUMNS, PIE = "g_p3_s1_chart", "g_p3_s2_chart"


def last_year_higher(content: dict[str, Any]) -> None:
    """增加 becomes 减少."""
    content["changes"]["years"]["totals"]["last"] = Decimal("60000000.00")


def more_staff(content: dict[str, Any]) -> None:
    content["unit"]["staff"]["staff_admin"] = {"value": 65}


def other_reason(content: dict[str, Any]) -> None:
    content["changes"]["years"]["totals"]["reason"] = "落实过紧日子要求"


def new_project(content: dict[str, Any]) -> None:
    rows = content["projects"]["projects"]
    rows.insert(
        2, {"name": "乡村文化驿站", "budget": Decimal("800000"), "amount": Decimal("750000"), "output": "建成9处"}
    )


def one_project_less(content: dict[str, Any]) -> None:
    del content["projects"]["projects"][1]


def other_income(content: dict[str, Any]) -> None:
    content["totals"]["income"]["other"]["amount"] = Decimal("106350.28")
    content["income"]["subjects"][0]["fiscal"] = Decimal("51000000.00")
    for row in content["income"]["subjects"]:
        if row.get("other"):
            row["other"] += Decimal("10000")


class Case:
    """A document in a folder, edited by hand and generated again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "公开.docx"
        self.put(nothing)

    def put(self, change: Change, **options: Any) -> Written:
        data, state = generated(change)
        return regenerate.put(self.path, data, state, **options)

    @property
    def word(self) -> Word:
        return Word(self.path.read_bytes())

    def save(self, word: Word) -> None:
        self.path.write_bytes(word.save())


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def fates(written: Written, *wanted: Fate) -> list[Fate]:
    return [one.fate for one in written.revisions if not wanted or one.fate in wanted]


@lru_cache(maxsize=1)
def _validator(path: Path) -> ModuleType:
    return module_at(path)


def sound(path: Path) -> None:
    """Word opens it: by the schemas where they are at hand, else by what can be said without."""
    validator = SHARED / "tools" / "validate_docx.py"
    if validator.is_file():
        report = _validator(validator).validate(str(path))
        found = [f"{i['code']} {i['part']}: {i['msg']}" for i in report.items if i["level"] == "error"]
        assert found == []
    word = Word(path.read_bytes())
    names = [mark.get(W + "name") for mark in word.root.iter(W + "bookmarkStart")]
    assert len(names) == len(set(names))
    starts = sorted(mark.get(W + "id") for mark in word.root.iter(W + "bookmarkStart"))
    assert starts == sorted(mark.get(W + "id") for mark in word.root.iter(W + "bookmarkEnd"))
    assert len(starts) == len(set(starts))
    ids = [e.get("id") for e in word.root.iter("{*}docPr")]
    assert len(ids) == len(set(ids))
    assert all(row.find(W + "tc") is not None for row in word.root.iter(W + "tr"))


# -- an edited sentence ------------------------------------------------------------------------------------------


def test_a_document_nobody_edited_is_the_fresh_one(case: Case) -> None:
    written = case.put(last_year_higher)
    assert case.path.read_bytes() == generated(last_year_higher)[0]
    assert written.history is not None
    assert written.history.read_bytes() == generated()[0]


def test_words_of_a_leader_stay_and_the_figures_in_them_follow(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "究其原因，主要在于")
    word.reword(BASIC, "在职实有人数", "现有在职干部职工")
    case.save(word)
    written = case.put(last_year_higher)
    text = case.word.text(TOTAL)
    assert "各减少352.05万元，下降5.9%" in text
    assert "究其原因，主要在于" in text
    assert "现有在职干部职工180人" in case.word.text(BASIC)
    assert fates(written) == [Fate.UPDATED, Fate.KEPT]
    sound(case.path)


def test_a_direction_that_was_reworded_is_a_conflict_with_a_comment(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "各增加527.59", "均多出527.59")
    case.save(word)
    written = case.put(last_year_higher)
    text = case.word.text(TOTAL)
    assert "均多出527.59万元，增长10.3%" in text  # not half of it
    assert "5647.95" in text
    assert fates(written) == [Fate.CONFLICT]
    (said,) = comments(case.word)
    assert "各减少352.05万元，下降5.9%" in said
    sound(case.path)
    again = case.put(last_year_higher)
    assert not again.changed
    assert len(comments(case.word)) == 1


def test_a_figure_typed_by_hand_is_not_overwritten(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "527.59", "530")
    case.save(word)
    written = case.put(last_year_higher)
    assert "增加530万元" in case.word.text(TOTAL)
    assert fates(written) == [Fate.CONFLICT]


def test_formatting_is_kept_when_figures_change(case: Case) -> None:
    word = case.word
    block = word.block(TOTAL)
    for at in (3, 7, 14, 20, 33):
        cut_runs(block, at)
    embolden(block)
    case.save(word)
    case.put(last_year_higher)
    after = case.word.block(TOTAL)
    assert "减少352.05" in case.word.text(TOTAL)
    assert all(run.find(f"{W}rPr/{W}b") is not None for run in after.iter(W + "r"))


def test_a_clause_that_was_taken_out_stays_out(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "，增长10.3%", "")
    case.save(word)
    written = case.put(last_year_higher)
    assert "各减少352.05万元，主要原因" in case.word.text(TOTAL)
    assert fates(written) == [Fate.UPDATED]


def test_two_paragraphs_joined_and_one_split(case: Case) -> None:
    word = case.word
    first, second = word.block("g_p1_staff_working"), word.block("g_p1_staff_retired")
    for child in list(second)[1:]:
        first.append(child)
    word.body.remove(second)
    total = word.block(TOTAL)
    text = word.text(TOTAL)
    head, tail = text.split("。", 1)
    replace_words(total, "。" + tail, "。")
    word.add_after(TOTAL, paragraph(tail))
    case.save(word)

    def both(content: dict[str, Any]) -> None:
        more_staff(content)
        last_year_higher(content)
        content["unit"]["staff"]["retired_lixiu"] = {"value": 5}

    written = case.put(both)
    lines = case.word.lines()
    joined = case.word.text("g_p1_staff_working")
    assert "183人" in joined
    assert "离休5人" in joined
    assert any(line.startswith("与2020年度相比") and "减少352.05" in line for line in lines)
    assert sum("减少352.05" in line for line in lines) == 1
    assert set(fates(written)) == {Fate.UPDATED}
    assert len(head) > 5


# -- blocks ------------------------------------------------------------------------------------------------------


def test_what_was_added_between_blocks_stays_at_its_place(case: Case) -> None:
    word = case.word
    table = copy.deepcopy(word.block("g_t_capital_grid"))
    for mark in list(table.iter(W + "bookmarkStart", W + "bookmarkEnd")):
        mark.getparent().remove(mark)
    picture = word.picture()
    word.add_after(TOTAL, paragraph("领导补充的一段话，共3点。"), picture, table, paragraph(""))
    case.save(word)
    written = case.put(last_year_higher)
    now = case.word
    at = list(now.body).index(now.block(TOTAL))
    texts = ["".join(child.itertext()) for child in now.body]
    assert texts[at + 1] == "领导补充的一段话，共3点。"
    assert now.body[at + 2].find(f".//{W}drawing") is not None
    assert now.body[at + 3].tag == W + "tbl"
    assert any(
        "media/user1.png" in data.decode("utf-8", "ignore") for n, data in now.parts.items() if n.endswith("rels")
    )
    assert fates(written) == [Fate.INSERTED] * 3
    sound(case.path)


def test_a_deleted_block_stays_deleted_and_is_listed(case: Case) -> None:
    word = case.word
    word.remove("g_p3_s6_public")
    word.remove(PIE)
    case.save(word)
    for change in (last_year_higher, other_income, nothing):
        written = case.put(change)
        assert not case.word.has("g_p3_s6_public")
        assert not case.word.has(PIE)
        assert fates(written).count(Fate.DELETED) == 2
    sound(case.path)


def test_a_moved_block_stays_moved(case: Case) -> None:
    word = case.word
    block = word.block("g_p1_staff_retired")
    word.body.remove(block)
    word.block(BASIC).addprevious(block)
    case.save(word)
    written = case.put(more_staff)
    names = [mark.get(W + "name") for mark in case.word.root.iter(W + "bookmarkStart")]
    assert names.index("g_p1_staff_retired") == names.index("g_p1_staff_working") - 1
    assert "行政65人" in case.word.text(BASIC)
    assert fates(written) == [Fate.MOVED]


def test_a_new_project_appears_at_its_place_and_one_that_is_gone_goes(case: Case) -> None:
    word = case.word
    word.reword(BASIC, "在职实有人数", "在职人数")
    case.save(word)
    names = lambda: [m.get(W + "name") for m in case.word.root.iter(W + "bookmarkStart")]  # noqa: E731
    before = [name for name in names() if name.startswith("g_p3_s13_project")]
    written = case.put(new_project)
    after = [name for name in names() if name.startswith("g_p3_s13_project")]
    assert [name for name in after if name in before] == before
    assert len(after) == len(before) + 1
    assert after[3] not in before
    assert Fate.NEW in fates(written)
    fresh = Word(generated(new_project)[0])
    assert [case.word.text(name) for name in after] == [fresh.text(name) for name in after]
    written = case.put(one_project_less)
    after = [name for name in names() if name.startswith("g_p3_s13_project")]
    assert after == [*before[:2], *before[3:]]
    assert Fate.GONE in fates(written)
    sound(case.path)


def test_an_edited_block_that_the_data_lost_is_kept_and_reported(case: Case) -> None:
    word = case.word
    mark = next(
        m.get(W + "name")
        for m in word.root.iter(W + "bookmarkStart")
        if "群众文化" in "".join((m.getparent() if m.getparent().tag == W + "p" else word.root).itertext())
        and "s13_project" in m.get(W + "name")
    )
    word.reword(mark, "惠民演出", "惠民文艺演出")
    case.save(word)
    written = case.put(one_project_less)
    assert "惠民文艺演出" in case.word.text(mark)
    assert Fate.CONFLICT in fates(written)


# -- tables, charts, contents ------------------------------------------------------------------------------------


def cells(table: etree._Element) -> list[str]:
    return ["".join(t.text or "" for t in cell.iter(W + "t")) for cell in table.iter(W + "tc")]


def test_cells_of_a_table_are_merged_one_by_one(case: Case) -> None:
    word = case.word
    table = word.block(GRID)
    cell = next(
        c
        for c in table.iter(W + "tc")
        if "".join(c.itertext()) == "上级补助收入" or "上级补助收入" in "".join(c.itertext())
    )
    label = next(t for t in cell.iter(W + "t"))
    label.text = (label.text or "") + "（含以前年度）"
    case.save(word)
    written = case.put(other_income)
    now, fresh = cells(case.word.block(GRID)), cells(Word(generated(other_income)[0]).block(GRID))
    differing = [(a, b) for a, b in zip(now, fresh, strict=True) if a != b]
    assert [a.replace("（含以前年度）", "") for a, _ in differing] == [b for _, b in differing]
    assert len(differing) == 1
    assert Fate.UPDATED in fates(written)
    sound(case.path)


def test_a_number_typed_into_a_table_is_a_conflict(case: Case) -> None:
    word = case.word
    table = word.block(GRID)
    other = next(t for t in table.iter(W + "t") if t.text == "9.64")
    other.text = "9.99"
    case.save(word)
    written = case.put(other_income)
    assert "9.99" in cells(case.word.block(GRID))
    assert "10.64" not in cells(case.word.block(GRID))
    assert Fate.CONFLICT in fates(written)
    assert any("10.64" in said for said in comments(case.word))
    sound(case.path)


def test_rows_come_and_go_in_an_edited_table(case: Case) -> None:
    def more_subjects(content: dict[str, Any]) -> None:
        rows = content["general"]["subjects"]
        at = next(n for n, row in enumerate(rows) if row["code"] == "2050803")
        rows[at]["basic"] = Decimal("96400.00")
        rows.insert(at + 1, {"code": "2050899", "name": "其他进修及培训", "basic": Decimal("10000.00")})

    word = case.word
    table = word.block("g_t_general_grid")
    row = next(r for r in table.iter(W + "tr") if "文化旅游体育与传媒支出" in "".join(r.itertext()))
    node = next(t for t in row.iter(W + "t") if "传媒支出" in (t.text or ""))
    node.text = "文化旅游体育与传媒支出类"
    mine = copy.deepcopy(row)
    for t in mine.iter(W + "t"):
        t.text = "手加的一行"
    list(table.iter(W + "tr"))[-1].addnext(mine)
    case.save(word)
    case.put(more_subjects)
    texts = ["".join(r.itertext()) for r in case.word.block("g_t_general_grid").iter(W + "tr")]
    assert any("其他进修及培训" in text for text in texts)
    assert any("传媒支出类" in text for text in texts)
    assert "手加的一行" in texts[-1]
    fresh = ["".join(r.itertext()) for r in Word(generated(more_subjects)[0]).block("g_t_general_grid").iter(W + "tr")]
    assert [t.replace("传媒支出类", "传媒支出") for t in texts[:-1]] == fresh
    case.put(nothing)
    texts = ["".join(r.itertext()) for r in case.word.block("g_t_general_grid").iter(W + "tr")]
    assert not any("其他进修及培训" in text for text in texts)
    sound(case.path)


def chart_of(word: Word, mark: str) -> tuple[str, bytes]:
    id = next(word.block(mark).iter("{*}chart")).get(
        "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    )
    links = etree.fromstring(word.parts["word/_rels/document.xml.rels"])
    target = next(one.get("Target") for one in links if one.get("Id") == id)
    name = "word/" + target.removeprefix("/word/")
    return name, word.parts[name]


def points(chart: bytes) -> list[str]:
    return [v.text or "" for v in etree.fromstring(chart).iter("{*}v")]


@pytest.mark.parametrize("mark", [COLUMNS, PIE])
def test_a_chart_keeps_its_looks_and_takes_the_new_figures(case: Case, mark: str) -> None:
    change = last_year_higher if mark == COLUMNS else other_income
    word = case.word
    name, data = chart_of(word, mark)
    word.parts[name] = data.replace(b'val="2F5585"', b'val="C00000"')
    assert word.parts[name] != data
    case.save(word)
    case.put(change)
    now, fresh = chart_of(case.word, mark)[1], chart_of(Word(generated(change)[0]), mark)[1]
    assert points(now) == points(fresh)
    assert points(now) != points(data)
    assert [t.text for t in etree.fromstring(now).iter("{*}t")] == [
        t.text for t in etree.fromstring(fresh).iter("{*}t")
    ]
    assert b'val="C00000"' in now
    sound(case.path)


def test_figures_typed_into_a_chart_stay(case: Case) -> None:
    word = case.word
    name, data = chart_of(word, COLUMNS)
    word.parts[name] = data.replace(b"5120.36489", b"5555.5")
    case.save(word)
    written = case.put(last_year_higher)
    assert "5555.5" in points(chart_of(case.word, COLUMNS)[1])
    assert Fate.CONFLICT in fates(written)
    sound(case.path)


def test_contents_keep_their_words_and_follow_the_pages(case: Case) -> None:
    def many_duties(content: dict[str, Any]) -> None:
        rows = content["texts"]["duties"]
        rows += [{"text": f"（{n}）承担第{n}项职能，" + "负责有关工作的组织实施和监督检查，" * 4} for n in range(7, 40)]

    word = case.word
    entry = next(p for p in word.body if p.find(W + "hyperlink") is not None and "人员构成" in "".join(p.itertext()))
    replace_words(entry, "人员构成", "人员情况")
    case.save(word)
    case.put(many_duties)
    entries = [plain_line for plain_line in case.word.lines() if "\t" in plain_line]
    fresh = [line for line in Word(generated(many_duties)[0]).lines() if "\t" in line]
    assert [line.replace("人员情况", "人员构成") for line in entries] == fresh
    assert fresh != [line for line in Word(generated()[0]).lines() if "\t" in line]
    sound(case.path)


# -- reviewers ---------------------------------------------------------------------------------------------------


def test_tracked_changes_and_comments_of_reviewers_survive(case: Case) -> None:
    word = case.word
    track_insertion(word.block(TOTAL), "（审核加注）", 900)
    comment(word, word.block(TOTAL), "请核对金额")
    gone = track_deletion(word.block("g_p3_s9_text"), 901)
    comment(word, word.block("g_p3_s3_text"), "可以")
    case.save(word)
    assert gone
    for change in (last_year_higher, other_income, nothing):
        case.put(change)
        now = case.word
        assert now.text(TOTAL).endswith("（审核加注）")
        assert now.text("g_p3_s9_text") == ""
        assert gone in "".join(node.text or "" for node in now.root.iter(W + "delText"))
        assert {"请核对金额", "可以"} <= set(comments(now))
        sound(case.path)
    case.put(last_year_higher)
    assert "减少352.05" in case.word.text(TOTAL)


def test_styles_and_page_set_up_of_the_user_survive(case: Case) -> None:
    word = case.word
    word.parts["word/styles.xml"] = word.parts["word/styles.xml"].replace(
        b"</w:styles>",
        ('<w:style w:type="paragraph" w:styleId="Mine"><w:name w:val="我的样式"/></w:style></w:styles>').encode(),
    )
    for section in word.root.iter(W + "sectPr"):
        section.find(W + "pgMar").set(W + "top", "1999")
    mine = paragraph("自定样式的一段")
    mine.insert(0, element('<w:pPr><w:pStyle w:val="Mine"/></w:pPr>'))
    word.add_after(BASIC, mine)
    case.save(word)
    case.put(new_project)
    now = case.word
    assert {s.find(W + "pgMar").get(W + "top") for s in now.root.iter(W + "sectPr")} == {"1999"}
    assert "我的样式".encode() in now.parts["word/styles.xml"]
    count = len(list(Word(generated(new_project)[0]).root.iter(W + "sectPr")))
    assert len(list(now.root.iter(W + "sectPr"))) == count
    sound(case.path)


# -- lost bookmarks, lost records --------------------------------------------------------------------------------


def test_without_bookmarks_blocks_are_found_by_their_text(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "究其原因，主要在于")
    strip_marks(word)
    case.save(word)
    written = case.put(last_year_higher)
    assert not written.reason
    line = next(line for line in case.word.lines() if "究其原因，主要在于" in line)
    assert "减少352.05" in line
    sound(case.path)


def test_what_cannot_be_found_is_never_overwritten(case: Case) -> None:
    word = case.word
    for mark in (TOTAL, "g_p3_s3_text"):
        for node in word.block(mark).iter(W + "t"):
            node.text = "甲乙丙丁戊己庚辛" * 9
    strip_marks(word)
    case.save(word)
    before = case.path.read_bytes()
    written = case.put(last_year_higher)
    assert case.path.read_bytes() == before
    assert written.output.name == "公开.新生成.docx"
    assert written.output.read_bytes() == generated(last_year_higher)[0]
    assert written.reason
    assert Fate.LOST in fates(written)


def drop_inside(word: Word) -> None:
    for name in [n for n in word.parts if n.startswith("customXml/") and "urn:gongkai" in word.parts[n].decode()]:
        if "itemProps" not in name:
            word.parts[name] = b"<nothing/>"


@pytest.mark.parametrize("lost", ["inside", "beside", "both"])
def test_either_record_may_be_lost(case: Case, lost: str) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "究其原因，主要在于")
    if lost != "beside":
        drop_inside(word)
    case.save(word)
    if lost != "inside":
        (history.folder_of(case.path) / history.RECORD).unlink()
    written = case.put(last_year_higher)
    if lost == "both":
        assert "记录" in written.reason
        assert "究其原因，主要在于" in case.word.text(TOTAL)
        assert "增加527.59" in case.word.text(TOTAL)
    else:
        assert "减少352.05" in case.word.text(TOTAL)
        assert "究其原因，主要在于" in case.word.text(TOTAL)
        assert embedded(case.word.parts) is not None


def test_the_record_stands_once_and_its_properties_stay_what_they_are(case: Case) -> None:
    """Also where only the record itself was emptied, and a new one is put beside what is left of it."""
    for change in (more_staff, last_year_higher):
        word = case.word
        word.add_after(TOTAL, paragraph("补充。"))
        for name, data in word.parts.items():
            if change is last_year_higher and b"<state " in data:
                word.parts[name] = b"<x/>"
        case.save(word)
        assert case.put(change).changed
        held = {name: data for name, data in case.word.parts.items() if name.startswith("customXml/item")}
        assert sum(b"<state " in data for data in held.values()) == 1
        roots = {name: etree.fromstring(data) for name, data in held.items() if "Props" in name}
        assert {root.tag.rpartition("}")[2] for root in roots.values()} == {"datastoreItem"}
        ids = [value for root in roots.values() for value in root.attrib.values()]
        assert len(ids) == len(set(ids)) == len(roots)
    sound(case.path)


def test_records_that_disagree_are_told(case: Case, tmp_path: Path) -> None:
    history.write_record(case.path, generated(more_staff)[1].pack())
    word = case.word
    word.reword(TOTAL, "主要原因是", "在于")
    case.save(word)
    assert case.put(last_year_higher).notes


def test_a_record_is_read_back_and_damage_is_noticed() -> None:
    _, state = generated()
    text = state.pack()
    assert unpack(text).pack() == text
    assert unpack(text).units == state.units
    for wrong in ("", "x", text[:-5], "0" * 16 + text[16:], text.replace(":", ":A", 1)):
        with pytest.raises(StateError):
            unpack(wrong)


# -- nothing is lost ---------------------------------------------------------------------------------------------


def test_history_is_bounded_and_can_be_restored(case: Case) -> None:
    seen = [case.path.read_bytes()]
    for change in (last_year_higher, more_staff, other_reason, nothing):
        case.put(change, keep=3)
        seen.append(case.path.read_bytes())
    kept = history.listed(case.path)
    assert [one.path.read_bytes() for one in kept] == seen[1:4]
    history.restore(case.path, kept[0], 3, lambda: None)
    assert case.path.read_bytes() == seen[1]
    assert seen[4] in [one.path.read_bytes() for one in history.listed(case.path)]
    written = case.put(more_staff)
    assert case.path.read_bytes() == seen[2]
    assert written.previous is not None
    assert written.previous.digest == generated(last_year_higher)[1].digest


def test_fresh_throws_edits_away_but_keeps_the_file(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "在于")
    case.save(word)
    before = case.path.read_bytes()
    written = case.put(last_year_higher, fresh=True)
    assert case.path.read_bytes() == generated(last_year_higher)[0]
    assert written.history is not None
    assert written.history.read_bytes() == before


def test_a_foreign_file_is_set_aside_as_before(tmp_path: Path) -> None:
    target = tmp_path / "公开.docx"
    target.write_bytes(b"my own")
    written = regenerate.put(target, *generated())
    assert written.set_aside is not None
    assert written.set_aside.read_bytes() == b"my own"
    assert target.read_bytes() == generated()[0]


@pytest.mark.parametrize("mark", ["~$公开.docx", ".~lock.公开.docx#"])
def test_an_open_document_is_left_alone(case: Case, mark: str) -> None:
    lock = case.path.parent / mark
    lock.write_bytes(b"")
    before = case.path.read_bytes()
    with pytest.raises(Refusal, match="打开"):
        case.put(last_year_higher)
    assert case.path.read_bytes() == before
    lock.unlink()
    case.put(last_year_higher)


@pytest.mark.parametrize("nth", range(1, 12))
def test_a_full_disk_leaves_the_old_file_whole(case: Case, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "在于")
    case.save(word)
    before, count = case.path.read_bytes(), 0
    real = os.fsync

    def full(handle: int) -> None:
        nonlocal count
        count += 1
        if count == nth:
            raise OSError(errno.ENOSPC, "full")
        real(handle)

    monkeypatch.setattr(files.os, "fsync", full)
    refused = ""
    try:
        case.put(last_year_higher)
    except Refusal as refusal:
        refused = refusal.message
    kept = [one.path.read_bytes() for one in history.listed(case.path)]
    if count < nth or not refused:  # everything written, or all but the record, which the document holds too
        assert "减少352.05" in case.word.text(TOTAL)
        assert kept == [before]
    else:
        assert "磁盘空间不足" in refused
        assert case.path.read_bytes() == before
        assert kept == []


def test_a_second_run_changes_nothing(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "在于")
    word.add_after(TOTAL, paragraph("补充。"))
    case.save(word)
    case.put(last_year_higher)
    before = {path.name: path.read_bytes() for path in case.path.parent.rglob("*") if path.is_file()}
    written = case.put(last_year_higher)
    assert not written.changed
    assert {path.name: path.read_bytes() for path in case.path.parent.rglob("*") if path.is_file()} == before
    assert fates(written) == [Fate.KEPT, Fate.INSERTED]


def test_another_year_is_never_merged_into_this_one(case: Case) -> None:
    def earlier(content: dict[str, Any]) -> None:
        content["unit"]["facts"]["year"] = {"value": 2020}

    word = case.word
    word.reword(TOTAL, "主要原因是", "在于")
    case.save(word)
    written = case.put(earlier)
    assert "年度" in written.reason
    assert "在于" in case.word.text(TOTAL)


def other_name(content: dict[str, Any]) -> None:
    content["unit"]["facts"]["name"] = {"value": "云川市文化广电和旅游局"}


def other_department(content: dict[str, Any]) -> None:
    """Another unit's name, and other amounts everywhere."""

    def other(held: Any) -> Any:
        if isinstance(held, dict):
            return {key: other(value) for key, value in held.items()}
        if isinstance(held, list):
            return [other(value) for value in held]
        return held * 2 + Decimal("0.37") if isinstance(held, Decimal) and held > 2500 else held

    changed = other(content)
    content.clear()
    content.update(changed)
    other_name(content)


def test_another_departments_document_is_never_merged_into_this_one(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "在于")
    case.save(word)
    stood = case.path.read_bytes()
    written = case.put(other_department)
    assert written.reason == "原有文件是另一单位（云川市文化体育和旅游局）的公开文档"
    assert written.beside == case.path
    assert case.path.read_bytes() == stood


def test_a_corrected_name_is_the_same_department(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "在于")
    case.save(word)
    written = case.put(other_name)
    assert not written.reason
    assert "在于" in case.word.text(TOTAL)
    assert any("云川市文化广电和旅游局" in line for line in case.word.lines())


# -- LibreOffice -------------------------------------------------------------------------------------------------


def through_libreoffice(path: Path, folder: Path, through: str = "") -> None:
    """Opened and saved again by LibreOffice, ``through`` another format of its own on the way."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("soffice (LibreOffice) is not installed")
    out = folder / "lo"
    profile = (folder / "profile").as_uri()
    command = [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to"]
    source = path
    if through:
        subprocess.run(
            [*command, through, "--outdir", str(out), str(path)], check=True, capture_output=True, timeout=180
        )
        source = out / f"{path.stem}.{through}"
    command += ["docx:MS Word 2007 XML", "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    shutil.copyfile(out / path.name, path)


@pytest.mark.parametrize("through", ["", "odt"])
def test_after_a_round_trip_through_libreoffice(case: Case, tmp_path: Path, through: str) -> None:
    word = case.word
    word.reword(TOTAL, "主要原因是", "究其原因，主要在于")
    word.add_after(BASIC, paragraph("领导补充的一段话。"))
    case.save(word)
    through_libreoffice(case.path, tmp_path, through)

    def both(content: dict[str, Any]) -> None:
        last_year_higher(content)
        other_income(content)
        more_staff(content)

    written = case.put(both)
    assert not written.reason, written.revisions
    now, fresh = case.word, Word(generated(both)[0])
    assert "减少" in now.text(TOTAL)
    assert "究其原因，主要在于" in now.text(TOTAL)
    expected = [line for line in fresh.lines() if line.strip() and "\t" not in line]
    got = [line for line in now.lines() if line.strip() and "\t" not in line]
    got = [line.replace("究其原因，主要在于", "主要原因是") for line in got if line != "领导补充的一段话。"]
    assert got == expected
    assert fates(written, Fate.CONFLICT, Fate.DELETED, Fate.MOVED, Fate.LOST) == []
    assert points(chart_of(now, PIE)[1])[:6] == points(chart_of(fresh, PIE)[1])[:6]
    with zipfile.ZipFile(case.path) as package:
        assert package.testzip() is None
        names = set(package.namelist())
        for name in (name for name in names if "charts/_rels" in name):
            for link in etree.fromstring(package.read(name)):
                assert posixpath.normpath(f"word/charts/{link.get('Target')}") in names
    again = case.put(both)
    assert not again.changed


def test_a_tracked_move_is_followed_and_a_lost_bookmark_set_again(case: Case) -> None:
    word = case.word
    block = word.block(BASIC)
    target = copy.deepcopy(block)
    for mark in list(target.iter(W + "bookmarkStart", W + "bookmarkEnd")):
        mark.getparent().remove(mark)
    for paragraph_, tag in ((block, "moveFrom"), (target, "moveTo")):
        for run in list(paragraph_.iter(W + "r")):
            holder = element(f'<w:{tag} w:id="{990 + len(tag)}" w:author="审核人"/>')
            run.addprevious(holder)
            holder.append(run)
    word.block("g_p1_staff_retired").addnext(target)
    case.save(word)
    case.put(more_staff)
    assert "行政65人" in case.word.text(BASIC)
    assert case.word.block(BASIC).find(W + "moveTo") is not None
    sound(case.path)


def test_a_conflict_that_was_settled_loses_its_comment(case: Case) -> None:
    word = case.word
    word.reword(TOTAL, "527.59", "530")
    case.save(word)
    assert fates(case.put(last_year_higher)) == [Fate.CONFLICT]
    word = case.word
    word.reword(TOTAL, "增加530", "减少352.05")
    word.reword(TOTAL, "增长10.3%", "下降5.9%")
    case.save(word)
    case.put(nothing)
    assert "增加527.59万元，增长10.3%" in case.word.text(TOTAL)
    assert comments(case.word) == []
    sound(case.path)


def test_a_picture_put_into_a_block_that_goes_is_not_lost(case: Case) -> None:
    word = case.word
    names = [m.get(W + "name") for m in word.root.iter(W + "bookmarkStart")]
    mark = next(n for n in names if "s13_project_" in n and "群众文化" in word.text(n))
    word.block(mark).append(word.picture()[0])
    case.save(word)
    written = case.put(one_project_less)
    assert case.word.block(mark).find(f".//{W}drawing") is not None
    assert Fate.CONFLICT in fates(written)


def test_only_what_is_published_travels_inside_the_document(case: Case) -> None:
    """The record beside the document holds the whole workbook, that inside only the cells that the document shows."""
    inside = embedded(case.word.parts)
    beside = unpack(history.record_of(case.path).decode())
    assert inside is not None
    shown = set(beside.trace.uses())

    def refs(state: State) -> set[Any]:
        return {e.ref for s in state.cells.sheets for b in s.blocks for row in b.rows for e in row.entries}

    assert refs(inside) < refs(beside)
    assert refs(inside) == refs(beside) & shown
    assert inside.digest == beside.digest
    word = case.word
    word.reword(TOTAL, "主要原因是", "在于")
    case.save(word)
    written = case.put(last_year_higher)
    assert written.previous is not None
    assert not written.previous.partial
    assert not written.notes
