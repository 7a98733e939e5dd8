"""Workbook in, document out: the two samples whole, and workbooks that are wrong."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from generator.editions import Edition
from generator.model.blocks import Paragraph
from generator.model.form import Form, Kind, Role
from generator.model.heads import columns, starts, table_head
from generator.narrative.compose import compose
from generator.workbook.read import read
from tests.support import ROOT, SHARED, W, docx_lines, docx_tables, fill, generate, load_source, names, sample
from tests.test_narrative import CHAPTER, check_digits

VALIDATOR = SHARED / "tools" / "validate_docx.py"
SAMPLES = names()


@pytest.fixture(scope="module", params=SAMPLES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def edition(name: str) -> Edition:
    return load_source(name)[0]


@pytest.fixture(scope="module")
def document(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = generate(sample(name, tmp_path_factory.mktemp(name)))
    assert made.output is not None, [finding.message for finding in made.findings]
    return made.output


# -- Word shows the same heads and labels ------------------------------------------------------------------------


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def printed_head(form: Form) -> list[list[str]]:
    """The head of an official table on its grid: a text for every column it spans, blank below the first row."""
    cells, depth = table_head(form)
    rows = [[""] * sum(column.across for _, column in columns(form)) for _ in range(depth)]
    for cell in cells:
        rows[cell.row][cell.column : cell.column + cell.across] = [cell.text] * cell.across
    return rows


def test_official_tables_show_the_heads_of_their_forms(document: Path, edition: Edition) -> None:
    for form, table in zip(edition.tables, docx_tables(document), strict=False):
        head = printed_head(form)
        assert [[bare(text) for text in row] for row in table[: len(head)]] == head, form.id


def test_official_tables_show_the_labels_of_their_forms(document: Path, edition: Edition) -> None:
    for form, table in zip(edition.tables, docx_tables(document), strict=False):
        body = table[len(printed_head(form)) :]
        at = 0
        for block in form.blocks:
            places = starts(block)
            label = next(
                (at for at, c in zip(places, block.columns, strict=False) if c.kind in (Kind.LABEL, Kind.NAME)), None
            )
            if label is not None and block.open is None:
                # an empty printed line may lie under a total that reaches across from the next block
                shown = [
                    (bare(line[at + label]), row.label) for line, row in zip(body, block.rows, strict=False) if row.key
                ]
                assert [left for left, _ in shown] == [right for _, right in shown], f"{form.id}.{block.key}"
            elif label is not None:
                assert [row[at + label] for row in body[: len(block.rows)]] == [row.label for row in block.rows]
            at += places[-1]


def performance_labels(form: Form) -> Iterator[str]:
    for line in form.lines:
        if line.indicators is not None:
            grouped = line.group.column if line.group else ""  # no column of the printed form
            yield from (column.head[-1] for column in line.indicators.columns if column.key != grouped)
        yield from (part.label for part in line.parts if part.label)


def test_performance_forms_show_their_labels_options_and_sheets(document: Path, edition: Edition, name: str) -> None:
    content = load_source(name)[1]
    tables = [[bare(text) for row in table for text in row] for table in docx_tables(document)]
    for form in (form for form in edition.forms if form.role is Role.PERFORMANCE):
        labels = {bare(label) for label in performance_labels(form)}
        given = content[form.id] if form.repeat else [content[form.id]]
        shown = [cells for cells in tables if labels <= set(cells)]
        assert len(shown) == len(given), form.id
        options = [part for line in form.lines for part in line.parts if part.options]
        for cells, sheet in zip(shown, given, strict=True):
            text = "".join(dict.fromkeys(cells))  # a spanning cell is listed once for each column
            for part in options:
                chosen = sheet["fields"][part.field]["value"]
                marked = re.findall(r"\d[、.](\w+)([□☑√])", text)
                yes = part.marks[0][-1] if part.marks else "☑"
                assert [mark for option, mark in marked if option == chosen] == [yes], (form.id, chosen)
                assert [option for option, _ in marked if option in part.options] == list(part.options)


def test_contents_and_headings_use_the_same_words(document: Path, edition: Edition) -> None:
    lines = [bare(line) for line in docx_lines(document)]
    for entry in edition.contents:
        text = bare(re.sub(r".*\{[^}]*\}", "", entry.text))
        if not entry.tables:
            assert sum(line.endswith(text) or text in line for line in lines) >= 2, entry.text


def test_every_digit_of_the_finished_chapters_has_a_source(document: Path, edition: Edition, name: str) -> None:
    """The document's own paragraphs, one by one, against the spans they were composed of."""
    disclosure, _ = compose(edition, read(document.with_suffix(".xlsx"))[1])
    composed = {b.id: b for s in disclosure.sections for b in s.blocks if isinstance(b, Paragraph)}
    by_mark = {"g_" + id.replace(".", "_"): id for id in composed}
    with zipfile.ZipFile(document) as package:
        body = etree.fromstring(package.read("word/document.xml"))[0]
    found: dict[str, Paragraph] = {}
    seen = 0
    for paragraph in body.findall(W + "p"):
        text = "".join(node.text or "" for node in paragraph.iter(W + "t"))
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        listed = style is not None and str(style.get(W + "val")).startswith("TOC")
        ids = [by_mark[n] for m in paragraph.findall(W + "bookmarkStart") if (n := str(m.get(W + "name"))) in by_mark]
        assert ids or listed or not re.search(r"\d", text), f"nobody composed this: {text}"
        for id in filter(CHAPTER.match, ids):
            assert text == composed[id].text
            found[id] = composed[id]
            seen += len(re.findall(r"\d+", text))
    assert set(found) == {id for id in composed if CHAPTER.match(id)}
    assert check_digits(name, found) > 100
    assert seen > 140


def test_nothing_of_the_blank_form_is_left(document: Path) -> None:
    text = "\n".join(docx_lines(document))
    for leftover in (
        "XX",
        "××",
        "……",
        "增加(减少)",
        "增长(下降)",
        "（参考",
        "二选一",
        "。。",
        "，，",
        "；。",
        "{",
        "}",
        "None",
    ):
        assert leftover not in text, leftover


@pytest.mark.skipif(not VALIDATOR.is_file(), reason="校验器不随项目分发：../shared/tools 下没有 validate_docx.py")
def test_word_opens_it_without_repair(document: Path) -> None:
    done = subprocess.run([sys.executable, str(VALIDATOR), str(document)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_same_workbook_same_bytes(document: Path, name: str, tmp_path: Path) -> None:
    again = generate(sample(name, tmp_path))
    assert again.output is not None
    assert again.output.read_bytes() == document.read_bytes()


# -- workbooks that are wrong ------------------------------------------------------------------------------------

OLD = b"an older document"


def cli(command: str, workbook: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the one JSON object of a command, in a process of its own."""
    arguments = [sys.executable, str(ROOT / "cli.py"), command, str(workbook), "--format", "json", *options]
    done = subprocess.run(arguments, capture_output=True, check=False, cwd=workbook.parent)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, json.loads(done.stdout.decode())


@lru_cache(maxsize=1)
def source() -> tuple[Edition, dict[str, Any]]:
    return load_source("sample-2021")


def filled(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    edition, content = source()
    wrong = copy.deepcopy(content)
    change(wrong)
    return fill(edition, wrong, path)


def subject(content: dict[str, Any], form: str, code: str) -> dict[str, Any]:
    return next(row for row in content[form]["subjects"] if row.get("code") == code)


def swap_numbers(content: dict[str, Any]) -> None:
    """基本支出 and 项目支出 of two 项 in the wrong columns."""
    row = subject(content, "expenditure", "2070104")
    row["basic"], row["project"] = row["project"], row["basic"]


def transpose_digits(content: dict[str, Any]) -> None:
    subject(content, "income", "2080505")["fiscal"] = Decimal("2317864.08")


def text_in_amount(content: dict[str, Any]) -> None:
    subject(content, "expenditure", "2080505")["basic"] = "约二百三十万"


def test_swapped_numbers_are_named_with_both_sides(tmp_path: Path) -> None:
    target = tmp_path / "out.docx"
    target.write_bytes(OLD)
    code, told = cli("generate", filled(tmp_path / "a.xlsx", swap_numbers), "-o", str(target))
    assert (code, told["output"]) == (1, None)
    assert target.read_bytes() == OLD
    errors = [finding for finding in told["findings"] if finding["severity"] == "error"]
    assert any(cell.startswith("03支出决算表!D") for finding in errors for cell in finding["cells"])
    told_of = "".join(finding["message"] for finding in errors)
    assert "03支出决算表!" in told_of
    assert "05一般公共预算财政拨款支出决算表!" in told_of
    assert all(finding["fix"] and finding["message"] for finding in errors)


def test_transposed_digits_in_one_item_are_found(tmp_path: Path) -> None:
    code, told = cli("check", filled(tmp_path / "a.xlsx", transpose_digits))
    assert code == 1
    (error,) = [finding for finding in told["findings"] if finding["severity"] == "error"]
    # 元 in the workbook; the gap of 18 元 is told, with the totals of tables 1 and 2, and the cell that explains it
    assert [cell.split("!")[0] for cell in error["cells"][:1]] == ["02收入决算表"]
    for said in ("2,317,864.08", "2,317,846.08", "18.00 元", "01收入支出决算总表!", "02收入决算表!", "颠倒"):
        assert said in error["message"]


def test_text_in_an_amount_is_named_with_its_cell(tmp_path: Path) -> None:
    target = tmp_path / "out.docx"
    target.write_bytes(OLD)
    code, told = cli("generate", filled(tmp_path / "a.xlsx", text_in_amount), "-o", str(target))
    assert (code, told["output"]) == (1, None)
    assert target.read_bytes() == OLD
    (finding,) = [f for f in told["findings"] if f["severity"] == "error" and "约二百三十万" in f["message"]]
    assert [cell.split("!")[0] for cell in finding["cells"]] == ["03支出决算表"]


def without_sheet(workbook: Path, title: str) -> Path:
    """The workbook as left when a sheet was deleted."""
    with zipfile.ZipFile(workbook) as package:
        members = {item.filename: package.read(item) for item in package.infolist()}
    text = members["xl/workbook.xml"].decode()
    members["xl/workbook.xml"] = re.sub(rf'<sheet [^>]*name="{title}"[^>]*/>', "", text).encode()
    assert members["xl/workbook.xml"].decode() != text
    with zipfile.ZipFile(workbook, "w") as package:
        for member, data in members.items():
            package.writestr(member, data)
    return workbook


def test_a_missing_sheet_is_named(tmp_path: Path) -> None:
    target = tmp_path / "out.docx"
    workbook = without_sheet(filled(tmp_path / "a.xlsx", lambda _: None), "03支出决算表")
    code, told = cli("generate", workbook, "-o", str(target))
    assert (code, told["output"]) == (1, None)
    assert not target.exists()
    assert any("支出决算表" in f["message"] for f in told["findings"] if f["severity"] == "error")


@pytest.mark.parametrize("data", [b"", b"not a workbook", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, data: bytes) -> None:
    target = tmp_path / "out.docx"
    target.write_bytes(OLD)
    workbook = tmp_path / "a.xlsx"
    workbook.write_bytes(data)
    code, told = cli("generate", workbook, "-o", str(target))
    assert (code, told["output"]) == (2, None)
    (finding,) = told["findings"]
    assert (finding["rule"], finding["severity"]) == ("S0", "error")
    assert finding["message"]
    assert finding["fix"]
    assert target.read_bytes() == OLD


def test_a_missing_attachment_is_named(tmp_path: Path) -> None:
    workbook = sample("sample-2021", tmp_path)
    (tmp_path / "附件" / "设施示意图.png").unlink()
    findings = generate(workbook).findings
    assert any("设施示意图.png" in finding.message for finding in findings)


def test_a_blank_workbook_makes_a_draft(tmp_path: Path) -> None:
    edition, _ = source()
    workbook = fill(edition, None, tmp_path / "a.xlsx")
    code, told = cli("generate", workbook, "--draft", "-o", str(tmp_path / "a.docx"))
    assert code == 1, told
    assert (tmp_path / "a.docx").is_file()


def test_a_draft_is_marked_outside_the_body(tmp_path: Path) -> None:
    made = generate(filled(tmp_path / "a.xlsx", swap_numbers), draft=True)
    assert made.output is not None
    assert not any("草稿" in line for line in docx_lines(made.output))
    with zipfile.ZipFile(made.output) as package:
        links = package.read("word/_rels/document.xml.rels").decode()
        parts = {m[2]: m[1] for m in re.finditer(r'Target="(header[^"]*)"[^>]*Id="([^"]+)"', links)}
        parts |= {m[1]: m[2] for m in re.finditer(r'Id="([^"]+)"[^>]*Target="(header[^"]*)"', links)}
        marked = {id for id, part in parts.items() if "草稿" in package.read(f"word/{part}").decode()}
        sections = re.findall(r"<w:sectPr\b.*?</w:sectPr>", package.read("word/document.xml").decode(), re.S)
    assert sections
    for section in sections:
        used = re.findall(r"<w:headerReference\b[^>]*r:id=\"([^\"]+)\"", section)
        assert used, "a section without the mark"
        assert set(used) <= marked
