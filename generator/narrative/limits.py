"""What a chapter may cost: steps, time, length of text. A user's own chapters run here as well as the editions'.

Jinja's sandbox keeps chapters from the machine; it does not keep them from running for ever or filling the memory.
Loops, calls, and what is printed are counted against one budget per document; what makes long texts at one stroke is
bounded or left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.filters import make_attrgetter
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .spans import Open, WrongTemplate

STEPS = 2_000_000  # a sample takes some thousands
CALL = 10  # steps that a call counts for
SECONDS = 60.0
LONGEST = 2_000_000  # characters of one text, or members of one list
PRINTED = 20_000_000  # characters of a document
_BETWEEN_LOOKS = 256  # steps from one look at the clock to the next
# Filters and methods that pad, repeat or format to any width; no chapter has a use for them.
_FILTERS = (
    "batch", "center", "filesizeformat", "format", "indent", "pprint", "random", "replace", "slice", "tojson",
    "urlize", "wordwrap", "xmlattr",
)  # fmt: skip
_METHODS = frozenset(
    {"center", "expandtabs", "format", "format_map", "join", "ljust", "replace", "rjust", "translate", "zfill"}
)
_COUNTED, _JOINED = "_counted", "_joined"


class Budget:
    """What is left to the chapters of one document."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self._steps, self._printed, self._until = 0, 0, time.monotonic() + SECONDS

    def step(self, count: int = 1) -> None:
        self._steps += count
        if self._steps > STEPS:
            raise WrongTemplate(f"循环、调用超过 {STEPS} 步，可能没有止境")
        if self._steps % _BETWEEN_LOOKS < count and time.monotonic() > self._until:
            raise WrongTemplate(f"运行超过 {SECONDS:.0f} 秒，可能没有止境")

    def print(self, length: int) -> None:
        self._printed += length
        if self._printed > PRINTED:
            raise WrongTemplate(f"印出的文字超过 {PRINTED} 字，可能没有止境")

    def counted(self, items: Iterable[Any], wording: int) -> Iterator[Any]:
        """``wording``: characters that stand in the loop as they are."""
        for item in items:
            self.step()
            self.print(wording)
            yield item

    def joined(self, pieces: Iterable[Any], between: str = "") -> str:
        """What ``~`` and the filter join do, as far as the longest text."""
        made, length = [], 0
        for piece in pieces:
            self.step()
            made.append(str(piece))
            length += len(made[-1]) + len(between)
            bounded(length)
        return between.join(made)


def bounded(length: int) -> None:
    if length > LONGEST:
        raise WrongTemplate(f"一段文字或一个列表超过 {LONGEST} 项")


class LimitedEnvironment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.budget = Budget()
        for name in _FILTERS:
            self.filters.pop(name, None)
        self.globals.pop("lipsum", None)
        self.filters[_COUNTED] = lambda items, wording: self.budget.counted(items, wording)
        self.filters[_JOINED] = lambda pieces: self.budget.joined(pieces)
        self.filters["join"] = self._join

    def _join(self, pieces: Iterable[Any], d: object = "", attribute: str | None = None) -> str:
        if attribute is not None:
            pieces = map(make_attrgetter(self, attribute), pieces)
        return self.budget.joined(pieces, str(d))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """As Jinja has it, but quick about our own values."""
        if isinstance(obj, Open):
            return attr[:1] != "_"
        if isinstance(obj, str) and attr in _METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def call(self, *args: Any, **options: Any) -> Any:  # (context, object called, its arguments …)
        self.budget.step(CALL)
        made = super().call(*args, **options)
        if isinstance(made, str):
            self.budget.print(len(made))
        return made

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or (operator == "%" and isinstance(left, (str, bytes))):
            raise WrongTemplate(f"章节中不能用 {operator} 这种运算")
        sizes = [len(one) for one in (left, right) if isinstance(one, (str, bytes, list, tuple))]
        if operator == "+" and len(sizes) == 2:
            bounded(sum(sizes))
        if operator == "*":
            for size, times in zip(sizes, (one for one in (left, right) if isinstance(one, int)), strict=False):
                bounded(size * times)
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Every loop counts its rounds, every ``~`` minds the length."""
        made = super()._parse(source, name, filename)
        for loop in made.find_all(nodes.For):
            wording = sum(len(data.data) for data in loop.find_all(nodes.TemplateData))
            loop.iter = _filtered(loop.iter, _COUNTED, nodes.Const(wording, lineno=loop.lineno))
        for holder in list(made.find_all(nodes.Node)):
            for field, value in holder.iter_fields():
                if isinstance(value, nodes.Concat):
                    setattr(holder, field, _concatenated(value))
                elif isinstance(value, list):
                    value[:] = [_concatenated(one) if isinstance(one, nodes.Concat) else one for one in value]
        return made


def _concatenated(node: nodes.Concat) -> nodes.Filter:
    return _filtered(nodes.List(node.nodes, lineno=node.lineno), _JOINED)


def _filtered(node: nodes.Node, name: str, *given: nodes.Expr) -> nodes.Filter:
    made = nodes.Filter(node, name, list(given), [], None, None, lineno=node.lineno)
    if node.environment is not None:
        made.set_environment(node.environment)
    return made


__all__ = ["Budget", "LimitedEnvironment", "bounded"]
