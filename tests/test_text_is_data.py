"""What somebody typed is data from the workbook to the last file: no template, no formula, no markup, no link."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from altered import alter
from click.testing import CliRunner
from lxml import etree
from support import docx_lines, generate, sample

from generator import editions, pipeline
from generator.commands import cli
from generator.files import safe_name
from generator.model.cell import CellKind
from generator.workbook.blank import build
from generator.workbook.read import read

LITERAL = [
    "{{7*7}}",
    "{% for x in y %}{{ x }}{% endfor %}",
    "{# 注释 #}",
    "<w:p><w:r/></w:p>",
    "研究<A&B>费",
    "&amp; &#65; &lt;",
    "]]><!--",
    "=1+1",
    "+SUM(A1)",
    "-2+3",
    "@cmd",
    '=HYPERLINK("http://example.com","点")',
    "\u202e逆序\u202c",
    "零\u200c宽\u200d连",
    "𠮷〇㐂\ue000私",
    "${x} %s %(y)s {0} \\n",
    "PAGEREF _Toc1 \\h",
    "a_x0041_b",
]
DROPPED = {"甲\x00乙": "甲乙", "甲\x0b乙\x1f": "甲乙", "甲\ud800乙": "甲乙", "甲\ufffe乙": "甲乙", "甲\u200b乙": "甲乙"}
_PLAIN = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")


def cell_of(workbook: Path) -> str:
    """The cell of the department's duties."""
    _, book = read(workbook)
    found = [
        cell.ref
        for data in book
        for block in data.blocks.values()
        for row in block.rows
        for cell in row.cells.values()
        if cell.kind is CellKind.TEXT and len(cell.text) > 30
    ]
    return str(found[0])


@pytest.fixture
def put(tmp_path: Path):
    """A workbook in which the duties are the given text, in the file format's own writing."""
    source = sample("sample-2021", tmp_path)
    place = cell_of(source)

    def made(text: str) -> tuple[Path, str]:
        held = _PLAIN.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
        return alter(source, tmp_path / "某局.xlsx", {place: held}), place

    return made


def test_texts_arrive_whole_and_literal(put, tmp_path: Path) -> None:
    made = generate(put("\n".join(LITERAL))[0])
    assert made.output is not None, made.findings
    lines = docx_lines(made.output)
    for text in LITERAL:
        assert any(text in line for line in lines), text
    with zipfile.ZipFile(made.output) as package:
        relations = b"".join(package.read(name) for name in package.namelist() if name.endswith(".rels"))
        assert b"example.com" not in relations
        fields = etree.fromstring(package.read("word/document.xml")).iter("{*}instrText")
        assert not any("_Toc1 " in (field.text or "") for field in fields)


@pytest.mark.parametrize("text", DROPPED)
def test_what_word_cannot_hold_is_dropped_and_said(put, text: str) -> None:
    workbook, place = put(text)
    made = generate(workbook, draft=True)
    assert made.output is not None
    assert any(DROPPED[text] in line for line in docx_lines(made.output))
    said = [finding for finding in made.findings if place in map(str, finding.cells)]
    assert any("看不见的" in finding.message or "不能" in finding.message for finding in said), said


def test_the_longest_cell_arrives_whole(put) -> None:
    text = "长" * 32_767
    made = generate(put(text)[0], draft=True)
    assert made.output is not None
    assert any(text in line for line in docx_lines(made.output))


def test_the_marked_copy_holds_no_formula_of_the_text(put, tmp_path: Path) -> None:
    workbook, _ = put("=1+1\n" + LITERAL[11])
    before = formulas(workbook)
    copy = tmp_path / "标注.xlsx"
    pipeline.mark(workbook, pipeline.check(workbook).findings, copy)
    assert formulas(copy) == before


def formulas(workbook: Path) -> int:
    with zipfile.ZipFile(workbook) as package:
        return sum(len(re.findall(rb"<f[ >]", package.read(n))) for n in package.namelist() if "worksheets/" in n)


@pytest.mark.parametrize("name", ["=1+1", "+86", "-a", "@x", "{{7*7}}", "<b>&", "=cmd|'/c calc'!A0"])
def test_a_units_name_in_a_new_workbook_is_text(name: str, tmp_path: Path) -> None:
    edition = editions.load("wuhan-final-2021")
    path = tmp_path / "空白.xlsx"
    path.write_bytes(build(edition, unit=name))
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == name]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}


@pytest.mark.parametrize(
    "unit", ["../../某局", "..\\某局", "CON", "nul.txt", "某局...", "局" * 300, "/etc/某局", "a:b*?"]
)
def test_a_units_name_as_a_file_name(unit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    result = CliRunner().invoke(cli.gongkai, ["new", "--year", "2021", "--unit", unit])
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    assert result.exit_code == 0, result.output
    (made,) = here.iterdir()
    assert made.suffix == ".xlsx"
    assert safe_name(made.stem[:40]) == made.stem[:40]
    assert len(made.name.encode()) < 200


def test_the_terminal_is_told_no_commands(put) -> None:
    """Escape sequences in a cell never reach the screen."""
    workbook, _ = put("\x1b]0;title\x07\x1b[2J改")
    result = CliRunner().invoke(cli.gongkai, ["check", str(workbook), "--no-mark", "--all"])
    assert result.exit_code in (0, 1)
    assert "\x1b" not in result.output


# -- links and macros --------------------------------------------------------------------------------------------------

_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_VBA = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"


def live(workbook: Path, target: Path) -> Path:
    """The workbook with a macro, a link on a cell, and a conversation with another program."""
    with zipfile.ZipFile(workbook) as package:
        parts = {name: package.read(name) for name in package.namelist()}

    def into(name: str, before: str, text: str) -> None:
        found = parts[name].decode()
        assert before in found
        parts[name] = found.replace(before, text + before, 1).encode()

    types = parts["[Content_Types].xml"].decode()
    types = types.replace(
        "openxmlformats-officedocument.spreadsheetml.sheet.main+xml", "ms-excel.sheet.macroEnabled.main+xml"
    )
    parts["[Content_Types].xml"] = types.encode()
    into(
        "[Content_Types].xml",
        "</Types>",
        '<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
        '<Override PartName="/xl/externalLinks/externalLink1.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.externalLink+xml"/>',
    )
    into(
        "xl/_rels/workbook.xml.rels",
        "</Relationships>",
        f'<Relationship Id="rIdV" Type="{_VBA}" Target="vbaProject.bin"/>'
        f'<Relationship Id="rIdX" Type="{_R}/externalLink" Target="externalLinks/externalLink1.xml"/>',
    )
    parts["xl/vbaProject.bin"] = b"Auto_Open"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/externalLinks/externalLink1.xml"] = (
        f'<externalLink xmlns="{main}"><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'.encode()
    )
    sheet = "xl/worksheets/sheet2.xml"
    rels = "xl/worksheets/_rels/sheet2.xml.rels"
    empty = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    parts.setdefault(rels, empty)
    into(
        rels,
        "</Relationships>",
        f'<Relationship Id="rIdH" Type="{_R}/hyperlink" Target="http://example.com/" TargetMode="External"/>',
    )
    link = f'<hyperlinks><hyperlink xmlns:r="{_R}" ref="A1" r:id="rIdH"/></hyperlinks>'
    found = parts[sheet].decode()
    at = re.search(r"<(printOptions|pageMargins|pageSetup|headerFooter|drawing|legacyDrawing|tableParts)\b", found)
    assert at is not None
    parts[sheet] = (found[: at.start()] + link + found[at.start() :]).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return target


def test_no_macro_and_no_link_goes_into_the_marked_copy(tmp_path: Path) -> None:
    workbook = live(sample("sample-2021", tmp_path), tmp_path / "某局.xlsm")
    copy = tmp_path / "标注.xlsx"
    pipeline.mark(workbook, pipeline.check(workbook).findings, copy)
    with zipfile.ZipFile(copy) as package:
        whole = {name: package.read(name) for name in package.namelist()}
    assert not [name for name in whole if "vba" in name.lower()]
    for name, data in whole.items():
        for words in (b"vbaProject", b"macroEnabled", b"example.com", b'"cmd"', b'calc"', b"rIdH"):
            assert words not in data, (name, words)
    assert openpyxl.load_workbook(copy).sheetnames[0] == "校验结果"


def test_macros_and_links_do_not_reach_the_document(tmp_path: Path) -> None:
    made = generate(live(sample("sample-2021", tmp_path), tmp_path / "某局.xlsm"))
    assert made.output is not None
    with zipfile.ZipFile(made.output) as package:
        for name in package.namelist():
            data = package.read(name)
            assert "vba" not in name.lower()
            assert b"example.com" not in data
            assert not (name.endswith(".rels") and b"External" in data)
