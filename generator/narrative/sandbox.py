"""The sandbox in which an edition's chapters run, compiled once per process and kept between processes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import jinja2
from jinja2.bccache import Bucket

from .filters import FILTERS
from .limits import LimitedEnvironment
from .spans import Printable, WrongTemplate

SUFFIX = ".j2"
_WRITING = 4  # of what the compiled chapters are made into; another number leaves the older ones alone
_DIGEST = hashlib.sha256().digest_size


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
        # One name for all runs, so that a killed one leaves nothing for ever; two at once are found out by the digest.
        temporary = self._folder / f"{bucket.key}.new"
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
        folder = Path(tempfile.gettempdir()) / f"gongkai-{user}-jinja{jinja2.__version__}-{_WRITING}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError):
        return None
    ours = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
    return _Cache(folder) if ours and stat.S_ISDIR(found.st_mode) else None


@lru_cache(maxsize=8)
def environment(folders: tuple[Path, ...]) -> LimitedEnvironment:
    """The sandbox in which an edition's chapters run; compiled once per process."""
    made = LimitedEnvironment(
        loader=jinja2.FileSystemLoader(list(folders)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=True,  # a file changed meanwhile is read again; a look at its date costs nothing
        autoescape=False,  # the text goes into XML elements, never into HTML
        bytecode_cache=_cache(),
    )
    made.filters.update(FILTERS)

    def printed(value: object) -> str:
        text = finalize(value)
        made.budget.print(len(text))
        return text

    made.finalize = printed
    return made


REMEDY = "请改正该行；可用的函数和过滤器见 docs/chapters.md。"


_OPEN = r".*following tags: (?P<wanted>.*?)\. The innermost .* is '(?P<open>[^']*)'"
_SYNTAX = (
    (r"Encountered unknown tag '(?P<tag>[^']*)'" + _OPEN, "{open} 还没有结束就遇到 {tag}，应先写 {wanted}"),
    (r"Unexpected end of template" + _OPEN, "{open} 没有结束，缺少 {wanted}"),
    (r"Encountered unknown tag '(?P<tag>[^']*)'", "不认识的标签 {tag}，或多写了一个"),
    (r"No filter named '(?P<name>[^']*)'", "没有名为 {name} 的过滤器"),
    (r"No test named '(?P<name>[^']*)'", "没有名为 {name} 的判断"),
    (r"""unexpected char (['"])(?P<char>.)\1 at""", "有不能识别的字符 {char} ，标点应为半角，引号应配对"),
    (r"Expected an expression, got '(?P<got>[^']*)'", "{got} 前缺少内容"),
    (r"tag name expected", "{{% 后缺少标签"),
    (r"unexpected '(?P<char>[^']*)', expected '(?P<wanted>[^']*)'", "括号没有配对：应为 {wanted}，写的是 {char}"),
    (r"unexpected '(?P<char>[^']*)'", "多了 {char}，或括号没有配对"),
    (r"expected token '(?P<wanted>[^']*)', got '(?P<got>[^']*)'", "应为 {wanted}，写的是 {got}"),
    (r"[Mm]issing end of comment tag", "注释没有结束，缺少 #}}"),
    (r"[Uu]nexpected end of template|unexpected 'end of template'", "文件没有写完"),
)
_TOKENS = {
    "end of print statement": "}}",
    "end of statement block": "%}",
    "begin of statement block": "{%",
    "end of template": "文件末尾",
    "string": "一段带引号的文字",
    "integer": "数字",
    "name": "名称",
}


def _syntax(said: str) -> str:
    """The template language's own words in Chinese; as they are where none fit."""
    for pattern, words in _SYNTAX:
        if match := re.search(pattern, said):
            found = {key: _TOKENS.get(text, text) for key, text in match.groupdict().items()}
            if "open" in found:  # 'elif' or 'else' or 'endif': the last closes it
                found["wanted"] = found["wanted"].split("'")[-2]
            return words.format_map(found)
    return said


def told(error: BaseException) -> str:
    """What went wrong in a chapter, in words for the person who wrote it."""
    said = str(error).strip()
    undefined = re.match(r"'([^']*)' is undefined", said)
    missing = re.search(r"has no attribute '?([^'\s]+)'?", said)
    if isinstance(error, jinja2.TemplateNotFound):
        return f"没有文件 {error.name}"
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"模板写法有误（{_syntax(said.splitlines()[0] if said else '')}）"
    if undefined:
        return f"没有名为 {undefined[1]} 的值或函数"
    if missing and isinstance(error, (jinja2.UndefinedError, AttributeError)):
        return f"没有 {missing[1]} 这一项"
    if isinstance(error, KeyError):
        return f"没有 {said}"
    if isinstance(error, RecursionError):
        return "include 或宏绕成了一圈"
    return said or type(error).__name__


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
