"""Workbooks of a shape that makes programs hang or swallow memory, and a small process that reads one of them.

python tests/hostile_shapes.py [SHAPE …] [COMMAND …]   seconds and megabytes of every shape, in `check` or COMMAND
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from generator import editions  # noqa: E402
from generator.model.cell import column_letters  # noqa: E402

if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))

from made_content import made_content  # noqa: E402
from raw_xlsx import MAIN, Page, pages, parts  # noqa: E402

SECONDS, MEGABYTES = 10, 400
EDITION, YEAR = "wuhan-final-2021", 2021
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
Parts = dict[str, "str | bytes | Callable[[], Iterator[bytes]]"]

# What a user starts, in a process of its own. Prints its exit code, processor seconds and megabytes at the peak, those
# of its workers with it.
_CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from generator.commands import main
own = resource.getrusage(resource.RUSAGE_SELF)
if __name__ == "__main__":  # workers start by importing this
    try:
        main()
    except SystemExit as end:
        print("\\n" + str(end.code))
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    now, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(sum(one.ru_utime + one.ru_stime for one in (now, theirs)) - own.ru_utime - own.ru_stime)
    print(max(int(peak), theirs.ru_maxrss) / 1024)
"""

# Every command that reads workbooks, with the hostile one in each place where one may stand.
COMMANDS: dict[str, Callable[[str, str, str], list[str]]] = {
    "check": lambda it, good, to: ["check", it, "--marked", f"{to}/标注.xlsx"],
    "generate": lambda it, good, to: ["generate", it, "--draft", "--review", "-o", f"{to}/公开.docx", "--no-mark"],
    "diff": lambda it, good, to: ["diff", good, it, "--format", "json"],
    "roll": lambda it, good, to: ["roll", it, "--year", str(YEAR + 1), "-o", f"{to}/本年.xlsx"],
    "import": lambda it, good, to: ["import", it, "--into", good, "--unit", "元", "-o", f"{to}/导入.xlsx"],
    "into": lambda it, good, to: ["import", good, "--into", it, "--unit", "元", "-o", f"{to}/导入.xlsx"],
    "consolidate": lambda it, good, to: ["consolidate", good, it, "-o", f"{to}/部门.xlsx"],
    "units": lambda it, good, to: ["check", good, "--no-mark", "--units", good, it],
    "last": lambda it, good, to: ["check", good, "--no-mark", "--last", it],
    "subjects": lambda it, good, to: ["check", good, "--no-mark", "--subjects", it],
    "batch": lambda it, good, to: ["batch", it, "-o", f"{to}/结果", "--jobs", "1"],
}


@lru_cache(maxsize=1)
def _base() -> tuple[tuple[tuple[str, str], ...], str]:
    """The parts of an ordinary filled workbook, and the name of the part of its first official table."""
    edition = editions.load(EDITION)
    made = pages(edition, made_content(edition))
    at = next(n for n, page in enumerate(made, 1) if page.name == edition.tables[0].sheet)
    return tuple(parts(made).items()), f"xl/worksheets/sheet{at}.xml"


def base() -> tuple[Parts, str]:
    found, table = _base()
    return dict(found), table


def _table(change: Callable[[str], str]) -> Parts:
    found, table = base()
    text = found[table]
    assert isinstance(text, str)
    found[table] = change(text)
    assert found[table] != text
    return found


def _stream(head: str, piece: Callable[[int], str], count: int, tail: str) -> Callable[[], Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        yield head.encode()
        for start in range(0, count, 1000):
            yield "".join(piece(n) for n in range(start, min(start + 1000, count))).encode()
        yield tail.encode()

    return chunks


def _rows(piece: Callable[[int], str], count: int) -> Parts:
    """The table with so many more rows below its own."""
    found, table = base()
    text = found[table]
    assert isinstance(text, str)
    head, tail = text.split("</sheetData>")
    found[table] = _stream(head, piece, count, "</sheetData>" + tail)
    return found


def _merged(*references: str) -> Parts:
    tags = "".join(f'<mergeCell ref="{reference}"/>' for reference in references)
    return _table(
        lambda text: (
            text.replace("</mergeCells>", tags + "</mergeCells>")
            if "</mergeCells>" in text
            else text.replace("</sheetData>", f"</sheetData><mergeCells>{tags}</mergeCells>")
        )
    )


def whole_columns_merged() -> Parts:
    return _merged("A1:A1048576", "B:C", "Z1:AZ1048576")


def whole_sheet_merged() -> Parts:
    return _merged("A1:XFD1048576")


def two_cells_far_apart() -> Parts:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return _table(
        lambda text: text.replace("</sheetData>", far).replace(
            '<dimension ref="A1"/>', '<dimension ref="A1:XFD1048576"/>'
        )
    )


def a_dimension_that_lies() -> Parts:
    return _table(lambda text: text.replace('<dimension ref="A1"/>', '<dimension ref="XFD1048576:ZZZ99999999999"/>'))


def ten_thousand_styles() -> Parts:
    found, _ = base()
    formats = "".join(
        f'<numFmt numFmtId="{n}" formatCode="0.{"0" * (n % 30)}&quot;{n}&quot;"/>' for n in range(200, 10_200)
    )
    cells = "".join(f'<xf numFmtId="{n}"><alignment horizontal="left"/></xf>' for n in range(200, 10_200))
    found["xl/styles.xml"] = (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>'
    )
    return found


def half_a_million_styles() -> Parts:
    found, _ = base()
    head, tail = f'<styleSheet xmlns="{MAIN}"><cellXfs>', "</cellXfs></styleSheet>"
    found["xl/styles.xml"] = _stream(head, lambda n: f'<xf numFmtId="{n}" fontId="{n % 99}"/>', 500_000, tail)
    return found


def five_thousand_merges() -> Parts:
    return _merged(*(f"A{n}:C{n}" for n in range(1000, 6000)))


def three_hundred_sheets() -> Parts:
    edition = editions.load(EDITION)
    made = pages(edition, made_content(edition))
    blank = {(row, column): f"文字{row}" for row in range(1, 40) for column in range(1, 9)}
    return dict(parts([*made, *(Page(f"底稿{n}", dict(blank)) for n in range(300))]))


def copies_of_one_table() -> Parts:
    edition = editions.load(EDITION)
    made = pages(edition, made_content(edition))
    table = next(page for page in made if page.name == edition.tables[0].sheet)
    return dict(parts([*made, *(Page(f"{table.name} ({n})", dict(table.cells)) for n in range(2, 300))]))


def styled_blank_rows() -> Parts:
    """As Excel leaves them when a border was drawn down whole columns."""
    cells = "".join(f'<c r="{column_letters(c)}%d" s="1"/>' for c in range(1, 17))
    return _rows(lambda n: f'<row r="{n + 900}" spans="1:16" ht="20">' + cells % ((n + 900,) * 16) + "</row>", 200_000)


def styled_blank_rows_above_a_value() -> Parts:
    found = styled_blank_rows()
    _, table = base()
    chunks = found[table]
    assert callable(chunks)
    far = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'

    def more() -> Iterator[bytes]:
        for chunk in chunks():
            yield chunk.replace(b"</sheetData>", far)

    return {**found, table: more}


def every_row_styled() -> Parts:
    return _rows(lambda n: f'<row r="{n + 900}" s="1" customFormat="1"><c r="A{n + 900}" s="3"/></row>', 1_040_000)


def a_cell_of_twenty_megabytes() -> Parts:
    text = "长" * 7_000_000
    return _rows(lambda n: f'<row r="900"><c r="A900" t="inlineStr"><is><t>{text}</t></is></c></row>', 1)


def a_number_of_twenty_megabytes() -> Parts:
    return _rows(lambda n: '<row r="900"><c r="C900"><v>' + "9" * 20_000_000 + "</v></c></row>", 1)


def a_string_of_twenty_megabytes() -> Parts:
    found, _ = base()
    found["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}"><si><t>' + "长" * 7_000_000 + "</t></si></sst>"
    return found


def a_million_filled_cells() -> Parts:
    cells = "".join(f'<c r="{column_letters(c)}%d"><v>1234.5{c}</v></c>' for c in range(1, 11))
    return _rows(lambda n: f'<row r="{n + 900}">' + cells % ((n + 900,) * 10) + "</row>", 100_000)


def many_million_filled_cells() -> Parts:
    return _rows(lambda n: f'<row r="{n + 900}"><c><v>1</v></c><c><v>2</v></c></row>', 1_000_000)


def filled_cells_on_every_table() -> Parts:
    found, _ = base()
    cells = "".join(f"<c><v>1234.5{c}</v></c>" for c in range(10))
    for name, text in list(found.items()):
        if name.startswith("xl/worksheets/") and isinstance(text, str):
            head, tail = text.split("</sheetData>")
            found[name] = _stream(head, lambda n: f'<row r="{n + 900}">{cells}</row>', 9_000, "</sheetData>" + tail)
    return found


def a_million_strings() -> Parts:
    found, _ = base()
    found["xl/sharedStrings.xml"] = _stream(
        f'<sst xmlns="{MAIN}">', lambda n: f"<si><t>文字{n}</t></si>", 1_000_000, "</sst>"
    )
    return found


def strings_of_many_runs() -> Parts:
    found, _ = base()
    run = "<r><rPr><b/><sz val='9'/></rPr><t>字</t></r>"
    found["xl/sharedStrings.xml"] = _stream(f'<sst xmlns="{MAIN}"><si>', lambda n: run, 700_000, "</si></sst>")
    return found


def deep_nesting() -> Parts:
    return _rows(lambda n: "<row>" * 100_000 + "</row>" * 100_000, 1)


def deep_nesting_in_strings() -> Parts:
    found, _ = base()
    found["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">' + "<si>" * 500_000
    return found


def a_million_attributes() -> Parts:
    many = " ".join(f'a{n}="1"' for n in range(500_000))
    return _rows(lambda n: f'<row r="900" {many}><c r="A900"><v>1</v></c></row>', 1)


def many_namespaces() -> Parts:
    many = " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(100_000))
    return _rows(lambda n: f'<row r="900" {many}><c r="A900"><v>1</v></c></row>', 1)


def a_huge_part_of_blanks() -> Parts:
    found, _ = base()
    found["xl/media/x.bin"] = lambda: iter([bytes(1 << 20)] * 400)
    return found


def huge_comments_between_cells() -> Parts:
    return _rows(lambda n: f"<!-- {'x' * 900} --><row r='{n + 900}'/>", 90_000)


def a_million_relations() -> Parts:
    found, _ = base()
    kept = found["xl/_rels/workbook.xml.rels"]
    assert isinstance(kept, str)
    head = kept.replace("</Relationships>", "")
    found["xl/_rels/workbook.xml.rels"] = _stream(
        head, lambda n: f'<Relationship Id="x{n}" Type="x/y" Target="z{n}.xml"/>', 600_000, "</Relationships>"
    )
    return found


def entities_by_the_million() -> Parts:
    return _rows(
        lambda n: '<row r="900"><c r="A900" t="inlineStr"><is><t>' + "&#38;" * 1_500_000 + "</t></is></c></row>", 1
    )


def long_texts_everywhere() -> Parts:
    text = "长" * 32_767
    return _rows(lambda n: f'<row r="{n + 900}"><c r="B{n + 900}" t="inlineStr"><is><t>{text}</t></is></c></row>', 900)


def too_much(code: int, said: str, seconds: float, megabytes: float) -> bool:
    return seconds > SECONDS or megabytes > MEGABYTES or code not in (0, 1, 2) or "内部出错" in said


SHAPES: tuple[Callable[[], Parts], ...] = (
    whole_columns_merged,
    whole_sheet_merged,
    two_cells_far_apart,
    a_dimension_that_lies,
    ten_thousand_styles,
    half_a_million_styles,
    five_thousand_merges,
    three_hundred_sheets,
    copies_of_one_table,
    styled_blank_rows,
    styled_blank_rows_above_a_value,
    every_row_styled,
    a_cell_of_twenty_megabytes,
    a_number_of_twenty_megabytes,
    a_string_of_twenty_megabytes,
    a_million_filled_cells,
    many_million_filled_cells,
    filled_cells_on_every_table,
    a_million_strings,
    strings_of_many_runs,
    deep_nesting,
    deep_nesting_in_strings,
    a_million_attributes,
    many_namespaces,
    a_huge_part_of_blanks,
    huge_comments_between_cells,
    a_million_relations,
    entities_by_the_million,
    long_texts_everywhere,
)


def write(shape: Callable[[], Parts], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in shape().items():
            with archive.open(name, "w", force_zip64=True) as part:
                for chunk in data() if callable(data) else [data.encode() if isinstance(data, str) else data]:
                    part.write(chunk)
    return path


def _another_unit() -> Parts:
    return {
        name: text.replace("某单位", "某局本级") if isinstance(text, str) else text for name, text in base()[0].items()
    }


def measured(path: Path, command: str = "check") -> tuple[int, str, float, float]:
    """Exit code and words of a command in a process of its own, processor seconds, megabytes at the peak."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        good = write(_another_unit, Path(folder) / "本级.xlsx")  # beside which the hostile one is put
        return started(COMMANDS[command](str(path), str(good), folder), Path(folder))


def started(arguments: list[str], folder: Path) -> tuple[int, str, float, float]:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        script = Path(scratch) / "child.py"
        script.write_text(_CHILD)
        try:
            done = subprocess.run(
                [sys.executable, str(script), *arguments],
                cwd=ROOT,
                env=os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
                capture_output=True,
                encoding="utf-8",
                timeout=120,
            )
        except subprocess.TimeoutExpired as error:
            return -1, str(error), 120.0, 0.0
    if done.returncode:
        return done.returncode, done.stderr[-600:], 0.0, 0.0
    *said, code, seconds, megabytes = done.stdout.splitlines()
    return int(code), "\n".join([*said, done.stderr]), float(seconds), float(megabytes)


def main() -> None:
    commands = [name for name in sys.argv[1:] if name in COMMANDS]
    names = [name for name in sys.argv[1:] if name not in COMMANDS]
    with tempfile.TemporaryDirectory() as folder:
        for shape in (shape for shape in SHAPES if not names or shape.__name__ in names):
            path = write(shape, Path(folder) / "x.xlsx")
            size = path.stat().st_size / 1e6
            for command in commands or ["check"]:
                code, said, seconds, megabytes = measured(path, command)
                bad = too_much(code, said, seconds, megabytes)
                told = said.replace("\n", " ")[:120] if code > 1 or bad else ""
                figures = f"{size:6.1f} MB {command:11} {seconds:6.2f} s {megabytes:6.0f} MB"
                print(f"{shape.__name__:34} {figures}  {code} {told}{' <-- TOO MUCH' if bad else ''}", flush=True)


if __name__ == "__main__":
    main()
