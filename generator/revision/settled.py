"""Which generation a person's words belong to, and whether what was left to that person has been settled since.

Words that an earlier run had to leave alone still carry the figures of the generation they were written upon, not of
the one that could not be brought in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lxml import etree

from ..model.state import UnitState
from . import chartdata
from . import text as texts
from .body import row_cells, table_rows
from .body import rows as rows_of
from .comments import said
from .tables import ONE_ROW, WHOLE_TABLE, Rows, align
from .tokens import DIRECTIONS, Merge, is_number, masked, merge, tokens

_CLAUSES = re.compile("[，。；：;\n]")
_BECAUSE = re.compile("主要原因是|原因是|主要是|由于")
_WORDS = re.compile(r"[^\W\d_]")


def _facts(text: str) -> Counter[str]:
    return Counter(token for token in tokens(text) if is_number(token) or token in DIRECTIONS)


def _numbers(text: str) -> set[str]:
    return {token for token in tokens(text) if is_number(token)}


def nearest(bases: Sequence[str], user: str) -> int:
    """Number of the generated text whose figures and directions stand in the user's; the first of equal ones."""
    own = _facts(user)

    def shared(base: str) -> float:
        facts = _facts(base)
        return 2 * (facts & own).total() / ((facts.total() + own.total()) or 1)

    return max(range(len(bases)), key=lambda at: (shared(bases[at]), -at))


def merge_from(bases: Sequence[str], user: str, new: str) -> tuple[Merge, int]:
    """The merge from the generated text that the user's words belong to, and its number.

    Where a figure of one of the ``bases`` would be left that is no longer true, nothing is written: a clash.
    """
    at = nearest(bases, user) if len(bases) > 1 else 0
    merged = merge(bases[at], user, new)
    if merged.edits or not merged.clashes:
        text = user
        for start, end, words in sorted(merged.edits, reverse=True):
            text = text[:start] + words + text[end:]
        if set().union(*map(_numbers, bases)) & _numbers(text) - _numbers(new):
            merged = Merge(clashes=[new])
    return merged, at


def agrees(base: str, user: str, new: str) -> bool:
    """Whether the user's words, written upon ``base``, say by now all that is different in ``new``."""
    if _squeezed(user) == _squeezed(new):
        return True
    if base in ("", new):  # what they were written upon is not known
        return False
    before, now, own = _facts(base), _facts(new), _facts(user)
    if (now - before).keys() - own.keys() or (before.keys() - now.keys()) & own.keys():
        return False
    known = {masked(clause) for clause in _CLAUSES.split(base)}
    fresh = [clause for clause in _CLAUSES.split(new) if masked(clause) not in known]
    wanted = (_BECAUSE.split(clause)[-1] for clause in fresh if _only_words(clause))
    return all(_squeezed(clause) in _squeezed(user) for clause in wanted)


def _only_words(clause: str) -> bool:
    """Whether a clause tells by its words, such as a reason, and not by a figure that turned."""
    return bool(_BECAUSE.search(clause)) or (not _facts(clause) and bool(_WORDS.search(clause)))


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def settled(
    lines: Sequence[etree._Element],
    pairs: Sequence[tuple[UnitState, UnitState]],
    drawn: Rows,
    open: Mapping[str, str],
    clashed: Iterable[etree._Element] = (),
) -> list[etree._Element]:
    """Paragraphs of a unit, given as its ``lines``, whose comments of those ``open`` (number → words) ask for nothing
    now. ``pairs`` are what was generated last and now, ``drawn`` the figures of the user's chart; paragraphs in
    ``clashed`` got their comments just now."""
    olds, news = [old for old, _ in pairs], [new for _, new in pairs]
    if news[0].kind == "table":
        return _settled_cells(lines, [row for new in news for row in new.rows], open, set(clashed))
    if news[0].chart and drawn != chartdata.figures(news[0].chart):
        return []
    older = "".join(old.written_on for old in olds)
    done = agrees(older, "".join(map(texts.plain, lines)), "".join(new.text for new in news))
    return [one for one in lines if one not in set(clashed)] if done else []


def _settled_cells(
    parts: Sequence[etree._Element], new: Rows, open: Mapping[str, str], clashed: set[etree._Element]
) -> list[etree._Element]:
    """Those of a table: what stands in the cell, or in the row or table that the comment is about, is what the data
    says."""
    lines = [line for part in parts for line in table_rows(part)]
    user = [row for part in parts for row in rows_of(part)]
    to_new = {u: n for n, u in align(new, user).items()}
    found = []
    for number, line in enumerate(lines):
        wanted = new[to_new[number]] if number in to_new else ()
        for column, cell in enumerate(row_cells(line)):
            for paragraph in texts.paragraphs(cell):
                words = said(paragraph, open)
                if not words or paragraph in clashed:
                    continue
                if WHOLE_TABLE in words:
                    done = list(map(tuple, user)) == list(map(tuple, new))
                elif ONE_ROW in words:
                    done = tuple(user[number]) == tuple(wanted)
                else:
                    done = len(user[number]) == len(wanted) and user[number][column] == wanted[column]
                if done:
                    found.append(paragraph)
    return found
