"""The .docx file itself: the same bytes for the same document, and a mark that tells whether it was edited since."""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.constants import NAMESPACE as NS
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import nsmap

from .. import guard
from ..model.blocks import Disclosure
from ..model.finding import Refusal
from .markup import DECLARATION, attribute, escape

CREATOR = "gongkai"
_CONTENT_TYPES = "[Content_Types].xml"
_MARK = "gongkai.fingerprint"
_NO_HASH = "0" * 64
_HASH = re.compile(rb'(name="gongkai\.fingerprint"[^>]*>\s*<(?:\w+:)?lpwstr>)([0-9a-f]{64})(?=<)')
_USER_DEFINED = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"  # fmtid that Word gives properties of this kind
_VARIANT_TYPES = RT.CUSTOM_PROPERTIES.replace("/relationships/custom-properties", "/docPropsVTypes")
_COMPRESSION = 6
# A document that somebody had in hands: some ten times a large one that we write, and pictures for a small book.
MAX_FILE = 100 * 1024 * 1024
_MOST_BYTES = 128 * 1024 * 1024
_MOST_XML = 24 * 1024 * 1024
_MOST_TAGS = 600_000
_TOO_LARGE = "文档内容过大，不像是公开文档。"
_SMALLER = "请删去与公开无关的内容，或压缩其中的图片后再试。"


def add_properties(package: Any, disclosure: Disclosure) -> None:
    """Title, unit, subject and our own mark as property parts of a python-docx package.

    No clock is read: the date of making is the first day after the year reported on.
    """
    moment = f"{disclosure.year + 1:04d}-01-01T00:00:00Z"
    # Not nsmap["cp"]: docxcompose, once imported, gives that prefix another meaning in this process.
    spaces = f'xmlns:cp="{_property_space(RT.CORE_PROPERTIES)}" ' + " ".join(
        f'xmlns:{prefix}="{nsmap[prefix]}"' for prefix in ("dc", "dcterms", "xsi")
    )
    core = (
        f"<cp:coreProperties {spaces}>"
        f"<dc:title>{escape(disclosure.title)}</dc:title><dc:subject>{escape(disclosure.subject)}</dc:subject>"
        f"<dc:creator>{CREATOR}</dc:creator><cp:lastModifiedBy>{CREATOR}</cp:lastModifiedBy>"
        "<cp:revision>1</cp:revision>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{moment}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{moment}</dcterms:modified></cp:coreProperties>'
    )
    app = (
        f'<Properties xmlns="{_property_space(RT.EXTENDED_PROPERTIES)}"><Application>{CREATOR}</Application>'
        f"<Company>{escape(disclosure.unit)}</Company></Properties>"
    )
    own = {**disclosure.properties, "gongkai.edition": disclosure.edition}
    named = [*sorted((name, value) for name, value in own.items() if name != _MARK), (_MARK, _NO_HASH)]
    listed = "".join(
        f'<property fmtid="{_USER_DEFINED}" pid="{number}" name={attribute(name)}>'
        f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
        for number, (name, value) in enumerate(named, 2)
    )
    custom = (
        f'<Properties xmlns="{_property_space(RT.CUSTOM_PROPERTIES)}" xmlns:vt="{_VARIANT_TYPES}">{listed}</Properties>'
    )
    for relation, name, kind, text in (
        (RT.CORE_PROPERTIES, "/docProps/core.xml", CT.OPC_CORE_PROPERTIES, core),
        (RT.EXTENDED_PROPERTIES, "/docProps/app.xml", CT.OFC_EXTENDED_PROPERTIES, app),
        (RT.CUSTOM_PROPERTIES, "/docProps/custom.xml", CT.OFC_CUSTOM_PROPERTIES, custom),
    ):
        replace(package, package.rels, relation, Part(PackURI(name), kind, (DECLARATION + text).encode(), package))


def _property_space(relation: str) -> str:
    return relation.replace("/relationships", "")


def replace(package: Any, relations: Any, kind: str, part: Part) -> None:
    """Put ``part`` where the relation of that kind leads, or add the relation."""
    for relation in relations.values():
        if relation.reltype == kind:
            relation._target = part
            return
    package.relate_to(part, kind)


def collect(package: Any, instead: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every part of a python-docx package by its name in the zip; ``instead`` gives the bytes of some parts."""
    made = {posixpath.join("_rels", ".rels"): _bytes(package.rels.xml)}
    overrides: list[tuple[str, str]] = []
    for part in package.iter_parts():
        name = str(part.partname).lstrip("/")
        made[name] = instead.get(name) or part.blob
        overrides.append((f"/{name}", part.content_type))
        if len(part.rels):
            made[str(part.partname.rels_uri).lstrip("/")] = _bytes(part.rels.xml)
    made[_CONTENT_TYPES] = (
        f'{DECLARATION}<Types xmlns="{NS.OPC_CONTENT_TYPES}">'
        f'<Default Extension="rels" ContentType="{CT.OPC_RELATIONSHIPS}"/>'
        f'<Default Extension="xml" ContentType="{CT.XML}"/>'
        + "".join(
            f"<Override PartName={attribute(name)} ContentType={attribute(kind)}/>" for name, kind in sorted(overrides)
        )
        + "</Types>"
    ).encode()
    return made


def _bytes(xml: str | bytes) -> bytes:
    return xml.encode() if isinstance(xml, str) else xml


def seal(parts: Mapping[str, bytes]) -> bytes:
    """The zip of ``parts``, sorted and without times, with the hash of everything else in our own property."""
    sealed = dict(parts)
    name = _marked_part(parts)
    if name:
        digest = _digest(parts, name).encode()
        sealed[name] = _HASH.sub(lambda found: found[1] + digest, parts[name])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive:
        for name in sorted(sealed, key=lambda n: (n != _CONTENT_TYPES, n)):
            archive.writestr(zipfile.ZipInfo(name), sealed[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The parts of a document that others may have changed; Refusal when it is no sound zip, is too large for a
    document, or has a DOCTYPE in it."""
    with guard.opened(data) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        xml = {info.filename for info in infos if info.filename.lower().endswith(guard.XML)}
        if (
            sum(info.file_size for info in infos) > _MOST_BYTES
            or sum(info.file_size for info in infos if info.filename in xml) > _MOST_XML
        ):
            raise Refusal(_TOO_LARGE, _SMALLER)
        parts = {info.filename: guard.read(archive, info) for info in infos}
    for name in xml:
        guard.no_declarations(parts[name], name)
    if sum(parts[name].count(b"<") for name in xml) > _MOST_TAGS:
        raise Refusal(_TOO_LARGE, _SMALLER)
    return parts


def fingerprint_ok(data: bytes) -> bool | None:
    """Whether the file is just as it was written; False when anything changed since, None when it is not ours."""
    try:
        parts = unpack(data)
    except Refusal:
        return None  # not a zip, damaged, encrypted or nothing that Word would write
    name = _marked_part(parts)
    if not name:
        return None
    found = _HASH.search(parts[name])
    return found is not None and found[2].decode() == _digest(parts, name)


def _marked_part(parts: Mapping[str, bytes]) -> str:
    return next((name for name in sorted(parts) if name.startswith("docProps/") and _HASH.search(parts[name])), "")


def _digest(parts: Mapping[str, bytes], marked: str) -> str:
    """SHA-256 over names and contents of all parts; in the marked one the hash itself counts as zeros."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        content = parts[name]
        if name == marked:
            content = _HASH.sub(lambda found: found[1] + _NO_HASH.encode(), content)
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


__all__ = ["add_properties", "collect", "fingerprint_ok", "replace", "seal", "unpack"]
