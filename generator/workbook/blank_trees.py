"""Expressions of live checks taken apart, and put together as spreadsheet text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..model.expression import Binary, Call, Expression, Negative, Number, Ref
from ..model.livecheck import CHILDREN

Text = Callable[[Expression], str]


def fails(operator: str, gap: str, slack: str) -> str:
    """The comparison in which a gap (left - right) is too large."""
    if operator == "=":
        return f"ABS({gap})>{slack}"
    if operator in ("<=", "<"):
        return f"{gap}>{slack}" if operator == "<=" else f"{gap}>=-{slack}"
    return f"-({gap})>{slack}" if operator == ">=" else f"{gap}<={slack}"


def is_children(tree: Expression) -> bool:
    return isinstance(tree, Call) and tree.name == CHILDREN


def terms(tree: Expression, sign: int) -> Iterator[tuple[int, Expression]]:
    """Signed terms of a sum."""
    if isinstance(tree, Negative):
        yield from terms(tree.operand, -sign)
    elif isinstance(tree, Binary) and tree.operator in ("+", "-"):
        yield from terms(tree.left, sign)
        yield from terms(tree.right, sign if tree.operator == "+" else -sign)
    else:
        yield sign, tree


def expression_text(tree: Expression, value: Text) -> str:
    """``tree`` as a spreadsheet expression; ``value`` gives the text of a reference or of the sum of children."""
    if isinstance(tree, Ref) or is_children(tree):
        return value(tree)
    if isinstance(tree, Number):
        return str(tree.value)
    if isinstance(tree, Negative):
        return f"(-{expression_text(tree.operand, value)})"
    if isinstance(tree, Binary):
        return f"({expression_text(tree.left, value)}{tree.operator}{expression_text(tree.right, value)})"
    assert isinstance(tree, Call)
    parts = [expression_text(argument, value) for argument in tree.arguments]
    if tree.name == "ratio":
        return f"({parts[0]}/{parts[1]})"
    if tree.name in ("max", "min"):  # MAX would make one number of a whole array
        sign = ">" if tree.name == "max" else "<"
        text = parts[0]
        for part in parts[1:]:
            text = f"IF({text}{sign}{part},{text},{part})"
        return text
    return f"{tree.name.upper()}({','.join(parts)})"
