"""汇总.xlsx: a sheet per topic, filled in one walk over the result files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .. import __version__
from ..checks.explain import FAMILIES, family
from ..checks.rules import load as load_rules
from ..editions import Edition, Library
from .across import aside, copied, nothing, outlying
from .figures import completion, growth, view
from .forms import newest
from .inputs import LETTER, MARKED, Other
from .letter import advice
from .rounds import Matter, compare, explained
from .sheets import GREEN, RED, YELLOW, Book, Entry, Filled, Link, Money, Rate, Sheet
from .store import Amount, Record, Status
from .tally import RuleCount, Tally

STATUS = {
    Status.GENERATED: ("已生成", GREEN),
    Status.ERRORS: ("有错误，未生成", RED),
    Status.REFUSED: ("文件不能使用", RED),
    Status.FAILED: ("处理失败，下次重试", RED),
}
LEVELS = {"error": "错误", "warning": "警告", "info": "提示"}
CARRIED = "本次未送，沿用上次结果"
TWIN = "同一单位另有一本工作簿"
_COMMON = 10  # rules named on the first sheet
_DEEP = ("FBE5D6", "F8CBAD", "F4A582", "E8735A")  # one, two, three, more findings
_PALE = ("FFF8DC", "FFEB9C", "FFD966", "F4B942")
_HEADS = 90.0  # of narrow columns
_TOTAL = "涉及部门数"


@dataclass
class Totals:
    """What the closing line says."""

    departments: int = 0
    by_status: Counter[Status] = field(default_factory=Counter)
    errors: int = 0
    warnings: int = 0
    settled: int = 0
    remaining: int = 0
    fresh: int = 0
    again: int = 0  # departments seen before


def build(
    records: Callable[[], Iterable[tuple[Record, bool]]], library: Library, others: Sequence[Other] = ()
) -> tuple[bytes, Totals]:
    """The workbook; ``records`` walks over all results in the order of the departments, True where the result is of
    an earlier run since the workbook was not sent this time; ``others`` are files that are no workbooks."""
    totals = Totals()
    with Tally(library) as tally:
        for record, _ in records():
            tally.add(record)
            _count(totals, record)
        book, rules = Book(), tally.rules()
        editions = tuple(tally.seen.values()) or (newest(library),)
        titles = _titles(editions)
        _front(book, totals, rules, titles, len(others))
        _departments(book, rules, titles, _Columns.of(rules, editions, tally.twins()), records)
        outlying(book, tally)
        copied(book, tally)
        aside(book, others)
        return book.data(), totals


def _count(totals: Totals, record: Record) -> None:
    totals.departments += 1
    totals.by_status[record.status] += 1
    totals.errors += record.count("error")
    totals.warnings += record.count("warning")
    if record.previous is not None:
        found = compare(record.previous, record.matters)
        totals.again += 1
        totals.settled += len(found.settled)
        totals.remaining += len(found.remaining)
        totals.fresh += len(found.fresh)


def _front(book: Book, totals: Totals, rules: list[RuleCount], titles: dict[str, str], others: int) -> None:
    sheet = book.sheet("概况", (26, 12, 60, 14, 14))
    sheet.title("批量校验和生成情况汇总")
    sheet.line("本表由工具写出，再次运行会更新；需要批注的请另存一份。")
    sheet.line("")
    sheet.head("项目", "数量", "说明", height=20)
    sheet.row("部门（工作簿）", totals.departments, "一行一个，见“部门一览”")
    for status, (text, colour) in STATUS.items():
        sheet.row(Filled(text, colour), totals.by_status[status], _ABOUT[status])
    sheet.row("错误", totals.errors, "须改正后才能生成公开文档，见“问题清单”")
    sheet.row("警告", totals.warnings, "须核实；已在“核实说明”表中写明理由的不计")
    if others:
        sheet.row("没有处理的其他文件", others, "见“其他文件”，请核对有没有误送、漏送的")
    if totals.again:
        sheet.row("再次送审的部门", totals.again, "与上一轮逐条比较，见“整改情况”")
        sheet.row("上一轮问题已改正或已说明", totals.settled, "含已写明理由的警告")
        sheet.row("上一轮问题仍存在", totals.remaining, "")
        sheet.row("本轮新出现的问题", totals.fresh, "")
    sheet.line("")
    if rules:
        sheet.head("常见问题（规则）", _TOTAL, "规则", "出现次数", "级别", height=20)
        for rule in sorted(rules, key=lambda r: (-r.departments, -r.times))[:_COMMON]:
            sheet.row(rule.rule, rule.departments, titles.get(rule.rule, ""), rule.times, LEVELS[rule.severity])
    sheet.line("")
    sheet.line(f"工具版本 {__version__}")


_ABOUT = {
    Status.GENERATED: "公开文档与本表在同一文件夹",
    Status.ERRORS: "退回意见和标注副本与本表在同一文件夹",
    Status.REFUSED: "不是本工具的工作簿，或文件已损坏、加密等",
    Status.FAILED: "处理中断、内存不足或文件写不成；再次运行时会重新处理",
}


def _departments(
    book: Book,
    rules: list[RuleCount],
    titles: dict[str, str],
    columns: _Columns,
    records: Callable[[], Iterable[tuple[Record, bool]]],
) -> None:
    """The four sheets that go department by department."""
    overview = book.sheet("部门一览", columns.widths, "D3")
    overview.title("部门一览（金额单位：万元）")
    overview.head(*columns.heads, height=_HEADS)
    heat = book.sheet("规则热图", (28, *[7.5] * len(rules)), "B4")
    _heat_head(heat, rules, titles)
    listed = book.sheet("问题清单", (28, 24, 8, 8, 34, 80, 46), "B3")
    listed.title("问题清单（错误和没有说明的警告）")
    listed.head("单位", "工作簿", "级别", "规则", "位置", "问题", "处理", height=20)
    again = book.sheet("整改情况", (28, 10, 10, 8, 8, 34, 80), "B3")
    again.title("整改情况（与上一轮比较）")
    again.head("单位", "轮次", "结果", "级别", "规则", "位置", "问题", height=20)
    for number, (record, carried) in enumerate(records(), 1):
        overview.row(*columns.row(number, record, carried))
        heat.row(record.unit or record.place, *_heat_row(record, rules))
        for matter in record.matters:
            listed.row(record.unit or record.place, record.place, *_matter(matter, fix=True))
        _rounds(again, record)
    overview.filter(2, len(columns.heads))
    listed.filter(2, 7)
    again.filter(2, 7)
    for sheet, head in ((listed, 2), (again, 2)):
        nothing(sheet, head)


def _matter(matter: Matter, *, fix: bool) -> Iterator[Entry]:
    cells = matter["cells"]
    level = str(matter["severity"])
    yield Filled(LEVELS[level], RED if level == "error" else YELLOW)
    yield str(matter["rule"])
    yield "、".join(cells[: matter.get("suspects") or len(cells)])
    yield str(matter["message"])
    if fix:
        yield advice(str(matter["fix"])) or str(matter["fix"])


def _rounds(sheet: Sheet, record: Record) -> None:
    if record.previous is None:
        return
    found = compare(record.previous, record.matters)
    name = record.unit or record.place
    right, answered = explained(found.settled, [f for f in record.findings if f.get("answer")])
    for text, colour, matters in (
        ("仍存在", RED, found.remaining),
        ("新出现", YELLOW, found.fresh),
        ("已改正", GREEN, right),
        ("已说明", GREEN, answered),
    ):
        for matter in matters:
            sheet.row(name, record.round, Filled(text, colour), *_matter(matter, fix=False))
    if not (found.remaining or found.fresh or found.settled):
        sheet.row(name, record.round, "两轮均无问题", "", "", "", "")


def _heat_head(sheet: Sheet, rules: list[RuleCount], titles: dict[str, str]) -> None:
    sheet.title("规则热图：每个部门违反每条规则的次数，颜色越深次数越多")
    sheet.head("规则内容", *(titles.get(rule.rule, family(rule.rule)) for rule in rules), height=120)
    sheet.head("单位", *(rule.rule for rule in rules), height=20)
    sheet.row(_TOTAL, *(rule.departments for rule in rules))


def _heat_row(record: Record, rules: list[RuleCount]) -> Iterator[Entry]:
    times = Counter(matter["rule"] for matter in record.matters)
    worst = {matter["rule"] for matter in record.matters if matter["severity"] == "error"}
    for rule in rules:
        count = times[rule.rule]
        colours = _DEEP if rule.rule in worst else _PALE
        yield Filled(count, colours[min(count, len(colours)) - 1]) if count else None


@dataclass(frozen=True)
class _Columns:
    """The columns of 部门一览: which families and key figures there are depends on the editions at hand."""

    families: tuple[str, ...]
    figures: tuple[tuple[str, str, bool, bool], ...]  # key, label, has last year, has budget
    editions: Mapping[str, str]  # names by id
    twins: frozenset[str]  # places of workbooks whose unit has sent another for the same document

    @staticmethod
    def of(rules: list[RuleCount], editions: tuple[Edition, ...], twins: set[str]) -> _Columns:
        present = {rule.rule.rstrip("0123456789") for rule in rules}
        figures: dict[str, tuple[str, str, bool, bool]] = {}
        for edition in editions:
            for f in view(edition).figures:
                _, label, last, budget = figures.get(f.key, (f.key, f.label, False, False))
                figures[f.key] = (f.key, label, last or f.last is not None, budget or f.budget is not None)
        return _Columns(
            tuple(name for name in (*FAMILIES, *sorted(present - set(FAMILIES))) if name in present),
            tuple(figures.values()),
            {edition.id: edition.name for edition in editions},
            frozenset(twins),
        )

    @property
    def heads(self) -> list[str]:
        found = ["序号", "单位", "层次", "工作簿", "年度", "版式", "状态", "错误", "警告", "已说明"]
        for name in self.families:
            found += [f"{family(name)}（{name}）错误", f"{family(name)}（{name}）警告"]
        for _, label, last, budget in self.figures:
            found += [label]
            found += [f"{label}：上年", f"{label}：增减幅度"] * last
            found += [f"{label}：年初预算", f"{label}：完成率"] * budget
        return [*found, "轮次", "已改正或说明", "仍存在", "新出现", "公开文档", "标注副本", "退回意见", "备注"]

    @property
    def widths(self) -> list[float]:
        wide = {"单位": 22.0, "层次": 10.0, "工作簿": 18.0, "版式": 16.0, "状态": 10.0, "备注": 36.0}
        files = {"公开文档", "标注副本", "退回意见"}
        small = {"序号", "年度", "错误", "警告", "已说明", "轮次", "已改正或说明", "仍存在", "新出现"} | files
        counted = {f"{family(name)}（{name}）{level}" for name in self.families for level in ("错误", "警告")}
        amounts = {f"{label}{more}" for _, label, *_ in self.figures for more in ("", "：上年", "：年初预算")}
        return [
            wide.get(head, 6.0 if head in small | counted else 11.5 if head in amounts else 8.5) for head in self.heads
        ]

    def row(self, number: int, record: Record, carried: bool) -> Iterator[Entry]:
        text, colour = STATUS[record.status]
        yield from (number, record.unit or "（读不出）", record.scope, record.place, record.year or "")
        yield self.editions.get(record.edition, record.edition)
        yield Filled(text, colour)
        yield from (_red(record.count("error"), RED), _red(record.count("warning"), YELLOW))
        yield sum(bool(f.get("answer")) for f in record.findings)
        counts = Counter((str(m["rule"]).rstrip("0123456789"), m["severity"]) for m in record.matters)
        for name in self.families:
            yield from (_red(counts[name, "error"], RED), _red(counts[name, "warning"], YELLOW))
        for key, _, last, budget in self.figures:
            yield from _amounts(record.figures.get(key, Amount()), last, budget)
        yield record.round
        if record.previous is None:
            yield from (None, None, None)
        else:
            found = compare(record.previous, record.matters)
            yield from (len(found.settled), len(found.remaining), len(found.fresh))
        for ending in (".docx", MARKED, LETTER):
            file = f"{record.name}{ending}"
            yield Link(file, "打开") if file in record.written else Link("", "")
        notes = [CARRIED] * carried + [TWIN] * (record.place in self.twins) + [record.reason] * bool(record.reason)
        yield "；".join([*notes, *record.notes])


def _red(count: int, colour: str) -> Entry:
    return Filled(count, colour) if count else None


def _amounts(amount: Amount, last: bool, budget: bool) -> Iterator[Entry]:
    yield Money(_decimal(amount.value))
    if last:
        yield from (Money(_decimal(amount.last)), Rate(growth(amount)))
    if budget:
        yield from (Money(_decimal(amount.budget)), Rate(completion(amount)))


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _titles(editions: tuple[Edition, ...]) -> dict[str, str]:
    """What each rule is about, in the words of the newest edition that has it."""
    found: dict[str, str] = {}
    for edition in sorted(editions, key=lambda e: (max(e.years), e.id)):
        found |= {rule.id: rule.title for rule in load_rules(edition)}
    return found


__all__ = ["CARRIED", "STATUS", "Totals", "build"]
