"""Finding sheets, heads and labels by what they say, never by where they stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..model.form import Form, Role

_SPACE = re.compile(r"[\s\u00a0\u3000\u200b-\u200d\u2060\ufeff]+")
_MARKS = str.maketrans(
    "“”„‟＂「」『』‘’‚‛＇`´〔［【〖〕］】〗–—―−－─‐‑·•・", '"' * 9 + "'" * 7 + "((((" + "))))" + "-" * 8 + "..."
)
_LEAD = re.compile(r"^(?:公开)?表?\d{1,2}表?[-_.、:,]*")
_YEAR = re.compile(r"^(?:\d{4}|\d{2})年度?")
_TAIL = re.compile(r"(?:\((?:表)?\d+\)|-\d+|副本)+$")
_ORDINAL = re.compile(r"^(?:\(?[一二三四五六七八九十]{1,3}[、.)]+|\(?\d{1,2}[、.)](?!\d)|其中:|#|\*)+")
_PLACE = re.compile(r"\{\w+\}")


@lru_cache(maxsize=16384)
def norm(text: str) -> str:
    """One form for texts that say the same: width, spaces, line breaks, quotes, brackets and case do not count."""
    text = unicodedata.normalize("NFKC", text.translate(_MARKS)).translate(_MARKS)
    return _SPACE.sub("", text).lower()


@lru_cache(maxsize=4096)
def core(text: str) -> str:
    """A sheet's name or title without number, year and copy mark."""
    plain = _YEAR.sub("", _LEAD.sub("", _TAIL.sub("", norm(text))))
    return plain or norm(text)


@lru_cache(maxsize=4096)
def loose(text: str) -> str:
    """A label without its ordinal or “其中：”, from its normalised form."""
    return _ORDINAL.sub("", text) or text


def _title_pattern(form: Form) -> re.Pattern[str] | None:
    """The printed title with its places open; None when too little of it is fixed to tell it from others."""
    parts = _PLACE.split(form.title)
    fixed = [norm(part) for part in parts]
    if max(map(len, fixed), default=0) < 5:
        return None
    return re.compile(".*".join(map(re.escape, fixed)).replace("年度", "(?:年度)?", 1))


@lru_cache(maxsize=256)
def year_pattern(title: str) -> re.Pattern[str]:
    """A printed title whose first four digits are its year."""
    parts = [".*" if _PLACE.fullmatch(p) else re.escape(norm(p)) for p in re.split(r"(\{\w+\})", title)]
    return re.compile("".join(parts).replace(".*", r"(\d{4})", 1))


@dataclass
class SheetMatch:
    """Sheets by form id, in workbook order; ``spare`` are further sheets that also look like that form."""

    found: dict[str, list[str]] = field(default_factory=dict)
    spare: dict[str, list[str]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def match_sheets(
    forms: Sequence[Form], names: Sequence[str], peek: Callable[[str], Iterable[str]] | None = None
) -> SheetMatch:
    """``peek`` gives the normalised texts of a sheet's first rows; only asked for sheets whose name says nothing."""
    result = SheetMatch()
    left = list(names)

    def take(form: Form, fits: Callable[[str], bool]) -> None:
        hits = [name for name in left if fits(name)]
        for name in hits:
            if form.repeat or form.id not in result.found:
                result.found.setdefault(form.id, []).append(name)
            else:
                result.spare.setdefault(form.id, []).append(name)
            left.remove(name)

    for form in forms:
        take(form, lambda name, f=form: norm(name) == norm(f.sheet))  # type: ignore[misc]
    for form in forms:
        words = {core(form.sheet), core(form.entry) or core(form.sheet)} | ({norm(form.form_no)} - {""})
        cut = norm(form.sheet[:31])
        take(form, lambda name, w=words, c=cut: core(name) in w or norm(name) in w or norm(name) == c)  # type: ignore[misc]
    for form in forms:
        if form.repeat:
            start = core(form.sheet)
            take(form, lambda name, s=start: core(name).startswith(s))  # type: ignore[misc]
    if peek is not None:
        texts = {name: set(peek(name)) for name in left} if any(f.id not in result.found for f in forms) else {}
        likely = {name: _like(forms, there) for name, there in texts.items()}
        for form in forms:
            if form.id not in result.found or form.repeat:
                take(form, lambda name, f=form: f.id in likely.get(name, ()))  # type: ignore[misc]
    for group in result.found.values():
        group.sort(key=names.index)
    result.ignored = tuple(left)
    return result


def _like(forms: Sequence[Form], texts: set[str]) -> set[str]:
    """Forms that a sheet with these texts may be. Of titles that hold each other, 支出决算表 and 一般公共预算财政拨款
    支出决算表, the longest counts."""
    titled: dict[str, int] = {}
    for form in forms if texts else ():
        pattern = _title_pattern(form)
        if pattern is not None and any(pattern.fullmatch(text) for text in texts):
            titled[form.id] = len(norm(_PLACE.sub("", form.title)))
    longest = max(titled.values(), default=0)
    found = {form_id for form_id, length in titled.items() if length == longest}
    return found | {form.id for form in forms if texts and form.id not in titled and _looks_like(form, texts)}


def _looks_like(form: Form, texts: set[str]) -> bool:
    """By its number, or by the labels of a performance form."""
    if form.form_no and norm(form.form_no) in texts:
        return True
    if form.role is Role.PERFORMANCE:
        labels = {norm(part.label) for line in form.lines for part in line.parts if part.label}
        return len(labels & texts) >= max(4, len(labels) * 2 // 3)
    return False


def title_score(forms: Sequence[Form], names: Sequence[str]) -> int:
    """How many of the forms have a sheet of their name: to tell which edition a workbook is."""
    return len(match_sheets(forms, names).found)


def match_labels(expected: Sequence[str], found: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Which row holds which label: position in ``expected`` → row. Order decides between equal labels.

    Exact matches in order first (the usual case, linear); then, among what is left and within the gaps, labels that
    differ in their ordinal only; last, exact ones out of order.
    """
    rows: dict[str, list[int]] = {}
    for row, label in found:
        if label:
            rows.setdefault(label, []).append(row)
    matched = _in_order(expected, rows)
    if len(matched) == len(expected):
        return matched
    matched = _aligned(expected, [(row, label) for row, label in found if label])
    used = set(matched.values())
    for at, label in enumerate(expected):
        if at not in matched:
            for row in rows.get(label, ()):
                if row not in used:
                    matched[at] = row
                    used.add(row)
                    break
    return matched


def _in_order(expected: Sequence[str], rows: Mapping[str, list[int]]) -> dict[int, int]:
    matched: dict[int, int] = {}
    last = 0
    for at, label in enumerate(expected):
        row = next((r for r in rows.get(label, ()) if r > last), None)
        if row is None:
            break
        matched[at] = last = row
    return matched


def _aligned(expected: Sequence[str], found: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Longest common order of the two lists; an exact label outweighs a loose one."""
    found = found[:2000]
    weights = [[_weight(e, label) for _, label in found] for e in expected]
    best = [[0] * (len(found) + 1) for _ in range(len(expected) + 1)]
    for i in range(len(expected) - 1, -1, -1):
        row, below, weight = best[i], best[i + 1], weights[i]
        for j in range(len(found) - 1, -1, -1):
            row[j] = max(below[j], row[j + 1], below[j + 1] + weight[j] if weight[j] else 0)
    matched: dict[int, int] = {}
    i = j = 0
    while i < len(expected) and j < len(found):
        if weights[i][j] and best[i][j] == best[i + 1][j + 1] + weights[i][j]:
            matched[i] = found[j][0]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return matched


def _weight(expected: str, label: str) -> int:
    if expected == label:
        return 3
    return 2 if expected and loose(expected) == loose(label) else 0
