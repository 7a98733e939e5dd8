"""The sentences of an edition's chapters as a reader knows them, without a workbook: wording, “…” for what is filled
in, ［…］ for what is only written sometimes, ／ between cases. Templates are read, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import jinja2
from jinja2 import nodes

from ..editions import Edition, EditionError
from ..editions.changes import worded
from .sandbox import REMEDY, SUFFIX, environment, place, told

FILLED = "…"
_WORDS = {"year": "某", "prior_year": "上", "unit": "某单位", "short": "某单位", "own": "我单位", "dept": "部门"}
_FILTERS = {"money": FILLED, "count": FILLED, "percent": f"{FILLED}%"}
_SILENT = frozenset({"missing", "chart", "grid", "prose", "heading"})
_SPACE = re.compile(r"\s+")
_MANY = re.compile(r"…{2,}")
_END = "||"
_DEEP = 12  # macros within macros

Env = Mapping[str, nodes.Node]


def frames(edition: Edition) -> Mapping[str, tuple[str, ...]]:
    """Block of the heading → the paragraphs under it, as frames. EditionError where a chapter can't be read."""
    reader = _Reader(edition)
    for name in edition.chapters:
        file = f"chapters/{name}{SUFFIX}"
        try:
            reader.walk(reader.tree(file).body)
        except (jinja2.TemplateError, UnicodeDecodeError, RecursionError) as error:
            raise EditionError(f"{place(error) or edition.shown(file)}: {told(error)}", REMEDY) from error
    return {block: tuple(found) for block, found in reader.found.items()}


class _Reader:
    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._templates = environment(edition.folders)
        self._macros: dict[str, nodes.Macro] = {}
        self._bound: dict[str, nodes.Node] = {}
        self._depth = 0
        self._section = ""
        self.found: dict[str, list[str]] = {}

    def tree(self, name: str) -> nodes.Template:
        loader = self._templates.loader
        assert loader is not None
        return self._templates.parse(loader.get_source(self._templates, name)[0], name)

    # Blocks: what is written where

    def walk(self, body: Sequence[nodes.Node]) -> None:
        for node in body:
            if isinstance(node, (nodes.FromImport, nodes.Include)) and isinstance(node.template, nodes.Const):
                inner = self.tree(node.template.value).body
                only = (nodes.Macro, nodes.FromImport) if isinstance(node, nodes.FromImport) else nodes.Node
                self.walk([one for one in inner if isinstance(one, only)])
            elif isinstance(node, nodes.Output):
                for call in node.find_all(nodes.Call):
                    if _called(call) == "heading" and call.args:
                        self._section = self._plain(call.args[0])
            elif isinstance(node, nodes.CallBlock):
                said = _tidy(self._said(node.body))
                if said:
                    self.found.setdefault(self._section, []).append(said)
            elif isinstance(node, nodes.If):
                for branch in self._branches(node):
                    self.walk(branch)
            elif isinstance(node, nodes.For):
                for _ in self._turns(node):
                    self.walk(node.body)
            else:
                self._learn(node)

    def _learn(self, node: nodes.Node) -> bool:
        """Macros and values that later text names."""
        if isinstance(node, nodes.Macro):
            self._macros[node.name] = node
        elif isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
            self._bound[node.target.name] = node.node
        elif isinstance(node, nodes.AssignBlock) and isinstance(node.target, nodes.Name):
            between = node.filter.args[0] if isinstance(node.filter, nodes.Filter) and node.filter.args else None
            said = self._said(node.body)
            while _END + "］" in said:
                said = said.replace(_END + "］", "］" + _END)
            pieces = [piece for piece in said.split(_END) if piece.strip("［］／")]
            joined = (between.value if isinstance(between, nodes.Const) else "").join(pieces)
            self._bound[node.target.name] = nodes.Const(joined)
        else:
            return False
        return True

    def _branches(self, node: nodes.If) -> list[list[nodes.Node]]:
        """The bodies that may apply, the last one for “otherwise”."""
        made: list[list[nodes.Node]] = []
        for one in (node, *node.elif_):
            sure = self._truth(one.test)
            if sure is not False:
                made.append(one.body)
            if sure:
                return made
        return [*made, node.else_]

    def _turns(self, node: nodes.For) -> Iterator[None]:
        """Once per piece of a list that is written out, else once for all."""
        source: nodes.Node | None = node.iter
        if isinstance(source, nodes.Name):
            source = self._bound.get(source.name, source)
        targets = node.target.items if isinstance(node.target, nodes.Tuple) else [node.target]
        names = [one.name for one in targets if isinstance(one, nodes.Name)]
        before = dict(self._bound)
        outside = {name: value for name, value in before.items() if name not in names}
        for piece in source.items if isinstance(source, (nodes.List, nodes.Tuple)) else [None]:
            values = piece.items if isinstance(piece, nodes.Tuple) else [piece]
            known = {} if piece is None else dict(zip(names, values, strict=False))
            self._bound = outside | {name: value for name, value in known.items() if value is not None}
            yield
        self._bound = before

    # Text

    def _said(self, body: Sequence[nodes.Node]) -> str:
        parts: list[str] = []
        for node in body:
            if isinstance(node, nodes.TemplateData):
                parts.append(_SPACE.sub("", node.data))
            elif isinstance(node, nodes.Output):
                parts += (self._text(one) for one in node.nodes)
            elif isinstance(node, nodes.If):
                parts.append(_cases([self._said(branch) for branch in self._branches(node)]))
            elif isinstance(node, nodes.For):
                turns = [self._said(node.body) for _ in self._turns(node)]
                parts.append("".join(turns))
            else:
                self._learn(node)
        return "".join(parts)

    def _text(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.TemplateData):
            return _SPACE.sub("", node.data)
        if isinstance(node, nodes.Const):
            return node.value if isinstance(node.value, str) else ""
        if isinstance(node, nodes.Name):
            bound = self._bound.get(node.name)
            return self._text(bound) if bound is not None else _WORDS.get(node.name, FILLED)
        if isinstance(node, (nodes.Concat, nodes.Add)):
            parts = node.nodes if isinstance(node, nodes.Concat) else [node.left, node.right]
            return "".join(self._text(one) for one in parts)
        if isinstance(node, nodes.CondExpr):
            return self._conditional(node)
        if isinstance(node, nodes.Or):
            return self._text(node.left) or self._text(node.right)
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._filtered(node)
        if isinstance(node, nodes.Call):
            return self._call(node)
        return FILLED

    def _conditional(self, node: nodes.CondExpr) -> str:
        written = [node.expr1, *([node.expr2] if node.expr2 is not None else [])]
        if any(one.attr == "last" for one in node.test.find_all(nodes.Getattr)) or _is_last(node.test):
            at = 0 if isinstance(node.test, nodes.Not) else -1  # between the pieces, not after the last
            return self._text(written[at]) if at == 0 or node.expr2 is not None else ""
        sure = self._truth(node.test)
        if sure is not None:
            return self._text(node.expr1) if sure else self._text(node.expr2) if node.expr2 is not None else ""
        return _cases([self._text(one) for one in written] + ([""] if node.expr2 is None else []))

    def _filtered(self, node: nodes.Filter) -> str:
        assert node.node is not None
        if node.name == "default" and node.args:
            unknown = isinstance(node.node, nodes.Name) and node.node.name not in self._bound
            return self._text(node.args[0] if unknown else node.node)
        return _FILTERS.get(node.name) or self._text(node.node)

    def _call(self, node: nodes.Call) -> str:
        name = _called(node)
        if name in self._macros and self._depth < _DEEP:
            return self._inlined(self._macros[name], node)
        if name in _SILENT:
            return ""
        first: nodes.Node | None = node.args[0] if node.args else None
        if name == "numeral":
            first = self._settled(node.args[0])
            return str(first.value) if isinstance(first, nodes.Const) else "1"
        if name == "ordinal":
            return "一"
        if name == "label" and first is not None:
            return self._label(self._plain(first))
        if name == "statement" and first is not None:
            return worded(next(iter(self._edition.form(self._plain(first)).statement.values()), ""))
        return FILLED

    def _label(self, path: str) -> str:
        form_id, _, key = path.partition(".")
        forms = (form for form in self._edition.forms if form.id == form_id)
        labels = (row.label for form in forms for block in form.blocks for row in block.rows if row.key == key)
        return re.sub(r"（[辆台].*）$", "", next(labels, FILLED))

    def _inlined(self, macro: nodes.Macro, call: nodes.Call) -> str:
        names = [one.name for one in macro.args]
        given: dict[str, nodes.Node] = dict(zip(names[len(names) - len(macro.defaults) :], macro.defaults, strict=True))
        given |= {name: self._settled(value) for name, value in zip(names, call.args, strict=False)}
        given |= {one.key: self._settled(one.value) for one in call.kwargs}
        before = self._bound
        self._bound = {**{k: v for k, v in before.items() if k not in names}, **given}
        self._depth += 1
        said = self._said(macro.body)
        self._bound = before
        self._depth -= 1
        return said

    def _settled(self, node: nodes.Expr) -> nodes.Node:
        """An argument as the macro will see it: what is known of it in words, else as it is."""
        if isinstance(node, nodes.Name):
            return self._bound.get(node.name, node)
        if isinstance(node, (nodes.Concat, nodes.CondExpr)):
            return nodes.Const(self._text(node))
        return node

    def _plain(self, node: nodes.Node) -> str:
        return self._text(node)

    def _truth(self, node: nodes.Node) -> bool | None:
        """Whether a condition holds in every document of the edition, in none, or in some (None)."""
        if isinstance(node, nodes.Const):
            return bool(node.value)
        if isinstance(node, nodes.Not):
            inner = self._truth(node.node)
            return None if inner is None else not inner
        if isinstance(node, (nodes.And, nodes.Or)):
            sides = [self._truth(node.left), self._truth(node.right)]
            decisive = isinstance(node, nodes.Or)
            return decisive if decisive in sides else None if None in sides else not decisive
        if isinstance(node, nodes.Name) and isinstance(self._bound.get(node.name), nodes.Const):
            bound = self._bound[node.name]
            return bool(bound.value) if isinstance(bound, nodes.Const) and not isinstance(bound.value, str) else None
        if (
            isinstance(node, nodes.Filter)
            and node.name == "default"
            and node.args
            and isinstance(node.node, nodes.Name)
        ):
            return self._truth(node.node if node.node.name in self._bound else node.args[0])
        return None


def _called(node: nodes.Call) -> str:
    return node.node.name if isinstance(node.node, nodes.Name) else ""


def _is_last(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Getattr) and node.attr == "last"


def _cases(texts: Sequence[str]) -> str:
    """［甲／乙］; one that may be left out: ［甲］."""
    written = list(dict.fromkeys(text for text in texts if text))
    if not written:
        return ""
    if len(written) == 1 and ("" not in texts or _bracketed(written[0])):
        return written[0]
    return f"［{'／'.join(written)}］"


def _bracketed(text: str) -> bool:
    """Whether one pair of brackets holds all of the text."""
    depth = 0
    for at, one in enumerate(text):
        depth += (one == "［") - (one == "］")
        if not depth:
            return at == len(text) - 1
    return False


def _tidy(text: str) -> str:
    return _MANY.sub(FILLED, text.replace(_END, "").replace("［］", ""))


__all__ = ["FILLED", "frames"]
