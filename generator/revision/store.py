"""The state inside a .docx: a custom XML part of our own namespace, found by that namespace alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ..model.snapshot import Snapshot
from ..model.state import State, StateError, unpack
from ..model.trace import Trace
from .body import open_body, states
from .package import ContentTypes, Parts, Relations, Unreadable, main_part, parse

SPACE = "urn:gongkai:state:1"
_CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/customXml"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/customXmlProps"
_PROPERTIES_TYPE = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"
_DATA_STORE = "http://schemas.openxmlformats.org/officeDocument/2006/customXml"
_ITEM_ID = "{{6B0E6A3C-5E0C-4B7E-9C8D-7A6C3F5D2E{:02X}}}"  # differs from item to item of one document
_FIRST_ID = 15
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def embedded(parts: Mapping[str, bytes]) -> State | None:
    """The state that the document holds; None when there is none, or a damaged one only."""
    for name in sorted(parts):
        if _is_ours(name, parts[name]):
            try:
                return unpack(parse(parts[name]).text or "")
            except (Unreadable, StateError):
                continue
    return None


def _is_ours(name: str, data: bytes) -> bool:
    """Whether a part is the state, sound or damaged; the part of its properties names the same namespace."""
    held = name.startswith("customXml/") and name.endswith(".xml") and SPACE.encode() in data
    return held and _DATA_STORE.encode() not in data


def embed(parts: Parts, state: State) -> None:
    """Put ``state`` into the parts of a document, in place of an older one, as far as it may travel with it."""
    text = f'{_HEAD}<state xmlns="{SPACE}">{state.published().pack()}</state>'.encode()
    known = [name for name in sorted(parts) if _is_ours(name, parts[name])]
    if known:
        for name in known:
            parts[name] = text
        return
    number = next(n for n in range(1, len(parts) + 2) if f"customXml/item{n}.xml" not in parts)
    item, properties = f"customXml/item{number}.xml", f"customXml/itemProps{number}.xml"
    parts[item] = text
    id = _ITEM_ID.format(_FIRST_ID + number)
    parts[properties] = (
        f'{_HEAD}<ds:datastoreItem xmlns:ds="{_DATA_STORE}" ds:itemID="{id}"><ds:schemaRefs>'
        f'<ds:schemaRef ds:uri="{SPACE}"/></ds:schemaRefs></ds:datastoreItem>'
    ).encode()
    links = Relations(parts, main_part(parts))
    links.add(_CUSTOM, item)
    links.save(parts)
    own = Relations(parts, item)
    own.add(_PROPERTIES, properties)
    own.save(parts)
    types = ContentTypes(parts)
    types.set(properties, _PROPERTIES_TYPE)
    types.set(item, "application/xml")
    types.save(parts)


def remember(parts: Parts, traced: Trace, cells: Snapshot, names: Mapping[str, str], draft: bool = False) -> State:
    """The state of a document just generated, which is put into its parts too."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(f"{name}\n{len(parts[name])}\n".encode())
        digest.update(parts[name])
    units = states(open_body(parts))
    state = State(digest.hexdigest(), draft, traced, cells, dict(names), units)
    embed(parts, state)
    return state
