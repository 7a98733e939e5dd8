"""The page numbers of the contents, held against the pages that LibreOffice really makes."""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

import docx
import pypdf
import pytest
from disclosures import STYLE, disclosure, prose, spans
from docx.oxml.ns import nsmap, qn

from generator.document.pages import Lines, Rows, Turn, paginate
from generator.document.render import render
from generator.model.blocks import Attachment, Contents, ContentsEntry, Disclosure, Paragraph, Section, Style
from generator.model.cell import CellRef

INPUTS = Path(__file__).parents[1] / "inputs"
VARIANTS = range(30, 42)


@dataclass(frozen=True)
class Seen:
    """One heading: the page that the contents name, and the page in LibreOffice's PDF (None: not found)."""

    text: str
    named: int
    real: int | None


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    fonts = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False)
    if not fonts.stdout.strip():
        pytest.skip("no Chinese font is installed")
    return tmp_path_factory.mktemp("office")


def to_pdf(folder: Path, files: dict[str, bytes]) -> dict[str, pypdf.PdfReader]:
    """All files in one run of LibreOffice, with the headings as outline."""
    paths = []
    for name, data in files.items():
        path = folder / f"{name}.docx"
        path.write_bytes(data)
        paths.append(str(path))
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            'pdf:writer_pdf_Export:{"ExportBookmarks":{"type":"boolean","value":"true"}}',
            "--outdir",
            str(folder),
            *paths,
        ],
        capture_output=True,
        timeout=400,
        check=True,
    )
    return {name: pypdf.PdfReader(str(folder / f"{name}.pdf")) for name in files}


def outline(pdf: pypdf.PdfReader) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}

    def walk(entries: list[object]) -> None:
        for entry in entries:
            if isinstance(entry, list):
                walk(entry)
            else:
                page = pdf.get_destination_page_number(entry)  # type: ignore[arg-type]
                found.setdefault(squeezed(entry.title), []).append((page or 0) + 1)  # type: ignore[attr-defined]

    walk(pdf.outline)  # type: ignore[arg-type]
    return found


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def compare(data: bytes, pdf: pypdf.PdfReader) -> list[Seen]:
    """Every contents entry of the .docx against the PDF's outline."""
    body = docx.Document(io.BytesIO(data)).element.body
    headings: dict[str, str] = {}  # bookmark → text of its paragraph, in the order of the document
    for mark in body.iter(qn("w:bookmarkStart")):
        headings[mark.get(qn("w:name"))] = squeezed("".join(t.text or "" for t in mark.getparent().iter(qn("w:t"))))
    real = outline(pdf)
    seen = []
    for link in body.iter(qn("w:hyperlink")):
        text = headings[link.get(qn("w:anchor"))]
        pages = real.get(text, [])
        named = int([t.text for t in link.iter(qn("w:t"))][-1])
        seen.append(Seen(text, named, pages.pop(0) if pages else None))
    return seen


def judge(seen: list[Seen]) -> None:
    assert seen
    wrong = [one for one in seen if one.named != one.real]
    far = [one for one in wrong if one.real is None or abs(one.named - one.real) > 1]
    assert not far, far
    assert len(wrong) <= len(seen) // 100, wrong


def test_generated_variants(office: Path) -> None:
    files = {f"variant{seed}": render(STYLE, disclosure(seed)).data for seed in VARIANTS}
    pdfs = to_pdf(office, files)
    judge([one for name, data in files.items() for one in compare(data, pdfs[name])])


def test_number_of_pages(office: Path) -> None:
    made = {f"count{seed}": render(STYLE, disclosure(seed, sections=4)) for seed in (50, 51)}
    pdfs = to_pdf(office, {name: one.data for name, one in made.items()})
    assert {name: len(pdf.pages) for name, pdf in pdfs.items()} == {name: one.pages for name, one in made.items()}


def test_samples(office: Path) -> None:
    """Entries before an appended .docx are exact; the samples have nothing but attachments behind theirs."""
    from generator.narrative.compose import compose
    from generator.workbook.read import read

    files = {}
    for path in sorted(INPUTS.glob("*.xlsx")):
        edition, book = read(path)
        made, _ = compose(edition, book)
        files[path.stem] = render(edition.find("style.docx"), made).data
    assert files
    pdfs = to_pdf(office, files)
    for name, data in files.items():
        seen = compare(data, pdfs[name])
        assert [one for one in seen if one.named != one.real] == [], name


def test_pictures_take_the_room_that_was_reckoned(office: Path, tmp_path: Path) -> None:
    import random

    maker = random.Random(7)
    blocks: list[Paragraph | Attachment] = []
    entries = []
    for number, (width, height) in enumerate([(80, 40), (600, 900), (2000, 300), (300, 300), (1200, 1800)]):
        path = tmp_path / f"{number}.png"
        path.write_bytes(png(width, height))
        blocks.append(Paragraph(f"a{number}", Style.FORM_TITLE, spans(f"附件{number}"), new_page=True))
        blocks.append(Attachment(f"a{number}.file", f"附件{number}", str(path), CellRef("附件", 2, 2)))
        blocks += [Paragraph(f"a{number}.p{n}", Style.BODY, spans(prose(maker, 9))) for n in range(maker.randint(0, 4))]
        entries.append(ContentsEntry(2, f"附件{number}", f"a{number}"))
    sections = (Section("c", (Contents("c", "目录", tuple(entries)),)), Section("a", tuple(blocks)))
    rendered = render(STYLE, Disclosure("t", "u", "s", 2021, "e", sections))
    assert not rendered.findings
    seen = compare(rendered.data, to_pdf(office, {"pictures": rendered.data})["pictures"])
    assert [one for one in seen if one.named != one.real] == []


def png(width: int, height: int) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress((b"\0" + b"\x99" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# --- the arithmetic alone ----------------------------------------------------------------------------------------


def page_of(*items: Lines | Rows, height: int = 100) -> dict[str, int]:
    return paginate([Turn(height), *items]).pages


def test_a_heading_stays_with_what_follows() -> None:
    head = Lines("head", 1, 10, keep_next=True)
    assert page_of(Lines("a", 8, 10), head, Lines("b", 4, 10))["head"] == 2
    assert page_of(Lines("a", 7, 10), head, Lines("b", 4, 10))["head"] == 1


def test_no_single_line_is_left_behind() -> None:
    assert page_of(Lines("a", 9, 10), Lines("b", 4, 10))["b"] == 2
    assert page_of(Lines("a", 9, 10, widow=False), Lines("b", 4, 10, widow=False))["b"] == 1
    assert page_of(Lines("a", 8, 10), Lines("b", 3, 10))["b"] == 2  # two and one would be left


def test_a_long_paragraph_runs_over_pages() -> None:
    assert page_of(Lines("a", 25, 10), Lines("b", 5, 10), Lines("c", 1, 10)) == {"a": 1, "b": 3, "c": 4}


def test_rows_move_whole_and_the_head_is_repeated() -> None:
    table = Rows("t", (10, 40, 40, 40, 40), head=1)
    # 10+40+40 | 10+40+40 on two pages, the head again on the second
    assert page_of(table, Lines("after", 1, 10)) == {"t": 1, "after": 2}
    assert page_of(table, Lines("after", 2, 10)) == {"t": 1, "after": 3}


def test_a_row_taller_than_the_page_runs_over() -> None:
    table = Rows("t", (10, 250), head=1, splits=frozenset({1}), pitch=10)
    assert page_of(table, Lines("after", 1, 10))["after"] == 3


def test_a_line_taller_than_the_page_has_a_page_of_its_own() -> None:
    """A chart in a style file of small pages."""
    after = Lines("after", 1, 10)
    assert page_of(Lines("chart", 1, 150, widow=False), after) == {"chart": 1, "after": 2}
    assert page_of(Lines("chart", 1, 150), after) == {"chart": 1, "after": 2}
    assert page_of(Lines("before", 1, 10), Lines("chart", 1, 150), after) == {"before": 1, "chart": 2, "after": 3}


def test_a_head_that_fills_the_page_comes_to_an_end() -> None:
    table = Rows("t", (95, 250), head=1, splits=frozenset({1}), pitch=10)
    assert page_of(table, Lines("after", 1, 10))["after"] > 2


def test_a_forced_page_and_a_section() -> None:
    layout = paginate(
        [Turn(100), Lines("a", 1, 10), Lines("b", 1, 10, new_page=True), Turn(50), Lines("c", 6, 10, widow=False)]
    )
    assert (layout.pages, layout.count) == ({"a": 1, "b": 2, "c": 3}, 4)


def test_fields_show_the_same_numbers_as_text() -> None:
    """What WPS shows without refreshing anything is the number reckoned."""
    rendered = render(STYLE, disclosure(60))
    body = docx.Document(io.BytesIO(rendered.data)).element.body
    cached = [int([t.text for t in link.iter(qn("w:t"))][-1]) for link in body.iter(qn("w:hyperlink"))]
    assert cached[0] > 1
    assert max(cached) <= (rendered.pages or 0)
    assert body.find(".//w:fldChar", nsmap) is not None
