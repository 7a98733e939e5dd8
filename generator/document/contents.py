"""Contents pages: the form's own wording as text, and a page number that Word can refresh.

Not a TOC field: that would rewrite the entries from the headings on F9, and the form's entries are worded otherwise.
Every number is a PAGEREF with its value written in, so that WPS shows it and nothing is asked on opening.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model.blocks import Contents, ContentsEntry, Style
from .bookmarks import Bookmarks
from .markup import clean, run
from .measure import line_count
from .pages import Lines
from .paragraphs import element, flow, right_tab
from .styles import Look, StyleSheet

_NUMBER = 3  # em kept for leader and page number


def entry_look(sheet: StyleSheet, entry: ContentsEntry) -> Look:
    return sheet.look(Style.CONTENTS_1 if entry.level == 1 else Style.CONTENTS_2)


def lines(contents: Contents, sheet: StyleSheet, width: int, new_page: bool = False) -> list[Lines]:
    """Title and entries in the flow of pages."""
    title = sheet.look(Style.CONTENTS_TITLE)
    room = width - title.left - title.right
    count = line_count(clean(contents.title), title.size, room, title.first, title.latin)
    found = [flow(contents.id, title, count, new_page=new_page)]
    for number, entry in enumerate(contents.entries):
        look = entry_look(sheet, entry)
        room = width - look.left - look.right - _NUMBER * look.size
        count = line_count(clean(entry.text), look.size, room, look.first, look.latin)
        found.append(flow(f"{contents.id}.entry{number}", look, count))
    return found


def elements(
    contents: Contents, sheet: StyleSheet, width: int, marks: Bookmarks, pages: Mapping[str, int], new_page: bool
) -> list[str]:
    """The paragraphs of the contents; an entry whose target is not in the document stands without a number."""
    start, end = marks.around(contents.id)
    title = sheet.look(Style.CONTENTS_TITLE)
    made = [element(title, start + end + run(contents.title), new_page=new_page)]
    for entry in contents.entries:
        look = entry_look(sheet, entry)
        page = pages.get(entry.target)
        if page is None:
            made.append(element(look, run(entry.text)))
            continue
        name = marks.name(entry.target)
        link = f'<w:hyperlink w:anchor="{name}" w:history="1">{run(entry.text)}{_number(name, page)}</w:hyperlink>'
        made.append(element(look, link, tabs=right_tab(width, "dot")))
    return made


def _number(name: str, page: int) -> str:
    return (
        '<w:r><w:tab/></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> PAGEREF {name} \\h </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'<w:r><w:t>{page}</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
