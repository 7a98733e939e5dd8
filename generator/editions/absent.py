"""``absent:`` of edition.yaml: keys that other editions have and this one has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..model.form import Form
from .node import Node

ANY = "*"
_DEEPEST = 3  # form.row.column


def check_absent(forms: Sequence[Form], absent: Mapping[str, str], node: Node) -> None:
    """EditionError for what is declared absent and is there, or is no path of keys, or has no reason."""
    by_id = {form.id: form for form in forms}
    for path, reason in absent.items():
        keys = path.split(".")
        if len(keys) > _DEEPEST or not all(keys) or keys[0] == ANY or keys[-1] == ANY:
            raise node.fail(f"absent: “{path}”不是键的路径", "请写成 表、表.行、表.块 或 表.行.列；行可以写 *。")
        if not reason.strip():
            raise node.fail(f"absent: “{path}”没有写理由", "请在冒号后写明本版式为什么没有这一项。")
        form = by_id.get(keys[0])
        if form is not None and _there(form, keys[1:]):
            raise node.fail(f"absent: 本版式有“{path}”", "请删去这一条，或改正键。")


def _there(form: Form, keys: Sequence[str]) -> bool:
    blocks = [*form.blocks, *(line.indicators for line in form.lines if line.indicators is not None)]
    if not keys:
        return True
    fields = {part.field for line in form.lines for part in line.parts if part.field}
    if len(keys) == 1:
        rows = {row.key for block in blocks for row in block.rows if not row.spacer}
        return keys[0] in rows | fields | {block.key for block in blocks}
    row, column = keys
    having = [block for block in blocks if any(c.key == column for c in block.columns)]
    return any(row == ANY or any(r.key == row for r in block.rows) for block in having)
