"""How values pass through Jinja2 as text and come out again as spans with their cells.

A value that is not wording of the form becomes a mark: its number in a list, between two control characters that no
text holds (they are stripped from the user's). Marks survive macros, loops, set-blocks and joins like any text.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..model.blocks import Span, SpanKind
from ..model.cell import CellRef

if TYPE_CHECKING:
    from collections.abc import Sequence

OPEN, CLOSE = "\x01", "\x02"
_MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE = re.compile(r"[ \t\r\n]+")
_DIGITS = re.compile(r"[0-9０-９]+")
SUFFIX = ".j2"
_DIGEST = hashlib.sha256().digest_size


class WrongTemplate(Exception):
    """A chapter does what chapters may not; the message says what (the place is added where it is caught)."""


class Marks:
    """The marked values of one document."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def mark(self, text: str, kind: SpanKind, cells: tuple[CellRef, ...] = ()) -> str:
        """``text`` as a mark; an empty text stays empty, so that chapters can ask for it."""
        text = clean(text)
        if not text:
            return ""
        self._spans.append(Span(text, kind, cells))
        return f"{OPEN}{len(self._spans) - 1}{CLOSE}"

    def spans(self, text: str) -> tuple[Span, ...]:
        """Rendered text as spans: the white space of the template goes, neighbouring wording becomes one span."""
        found: list[Span] = []
        fixed = ""
        for piece, span in self._pieces(text):
            fixed += _SPACE.sub("", piece)
            if span is None:
                continue
            if fixed:
                found.append(Span(fixed))
            found.append(span)
            fixed = ""
        return (*found, Span(fixed)) if fixed else tuple(found)

    def _pieces(self, text: str) -> Iterator[tuple[str, Span | None]]:
        at = 0
        for match in _MARK.finditer(text):
            yield text[at : match.start()], self._spans[int(match[1])]
            at = match.end()
        yield text[at:], None


def clean(text: str) -> str:
    """The user's text without control characters (Word can't hold them, and marks are made of them)."""
    return _CONTROL.sub("", text)


def stray_digits(spans: Sequence[Span], allowed: Sequence[str]) -> str:
    """The first digits in wording that the edition doesn't declare as its own; empty when there are none."""
    for span in spans:
        if span.kind is not SpanKind.FIXED:
            continue
        text = span.text
        for phrase in allowed:
            text = text.replace(phrase, "")
        found = _DIGITS.search(text)
        if found:
            return found[0]
    return ""


class Open:
    """A value made for chapters: every attribute without an underscore is theirs to use."""

    __slots__ = ()


class Printable(Open):
    """What may stand in ``{{ … }}`` besides text; ``str()`` gives its mark."""

    __slots__ = ()


def finalize(value: object) -> str:
    """The last word on every ``{{ … }}``: text and marked values pass, bare numbers and nothings don't."""
    if isinstance(value, (str, Printable, jinja2.Undefined)):
        return str(value)  # an undefined name raises here
    raise WrongTemplate(f"{type(value).__name__} {value!r} 不能直接印出，须经 money、percent、count 等过滤器")


class _Cache(jinja2.BytecodeCache):
    """Compiled chapters on disk, each behind the digest of its own bytes; a folder that fails only costs time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            data = (self._folder / bucket.key).read_bytes()
        except OSError:
            return
        if hashlib.sha256(data[_DIGEST:]).digest() == data[:_DIGEST]:
            bucket.bytecode_from_string(data[_DIGEST:])

    def dump_bytecode(self, bucket: Bucket) -> None:
        data = bucket.bytecode_to_string()
        temporary = self._folder / f"{bucket.key}.{os.getpid()}"
        try:
            temporary.write_bytes(hashlib.sha256(data).digest() + data)
            temporary.replace(self._folder / bucket.key)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _cache() -> _Cache | None:
    """A folder of this user's own under the temporary folder, or none: compiled code is only taken from ourselves."""
    user = str(os.getuid()) if hasattr(os, "getuid") else hashlib.sha256(str(Path.home()).encode()).hexdigest()[:12]
    try:
        folder = Path(tempfile.gettempdir()) / f"gongkai-{user}-jinja{jinja2.__version__}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError):
        return None
    ours = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
    return _Cache(folder) if ours and stat.S_ISDIR(found.st_mode) else None


class _Sandbox(ImmutableSandboxedEnvironment):
    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """As Jinja has it, but quick about our own values."""
        return attr[:1] != "_" if isinstance(obj, Open) else super().is_safe_attribute(obj, attr, value)


@lru_cache(maxsize=8)
def environment(folders: tuple[Path, ...]) -> jinja2.Environment:
    """The sandbox in which an edition's chapters run; compiled once per process."""
    from .filters import FILTERS

    made = _Sandbox(
        loader=jinja2.FileSystemLoader(list(folders)),
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        autoescape=False,  # the text goes into XML elements, never into HTML
        bytecode_cache=_cache(),
    )
    made.filters.update(FILTERS)
    return made


def place(error: BaseException) -> str:
    """Where in the chapters an error arose: “chapters/narrative.j2 第 12 行”."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{_short(error.filename or error.name or '')} 第 {error.lineno} 行"
    found = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.endswith(SUFFIX):
            found = f"{_short(name)} 第 {trace.tb_lineno} 行"
        trace = trace.tb_next
    return found


def _short(name: str) -> str:
    return "/".join(Path(name).parts[-3:])
