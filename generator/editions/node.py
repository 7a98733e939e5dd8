"""Edition files as typed values: every error names the file and the path inside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MISSING: Any = object()


class EditionError(Exception):
    """An edition's own file is wrong; the message names the file and the place inside it, ``fix`` what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class Node:
    """A mapping or list of an edition file that knows where it stands and which keys were used."""

    def __init__(self, data: Any, source: str, path: str = "") -> None:
        self.data, self.source, self.path = data, source, path
        self._used: set[str] = set()

    def fail(self, message: str, fix: str = "") -> EditionError:
        return EditionError(f"{self.source}{': ' + self.path if self.path else ''}: {message}", fix)

    def _child(self, key: object) -> str:
        return f"{self.path}.{key}" if self.path else str(key)

    def has(self, key: str) -> bool:
        return isinstance(self.data, dict) and key in self.data

    def raw(self, key: str, default: Any = _MISSING) -> Any:
        if not isinstance(self.data, dict):
            raise self.fail("a mapping is expected here")
        self._used.add(key)
        if key in self.data:
            return self.data[key]
        if default is _MISSING:
            raise self.fail(f"key {key!r} is missing")
        return default

    def text(self, key: str, default: str = _MISSING) -> str:
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise self.fail(f"{key!r} must be text")
        return str(value)

    def number(self, key: str, default: float = _MISSING) -> float:
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.fail(f"{key!r} must be a number")
        return value

    def whole(self, key: str, default: int = _MISSING) -> int:
        value = self.number(key, default)
        if not isinstance(value, int):
            raise self.fail(f"{key!r} must be a whole number")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.raw(key, default)
        if not isinstance(value, bool):
            raise self.fail(f"{key!r} must be true or false")
        return value

    def texts(self, key: str, default: tuple[str, ...] = _MISSING) -> tuple[str, ...]:
        value = self.raw(key, default)
        if not isinstance(value, (list, tuple)) or any(isinstance(v, (dict, list)) for v in value):
            raise self.fail(f"{key!r} must be a list of texts")
        return tuple(str(v) for v in value)

    def node(self, key: str) -> Node:
        return Node(self.raw(key), self.source, self._child(key))

    def nodes(self, key: str, default: Any = _MISSING) -> tuple[Node, ...]:
        return tuple(Node(self.raw(key, default), self.source, self._child(key)))

    def mapping(self, key: str, default: Any = _MISSING) -> dict[str, str]:
        value = self.raw(key, default)
        if not isinstance(value, dict) or any(isinstance(v, (dict, list)) for v in value.values()):
            raise self.fail(f"{key!r} must map names to texts")
        return {str(k): str(v) for k, v in value.items()}

    def __iter__(self) -> Iterator[Node]:
        if not isinstance(self.data, (list, tuple)):
            raise self.fail("a list is expected here")
        for index, item in enumerate(self.data):
            yield Node(item, self.source, f"{self.path}[{index}]")

    def items(self) -> Iterator[tuple[str, Node]]:
        if not isinstance(self.data, dict):
            raise self.fail("a mapping is expected here")
        for key, value in self.data.items():
            self._used.add(str(key))
            yield str(key), Node(value, self.source, self._child(key))

    def done(self) -> None:
        """Refuse keys nobody asked for: a misspelt key must not pass silently."""
        if isinstance(self.data, dict):
            unknown = [str(k) for k in self.data if k not in self._used]
            if unknown:
                raise self.fail(f"unknown key {', '.join(map(repr, unknown))}")


def read(path: Path, shown: str) -> Node:
    """The YAML file at ``path``; ``shown`` names it in errors."""
    try:
        return Node(yaml.load(path.read_bytes(), Loader=_Loader), shown)  # noqa: S506 (a safe loader)
    except yaml.YAMLError as error:
        raise EditionError(f"{shown}: {error}") from error
    except OSError as error:
        raise EditionError(f"{shown}: {error.strerror}") from error
