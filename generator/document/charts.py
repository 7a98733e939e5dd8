"""Native charts: drawn by Word and WPS, editable there, with their values cached so that they show at once."""

from __future__ import annotations

import re
from typing import Any

from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from lxml import etree

from ..model.blocks import Chart, ChartKind, Series, Style
from . import chartbook, pielabels

_C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FIRST_ID = 1000  # drawing ids of charts, apart from those of pictures

# Quiet colours, neighbours apart in lightness too, so that a black-and-white print stays readable.
_COLUMNS = ("2F5585", "A9BEDB", "7F7F7F", "D9C7A0")
_SLICES = ("2F5585", "A9BEDB", "C8A25C", "6E8F7B", "D8D8D8", "8C5A5A", "7A86A8", "E3D3B0")
_TEXT, _LINE = "404040", "A6A6A6"
_SIZE = "1050"  # hundredths of a point
_LABEL_LINE = 200_000  # height of a line of that size, in EMU
_SHOWN_AMOUNT = re.compile(r"-?[\d,]+(?:\.(\d+))?")
_CATEGORY_AXIS, _VALUE_AXIS = "1", "2"


def inline(part: Any, chart: Chart, number: int, width_emu: int, height_emu: int) -> etree._Element:
    """The ``w:drawing`` of a chart for a run of ``part``; its own parts are added to the package.

    ``number`` counts the charts of the document from 1: it names the parts and makes the drawing's id.
    """
    package = part.package
    workbook = Part(
        PackURI(f"/word/embeddings/Microsoft_Excel_Sheet{number}.xlsx"),
        _XLSX_TYPE,
        chartbook.build(_rows(chart)),
        package,
    )
    held = Part(PackURI(f"/word/charts/chart{number}.xml"), _CHART_TYPE, b"", package)
    typefaces = _typefaces(part)
    plot = _pie(chart, typefaces, width_emu, height_emu) if chart.kind is ChartKind.PIE else _columns(chart)
    root = _chart_space(chart, plot, typefaces, held.relate_to(workbook, RT.PACKAGE))
    held._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return _drawing(chart, number, part.relate_to(held, RT.CHART), width_emu, height_emu)


def _rows(chart: Chart) -> tuple[tuple[chartbook.Value, ...], ...]:
    head: tuple[chartbook.Value, ...] = ("", *(one.name for one in chart.series))
    lines: list[tuple[chartbook.Value, ...]] = [
        (category, *(one.points[at].value for one in chart.series)) for at, category in enumerate(chart.categories)
    ]
    return (head, *lines)


def _c(name: str, value: object = None, *children: etree._Element, **attributes: str) -> etree._Element:
    """An element of the chart vocabulary; ``value`` is its ``val``."""
    element = etree.Element(f"{{{_C}}}{name}", attributes)
    if value is not None:
        element.set("val", str(value))
    element.extend(children)
    return element


def _a(name: str, *children: etree._Element, **attributes: str) -> etree._Element:
    element = etree.Element(f"{{{_A}}}{name}", attributes)
    element.extend(children)
    return element


def _text(name: str, text: str) -> etree._Element:
    element = _c(name)
    element.text = text
    return element


def _fill(colour: str) -> etree._Element:
    return _a("solidFill", _a("srgbClr", val=colour))


def _line(colour: str | None) -> etree._Element:
    return _a("ln", _fill(colour), w="6350") if colour else _a("ln", _a("noFill"))


def _shape(fill: str | None, line: str | None = None) -> etree._Element:
    return _c("spPr", None, _fill(fill) if fill else _a("noFill"), _line(line))


def _typefaces(part: Any) -> dict[str, str]:
    """Latin and East Asian typeface of captions in the document's own styles; defaults of the document else."""
    root = part.styles.element
    places = (
        f".//w:style[w:name/@w:val='{Style.CAPTION.value}']/w:rPr/w:rFonts",
        ".//w:docDefaults//w:rFonts",
    )
    found: dict[str, str] = {}
    for place in places:
        for fonts in root.xpath(place):
            for key, attribute in (("latin", "ascii"), ("ea", "eastAsia")):
                name = fonts.get(f"{{{_W}}}{attribute}")
                if name:
                    found.setdefault(key, name)
    return found


def _properties(name: str, typefaces: dict[str, str]) -> etree._Element:
    faces = (_a(key, typeface=typefaces[key]) for key in ("latin", "ea") if key in typefaces)
    return _a(name, _fill(_TEXT), *faces, sz=_SIZE, b="0")


def _body() -> etree._Element:
    return _a("bodyPr", wrap="none", anchor="ctr")


def _type(typefaces: dict[str, str]) -> etree._Element:
    paragraph = _a("p", _a("pPr", _properties("defRPr", typefaces)), _a("endParaRPr", lang="zh-CN"))
    return _c("txPr", None, _body(), _a("lstStyle"), paragraph)


def _chart_space(chart: Chart, plot: etree._Element, typefaces: dict[str, str], workbook_id: str) -> etree._Element:
    body = [_c("autoTitleDeleted", 1), plot]
    if len(chart.series) > 1:
        body.append(_c("legend", None, _c("legendPos", "b"), _c("overlay", 0), _type(typefaces)))
    body += [_c("plotVisOnly", 1), _c("dispBlanksAs", "gap")]
    root = etree.Element(f"{{{_C}}}chartSpace", nsmap={"c": _C, "a": _A, "r": _R})
    external = _c("externalData", None, _c("autoUpdate", 0))
    external.set(f"{{{_R}}}id", workbook_id)
    root.extend(
        (
            _c("date1904", 0),
            _c("roundedCorners", 0),
            _c("chart", None, *body),
            _shape(None),
            _type(typefaces),
            external,
        )
    )
    return root


def _columns(chart: Chart) -> etree._Element:
    grouped = any("," in label for one in chart.series for label in one.labels)
    series = [_column_series(chart, at, grouped) for at in range(len(chart.series))]
    few = len(chart.categories) * len(chart.series) <= 2
    bars = _c("barChart", None, _c("barDir", "col"), _c("grouping", "clustered"), _c("varyColors", 0), *series)
    bars.extend((_c("gapWidth", 260 if few else 120), _c("overlap", -12)))
    bars.extend((_c("axId", _CATEGORY_AXIS), _c("axId", _VALUE_AXIS)))
    below_zero = any(point.value < 0 for one in chart.series for point in one.points)
    return _c("plotArea", None, _c("layout"), bars, _category_axis(), _value_axis(grouped, below_zero))


def _column_series(chart: Chart, at: int, grouped: bool) -> etree._Element:
    one = chart.series[at]
    formats = [_number_format(label, grouped) for label in one.labels]
    usual = formats[0]
    shows = _shows(value=True)
    labels = _c("dLbls")
    for point, form in enumerate(formats):
        if form != usual:
            labels.append(
                _c(
                    "dLbl",
                    None,
                    _c("idx", point),
                    _format(form),
                    _shape(None),
                    _c("dLblPos", "outEnd"),
                    *_shows(value=True),
                )
            )
    labels.extend((_format(usual), _shape(None), _c("dLblPos", "outEnd"), *shows))
    return _c(
        "ser",
        None,
        _c("idx", at),
        _c("order", at),
        _series_name(one, at),
        _shape(_COLUMNS[at % len(_COLUMNS)]),
        _c("invertIfNegative", 0),
        labels,
        *_data(chart, at),
    )


def _number_format(label: str, grouped: bool) -> str:
    """The format that shows an edited figure the way ``label`` is shown."""
    match = _SHOWN_AMOUNT.fullmatch(label)
    decimals = len(match[1] or "") if match else 2
    return ("#,##0" if grouped else "0") + ("." + "0" * decimals if decimals else "")


def _format(code: str) -> etree._Element:
    return _c("numFmt", formatCode=code, sourceLinked="0")


def _shows(*, value: bool = False, category: bool = False, percent: bool = False) -> tuple[etree._Element, ...]:
    return (
        _c("showLegendKey", 0),
        _c("showVal", int(value)),
        _c("showCatName", int(category)),
        _c("showSerName", 0),
        _c("showPercent", int(percent)),
        _c("showBubbleSize", 0),
    )


def _series_name(one: Series, at: int) -> etree._Element:
    cached = _c("strCache", None, _c("ptCount", 1), _point(0, one.name))
    return _c("tx", None, _c("strRef", None, _text("f", chartbook.reference(at + 2, 1, 1)), cached))


def _point(at: int, text: str) -> etree._Element:
    return _c("pt", None, _text("v", text), idx=str(at))


def _data(chart: Chart, at: int) -> tuple[etree._Element, etree._Element]:
    """Categories and values of a series: where they stand in the embedded workbook, and the values themselves."""
    count = len(chart.categories)
    names = _c("strCache", None, _c("ptCount", count), *(_point(n, name) for n, name in enumerate(chart.categories)))
    values = _c("numCache", None, _text("formatCode", "General"), _c("ptCount", count))
    values.extend(_point(n, chartbook.plain(figure.value)) for n, figure in enumerate(chart.series[at].points))
    return (
        _c("cat", None, _c("strRef", None, _text("f", chartbook.reference(1, 2, count + 1)), names)),
        _c("val", None, _c("numRef", None, _text("f", chartbook.reference(at + 2, 2, count + 1)), values)),
    )


def _category_axis() -> etree._Element:
    return _c(
        "catAx",
        None,
        _c("axId", _CATEGORY_AXIS),
        _c("scaling", None, _c("orientation", "minMax")),
        _c("delete", 0),
        _c("axPos", "b"),
        _c("numFmt", formatCode="General", sourceLinked="0"),
        _c("majorTickMark", "none"),
        _c("minorTickMark", "none"),
        _c("tickLblPos", "low"),
        _c("spPr", None, _line(_LINE)),
        _c("crossAx", _VALUE_AXIS),
        _c("crosses", "autoZero"),
        _c("auto", 1),
        _c("lblAlgn", "ctr"),
        _c("lblOffset", 100),
        _c("noMultiLvlLbl", 0),
    )


def _value_axis(grouped: bool, below_zero: bool) -> etree._Element:
    scaling = _c("scaling", None, _c("orientation", "minMax"))
    if not below_zero:
        scaling.append(_c("min", 0))
    return _c(
        "valAx",
        None,
        _c("axId", _VALUE_AXIS),
        scaling,
        _c("delete", 0),
        _c("axPos", "l"),
        _format("#,##0" if grouped else "0"),
        _c("majorTickMark", "out"),
        _c("minorTickMark", "none"),
        _c("tickLblPos", "nextTo"),
        _c("spPr", None, _line(_LINE)),
        _c("crossAx", _CATEGORY_AXIS),
        _c("crosses", "autoZero"),
        _c("crossBetween", "between"),
    )


def _pie(chart: Chart, typefaces: dict[str, str], width: int, height: int) -> etree._Element:
    one = chart.series[0]
    total = sum(figure.value for figure in one.points)
    shares = tuple(float(figure.value / total) for figure in one.points)
    places = pielabels.layout(shares, width, height, _LABEL_LINE / height)
    labels = _c("dLbls")
    for at, (category, shown) in enumerate(zip(chart.categories, one.labels, strict=True)):
        labels.append(_slice_label(at, f"{category} {shown}", typefaces, places.shifts[at]))
    labels.extend((_shape(None), _c("dLblPos", "outEnd"), *_shows(category=True, percent=True)))
    labels.extend((_c("showLeaderLines", 1), _c("leaderLines", None, _c("spPr", None, _line(_LINE)))))
    edge = "FFFFFF" if len(shares) > 1 else None
    slices = (
        _c("dPt", None, _c("idx", at), _c("bubble3D", 0), _shape(_SLICES[at % len(_SLICES)], edge))
        for at in range(len(shares))
    )
    series = _c("ser", None, _c("idx", 0), _c("order", 0), _series_name(one, 0), *slices, labels, *_data(chart, 0))
    pie = _c("pieChart", None, _c("varyColors", 1), series, _c("firstSliceAng", places.start))
    return _c("plotArea", None, _box(places.box), pie)


def _box(box: tuple[float, float, float, float]) -> etree._Element:
    """The pie itself (without labels) at a fixed place of the chart."""
    made = _c("manualLayout", None, _c("layoutTarget", "inner"), _c("xMode", "edge"), _c("yMode", "edge"))
    made.extend(_c(name, f"{value:.4f}") for name, value in zip("xywh", box, strict=True))
    return _c("layout", None, made)


def _slice_label(at: int, text: str, typefaces: dict[str, str], shift: tuple[float, float]) -> etree._Element:
    """Category and share as shown in the sentence: Word's own percentages would be rounded another way."""
    run = _a("t")
    run.text = text
    rich = _c("rich", None, _body(), _a("lstStyle"), _a("p", _a("r", _properties("rPr", typefaces), run)))
    label = _c("dLbl", None, _c("idx", at))
    if any(shift):
        label.append(_c("layout", None, _c("manualLayout", None, _c("x", shift[0]), _c("y", shift[1]))))
    label.extend((_c("tx", None, rich), _shape(None), _c("dLblPos", "outEnd"), *_shows(category=True, percent=True)))
    return label


def _drawing(chart: Chart, number: int, chart_id: str, width: int, height: int) -> etree._Element:
    """``w:drawing`` with the chart in line with the text, its alternative text for readers who can't see it."""
    drawing = etree.Element(f"{{{_W}}}drawing", nsmap={"w": _W, "wp": _WP, "a": _A, "c": _C, "r": _R})
    frame = etree.SubElement(drawing, f"{{{_WP}}}inline", distT="0", distB="0", distL="0", distR="0")
    etree.SubElement(frame, f"{{{_WP}}}extent", cx=str(width), cy=str(height))
    etree.SubElement(frame, f"{{{_WP}}}effectExtent", l="0", t="0", r="0", b="0")
    etree.SubElement(
        frame, f"{{{_WP}}}docPr", id=str(_FIRST_ID + number), name=f"图表 {number}", descr=chart.description
    )
    etree.SubElement(frame, f"{{{_WP}}}cNvGraphicFramePr")
    graphic = etree.SubElement(frame, f"{{{_A}}}graphic")
    data = etree.SubElement(graphic, f"{{{_A}}}graphicData", uri=_C)
    etree.SubElement(data, f"{{{_C}}}chart").set(f"{{{_R}}}id", chart_id)
    return drawing


__all__ = ["inline"]
