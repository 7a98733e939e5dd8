"""The door for files of others: every refusal, for workbooks, attachments and style files alike."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator import guard
from generator.commands.cli import gongkai
from generator.document import attach, render
from generator.model.blocks import Attachment
from generator.model.cell import CellRef
from generator.model.finding import Refusal
from generator.workbook import package, read

from raw_xlsx import Page, parts, xlsx, zipped  # isort: skip

WORKBOOK = {name: data.encode() for name, data in parts([Page("单位信息", {(1, 1): "单位"})]).items()}
STYLE = next((Path(__file__).parents[1] / "templates").glob("*/style.docx"))
SHEET = "xl/worksheets/sheet1.xml"


def refused(data: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        package.unpack(data)
    assert caught.value.fix
    return caught.value.message


def with_parts(**changed: bytes) -> bytes:
    return zipped({**WORKBOOK, **{name.replace("__", "/"): data for name, data in changed.items()}})


def renamed(old: bytes, new: bytes) -> bytes:
    """The same archive with the bytes of a part's name changed in both places."""
    assert len(old) == len(new)
    return zipped(WORKBOOK).replace(old, new)


def test_the_workbook_of_these_tests_is_sound() -> None:
    with package.unpack(zipped(WORKBOOK)) as opened:
        assert [sheet.name for sheet in opened.sheets] == ["单位信息"]


@pytest.mark.parametrize("name", ["../x.xml", "xl/../../x.xml", "C:/x.xml", "xl//x.xml", "a\x07b.xml", "xl/./x.xml"])
def test_names_that_lead_elsewhere(name: str) -> None:
    assert "不安全的名称" in refused(with_parts(**{name: b"<a/>"}))


def test_a_name_with_a_nul() -> None:
    assert "不安全的名称" in refused(renamed(b"xl/styles.xml", b"xl/styles\x00xml"))


def test_names_written_with_backslashes_are_found() -> None:
    data = renamed(b"xl/worksheets/sheet1.xml", b"xl\\worksheets\\sheet1.xml")
    with package.unpack(data) as opened:
        assert b"sheetData" in opened.data(opened.sheets[0].part)


@pytest.mark.parametrize("name", ["XL/STYLES.XML", "/xl/styles.xml", "xl\\styles.xml"])
def test_two_parts_of_one_name(name: str) -> None:
    assert "重名" in refused(with_parts(**{name: b"<a/>"}))


DOCTYPE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["docProps/app.xml", "xl/drawings/_rels/a.xml.rels", "xl/v.vml", SHEET])
def test_no_part_declares_entities(name: str, encoding: str) -> None:
    """Whether it is read or not."""
    assert "DOCTYPE" in refused(with_parts(**{name: DOCTYPE.encode(encoding)}))


def test_a_declaration_across_the_pieces_in_which_a_part_is_looked_at() -> None:
    for shift in range(24):
        data = b"<a>" + b"x" * ((1 << 20) - shift) + DOCTYPE.encode() + b"</a>"
        assert "DOCTYPE" in refused(with_parts(**{"docProps/app.xml": data}))


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be", "cp500"])
def test_encodings_that_hide_a_declaration(encoding: str) -> None:
    assert "编码" in refused(with_parts(**{"docProps/app.xml": DOCTYPE.encode(encoding)}))


def test_a_declared_encoding_that_is_unusual() -> None:
    assert "编码" in refused(with_parts(**{"docProps/app.xml": b'<?xml version="1.0" encoding="UTF-7"?><a/>'}))


def test_sheets_in_utf_16_are_read() -> None:
    data = WORKBOOK[SHEET].decode().replace("UTF-8", "UTF-16").encode("utf-16")
    with package.unpack(with_parts(**{SHEET: data})) as opened:
        sheet = read.cells.read_sheet(opened, "单位信息", SHEET, ())
    assert sheet.rows[1][1].text == "单位"


def test_packings_that_the_format_does_not_know() -> None:
    for packing in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", packing) as archive:
            for name, data in WORKBOOK.items():
                archive.writestr(name, data)
        assert "压缩方式" in refused(stream.getvalue())


def test_sizes() -> None:
    assert "压缩比" in refused(with_parts(**{"xl/media/a.bin": bytes(20_000_000)}))
    assert "上限" in refused(zipped({f"x{n}": b"" for n in range(guard.MAX_ENTRIES + 1)}))


def declaring(size: int) -> bytes:
    """The archive with another size declared for the sheet than it has."""
    data = bytearray(zipped(WORKBOOK))
    at = data.rfind(SHEET.encode())
    struct.pack_into("<I", data, at - 46 + 24, size)
    return bytes(data)


@pytest.mark.parametrize("size", [1, 2**31])
def test_a_size_that_lies(size: int, tmp_path: Path) -> None:
    assert refused(declaring(size))


def test_a_total_beyond_all_measure() -> None:
    data = bytearray(zipped({**WORKBOOK, **{f"a{n}.bin": bytes(2_000_000) for n in range(3)}}))
    for n in range(3):
        at = data.rfind(f"a{n}.bin".encode())
        struct.pack_into("<II", data, at - 46 + 20, 2**20, 2**28)
    assert "展开后" in refused(bytes(data))


def test_a_part_larger_than_any() -> None:
    data = bytearray(zipped({**WORKBOOK, "docProps/app.xml": bytes(2_000_000)}))
    at = data.rfind(b"docProps/app.xml")
    struct.pack_into("<II", data, at - 46 + 20, 2**21, guard.MAX_PART + 1)
    assert "过大" in refused(bytes(data))


def test_a_sheet_that_is_listed_and_not_there_is_not_passed_over() -> None:
    lost = {name: data for name, data in WORKBOOK.items() if name != SHEET}
    assert "单位信息" in refused(zipped(lost))


def test_sheets_of_charts_are_no_loss() -> None:
    relations = WORKBOOK["xl/_rels/workbook.xml.rels"].replace(
        b"</Relationships>", b'<Relationship Id="rIdX" Type="x/chartsheet" Target="c.xml"/></Relationships>'
    )
    book = WORKBOOK["xl/workbook.xml"].replace(b"</sheets>", '<sheet name="图" r:id="rIdX"/></sheets>'.encode())
    with package.unpack(zipped({**WORKBOOK, "xl/workbook.xml": book, "xl/_rels/workbook.xml.rels": relations})) as made:
        assert [sheet.name for sheet in made.sheets] == ["单位信息"]


def test_modules_of_old_macros_are_no_loss() -> None:
    """Excel lists the modules of old workbooks among the sheets, with an empty id."""
    book = WORKBOOK["xl/workbook.xml"].replace(b"</sheets>", b'<sheet name="Module1" sheetId="9" r:id=""/></sheets>')
    with package.unpack(zipped({**WORKBOOK, "xl/workbook.xml": book})) as made:
        assert [sheet.name for sheet in made.sheets] == ["单位信息"]
    nowhere = book.replace(b' r:id=""', b"")
    assert "Module1" in refused(zipped({**WORKBOOK, "xl/workbook.xml": nowhere}))


KINDS = [
    (b"\x09\x08\x10\x00\x00\x06\x05\x00", "xls"),
    (bytes(5000), "空字节"),
    (b"{\\rtf1 x}", "RTF"),
    (b"PK\x05\x06" + bytes(18), "空的"),
    (zipped({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<p/>"}), "演示"),
    (zipped({**WORKBOOK, "_rels/.rels": b"<Relationships/>", "xl/workbook.xml": b"<other/>"}), "不是 Excel"),
]


@pytest.mark.parametrize(("data", "word"), KINDS, ids=[kind[1] for kind in KINDS])
def test_what_it_really_is(data: bytes, word: str) -> None:
    assert word in refused(data)


@pytest.mark.parametrize("name", ["Workbook", "ETData"])
def test_files_of_old_programs_may_be_imported(name: str) -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + name.encode("utf-16-le")
    with pytest.raises(Refusal, match=r"xls、\.et") as caught:
        package.unpack(data)
    assert "另存为" in caught.value.fix
    assert "gongkai import" in caught.value.fix


# whatever else fails


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), UnicodeError("odd"), EOFError()])
def test_whatever_the_libraries_raise(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "填报.xlsx"
    path.write_bytes(zipped(WORKBOOK))

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(read.cells, "shared_strings", fail)
    with pytest.raises(Refusal) as caught:
        read.read(path)
    assert caught.value.__cause__ is error


def test_no_memory_at_the_outer_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    from generator import pipeline

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pipeline, "check", fail)
    result = CliRunner().invoke(gongkai, ["check", "a.xlsx"])
    assert result.exit_code == 2
    assert "内存不够" in result.output


def test_the_detail_goes_to_a_log(tmp_path: Path) -> None:
    path = tmp_path / "填报.xlsx"
    path.write_bytes(zipped(WORKBOOK)[:-60])
    quiet = CliRunner().invoke(gongkai, ["generate", str(path), "-o", str(tmp_path / "甲.docx")])
    assert quiet.exit_code == 2
    assert list(tmp_path.iterdir()) == [path]
    result = CliRunner().invoke(gongkai, ["generate", str(path), "-o", str(tmp_path / "甲.docx"), "--debug"])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    (log,) = tmp_path.glob("*.log")
    assert "BadZipFile" in log.read_text(encoding="utf-8")
    assert str(log) in result.output


def test_where_no_log_can_be_written_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "填报.xlsx"
    path.write_bytes(b"x")
    result = CliRunner().invoke(gongkai, ["check", str(path), "--debug", f"--marked={path}/a/b.xlsx"])
    assert result.exit_code == 2
    assert "Traceback" in result.output


# attachments and style files


def docx() -> dict[str, bytes]:
    with zipfile.ZipFile(STYLE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


HOSTILE_WORD: list[Callable[[dict[str, bytes]], bytes]] = [
    lambda found: zipped({**found, "word/document.xml": DOCTYPE.encode()}),
    lambda found: zipped({**found, "customXml/item1.xml": DOCTYPE.encode("utf-16")}),
    lambda found: zipped({**found, "../x.xml": b"<a/>"}),
    lambda found: zipped({**found, "word/media/a.bin": bytes(20_000_000)}),
    lambda found: zipped({**found, "WORD/document.xml": b"<a/>"}),
    lambda found: zipped(found)[:-80],
    lambda found: b"",
]


@pytest.mark.parametrize("make", HOSTILE_WORD)
def test_hostile_word_files(make: Callable[[dict[str, bytes]], bytes], tmp_path: Path) -> None:
    path = tmp_path / "style.docx"
    path.write_bytes(make(docx()))
    with pytest.raises(Refusal, match="样式文件"):
        render.template(path)
    master = zipped(docx())
    cell = CellRef("附件", 3, 1)
    data, findings = attach.append(master, (Attachment("attachment.1.file", "附件", str(path), cell),))
    assert data == master
    assert [finding.cells for finding in findings] == [(cell,)]
    assert "未编入" in findings[0].message


def test_a_word_file_of_too_much_text(tmp_path: Path) -> None:
    path = tmp_path / "长.docx"
    text = "".join(f"<p>{n}</p>" for n in range(2_000_000)).encode()
    path.write_bytes(zipped({**docx(), "word/document.xml": b"<d>" + text + b"</d>"}))
    master = zipped(docx())
    data, findings = attach.append(master, (Attachment("a", "附件", str(path), CellRef("附件", 3, 1)),))
    assert data == master
    assert "过大" in findings[0].message


def test_a_subject_list_of_the_user_is_read_through_the_same_door(tmp_path: Path) -> None:
    from generator.workbook import subjects

    path = tmp_path / "科目.xlsx"
    path.write_bytes(xlsx([Page("科目", {(1, 1): "x"})])[:-40])
    with pytest.raises(Refusal, match=r"科目\.xlsx"):
        subjects.read(path)
