"""Word documents of a shape that hangs other programs, where one is read: done or refused in ten seconds and 400 MB.

`python tests/hostile_documents.py` prints the figures of every shape and place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hostile_documents as documents  # isort: skip
import hostile_shapes as shapes
from hostile_documents import documents as generated

from generator import history
from generator.document import package
from generator.model.finding import Refusal
from generator.model.state import State, StateError, unpack
from generator.workbook import subjects

CASES = (
    (documents.many_paragraphs, "output", 0),
    (documents.far_too_many_paragraphs, "diff", 2),
    (documents.many_paragraphs, "attachment", 0),
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize(("shape", "use", "code"), CASES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_done_or_refused_in_time(shape: Callable[[], shapes.Parts], use: str, code: int, tmp_path: Path) -> None:
    found, said, seconds, megabytes = documents.measured(shape, use, tmp_path / "a")
    assert not shapes.too_much(found, said, seconds, megabytes), (found, said[-500:], seconds, megabytes)
    assert found == code, said[-500:]
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "shape", [documents.a_picture_of_blanks, documents.entities, documents.far_too_many_paragraphs]
)
def test_documents_that_are_not_opened(shape: Callable[[], shapes.Parts], tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        package.unpack(shapes.write(shape, tmp_path / "x.docx").read_bytes())
    assert refused.value.fix
    assert package.fingerprint_ok((tmp_path / "x.docx").read_bytes()) is None


@pytest.mark.parametrize("shape", [documents.a_record_of_blanks, documents.a_record_of_lists, documents.a_deep_record])
def test_records_that_are_none(shape: Callable[[], shapes.Parts]) -> None:
    """What a document carries of the last run may be a bomb: it counts as no record."""
    text = next(part for part in shape().values() if isinstance(part, str) and "urn:gongkai:state" in part)
    with pytest.raises(StateError):
        unpack(text.partition(">")[2].partition("<")[0])


def test_a_record_of_ours_is_read() -> None:
    _, state = generated()[0]
    assert isinstance(unpack(state.pack()), State)


def test_a_name_in_the_history_that_is_no_time(tmp_path: Path) -> None:
    folder = history.folder_of(tmp_path / "公开.docx")
    folder.mkdir()
    (folder / "20219999-996199 改.docx").write_bytes(b"x")
    (folder / "20210131-120000 改.docx").write_bytes(b"x")
    assert [kept.when for kept in history.listed(tmp_path / "公开.docx")] == ["20210131-120000"]


def test_a_list_of_subjects_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "科目.csv"
    path.write_text("科目编码,科目名称\n" + "201,一般公共服务支出\n" * 200_000, encoding="utf-8")
    with pytest.raises(Refusal, match="不像是科目表"):
        subjects.read(path)
