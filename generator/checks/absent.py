"""What an edition declares absent: checks that speak of it do not apply there, or only to what is left of them.

A check over several tables, columns or keys keeps those that are there. One that cannot do without is set aside with
the reason the edition gives, so that nothing disappears unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product

from ..editions import Edition
from .rule import Absent, Check, Each, Scope

Names = Callable[[Mapping[str, str]], Iterator[tuple[str, ...]]]
"""form, row and column of every reference of a check, its places filled with the given keys."""


def settled(edition: Edition, check: Check, names: Names) -> Iterator[Check | Absent]:
    """The check as far as it applies, and what of it does not."""
    if not edition.absent:
        yield check
        return
    reasons: dict[str, None] = {}
    check = _without_keys(edition, _scoped(edition, check, reasons), reasons)
    whole = _missing(check)
    if whole is None:
        yield Absent(check, "；".join(reasons))
        return
    rest = tuple(_split(edition, whole, names, reasons))
    yield from rest
    if reasons:
        yield Absent(check, "；".join(reasons))


def _missing(check: Check) -> Check | None:
    """None when nothing is left of something the check cannot do without."""
    gone = _GONE in check.scope or any(_GONE in each.codes for each in check.each) or () in check.given.values()
    return None if gone else check


_GONE = Scope("")  # stands for scopes of which none is left


def _scopes(edition: Edition, scopes: tuple[Scope, ...], reasons: dict[str, None]) -> tuple[Scope, ...]:
    kept = []
    for scope in scopes:
        reason = edition.lacks(scope.form, *((scope.block,) if scope.block else ()))
        if reason:
            reasons[reason] = None
        else:
            kept.append(scope)
    return tuple(kept) if kept or not scopes else (_GONE,)


def _scoped(edition: Edition, check: Check, reasons: dict[str, None]) -> Check:
    each = tuple(replace(e, codes=_scopes(edition, e.codes, reasons)) if e.codes else e for e in check.each)
    return replace(check, scope=_scopes(edition, check.scope, reasons), each=each)


def _without_keys(edition: Edition, check: Check, reasons: dict[str, None]) -> Check:
    """``with:`` of a coded check: full paths by themselves, single words as keys of the forms it is about."""
    given = {name: tuple(_kept(edition, check, texts, reasons)) for name, texts in check.given.items()}
    scopes = []
    for scope in check.scope:
        lone = [texts[0] for texts in given.values() if len(texts) == 1 and _word(texts[0])]
        reason = next(filter(None, (_of_form(edition, scope.form, word) for word in lone)), "")
        if reason:
            reasons[reason] = None
        else:
            scopes.append(scope)
    return replace(check, given=given, scope=tuple(scopes) if scopes or not check.scope else (_GONE,))


def _kept(edition: Edition, check: Check, texts: tuple[str, ...], reasons: dict[str, None]) -> Iterator[str]:
    for text in texts:
        path = text.partition("=")[0].strip().split(".")
        reason = edition.lacks(*path) if len(path) > 1 else ""
        if not reason and len(texts) > 1 and _word(text):
            found = [_of_form(edition, scope.form, text) for scope in check.scope]
            reason = found[0] if found and all(found) else ""
        if reason:
            reasons[reason] = None
        else:
            yield text


def _word(text: str) -> bool:
    return text.isidentifier()


def _of_form(edition: Edition, form_id: str, key: str) -> str:
    """Why the form lacks that key; "" where the form itself is what lacks."""
    return "" if edition.lacks(form_id) else edition.lacks(form_id, key)


def _split(edition: Edition, check: Check, names: Names, reasons: dict[str, None]) -> Iterator[Check]:
    """The check for the keys with which everything it names is there: as few checks as keep their order."""
    listed = [each for each in check.each if each.keys]
    why = {}
    for chosen in product(*(each.keys for each in listed)):
        places = dict(zip((each.name for each in listed), chosen, strict=True))
        why[chosen] = next(filter(None, (edition.lacks(*parts) for parts in names(places))), "")
    if not any(why.values()):
        yield check
        return
    reasons.update(dict.fromkeys(filter(None, why.values())))
    good = [chosen for chosen, reason in why.items() if not reason]
    kept = [tuple(k for k in each.keys if any(c[n] == k for c in good)) for n, each in enumerate(listed)]
    if good and len(good) == len(list(product(*kept))):
        yield _with(check, dict(zip((each.name for each in listed), kept, strict=True)))
        return
    for chosen in good:
        yield _with(check, {each.name: (key,) for each, key in zip(listed, chosen, strict=True)})


def _with(check: Check, keys: Mapping[str, tuple[str, ...]]) -> Check:
    each = tuple(Each(e.name, keys.get(e.name, e.keys), e.codes, e.digits) for e in check.each)
    return replace(check, each=each)
