"""What is said of a merge, one entry a block: where it stands, and a short piece of it."""

from __future__ import annotations

from ..model.changes import places, short
from ..model.revised import Fate, Revision
from ..model.state import State, UnitState
from .body import Unit
from .outdated import Outdated

_BEFORE = 12  # characters shown before the place that was edited


class Account:
    """``entries`` gathered while two generations, ``base`` and ``state``, are merged into the user's file."""

    def __init__(self, base: State, state: State) -> None:
        self.entries: list[Revision] = []
        self._outdated = Outdated(base, state)
        self._block_of = {name: id for id, name in (*base.names.items(), *state.names.items())}
        self._places = {**places(base.trace), **places(state.trace)}

    def add(self, fate: Fate, unit: UnitState, note: str = "", text: str = "") -> None:
        self.entries.append(self.entry(fate, unit, note, text))

    def entry(self, fate: Fate, unit: UnitState, note: str = "", text: str = "") -> Revision:
        said = text or unit.text or "、".join(filter(None, unit.rows[0] if unit.rows else ())) or _shown(unit)
        return Revision(fate, self.place(unit), short(said), note, self._block(unit))

    def place(self, unit: UnitState) -> str:
        """Where the unit stands, in accountants' words."""
        return "目录" if unit.id.startswith(">") else self._places.get(self._block(unit), "")

    def inserted(self, unit: Unit, behind: UnitState | None) -> None:
        """What a person put between the generated units, ``behind`` which it stands."""
        text = unit.text
        if unit.kind == "table":
            found = unit.rows
            text = "表格：" + "、".join(filter(None, found[0] if found else ()))
        elif not text and next(unit.element.iter("{*}drawing", "{*}pict"), None) is not None:
            text = "图片"
        if text.strip():
            place = self.place(behind) if behind else ""
            self.entries.append(Revision(Fate.INSERTED, place, short(text)))
            self.check("\n".join("\t".join(row) for row in unit.rows) if unit.kind == "table" else text, place)

    def check(self, text: str, place: str, own: str = "") -> None:
        """Say which figures in a person's ``text`` are those of the generation before; those in ``own`` are not."""
        for old, new in self._outdated.found(text, own):
            start = max(text.find(old) - _BEFORE, 0)
            said = "…" * (start > 0) + text[start:]
            self.entries.append(Revision(Fate.OUTDATED, place, short(said), f"{old} 现为 {new}，请核对"))

    def in_order(self) -> tuple[Revision, ...]:
        return tuple(sorted(self.entries, key=lambda entry: list(Fate).index(entry.fate)))

    def _block(self, unit: UnitState) -> str:
        return self._block_of.get(unit.id.split("+")[0].lstrip(">"), "")


def around(text: str, other: str) -> str:
    """The text from a little before the place where it differs."""
    at = next((n for n, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), min(len(text), len(other)))
    start = max(at - _BEFORE, 0)
    return "…" * (start > 0) + text[start:]


def _shown(unit: UnitState) -> str:
    return "图：" + "、".join(series[0] for series in unit.chart[1:-1]) if unit.chart else ""
