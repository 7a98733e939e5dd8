"""What a correction changed, in an accountant's words; after a run, and by `gongkai diff`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator.commands.cli import gongkai
from generator.commands.compare import _say_changes
from generator.model import snapshot
from generator.model.cell import CellRef
from generator.model.changes import Change, What, changes, places, sentence, with_places
from generator.model.snapshot import Snapshot
from generator.model.trace import Trace, trace
from generator.narrative.compose import compose
from generator.workbook.read import read
from tests.altered import Value, alter
from tests.support import sample


def taken(path: Path) -> tuple[Snapshot, Trace]:
    edition, book = read(path)
    kept = snapshot.from_json(json.loads(json.dumps(snapshot.to_json(snapshot.snapshot(book)))))
    return kept, trace(compose(edition, book, draft=True)[0])


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample("sample-2021", tmp_path_factory.mktemp("changes"))


def told(workbook: Path, folder: Path, corrections: Mapping[str, Value]) -> list[str]:
    (old, before), (new, after) = taken(workbook), taken(alter(workbook, folder / "改.xlsx", corrections))
    return [sentence(one) for one in with_places(changes(old, new), before, after)]


def test_nothing_changed(workbook: Path) -> None:
    kept, _ = taken(workbook)
    assert changes(kept, kept) == ()
    _, book = read(workbook)
    assert changes(kept, snapshot.snapshot(book)) == ()


def test_a_cell_old_to_new_with_all_it_moved(workbook: Path, tmp_path: Path) -> None:
    assert told(workbook, tmp_path, {"03支出决算表!D7": 35814861.1}) == [
        "03支出决算表!D7 基本支出（合计）：34,814,861.10 → 35,814,861.10，涉及：表3；三、支出决算情况说明；图3"
    ]


def test_a_change_too_small_to_be_seen_moves_nothing(workbook: Path, tmp_path: Path) -> None:
    said = told(workbook, tmp_path, {"增减原因!C6": "51203648.91"})
    assert said == ["增减原因!C6 上年数（收、支总计（表1））：51,203,648.90 → 51,203,648.91，公开文档中没有用到"]


def test_a_blank_is_called_so(workbook: Path, tmp_path: Path) -> None:
    said = told(workbook, tmp_path, {"增减原因!F6": None})
    assert len(said) == 1
    assert "→ 空，涉及：一、收入支出决算总体情况说明" in said[0]


def test_a_subject_that_becomes_another_comes_and_goes(workbook: Path, tmp_path: Path) -> None:
    said = told(workbook, tmp_path, {"03支出决算表!A14": "2070199"})
    assert any("新增一行“2070199" in one for one in said)
    assert any("删去一行“20701" in one for one in said)


def test_a_row_put_into_a_list_moves_no_other() -> None:
    def listed(*names: str) -> Snapshot:
        from generator.model.cell import CellRef
        from generator.model.snapshot import Entry, SnapBlock, SnapRow, SnapSheet

        rows = tuple(
            SnapRow(
                str(number),
                name,
                (
                    Entry("name", CellRef("项目清单", 4 + number, 1), name),
                    Entry("budget", CellRef("项目清单", 4 + number, 2), f"{len(name)}.00"),
                ),
            )
            for number, name in enumerate(names, 1)
        )
        heads = {"name": "项目名称", "budget": "全年预算数"}
        return Snapshot("", "万元", (SnapSheet("projects", "项目清单", (SnapBlock("projects", True, heads, rows),)),))

    found = changes(listed("图书馆建设", "文物保护项目"), listed("图书馆建设", "全民健身", "文物保护项目"))
    assert [(one.what, one.name) for one in found] == [(What.ROW_ADDED, "全民健身")]
    found = changes(listed("甲", "乙乙"), listed("乙乙"))
    assert [(one.what, one.name) for one in found] == [(What.ROW_GONE, "甲")]


def test_every_block_has_a_place(workbook: Path) -> None:
    _, traced = taken(workbook)
    found = places(traced)
    assert set(found) == {block.id for block in traced.blocks}
    assert all(found.values())
    assert found["t.expenditure.grid"] == "表3"
    assert found["p3.s3.chart"] == found["p3.s3.chart.caption"] == "图3"
    assert found["p3.s3.text"] == "三、支出决算情况说明"
    assert found["cover.date"] == "封面"


# On the command line


def run(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(gongkai, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def twice(workbook: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The workbook and a corrected one."""
    return workbook, alter(workbook, tmp_path / "改.xlsx", {"增减原因!C6": 62203648.9})


def test_a_second_run_ends_with_what_changed(twice: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = twice
    target = tmp_path / "公开.docx"
    assert "变化" not in run("generate", first, "-o", target, "--no-mark")
    assert "工作簿没有变化" in run("generate", first, "-o", target, "--no-mark")
    said = run("generate", second, "-o", target, "--no-mark", "--redline", "--review")
    assert "有 1 处变化" in said
    assert "51,203,648.90 → 62,203,648.90，涉及：一、收入支出决算总体情况说明；图1" in said
    assert (tmp_path / "公开.修订.docx").is_file()
    assert (tmp_path / "公开.审阅.html").is_file()


def test_what_was_typed_comes_before_what_formulas_made_of_it(
    workbook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Formula cells that the document does not show are only counted, in whatever number they come."""
    _, book = read(workbook)
    new = snapshot.snapshot(book)
    entries = [e for sheet in new.sheets for block in sheet.blocks for row in block.rows for e in row.entries]
    assert {entry.formula for entry in entries} == {False, True}
    typed = [Change(What.CELL, "甲", f"填{n}", "1.00", "2.00", (CellRef("甲", n, 1),)) for n in range(1, 3)]
    follows = [one._replace(name=f"算{n}", computed=True) for n, one in enumerate(typed * 10)]
    shown = follows[0]._replace(moved=("表3",))
    _say_changes("工作簿", [*follows, shown, *typed], show_all=False)
    assert capsys.readouterr().out.splitlines() == [
        "工作簿有 23 处变化：",
        *(f"  · {sentence(one)}" for one in (*typed, shown)),
        "  另有 20 个公式格随之变化，公开文档中没有用到，加 --all 可全部列出。",
    ]
    _say_changes("工作簿", [*follows, shown, *typed], show_all=True)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 24
    assert "填1" in said[1]


def test_the_same_as_json(twice: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = twice
    target = tmp_path / "公开.docx"
    run("generate", first, "-o", target, "--no-mark")
    held = json.loads(run("generate", second, "-o", target, "--no-mark", "--redline", "--format", "json"))
    assert [one["cells"] for one in held["changes"]] == [["增减原因!C6"]]
    assert held["changes"][0]["computed"] is False
    assert held["changes"][0]["places"] == ["一、收入支出决算总体情况说明", "图1"]
    assert held["redline"].endswith("公开.修订.docx")
    assert "review" not in held


def test_no_redline_without_an_earlier_version(workbook: Path, tmp_path: Path) -> None:
    said = run("generate", workbook, "-o", tmp_path / "公开.docx", "--no-mark", "--redline")
    assert "没有写修订稿：没有上一版" in said
    assert not (tmp_path / "公开.修订.docx").exists()


def test_diff_of_two_workbooks(twice: tuple[Path, Path]) -> None:
    first, second = twice
    assert "有 1 处变化" in run("diff", first, second)
    held = json.loads(run("diff", first, second, "--format", "json"))
    assert held["changes"][0]["before"] == "51,203,648.90"
    assert "没有变化" in run("diff", first, first)


def test_diff_of_two_documents(twice: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = tmp_path / "先.docx", tmp_path / "后.docx"
    run("generate", twice[0], "-o", one, "--no-mark")
    run("generate", twice[1], "-o", other, "--no-mark")
    said = run("diff", one, other)
    assert "一、收入支出决算总体情况说明：" in said
    assert "增加" in said
    assert "减少" in said
    assert json.loads(run("diff", one, other, "--format", "json"))["differences"][0]["what"] == "text"
    assert "没有不同" in run("diff", one, one)
    assert "有 1 处变化" in run("diff", one, twice[1])  # what was corrected since the document was made


def test_diff_refuses_in_plain_words(workbook: Path, tmp_path: Path) -> None:
    broken = tmp_path / "坏.docx"
    broken.write_bytes(b"not a document")
    for arguments in ((workbook, broken), (broken, broken), (workbook, tmp_path / "没有.docx")):
        done = CliRunner().invoke(gongkai, ["diff", *map(str, arguments)])
        assert done.exit_code == 2
        assert "Traceback" not in done.output
    assert "只能比较" in run("diff", workbook, tmp_path / "a.pdf", code=2)
