"""退回意见: the letter that sends a workbook back, naming what to correct, in the edition's own type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..editions import Edition
from ..model.blocks import Disclosure, Paragraph, Section, Span, SpanKind, Style
from ..model.finding import Severity, relations_in
from ..narrative.wording import chinese
from .rounds import Comparison, Matter, compare
from .store import Record, Status

_CELLS = 12  # places named after a matter; all of them are in the marked copy
_RELATIONS = 6  # told under a matter
_END = "。；！？"
_SENTENCE = re.compile(r"[^。；]+[。；]*")
_COMMAND = re.compile(r"\bgongkai\b|(?<![\w-])--[a-z]")
_COMMAND_ASIDE = re.compile(r"（(?:gongkai|--)[^（）]*）")
_AGAIN = re.compile(r"，再对另存的文件运行一次")


def letter(record: Record, edition: Edition, workbook: str, marked: str) -> bytes:
    """The .docx; ``workbook`` and ``marked`` are the names of the files it speaks of. Same input, same bytes."""
    from ..document.render import render

    page = _Page()
    _head(page, record, workbook)
    _matters(page, record)
    if record.previous is not None:
        _again(page, compare(record.previous, record.matters))
    _close(page, marked)
    title = f"{record.unit or workbook} 退回意见"
    made = Disclosure(title, record.unit, "退回意见", record.year, edition.id, (Section("letter", tuple(page.blocks)),))
    return render(edition.find("style.docx"), made).data


@dataclass
class _Page:
    blocks: list[Paragraph] = field(default_factory=list)
    chapters: int = 0

    def add(self, text: str, style: Style = Style.BODY, flush: bool = False) -> None:
        self.blocks.append(Paragraph(f"letter.{len(self.blocks)}", style, (Span(text, SpanKind.USER),), flush=flush))

    def chapter(self, text: str) -> None:
        self.chapters += 1
        self.add(f"{chinese(self.chapters)}、{text}", Style.SECTION)

    def right(self, text: str) -> None:
        id = f"letter.{len(self.blocks)}"
        self.blocks.append(Paragraph(id, Style.BODY, (), right=(Span(text),), flush=True))


def _head(page: _Page, record: Record, workbook: str) -> None:
    """Title, whom it is for, and what was found: sent back where something is wrong, else asked about."""
    errors, doubts = record.count(Severity.ERROR.value), record.count(Severity.WARNING.value)
    about = f"《{record.document}》工作簿" if record.document and record.year else "公开工作簿"
    page.add(f"关于退回修改{about}的意见" if errors else f"关于核实{about}有关事项的意见", Style.CONTENTS_TITLE)
    page.add(f"{record.unit or '填报单位'}：", flush=True)
    received = f"你单位报送的{about}（{workbook}）收悉"
    if record.status is Status.REFUSED:
        page.add(f"{received}，但不能读取，未能审核，现予退回，请按下列意见重新报送。")
    elif errors:
        also = f"、须核实的事项{doubts}项" if doubts else ""
        page.add(
            f"{received}。经审核，有须改正的错误{errors}项{also}，现予退回。"
            "请对照报表数据和原始资料逐项核对、改正后重新报送。"
        )
    else:
        page.add(
            f"{received}。经审核，有须核实的事项{doubts}项。请逐项核实：确有错误的，改正后重新报送；"
            "确属正常的，在“核实说明”表中写明理由后重新报送。"
        )


def _matters(page: _Page, record: Record) -> None:
    if record.status is Status.REFUSED:
        page.chapter("不能读取的原因")
        page.add(record.reason)
        page.chapter("处理办法")
        page.add(advice(record.advice) or "请核对所报送的文件，改为报送填报好的公开工作簿（.xlsx）。")
        return
    for severity, title in (
        (Severity.ERROR, "须改正的错误"),
        (Severity.WARNING, "须核实的事项（确属正常的，请在工作簿“核实说明”表中写明理由）"),
    ):
        found = [matter for matter in record.matters if matter["severity"] == severity.value]
        if found:
            page.chapter(title)
            for number, matter in enumerate(found, 1):
                for text in _said(number, matter):
                    page.add(text)


def _said(number: int, matter: Matter) -> Iterator[str]:
    """The matter in its own words, where it stands unless it says so, and what to do; then what does not hold."""
    first, *more = [line.strip() for line in str(matter["message"]).split("\n") if line.strip()] or [""]
    text = f"{number}. {_ended(first)}"
    places = _places(matter, first)
    if places:
        text += f"位置：{places}。"
    if fix := advice(str(matter.get("fix") or "")):
        text += f"处理：{_ended(fix)}"
    yield text
    for count, line in enumerate(more[:_RELATIONS], 1):
        yield f"（{count}）{_ended(line)}"
    if len(more) > _RELATIONS:
        yield f"……共{relations_in(more)}项，其余见标注副本。"


def advice(text: str) -> str:
    """Without what only those who run the program can do: commands, options, running it again."""
    text = _COMMAND_ASIDE.sub("", text)
    kept = "".join(_AGAIN.sub("", part) for part in _SENTENCE.findall(text) if not _COMMAND.search(part))
    return f"{kept[:-1]}。" if kept.endswith(("；", "，")) else kept


def _ended(text: str) -> str:
    return text if text.endswith(tuple(_END)) else f"{text}。" if text else ""


def _places(matter: Matter, message: str) -> str:
    """Sheet!cell of every cell the sentence does not name in full; the sheet of neighbours once."""
    cells = matter["cells"]
    accused = cells[: matter.get("suspects") or len(cells)]
    if all(_named(cell, message) for cell in accused):
        return ""
    said, sheet = "", ""
    for cell in accused[:_CELLS]:
        own, _, address = cell.rpartition("!")
        said += ("、" if said else "") + (address if own == sheet else cell)
        sheet = own
    return said + (f"等{len(accused)}处" if len(accused) > _CELLS else "")


def _named(cell: str, message: str) -> bool:
    return re.search(re.escape(cell) + r"(?!\d)", message) is not None


def _again(page: _Page, found: Comparison) -> None:
    page.chapter("上次意见的整改情况")
    total = len(found.settled) + len(found.remaining)
    if not total:
        page.add("上次没有提出意见。")
        return
    text = f"上次提出意见{total}项，已改正或已说明{len(found.settled)}项，仍存在{len(found.remaining)}项"
    page.add(text + (f"，本次新出现{len(found.fresh)}项。" if found.fresh else "。"))
    for number, matter in enumerate(found.remaining, 1):
        page.add(f"（{number}）仍存在：{_ended(_first(matter))}")


def _first(matter: Matter) -> str:
    return str(matter["message"]).split("\n", 1)[0].strip()


def _close(page: _Page, marked: str) -> None:
    if marked:
        page.add(f"附：标注副本“{marked}”，有问题的单元格已涂色并加批注。请在原工作簿中改正，不要在标注副本中改正。")
    page.add("")
    page.right("审核单位（盖章）")
    page.right("年    月    日")


def owed(matters: Sequence[Matter], status: Status) -> bool:
    """Whether there is anything to write home about."""
    return bool(matters) or status is Status.REFUSED


__all__ = ["advice", "letter", "owed"]
