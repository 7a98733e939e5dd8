"""Build the sample workbooks under inputs/ from inputs/sources/*.yaml, and the attachments they name.

    python scripts/make_samples.py           # write what has changed
    python scripts/make_samples.py --check   # write nothing, exit 1 when a file is out of date

The same sources give the same bytes: no file holds a time of day.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import docx  # noqa: E402
from sample_source import load_source, names  # noqa: E402

from generator.checks.live import live  # noqa: E402
from generator.workbook.blank import build  # noqa: E402

INPUTS = ROOT / "inputs"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold

Colour = tuple[int, int, int]
WHITE, GREY, BLUE, GREEN, RED = (255, 255, 255), (217, 217, 217), (68, 114, 196), (112, 173, 71), (192, 80, 77)


def built() -> dict[Path, bytes]:
    """Every file this script stands for, under its path relative to inputs/."""
    sources = {name: load_source(name) for name in names()}
    files = {
        Path(f"{name}.xlsx"): build(edition, content, checks=live(edition))
        for name, (edition, content) in sources.items()
    }
    files[Path("附件/设施示意图.png")] = picture()
    files[Path("附件/绩效管理办法.docx")] = document()
    return files


def picture(width: int = 900, height: int = 600) -> bytes:
    """A plan drawn with plain rectangles: two roads, green spaces, and a red square for each facility."""
    rows = [[WHITE] * width for _ in range(height)]

    def fill(left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
        for row in rows[top:bottom]:
            row[left:right] = [colour] * (right - left)

    fill(0, 280, width, 320, GREY)
    fill(430, 0, 470, height, GREY)
    for left, top in ((60, 60), (520, 360), (700, 60)):
        fill(left, top, left + 160, top + 160, GREEN)
    fill(80, 400, 380, 520, BLUE)
    for left, top in ((250, 230), (490, 230), (640, 330), (380, 340), (300, 60)):
        fill(left, top, left + 40, top + 40, RED)
    data = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(data, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def document() -> bytes:
    """A short rule book as a unit would append it: a heading, articles and a small table."""
    made = docx.Document()
    made.add_heading("预算绩效管理办法（节选）", level=1)
    for text in (
        "第一条 为规范预算绩效管理，提高财政资金使用效益，结合本部门实际，制定本办法。",
        "第二条 项目负责人对项目绩效目标的完成情况负责，财务部门负责汇总和监督。",
        "第三条 绩效自评结果分为优、良、中、差四个等次，与下一年度预算安排挂钩。",
    ):
        made.add_paragraph(text)
    table = made.add_table(rows=1, cols=2, style="Table Grid")
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "等次", "得分"
    for grade, score in (
        ("优", "90分（含）以上"),
        ("良", "80分（含）至90分"),
        ("中", "60分（含）至80分"),
        ("差", "60分以下"),
    ):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = grade, score
    stream = io.BytesIO()
    made.save(stream)
    return _timeless(stream.getvalue())


def _timeless(package: bytes) -> bytes:
    """The same package with every member at the earliest time, so that equal content is equal bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            member = zipfile.ZipInfo(item.filename, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(member, old.read(item))
    return stream.getvalue()


def unpacked(data: bytes) -> object:
    """What a file holds, whatever the machine's deflate makes of it: two builds are the same when this is equal."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return [(item.filename, item.date_time, package.read(item)) for item in package.infolist()]
    start = data.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", data[start - 8 : start - 4])
    return data[:33], zlib.decompress(data[start : start + length])


def main(arguments: list[str]) -> int:
    """Write or compare; the number of files that were out of date decides the exit code of --check."""
    stale = [
        (INPUTS / path, data)
        for path, data in built().items()
        if not (INPUTS / path).is_file() or unpacked((INPUTS / path).read_bytes()) != unpacked(data)
    ]
    for path, data in stale:
        print(path.relative_to(ROOT))
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
