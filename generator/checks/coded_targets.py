"""Performance forms that hold sums of their own: fields and open parts that add up, shares, and sums over all forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from ..model.book import FormData
from ..model.figure import ZERO
from . import places, typed
from .coded import Coded, Subject, Verdict
from .formula import Operand, Side, State
from .performance import amount_of, field, forms, indicator, operand, refs, shown, unreadable
from .rule import Check, Outcome

# How a total stands to its parts, in the words of a message: equal, at most, at least.
_RELATIONS = {"equal": "不等", "most": "不足", "least": "多出"}


def fields_add_up(subject: Subject, check: Check) -> Iterator[Verdict]:
    """In every form `total:` is the sum of `parts:` (relation: most – is not less than it).

    A part is a field; ``block.row.column`` a fixed row of an open part, ``block.column`` all its other rows. Nothing
    is asked of a form in which neither side is filled.
    """
    relation = check.given.get("relation", ("equal",))[0]
    for data in forms(subject, check):
        total = _operands(data, check.given["total"][0])[0]
        parts = [one for path in check.given["parts"] for one in _operands(data, path)]
        given = [one for one in parts if one.state is not State.BLANK]
        if not given or (total.state is State.BLANK and not any(one.value for one in given)):
            continue
        bad = unreadable((total, *given))
        if bad is not None:
            yield bad
            continue
        whole = sum((one.value for one in given), ZERO)
        slack = check.tolerance * (len(given) + 1)
        good = whole <= total.value + slack if relation == "most" else abs(whole - total.value) <= slack
        name = f"“{given[0].name}”" + (f"等 {len(given)} 项之和" if len(given) > 1 else "")
        text = (
            f"{data.sheet}{_said(total)}，与{name} {shown(whole)} 万元{_RELATIONS[relation]}，"
            f"差 {shown(abs(whole - total.value))} 万元。"
        )
        yield _verdict(good, text, total, given, whole)


def shares(subject: Subject, check: Check) -> Iterator[Verdict]:
    """Each of `shares:` is its one of `parts:` divided by `whole:`, in percent as precise as it was typed."""
    for data in forms(subject, check):
        whole = amount_of(data, check.given["whole"][0])
        for part_key, share_key in zip(check.given["parts"], check.given["shares"], strict=True):
            part, said = amount_of(data, part_key), typed.share(field(data, share_key))
            cell = field(data, share_key)
            if said is None or cell is None or whole.state is not State.NUMBER or not whole.value:
                continue
            right = part.value / whole.value
            good = abs(said.value - right) <= said.slack
            text = (
                f"{data.sheet}“{part.name}”的占比填的是 {cell.text}（{cell.ref.address}），"
                f"按 {shown(part.value)} ÷ {shown(whole.value)} 应为 {shown(right * 100)}%。"
            )
            yield Verdict(Outcome.HOLDS if good else Outcome.BROKEN, (cell.ref,), {"text": text})


def forms_add_up(subject: Subject, check: Check) -> Iterator[Verdict]:
    """A `field:` over all forms against `to:` (form.row.column): `relation: equal`, `most` (no more), `least`."""
    relation = check.given["relation"][0]
    form_id, row, column = check.given["to"][0].split(".")
    theirs = subject.reads.at(form_id, row, column)
    sheets = list(forms(subject, check))
    parts = [amount_of(data, check.given["field"][0]) for data in sheets]
    given = [one for one in parts if one.state is not State.BLANK]
    if not given or not theirs.readable:
        return
    bad = unreadable(given)
    if bad is not None:
        yield bad
        return
    whole = sum((one.value for one in given), ZERO)
    slack = check.tolerance * (len(given) + 1)
    good = {
        "equal": abs(whole - theirs.value) <= slack,
        "most": whole <= theirs.value + slack,
        "least": whole >= theirs.value - slack,
    }[relation]
    word = {"equal": "不等", "most": "大于", "least": "小于"}[relation]
    against = {"equal": "与", "most": "", "least": ""}[relation]
    text = (
        f"各{sheets[0].form.sheet}的“{given[0].name}”合计 {shown(whole)} 万元，{against}"
        f"{'' if against else word}{places.place(subject.reads, theirs)} {shown(theirs.value)} 万元（{theirs.cell}）"
        f"{word if against else ''}，差 {shown(abs(whole - theirs.value))} 万元。"
    )
    yield _verdict(good, text, theirs, given, whole)


def filled_forms(subject: Subject, check: Check) -> Iterator[Verdict]:
    """At least one sheet of every form in the scope is filled in; the date above a form alone is no content."""
    for scope in check.scope:
        sheets = subject.book.sheets.get(scope.form, ())
        form = subject.edition.form(scope.form)
        if not sheets and not form.repeat:
            continue  # the reader has said that the sheet is missing
        own = {part.field for line in form.lines for part in line.parts if part.default}
        own |= {form.header.field} if form.header is not None else set()
        typed = [
            cell
            for data in sheets
            for block in data.blocks.values()
            for row in block.rows
            if row.key not in own
            for cell in row.cells.values()
        ]
        filled = any(cell.text.strip() for cell in typed)
        first = tuple(cell.ref for cell in typed[:1])
        yield Verdict(Outcome.HOLDS if filled else Outcome.BROKEN, first, {"what": f"“{form.sheet}”"})


def _operands(data: FormData, path: str) -> list[Operand]:
    keys = path.split(".")
    if len(keys) == 1:
        return [amount_of(data, path)]
    found = data.blocks.get(keys[0])
    block = next(line.indicators for line in data.form.lines if line.indicators and line.indicators.key == keys[0])
    fixed = {row.key: row.label for row in block.rows}
    made = []
    for row in found.rows if found is not None else ():
        if row.key == keys[1] or (len(keys) == 2 and row.key not in fixed):
            name = fixed.get(row.key) or row.text(block.columns[0].key).strip() or indicator(row)
            made.append(operand(data, f"{keys[0]}.{row.key}", row.cells.get(keys[-1]), name, keys[-1]))
    if len(keys) == 3 and not made:
        made.append(operand(data, f"{keys[0]}.{keys[1]}", None, fixed.get(keys[1], keys[1]), keys[2]))
    return made


def _said(total: Operand) -> str:
    where = f"（{total.cell.address}）" if total.cell is not None else ""
    if total.state is State.BLANK:
        return f"没有填写“{total.name}”{where}"
    return f"“{total.name}”填的是 {shown(total.value)} 万元{where}"


def _verdict(good: bool, text: str, total: Operand, parts: Sequence[Operand], whole: Decimal) -> Verdict:
    return Verdict(
        Outcome.HOLDS if good else Outcome.BROKEN,
        refs((total, *parts)),
        {"text": text},
        left=Side(whole if good else total.value, ((1, total),)),
        right=Side(whole, tuple((1, one) for one in parts)),
    )


CODED: dict[str, Coded] = {
    "fields_add_up": fields_add_up,
    "shares": shares,
    "forms_add_up": forms_add_up,
    "filled_forms": filled_forms,
}
