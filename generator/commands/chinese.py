"""click in Chinese: help pages set by display width, and its complaints in an accountant's words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import click

_HEADINGS = {"Options": "选项", "Commands": "命令", "Arguments": "参数"}
# What stays whole on a line: a place such as 收入表!D12, a number with its unit, a word; each with an opening mark.
_SHEET = r"(?:[^\s、，。；：“”（）]|（\d+）){1,31}"
_PIECES = re.compile(rf"[（“《]*(?:{_SHEET}![A-Z]{{1,3}}\d+|-?[\d,.]+ (?:万元|元|处|条|格|个)|[!-~]+|\s+|.)")
_EXTRA = re.compile(r"\s*\[([^\[\]]+)\]$")
_CLOSING = "，。；：！？）”》、"


def width(text: str) -> int:
    """Columns of a terminal that ``text`` takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(text: str, columns: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """Lines no wider than ``columns``; breaks between Chinese characters or at blanks, never before a closing mark."""
    rest = indent if hanging is None else hanging
    lines, line, empty = [], indent, True
    for piece in _PIECES.findall(text):
        if not empty and width(line + piece.rstrip()) > columns and piece not in _CLOSING:
            lines.append(line.rstrip())
            line, empty = rest, True
        if not (empty and piece.isspace()):
            line, empty = line + piece, False
    return [*lines, line.rstrip()]


class Formatter(click.HelpFormatter):
    """Chinese headings, and columns that line up although Chinese characters are wide."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.write(f"{'':>{self.current_indent}}用法：{prog} {args}\n")

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{_HEADINGS.get(heading, heading)}：\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        for count, part in enumerate(re.split(r"\n\s*\n", text)):
            if count:
                self.write("\n")
            if part.startswith("\b\n"):  # set line for line, as click has it
                lines = [indent + line for line in part[2:].splitlines()]
            else:
                lines = wrap("".join(map(str.strip, part.splitlines())), self.width, indent)
            self.write("\n".join(lines) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        indent = " " * self.current_indent
        first = min(max((width(term) for term, _ in rows), default=0), col_max) + col_spacing
        hanging = indent + " " * first
        for term, text in rows:
            lead = indent + term + " " * (first - width(term))
            if width(term) > col_max:
                self.write(f"{indent}{term}\n")
                lead = hanging
            self.write("\n".join(wrap(_EXTRA.sub(_extra, text), self.width, lead, hanging)) + "\n")


def _extra(found: re.Match[str]) -> str:
    """What click adds to an option's help, such as [1000<=x<=9999; required]."""
    said = []
    for part in found[1].split("; "):
        low, _, high = part.partition("<=x<=")
        at_least = part.removeprefix("x>=")
        if part == "required":
            said.append("必填")
        elif high:
            said.append(f"{low} 至 {high}")
        elif at_least != part:
            said.append(f"不小于 {at_least}")
        else:
            return found[0]
    return f"（{'，'.join(said)}）"


class Context(click.Context):
    formatter_class = Formatter


def explain(error: click.ClickException) -> str:
    """What is wrong with the command line."""
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"缺少{_name(error.param)}。"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{_name(error.param)}的内容不正确，{_expected(error.param.type)}。"
    if isinstance(error, click.NoSuchOption):
        near = f"是否想写 {'、'.join(error.possibilities)}？" if error.possibilities else ""
        return f"没有选项 {error.option_name}。{near}"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 的写法不正确：后面缺少内容或多了内容。"
    extra = re.search(r"unexpected extra arguments? \((.*)\)", error.format_message())
    if extra:
        return f"多余的内容：{extra[1]}。文件名中有空格时请用引号括起来。"
    return error.format_message()


def _name(param: click.Parameter) -> str:
    if isinstance(param, click.Option):
        return f"选项 {' / '.join(param.opts)} "
    return f"“{param.metavar or param.name}”" if isinstance(param, click.Argument) else str(param.name)


def _expected(kind: click.ParamType[Any]) -> str:
    if isinstance(kind, click.Choice):
        return f"只能是 {' 或 '.join(map(str, kind.choices))}"
    if isinstance(kind, click.IntRange):
        if kind.max is None:
            return f"应为不小于 {kind.min} 的整数"
        return f"应为 {kind.min}–{kind.max} 之间的整数"
    return "请对照说明改正"


def nearest(name: str, known: Iterable[str]) -> str:
    """“ 是否想写 …？” when a known word is close, else nothing."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f"是否想写 {near[0]}？" if near else ""
