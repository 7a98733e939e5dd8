"""The years a text speaks of as its own: what is said of another year than the disclosure's, and not by comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_DIGITS = str.maketrans("〇○零Ο一二三四五六七八九", "0000123456789")
_CHINESE = re.compile(r"(?:一九|二[〇○零Ο])[〇○零Ο一二三四五六七八九]{2}(?=\s*年)")
_YEAR = re.compile(r"(?<![\d.,])((?:19|20)\d\d)\s*年(?!代|级|版|份额|鉴)")
_THIS = re.compile("本年|今年|当年|报告年度")
_LAST = re.compile("上年|去年|上一年|上一年度|以前年度|往年|历年|近[两三几]年|前年")
_SENTENCE = re.compile(r"[。！？!?\n]")
_TITLES = re.compile(r"《[^》]*》|[〔\[(【][^〕\])】]{0,12}[〕\])】]\s*(?:第\s*)?\d+\s*号|“[^”]*”")
# 2019年至2025年, 2019-2025年: a span of years, of a plan for the most part.
_SPAN = re.compile(
    r"(?<![\d.])(?:19|20)\d\d\s*年?(?:度|初|末|\d{1,2}月)?\s*(?:[-—–~～]+|至|到)\s*((?:19|20)\d\d)\s*年(?!\s*12月31日)"
)
_AGAINST = re.compile(
    r"(?:与|比|较|同|和|于|超过|超出|超|恢复到|恢复至|达到|相当于|上年\(?|基数为?)\s*(?:去年|上年|以前)?\(?$"
)
_SINCE = re.compile(r"(?:自|从|始于|始建于|成立于|组建于|建于|设立于|源于|原|追溯到|早在|继)$")
# What follows the year (its month and day included) where it only dates something that stands.
_BASE = re.compile(
    r"^度?(?:同期|相比|对比|持平|基数|(?:决算|预算|执行|支出|收入)?数?为|结转|结余|以来|起|开始|始建|末?以前|以前|及以前|之前|前"
    r"|(?:部门)?(?:预|决)算的?(?:编制|公开|批复|审核|汇总)"
    r"|.{0,4}(?:成立|组建|设立|建成|挂牌|机构改革|批准|批复|印发|颁布|发布|出台|修订|修正|制定|通过|施行|下发|启动|立项|签订|中标|开工|动工))"
)
_DATE = re.compile(r"^\s*(\d{1,2})\s*月(?:份)?(?:\s*(\d{1,2})\s*日)?")
# Said anywhere in the sentence, these tie an earlier year to this one: carried over, still owed, honours received.
_TIED = re.compile(
    r"结转|结余|续建|跨年|遗留|尾款|欠款|拖欠|质保金|补发|补缴|补付|清算|历史|累计|荣获|获得|获评|评为|表彰|授予|称号|命名|验收"
)
_AHEAD = re.compile(r"将|(?<![虚模])拟|计划|打算|预计|力争|下一步|下一年|下年|明年|来年|次年|规划|期限|有效期|届满")
_NEXT = re.compile(r"^\s*度?(?:的?部门)?(?:预算|的?公开|批复|验收|结转|工作安排|工作目标|底前|末前|前)")
_UNTIL = re.compile(r"(?:至|到|延期至|截至|截止到?)$")


class Spoken(NamedTuple):
    """A year said in a text, with the place (start and end in the text)."""

    year: int
    start: int
    end: int


def in_digits(text: str) -> str:
    """The text in half-width signs with years in Chinese numerals (二〇二〇年) in digits; its length is kept."""
    return _CHINESE.sub(lambda found: found[0].translate(_DIGITS), text)


def strange(text: str, this: int, reason: bool = False) -> Iterator[Spoken]:
    """The years of a text in half-width signs that are not ``this`` one and stand as the year it speaks of.

    ``reason``: the text tells why two years differ, so that last year is its own too; a year before that is not,
    not even by comparison.
    """
    text = in_digits(text)
    masked = _TITLES.sub(lambda found: " " * len(found[0]), text)
    masked = _SPAN.sub(lambda found: " " * len(found[0]), masked)
    own = {int(found[1]) for found in _YEAR.finditer(text)}
    for start, end in _sentences(masked):
        said = masked[start:end]
        both = _THIS.search(said) is not None or any(int(y[1]) == this for y in _YEAR.finditer(text[start:end]))
        for found in _YEAR.finditer(said):
            year = int(found[1])
            if year == this or (reason and year == this - 1):
                continue
            bare = reason and this not in own
            before, after = said[: found.start()], said[found.end() :]
            right = _later(said, before, after, year - this) if year > this else _earlier(said, before, after, bare)
            if not (right or both):
                yield Spoken(year, start + found.start(), start + found.end())


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for stop in _SENTENCE.finditer(text):
        yield at, stop.end()
        at = stop.end()
    yield at, len(text)


def _earlier(said: str, before: str, after: str, reason: bool) -> bool:
    """Whether an earlier year is rightly named: compared with, dating what stands, or tied to this year."""
    before = before.rstrip()
    date = _DATE.match(after)
    rest = after[date.end() :] if date is not None else after
    if reason:  # two years are compared already: another one is not theirs
        return _SINCE.search(before) is not None or _TIED.search(said) is not None
    if _AGAINST.search(before) or _SINCE.search(before) or _BASE.match(rest.lstrip()):
        return True
    if date is not None and date[2] and (date[1], date[2]) not in (("12", "31"), ("1", "1")):
        return not _UNTIL.search(before)  # the day of some event
    return _LAST.search(said) is not None or _TIED.search(said) is not None


def _later(said: str, before: str, after: str, years: int) -> bool:
    """Whether a later year is rightly named: still to come, or the day on which the past year was looked at."""
    if years == 1 and _DATE.match(after):
        return True
    return bool(_AHEAD.search(said) or _NEXT.match(after) or _UNTIL.search(before.rstrip()))
