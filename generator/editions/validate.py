"""What an edition's files must have in common: keys once each, files that are there, forms that every step needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .node import Node

if TYPE_CHECKING:
    from . import Edition

KINDS = ("final", "budget")
# Forms that every step asks; their keys keep their meaning in every edition.
_NEEDED = {"unit": "单位信息", "wording": "写法设置"}
_LONGEST_SHEET = 31  # characters, as Excel has it
_NOT_IN_SHEETS = re.compile(r"[\[\]:*?/\\]")


def check(edition: Edition, node: Node) -> None:
    """EditionError, at a place of edition.yaml (``node``) or naming a form's file, for the first thing wrong."""
    if edition.kind not in KINDS:
        raise node.fail(f"kind 不能是“{edition.kind}”", "请改为 final（决算）或 budget（预算）。")
    if not edition.years:
        raise node.fail("years 是空的", "请写明适用的年度，例如 years: [年度, 年度]。")
    _once(node, "forms", edition.form_files)
    _once(node, "chapters", edition.chapters)
    _once(node, "rules", edition.rule_files)
    _once(node, "contents.entries", (line.block for line in edition.contents if line.block))
    sheets: dict[str, str] = {}
    ids: dict[str, str] = {}
    for form, file in zip(edition.forms, edition.form_files, strict=True):
        for kind, found, value in (("id", ids, form.id), ("sheet", sheets, form.sheet)):
            if value in found:
                both = f"{found[value]} 和 {file}"
                raise node.fail(
                    f"{both} 的 {kind} 都是“{value}”", f"请改其中一个的 {kind}；每张表的 id 和表名都不能相同。"
                )
            found[value] = file
        if len(form.sheet) > _LONGEST_SHEET or _NOT_IN_SHEETS.search(form.sheet) or not form.sheet.strip():
            fix = f"表名不超过 {_LONGEST_SHEET} 个字，不能有 [ ] : * ? / \\ 这些符号。"
            raise node.fail(f"{file} 的 sheet“{form.sheet}”不能作工作表名", fix)
    for id, name in _NEEDED.items():
        if id not in ids:
            raise node.fail(f"forms 中没有 {id}（{name}）表", "每个版式都要有这张表，可继承已有版式的。")
    for name in (*(f"chapters/{chapter}.j2" for chapter in edition.chapters), *edition.rule_files, *edition.hint_files):
        if not edition.has(name):
            where = f"请在版式文件夹“{edition.folders[0]}”中补上，或改正文件名。"
            raise node.fail(f"没有文件 {name}", where)
    _levels(edition, node)


def _once(node: Node, key: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise node.fail(f"{key} 中 {name} 写了两次", "请删去其中一个。")
        seen.add(name)


def _levels(edition: Edition, node: Node) -> None:
    """Every level has the same words: a sentence must not depend on the unit it is written for."""
    wanted = {word for words in edition.levels.values() for word in words}
    for level, words in edition.levels.items():
        lacks = sorted(wanted - set(words))
        if lacks:
            raise node.fail(f"levels 的“{level}”缺少 {'、'.join(lacks)}", "各级次的用语应当一样齐全。")
