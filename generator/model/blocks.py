"""The finished disclosure as values: what the Word writer lays out, nothing left to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from .cell import CellRef
from .figure import Figure


class SpanKind(Enum):
    FIXED = "fixed"  # wording of the form
    FIGURE = "figure"  # a number with its cells
    YEAR = "year"
    NUMERAL = "numeral"  # number of a heading, caption or list item
    USER = "user"  # the user's own words, with their cell


class Span(NamedTuple):
    """``figure`` is the exact value behind the text of a FIGURE and how it was reckoned."""

    text: str
    kind: SpanKind = SpanKind.FIXED
    cells: tuple[CellRef, ...] = ()
    figure: Figure | None = None


class Style(Enum):
    """Roles of paragraphs. The value is the style's name in the edition's style.docx."""

    COVER_TITLE = "公开封面标题"
    COVER_DATE = "公开封面日期"
    CONTENTS_TITLE = "公开目录标题"
    CONTENTS_1 = "toc 1"
    CONTENTS_2 = "toc 2"
    PART = "heading 1"  # 第一部分 …
    SECTION = "heading 2"  # 一、
    SUBSECTION = "heading 3"  # （一）
    BODY = "公开正文"
    TABLE_TITLE = "公开表题"  # a heading-2-level title of an official table
    TABLE_NUMBER = "公开表号"
    TABLE_UNIT = "公开表头行"  # 部门：… / 金额单位：…
    TABLE_NOTE = "公开表注"
    CAPTION = "公开图题"
    FIGURE = "公开图"
    FORM_TITLE = "公开附表题"

    __hash__ = object.__hash__  # members are single objects; the usual hash is a call in Python


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``id`` is stable over re-runs and unique in the document; it names the hidden bookmark."""

    id: str
    style: Style
    spans: tuple[Span, ...]
    right: tuple[Span, ...] = ()  # second half at the right margin (部门：… → 金额单位：…)
    new_page: bool = False
    flush: bool = False  # begins at the margin, whatever its style

    @property
    def text(self) -> str:
        return "".join(s.text for s in self.spans)


class Align(Enum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"

    __hash__ = object.__hash__  # members are single objects; the usual hash is a call in Python


class GridCell(NamedTuple):
    """A cell at its own place; cells it covers by spanning are simply not listed in their rows."""

    text: str = ""
    colspan: int = 1
    rowspan: int = 1
    align: Align = Align.LEFT
    bold: bool = False
    kind: SpanKind = SpanKind.FIXED
    cells: tuple[CellRef, ...] = ()
    figure: Figure | None = None  # as of a Span


@dataclass(frozen=True, slots=True)
class Grid:
    """A Word table: ``widths`` in mm (scaled by the writer to the text width), ``head_rows`` repeat on each page."""

    id: str
    widths: tuple[float, ...]
    rows: tuple[tuple[GridCell, ...], ...]
    head_rows: int = 0
    dense: bool = False  # must fit one page: small type, exact low rows
    description: str = ""  # alt text


class ChartKind(Enum):
    COLUMN = "column"
    PIE = "pie"


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    points: tuple[Figure, ...]
    labels: tuple[str, ...]  # the points as shown, in the document's number style
    shares: tuple[Figure, ...] = ()  # what the labels of a pie say, exactly


@dataclass(frozen=True, slots=True)
class Chart:
    id: str
    kind: ChartKind
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    description: str  # alt text


@dataclass(frozen=True, slots=True)
class ContentsEntry:
    level: int  # 1 or 2
    text: str
    target: str  # id of the block it points to


@dataclass(frozen=True, slots=True)
class Contents:
    id: str
    title: str
    entries: tuple[ContentsEntry, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A user's file: .docx appended at the end, .png/.jpg one page each. ``path`` is absolute."""

    id: str
    title: str
    path: str
    cell: CellRef


Block = Paragraph | Grid | Chart | Contents | Attachment


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks on pages of one orientation; begins a new page. ``cover`` pages carry no page number."""

    id: str
    blocks: tuple[Block, ...]
    landscape: bool = False
    cover: bool = False


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The whole document, ready to be written."""

    title: str
    unit: str
    subject: str
    year: int
    edition: str
    sections: tuple[Section, ...]
    draft: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)
