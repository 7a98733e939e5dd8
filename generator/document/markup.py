"""The one door through which text reaches WordprocessingML.

The body is written as XML text and never parsed again: a sample's body is written in about a quarter of the time
that building and serialising the elements takes. What makes that safe is that every value passes ``escape``,
``attribute`` or ``run``; nothing else in this package quotes text.
"""

from __future__ import annotations

import re

from docx.oxml.ns import nsmap

# Everything that XML 1.0 refuses, lone surrogates included; tab and line break are turned into elements.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile("\r\n?")
_PIECES = re.compile("([\n\t])")
# Characters that Word takes from the Latin font unless the run says otherwise; here they are always Chinese.
_EAST_ASIAN = re.compile("[\u00a7-\u00b7\u00d7\u00f7\u2010-\N{HYPHENATION POINT}\u2030-\u203b\u2103-\u27ff]")

_PREFIXES = ("w", "r", "wp", "a", "pic", "c")
NAMESPACES = " ".join(f'xmlns:{prefix}="{nsmap[prefix]}"' for prefix in _PREFIXES)
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def clean(text: str) -> str:
    """``text`` with line breaks as ``\\n`` and without what XML can't hold."""
    if text.isprintable():
        return text
    if "\r" in text:
        text = _BREAKS.sub("\n", text)
    return ILLEGAL.sub("", text)


def escape(text: str) -> str:
    """Text between tags."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute(text: str) -> str:
    """The quoted value of an attribute."""
    return '"' + escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'


def run(text: str, properties: str = "") -> str:
    """``text`` as one run; ``properties`` are elements of w:rPr that may follow w:rFonts."""
    if not text:
        return ""
    text = escape(text)
    if not text.isascii() and _EAST_ASIAN.search(text):
        properties = '<w:rFonts w:hint="eastAsia"/>' + properties
    head = f"<w:r><w:rPr>{properties}</w:rPr>" if properties else "<w:r>"
    if "\n" not in text and "\t" not in text:
        return f'{head}<w:t xml:space="preserve">{text}</w:t></w:r>'
    pieces = [
        "<w:br/>" if piece == "\n" else "<w:tab/>" if piece == "\t" else f'<w:t xml:space="preserve">{piece}</w:t>'
        for piece in _PIECES.split(text)
        if piece
    ]
    return f"{head}{''.join(pieces)}</w:r>"
