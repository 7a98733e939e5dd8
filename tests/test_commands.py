"""The command line: exit codes, the one JSON object, Chinese words everywhere, and consoles that know no Chinese."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator import __version__, pipeline
from generator.commands import chinese, cli, report
from generator.editions import ids
from generator.model.cell import CellRef
from generator.model.finding import Finding, Refusal, Severity
from generator.pipeline import Checked, Generated, Marked

from support import fill, load_source  # isort: skip

ROOT = Path(__file__).resolve().parents[1]
CELLS = tuple(CellRef("03支出决算表", row, 4) for row in range(12, 20))
FAULT = Finding("X1", Severity.ERROR, "表2合计 1.00 与表1合计 2.00 不等，相差 1.00。", "请核对两表。", CELLS)
DOUBT = Finding("Y1", Severity.WARNING, "增减幅度较大。", "请核实。", CELLS[:1], unanswerable=True)
HINT = Finding("W9", Severity.INFO, "已按万元读取。")


def run(*arguments: str, command: object = cli.gongkai) -> Result:
    return CliRunner().invoke(command, list(arguments))  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Named:
    id: str


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch):
    """Let the pipeline answer with given findings; what it was asked is recorded."""
    asked: list[tuple] = []

    def answer(*findings: Finding, **result: object) -> list[tuple]:
        def generate(*args: object, **options: object) -> Generated:
            asked.append((args, options))
            return Generated("某版式", findings, **result)  # type: ignore[arg-type]

        def check(*args: object) -> Checked:
            asked.append((args, {}))
            return Checked(_Named("某版式"), None, findings)  # type: ignore[arg-type]

        monkeypatch.setattr(pipeline, "generate", generate)
        monkeypatch.setattr(pipeline, "check", check)
        monkeypatch.setattr(pipeline, "examine", lambda checked, say: checked)
        monkeypatch.setattr(pipeline, "mark", lambda workbook, found, target, say: Marked(target))
        return asked

    return answer


@pytest.mark.parametrize(
    ("findings", "code"),
    [((), 0), ((DOUBT, HINT), 0), ((FAULT,), 1)],
    ids=["clean", "warnings", "errors"],
)
def test_exit_codes_and_closing_lines(made, findings: tuple[Finding, ...], code: int) -> None:
    written = {} if code else {"output": Path("outputs/a.docx"), "pages": 36}
    made(*findings, **written)
    generated, checked = run("generate", "a.xlsx"), run("check", "a.xlsx")
    assert (generated.exit_code, checked.exit_code) == (code, code)
    closing = generated.output.splitlines()[-1]
    assert closing.startswith("未生成文档" if code else "已生成：outputs/a.docx，共 36 页")
    assert report.counts(findings) in closing
    assert checked.output.splitlines()[-1].startswith("校验完成：" + ("有错误" if code else "没有错误"))


def test_options_reach_the_pipeline(made) -> None:
    asked = made(FAULT, output=Path("b.docx"), set_aside=Path("b.手工修改-1.docx"))
    result = run("generate", "a.xlsx", "-o", "b.docx", "--draft", "--edition", "某版式")
    (args, options), *_ = asked
    assert args == (Path("a.xlsx"), Path("b.docx"))
    assert (options["draft"], options["edition_id"]) == (True, "某版式")
    assert result.exit_code == 1  # the draft is written, the errors stay errors
    assert "已生成草稿：b.docx" in result.output
    assert "已另存为：b.手工修改-1.docx" in result.output


def test_json_is_one_object_of_the_given_shape(made) -> None:
    made(FAULT, DOUBT)
    for command in ("generate", "check"):
        result = run(command, "a.xlsx", "--format", "json")
        assert result.exit_code == 1
        assert json.loads(result.stdout) == {
            "workbook": "a.xlsx",
            "edition": "某版式",
            "output": None,
            "marked": str(Path("outputs") / "a.校验.xlsx"),
            "findings": [
                {
                    "rule": "X1",
                    "severity": "error",
                    "cells": [f"03支出决算表!D{row}" for row in range(12, 20)],
                    "message": FAULT.message,
                    "fix": FAULT.fix,
                },
                {
                    "rule": "Y1",
                    "severity": "warning",
                    "cells": ["03支出决算表!D12"],
                    "message": DOUBT.message,
                    "fix": DOUBT.fix,
                },
            ],
        }


@pytest.mark.parametrize(
    ("arguments", "workbook", "words"),
    [
        (["generate", "无此文件.xlsx", "--format", "json"], "无此文件.xlsx", ""),
        (["check", "无此文件.xlsx", "--format=json"], "无此文件.xlsx", ""),
        (["generate", "--format", "json"], None, "缺少“工作簿”"),
        (["check", "a.xlsx", "--drat", "--format", "json"], None, "没有选项 --drat"),
        (["generate", "a.xlsx", "b.xlsx", "--format", "json"], "a.xlsx", "多余的内容：b.xlsx"),
        (["generate", "a.xlsx", "-o", "a.pdf", "--format", "json"], "a.xlsx", "应以 .docx 结尾"),
        (["generate", "a.xlsx", "--edition", "无此版式", "--format", "json"], "a.xlsx", ""),
    ],
)
def test_json_also_when_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], workbook: str | None, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    told = json.loads(result.stdout)
    finding = told.pop("findings")
    assert told in (
        {"workbook": workbook, "edition": None, "output": None},
        {"workbook": None, "edition": None, "output": None},
    )
    assert [(f["rule"], f["severity"], f["cells"]) for f in finding] == [("S0", "error", [])]
    assert words in finding[0]["message"]
    assert finding[0]["fix"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "命令："),
        (["--help"], "用法：gongkai [选项] 命令"),
        (["generate", "--help"], "--draft"),
        (["check", "--help"], "退出码"),
        (["new", "--help"], "--force"),
        (["editions", "-h"], "列出现有版式"),
        (["batch", "--help"], "结果写到哪个文件夹。（必填）"),
        (["roll", "--help"], "（1000 至 9999，必填）"),
        (["restore", "--help"], "（不小于 1）"),
        (["rules", "ｓ １２"], "S12　单位名称"),
        (["--version"], __version__),
    ],
)
def test_help_is_chinese_throughout(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert words in result.output
    for english in ("Usage", "Options", "Commands", "Show", "exit", "default", "required", "x>=", "<=x"):
        assert english not in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate"], "缺少“工作簿”"),
        (["generat", "a.xlsx"], "是否想写 generate"),
        (["a.xlsx"], "gongkai generate a.xlsx"),
        (["generate", "a.xlsx", "--format", "xml"], "只能是 text 或 json"),
        (["generate", "a.xlsx", "-o"], "选项 -o"),
        (["new", "--year", "二〇二一"], "--year"),
        (["new", "--year", "3000"], "没有适用于 3000 年度的版式"),
        (["new", "--edition", "无此版式"], "没有版式"),
        (["new", "-o", "a.docx"], "应以 .xlsx 结尾"),
    ],
)
def test_misuse_is_told_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert list(tmp_path.iterdir()) == []
    assert result.exit_code == 2
    assert words in result.stderr
    for english in ("Usage", "Error", "Try", "Invalid", "Missing", "Traceback"):
        assert english not in result.output


def test_a_long_list_stops_at_a_screen(made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("COLUMNS", "80")
    made(FAULT, *(Finding(f"W{n}", Severity.WARNING, f"第 {n} 处。", "请核实。", CELLS) for n in range(40)), HINT)
    short, long = run("check", "a.xlsx").output, run("check", "a.xlsx", "--all").output
    assert len(short.splitlines()) <= 24
    assert max(map(chinese.width, short.splitlines())) <= 80
    assert "加 --all 可全部列出" in short
    assert "提示 1 条没有列出" in short
    assert "[W39]" not in short
    assert "[W39]" in long
    assert "[W9]" in long
    assert long.index("错误 1 条") < long.index("警告 40 条") < long.index("提示 1 条")
    assert "位置：03支出决算表!D12、D13" in short
    assert "等 8 处" in short
    assert "D18、D19" in long


def test_without_a_terminal_a_screen_is_forty_lines(made, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LINES", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    made(*(Finding("W1", Severity.ERROR, f"第 {n} 处不等。", "请核对。") for n in range(60)))
    lines = run("check", "a.xlsx").output.splitlines()
    assert 30 < len(lines) <= 40


BROKEN = Finding(
    "X2",
    Severity.ERROR,
    "支出决算表“201”行应为 12.00 万元（03支出决算表!C12），填的是 21.00 万元，可能是数字颠倒。\n"
    + "\n".join(f"第 {n} 项关系不成立，差 9.00 万元。" for n in range(6)),
    "改为 12.00。",
    (CellRef("03支出决算表", 12, 3), CellRef("01收入支出决算总表", 9, 6)),
    rules=("X2", "W2"),
    tied=1,
)


def test_relations_stand_under_their_finding(made) -> None:
    made(BROKEN)
    short, long = run("check", "a.xlsx").output, run("check", "a.xlsx", "--all").output
    assert "\n    · 第 3 项关系不成立，差 9.00 万元。\n    · 等 6 项" in short
    assert "第 5 项" not in short
    assert "\n    · 第 5 项关系不成立，差 9.00 万元。\n" in long
    finding = json.loads(run("check", "a.xlsx", "--format", "json").stdout)["findings"][0]
    assert (finding["rules"], finding["suspects"]) == (["X2", "W2"], 1)


def test_the_same_advice_is_given_once(made) -> None:
    made(*(Finding("S4", Severity.ERROR, f"第 {n} 格是文字。", "请改为数字。") for n in range(3)), FAULT)
    assert run("check", "a.xlsx").output.count("处理：请改为数字。") == 1


def test_answered_warnings_stand_apart(made) -> None:
    answered = Finding("X12", Severity.WARNING, "某科目收支不等。", "请核对。", answer="年末退回，下年再用。")
    made(DOUBT, answered, HINT)
    result = run("check", "a.xlsx")
    assert "警告 1 条" in result.output
    assert result.output.index("提示 1 条") < result.output.index("已说明 1 条")
    assert "已说明：年末退回，下年再用。" in result.output
    assert result.output.splitlines()[-1].endswith("（错误 0 条，警告 1 条，提示 1 条，已说明 1 条）")
    findings = json.loads(run("check", "a.xlsx", "--format", "json").stdout)["findings"]
    assert [f.get("answer") for f in findings] == [None, "年末退回，下年再用。", None]


@pytest.mark.parametrize("format_", ["text", "json"])
def test_an_unforeseen_fault_shows_no_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format_: str) -> None:
    def fail(*_: object, **__: object) -> Generated:
        raise LookupError("某处")

    monkeypatch.setattr(pipeline, "generate", fail)
    result = run("generate", "a.xlsx", "--format", format_)
    assert result.exit_code == 2
    assert "程序内部出错（LookupError：某处）" in result.output
    assert "Traceback" not in result.output
    said = run("generate", "a.xlsx", "--debug", "-o", str(tmp_path / "公开.docx")).stderr
    (log,) = tmp_path.iterdir()
    assert "Traceback" not in said
    assert str(log) in said
    assert "LookupError: 某处" in log.read_text(encoding="utf-8")


def test_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> Generated:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "generate", stop)
    result = run("generate", "a.xlsx")
    assert (result.exit_code, result.stderr.strip()) == (130, "已中断，没有写出新的文件。")


def test_new_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    year = str(max(pipeline_years()))
    assert run("new", "--year", year, "--unit", "甲/乙局").exit_code == 0
    book = tmp_path / f"公开-甲_乙局-{year}.xlsx"
    book.write_bytes(b"filled in by hand")
    refused = run("new", "--year", year, "-o", book.name)
    assert (refused.exit_code, book.read_bytes()) == (2, b"filled in by hand")
    assert "--force" in refused.stderr
    assert run("new", "--year", year, "-o", book.name, "--force").exit_code == 0
    assert book.read_bytes()[:2] == b"PK"
    (aside,) = (path for path in tmp_path.iterdir() if path != book)
    assert aside.read_bytes() == b"filled in by hand"


def pipeline_years() -> list[int]:
    from generator.editions import load

    return [year for name in ids() for year in load(name).years]


def test_editions_are_listed() -> None:
    result = run("editions")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == list(ids())


@pytest.mark.parametrize(
    ("workbook", "output", "expected"),
    [
        ("某局.xlsx", None, "outputs/某局.docx"),
        ("x/a:b?.xlsx", None, "outputs/a_b_.docx"),
        ("a.xlsx", "b.docx", "b.docx"),
        ("a.xlsx", "folder", "folder/a.docx"),
        ("a.xlsx", "b.DOCX", "b.DOCX"),
        ("a.xlsx", "b.pdf", None),
        ("a.xlsx", "b", None),
        ("a.docx", "a.docx", None),
        ("a.docx", "folder/../a.docx", None),
    ],
)
def test_where_the_document_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workbook: str, output: str | None, expected: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.docx").touch()
    given = Path(output) if output else None
    if expected is None:
        with pytest.raises(Refusal):
            pipeline.output_path(Path(workbook), given)
    else:
        assert pipeline.output_path(Path(workbook), given) == Path(expected)


CONSOLES = {
    "LANG=C": {"LANG": "C", "LC_ALL": "C"},
    "ASCII": {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    "GBK": {"PYTHONIOENCODING": "gbk"},
    "no UTF-8 mode": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize("console", CONSOLES)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["editions"], 0),
        (["generate", "某局𠮷☑.xlsx"], 2),
        (["check", "某局𠮷☑.xlsx", "--format", "json"], 2),
        (["check", "--无此选项"], 2),
    ],
    ids=["help", "editions", "no file", "json", "misuse"],
)
def test_any_console_will_do(console: str, arguments: list[str], code: int, tmp_path: Path) -> None:
    ours = ("LC_", "LANG", "PYTHONIO", "PYTHONUTF8", "PYTHONCOERCE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    run = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *arguments],
        cwd=tmp_path,
        env=environment | CONSOLES[console],
        capture_output=True,
        timeout=60,
    )
    assert run.returncode == code, run.stderr
    said = run.stdout + run.stderr
    assert said
    assert b"Traceback" not in said
    assert b"Error" not in said
    if "json" in arguments:
        assert json.loads(run.stdout.decode("gbk" if console == "GBK" else "utf-8"))["output"] is None


def test_progress_is_for_terminals_and_for_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import time

    from generator.commands import progress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(progress, "_PATIENCE", 0.02)
    for stream, seconds, shown in [(Terminal(), 0.2, True), (Terminal(), 0, False), (io.StringIO(), 0.2, False)]:
        monkeypatch.setattr(sys, "stderr", stream)
        with progress.Progress() as say:
            say("读取工作簿")
            time.sleep(seconds)
            say("校验")
        text = stream.getvalue()
        assert ("正在读取工作簿……" in text and "正在校验……" in text) is shown
        assert text == "" or text.endswith("\x1b[K")


def test_places_and_quantities_are_never_broken() -> None:
    place = "05一般公共预算财政拨款支出决算表!C21"
    text = f"一般公共预算财政拨款支出决算表“合计”行 1,234.50 万元（{place}），与另一数不等，差 0.10 万元。"
    for columns in range(44, 90):
        lines = chinese.wrap(text, columns)
        assert "".join(line.strip() for line in lines).replace(" ", "") == text.replace(" ", "")
        for whole in (place, "1,234.50 万元", "0.10 万元"):
            assert any(whole in line for line in lines), (columns, whole)
        assert not any(line[-1] in "（“" for line in lines)


def test_lines_are_broken_by_width_of_chinese() -> None:
    text = "本年收入合计与上年相比，增加12,345.67万元（增长8.90%），请核对。"
    for columns in range(14, 60):
        lines = chinese.wrap(text, columns)
        assert "".join(lines) == text
        assert all(chinese.width(line) <= columns + 4 for line in lines)  # closing marks hang
        assert not any(line[0] in "，。（）、" and line[0] != "（" for line in lines)
        assert any("12,345.67" in line for line in lines)


def test_a_document_edited_by_hand_survives_the_next_run(tmp_path: Path) -> None:
    """Generated twice: the same bytes. Edited and saved by another program: the edits stay, and are told."""
    import docx

    book, target = str(ROOT / "inputs" / "wuchang-2021.xlsx"), tmp_path / "公开.docx"
    assert run("generate", book, "-o", str(target)).exit_code == 0
    first = target.read_bytes()
    assert run("generate", book, "-o", str(target)).exit_code == 0
    assert (target.read_bytes(), [p.name for p in tmp_path.iterdir() if p != target]) == (first, ["公开.历史"])
    document = docx.Document(str(target))
    document.add_paragraph("领导改过的一句话。")
    document.save(str(target))
    edited = target.read_bytes()
    result = run("generate", book, "-o", str(target))
    assert result.exit_code == 0
    assert target.read_bytes() == edited
    assert "没有变化，未改动" in result.output
    assert "“领导改过的一句话。”" in result.output
    result = run("generate", book, "-o", str(target), "--fresh", "--format", "json")
    told = json.loads(result.stdout)
    assert target.read_bytes() == first
    assert Path(told["history"]).read_bytes() == edited
    assert told["changed"] is True
    listed = run("restore", str(target))
    assert "不合并生成前" in listed.output
    restored = run("restore", str(target), "1")
    assert restored.exit_code == 0
    assert target.read_bytes() == edited
    assert run("restore", str(target), "9").exit_code == 2
    assert run("restore", str(tmp_path / "没有.docx")).exit_code == 2
    assert run("restore", str(target)).output.count("\n") == 2  # what stood there before restoring is kept too


def test_check_says_all_that_generate_says(tmp_path: Path) -> None:
    """A text that only the narrative misses, and a file that is not there: told before anything is generated."""
    edition, content = load_source("sample-2021")
    content = content | {"texts": content["texts"] | {"duties": []}}
    content["attachments"] = {"files": [{"title": "图", "file": "没有这个文件.png"}]}
    book = fill(edition, content, tmp_path / "填报.xlsx")
    checked = json.loads(run("check", str(book), "--format", "json", "--no-mark").stdout)
    made = run("generate", str(book), "-o", str(tmp_path / "公开.docx"), "--format", "json", "--no-mark")
    told = [finding["message"] for finding in checked["findings"]]
    assert told == [finding["message"] for finding in json.loads(made.stdout)["findings"]]
    assert any("没有这个文件.png" in message for message in told)


def test_refused_work_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """The workbook itself as output, something that is no workbook, a document that stands there already."""
    target, broken = tmp_path / "公开.docx", tmp_path / "坏.xlsx"
    target.write_bytes(b"the old document")
    broken.write_bytes(b"no zip at all")
    text = tmp_path / "说明.docx"
    text.write_bytes(b"PK text")
    for arguments in (
        ["generate", str(broken), "-o", str(target)],
        ["generate", str(text), "-o", str(text)],
        ["generate", str(tmp_path), "-o", str(target)],
        ["check", str(broken)],
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "程序内部出错" not in result.stderr
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == {"公开.docx": b"the old document", "坏.xlsx": b"no zip at all", "说明.docx": b"PK text"}
