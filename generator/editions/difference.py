"""What changed from one edition to another, in words for an accountant: matched by keys, whose meaning stays."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..model.form import Block, Column, Form, Kind, Part, Role, Row
from . import Edition
from .node import Node

ADDED, ENDED, CHANGED = "added", "ended", "changed"
_SIGNS = {ADDED: "＋", ENDED: "－", CHANGED: "～"}
_ORDINAL = re.compile(
    r"^(第[一二三四五六七八九十]+部分|[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d+[.．、])\s*"
)
_PLACE = re.compile(r"\{(\w+)\}")
_WORDS = {
    "unit": "某单位",
    "unit_head": "某单位",
    "short": "某单位",
    "dept": "部门",
    "treasury": "某级财政",
    "direct": "某级部门",
}
_ANY = "某"
_VALUE = "value"
_ROLES = {Role.TABLE: "公开表", Role.INPUT: "补充资料表", Role.PERFORMANCE: "绩效表"}
_SHOWN = 60  # characters of a long wording
_LEAD = 12  # of them before the first difference
_NUMBER = re.compile(r"\{(\w+)\.number\}")


@dataclass(frozen=True, slots=True)
class Change:
    """``what`` (form, column, row, section, term, rule …) came, went or changed; ``path`` is its key."""

    what: str
    kind: str
    path: str
    text: str
    before: str = ""
    after: str = ""

    @property
    def sign(self) -> str:
        return _SIGNS[self.kind]


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    changes: tuple[Change, ...]


def difference(old: Edition, new: Edition) -> tuple[Group, ...]:
    """All changes in groups, those without any left out. EditionError where a file of either is wrong."""
    made = [Group("版式", tuple(_general(old, new))), Group("表的增减和次序", tuple(_forms(old, new)))]
    before = {form.id: form for form in old.forms}
    for form in new.forms:
        if form.id in before:
            named = f"{_ROLES[form.role]}“{form.sheet}”"
            made.append(Group(named, tuple(_form(before[form.id], form))))
    made += [
        Group("目录和章节", tuple(_contents(old, new))),
        Group("名词解释", tuple(_listed(old, new, "glossary.yaml", "items", "term", "term", ("text", "list")))),
        Group("图", tuple(_charts(old, new))),
        Group("校验规则", tuple(_rules(old, new))),
    ]
    return tuple(group for group in made if group.changes)


def _pairs(what: str, old: Mapping[str, str], new: Mapping[str, str], noun: str, prefix: str = "") -> Iterator[Change]:
    """Things by key and how they are called: new ones, ended ones, renamed ones."""
    for key, name in old.items():
        if key not in new:
            yield Change(what, ENDED, prefix + key, f"取消{noun}“{_worded(name)}”", name)
    for key, name in new.items():
        if key not in old:
            yield Change(what, ADDED, prefix + key, f"新增{noun}“{_worded(name)}”", "", name)
        elif old[key] != name:
            yield _changed(what, prefix + key, noun, old[key], name)


def _changed(what: str, path: str, noun: str, before: str, after: str) -> Change:
    was, now = _worded(before), _worded(after)
    same = len(os.path.commonprefix([was, now]))
    start = same - _LEAD if same > _LEAD and max(len(was), len(now)) > _SHOWN else 0
    said = f"{noun}由{_quoted(was, start)}改为{_quoted(now, start)}"
    return Change(what, CHANGED, path, said, before, after)


def _worded(text: str) -> str:
    """Places to fill as one speaks of them: 某年度某单位部门决算公开."""
    return _PLACE.sub(lambda match: _WORDS.get(match[1], _ANY), text)


def _quoted(text: str, start: int) -> str:
    """Of long wordings the part from ``start``, shortly before they differ."""
    rest = text[start:]
    shown = ("……" if start else "") + (rest if len(rest) <= _SHOWN else rest[:_SHOWN] + "……")
    return f"“{shown}”" if text else "（无）"


def _general(old: Edition, new: Edition) -> Iterator[Change]:
    for noun, path, before, after in (
        ("类别", "kind", old.kind, new.kind),
        ("适用年度", "years", "、".join(map(str, old.years)), "、".join(map(str, new.years))),
        ("文档标题", "title", old.title, new.title),
        ("表上方左侧", "table_lines.department", old.department_line, new.department_line),
        ("表上方右侧", "table_lines.amount_unit", old.amount_line, new.amount_line),
        ("目录的标题", "contents.title", old.contents_title, new.contents_title),
    ):
        if before != after:
            yield _changed("general", path, noun, before, after)
    numbers = {"thousands": "表中数字的千分位", "decimals": "表中数字的小数"}
    for key in sorted({*old.table_numbers, *new.table_numbers}):
        before, after = old.table_numbers.get(key, ""), new.table_numbers.get(key, "")
        if before != after:
            yield _changed("general", f"table_numbers.{key}", numbers.get(key, key), before, after)
    yield from _pairs("level", {k: k for k in old.levels}, {k: k for k in new.levels}, "级次", "levels.")
    for level, words in new.levels.items():
        for key, word in words.items():
            before = old.levels.get(level, {}).get(key, "")
            if level in old.levels and before != word:
                yield _changed("level", f"levels.{level}.{key}", f"{level}的用语", str(before), str(word))
    tolerances = [{k: f"{k}（{v} 万元）" for k, v in e.tolerances.items()} for e in (old, new)]
    yield from _pairs("tolerance", tolerances[0], tolerances[1], "容差", "tolerances.")


def _named(form: Form) -> str:
    return _plain(form.title) or form.sheet


def _plain(text: str) -> str:
    return _PLACE.sub("", text).removeprefix("年度").strip() or text


def _forms(old: Edition, new: Edition) -> Iterator[Change]:
    before, after = ({form.id: form for form in e.forms} for e in (old, new))
    for id, form in before.items():
        if id not in after:
            yield Change("form", ENDED, id, f"取消{_ROLES[form.role]}“{_named(form)}”{_numbered(form)}", form.title)
    for id, form in after.items():
        if id not in before:
            text = f"新增{_ROLES[form.role]}“{_named(form)}”{_numbered(form)}"
            yield Change("form", ADDED, id, text, "", form.title)
    for id, form in after.items():
        if id in before and before[id].number != form.number and form.role is Role.TABLE:
            text = f"“{_named(form)}”由表 {before[id].number} 改为表 {form.number}"
            yield Change("number", CHANGED, id, text, str(before[id].number), str(form.number))
    kept = [[f.id for f in e.forms if f.id in before and f.id in after and not f.number] for e in (old, new)]
    if kept[0] != kept[1]:
        names = "、".join(after[id].sheet for id in kept[1])
        yield Change("order", CHANGED, "forms", f"其他各表的次序改为：{names}", ",".join(kept[0]), ",".join(kept[1]))


def _numbered(form: Form) -> str:
    return f"（表 {form.number}）" if form.number else ""


def _form(old: Form, new: Form) -> Iterator[Change]:
    for noun, key, before, after in (
        ("标题", "title", old.title, new.title),
        ("工作表名", "sheet", old.sheet, new.sheet),
        ("目录中的写法", "entry", old.entry, new.entry),
        ("表号", "form_no", old.form_no, new.form_no),
        ("栏次行", "ordinals", old.ordinals, new.ordinals),
        ("纸张方向", "orientation", _WAYS[old.orientation], _WAYS[new.orientation]),
        ("表下注释", "notes", " ".join(old.notes), " ".join(new.notes)),
        ("无数据声明", "statement", _statement(old), _statement(new)),
        ("总标题", "group_title", old.group_title, new.group_title),
    ):
        if before != after:
            yield _changed("form", f"{new.id}.{key}", noun, before, after)
    yield from _columns(old, new)
    yield from _rows(old, new)
    yield from _fields(old, new)


_WAYS = {"portrait": "纵向", "landscape": "横向"}


def _statement(form: Form) -> str:
    return " ".join(f"{name}：{text}" for name, text in form.statement.items())


def _blocks(form: Form) -> tuple[Block, ...]:
    return (*form.blocks, *(line.indicators for line in form.lines if line.indicators is not None))


def _head(column: Column) -> str:
    """收入·项目·科目名称: the head from its top."""
    return "·".join(dict.fromkeys(part for part in column.head if part)) or column.key


def _told(column: Column) -> bool:
    """Not the columns of labels, help and values that every sheet of fields has."""
    return column.kind not in (Kind.LABEL, Kind.LINE, Kind.HELP) and column.key != _VALUE


def _columns(old: Form, new: Form) -> Iterator[Change]:
    found = [{f"{b.key}.{c.key}": c for b in _blocks(form) for c in b.columns if _told(c)} for form in (old, new)]
    names = [{key: _head(column) for key, column in columns.items()} for columns in found]
    yield from _pairs("column", names[0], names[1], "栏", f"{new.id}.")
    for key, column in found[1].items():
        before = found[0].get(key)
        if before is None:
            continue
        path, name = f"{new.id}.{key}", _head(column)
        if before.kind is not column.kind:
            kinds = before.kind.value, column.kind.value
            yield Change("column", CHANGED, path, f"栏“{name}”的填写内容由 {kinds[0]} 改为 {kinds[1]}", *kinds)
        if before.sum_of != column.sum_of:
            yield from _sums("column", path, f"栏“{name}”", before, column, names)
        if set(before.choices) != set(column.choices):
            said = "、".join(before.choices), "、".join(column.choices)
            yield _changed("column", path, f"栏“{name}”的选项", *said)


def _sums(
    what: str, path: str, noun: str, before: Column | Row, after: Column | Row, names: Sequence[Mapping[str, str]]
) -> Iterator[Change]:
    def said(one: Column | Row, known: Mapping[str, str]) -> str:
        by_key = {key.rpartition(".")[2]: name for key, name in known.items()}
        terms = [("＋" if t.sign > 0 else "－") + by_key.get(t.key, t.key) for t in one.sum_of]
        return "".join(terms).removeprefix("＋")

    yield _changed(what, path, f"{noun}的计算", said(before, names[0]), said(after, names[1]))


def _rows(old: Form, new: Form) -> Iterator[Change]:
    found = [{r.key: r for b in form.blocks for r in b.rows if not r.spacer} for form in (old, new)]
    names = [{key: row.label.strip() for key, row in rows.items()} for rows in found]
    yield from _pairs("row", names[0], names[1], "行", f"{new.id}.")
    for key, row in found[1].items():
        before = found[0].get(key)
        if before is None:
            continue
        path, name = f"{new.id}.{key}", row.label.strip()
        if before.sum_of != row.sum_of:
            yield from _sums("row", path, f"行“{name}”", before, row, names)
        for noun, was, now in (
            ("选项", "、".join(before.choices), "、".join(row.choices)),
            ("默认值", before.default, row.default),
            ("科目编码", before.code, row.code),
            ("是否必填", _YES[before.required], _YES[row.required]),
        ):
            if was != now:
                yield _changed("setting" if noun in ("选项", "默认值") else "row", path, f"“{name}”的{noun}", was, now)


_YES = {True: "必填", False: "选填"}


def _fields(old: Form, new: Form) -> Iterator[Change]:
    """Fields of performance forms, by the label printed before them."""
    found = [dict(_labelled(form)) for form in (old, new)]
    yield from _pairs("field", found[0], found[1], "填写项", f"{new.id}.")


def _labelled(form: Form) -> Iterator[tuple[str, str]]:
    label = ""
    parts: Iterable[Part] = (part for line in form.lines for part in line.parts)
    for part in parts:
        if part.field:
            yield part.field, part.label or label or part.field
        label = part.label or label


def _contents(old: Edition, new: Edition) -> Iterator[Change]:
    found = [{line.block: line.text for line in e.contents if line.block} for e in (old, new)]
    for key, text in found[0].items():
        if key not in found[1]:
            yield Change("section", ENDED, key, f"取消章节“{_worded(text)}”", text)
    for key, text in found[1].items():
        before = found[0].get(key)
        if before is None:
            yield Change("section", ADDED, key, f"新增章节“{_worded(text)}”", "", text)
        elif before != text:
            same = _ORDINAL.sub("", before) == _ORDINAL.sub("", text)
            if same:
                said = f"章节“{_worded(_ORDINAL.sub('', text))}”的序号由“{_number(before)}”改为“{_number(text)}”"
                yield Change("section", CHANGED, key, said, before, text)
            else:
                yield _changed("section", key, "章节标题", before, text)
    if old.chapters != new.chapters:
        yield _changed("chapters", "chapters", "章节文件的次序", "、".join(old.chapters), "、".join(new.chapters))


def _number(text: str) -> str:
    match = _ORDINAL.match(text)
    return match[1].rstrip("、") if match else ""


def _items(edition: Edition, name: str, key: str = "") -> dict[str, Node]:
    if not edition.has(name):
        return {}
    node = edition.yaml(name)
    nodes = node.nodes(key) if key else tuple(node)
    return {one.text("id"): one for one in nodes}


def _listed(
    old: Edition, new: Edition, name: str, key: str, what: str, label: str, compared: Sequence[str]
) -> Iterator[Change]:
    found = [_items(edition, name, key) for edition in (old, new)]
    names = [{id: one.text(label) for id, one in items.items()} for items in found]
    yield from _pairs(what, names[0], names[1], "名词")
    for id, one in found[1].items():
        before = found[0].get(id)
        for field in compared if before is not None else ():
            was, now = (n.text(field, "") for n in (before, one) if n is not None)
            if was != now:
                yield _changed(
                    what, id, f"“{names[1][id]}”的解释" if field == "text" else f"“{names[1][id]}”的{field}", was, now
                )


def _charts(old: Edition, new: Edition) -> Iterator[Change]:
    found = []
    for edition in (old, new):
        nodes = dict(edition.yaml("charts.yaml").items()) if edition.has("charts.yaml") else {}
        found.append({key: node.text("caption") for key, node in nodes.items()})
    yield from _pairs("chart", found[0], found[1], "图")


def _rules(old: Edition, new: Edition) -> Iterator[Change]:
    found = [{id: n for name in e.rule_files for id, n in _items(e, name).items()} for e in (old, new)]
    names = [
        {id: f"{id} {_told_numbers(e, one.text('title'))}" for id, one in rules.items()}
        for e, rules in zip((old, new), found, strict=True)
    ]
    yield from _pairs("rule", names[0], names[1], "规则")
    for path, reason in new.absent.items():
        if path not in old.absent:
            yield Change("absent", CHANGED, path, f"有关规则不再核对：{reason}", "", reason)
    for path, reason in old.absent.items():
        if path not in new.absent:
            yield Change("absent", CHANGED, path, f"有关规则恢复核对（原来：{reason}）", reason)
    for id, one in found[1].items():
        before = found[0].get(id)
        if before is None:
            continue
        was, now = (
            _SEVERITIES.get(before.text("severity", "error"), ""),
            _SEVERITIES.get(one.text("severity", "error"), ""),
        )
        if was != now:
            yield _changed("rule", id, f"规则 {names[1][id]} 的级别", was, now)
        if before.raw("checks") != one.raw("checks"):
            said = f"规则 {names[1][id]} 的核对内容有变动，见 gongkai rules {id} --edition {new.id}"
            yield Change("rule", CHANGED, id, said)


def _told_numbers(edition: Edition, title: str) -> str:
    """表{three_public.number} with the number that the table has in the edition."""
    numbers = {form.id: str(form.number) for form in edition.forms}
    return _NUMBER.sub(lambda match: numbers.get(match[1], match[0]), title)


_SEVERITIES = {"error": "错误", "warning": "警告", "info": "提示"}
