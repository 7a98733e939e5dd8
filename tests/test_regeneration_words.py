"""Sentences rewritten by hand whose figures and directions turn: the whole sentence follows, or a person is told.

And blocks found again where an editor put them into content controls, or took the bookmarks away.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import etree

from generator import regenerate
from generator.commands import cli
from generator.model.finding import Refusal
from generator.model.revised import Fate
from generator.model.state import UnitState
from generator.revision.body import open_body
from generator.revision.outdated import Outdated
from generator.revision.settled import agrees, merge_from
from generator.revision.tokens import merge
from generator.workbook.blank import build
from tests.hand import SOURCE, Word, comments, element, generated, nothing, paragraph, replace_words, strip_marks
from tests.support import W, load_source
from tests.test_regeneration import BASIC, GRID, TOTAL, Case, fates, last_year_higher, other_income, sound

BASE = "收、支总计各为500.00万元。与上年相比，各增加100.00万元，增长25.00%，主要原因是人员增多。"
NEW = "收、支总计各为380.00万元。与上年相比，各减少20.00万元，下降5.00%，主要原因是人员增多。"


def turned(content: dict[str, Any]) -> None:
    last_year_higher(content)
    other_income(content)


def more_income(content: dict[str, Any]) -> None:
    """The totals grow, and the year before stays as it was."""
    other_income(content)


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,]*\.\d+", text)


def merged(user: str) -> tuple[str, bool]:
    found, text = merge(BASE, user, NEW), user
    for start, end, words in sorted(found.edits, reverse=True):
        text = text[:start] + words + text[end:]
    return text, bool(found.clashes)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("各增加100.00万元，增长25.00%", "各增长25.00%，增加100.00万元"),  # the clauses swapped
        ("增加100.00万元，增长25.00%", "增加（增长）100.00万元，25.00%"),
        ("各增加", "没有减少，各增加"),
        ("各增加100.00万元", "各有100.00万元的上升"),
        ("增多。", "增多。增加100.00万元，增长25.00%，为历年最多。"),  # the old figures once more
    ],
)
def test_no_paragraph_is_updated_by_halves(old: str, new: str) -> None:
    user = BASE.replace(old, new)
    text, clash = merged(user)
    assert clash
    assert text == user  # all of it as the user wrote it, the other sentence too


def test_an_old_figure_that_was_typed_once_more_is_told() -> None:
    user = BASE.replace("。与上年", "。收支500.00万元与上年")
    text, clash = merged(user)
    assert clash
    assert text.count("500.00") == 2


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("各增加100.00万元", "有所增加，达100.00万元", "有所减少，达20.00万元，下降5.00%"),
        ("人员增多", "人员增加、基建增长", "各减少20.00万元，下降5.00%，主要原因是人员增加、基建增长"),
        ("各增加", "圆满完成任务，各增加", "圆满完成任务，各减少20.00万元，下降5.00%"),
        ("增加100.00", "减少100.00", "各减少20.00万元，下降5.00%"),  # the user turned one direction already
    ],
)
def test_directions_follow_where_that_is_safe(old: str, new: str, wanted: str) -> None:
    text, clash = merged(BASE.replace(old, new))
    assert wanted in text
    assert not clash


def test_blocks_inside_a_content_control_are_updated_one_by_one(tmp_path: Path) -> None:
    case = Case(tmp_path)
    word = case.word
    first = word.block(TOTAL)
    control = element('<w:sdt><w:sdtPr><w:id w:val="77"/></w:sdtPr><w:sdtContent/></w:sdt>')
    held = [first, *list(first.itersiblings())[:6]]
    first.addprevious(control)
    for block in held:
        assert block.find(f".//{W}sectPr") is None
        control[1].append(block)
    replace_words(first, "主要原因是", "究其原因，主要在于")
    case.save(word)
    written = case.put(last_year_higher)
    assert fates(written) == [Fate.UPDATED]
    [found] = case.word.root.iter(W + "sdt")
    assert [child.tag for child in found.find(W + "sdtContent")] == [block.tag for block in held]
    text = "".join(found.itertext())
    assert "减少" in text
    assert "究其原因，主要在于" in text
    sound(case.path)


def test_a_document_wholly_inside_a_content_control(tmp_path: Path) -> None:
    case = Case(tmp_path)
    word = case.word
    control = element('<w:sdt><w:sdtPr><w:id w:val="77"/></w:sdtPr><w:sdtContent/></w:sdt>')
    blocks = list(word.body)[:-1]
    word.body.insert(0, control)
    for block in blocks:
        control[1].append(block)
    case.save(word)
    assert not fates(case.put(turned), Fate.DELETED, Fate.CONFLICT, Fate.LOST, Fate.MOVED)
    assert [etree.QName(child).localname for child in case.word.body] == ["sdt", "sectPr"]
    sound(case.path)


def test_lines_alike_but_for_a_number_are_told_apart_without_bookmarks(tmp_path: Path) -> None:
    """公开01表, 公开02表 … and edited headings of tables: none is taken for another one's."""
    case = Case(tmp_path)
    word = case.word
    for block in word.body.findall(W + "p")[40::3]:
        node = next(block.iter(W + "t"), None)
        if node is not None and node.text and next(block.iter(W + "tab"), None) is None:
            node.text = "〖签〗" + node.text
    strip_marks(word)
    case.save(word)
    written = case.put(turned)
    assert not fates(written, Fate.MOVED, Fate.INSERTED, Fate.DELETED, Fate.CONFLICT)
    sound(case.path)


@pytest.mark.parametrize("there", [True, False])
def test_what_an_editor_saves_in_the_meantime_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    case = Case(tmp_path)
    saved = case.path.read_bytes()
    if not there:
        case.path.unlink()
    real = regenerate.files.write

    def late(target: Path, *rest: Any) -> Path | None:
        if target == case.path:
            target.write_bytes(saved + b"late")
        return real(target, *rest)

    monkeypatch.setattr(regenerate.files, "write", late)
    with pytest.raises(Refusal, match="生成期间"):
        case.put(last_year_higher)
    assert case.path.read_bytes() == saved + b"late"
    assert not list(tmp_path.rglob("*重新生成前*"))


def test_a_conflict_is_told_again_until_it_is_settled(tmp_path: Path) -> None:
    case = Case(tmp_path)
    word = case.word
    word.reword(TOTAL, "各增加527.59", "均多出527.59")
    case.save(word)
    assert fates(case.put(last_year_higher)) == [Fate.CONFLICT]
    again = case.put(last_year_higher)  # nothing changed
    assert not again.changed
    [said] = again.revisions
    assert said.fate is Fate.CONFLICT
    assert "尚未处理" in said.note
    elsewhere = case.put(turned)  # the data changed, but not here
    assert Fate.CONFLICT in fates(elsewhere)
    assert len(comments(case.word)) == 1
    word = case.word
    for mark in list(word.root.iter(W + "commentRangeStart", W + "commentRangeEnd", W + "commentReference")):
        mark.getparent().remove(mark)
    case.save(word)
    assert fates(case.put(turned), Fate.CONFLICT) == []


def test_bookmarks_that_libreoffice_sets_twice_are_mended(tmp_path: Path) -> None:
    case = Case(tmp_path)
    word = case.word
    mark = next(word.block(TOTAL).iter(W + "bookmarkStart"))
    mark.addprevious(element(f'<w:bookmarkStart w:id="9999" w:name="{mark.get(W + "name")}"/>'))  # never ends
    replace_words(word.block(TOTAL), "主要原因是", "究其原因，主要在于")
    case.save(word)
    assert fates(case.put(last_year_higher)) == [Fate.UPDATED]
    sound(case.path)


def test_nothing_is_compared_with_another_years_document(tmp_path: Path) -> None:
    case = Case(tmp_path)
    data, state = generated()
    later = replace(state, trace=state.trace._replace(year=state.trace.year + 1), digest="0")
    written = regenerate.put(case.path, data + b"\0", later)
    assert written.history is not None
    assert written.previous is None


@pytest.mark.parametrize("given", ["0", "x"])
def test_how_many_files_to_keep_is_asked_for_in_words(given: str) -> None:
    told = CliRunner().invoke(cli.gongkai, ["generate", "a.xlsx", "--keep", given])
    assert told.exit_code == 2
    assert "None" not in told.output
    assert "不小于 1 的整数" in told.output


@pytest.mark.parametrize(
    ("generated", "edited", "corrected", "wanted"),
    [
        # The reason was rewritten by hand, and another one stands in the workbook now: never half of each.
        (
            "总计各增加26.60万元，主要原因是档案数字化加工项目增加。",
            "总计各增加26.60万元，主要是今年馆藏档案数字化加工任务加重。",
            "总计各增加30.00万元，主要原因是上年有一次性搬迁经费。",
            "总计各增加30.00万元，主要是今年馆藏档案数字化加工任务加重。",
        ),
        (
            "问题：专业人员不足，修复进度慢。",
            "问题：一部分破损严重的档案修复进度偏慢，原因是专业修复人员不足。",
            "问题：合同约束不足，修复进度慢。",
            "问题：一部分破损严重的档案修复进度偏慢，原因是专业修复人员不足。",
        ),
        # Another sentence of the same paragraph is still the tool's own.
        (
            "收入10.00万元。主要原因是项目增加。",
            "全年收入10.00万元。主要原因是项目增加。",
            "收入12.00万元。主要原因是人员增加。",
            "全年收入12.00万元。主要原因是人员增加。",
        ),
        # A new item of a list and a new sentence find their place.
        (
            "主要包括：办公费、印刷费、邮电费。",
            "主要用于：办公费、印刷费、邮电费。",
            "主要包括：办公费、印刷费、差旅费、邮电费。",
            "主要用于：办公费、印刷费、差旅费、邮电费。",
        ),
        (
            "甲支出1.00万元；乙支出2.00万元。",
            "其中：甲支出1.00万元；乙支出2.00万元。",
            "甲支出1.00万元；丙支出3.00万元；乙支出2.00万元。",
            "其中：甲支出1.00万元；丙支出3.00万元；乙支出2.00万元。",
        ),
    ],
)
def test_words_of_two_people_are_never_mixed_in_a_sentence(
    generated: str, edited: str, corrected: str, wanted: str
) -> None:
    merged = merge(generated, edited, corrected)
    text = edited
    for start, end, words in sorted(merged.edits, reverse=True):
        text = text[:start] + words + text[end:]
    assert text == wanted
    assert bool(merged.clashes) == (("原因" in corrected and "原因" not in wanted) or "问题" in corrected)


def test_a_sentence_in_conflict_follows_once_the_workbook_is_right_again(tmp_path: Path) -> None:
    """上年数 typed wrong (增加 becomes 减少), then right again with another correction: all figures follow."""
    case = Case(tmp_path)
    word = case.word
    word.reword(TOTAL, "收、支总计各增加", "收入和支出都多出")
    word.reword(TOTAL, "主要原因是", "主要用于保障")
    case.save(word)
    leader = case.word.text(TOTAL)
    assert fates(case.put(last_year_higher)) == [Fate.CONFLICT]
    assert case.word.text(TOTAL) == leader  # not a figure of it
    written = case.put(more_income)
    text, fresh = case.word.text(TOTAL), Word(generated(more_income)[0]).text(TOTAL)
    assert fates(written) == [Fate.UPDATED]
    assert numbers(text) == numbers(fresh) != numbers(leader)
    assert "收入和支出都多出" in text
    assert comments(case.word) == []
    assert written.open == 0
    sound(case.path)


def test_figures_of_a_sentence_never_disagree_over_many_rounds(tmp_path: Path) -> None:
    """Round by round: either all figures are the workbook's, or all are as they stood and a comment says so."""
    case = Case(tmp_path)
    word = case.word
    word.reword(TOTAL, "收、支总计各增加", "收入和支出都多出")
    case.save(word)
    for change in (more_income, turned, last_year_higher, nothing, turned, more_income, nothing):
        before = numbers(case.word.text(TOTAL))
        written = case.put(change)
        now, wanted = numbers(case.word.text(TOTAL)), numbers(Word(generated(change)[0]).text(TOTAL))
        if Fate.CONFLICT in fates(written):
            assert now == before
            assert written.open == len(comments(case.word)) == 1
        else:
            assert now == wanted
            assert comments(case.word) == []
    assert now == wanted


def test_the_comment_goes_when_the_sentence_was_corrected_as_it_asked(tmp_path: Path) -> None:
    case = Case(tmp_path)
    word = case.word
    word.reword(TOTAL, "收、支总计各增加", "收入和支出都多出")
    case.save(word)
    before = numbers(case.word.text(TOTAL))
    assert case.put(last_year_higher).open == 1
    wanted = numbers(Word(generated(last_year_higher)[0]).text(TOTAL))
    again = case.put(last_year_higher)  # nothing was done yet: it is said again
    assert not again.changed
    assert (again.open, again.waiting) == (1, 1)
    word = case.word
    word.reword(TOTAL, "收入和支出都多出", "收入和支出都减少")
    for old, new in zip(before, wanted, strict=True):
        if old != new:
            word.reword(TOTAL, old, new)
    replace_words(word.block(TOTAL), "增长", "下降")
    case.save(word)
    leader = case.word.text(TOTAL)
    written = case.put(last_year_higher)  # the data is what it was
    assert comments(case.word) == []
    assert (written.open, written.waiting) == (0, 0)
    assert "批注" in "".join(written.notes)
    assert case.word.text(TOTAL) == leader
    assert not case.put(last_year_higher).changed
    sound(case.path)


def test_a_comment_stays_while_one_figure_of_it_is_old(tmp_path: Path) -> None:
    case = Case(tmp_path)
    word = case.word
    word.reword(TOTAL, "收、支总计各增加", "收入和支出都多出")
    case.save(word)
    case.put(last_year_higher)
    word = case.word
    word.reword(TOTAL, "收入和支出都多出", "收入和支出都减少")
    case.save(word)
    assert case.put(last_year_higher).open == 1
    assert case.put(turned).open == 1
    assert len(comments(case.word)) == 1


def test_a_cells_comment_goes_when_that_cell_was_corrected(tmp_path: Path) -> None:
    case = Case(tmp_path)
    was, now = (dict(enumerate(open_body(Word(generated(c)[0]).parts).units)) for c in (nothing, other_income))
    number = next(n for n, unit in was.items() if unit.kind == "table" and GRID in unit.marks)
    cells = [
        (a, b)
        for old, new in zip(was[number].rows, now[number].rows, strict=True)
        for a, b in zip(old, new, strict=True)
        if a != b
    ]
    (first, right), (second, _) = [pair for pair in cells if sum(a == pair[0] for a, _ in cells) == 1][:2]
    word = case.word
    replace_words(word.block(GRID), first, "1.11")
    replace_words(word.block(GRID), second, "2.22")
    case.save(word)
    assert case.put(other_income).open == 2
    word = case.word
    replace_words(word.block(GRID), "1.11", right)
    case.save(word)
    assert case.put(other_income).open == 1
    assert "2.22" in "".join(case.word.lines())
    assert len(comments(case.word)) == 1


def test_words_written_upon_an_older_text_are_known() -> None:
    """三、支出决算: as it was found. 上年数 wrong in the second generation, right in the third."""
    first = (
        "支出合计3,141万元，支出合计增加135.25万元，增长4.5%，主要原因是维修增加。其中：项目支出1,407万元，占44.8%。"
    )
    second = first.replace("增加135.25万元，增长4.5%", "减少64.75万元，下降2%")
    third = "支出合计3,151万元，支出合计增加145.25万元，增长4.8%，主要原因是维修增加。其中：项目支出1,417万元，占45%。"
    user = "全年支出3,141万元，比上年多支出135.25万元，增长4.5%，用于维修。其中：项目支出1,407万元，占44.8%。"
    wanted = "全年支出3,151万元，比上年多支出145.25万元，增长4.8%，用于维修。其中：项目支出1,417万元，占45%。"
    assert not merge(second, user, third).edits  # upon the last text alone: nothing, and not one half
    found, at = merge_from([first, second], user, third)
    assert at == 0
    assert not found.clashes
    for start, end, words in sorted(found.edits, reverse=True):
        user = user[:start] + words + user[end:]
    assert user == wanted
    assert agrees(first, wanted, third)
    assert not agrees(first, wanted.replace("1,417", "1,407"), third)


def test_an_old_figure_in_words_added_by_hand_is_said_and_left(tmp_path: Path) -> None:
    case = Case(tmp_path)
    was, now = (Word(generated(change)[0]).text(TOTAL) for change in (nothing, last_year_higher))
    old, new = next((a, b) for a, b in zip(numbers(was), numbers(now), strict=True) if a != b)
    word = case.word
    word.add_after(TOTAL, paragraph(f"总体看，全年增收{old}万元，保障有力，惠及100人。"))
    word.reword(BASIC, "在职实有人数", f"（全年增收{old}万元）在职实有人数")
    case.save(word)
    assert Fate.OUTDATED not in fates(case.put(nothing))
    written = case.put(last_year_higher)
    said = [one for one in written.revisions if one.fate is Fate.OUTDATED]
    assert [one.note for one in said] == [f"{old} 现为 {new}，请核对"] * 2
    assert written.waiting == 2
    text = "".join(case.word.lines())
    assert f"总体看，全年增收{old}万元，保障有力，惠及100人。" in text
    assert f"（全年增收{old}万元）" in text


@pytest.mark.parametrize(
    ("before", "after", "typed", "told"),
    [
        (["收入2,829万元", "拨款2,829.00"], ["收入2,839万元", "拨款2,839.00"], "收入2,829万元", [("2,829", "2,839")]),
        (["收入2,829万元", "支出2,829万元"], ["收入2,839万元", "支出2,850万元"], "共2,829万元", []),  # of which item?
        (
            ["收入2,829万元", "支出100万元"],
            ["收入2,839万元", "支出2,829万元"],
            "共2,829万元",
            [],
        ),  # still in the document
        (["人员12人"], ["人员13人"], "党员12人", []),  # not distinctive
        (["补助300万元"], ["补助400万元"], "奖励300万元", []),
        (["增加135.25万元"], ["减少64.75万元"], "多135.25万元", [("135.25", "64.75")]),
        (["收入2,829万元，其中拨款5万元"], ["收入2,839万元"], "收入2,829万元", []),  # another sentence now
    ],
)
def test_only_figures_that_are_surely_the_same_item_are_said(
    before: list[str], after: list[str], typed: str, told: list[tuple[str, str]]
) -> None:
    old, new = (
        replace(
            generated()[1], digest=lines[0], units=tuple(UnitState(str(n), "p", "", t) for n, t in enumerate(lines))
        )
        for lines in (before, after)
    )
    assert Outdated(old, new).found(typed) == told


def test_the_last_line_says_how_many_places_wait(tmp_path: Path) -> None:
    """Each run, also one that changes nothing: on the screen and for programs."""
    book, target = tmp_path / "填报.xlsx", tmp_path / "公开.docx"
    edition, content = load_source(SOURCE)

    def run(*options: str) -> str:
        words = ["generate", str(book), "-o", str(target), "--draft", "--no-mark", *options]
        return CliRunner().invoke(cli.gongkai, words).stdout

    book.write_bytes(build(edition, content))
    assert "需要您处理" not in run()
    word = Word(target.read_bytes())
    word.reword(TOTAL, "各增加527.59", "均多出527.59")
    target.write_bytes(word.save())
    corrected = copy.deepcopy(dict(content))
    last_year_higher(corrected)
    book.write_bytes(build(edition, corrected))
    for done in ("已生成草稿", "没有变化，未改动草稿"):
        told = run()
        last = told.strip().splitlines()[-1]
        assert last.startswith(done)
        assert "需要您处理 1 处" in last
        assert "文中有 1 处批注（作者 gongkai）待处理" in told
    held = json.loads(run("--format", "json"))
    assert (held["waiting"], held["comments"]) == (1, 1)
