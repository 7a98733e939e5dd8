"""From a Disclosure to the bytes of a .docx: measure every block, lay out the pages, write the XML."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import docx
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import nsmap
from lxml import etree

from .. import guard
from ..model.blocks import (
    Attachment,
    Block,
    Chart,
    Contents,
    Disclosure,
    Grid,
    Paragraph,
    Section,
    Style,
)
from ..model.finding import Finding, Refusal, Severity
from . import contents, package, pages, paragraphs, styles, tables
from .bookmarks import Bookmarks
from .furniture import Furniture
from .markup import DECLARATION, NAMESPACES
from .package import fingerprint_ok

_EMU = 635  # per twip
_FIGURE_LINES = 7  # of body text that a chart takes, so that the lines below stay on the grid
_COVER_TOP = 0.26  # of the page above the title on the cover
_PICTURES = (".png", ".jpg", ".jpeg")
_SHARED_PAGE = 0.5  # of the page that must be free for a picture to stand under its title
_SLACK = 40  # twips kept free below a table that must fit its page
_SHEETS: dict[bytes, styles.StyleSheet] = {}  # by the file's bytes; several documents of one process share it
_MOST_SHEETS = 4
_AIR = 4  # a quarter of a line of body text above a table that follows it


@dataclass(frozen=True)
class Rendered:
    """``data`` is the .docx; ``pages`` its number of pages, None where an attached document makes it unknown."""

    data: bytes
    pages: int | None
    findings: tuple[Finding, ...]


@dataclass
class _Group:
    """Blocks of one Word section: neighbouring sections of one orientation share it."""

    landscape: bool
    cover: bool
    blocks: list[tuple[Block, bool]] = field(default_factory=list)  # the block, and whether it must begin a page


@dataclass
class _Writer:
    """One run of ``render``; measures first, because the contents need pages of what follows them."""

    document: Any
    sheet: styles.StyleSheet
    disclosure: Disclosure
    findings: list[Finding]
    marks: Bookmarks = field(default_factory=Bookmarks)
    items: list[pages.Item] = field(default_factory=list)
    steps: list[Callable[[], str]] = field(default_factory=list)  # write the measured blocks, in order
    layout: pages.Layout = field(default_factory=pages.Layout)
    figures: int = 0
    appended: list[Attachment] = field(default_factory=list)

    def body(self) -> str:
        groups = _groups(self.disclosure)
        furniture = Furniture(self.document.part, self.sheet, self.disclosure.draft)
        for number, group in enumerate(groups):
            section = furniture.section(group.landscape, group.cover, number == 0)
            self._group(group, section, last=number == len(groups) - 1)
        self.layout = pages.paginate(self.items)
        return "".join(step() for step in self.steps)

    def _group(self, group: _Group, section: str, last: bool) -> None:
        page = self.sheet.page(group.landscape)
        self.items.append(pages.Turn(page.height))
        start = len(self.items)  # first item on the page now being filled, as far as blocks force pages
        for at, (block, forced) in enumerate(group.blocks):
            ends = at == len(group.blocks) - 1
            carried = section if ends and not last and isinstance(block, Paragraph) else ""
            if isinstance(block, Paragraph):
                start = self._paragraph(block, forced, carried, page, group.cover and at == 0, start)
            elif isinstance(block, Grid):
                if at and _is_body(group.blocks[at - 1][0]):
                    self._break("", self.sheet.look(Style.BODY).line // _AIR)
                self._grid(block, [b for b, _ in group.blocks[at + 1 :]], page, start)
                if not ends and isinstance(group.blocks[at + 1][0], Grid):
                    self._break("")  # or Word would join the two tables
            elif isinstance(block, Contents):
                start = self._contents(block, forced, page, start)
            elif isinstance(block, Chart):
                self._chart(block, page)
            else:
                start = self._attachment(block, page, start)
            if ends and not carried and (not last or isinstance(block, Grid)):
                self._break("" if last else section)
        if not group.blocks:
            self._break("" if last else section)
        if last:
            self.steps.append(lambda: section)

    def _put(self, item: pages.Item, write: Callable[[], str]) -> None:
        self.items.append(item)
        self.steps.append(write)

    def _break(self, section: str, air: int = 0) -> None:
        """A line of no height, with ``air`` twips above it."""
        look = self.sheet.look(styles.BREAK)
        before = look.before + air if air else None
        item = paragraphs.flow("", look, 1, air)
        self._put(item, lambda: paragraphs.element(look, "", before=before, section=section))

    def _paragraph(
        self, block: Paragraph, forced: bool, section: str, page: styles.PageSetup, lowered: bool, start: int
    ) -> int:
        look = self.sheet.look(block.style)
        look = replace(look, first=0) if block.flush else look
        before = round(page.height * _COVER_TOP) if lowered else 0
        item = paragraphs.lines(block, look, page.width, before)
        new_page = (block.new_page or forced) and len(self.items) > start
        if forced and not item.new_page:
            item = paragraphs.lines(
                Paragraph(block.id, block.style, block.spans, block.right, True), look, page.width, before
            )

        def write() -> str:
            begin, end = self.marks.around(block.id)
            runs, tabs = paragraphs.content(block, look, page.width)
            return paragraphs.element(
                look,
                # The mark stands before the text, not around it: after a hanging stop at the end of a full line
                # its end would make LibreOffice add an empty line.
                begin + end + runs,
                new_page=block.new_page or forced,
                tabs=tabs,
                before=item.before if before else None,
                sides=paragraphs.drawn_in(block, look, page.width) if block.style is Style.PART else 0,
                flush=block.flush,
                section=section,
            )

        if new_page or item.new_page:
            start = len(self.items)
        self._put(item, write)
        return start

    def _grid(self, block: Grid, following: list[Block], page: styles.PageSetup, start: int) -> None:
        room = page.height - self._used(start) - _SLACK
        notes: list[pages.Lines] = []
        for other in following:
            if not isinstance(other, Paragraph) or other.style is not Style.TABLE_NOTE:
                break
            notes.append(paragraphs.lines(other, self.sheet.look(other.style), page.width))
        room -= sum(note.height for note in notes)
        above = [item for item in self.items[start:] if not isinstance(item, pages.Turn)]

        def count(plan: tables.Plan) -> int:
            return pages.paginate([pages.Turn(page.height - _SLACK), *above, plan.flow(), *notes]).count

        plan = tables.plan(block, self.sheet, page.width, page.height, room, count)
        self._put(plan.flow(), lambda: tables.element(plan, self.sheet, self.marks))

    def _used(self, start: int) -> int:
        return sum(item.height for item in self.items[start:] if not isinstance(item, pages.Turn))

    def _contents(self, block: Contents, forced: bool, page: styles.PageSetup, start: int) -> int:
        first = len(self.items)
        self.items += contents.lines(block, self.sheet, page.width, forced)
        known = {b.id for section in self.disclosure.sections for b in section.blocks}
        for entry in block.entries:
            if entry.target not in known:
                message = f"目录中“{entry.text}”没有对应的正文标题，该条目未标页码。"
                fix = "核对模板目录条目与章节标题是否一致。"
                self.findings.append(Finding("F3", Severity.WARNING, message, fix))
        self.steps.append(
            lambda: "".join(contents.elements(block, self.sheet, page.width, self.marks, self.layout.pages, forced))
        )
        return first if forced else start

    def _chart(self, block: Chart, page: styles.PageSetup) -> None:
        from . import charts  # only documents with charts pay for it

        look = self.sheet.look(Style.FIGURE)
        pitch = self.sheet.look(Style.BODY).line
        height = min(_FIGURE_LINES * pitch, page.height // 2)
        self.figures += 1
        number = self.figures
        inner = max(height - look.line - look.before - look.after, pitch)
        drawing = charts.inline(self.document.part, block, number, page.width * _EMU, inner * _EMU)
        item = pages.Lines(
            block.id, 1, inner + look.line, look.before, look.after, look.keep_next, True, look.widow, look.page_before
        )
        self._put(item, lambda: self._drawing(block.id, look, drawing))

    def _attachment(self, block: Attachment, page: styles.PageSetup, start: int) -> int:
        from . import attach

        if Path(block.path).suffix.lower() not in _PICTURES:
            self.appended.append(block)
            look = self.sheet.look(styles.BREAK)
            self._put(
                paragraphs.flow(block.id, look, 1),
                lambda: paragraphs.element(look, "".join(self.marks.around(block.id))),
            )
            return start
        look = self.sheet.look(Style.FIGURE)
        whole = page.height - look.before - look.line - look.after - _SLACK
        room = whole - self._used(start)
        alone = room < page.height * _SHARED_PAGE
        if alone:
            room, start = whole, len(self.items)
        try:
            drawing = attach.picture(self.document.part, block, page.width * _EMU, room * _EMU)
        except ValueError:  # a damaged picture
            message = f"附件“{Path(block.path).name}”（{block.cell}）不是完好的图片，未编入公开文档。"
            fix = "用看图软件打开后另存为 .png 或 .jpg 再试。"
            self.findings.append(Finding("F2", Severity.WARNING, message, fix, (block.cell,)))
            self._break("")
            return start
        extent = drawing.find(".//wp:extent", nsmap)
        tall = round(int(extent.get("cy", "0")) / _EMU) + look.line if extent is not None else room
        item = pages.Lines(block.id, 1, tall, look.before, look.after, False, True, False, alone)
        self._put(item, lambda: self._drawing(block.id, look, drawing, alone, keep_next=False))
        return start

    def _drawing(
        self, id: str, look: styles.Look, drawing: etree._Element, new_page: bool = False, keep_next: bool | None = None
    ) -> str:
        mark = "".join(self.marks.around(id))
        xml = etree.tostring(drawing, encoding="unicode", with_tail=False)
        return paragraphs.element(look, f"{mark}<w:r>{xml}</w:r>", new_page=new_page, keep_next=keep_next)

    def say_estimates(self) -> None:
        """Say which entries of the contents stand after an appended Word file, whose pages nobody can reckon."""
        order = {block.id: at for at, block in enumerate(b for s in self.disclosure.sections for b in s.blocks)}
        first = min(order[attachment.id] for attachment in self.appended)
        entries = [e for s in self.disclosure.sections for b in s.blocks if isinstance(b, Contents) for e in b.entries]
        later = [entry.text for entry in entries if order.get(entry.target, -1) > first]
        if later:
            message = f"“{later[0]}”等 {len(later)} 个目录条目排在编入的 Word 附件之后，页码为估计。"
            fix = "在 Word 或 WPS 中选中目录，按 F9 更新页码。"
            self.findings.append(Finding("D3", Severity.INFO, message, fix))


def _is_body(block: Block) -> bool:
    return isinstance(block, Paragraph) and block.style is Style.BODY


def _groups(disclosure: Disclosure) -> list[_Group]:
    """Sections gathered into Word sections; only text can begin a page inside one."""
    groups: list[_Group] = []
    for section in disclosure.sections:
        if not section.blocks:
            continue
        if not groups or not _shares(groups[-1], section):
            groups.append(_Group(section.landscape, section.cover))
            forced = False
        else:
            forced = True
        for at, block in enumerate(section.blocks):
            groups[-1].blocks.append((block, forced and at == 0))
    return groups or [_Group(landscape=False, cover=False)]


def _shares(group: _Group, section: Section) -> bool:
    same = (group.landscape, group.cover) == (section.landscape, section.cover)
    return same and not section.cover and isinstance(section.blocks[0], Paragraph | Contents)


def _sheet(style: bytes, document: Any) -> styles.StyleSheet:
    """What the bytes of a style.docx say, read once; ``document`` is what they were opened as just now."""
    found = _SHEETS.get(style)
    if found is None:
        if len(_SHEETS) >= _MOST_SHEETS:
            _SHEETS.clear()
        found = _SHEETS[style] = styles.read(document.styles.element, document.element.body)
    return found


Finish = Callable[[dict[str, bytes], Mapping[str, str]], None]
"""Called with the finished parts, to add some, and the names of the bookmarks by block id."""


def template(style: Path) -> tuple[Any, styles.StyleSheet]:
    """The edition's style.docx, opened and read; Refusal when it is no Word document."""
    try:
        data = style.read_bytes()
        with guard.opened(data) as parts:
            guard.check_parts(parts)
        document = docx.Document(io.BytesIO(data))
        return document, _sheet(data, document)
    except (Refusal, *guard.UNREADABLE, PackageNotFoundError, etree.LxmlError, LookupError, MemoryError) as error:
        why = f"（{error.message.rstrip('。')}）" if isinstance(error, Refusal) else ""
        raise Refusal(
            f"样式文件 {style.parent.name}/{style.name} 不是完好的 Word 文档（.docx）{why}。",
            "请用 Word 重新保存，或改用本版本自带的 style.docx。",
        ) from error


def render(style: Path, disclosure: Disclosure, finish: Finish | None = None) -> Rendered:
    """The document as bytes, the same for the same input. ``style`` is the edition's style.docx."""
    document, sheet = template(style)
    writer = _Writer(document, sheet, disclosure, list(sheet.findings))
    body = writer.body()
    xml = f"{DECLARATION}<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"
    package.add_properties(document.part.package, disclosure)
    name = str(document.part.partname).lstrip("/")
    parts = package.collect(document.part.package, {name: xml.encode()})
    count: int | None = writer.layout.count
    if writer.appended:
        from . import attach

        data, more = attach.append(package.seal(parts), tuple(writer.appended))
        parts = package.unpack(data)
        writer.findings += more
        writer.say_estimates()
        count = None
    if finish is not None:
        finish(parts, writer.marks.names)
    return Rendered(package.seal(parts), count, tuple(writer.findings))


__all__ = ["Rendered", "fingerprint_ok", "render"]
