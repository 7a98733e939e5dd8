"""Names of WordprocessingML that merging needs."""

from __future__ import annotations

W_SPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R_SPACE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
C_SPACE = "http://schemas.openxmlformats.org/drawingml/2006/chart"
A_SPACE = "http://schemas.openxmlformats.org/drawingml/2006/main"
WP_SPACE = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
W14_SPACE = "http://schemas.microsoft.com/office/word/2010/wordml"
MC_SPACE = "http://schemas.openxmlformats.org/markup-compatibility/2006"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def w(name: str) -> str:
    return f"{{{W_SPACE}}}{name}"


def r(name: str) -> str:
    return f"{{{R_SPACE}}}{name}"


P, TBL, TR, TC, R, T, PPR, RPR = (w(name) for name in ("p", "tbl", "tr", "tc", "r", "t", "pPr", "rPr"))
SECT, BOOKMARK, BOOKMARK_END, NAME, VAL, ID = (
    w(name) for name in ("sectPr", "bookmarkStart", "bookmarkEnd", "name", "val", "id")
)
HYPERLINK, ANCHOR = w("hyperlink"), w("anchor")
DRAWING = w("drawing")
OURS = "g_"  # begins the names of our bookmarks
