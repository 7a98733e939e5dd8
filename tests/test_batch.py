"""Many departments at once: nobody's defect is lost or invented, nothing is done twice, and nothing stops the rest."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import batch_workers
import departments
import docx
import openpyxl
import pytest
from altered import alter
from click.testing import CliRunner, Result
from departments import Made
from support import docx_lines

from generator.bureau import batch, inputs, work
from generator.bureau.engine import Dask, Died, Local, run
from generator.bureau.figures import view
from generator.bureau.outliers import outliers
from generator.bureau.rounds import compare, explained
from generator.bureau.sheets import Book
from generator.bureau.store import Record, Status, Store
from generator.bureau.tally import Measure, Tally, Value, alike, plain_words
from generator.commands import cli
from generator.editions import BUILT_IN, EditionError, Library, ids, load
from generator.model.finding import Refusal

ROOT = Path(__file__).resolve().parents[1]
COUNT, FAULTY, BROKEN = 12, 4, 5


class Here:
    """Workers as threads of this process: quicker where processes are not what is tested."""

    renew = 0

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    @contextmanager
    def open(self, alone: bool = False) -> Iterator[tuple[Executor, int]]:
        with ThreadPoolExecutor(1) as executor:
            yield executor, 1


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.bureau.engine.Local", Here)


def command(*arguments: object) -> Result:
    return CliRunner().invoke(cli.gongkai, ["batch", *map(str, arguments)])


def sheet(summary: Path, title: str, head: int) -> list[dict[str, Any]]:
    """Rows below the heads in row ``head``, by head."""
    rows = list(openpyxl.load_workbook(summary)[title].iter_rows(min_row=head, values_only=True))
    heads = [str(text) for text in rows[0]]
    return [dict(zip(heads, row, strict=True)) for row in rows[1:]]


def values(summary: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {ws.title: list(ws.iter_rows(values_only=True)) for ws in openpyxl.load_workbook(summary)}


def tree(output: Path) -> dict[str, bytes]:
    """Every file but the summary, whose package carries the time it was written."""
    files = [path for path in output.rglob("*") if path.is_file() and path.name not in ("汇总.xlsx", "summary.json")]
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, ...]:
    return departments.make(tmp_path_factory.mktemp("batch") / "报送", COUNT, faulty=FAULTY, broken=BROKEN)


@pytest.fixture(scope="module")
def done(sent: tuple[Made, ...]) -> tuple[Path, Result]:
    output = sent[0].path.parent.parent / "结果"
    return output, command(sent[0].path.parent, "-o", output, "--jobs", 2)


def copy_of(done: tuple[Path, Result], folder: Path) -> Path:
    return Path(shutil.copytree(done[0], folder / "结果"))


def test_the_summary_names_exactly_the_planted_defects(sent: tuple[Made, ...], done: tuple[Path, Result]) -> None:
    output, result = done
    assert result.exit_code == 1, result.output
    rows = sheet(output / "汇总.xlsx", "部门一览", 2)
    wanted = {m.path.name: "文件不能使用" if m.unusable else "有错误，未生成" if m.faults else "已生成" for m in sent}
    assert {row["工作簿"]: row["状态"] for row in rows} == wanted
    named = {(r["工作簿"], r["位置"] or "") for r in sheet(output / "汇总.xlsx", "问题清单", 2)}
    assert named == {(m.path.name, cell) for m in sent for cell in m.faults} | {
        (m.path.name, "") for m in sent if m.unusable
    }
    heat = sheet(output / "汇总.xlsx", "规则热图", 3)
    assert heat[0]["S0"] == BROKEN
    assert [row["W3"] for row in heat[1:4]] == [1, 1, None]  # the second: what text in a sum's row makes unanswerable


def test_key_figures_are_those_of_the_workbooks(sent: tuple[Made, ...], done: tuple[Path, Result]) -> None:
    row = sheet(done[0] / "汇总.xlsx", "部门一览", 2)[-1]
    found = departments.book(sent[-1].path)
    total = found.figure("totals", "expenditure_total", "amount").value
    last = found.figure("changes", "general", "last").value
    general = found.figure("general", "all", "total").value
    assert row["本年支出合计"] == pytest.approx(float(total), abs=0.005)
    assert row["一般公共预算财政拨款支出：增减幅度"] == pytest.approx(float((general - last) / last), abs=0.00005)
    assert row["一般公共预算财政拨款支出：完成率"] == pytest.approx(
        float(general / found.figure("initial_budget", "all", "initial").value), abs=0.00005
    )


def test_every_department_gets_its_files(sent: tuple[Made, ...], done: tuple[Path, Result]) -> None:
    output, _ = done
    for made in sent:
        stem = made.path.stem
        there = {end for end in (".docx", inputs.MARKED, inputs.LETTER) if (output / f"{stem}{end}").is_file()}
        wrong = {inputs.LETTER} if made.unusable else {inputs.LETTER, inputs.MARKED} if made.faults else {".docx"}
        assert there == wrong, made.path.name


def test_the_letter_names_unit_cells_and_what_to_do(sent: tuple[Made, ...], done: tuple[Path, Result]) -> None:
    path = done[0] / f"{sent[0].path.stem}{inputs.LETTER}"
    lines = docx_lines(path)
    assert lines[1] == f"{sent[0].unit}："
    assert any(line.startswith("1. ") and sent[0].faults[0] in line and "处理：" in line for line in lines)
    assert any(f"{sent[0].path.stem}{inputs.MARKED}" in line for line in lines)
    _, addressee, body, *_, seal, date = docx.Document(str(path)).paragraphs
    assert {one.style.name for one in (addressee, seal, date)} == {body.style.name}  # in the type of the letter
    assert addressee.paragraph_format.first_line_indent == 0
    refused = docx_lines(done[0] / f"{sent[FAULTY].path.stem}{inputs.LETTER}")
    assert any("不能读取" in line for line in refused)


@pytest.mark.usefixtures("here")
def test_nothing_unchanged_is_done_again(sent: tuple[Made, ...], done: tuple[Path, Result], tmp_path: Path) -> None:
    output = copy_of(done, tmp_path)
    before = tree(output)
    again = command(sent[0].path.parent, "-o", output, "--format", "json")
    assert json.loads(again.stdout)["skipped"] == COUNT
    assert tree(output) == before
    assert values(output / "汇总.xlsx") == values(done[0] / "汇总.xlsx")
    (output / f"{sent[-1].path.stem}.docx").unlink()
    assert json.loads(command(sent[0].path.parent, "-o", output, "--format", "json").stdout)["skipped"] == COUNT - 1
    assert tree(output) == before


@pytest.mark.usefixtures("here")
def test_json_tells_what_the_summary_tells(sent: tuple[Made, ...], done: tuple[Path, Result], tmp_path: Path) -> None:
    told = json.loads(command(sent[0].path.parent, "-o", copy_of(done, tmp_path), "--format", "json").stdout)
    assert [d["workbook"] for d in told["departments"]] == [m.path.name for m in sent]
    by_name = {d["workbook"]: d for d in told["departments"]}
    for made in sent:
        accused = {c for f in by_name[made.path.name]["findings"] if f["severity"] == "error" for c in f["cells"][:1]}
        assert accused == set(made.faults)
    assert told["errors"] == FAULTY + BROKEN


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
@pytest.mark.usefixtures("here")
def test_stopped_again_and_again_and_taken_up_ends_the_same(
    sent: tuple[Made, ...], done: tuple[Path, Result], tmp_path: Path
) -> None:
    output = tmp_path / "结果"
    line = [sys.executable, str(ROOT / "cli.py"), "batch", str(sent[0].path.parent), "-o", str(output), "--jobs", "1"]
    results = output / ".gongkai" / "batch" / "results"
    for how, after in ((signal.SIGINT, 2), (signal.SIGTERM, 5), (signal.SIGKILL, FAULTY + BROKEN)):
        running = subprocess.Popen(
            line, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, encoding="utf-8", start_new_session=True
        )
        until = time.monotonic() + 60
        while len(list(results.glob("*.json"))) < after and time.monotonic() < until and running.poll() is None:
            time.sleep(0.005)
        if how is signal.SIGINT:
            os.killpg(running.pid, how)  # as a terminal does: the workers hear it too
        else:
            running.send_signal(how)
        if how is signal.SIGTERM:  # somebody can't wait
            time.sleep(0.01)
            running.send_signal(how)
        said = running.communicate(timeout=60)[1]
        assert running.returncode == (-how if how is signal.SIGKILL else 130)
        assert "Traceback" not in said
        assert how is signal.SIGKILL or "重新运行同一命令即可继续" in said
        begun = len(list(results.glob("*.json")))
        assert after <= begun < COUNT
        assert not (output / "汇总.xlsx").exists()
    again = json.loads(command(sent[0].path.parent, "-o", output, "--format", "json").stdout)
    assert again["skipped"] >= begun - 1  # a worker may have finished one more after we counted
    assert tree(output) == tree(done[0])
    assert values(output / "汇总.xlsx") == values(done[0] / "汇总.xlsx")


@pytest.mark.usefixtures("here")
def test_a_second_round_shows_what_was_put_right(tmp_path: Path) -> None:
    made = departments.make(tmp_path / "报送", 3, faulty=2, broken=0)
    output = tmp_path / "结果"
    command(tmp_path / "报送", "-o", output, "--jobs", 1)
    base = next((tmp_path / "base").glob("*.xlsx"))
    departments.rename(base, made[0].path, made[0].unit)  # all put right
    fresh = departments.wrong_total(base, made[1].path)  # one more beside the one that is still there
    result = command(tmp_path / "报送", "-o", output, "--jobs", 1)
    assert "没有变化" in result.output
    told = {
        (r["单位"], r["结果"], r["位置"]) for r in sheet(output / "汇总.xlsx", "整改情况", 2) if r["级别"] == "错误"
    }
    assert told == {
        (made[0].unit, "已改正", made[0].faults[0]),
        (made[1].unit, "仍存在", made[1].faults[0]),
        (made[1].unit, "新出现", fresh[0]),
    }
    rows = {row["单位"]: row for row in sheet(output / "汇总.xlsx", "部门一览", 2)}
    assert [rows[m.unit]["轮次"] for m in made] == [2, 2, 1]
    assert (output / f"{made[0].path.stem}.docx").is_file()
    assert not (output / f"{made[0].path.stem}{inputs.LETTER}").exists()  # it would ask for what is done
    assert (output / work.FORMER / f"{made[0].path.stem}.退回意见.第1次.docx").is_file()
    assert any("仍存在" in line for line in docx_lines(output / f"{made[1].path.stem}{inputs.LETTER}"))


@pytest.mark.usefixtures("here")
def test_only_the_corrected_ones_come_back_under_other_names(tmp_path: Path) -> None:
    made = departments.make(tmp_path / "报送", 3, faulty=1, broken=0)
    output = tmp_path / "结果"
    command(tmp_path / "报送", "-o", output, "--jobs", 1)
    again = tmp_path / "重报" / "改好了.xlsx"
    again.parent.mkdir()
    shutil.copytree(tmp_path / "报送" / "附件", again.parent / "附件")
    departments.rename(next((tmp_path / "base").glob("*.xlsx")), again, made[0].unit)
    result = command(again, "-o", output, "--jobs", 1)
    assert "另有 2 本本次没有送来" in result.output
    rows = {row["单位"]: row for row in sheet(output / "汇总.xlsx", "部门一览", 2)}
    assert len(rows) == 3
    assert rows[made[0].unit]["工作簿"] == "改好了.xlsx"
    assert (rows[made[0].unit]["状态"], rows[made[0].unit]["已改正或说明"]) == ("已生成", 1)
    assert "本次未送" in rows[made[1].unit]["备注"]


@pytest.mark.usefixtures("here")
def test_two_departments_with_one_name_get_files_each(tmp_path: Path) -> None:
    for folder in ("甲", "乙"):
        (made,) = departments.make(tmp_path / "报送" / folder / "报", 1, faulty=0, broken=0)
        made.path.rename(tmp_path / "报送" / folder / "决算.xlsx")
        shutil.move(tmp_path / "报送" / folder / "报" / "附件", tmp_path / "报送" / folder / "附件")
        shutil.rmtree(tmp_path / "报送" / folder / "base")
    output = tmp_path / "结果"
    command(tmp_path / "报送" / "甲" / "决算.xlsx", tmp_path / "报送" / "乙" / "决算.xlsx", "-o", output, "--jobs", 1)
    assert sorted(p.name for p in output.glob("*.docx")) == ["决算.docx", "甲-决算.docx"]
    assert command(tmp_path / "报送", "-o", output, "--jobs", 1).exit_code == 0
    assert sorted(p.name for p in output.glob("*.docx")) == ["决算.docx", "甲-决算.docx"]


def test_names_are_kept_and_never_meet() -> None:
    known = inputs.names(["b/决算.xlsx"], {})
    assert known == {"b/决算.xlsx": "决算"}
    places = [
        "a/决算.xlsx",
        "b/决算.xlsx",
        "决算.XLS",
        "决算.退回意见.xlsx",
        "长" * 90 + ".xlsx",
        "CON.xlsx",
        "A/决算.xlsx",
    ]
    given = inputs.names(places, known)
    assert given["b/决算.xlsx"] == "决算"
    files = [f"{name}{end}".casefold() for name in given.values() for end in (".docx", inputs.MARKED, inputs.LETTER)]
    assert len(set(files)) == len(files)
    assert all(len(name.encode()) < 230 for name in given.values())


def test_what_lies_about_is_no_workbook(tmp_path: Path) -> None:
    for name in ("a.xlsx", "~$a.xlsx", ".b.xlsx", "a.校验.xlsx", "c.txt", "out/汇总.xlsx", "sub/a.xls"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert [s.place for s in inputs.find([tmp_path], tmp_path / "out")] == ["a.xlsx", "sub/a.xls"]
    assert [s.place for s in inputs.find([tmp_path / "a.xlsx", tmp_path], tmp_path / "out")] == ["a.xlsx", "sub/a.xls"]
    with pytest.raises(Refusal, match="没有找到"):
        inputs.find([tmp_path / "nobody"], tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refusal, match="没有工作簿"):
        inputs.find([tmp_path / "empty"], tmp_path / "out")


def test_what_is_passed_over_is_told(tmp_path: Path) -> None:
    names = (
        "a.xlsx",
        "附件/图.png",
        "附件/没人要.docx",
        "b.rar",
        "c.校验.xlsx",
        "d.csv",
        "~$a.xlsx",
        "Thumbs.db",
        "科目.csv",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    sources = inputs.find([tmp_path], tmp_path / "out")
    assert [s.place for s in sources] == ["a.xlsx"]
    told = list(inputs.others([tmp_path], tmp_path / "out", sources, {inputs.key(tmp_path / "附件" / "图.png")}))
    assert [other.place for other in told] == ["b.rar", "c.校验.xlsx", "d.csv", "附件/没人要.docx"]
    assert ["解压" in told[0].why, "标注副本" in told[1].why] == [True, True]
    (tmp_path / "a.xlsx").unlink()
    with pytest.raises(Refusal, match="没有工作簿") as refusal:
        inputs.find([tmp_path], tmp_path / "out")
    assert "b.rar" in refusal.value.fix


def test_what_other_batches_wrote_is_no_workbook_and_nobody_elses_summary_is_taken_for_ours(tmp_path: Path) -> None:
    with Store(tmp_path / "上次").locked():
        Store(tmp_path / "上次").save_names({"甲局.xlsx": "甲局"})
    ours = (
        "汇总.xlsx",
        "甲局.docx",
        "甲局.校验.xlsx",
        "甲局.退回意见.手工修改-1.docx",
        "甲局.历史/a.docx",
        "往次文件/a.xlsx",
    )
    theirs = ("上次/甲局.xlsx", "上次/甲局.补充.xlsx", "汇总.xlsx", "往次文件/b.xlsx")
    for name in (*(f"上次/{name}" for name in ours), *theirs):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    sources = inputs.find([tmp_path], tmp_path / "out")
    assert {source.place for source in sources} == set(theirs)
    assert list(inputs.others([tmp_path], tmp_path / "out", sources, ())) == []


@pytest.mark.usefixtures("here")
def test_hand_edits_are_kept_and_a_file_saved_anew_is_the_next_round(tmp_path: Path) -> None:
    made = departments.make(tmp_path / "报送", 2, faulty=0, broken=0)
    output, old = tmp_path / "结果", made[1].path.with_suffix(".xls")
    good = made[1].path.read_bytes()
    made[1].path.rename(old)
    old.write_bytes(departments.BROKEN[2](good))
    (tmp_path / "报送" / "乙局.zip").write_bytes(b"x")
    told = json.loads(command(tmp_path / "报送", "-o", output, "--jobs", 1, "--format", "json").stdout)
    assert [(d["workbook"], d["status"]) for d in told["departments"]] == [
        (made[0].path.name, "generated"),
        (old.name, "refused"),
    ]
    assert [other["file"] for other in told["passed_over"]] == ["乙局.zip"]
    letter = docx_lines(output / f"{old.stem}{inputs.LETTER}")
    assert not any("gongkai" in text or "运行" in text for text in letter)
    document = docx.Document(str(output / f"{made[0].path.stem}.docx"))
    body = next(p for p in document.paragraphs if p.style.name == "公开正文" and len(p.text) > 30)
    body.runs[0].text = "经局长办公会审定，" + body.runs[0].text
    document.save(str(output / f"{made[0].path.stem}.docx"))
    reason = str(departments.reasons(departments.book(made[0].path))[0])
    alter(made[0].path, made[0].path, {reason: "因新增设施"})
    old.unlink()
    made[1].path.write_bytes(good)
    told = json.loads(command(tmp_path / "报送", "-o", output, "--jobs", 1, "--format", "json").stdout)
    assert [(d["workbook"], d["status"], d["round"]) for d in told["departments"]] == [
        (one.path.name, "generated", 2) for one in made
    ]
    assert any("手工修改已保留" in note for note in told["departments"][0]["notes"])
    assert any("经局长办公会审定" in text for text in docx_lines(output / f"{made[0].path.stem}.docx"))
    assert (output / f"{made[1].path.stem}.docx").is_file()
    assert told["settled"] == 1  # the file that could not be read


@pytest.mark.usefixtures("here")
def test_copied_reasons_and_those_who_stand_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.bureau.outliers.FEWEST", 6)
    made = departments.make(tmp_path / "报送", 6, faulty=0, broken=0)
    found = departments.book(made[0].path)
    ref = str(departments.reasons(found)[0])
    copied = "增人增资以及补缴以前年度养老保险和职业年金单位部分，新增设施设备维护经费12.5万元"
    alter(made[0].path, made[0].path, {ref: copied})
    alter(made[2].path, made[2].path, {ref: copied.replace("12.5", "80")})
    alter(made[3].path, made[3].path, {ref: copied.replace("以及", "和")})
    head = str(departments.place(found, "unit", "staff_total", "value"))
    part = [str(departments.place(found, "unit", key, "value")) for key in ("staff_admin", "staff_institution")]
    alter(made[5].path, made[5].path, {head: 9, part[0]: 4, part[1]: 5})
    output = tmp_path / "结果"
    command(tmp_path / "报送", "-o", output, "--jobs", 2)
    rows = sheet(output / "汇总.xlsx", "雷同原因", 3)
    assert {(r["组"], r["程度"], r["单位"], r["位置"]) for r in rows} == {
        (1, "几乎相同", made[n].unit, ref) for n in (0, 2, 3)
    }
    apart = sheet(output / "汇总.xlsx", "异常数据", 3)
    assert [(r["单位"], r["指标"]) for r in apart] == [(made[5].unit, "在职人员人均基本支出（万元）")]


@pytest.mark.usefixtures("here")
def test_nothing_from_a_cell_becomes_a_formula(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x","x")'
    (made,) = departments.make(tmp_path / "=报送", 1, faulty=1, broken=0)
    found = departments.book(made.path)
    name = str(departments.place(found, "unit", "name", "value"))
    alter(
        made.path,
        made.path,
        {name: evil, **{str(r): "=1+1，" + "_x000B_坏字符" * 3 for r in departments.reasons(found)[:2]}},
    )
    made.path.rename(made.path.with_name("=cmd.xlsx"))
    output = tmp_path / "结果"
    command(tmp_path / "=报送", "-o", output, "--jobs", 1)
    book = openpyxl.load_workbook(output / "汇总.xlsx")
    cells = [cell for ws in book for row in ws.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells if cell.value == evil and cell.parent.title == "部门一览"] == [True]


@pytest.mark.usefixtures("here")
def test_a_summary_with_notes_of_yours_is_kept(
    sent: tuple[Made, ...], done: tuple[Path, Result], tmp_path: Path
) -> None:
    output = copy_of(done, tmp_path)
    book = openpyxl.load_workbook(output / "汇总.xlsx")
    book["概况"]["H1"] = "张三已电话通知"
    book.save(output / "汇总.xlsx")
    result = command(sent[0].path.parent, "-o", output)
    assert "已另存为" in result.output
    (kept,) = output.glob("汇总.原文件-*.xlsx")
    assert openpyxl.load_workbook(kept)["概况"]["H1"].value == "张三已电话通知"


@pytest.mark.usefixtures("here")
def test_results_may_lie_among_the_workbooks(tmp_path: Path) -> None:
    made = departments.make(tmp_path / "报送", 2, faulty=1, broken=0)
    for _ in range(2):
        command(tmp_path / "报送", "-o", tmp_path / "报送", "--jobs", 1)
        rows = sheet(tmp_path / "报送" / "汇总.xlsx", "部门一览", 2)
        assert [row["工作簿"] for row in rows] == [m.path.name for m in made]


@pytest.mark.usefixtures("here")
def test_what_could_not_be_written_is_tried_again(tmp_path: Path) -> None:
    made = departments.make(tmp_path / "报送", 2, faulty=2, broken=0)
    output = tmp_path / "结果"
    (output / f"{made[0].path.stem}{inputs.LETTER}").mkdir(parents=True)
    result = command(tmp_path / "报送", "-o", output, "--jobs", 1)
    assert (result.exit_code, "是文件夹或设备" in result.output) == (1, True)
    rows = sheet(output / "汇总.xlsx", "部门一览", 2)
    assert [row["状态"] for row in rows] == ["处理失败，下次重试", "有错误，未生成"]
    (output / f"{made[0].path.stem}{inputs.LETTER}").rmdir()
    told = json.loads(command(tmp_path / "报送", "-o", output, "--jobs", 1, "--format", "json").stdout)
    assert told["skipped"] == 1
    assert [(d["status"], d["round"]) for d in told["departments"]] == [("errors", 1), ("errors", 1)]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
@pytest.mark.usefixtures("here")
def test_names_of_another_system_stop_nothing(tmp_path: Path) -> None:
    folder, output = tmp_path / "报送", tmp_path / "结果"
    folder.mkdir()
    for name in ("甲局.xlsx".encode("gbk"), "乙局.rar".encode("gbk"), b"\x1b[31m.xlsx"):
        (folder / os.fsdecode(name)).write_bytes(b"")
    result = command(folder, "-o", output)
    assert (result.exit_code, "共 2 本" in result.output, "\x1b" in result.output) == (1, True, False)
    told = json.loads(command(folder, "-o", output, "--format", "json").stdout)
    assert (told["skipped"], len(told["departments"]), len(told["passed_over"])) == (2, 2, 1)
    assert len(sheet(output / "汇总.xlsx", "部门一览", 2)) == 2


@pytest.mark.usefixtures("here")
def test_two_workbooks_of_one_unit_are_pointed_out(tmp_path: Path) -> None:
    (made,) = departments.make(tmp_path / "报送", 1, faulty=0, broken=0)
    shutil.copy(made.path, made.path.with_name("又一本.xlsx"))
    command(tmp_path / "报送", "-o", tmp_path / "结果", "--jobs", 1)
    rows = sheet(tmp_path / "结果" / "汇总.xlsx", "部门一览", 2)
    assert [row["备注"] for row in rows] == ["同一单位另有一本工作簿"] * 2


@pytest.mark.usefixtures("here")
def test_a_department_and_its_own_office_are_told_apart_and_printed_whole(tmp_path: Path) -> None:
    """They bear the same name: 层次 says which is which, and neither is a second workbook of the other."""
    (made,) = departments.make(tmp_path / "报送", 1, faulty=0, broken=0)
    found = departments.book(made.path)
    own = {str(departments.place(found, "unit", row, "value")): text for row, text in (
        ("scope", "单位决算"), ("head_suffix", "是"))}  # fmt: skip
    alter(made.path, made.path.with_name("本级.xlsx"), own)
    command(tmp_path / "报送", "-o", tmp_path / "结果", "--jobs", 1)
    rows = sheet(tmp_path / "结果" / "汇总.xlsx", "部门一览", 2)
    assert {row["工作簿"]: row["层次"] for row in rows} == {
        made.path.name: "部门决算", "本级.xlsx": "单位决算（本级）",
    }  # fmt: skip
    assert not any("另有一本" in (row["备注"] or "") for row in rows)
    for one in openpyxl.load_workbook(tmp_path / "结果" / "汇总.xlsx"):
        assert one.page_setup.orientation == "landscape"
        assert (one.page_setup.fitToWidth, one.page_setup.fitToHeight) == (1, 0)
        assert one.sheet_properties.pageSetUpPr.fitToPage


@pytest.mark.usefixtures("here")
def test_a_letter_that_only_asks(tmp_path: Path) -> None:
    (made,) = departments.make(tmp_path / "报送", 1, faulty=0, broken=0)
    found = departments.book(made.path)
    alter(made.path, made.path, {str(departments.reasons(found)[0]): None})
    output = tmp_path / "结果"
    assert command(tmp_path / "报送", "-o", output, "--jobs", 1).exit_code == 0
    lines = docx_lines(output / f"{made.path.stem}{inputs.LETTER}")
    assert lines[0].startswith("关于核实《")
    assert not any("退回" in line for line in lines)
    assert any("核实说明" in line for line in lines)


@pytest.mark.usefixtures("here")
def test_an_export_and_a_workbook_without_a_year_get_no_letter_about_the_year_nought(tmp_path: Path) -> None:
    (made,) = departments.make(tmp_path / "报送", 1, faulty=0, broken=0)
    book = openpyxl.load_workbook(made.path)
    for title in book.sheetnames:
        if not title[:2].isdigit():
            del book[title]
    book.save(tmp_path / "报送" / "导出.xlsx")
    alter(made.path, made.path, {str(departments.place(departments.book(made.path), "unit", "year", "value")): None})
    output = tmp_path / "结果"
    told = command(tmp_path / "报送", "-o", output, "--jobs", 1).output
    assert "像是报表软件导出的表" in told.replace("\n", "")
    assert "gongkai import 导入" in told.replace("\n", "")
    for name in ("导出", made.path.stem):
        lines = docx_lines(output / f"{name}{inputs.LETTER}")
        assert lines[0] == "关于退回修改公开工作簿的意见"
        assert not any("《0年度" in line for line in lines)


@pytest.mark.usefixtures("here")
def test_one_batch_at_a_time_in_a_folder(sent: tuple[Made, ...], tmp_path: Path) -> None:
    with Store(tmp_path).locked():
        result = command(sent[0].path, "-o", tmp_path)
    assert (result.exit_code, "另一个批量处理" in result.output) == (2, True)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_a_worker_that_dies_costs_nobody_elses_job(tmp_path: Path) -> None:
    results = dict(run(range(12), batch_workers.twice_or_die, Local(2)))
    assert isinstance(results[3], Died)
    assert isinstance(results[5], MemoryError)
    assert {job: r for job, r in results.items() if job not in (3, 5)} == {
        n: n * 2 for n in range(12) if n not in (3, 5)
    }
    names = [str(tmp_path / f"{n}{'.once' if n == 2 else ''}") for n in range(5)]
    assert {result for _, result in run(names, batch_workers.die_once, Local(2))} == {Path(name).name for name in names}


def test_workers_are_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.bureau.engine._RENEWED", 2)
    pids = {result for _, result in run(range(6), batch_workers.process, Local(1))}
    assert len(pids) == 3


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
@pytest.mark.parametrize("handle", [batch_workers.killed_by_one, batch_workers.hang])
def test_a_workbook_that_kills_its_worker_is_named_and_tried_again(handle: Any, tmp_path: Path) -> None:
    made = departments.make(tmp_path / "报送", 4, faulty=0, broken=0)
    for one in (made[0], made[2], made[3]):
        one.path.write_bytes(b"")  # soon done with
    output = tmp_path / "结果"
    sources = inputs.find([tmp_path / "报送"], output)
    first = batch.run_batch(sources, output, Local(2), handle=handle)
    states = {record.place: record.status for record, _ in first.records()}
    wrong = {made[1].path.name, *([made[2].path.name] if handle is batch_workers.killed_by_one else [])}
    assert states == {m.path.name: Status.FAILED if m.path.name in wrong else Status.REFUSED for m in made}
    again = batch.run_batch(sources, output, Local(1))
    assert again.skipped == 4 - len(wrong)
    assert again.totals.by_status == {Status.GENERATED: 1, Status.REFUSED: 3}


def test_dask_in_place_of_our_own_workers(sent: tuple[Made, ...], done: tuple[Path, Result], tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    output = tmp_path / "结果"
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        some = [made.path for made in (sent[0], sent[FAULTY], sent[-2], sent[-1])]
        result = command(*some, "-o", output, "--dask", cluster.scheduler_address)
    assert result.exit_code == 1, result.output
    theirs, ours = (
        {name: data for name, data in tree(folder).items() if any(path.stem in name for path in some)}
        for folder in (output, done[0])
    )
    assert theirs == ours
    rows = [row for row in sheet(done[0] / "汇总.xlsx", "问题清单", 2) if row["工作簿"] in {path.name for path in some}]
    assert sheet(output / "汇总.xlsx", "问题清单", 2) == rows


def test_dask_that_is_not_there_is_said_plainly(
    sent: tuple[Made, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = command(sent[0].path, "-o", tmp_path / "结果", "--dask", "tcp://127.0.0.1:1")
    assert (result.exit_code, "没有安装 Dask" in result.output) == (2, True)
    monkeypatch.undo()
    pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setattr("generator.bureau.engine._CONNECT", "1s")
    with pytest.raises(Refusal, match="连接不上"), Dask("tcp://127.0.0.1:1").open():
        pass


# What is asked of all departments together.


def measure(*numbers: str, unit: str = "%") -> Measure:
    return Measure(
        "某年度决算", "指标", unit, tuple(Value(f"{n}.xlsx", f"第{n}局", Decimal(v)) for n, v in enumerate(numbers))
    )


@pytest.mark.parametrize(
    ("numbers", "apart"),
    [
        (["0.10", "0.11", "0.09", "0.12", "0.10", "0.08", "0.11", "0.95"], [7]),
        (["0.10", "0.11", "0.09", "0.12", "0.10", "0.08", "0.95"], []),  # too few to compare
        (["0.1"] * 9, []),
        (["0.1"] * 9 + ["0.5"], [9]),
        (["0.100", "0.101", "0.102", "0.100", "0.101", "0.102", "0.101", "0.120"], []),  # less than five points
        ([f"0.{'3' * 60}"] * 11 + ["0.8"], [11]),  # equal to the last of many digits
        (["-3", "0.1", "0.2", "0.15", "0.12", "0.1", "0.11", "0.12", "4"], [8, 0]),
    ],
)
def test_who_stands_out(numbers: list[str], apart: list[int]) -> None:
    found = list(outliers([measure(*numbers)]))
    assert [o.value.place for o in found] == [f"{n}.xlsx" for n in apart]
    assert all(Decimal("3.5") < abs(o.score) < 1000 for o in found)


def test_reasons_are_alike_but_for_figures_and_names() -> None:
    left = plain_words("某某局因新增图书馆开馆运行经费 35.2 万元，较上年增加。", "某某局")
    assert left == plain_words("因新增图书馆开馆运行经费1,035.20万元,较上年增加", "别的局")
    assert alike("因新增图书馆开馆运行经费和设备购置费较上年增加", "因新增图书馆开馆运行经费和设备采购费较上年增加")
    assert not alike("因新增图书馆开馆运行经费较上年增加", "因人员退休减少工资支出较上年减少")


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("因公出国（境）费", "本年没有安排因公出国（境）预算。"),
        ("其中：公务接待费", "厉行节约，本年没有发生公务接待。"),
        ("公务用车购置费", "本单位2021年度未购置公务用车，与上年持平，无变化。"),
        ("支出合计", "按年初预算执行，与上年决算数一致"),
    ],
)
def test_what_everybody_says_is_not_copied(row: str, text: str) -> None:
    said = [replace(record(place, text), reasons=({"cell": "A1", "row": row, "text": text},)) for place in "甲乙丙"]
    assert copied(*said) == []


def record(place: str, *reasons: str, unit: str = "") -> Record:
    said = tuple({"cell": f"增减原因!F{n}", "row": "合计", "text": text} for n, text in enumerate(reasons, 6))
    return Record(place, place, Status.GENERATED, unit=unit or place, reasons=said)


def copied(*records: Record) -> list[set[str]]:
    with Tally(BUILT_IN) as tally:
        for one in records:
            tally.add(one)
        return [{said.place for said in group} for _, group in tally.copied()]


def test_who_copies_from_whom() -> None:
    long = "落实过紧日子要求压减会议培训差旅等一般性支出并取消因公出国计划"
    assert copied(record("甲", long), record("乙", "无"), record("丙", f"{long}。")) == [{"甲", "丙"}]
    assert copied(record("甲", long, long), record("乙", "无")) == []  # within one unit: another rule's affair
    assert copied(record("甲", "无"), record("乙", "无"), record("丙", "不适用"), record("丁", "不适用")) == []
    assert copied(record("甲", long, unit="某局"), record("乙", long, unit="某局")) == []  # one unit's two workbooks
    many = [record(f"{n}", long.replace("会议", departments.words(str(n))[:2])) for n in range(60)]
    assert copied(*many) == [{f"{n}" for n in range(60)}]


def test_short_reasons_count_where_many_say_them_word_for_word() -> None:
    short = "本年信息化建设项目减少"
    assert copied(record("甲", short), record("乙", short)) == []
    assert copied(record("甲", short), record("乙", f"{short}。"), record("丙", short)) == [{"甲", "乙", "丙"}]
    assert copied(*(record(name, "本年人员经费支出增加") for name in "甲乙丙")) == []


def test_an_answered_warning_is_not_said_to_be_put_right() -> None:
    def matter(cell: str) -> dict[str, Any]:
        return {"rule": "Z1", "cells": [cell], "message": f"{cell} 有疑问"}

    right, answered = matter("表!B2"), matter("表!B3")
    found = compare([right, answered], [])
    assert explained(found.settled, [{**answered, "answer": "已核实"}]) == ((right,), (answered,))


def test_wrapped_rows_are_as_tall_as_their_text() -> None:
    book = Book()
    made = book.sheet("清单", (10, 40))
    made.row("短", "短")
    made.row("短", "长" * 100)
    written = openpyxl.load_workbook(io.BytesIO(book.data()))["清单"]
    assert written.row_dimensions[1].height is None
    assert 60 <= (written.row_dimensions[2].height or 0) <= 120


def test_matters_are_followed_though_rows_have_moved() -> None:
    def matter(rule: str, cell: str, message: str) -> dict[str, Any]:
        return {"rule": rule, "severity": "error", "cells": [cell], "message": message, "fix": ""}

    before = [matter("W2", "03支出决算表!D9", "第 9 行差 1.00"), matter("S4", "表!A1", "不是数字")]
    now = [matter("W2", "03支出决算表!D10", "第 10 行差 1.00"), matter("X1", "表!A1", "不等")]
    found = compare(before, now)
    assert (found.settled, found.remaining, found.fresh) == ((before[1],), (now[0],), (now[1],))
    assert compare(before, before).remaining == tuple(before)


@pytest.mark.parametrize("edition_id", ids())
def test_every_edition_says_what_a_bureau_looks_at(edition_id: str) -> None:
    seen = view(load(edition_id))
    keys = [figure.key for figure in seen.figures]
    assert {"income", "expenditure", "fiscal", "general", "three_public"} <= set(keys)
    assert len(set(keys)) == len(keys)
    assert seen.ratios
    assert seen.reasons


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("unit: 万元", 'unit: "%"'),  # 人均支出
        ("expenditure.all.project / expenditure.all.total", "expenditure.all.project - expenditure.all.total"),
    ],
)
def test_only_a_quotient_of_like_amounts_is_a_percentage(old: str, new: str, tmp_path: Path) -> None:
    own = tmp_path / "wuhan-final-2021"
    shutil.copytree(ROOT / "templates" / own.name, own)
    (tmp_path / "shared").symlink_to(ROOT / "templates" / "shared")
    text = (own / "bureau.yaml").read_text(encoding="utf-8")
    assert old in text
    (own / "bureau.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(EditionError, match=r"bureau.yaml 第 \d+ 行.*unit 是“%”.*同类数之比"):
        view(Library((tmp_path,)).load(own.name))


@pytest.mark.usefixtures("here")
def test_an_edition_that_is_wrong_is_said_of_each_workbook(tmp_path: Path) -> None:
    departments.make(tmp_path / "报送", 1, faulty=0, broken=0)
    own = tmp_path / "版式"
    shutil.copytree(ROOT / "templates", own)
    (own / "wuhan-final-2021" / "bureau.yaml").write_text(
        "figures:\n  - {key: income, label: 收入, value: totals.nothing.amount}\n", encoding="utf-8"
    )
    result = command(tmp_path / "报送", "-o", tmp_path / "结果", "--jobs", 1, "--templates", own)
    assert result.exit_code == 1
    assert "bureau.yaml" in result.output
    assert "totals.nothing.amount" in result.output
    checked = CliRunner().invoke(cli.gongkai, ["editions", "check", "wuhan-final-2021", "--templates", str(own)])
    assert (checked.exit_code, "totals.nothing.amount" in checked.output) == (1, True)
    (own / "wuhan-final-2021" / "bureau.yaml").unlink()
    assert command(tmp_path / "报送", "-o", tmp_path / "结果", "--jobs", 1, "--templates", own).exit_code == 0
    rows = sheet(tmp_path / "结果" / "汇总.xlsx", "部门一览", 2)
    assert [row["状态"] for row in rows] == ["已生成"]
    assert "本年收入合计" not in rows[0]
    (own / "wuhan-final-2021" / "glossary.yaml").write_bytes(
        (own / "wuhan-final-2021" / "glossary.yaml").read_bytes() + b"\n# changed\n"
    )
    told = command(tmp_path / "报送", "-o", tmp_path / "结果", "--jobs", 1, "--templates", own, "--format", "json")
    assert json.loads(told.stdout)["skipped"] == 0  # another form, another result


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = replace(record("甲", "半个字\ud800"), previous=(), written={"甲.docx": "0"}, inputs={"": "1"})
    with store.locked():
        store.save(first)
        assert store.load("甲") == first
        store.record_path("甲").write_bytes(b'{"schema": 1}')
        assert store.load("甲") is None


@pytest.fixture(autouse=True)
def _no_stray_workers() -> Iterator[None]:
    """Nobody is left behind."""
    yield
    import multiprocessing

    assert [child.name for child in multiprocessing.active_children() if "Spawn" in child.name] == []
