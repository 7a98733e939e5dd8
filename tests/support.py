"""What several tests share: filled workbooks, the whole pipeline in this process, and Word documents as plain text."""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from lxml import etree

from generator import pipeline
from generator.editions import Edition
from generator.pipeline import Generated
from generator.workbook.blank import build

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
INPUTS = ROOT / "inputs"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

if str(ROOT / "scripts") not in sys.path:
    sys.path.append(str(ROOT / "scripts"))

import make_samples  # noqa: E402
from sample_source import content, load_source, names, raw_source  # noqa: E402

__all__ = [
    "INPUTS",
    "ROOT",
    "SHARED",
    "Generated",
    "content",
    "docx_lines",
    "docx_tables",
    "fill",
    "generate",
    "load_source",
    "make_samples",
    "module_at",
    "names",
    "raw_source",
    "sample",
]


def fill(edition: Edition, filled: Mapping[str, Any] | None, path: Path) -> Path:
    """A workbook of ``edition`` holding ``filled`` (None: a blank one), written to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(build(edition, filled))
    return path


@lru_cache(maxsize=4)
def _sample(name: str) -> bytes:
    return build(*load_source(name))


def sample(name: str, folder: Path) -> Path:
    """The workbook of inputs/sources/<name>.yaml in ``folder``, with the attachments that it names beside it."""
    path = folder / f"{name}.xlsx"
    path.write_bytes(_sample(name))
    for file in (INPUTS / "附件").glob("*"):
        target = folder / "附件" / file.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.read_bytes())
    return path


def generate(workbook: Path, output: Path | None = None, **options: Any) -> Generated:
    """The whole pipeline in this process; the document goes beside the workbook unless ``output`` is given."""
    return pipeline.generate(workbook, output or workbook.with_suffix(".docx"), **options)


def _body(path: Path) -> etree._Element:
    with zipfile.ZipFile(path) as package:
        return etree.fromstring(package.read("word/document.xml"))


def _text(paragraph: etree._Element) -> str:
    return "".join(node.text or "" for node in paragraph.iter(W + "t"))


def docx_lines(path: Path) -> list[str]:
    """Every paragraph of the body in document order, those of table cells included."""
    return [_text(paragraph) for paragraph in _body(path).iter(W + "p")]


def docx_tables(path: Path) -> list[list[list[str]]]:
    """Every table of the body as rows of cell texts; a cell that spans columns is repeated, one merged down is ""."""
    return [[list(_cells(row)) for row in table.iter(W + "tr")] for table in _body(path).iter(W + "tbl")]


def _cells(row: etree._Element) -> Iterator[str]:
    before = row.find(f"{W}trPr/{W}gridBefore")
    yield from [""] * (int(before.get(W + "val", "0")) if before is not None else 0)
    for cell in row.findall(W + "tc"):
        span = cell.find(f"{W}tcPr/{W}gridSpan")
        merge = cell.find(f"{W}tcPr/{W}vMerge")
        inside = merge is not None and merge.get(W + "val") != "restart"
        text = "" if inside else "\n".join(_text(paragraph) for paragraph in cell.iter(W + "p"))
        yield from [text] * (int(span.get(W + "val", "1")) if span is not None else 1)


def module_at(path: Path) -> ModuleType:
    """A script that is no part of the project, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
