"""What `gongkai rules` prints: the catalogue by family, or one rule explained."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from ..checks.explain import Explained
from ..editions import Edition
from .chinese import nearest, width, wrap
from .report import speaks_unicode

_INDENT = "  "


def listing(edition: Edition, rules: Sequence[Explained], columns: int) -> str:
    """All rules, one line each, under the names of their families."""
    lines = [f"版式 {edition.id}（{edition.name}）共 {len(rules)} 条规则"]
    ids, kinds = (max(map(width, texts)) for texts in zip(*((r.id, _kind(r)) for r in rules), strict=True))
    for family, members in _families(rules):
        lines += ["", f"{members[0].id.rstrip('0123456789')}　{family}"]
        for rule in members:
            lead = f"{_INDENT}{_padded(rule.id, ids)}  {_padded(_kind(rule), kinds)}  "
            lines += wrap(f"{rule.title}（{rule.how}）", columns, lead, " " * width(lead))
    lines += ["", "“错误”须改正后才能生成文档；“警告”请核实，可在“核实说明”表中写明理由；“提示”供参考。"]
    lines += ["逐条说明：gongkai rules 编号，例如 gongkai rules " + rules[-1].id]
    return "\n".join(lines)


def _kind(rule: Explained) -> str:
    return rule.severity.replace("或", "/")


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def _families(rules: Iterable[Explained]) -> Iterator[tuple[str, list[Explained]]]:
    found: dict[str, list[Explained]] = {}
    for rule in rules:
        found.setdefault(rule.family, []).append(rule)
    yield from found.items()


def explanation(rule: Explained, columns: int) -> str:
    """One rule: what it says, what it compares, how exactly, why, what to do, an example."""
    lines = [f"{rule.id}　{rule.title}（{rule.severity}）"]
    lines += _labelled("内容", rule.explain, columns)
    for number, group in enumerate(rule.relations):
        for count, line in enumerate(group.lines):
            lines += _labelled("" if number or count else "公式", line, columns, hanging=2)
        if group.condition:
            lines += _labelled("", f"——以上{group.condition}", columns, hanging=4)
    for label, text in (
        ("尾差", rule.tolerance),
        ("依据", rule.basis),
        ("处理", rule.fix),
        ("举例", rule.example),
        ("不适用", "；".join(rule.absent)),
    ):
        if text:
            lines += _labelled(label, text, columns)
    return "\n".join(lines)


def _labelled(label: str, text: str, columns: int, hanging: int = 0) -> list[str]:
    lead = _INDENT + _padded(label, 6)
    return wrap(text, columns, lead, " " * (width(lead) + hanging))


def chosen(rules: Sequence[Explained], wanted: str) -> tuple[Explained, ...]:
    """The rule of that id, or all of a family by its letter; small and full-width letters will do."""
    name = "".join(unicodedata.normalize("NFKC", wanted).split()).upper()
    one = tuple(rule for rule in rules if rule.id.upper() == name)
    return one or tuple(rule for rule in rules if rule.id.rstrip("0123456789") == name)


def near(rules: Sequence[Explained], wanted: str) -> str:
    return nearest(wanted.upper(), [rule.id for rule in rules])


def as_json(edition: Edition, rules: Sequence[Explained]) -> str:
    return json.dumps(
        {"edition": edition.id, "rules": [asdict(rule) for rule in rules]},
        ensure_ascii=not speaks_unicode(),
        indent=2,
    )
