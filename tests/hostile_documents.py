"""Word documents of a shape that makes programs hang or swallow memory, wherever a document is read.

That is: as the one that stands at the output, in `diff`, and as an attachment.

python tests/hostile_documents.py [SHAPE …]       writes, reads and prints seconds and megabytes of every shape
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import hostile_shapes as shapes  # isort: skip
from fuzz_others import documents, parts_of
from support import INPUTS

TEXT = "word/document.xml"
Parts = shapes.Parts


def _body(piece: Callable[[int], str], count: int) -> Parts:
    """The document with so many more pieces before its last section."""
    found: Parts = dict(parts_of(documents()[0][0]))
    text = found[TEXT]
    assert isinstance(text, bytes)
    at = text.rindex(b"<w:sectPr")
    found[TEXT] = shapes._stream(text[:at].decode(), piece, count, text[at:].decode())
    return found


def many_paragraphs() -> Parts:
    return _body(lambda n: f"<w:p><w:r><w:t>第{n}段{n * n}</w:t></w:r></w:p>", 60_000)


def far_too_many_paragraphs() -> Parts:
    return _body(lambda n: f"<w:p><w:r><w:t>{n}</w:t></w:r></w:p>", 400_000)


def paragraphs_all_alike() -> Parts:
    return _body(lambda n: "<w:p><w:r><w:t>同样的一段</w:t></w:r></w:p>", 60_000)


def one_long_paragraph() -> Parts:
    return _body(lambda n: "<w:p><w:r><w:t>" + "长文字，" * 1_500_000 + "</w:t></w:r></w:p>", 1)


def deep_nesting() -> Parts:
    return _body(lambda n: "<w:tbl><w:tr><w:tc>" * 5_000 + "</w:tc></w:tr></w:tbl>" * 5_000, 1)


def deep_controls() -> Parts:
    return _body(lambda n: "<w:sdt><w:sdtContent>" * 9_000 + "<w:p/>" + "</w:sdtContent></w:sdt>" * 9_000, 1)


def a_wide_table() -> Parts:
    return _body(lambda n: "<w:tbl>" + "<w:tr>" + "<w:tc><w:p/></w:tc>" * 60_000 + "</w:tr></w:tbl>", 1)


def a_long_table() -> Parts:
    row = "<w:tr><w:tc><w:p><w:r><w:t>%d</w:t></w:r></w:p></w:tc></w:tr>"
    return _body(lambda n: "<w:tbl>" + "".join(row % n for n in range(30_000)) + "</w:tbl>", 1)


def many_bookmarks() -> Parts:
    return _body(lambda n: f'<w:bookmarkStart w:id="{n}" w:name="g_x{n}"/><w:bookmarkEnd w:id="{n}"/>', 100_000)


def a_document_of_blanks() -> Parts:
    return _body(lambda n: " " * 10_000, 10_000)


def a_picture_of_blanks() -> Parts:
    return {**_body(lambda n: "", 0), "word/media/x.png": lambda: iter([bytes(1 << 20)] * 300)}


def entities() -> Parts:
    found = _body(lambda n: "", 0)
    found["word/styles.xml"] = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + "x" * 99 + '">]><w/>'
    return found


def _with_state(data: Callable[[], Iterator[bytes]]) -> Parts:
    found = _body(lambda n: "", 0)
    pressed = zlib.compressobj(9)
    packed = base64.b64encode(b"".join([*(pressed.compress(piece) for piece in data()), pressed.flush()])).decode()
    text = f"{hashlib.sha256(packed.encode()).hexdigest()[:16]}:{packed}"
    name = next(n for n, part in found.items() if isinstance(part, bytes) and b"urn:gongkai:state:1" in part)
    found[name] = f'<state xmlns="urn:gongkai:state:1">{text}</state>'
    return found


def a_record_of_blanks() -> Parts:
    return _with_state(lambda: iter([b'{"version":1,"names":"', *[b" " * (1 << 20)] * 60, b'"}']))


def a_record_of_lists() -> Parts:
    return _with_state(lambda: iter([b"[", *[b"[]," * 100_000] * 75, b"[]]"]))


def a_deep_record() -> Parts:
    return _with_state(lambda: iter([b"[" * 1_000_000]))


SHAPES: tuple[Callable[[], Parts], ...] = (
    many_paragraphs, far_too_many_paragraphs, paragraphs_all_alike, one_long_paragraph, deep_nesting, deep_controls,
    a_wide_table, a_long_table, many_bookmarks, a_document_of_blanks, a_picture_of_blanks, entities,
    a_record_of_blanks, a_record_of_lists, a_deep_record,
)  # fmt: skip


@cache
def _plain() -> bytes:
    return documents()[1][0]


def measured(shape: Callable[[], Parts], use: str, folder: Path) -> tuple[int, str, float, float]:
    """As ``hostile_shapes.measured``; ``use`` is where the document stands: output, diff or attachment."""
    folder.mkdir(exist_ok=True)
    workbook = folder / f"{shapes.EDITION}.xlsx"
    shutil.copyfile(INPUTS / "sample-2021.xlsx", workbook)
    shutil.copytree(INPUTS / "附件", folder / "附件", dirs_exist_ok=True)
    if use == "diff":
        made = shapes.write(shape, folder / "旧.docx")
        (folder / "新.docx").write_bytes(_plain())
        return shapes.started(["diff", str(made), str(folder / "新.docx")], folder)
    out = folder / "公开.docx"
    if use == "output":
        shapes.write(shape, out)
    else:
        for path in (folder / "附件").glob("*.docx"):
            shapes.write(shape, path)
    return shapes.started(["generate", str(workbook), "-o", str(out), "--no-mark", "--redline"], folder)


def main() -> None:
    for shape in (one for one in SHAPES if not sys.argv[1:] or one.__name__ in sys.argv[1:]):
        for use in ("output", "diff", "attachment"):
            with tempfile.TemporaryDirectory() as folder:
                code, said, seconds, megabytes = measured(shape, use, Path(folder) / "a")
            bad = shapes.too_much(code, said, seconds, megabytes)
            told = said.replace("\n", " ")[:120] if code > 1 or bad else ""
            figures = f"{use:10} {seconds:6.2f} s {megabytes:6.0f} MB"
            print(f"{shape.__name__:26} {figures}  {code} {told}{' <-- TOO MUCH' if bad else ''}", flush=True)


if __name__ == "__main__":
    main()
