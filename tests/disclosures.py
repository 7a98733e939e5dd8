"""Disclosures made for tests of the Word writer: an invented department, of any size, without a workbook."""

from __future__ import annotations

import random
from pathlib import Path

from generator.model.blocks import (
    Align,
    Contents,
    ContentsEntry,
    Disclosure,
    Grid,
    GridCell,
    Paragraph,
    Section,
    Span,
    SpanKind,
    Style,
)

STYLE = Path(__file__).parents[1] / "templates" / "wuhan-final-2021" / "style.docx"
PARTS = ("概况", "部门决算表", "部门决算情况说明", "重点工作完成情况", "名词解释", "附件")
NUMERALS = "一二三四五六七八九十"
_WORDS = (
    "本部门认真贯彻落实各项决策部署，",
    "全年收入总计1,234.56万元，",
    "与上年相比增加103.08万元，增长12.5%，",
    "主要原因是（1）人员经费调整；（2）新增“智慧档案”项目。",
    "其中：基本支出688.91万元，占年初预算的99.3%；",
    "项目支出——含上年结转——为25万元。",
    "《预算法》规定的公开内容均已在门户网站（https://www.example.gov.cn）公布。",
    "因公出国（境）费0万元，公务用车购置及运行费3.2万元，公务接待费0.15万元；",
    "2021年，",
    "组织培训12次、参加人员358人次。",
)


def prose(random: random.Random, pieces: int) -> str:
    return "".join(random.choice(_WORDS) for _ in range(pieces))


def spans(text: str, kind: SpanKind = SpanKind.FIXED) -> tuple[Span, ...]:
    return (Span(text, kind),)


def totals_grid(id: str, rows: int) -> Grid:
    """Two lists of amounts side by side, as 收入支出决算总表."""
    centre = Align.CENTER
    head = (
        (GridCell("收入", 3, align=centre), GridCell("支出", 3, align=centre)),
        tuple(GridCell(text, align=centre) for text in ("项目", "行次", "金额") * 2),
        tuple(GridCell(text, align=centre) for text in ("栏次", "", "1", "栏次", "", "2")),
    )
    body = tuple(
        (
            GridCell(f"{number}、一般公共预算财政拨款收入"),
            GridCell(str(number), align=centre),
            GridCell("3,097.76" if number % 3 else "", align=Align.RIGHT),
            GridCell("二十三、灾害防治及应急管理支出"),
            GridCell(str(number + 31), align=centre),
            GridCell("12,997.61", align=Align.RIGHT),
        )
        for number in range(1, rows + 1)
    )
    total = tuple(GridCell(t, bold=True, align=Align.CENTER) for t in ("总计", "31", "3,097.76", "总计", "62", "1.00"))
    return Grid(id, (46, 9, 20, 46, 9, 20), head + body + (total,), 3, dense=True, description="收入支出决算总表")


def codes_grid(id: str, rows: int) -> Grid:
    """Subject codes with many amounts under a stacked head, as 支出决算表."""
    centre = Align.CENTER
    names = ("本年收入合计", "财政拨款收入", "上级补助收入", "事业收入", "经营收入", "附属单位上缴收入", "其他收入")
    head = (
        (GridCell("项目", 2, align=centre), *(GridCell(name, 1, 2, align=centre) for name in names)),
        (GridCell("功能分类科目编码", align=centre), GridCell("科目名称", align=centre)),
        (GridCell("栏次", 2, align=centre), *(GridCell(str(n), align=centre) for n in range(1, 8))),
    )
    total = (GridCell("合计", 2, align=centre, bold=True), *(GridCell("13,052.65", align=Align.RIGHT) for _ in names))
    body = tuple(
        (
            GridCell(str(2010301 + number)),
            GridCell("机关事业单位基本养老保险缴费支出" if number % 4 else "行政运行"),
            *(GridCell("123,052.65" if n < 2 else "", align=Align.RIGHT) for n in range(7)),
        )
        for number in range(rows)
    )
    return Grid(id, (18, 44, 22, 22, 20, 20, 20, 24, 20), (*head, total, *body), 3, description="支出决算表")


def three_public_grid(id: str) -> Grid:
    """Twelve narrow columns under a head of three levels."""

    def side(name: str) -> tuple[list[GridCell], ...]:
        centre = Align.CENTER
        return (
            [GridCell(name, 6, align=centre)],
            [
                GridCell("合计", 1, 2, centre),
                GridCell("因公出国（境）费", 1, 2, centre),
                GridCell("公务用车购置及运行费", 3, align=centre),
                GridCell("公务接待费", 1, 2, centre),
            ],
            [GridCell(text, align=centre) for text in ("小计", "公务用车购置费", "公务用车运行费")],
        )

    left, right = side("预算数"), side("决算数")
    head = tuple(tuple(a + b) for a, b in zip(left, right, strict=True))
    numbers = tuple(GridCell(str(n), align=Align.CENTER) for n in range(1, 13))
    amounts = tuple(GridCell("1,208.15", align=Align.RIGHT) for _ in range(12))
    return Grid(id, (11.0,) * 12, (*head, numbers, amounts), 4, description="三公经费")


def performance_grid(id: str, maker: random.Random, rows: int, longest: int) -> Grid:
    """A self-evaluation form: merged labels at the left, indicators merged down, long texts at the end."""
    centre = Align.CENTER
    lines: list[tuple[GridCell, ...]] = [
        (GridCell("项目名称", 2, align=centre), GridCell("政务云租用", 6, align=centre, kind=SpanKind.USER)),
        (GridCell("项目类别", 2, align=centre), GridCell("1、部门预算项目 ☑ 2、市直专项 □ 3、市对下转移支付项目 □", 6)),
        (
            GridCell("预算执行情况（万元）（20分）", 2, 2, centre),
            *(GridCell(t, 2, align=centre) for t in ("预算数", "执行数", "得分")),
        ),
        tuple(GridCell(t, 2, align=centre) for t in ("120.00", "118.25", "19.7")),
        (
            GridCell("年度绩效目标（80分）", 1, rows + 1, centre),
            *(
                GridCell(t, s, align=centre)
                for t, s in (
                    ("一级指标", 1),
                    ("二级指标", 1),
                    ("三级指标", 2),
                    ("年初目标值", 1),
                    ("实际完成值", 1),
                    ("得分", 1),
                )
            ),
        ),
    ]
    for number in range(rows):
        cells: list[GridCell] = []
        if number % 4 == 0:
            cells.append(GridCell("产出指标", 1, min(4, rows - number), centre))
        if number % 2 == 0:
            cells.append(GridCell("数量指标", 1, min(2, rows - number), centre))
        cells += [
            GridCell(prose(maker, 1), 2),
            GridCell("≥95%"),
            GridCell(prose(maker, 1)),
            GridCell("20", align=centre),
        ]
        lines.append(tuple(cells))
    text = prose(maker, longest) + "\n" + prose(maker, longest)
    lines.append((GridCell("偏差大或目标未完成原因分析", 2, align=centre), GridCell(text, 6, kind=SpanKind.USER)))
    return Grid(id, (22, 16, 20, 34, 20, 24, 24, 16), tuple(lines), description="项目绩效自评表")


def table_section(id: str, title: str, number: int, grid: Grid, landscape: bool, notes: int = 1) -> Section:
    blocks = [
        Paragraph(id, Style.TABLE_TITLE, spans(f"2021年度{title}（表{number}）")),
        Paragraph(f"{id}.number", Style.TABLE_NUMBER, spans(f"公开0{number}表")),
        Paragraph(f"{id}.unit", Style.TABLE_UNIT, spans("部门：江城市档案服务中心"), spans("金额单位：万元")),
        grid,
    ]
    note = "注：本表反映部门本年度的总收支和年末结转结余情况，含一般公共预算和政府性基金预算财政拨款的总收支。"
    blocks += [Paragraph(f"{id}.note{n}", Style.TABLE_NOTE, spans(note)) for n in range(notes)]
    return Section(f"table{number}", tuple(blocks), landscape=landscape)


def disclosure(
    seed: int = 1, *, draft: bool = False, sections: int = 20, rows: int = 24, pieces: int = 6
) -> Disclosure:
    """Cover, contents, nine tables, prose and forms; other seeds give other lengths everywhere."""
    maker = random.Random(seed)
    unit = "江城市档案服务中心" if seed % 2 else "江城市滨江新区城市管理综合执法与行政审批服务中心"
    entries: list[ContentsEntry] = []
    made: list[Section] = [
        Section(
            "cover",
            (
                Paragraph("cover.title", Style.COVER_TITLE, spans(f"2021年度{unit}")),
                Paragraph("cover.title2", Style.COVER_TITLE, spans("部门决算公开")),
                Paragraph("cover.date", Style.COVER_DATE, spans("2022年11月8日")),
            ),
            cover=True,
        )
    ]
    body: list[Section] = []
    overview: list[Paragraph] = [_part(1, unit, entries)]
    for number in range(3):
        overview += _prose_section(f"p1.s{number}", number, maker, pieces, entries)
    body.append(Section("p1", tuple(overview)))
    body.append(Section("p2", (_part(2, unit, entries),)))
    names = (
        "收入支出决算总表",
        "收入决算表",
        "支出决算表",
        "财政拨款收入支出决算总表",
        "一般公共预算财政拨款支出决算表",
    )
    names += ("一般公共预算财政拨款基本支出决算明细表", "一般公共预算财政拨款“三公”经费支出决算表")
    for number, name in enumerate(names, 1):
        id = f"t.table{number}"
        entries.append(ContentsEntry(2, f"{NUMERALS[number - 1]}、{name}(表{number})", id))
        if number in (1, 4, 6):
            grid, landscape = totals_grid(f"{id}.grid", maker.randint(28, 32)), number == 4
        elif number == 7:
            grid, landscape = three_public_grid(f"{id}.grid"), True
        else:
            grid, landscape = codes_grid(f"{id}.grid", maker.randint(0, rows * 3)), True
        body.append(table_section(id, name, number, grid, landscape, maker.randint(0, 2)))
    narrative: list[Paragraph] = [_part(3, unit, entries)]
    for number in range(sections):
        narrative += _prose_section(f"p3.s{number}", number, maker, pieces, entries)
    body.append(Section("p3", tuple(narrative)))
    work: list[Paragraph | Grid] = [_part(4, unit, entries)]
    work += _prose_section("p4.s1", 0, maker, pieces, entries)
    work.append(_work_grid(maker))
    work += _prose_section("p4.s2", 1, maker, pieces, entries)
    body.append(Section("p4", tuple(work)))
    forms: list[Paragraph | Grid] = [_part(6, unit, entries)]
    for number in range(maker.randint(1, 3)):
        id = f"perf.{number}"
        title = f"{NUMERALS[number]}、政务云租用项目自评表"
        forms.append(Paragraph(id, Style.FORM_TITLE, spans(title), new_page=number > 0))
        forms.append(
            Paragraph(f"{id}.head", Style.TABLE_UNIT, spans(f"单位名称：{unit}"), spans("填报日期：2022年3月1日"))
        )
        forms.append(performance_grid(f"{id}.grid", maker, maker.randint(1, 14), maker.randint(1, 30)))
        entries.append(ContentsEntry(2, title, id))
    body.append(Section("p6", tuple(forms)))
    contents = Contents("contents", "目　录", tuple(entries))
    made.append(Section("contents", (contents,)))
    return Disclosure(
        title=f"2021年度{unit}部门决算公开",
        unit=unit,
        subject="部门决算公开",
        year=2021,
        edition="wuhan-final-2021",
        sections=(*made, *body),
        draft=draft,
    )


def _part(number: int, unit: str, entries: list[ContentsEntry]) -> Paragraph:
    text = f"第{NUMERALS[number - 1]}部分  {unit}{PARTS[number - 1]}"
    entries.append(ContentsEntry(1, text, f"part{number}"))
    return Paragraph(f"part{number}", Style.PART, spans(text))


def _prose_section(
    base: str, number: int, maker: random.Random, pieces: int, entries: list[ContentsEntry]
) -> list[Paragraph]:
    numeral = NUMERALS[number] if number < 10 else "十" + NUMERALS[number - 10]
    # The number is in the title so that a test finds it on the page whatever stands around it.
    title = f"{numeral}、{base.replace('.', '')}号收支情况说明"
    entries.append(ContentsEntry(2, title, base))
    made = [Paragraph(base, Style.SECTION, spans(title))]
    for paragraph in range(maker.randint(1, 4)):
        if paragraph and maker.random() < 0.3:
            made.append(Paragraph(f"{base}.h{paragraph}", Style.SUBSECTION, spans("（一）财政拨款支出决算总体情况")))
        text = prose(maker, maker.randint(1, pieces * 2))
        made.append(Paragraph(f"{base}.p{paragraph}", Style.BODY, spans(text, SpanKind.USER)))
    return made


def _work_grid(maker: random.Random) -> Grid:
    head = tuple(GridCell(t, align=Align.CENTER, bold=True) for t in ("序号", "重要事项", "工作内容及目标", "完成情况"))
    rows = tuple(
        (
            GridCell(str(n), align=Align.CENTER),
            *(GridCell(prose(maker, maker.randint(1, 14)), kind=SpanKind.USER) for _ in range(3)),
        )
        for n in range(1, maker.randint(3, 9))
    )
    return Grid("p4.work", (12, 30, 57, 57), (head, *rows), 1, description="重点工作")
