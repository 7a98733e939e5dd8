"""A document put where an older one stands: hand edits merged in, the older file kept, or the new one put beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from . import files, history
from .model.cell import CellRef
from .model.finding import Refusal
from .model.revised import Fate, Revision
from .model.state import State, StateError, unpack

BESIDE = "新生成"  # <document>.新生成.docx
_CORRECTED, _FRESH = "重新生成前", "不合并生成前"
_TO_DO = (Fate.CONFLICT, Fate.OUTDATED, Fate.LOST)
_SHIFTS = (Fate.INSERTED, Fate.DELETED, Fate.MOVED)
_AMOUNT = re.compile(r"-?(?=[\d,.]*[1-9])[\d,]+\.\d+")  # other than zero
_NO_RECORD = "没有找到上一次生成的记录（文档内的记录和旁边的记录文件都已丢失）"


@dataclass(frozen=True)
class Written:
    """``output`` is where the new document stands: beside the user's when ``reason`` says why it could not be merged.

    ``previous`` is what it was generated from before; ``changed`` is False when the file was left as it stood;
    ``beside`` is the user's file where the new one stands next to it; ``open`` is how many comments of ours wait in
    the document to be dealt with before it is published.
    """

    output: Path
    revisions: tuple[Revision, ...] = ()
    previous: State | None = None
    history: Path | None = None
    set_aside: Path | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    changed: bool = True
    beside: Path | None = None
    open: int = 0

    @property
    def waiting(self) -> int:
        """How many places a person has to look at before the document is published."""
        fates = [one.fate for one in self.revisions]
        more = max(0, self.open - fates.count(Fate.CONFLICT))  # comments whose blocks are not told of
        return max(sum(fate in _TO_DO for fate in fates) + more, int(bool(self.reason)))


def put(target: Path, data: bytes, state: State, *, fresh: bool = False, keep: int | None = None) -> Written:
    """Write the generated document ``data`` to ``target`` without losing anything of what stands there.

    Refusal, with the old file whole, when it is open elsewhere or can't be written.
    """
    most = history.how_many(keep)
    old = files.present(target)
    if old is None:
        return _save(Written(target), target, data, state, None, "", most)
    not_open(target)
    return _Regeneration(target, old, data, state, most).run(fresh)


class _Regeneration:
    def __init__(self, target: Path, old: bytes, data: bytes, state: State, most: int) -> None:
        from .document.package import fingerprint_ok

        self.target, self.old, self.data, self.state, self.most = target, old, data, state, most
        self.intact = fingerprint_ok(old)
        self.notes: tuple[str, ...] = ()

    def run(self, fresh: bool) -> Written:
        from .revision.package import Unreadable

        parts = _parts(self.old)
        base = self._base(parts)
        if base is None and self.intact is None and not _has_marks(parts):
            aside = files.write(self.target, self.data, lambda _: files.REPLACED)
            return _record(Written(self.target, set_aside=aside), self.target, self.state)
        plain = self.intact is True and not (base is not None and base.merged)
        if fresh or (plain and base is None):
            return self._replace(self.data, self.state, base, _FRESH if fresh else _CORRECTED)
        if base is None:
            return self._beside(_NO_RECORD)
        other = _other_document(base, self.state)
        if plain:
            if self.data == self.old:
                return _record(Written(self.target, previous=base, changed=False), self.target, self.state)
            return self._replace(self.data, self.state, None if other else base, _CORRECTED)
        if other:
            return self._beside(other, base)
        try:
            return self._merge(parts, base)
        except Unreadable as why:
            return self._beside(f"{why}，无法合并", base)

    def _base(self, parts: Mapping[str, bytes]) -> State | None:
        """What the document was generated from: its own record, else the file beside it."""
        from .revision.store import embedded

        inside = embedded(parts)
        try:
            beside = unpack(history.record_of(self.target).decode("ascii", "replace"))
        except StateError:
            beside = None
        if inside is not None and beside is not None and inside.digest != beside.digest:
            self.notes = ("文档内保存的生成记录与旁边的记录文件不一致，以文档内的为准。",)
        if (
            inside is not None
            and beside is not None
            and (inside.digest, inside.merged) == (beside.digest, beside.merged)
        ):
            return beside  # the same, with the whole workbook in it
        return inside or (beside if self.intact is not None or _has_marks(parts) else None)

    def _merge(self, parts: Mapping[str, bytes], base: State) -> Written:
        from .document.package import seal
        from .revision.merge import CannotMerge, merge
        from .revision.store import embed

        try:
            merged = merge(parts, base, _parts(self.data), self.state)
        except CannotMerge as why:
            return self._beside(why.reason, base, why.entries)
        state = self.state.written_on(merged.since)
        if merged.settled:
            self.notes = (*self.notes, f"已与现在的数据一致的 {merged.settled} 处，其批注（作者 gongkai）已删去。")
        if merged.parts is None:
            kept = Written(self.target, merged.entries, base, notes=self.notes, changed=False, open=merged.open)
            return _record(kept, self.target, replace(state, merged=base.merged))
        if any(one.fate in _SHIFTS for one in merged.entries):
            self.notes = (
                *self.notes,
                "文档经手工增删或移动，目录页码可能有出入，请在 Word 或 WPS 中选中目录按 F9 更新。",
            )
        state = state.after_merging()
        embed(merged.parts, state)
        return self._replace(seal(merged.parts), state, base, _CORRECTED, merged.entries, merged.open)

    def _replace(
        self, data: bytes, state: State, base: State | None, why: str, entries: tuple[Revision, ...] = (), open: int = 0
    ) -> Written:
        written = Written(self.target, entries, base, notes=self.notes, open=open)
        return _save(written, self.target, data, state, self.old, why, self.most)

    def _beside(self, reason: str, base: State | None = None, entries: tuple[Revision, ...] = ()) -> Written:
        """The user's file stays as it is; the new document is written next to it."""
        from .document.package import fingerprint_ok

        path = self.target.with_name(f"{self.target.stem}.{BESIDE}{self.target.suffix}")
        words = {True: "", False: files.HAND_EDITED, None: files.REPLACED}
        aside = files.write(path, self.data, lambda old: words[fingerprint_ok(old)])
        return Written(path, entries, base, None, aside, reason, self.notes, beside=self.target)


def _save(written: Written, target: Path, data: bytes, state: State, old: bytes | None, why: str, most: int) -> Written:
    kept = history.keep(target, old, why) if old is not None and old != data else None

    def unchanged(now: bytes) -> str:
        if now not in (old, data):  # an editor or another run was quicker, and what it wrote is kept nowhere
            raise Refusal(f"“{target}”在生成期间被其他程序改动，没有覆盖它。", "请关闭该文件后重新生成一次。")
        return ""

    try:
        files.write(target, data, unchanged)
    except Refusal:
        if kept is not None:  # nothing was changed, so nothing is kept
            history.forget(kept)
        raise
    history.prune(target, most)
    return _record(replace(written, history=kept), target, state)


def _record(written: Written, target: Path, state: State) -> Written:
    """Write the record beside the document. That it can't be written is said: the document holds the same."""
    text = state.pack()
    if history.record_of(target) == text.encode("ascii"):
        return written
    try:
        history.write_record(target, text)
    except Refusal as refusal:
        note = f"生成记录没有写成：{refusal.message}文档内已保存同样的记录。"
        return replace(written, notes=(*written.notes, note))
    return written


def _other_document(base: State, new: State) -> str:
    """Why the two can't be merged; empty when they can."""
    if base.draft != new.draft:
        return f"原有文件是{'草稿' if base.draft else '正式文档'}，与这次生成的不同"
    if (base.trace.edition, base.trace.year) != (new.trace.edition, new.trace.year):
        return "原有文件是另一年度或另一版式的公开文档"
    if base.trace.unit != new.trace.unit and not _same_amounts(base, new):
        return f"原有文件是另一单位（{base.trace.unit}）的公开文档"
    return ""


def _same_amounts(base: State, new: State) -> bool:
    """Whether most amounts that both hold agree: then the unit's name was corrected, and it is the same department."""
    before, after = _amounts(base), _amounts(new)
    shared = before.keys() & after.keys()
    return 2 * sum(before[ref] == after[ref] for ref in shared) >= len(shared)


def _amounts(state: State) -> dict[CellRef, str]:
    rows = (row for sheet in state.cells.sheets for block in sheet.blocks for row in block.rows)
    return {entry.ref: entry.text for row in rows for entry in row.entries if _AMOUNT.fullmatch(entry.text)}


def not_open(target: Path) -> None:
    """Refusal when Word, WPS or LibreOffice has the document open, as the file that they put beside it says."""
    name = target.name
    marks = (f"~${name}", f"~${name[1:]}", f"~${name[2:]}", f".~{name}", f".~lock.{name}#")
    for mark in marks:
        if (target.parent / mark).is_file():
            raise Refusal(
                f"“{target}”正在 Word、WPS 或 LibreOffice 中打开，没有改动它。",
                f"请保存并关闭该文件后重试；确认没有打开的，请删去同一文件夹中的“{mark}”。",
            )


def _parts(data: bytes) -> dict[str, bytes]:
    """Parts of a .docx; none when it is no sound one."""
    from .document.package import unpack as unzip

    try:
        return unzip(data)
    except Refusal:
        return {}


def _has_marks(parts: Mapping[str, bytes]) -> bool:
    return any(name.endswith(".xml") and b'w:name="g_' in data for name, data in parts.items() if "document" in name)


def lines(written: Written) -> tuple[tuple[str, list[Revision]], ...]:
    """The report in groups: what to say of each fate, and its entries; empty groups are left out."""
    groups = [(words, [one for one in written.revisions if one.fate is fate]) for fate, words in WORDS.items()]
    return tuple((words, found) for words, found in groups if found)


WORDS = {
    Fate.LOST: "没有找到",
    Fate.CONFLICT: "需要您处理：文字经手工修改而数据也变了，现在的数据见文中批注",
    Fate.OUTDATED: "请您核对：手工增加的文字中有上一次的数，工具不改动",
    Fate.UPDATED: "您改写的文字保留，数字已更新",
    Fate.KEPT: "手工修改保留",
    Fate.DELETED: "手工删去的，仍不出现",
    Fate.MOVED: "手工移动的，位置保留",
    Fate.INSERTED: "手工增加的，原处保留",
    Fate.NEW: "数据新增的段落、表或图",
    Fate.GONE: "数据中已没有、随之删去的",
}
