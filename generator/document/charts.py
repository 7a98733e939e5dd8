"""Native charts: drawn by Word and WPS, editable there, with their values cached so that they show at once."""

from __future__ import annotations

import re
from typing import Any

from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from lxml import etree

from ..model.blocks import Chart, ChartKind, Series
from . import chartbook, pielabels
from .chartxml import LINE, A, C, a, c, properties, shape, stroke, text_box, text_type, typefaces_of, words

_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FIRST_ID = 1000  # drawing ids of charts, apart from those of pictures

# Quiet colours, neighbours apart in lightness too, so that a black-and-white print stays readable.
_COLUMNS = ("2F5585", "A9BEDB", "7F7F7F", "D9C7A0")
_SLICES = ("2F5585", "A9BEDB", "C8A25C", "6E8F7B", "D8D8D8", "8C5A5A", "7A86A8", "E3D3B0")
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
    typefaces = typefaces_of(part)
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


def _chart_space(chart: Chart, plot: etree._Element, typefaces: dict[str, str], workbook_id: str) -> etree._Element:
    body = [c("autoTitleDeleted", 1), plot]
    if len(chart.series) > 1:
        body.append(c("legend", None, c("legendPos", "b"), c("overlay", 0), text_type(typefaces)))
    body += [c("plotVisOnly", 1), c("dispBlanksAs", "gap")]
    root = etree.Element(f"{{{C}}}chartSpace", nsmap={"c": C, "a": A, "r": _R})
    external = c("externalData", None, c("autoUpdate", 0))
    external.set(f"{{{_R}}}id", workbook_id)
    root.extend(
        (
            c("date1904", 0),
            c("roundedCorners", 0),
            c("chart", None, *body),
            shape(None),
            text_type(typefaces),
            external,
        )
    )
    return root


def _columns(chart: Chart) -> etree._Element:
    grouped = any("," in label for one in chart.series for label in one.labels)
    series = [_column_series(chart, at, grouped) for at in range(len(chart.series))]
    few = len(chart.categories) * len(chart.series) <= 2
    bars = c("barChart", None, c("barDir", "col"), c("grouping", "clustered"), c("varyColors", 0), *series)
    bars.extend((c("gapWidth", 260 if few else 120), c("overlap", -12)))
    bars.extend((c("axId", _CATEGORY_AXIS), c("axId", _VALUE_AXIS)))
    below_zero = any(point.value < 0 for one in chart.series for point in one.points)
    return c("plotArea", None, c("layout"), bars, _category_axis(), _value_axis(grouped, below_zero))


def _column_series(chart: Chart, at: int, grouped: bool) -> etree._Element:
    one = chart.series[at]
    formats = [_number_format(label, grouped) for label in one.labels]
    usual = formats[0]
    shows = _shows(value=True)
    labels = c("dLbls")
    for point, form in enumerate(formats):
        if form != usual:
            labels.append(
                c(
                    "dLbl",
                    None,
                    c("idx", point),
                    _format(form),
                    shape(None),
                    c("dLblPos", "outEnd"),
                    *_shows(value=True),
                )
            )
    labels.extend((_format(usual), shape(None), c("dLblPos", "outEnd"), *shows))
    return c(
        "ser",
        None,
        c("idx", at),
        c("order", at),
        _series_name(one, at),
        shape(_COLUMNS[at % len(_COLUMNS)]),
        c("invertIfNegative", 0),
        labels,
        *_data(chart, at),
    )


def _number_format(label: str, grouped: bool) -> str:
    """The format that shows an edited figure the way ``label`` is shown."""
    match = _SHOWN_AMOUNT.fullmatch(label)
    decimals = len(match[1] or "") if match else 2
    return ("#,##0" if grouped else "0") + ("." + "0" * decimals if decimals else "")


def _format(code: str) -> etree._Element:
    return c("numFmt", formatCode=code, sourceLinked="0")


def _shows(*, value: bool = False, category: bool = False, percent: bool = False) -> tuple[etree._Element, ...]:
    return (
        c("showLegendKey", 0),
        c("showVal", int(value)),
        c("showCatName", int(category)),
        c("showSerName", 0),
        c("showPercent", int(percent)),
        c("showBubbleSize", 0),
    )


def _series_name(one: Series, at: int) -> etree._Element:
    cached = c("strCache", None, c("ptCount", 1), _point(0, one.name))
    return c("tx", None, c("strRef", None, words("f", chartbook.reference(at + 2, 1, 1)), cached))


def _point(at: int, text: str) -> etree._Element:
    return c("pt", None, words("v", text), idx=str(at))


def _data(chart: Chart, at: int) -> tuple[etree._Element, etree._Element]:
    """Categories and values of a series: where they stand in the embedded workbook, and the values themselves."""
    count = len(chart.categories)
    names = c("strCache", None, c("ptCount", count), *(_point(n, name) for n, name in enumerate(chart.categories)))
    values = c("numCache", None, words("formatCode", "General"), c("ptCount", count))
    values.extend(_point(n, chartbook.plain(figure.value)) for n, figure in enumerate(chart.series[at].points))
    return (
        c("cat", None, c("strRef", None, words("f", chartbook.reference(1, 2, count + 1)), names)),
        c("val", None, c("numRef", None, words("f", chartbook.reference(at + 2, 2, count + 1)), values)),
    )


def _category_axis() -> etree._Element:
    return c(
        "catAx",
        None,
        c("axId", _CATEGORY_AXIS),
        c("scaling", None, c("orientation", "minMax")),
        c("delete", 0),
        c("axPos", "b"),
        c("numFmt", formatCode="General", sourceLinked="0"),
        c("majorTickMark", "none"),
        c("minorTickMark", "none"),
        c("tickLblPos", "low"),
        c("spPr", None, stroke(LINE)),
        c("crossAx", _VALUE_AXIS),
        c("crosses", "autoZero"),
        c("auto", 1),
        c("lblAlgn", "ctr"),
        c("lblOffset", 100),
        c("noMultiLvlLbl", 0),
    )


def _value_axis(grouped: bool, below_zero: bool) -> etree._Element:
    scaling = c("scaling", None, c("orientation", "minMax"))
    if not below_zero:
        scaling.append(c("min", 0))
    return c(
        "valAx",
        None,
        c("axId", _VALUE_AXIS),
        scaling,
        c("delete", 0),
        c("axPos", "l"),
        _format("#,##0" if grouped else "0"),
        c("majorTickMark", "out"),
        c("minorTickMark", "none"),
        c("tickLblPos", "nextTo"),
        c("spPr", None, stroke(LINE)),
        c("crossAx", _CATEGORY_AXIS),
        c("crosses", "autoZero"),
        c("crossBetween", "between"),
    )


def _pie(chart: Chart, typefaces: dict[str, str], width: int, height: int) -> etree._Element:
    one = chart.series[0]
    total = sum(figure.value for figure in one.points)
    shares = tuple(float(figure.value / total) for figure in one.points)
    places = pielabels.layout(shares, width, height, _LABEL_LINE / height)
    labels = c("dLbls")
    for at, (category, shown) in enumerate(zip(chart.categories, one.labels, strict=True)):
        labels.append(_slice_label(at, f"{category} {shown}", typefaces, places.shifts[at]))
    labels.extend((shape(None), c("dLblPos", "outEnd"), *_shows(category=True, percent=True)))
    labels.extend((c("showLeaderLines", 1), c("leaderLines", None, c("spPr", None, stroke(LINE)))))
    edge = "FFFFFF" if len(shares) > 1 else None
    slices = (
        c("dPt", None, c("idx", at), c("bubble3D", 0), shape(_SLICES[at % len(_SLICES)], edge))
        for at in range(len(shares))
    )
    series = c("ser", None, c("idx", 0), c("order", 0), _series_name(one, 0), *slices, labels, *_data(chart, 0))
    pie = c("pieChart", None, c("varyColors", 1), series, c("firstSliceAng", places.start))
    return c("plotArea", None, _box(places.box), pie)


def _box(box: tuple[float, float, float, float]) -> etree._Element:
    """The pie itself (without labels) at a fixed place of the chart."""
    made = c("manualLayout", None, c("layoutTarget", "inner"), c("xMode", "edge"), c("yMode", "edge"))
    made.extend(c(name, f"{value:.4f}") for name, value in zip("xywh", box, strict=True))
    return c("layout", None, made)


def _slice_label(at: int, text: str, typefaces: dict[str, str], shift: tuple[float, float]) -> etree._Element:
    """Category and share as shown in the sentence: Word's own percentages would be rounded another way."""
    run = a("t")
    run.text = text
    rich = c("rich", None, text_box(), a("lstStyle"), a("p", a("r", properties("rPr", typefaces), run)))
    label = c("dLbl", None, c("idx", at))
    if any(shift):
        label.append(c("layout", None, c("manualLayout", None, c("x", shift[0]), c("y", shift[1]))))
    label.extend((c("tx", None, rich), shape(None), c("dLblPos", "outEnd"), *_shows(category=True, percent=True)))
    return label


def _drawing(chart: Chart, number: int, chart_id: str, width: int, height: int) -> etree._Element:
    """``w:drawing`` with the chart in line with the text, its alternative text for readers who can't see it."""
    drawing = etree.Element(f"{{{_W}}}drawing", nsmap={"w": _W, "wp": _WP, "a": A, "c": C, "r": _R})
    frame = etree.SubElement(drawing, f"{{{_WP}}}inline", distT="0", distB="0", distL="0", distR="0")
    etree.SubElement(frame, f"{{{_WP}}}extent", cx=str(width), cy=str(height))
    etree.SubElement(frame, f"{{{_WP}}}effectExtent", l="0", t="0", r="0", b="0")
    etree.SubElement(
        frame, f"{{{_WP}}}docPr", id=str(_FIRST_ID + number), name=f"图表 {number}", descr=chart.description
    )
    etree.SubElement(frame, f"{{{_WP}}}cNvGraphicFramePr")
    graphic = etree.SubElement(frame, f"{{{A}}}graphic")
    data = etree.SubElement(graphic, f"{{{A}}}graphicData", uri=C)
    etree.SubElement(data, f"{{{C}}}chart").set(f"{{{_R}}}id", chart_id)
    return drawing


__all__ = ["inline"]
