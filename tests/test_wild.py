"""A short run over files of other programs; `python tests/wild.py FOLDER` takes a whole collection."""

from __future__ import annotations

from pathlib import Path

import docx
import openpyxl
import pytest

import wild  # isort: skip


def collection(folder: Path, whole: bool = False) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["项目", "金额", 3097.76, "=B1"])
    book.save(folder / "别人的.xlsx")
    if not whole:
        return folder
    (folder / "别人的.csv").write_text("项目,金额\n", encoding="utf-8")
    document = docx.Document()
    document.add_paragraph("别人的文字")
    document.save(str(folder / "别人的.docx"))
    return folder


def test_files_of_other_programs(tmp_path: Path) -> None:
    tried, wrong = wild.wild(collection(tmp_path, whole=True))
    assert wrong == []
    assert tried == {".xlsx": 1, ".csv": 1, ".docx": 1}


def test_a_value_that_is_lost_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = wild.ours
    monkeypatch.setattr(wild, "ours", lambda data: {k: v for k, v in read(data).items() if v.text != "3097.76"})
    assert [line for line in wild.wild(collection(tmp_path))[1] if "3097.76" in line and "is lost" in line]


def test_a_crash_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(wild, "read_twice", fail)
    assert [line for line in wild.wild(collection(tmp_path))[1] if "KeyError" in line]
