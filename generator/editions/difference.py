"""What changed from one edition to another, in words for an accountant: matched by keys, whose meaning stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from . import Edition
from .changes import ADDED, CHANGED, ENDED, PLACE, Change, changed, pairs, worded
from .difference_forms import ROLES, form_changes, forms
from .node import Node

_ORDINAL = re.compile(
    r"^(第[一二三四五六七八九十]+部分|[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d+[.．、])\s*"
)
_NUMBER = re.compile(r"\{(\w+)\.number\}")
_PLACED = re.compile(r"\.s?\d+$")  # a block named by its place, which says nothing of what it is
_ALIKE = 0.7  # of two headings: more is the same section under another name
_MANY = 8  # rules named in one line
_SEVERITIES = {"error": "错误", "warning": "警告", "info": "提示"}


Affected = Callable[[Edition, str], Sequence[str]]
"""Ids of the rules that the edition does not put, or not wholly, for the reason it gives."""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    changes: tuple[Change, ...]


def difference(old: Edition, new: Edition, affected: Affected | None = None) -> tuple[Group, ...]:
    """All changes in groups, those without any left out. EditionError where a file of either is wrong.

    Without ``affected`` the rules that an edition does not put for want of something are told, but not by their ids.
    """
    made = [Group("版式", tuple(_general(old, new))), Group("表的增减和次序", tuple(forms(old, new)))]
    before = {form.id: form for form in old.forms}
    for form in new.forms:
        if form.id in before:
            named = f"{ROLES[form.role]}“{form.sheet}”"
            made.append(Group(named, tuple(form_changes(before[form.id], form))))
    made += [
        Group("目录和章节", tuple(_contents(old, new))),
        Group("名词解释", tuple(_listed(old, new, "glossary.yaml", "items", "term", "term", ("text", "list")))),
        Group("图", tuple(_charts(old, new))),
        Group("校验规则", tuple(_rules(old, new, affected))),
    ]
    return tuple(group for group in made if group.changes)


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
            yield changed("edition", path, noun, before, after)
    numbers = {"thousands": "表中数字的千分位", "decimals": "表中数字的小数"}
    for key in sorted({*old.table_numbers, *new.table_numbers}):
        before, after = old.table_numbers.get(key, ""), new.table_numbers.get(key, "")
        if before != after:
            yield changed("edition", f"table_numbers.{key}", numbers.get(key, key), before, after)
    yield from pairs("level", {k: k for k in old.levels}, {k: k for k in new.levels}, "级次", "levels.")
    for level, words in new.levels.items():
        for key, word in words.items():
            before = old.levels.get(level, {}).get(key, "")
            if level in old.levels and before != word:
                yield changed("level", f"levels.{level}.{key}", f"{level}的用语", str(before), str(word))
    tolerances = [{k: f"{k}（{v} 万元）" for k, v in e.tolerances.items()} for e in (old, new)]
    yield from pairs("tolerance", tolerances[0], tolerances[1], "容差", "tolerances.")


def matched(old: Edition, new: Edition) -> dict[str, str]:
    """Block of a heading in the new edition → in the old one: the same words, nearly the same, the same block."""
    before, after = (
        {line.block: _bare(line.text) for line in edition.contents if line.block} for edition in (old, new)
    )
    parts = [{line.block for line in edition.contents if line.level == 1} for edition in (old, new)]
    found: dict[str, str] = {}

    def take(alike: Callable[[str, str], float]) -> None:
        free = [o for o in before if o not in found.values()]
        rest = [(o, n) for n in after if n not in found for o in free if (o in parts[0]) == (n in parts[1])]
        for score, was, now in sorted(((alike(o, n), o, n) for o, n in rest), key=lambda one: -one[0]):
            if score >= _ALIKE and now not in found and was not in found.values():
                found[now] = was

    take(lambda o, n: float(before[o] == after[n] and o.count(".") == n.count(".")))
    take(lambda o, n: SequenceMatcher(None, before[o], after[n], autojunk=False).ratio())
    take(lambda o, n: float(o == n and _PLACED.search(o) is None))
    return found


def _bare(text: str) -> str:
    return PLACE.sub("", _ORDINAL.sub("", text)).removeprefix("年度").removeprefix("年").removesuffix("说明")


def _contents(old: Edition, new: Edition) -> Iterator[Change]:
    found = [{line.block: line.text for line in e.contents if line.block} for e in (old, new)]
    same = matched(old, new)
    for key, text in found[0].items():
        if key not in same.values():
            yield Change("section", ENDED, key, f"取消章节“{worded(text)}”", text)
    for key, text in found[1].items():
        if key not in same:
            yield Change("section", ADDED, key, f"新增章节“{worded(text)}”", "", text)
            continue
        before = found[0][same[key]]
        if before == text:
            continue
        if _ORDINAL.sub("", before) == _ORDINAL.sub("", text):
            said = f"章节“{worded(_ORDINAL.sub('', text))}”的序号由“{_number(before)}”改为“{_number(text)}”"
            yield Change("section", CHANGED, key, said, before, text)
        else:
            yield changed("section", key, "章节标题", before, text)
    if old.chapters != new.chapters:
        yield changed("chapters", "chapters", "章节文件的次序", "、".join(old.chapters), "、".join(new.chapters))


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
    yield from pairs(what, names[0], names[1], "名词")
    for id, one in found[1].items():
        before = found[0].get(id)
        for field in compared if before is not None else ():
            was, now = (n.text(field, "") for n in (before, one) if n is not None)
            if was != now:
                yield changed(
                    what, id, f"“{names[1][id]}”的解释" if field == "text" else f"“{names[1][id]}”的{field}", was, now
                )


def _charts(old: Edition, new: Edition) -> Iterator[Change]:
    found = []
    for edition in (old, new):
        nodes = dict(edition.yaml("charts.yaml").items()) if edition.has("charts.yaml") else {}
        found.append({key: node.text("caption") for key, node in nodes.items()})
    yield from pairs("chart", found[0], found[1], "图")


def _by_reason(absent: Mapping[str, str], other: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each reason once, with the first place it stands for: one reason often covers a whole group of cells."""
    seen: dict[str, str] = {}
    for path, reason in absent.items():
        if path not in other:
            seen.setdefault(reason, path)
    yield from seen.items()


def _named(rules: Mapping[str, Node], edition: Edition, reason: str, affected: Affected | None) -> str:
    """The rules, of those given, that the edition does not put for the reason; "" for none."""
    if affected is None:
        return "有关规则"
    ids = [id for id in affected(edition, reason) if id in rules]
    more = f" 等 {len(ids)} 条" if len(ids) > _MANY else " "
    return f"规则 {'、'.join(ids[:_MANY])}{more}" if ids else ""


def _rules(old: Edition, new: Edition, affected: Affected | None) -> Iterator[Change]:
    found = [{id: n for name in e.rule_files for id, n in _items(e, name).items()} for e in (old, new)]
    names = [
        {id: f"{id} {_told_numbers(e, one.text('title'))}" for id, one in rules.items()}
        for e, rules in zip((old, new), found, strict=True)
    ]
    yield from pairs("rule", names[0], names[1], "规则")
    for reason, path in _by_reason(new.absent, old.absent):
        if named := _named(found[0], new, reason, affected):
            yield Change("absent", CHANGED, path, f"{named}中有关的部分不再核对：{reason}", "", reason)
    for reason, path in _by_reason(old.absent, new.absent):
        if named := _named(found[1], old, reason, affected):
            yield Change("absent", CHANGED, path, f"{named}中有关的部分恢复核对（原来：{reason}）", reason)
    for id, one in found[1].items():
        before = found[0].get(id)
        if before is None:
            continue
        was, now = (
            _SEVERITIES.get(before.text("severity", "error"), ""),
            _SEVERITIES.get(one.text("severity", "error"), ""),
        )
        if was != now:
            yield changed("rule", id, f"规则 {names[1][id]} 的级别", was, now)
        told = [_told_numbers(e, n.text("explain", "")) for e, n in ((old, before), (new, one))]
        if told[0] != told[1]:
            yield changed("rule", id, f"规则 {names[1][id]} 的说明", *told)
        elif before.raw("checks") != one.raw("checks"):
            said = f"规则 {names[1][id]} 的核对内容有变动，见 gongkai rules {id} --edition {new.id}"
            yield Change("rule", CHANGED, id, said)


def _told_numbers(edition: Edition, title: str) -> str:
    """表{three_public.number} with the number that the table has in the edition."""
    numbers = {form.id: str(form.number) for form in edition.forms}
    return _NUMBER.sub(lambda match: numbers.get(match[1], match[0]), title)
