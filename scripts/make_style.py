"""Write the style sheet of an edition: a .docx without text that a user may restyle in Word or WPS.

    python scripts/make_style.py [templates/<edition>/style.docx]

The writer looks styles up by name (generator/model/blocks.py, Style) and takes page set-up, header and footer from
the first portrait and the first landscape section. Measures follow GB/T 9704-2012: A4, margins 37/26/35/28 mm, 22
lines a page. The same script gives the same bytes.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml."
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

SONG, HEI, KAI, FANG, TITLE = "宋体", "黑体", "楷体_GB2312", "仿宋_GB2312", "方正小标宋简体"
LATIN = "Times New Roman"
PITCH = 579  # twips: 22 lines on 225 mm


def fonts(east: str) -> str:
    return f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:eastAsia="{east}" w:cs="{LATIN}"/>'


def size(points: float) -> str:
    half = int(points * 2)
    return f'<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>'


def spacing(line: int, before: int = 0, after: int = 0, rule: str = "exact") -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="{rule}"/>'


def style(
    id: str,
    name: str,
    ppr: str = "",
    rpr: str = "",
    *,
    kind: str = "paragraph",
    based: str = "Normal",
    next: str = "",
    quick: bool = True,
    extra: str = "",
) -> str:
    custom = ' w:customStyle="1"' if name.startswith("公开") else ""
    return (
        f'<w:style w:type="{kind}"{custom} w:styleId="{id}"><w:name w:val="{name}"/>'
        + (f'<w:basedOn w:val="{based}"/>' if based else "")
        + (f'<w:next w:val="{next}"/>' if next else "")
        + '<w:uiPriority w:val="9"/>'
        + ("<w:qFormat/>" if quick else "")
        + (f"<w:pPr>{ppr}</w:pPr>" if ppr else "")
        + (f"<w:rPr>{rpr}</w:rPr>" if rpr else "")
        + extra
        + "</w:style>"
    )


def heading(level: int, east: str, points: float, ppr_head: str, ppr_tail: str) -> str:
    return style(
        f"Heading{level}",
        f"heading {level}",
        f'<w:keepNext/><w:keepLines/>{ppr_head}{ppr_tail}<w:outlineLvl w:val="{level - 1}"/>',
        fonts(east) + size(points),
        next="GkBody",
    )


def styles() -> str:
    centre = '<w:jc w:val="center"/>'
    indent = '<w:ind w:firstLine="640"/>'
    defaults = (
        "<w:docDefaults><w:rPrDefault><w:rPr>"
        + fonts(FANG)
        + size(16)
        + '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        + "<w:pPrDefault/></w:docDefaults>"
    )
    normal = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        f'<w:pPr><w:widowControl/><w:snapToGrid w:val="0"/>{spacing(PITCH)}<w:jc w:val="both"/></w:pPr></w:style>'
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar>'
        '<w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/>'
        '<w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
        '<w:style w:type="numbering" w:default="1" w:styleId="NoList"><w:name w:val="No List"/>'
        '<w:uiPriority w:val="99"/><w:semiHidden/></w:style>'
    )
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    table = style(
        "GkTable",
        "公开表格",
        kind="table",
        based="TableNormal",
        extra=(
            f"<w:tblPr><w:tblBorders>{edges}</w:tblBorders><w:tblCellMar>"
            '<w:top w:w="28" w:type="dxa"/><w:left w:w="57" w:type="dxa"/>'
            '<w:bottom w:w="28" w:type="dxa"/><w:right w:w="57" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        ),
    )
    toc = '<w:jc w:val="left"/>'
    listed = [
        heading(1, TITLE, 22, "<w:pageBreakBefore/>", spacing(PITCH + 61, 0, PITCH - 61) + centre),
        heading(2, HEI, 16, "", indent),
        heading(3, KAI, 16, "", indent),
        style("GkBody", "公开正文", indent),
        style("GkCoverTitle", "公开封面标题", spacing(960) + centre, fonts(TITLE) + size(28), next="GkCoverDate"),
        style("GkCoverDate", "公开封面日期", spacing(PITCH, 5400) + centre, fonts(KAI) + size(18)),
        style("GkContentsTitle", "公开目录标题", spacing(PITCH, 0, PITCH // 2) + centre, fonts(TITLE) + size(22)),
        style(
            "TOC1",
            "toc 1",
            spacing(500) + toc,
            fonts(HEI) + size(14),
        ),
        style(
            "TOC2",
            "toc 2",
            spacing(500) + '<w:ind w:left="840" w:hanging="560"/>' + toc,
            size(14),
        ),
        style(
            "GkTableTitle",
            "公开表题",
            "<w:keepNext/><w:keepLines/>" + spacing(PITCH) + centre + '<w:outlineLvl w:val="1"/>',
            fonts(TITLE) + size(16),
            next="GkTableNumber",
        ),
        style("GkTableNumber", "公开表号", "<w:keepNext/>" + spacing(360) + '<w:jc w:val="right"/>', size(12)),
        style("GkTableUnit", "公开表头行", "<w:keepNext/>" + spacing(360) + '<w:jc w:val="left"/>', size(12)),
        style("GkTableNote", "公开表注", spacing(320), size(10.5)),
        style("GkCell", "公开表格文字", spacing(300) + '<w:jc w:val="left"/>', fonts(SONG) + size(10.5)),
        style("GkFigure", "公开图", "<w:keepNext/>" + spacing(240, before=120, rule="auto") + centre, size(1)),
        style("GkCaption", "公开图题", "<w:keepLines/>" + spacing(PITCH) + centre, fonts(HEI) + size(14)),
        style(
            "GkFormTitle",
            "公开附表题",
            "<w:keepNext/><w:keepLines/>" + spacing(PITCH) + centre + '<w:outlineLvl w:val="1"/>',
            fonts(TITLE) + size(18),
        ),
        style("GkBreak", "公开分节", spacing(14), size(1), quick=False),
        style("Footer", "footer", spacing(360), size(14), quick=False),
        style("Header", "header", spacing(360) + centre, size(10.5), quick=False),
        table,
    ]
    return f'{HEAD}<w:styles xmlns:w="{W}">{defaults}{normal}{"".join(listed)}</w:styles>'


def footer(side: str) -> str:
    def field(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    return (
        f'{HEAD}<w:ftr xmlns:w="{W}"><w:p><w:pPr><w:pStyle w:val="Footer"/><w:jc w:val="{side}"/></w:pPr>'
        '<w:r><w:t xml:space="preserve">— </w:t></w:r>'
        + field("begin")
        + '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
        + field("separate")
        + "<w:r><w:t>1</w:t></w:r>"
        + field("end")
        + '<w:r><w:t xml:space="preserve"> —</w:t></w:r></w:p></w:ftr>'
    )


def section(landscape: bool) -> str:
    references = (
        f'<w:footerReference xmlns:r="{R}" w:type="default" r:id="rId4"/>'
        f'<w:footerReference xmlns:r="{R}" w:type="even" r:id="rId5"/>'
    )
    page = (
        '<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>'
        '<w:pgMar w:top="1587" w:right="2098" w:bottom="1474" w:left="1984" '
        'w:header="851" w:footer="794" w:gutter="0"/>'
        if landscape
        else '<w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1587" '
        'w:header="851" w:footer="1191" w:gutter="0"/>'
    )
    return f'<w:sectPr>{references}<w:type w:val="nextPage"/>{page}<w:cols w:space="720"/></w:sectPr>'


def document() -> str:
    return (
        f'{HEAD}<w:document xmlns:w="{W}"><w:body><w:p><w:pPr>{section(False)}</w:pPr></w:p>'
        f"<w:p/>{section(True)}</w:body></w:document>"
    )


def settings() -> str:
    return (
        f'{HEAD}<w:settings xmlns:w="{W}"><w:zoom w:percent="100"/><w:evenAndOddHeaders/>'
        '<w:characterSpacingControl w:val="doNotCompress"/><w:compat>'
        '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>'
        "</w:compat>"
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>'
    )


def relationships(*targets: tuple[str, str]) -> str:
    items = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}" Target="{target}"/>' for n, (kind, target) in enumerate(targets, 1)
    )
    return f'{HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'


def parts() -> dict[str, str]:
    overrides = {
        "word/document.xml": OFFICE + "document.main+xml",
        "word/styles.xml": OFFICE + "styles+xml",
        "word/settings.xml": OFFICE + "settings+xml",
        "word/fontTable.xml": OFFICE + "fontTable+xml",
        "word/footer1.xml": OFFICE + "footer+xml",
        "word/footer2.xml": OFFICE + "footer+xml",
    }
    types = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in overrides.items())
    table = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/>'
        '<w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>'
        for name, other in ((FANG, "仿宋"), (KAI, "楷体"), (TITLE, "方正小标宋_GBK"), (HEI, "SimHei"), (SONG, "SimSun"))
    )
    return {
        "[Content_Types].xml": (
            f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>'
        ),
        "_rels/.rels": relationships((f"{R}/officeDocument", "word/document.xml")),
        "word/document.xml": document(),
        "word/_rels/document.xml.rels": relationships(
            (f"{R}/styles", "styles.xml"),
            (f"{R}/settings", "settings.xml"),
            (f"{R}/fontTable", "fontTable.xml"),
            (f"{R}/footer", "footer1.xml"),
            (f"{R}/footer", "footer2.xml"),
        ),
        "word/styles.xml": styles(),
        "word/settings.xml": settings(),
        "word/fontTable.xml": f'{HEAD}<w:fonts xmlns:w="{W}">{table}</w:fonts>',
        "word/footer1.xml": footer("right"),
        "word/footer2.xml": footer("left"),
    }


def main() -> None:
    root = Path(__file__).resolve().parents[1] / "templates"
    targets = [Path(name) for name in sys.argv[1:]] or sorted(
        folder / "style.docx" for folder in root.iterdir() if (folder / "edition.yaml").exists()
    )
    for target in targets:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
            for name, text in parts().items():
                package.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED)
        print(target)


if __name__ == "__main__":
    main()
