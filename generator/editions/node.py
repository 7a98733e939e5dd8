"""Edition files as typed values: every error names the file and the path inside it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MISSING: Any = object()
_SPELLING = (
    "请检查该行和上一行：缩进用空格并对齐，冒号、逗号后有一个半角空格，引号和括号成对，含冒号或 # 的文字加引号。"
)
_FORMAT = "写法见 docs/edition.md。"
_ENCODING = "请另存为 UTF-8 编码。"
_WIDE_COLON = re.compile(r"\s*(?:-\s+)*[\w.-]+\s*：")  # after what looks like a key
_WIDE_COMMA = re.compile(r":\s*[\[{][^\]}\"']*，")  # in a list or mapping on one line


class _Loader(_Base):  # type: ignore[misc]
    """Refuses a key that stands twice in one mapping: YAML would silently take the last."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag.endswith(":merge"):
                continue
            if key.value in seen:
                raise _Twice(str(key.value), key.start_mark.line + 1)
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_yaml_map(self, node: Any) -> Iterator[Any]:
        made = _Map()
        made.line = node.start_mark.line + 1
        yield made
        made.update(self.construct_mapping(node))

    def construct_yaml_seq(self, node: Any) -> Iterator[Any]:
        made = _List()
        made.line = node.start_mark.line + 1
        yield made
        made.extend(self.construct_sequence(node))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _Loader.construct_yaml_map)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_SEQUENCE_TAG, _Loader.construct_yaml_seq)


class _Map(dict[Any, Any]):
    """A mapping that knows the line it begins on."""

    line = 0


class _List(list[Any]):
    """As _Map."""

    line = 0


class _Twice(Exception):
    def __init__(self, key: str, line: int) -> None:
        super().__init__(key)
        self.key, self.line = key, line


class EditionError(Exception):
    """An edition's own file is wrong; the message names the file and the place inside it, ``fix`` what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message, self.fix = message, fix


class Node:
    """A mapping or list of an edition file that knows where it stands and which keys were used."""

    def __init__(self, data: Any, source: str, path: str = "", line: int = 0) -> None:
        self.data, self.source, self.path = data, source, path
        self.line = getattr(data, "line", 0) or line
        self._used: set[str] = set()

    def fail(self, message: str, fix: str = "") -> EditionError:
        line = f" 第 {self.line} 行" if self.line and self.path else ""
        return EditionError(f"{self.source}{line}{': ' + self.path if self.path else ''}: {message}", fix)

    def _child(self, key: object) -> str:
        return f"{self.path}.{key}" if self.path else str(key)

    def has(self, key: str) -> bool:
        return isinstance(self.data, dict) and key in self.data

    def raw(self, key: str, default: Any = _MISSING) -> Any:
        if not isinstance(self.data, dict):
            raise self.fail("这里应是“键: 值”的形式", _wide(str(self.data)) or _FORMAT)
        self._used.add(key)
        if key in self.data:
            return self.data[key]
        if default is _MISSING:
            raise self.fail(f"缺少键 {key}", f"请补写 {key}；{_FORMAT}")
        return default

    def text(self, key: str, default: str = _MISSING) -> str:
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise self.fail(f"{key} 应是一段文字", "请改为文字；含冒号、# 或引号的文字要加引号。")
        return str(value)

    def number(self, key: str, default: float = _MISSING) -> float:
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.fail(f"{key} 应是数字，写的是“{value}”", "请改为数字，不加引号和单位。")
        return value

    def whole(self, key: str, default: int = _MISSING) -> int:
        value = self.number(key, default)
        if not isinstance(value, int):
            raise self.fail(f"{key} 应是整数，写的是“{value}”", "请改为整数。")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.raw(key, default)
        if not isinstance(value, bool):
            raise self.fail(f"{key} 应是 true（是）或 false（否），写的是“{value}”", "请改为 true 或 false。")
        return value

    def texts(self, key: str, default: tuple[str, ...] = _MISSING) -> tuple[str, ...]:
        value = self.raw(key, default)
        if not isinstance(value, (list, tuple)) or any(isinstance(v, (dict, list)) for v in value):
            raise self.fail(f"{key} 应是文字的列表", f"请写成 {key}: [甲, 乙]，或每行一个“- 甲”。")
        return tuple(str(v) for v in value)

    def node(self, key: str) -> Node:
        return Node(self.raw(key), self.source, self._child(key), self.line)

    def nodes(self, key: str, default: Any = _MISSING) -> tuple[Node, ...]:
        return tuple(Node(self.raw(key, default), self.source, self._child(key), self.line))

    def mapping(self, key: str, default: Any = _MISSING) -> dict[str, str]:
        value = self.raw(key, default)
        if not isinstance(value, dict) or any(isinstance(v, (dict, list)) for v in value.values()):
            raise self.fail(
                f"{key} 应是“名称: 文字”的对照", f"请写成 {key}: {{甲: 文字, 乙: 文字}}，或每行一个“甲: 文字”。"
            )
        return {str(k): str(v) for k, v in value.items()}

    def __iter__(self) -> Iterator[Node]:
        if not isinstance(self.data, (list, tuple)):
            raise self.fail("这里应是列表", "请每项另起一行，以“- ”开头。")
        for index, item in enumerate(self.data):
            yield Node(item, self.source, f"{self.path}[{index}]", self.line)

    def items(self) -> Iterator[tuple[str, Node]]:
        if not isinstance(self.data, dict):
            raise self.fail("这里应是“键: 值”的形式", _FORMAT)
        for key, value in self.data.items():
            self._used.add(str(key))
            yield str(key), Node(value, self.source, self._child(key), self.line)

    def done(self) -> None:
        """Refuse keys nobody asked for: a misspelt key must not pass silently."""
        if isinstance(self.data, dict):
            unknown = [str(k) for k in self.data if k not in self._used]
            if unknown:
                known = sorted(self._used)
                near = [get_close_matches(key, known, n=1) for key in unknown]
                guess = "".join(
                    f"“{key}”是否应为“{found[0]}”？" for key, found in zip(unknown, near, strict=True) if found
                )
                fix = f"{guess}请改正。" if guess else f"请核对写法或删去；这里可用的键：{'、'.join(known)}。"
                raise self.fail(f"不认识的键 {'、'.join(unknown)}", fix)


def read(path: Path, shown: str) -> Node:
    """The YAML file at ``path``; ``shown`` names it in errors."""
    data = b""
    try:
        data = path.read_bytes()
        if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            data.decode("utf-8")
        return Node(yaml.load(data, Loader=_Loader), shown)  # noqa: S506 (a safe loader)
    except UnicodeDecodeError as error:
        raise EditionError(f"{shown}: 文件不是 UTF-8 编码", _ENCODING) from error
    except _Twice as error:
        fix = "请删去或改名其中一个。"
        raise EditionError(f"{shown} 第 {error.line} 行: 键 {error.key} 写了两次", fix) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" 第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark is not None else ""
        raise EditionError(f"{shown}{place}: YAML 写法有误（{_problem(error)}）", _spelling(data, mark)) from error
    except RecursionError as error:
        raise EditionError(f"{shown}: 层次太多，无法读取", _FORMAT) from error
    except OSError as error:
        raise EditionError(f"{shown}: 打不开（{error.strerror}）", "请核对文件是否在、能否打开。") from error


def _spelling(data: bytes, mark: Any) -> str:
    """What to look for: full-width signs on the line of the mark or before it, else anything."""
    if mark is not None:
        lines = data.decode("utf-8", "replace").splitlines()
        for number in (mark.line, mark.line - 1):
            if 0 <= number < len(lines) and (found := _wide(lines[number])):
                return f"第 {number + 1} 行：{found}"
    return _SPELLING


def _wide(line: str) -> str:
    """Full-width signs in place of those of the language; "" where there are none."""
    if _WIDE_COLON.match(line):
        return "冒号“：”是全角，请改为半角冒号加一个空格。"
    if _WIDE_COMMA.search(line):
        return "逗号“，”是全角，请改为半角逗号加一个空格。"
    return ""


_PROBLEMS = {
    "mapping values are not allowed": "冒号的位置不对",
    "did not find expected key": "缩进不齐，或括号、引号没有配对",
    "could not find expected ':'": "缺少冒号",
    "found character '\\t'": "缩进用了制表符",
    "found character that cannot start any token": "有不能出现在开头的字符，如制表符、@ 或 `",
    "did not find expected ',' or": "括号内缺少逗号，或括号没有配对",
    "did not find expected '-'": "列表各项的缩进不齐",
    "unexpected end of stream": "引号或括号没有配对",
    "found unexpected end": "引号没有配对",
    "found undefined alias": "引用了没有定义的 * 名称",
    "found undefined tag": "不认识的 ! 标记",
    "could not determine a constructor": "不认识的 ! 标记",
    "invalid leading UTF-8": "文件不是 UTF-8 编码",
    "invalid": "文件不是 UTF-8 编码，或有不能识别的字符",
    "control characters": "有不能识别的字符",
}


def _problem(error: yaml.YAMLError) -> str:
    """The parser's own words in an accountant's; as they are where none fit."""
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).split("\n")[0]
    return next((words for start, words in _PROBLEMS.items() if start in said), said)
