"""What changed in the forms: matched by keys, whose meaning stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..model.form import Block, Column, Form, Kind, Part, Role, Row
from . import Edition
from .changes import ADDED, CHANGED, ENDED, PLACE, Change, changed, pairs

_VALUE = "value"
ROLES = {Role.TABLE: "公开表", Role.INPUT: "补充资料表", Role.PERFORMANCE: "绩效表"}
_WAYS = {"portrait": "纵向", "landscape": "横向"}
_YES = {True: "必填", False: "选填"}


def _named(form: Form) -> str:
    """Its title, or that of its group where the title is nothing but places to fill; else its sheet."""
    titles = (_plain(title) for title in (form.title, form.group_title))
    return next((title for title in titles if any(c.isalnum() for c in title)), form.sheet)


def _plain(text: str) -> str:
    return PLACE.sub("", text).removeprefix("年度").strip() or text


def forms(old: Edition, new: Edition) -> Iterator[Change]:
    before, after = ({form.id: form for form in e.forms} for e in (old, new))
    for id, form in before.items():
        if id not in after:
            yield Change("form", ENDED, id, f"取消{ROLES[form.role]}“{_named(form)}”{_numbered(form)}", form.title)
    for id, form in after.items():
        if id not in before:
            text = f"新增{ROLES[form.role]}“{_named(form)}”{_numbered(form)}"
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


def form_changes(old: Form, new: Form) -> Iterator[Change]:
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
            yield changed("form", f"{new.id}.{key}", noun, before, after)
    yield from _columns(old, new)
    yield from _rows(old, new)
    yield from _fields(old, new)


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
    yield from pairs("column", names[0], names[1], "栏", f"{new.id}.")
    for key, column in found[1].items():
        before = found[0].get(key)
        if before is None:
            continue
        path, name = f"{new.id}.{key}", _head(column)
        if before.kind is not column.kind:
            kinds = before.kind.value, column.kind.value
            yield Change("column", CHANGED, path, f"栏“{name}”的填写内容由 {kinds[0]} 改为 {kinds[1]}", *kinds)
        if before.split != column.split:
            was, now = (f"分“{'、'.join(c.split)}”{len(c.split)} 栏" if c.split else "不分栏" for c in (before, column))
            yield Change("column", CHANGED, path, f"栏“{name}”由{was}改为{now}", was, now)
        if before.sum_of != column.sum_of:
            yield from _sums("column", path, f"栏“{name}”", before, column, names)
        if set(before.choices) != set(column.choices):
            said = "、".join(before.choices), "、".join(column.choices)
            yield changed("column", path, f"栏“{name}”的选项", *said)


def _sums(
    what: str, path: str, noun: str, before: Column | Row, after: Column | Row, names: Sequence[Mapping[str, str]]
) -> Iterator[Change]:
    def said(one: Column | Row, known: Mapping[str, str]) -> str:
        by_key = {key.rpartition(".")[2]: name for key, name in known.items()}
        terms = [("＋" if t.sign > 0 else "－") + by_key.get(t.key, t.key) for t in one.sum_of]
        return "".join(terms).removeprefix("＋")

    yield changed(what, path, f"{noun}的计算", said(before, names[0]), said(after, names[1]))


def _rows(old: Form, new: Form) -> Iterator[Change]:
    found = [{r.key: r for b in form.blocks for r in b.rows if not r.spacer} for form in (old, new)]
    names = [{key: f"{row.code} {row.label.strip()}".strip() for key, row in rows.items()} for rows in found]
    yield from pairs("row", names[0], names[1], "行", f"{new.id}.")
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
                yield changed("setting" if noun in ("选项", "默认值") else "row", path, f"“{name}”的{noun}", was, now)


def _fields(old: Form, new: Form) -> Iterator[Change]:
    """Fields of performance forms, by the label printed before them."""
    found = [dict(_labelled(form)) for form in (old, new)]
    yield from pairs("field", found[0], found[1], "填写项", f"{new.id}.")


def _labelled(form: Form) -> Iterator[tuple[str, str]]:
    """The label before a field; where several follow one label, with the head above it."""
    label = ""
    above: tuple[Part, ...] = ()
    for line in form.lines:
        run: list[tuple[str, str]] = []  # fields since the last label, with what stands above each
        for at, part in enumerate((*line.parts, Part())):
            if not part.field or part.label:
                yield from _under(label, run)
                run = []
            label = part.label or label
            if part.field:
                run.append((part.field, "".join(one.label for one in above[at - len(line.parts) :][:1])))
        above = line.parts


def _under(label: str, run: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for field, head in run:
        yield field, f"{label}·{head}" if head and len(run) > 1 else label or field
