"""docs/rules.md, written from the editions' rule data: run this after changing a rule.

    python scripts/make_rules_doc.py [--check]

With --check nothing is written; it ends with 1 when the page on disk is not what the data says.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from generator.checks.explain import Explained, explained  # noqa: E402
from generator.editions import Edition, ids, load  # noqa: E402

PAGE = ROOT / "docs" / "rules.md"
_HEAD = """\
<!-- 由 scripts/make_rules_doc.py 根据 templates/ 中的规则数据生成，请勿手工修改。 -->
# 校验规则

`gongkai check` 和 `generate` 按下列规则核对工作簿；命令行上用 `gongkai rules` 列出，用 `gongkai rules 编号` 逐条查看。

- **错误**：须改正后才能生成公开文档。**警告**：请核实，确属正常的，在“核实说明”表中写明规则编号和理由。
  **提示**：供参考。
- 每条规则在每一处有四种结果：相符、不符、不适用、无法判断（所需的格空着或不能读取）。无法判断的一律报告，不会当作相符。
- **尾差**：表中的数以万元保留两位小数，合计与各数之和可能因四舍五入相差少许，不算错误；
  同一个数在两处引用则须完全一致；金额以元填写的工作簿没有尾差。
- 规则编号不会改变含义，也不会挪作他用。
"""


def render() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_edition(load(name)) for name in ids())])


def _edition(edition: Edition) -> str:
    rules = explained(edition)
    parts = [f"## {edition.name}（`{edition.id}`）\n", "| 编号 | 规则 | 程度 | 核对方式 |\n| --- | --- | --- | --- |"]
    parts[-1] += "".join(
        f"\n| [{rule.id}](#{edition.id}-{rule.id.lower()}) | {_cell(rule.title)} | {rule.severity} | {rule.how} |"
        for rule in rules
    )
    family = ""
    for rule in rules:
        if rule.family != family:
            family = rule.family
            parts.append(f"\n### {rule.id.rstrip('0123456789')}　{family}")
        parts.append(_rule(edition, rule))
    return "\n".join(parts) + "\n"


def _rule(edition: Edition, rule: Explained) -> str:
    lines = [f'\n<a id="{edition.id}-{rule.id.lower()}"></a>\n\n#### {rule.id}　{rule.title}（{rule.severity}）\n']
    lines.append(rule.explain + "\n")
    for group in rule.relations:
        if group.condition:
            lines.append(f"{group.condition.removesuffix('。')}：\n")
        lines += [f"- {_plain(line)}" for line in group.lines]
        lines.append("")
    for label, text in (
        ("尾差", rule.tolerance),
        ("处理", rule.fix),
        ("依据", rule.basis),
        ("举例", rule.example),
        ("不适用", "；".join(rule.absent)),
    ):
        if text:
            lines.append(f"- **{label}**　{_plain(text)}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Signs that Markdown would take for its own."""
    return text.replace("\n", " ").replace("*", "\\*").replace("<", "&lt;").replace("_", "\\_")


def main() -> None:
    page = render()
    if "--check" in sys.argv[1:]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
            sys.exit("docs/rules.md does not say what the rules say: run scripts/make_rules_doc.py")
        return
    PAGE.write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
