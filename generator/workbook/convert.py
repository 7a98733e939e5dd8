"""From a raw cell to a Cell of the kind the form declares, with a note on everything that is not as it should be."""

from __future__ import annotations

import re
from decimal import Decimal

from ..model.cell import Cell, CellKind, CellRef
from ..model.finding import Severity
from ..model.form import Kind
from . import values
from .cells import MAX_LENGTH, Raw, Sheet, Styles
from .match import norm
from .notes import Notes
from .values import Reading

_ABSURD_YUAN = Decimal(10) ** 13
_BLANK, _NUMBER = CellKind.BLANK, CellKind.NUMBER
# Nearly every amount: shortest digits of a sensible size, to be taken as they are.
_USUAL = re.compile(r"-?(?:0(?=\.)|[1-9]\d{0,11})(?:\.(\d{0,5}[1-9]))?|0", re.ASCII)
_TICK = re.compile(r"[☑☒✓✔√■▣●◉][\ufe0e\ufe0f]?\s*([^□☐☑☒✓✔√■▣●◉○]+)")
_BOXES = re.compile("[□☐☑☒✓✔√■▣●◉○\ufe0e\ufe0f]")

_NOT_COMPUTED = "的公式没有保存计算结果"
_NOT_COMPUTED_FIX = "请用 Excel 或 WPS 打开工作簿，待公式算出结果后保存，再运行一次。"
_UNUSABLE = frozenset({"", "x", "e", "l", "2"})
_NUMBER_FIX = "请在该单元格只填数字；没有金额的留空。"


class Converter:
    def __init__(self, notes: Notes, styles: Styles, date1904: bool) -> None:
        self.notes, self.styles, self.date1904 = notes, styles, date1904
        self.absurd = _ABSURD_YUAN

    def at(
        self,
        sheet: Sheet,
        row: int,
        column: int,
        kind: Kind,
        choices: tuple[str, ...] = (),
        places: int | None = None,
        required: bool = False,
    ) -> Cell:
        """The cell of the sheet at row and column, counted from 1."""
        return self.cell(CellRef(sheet.name, row, column), sheet.get(row, column), kind, choices, places, required)

    def cell(
        self,
        ref: CellRef,
        raw: Raw | None,
        kind: Kind,
        choices: tuple[str, ...] = (),
        places: int | None = None,
        required: bool = False,
    ) -> Cell:
        """``places``: decimals allowed in money (None = any). ``required``: an unknown choice is an error."""
        if raw is None:
            return Cell(ref, _BLANK)
        amount = kind is Kind.MONEY or kind is Kind.COUNT or kind is Kind.NUMBER
        if amount and raw.type == "n" and not self.styles.is_date(raw.style):
            return self._number(ref, raw, kind, places)
        if raw.type in _UNUSABLE or (amount and raw.type == "b"):
            return self._unusable(ref, raw)
        if amount:
            return self._amount(ref, raw, kind, places)
        return self._text(ref, raw, kind, choices, required)

    def _bad(self, rule: str, ref: CellRef, raw: Raw, what: str, fix: str, *, whole: bool = False) -> Cell:
        self.notes.cell(rule, Severity.ERROR, ref, raw.text, what, fix, whole=whole)
        return Cell(ref, CellKind.BAD, text=raw.text, formula=raw.formula)

    def _unusable(self, ref: CellRef, raw: Raw) -> Cell:
        if raw.type == "":
            return self._bad("S5", ref, raw, _NOT_COMPUTED, _NOT_COMPUTED_FIX, whole=True)
        if raw.type == "e":
            return self._bad("S4", ref, raw, "是错误值，不能使用", "请改正公式或直接填写数值。")
        if raw.type == "b":
            return self._bad(
                "S4", ref, raw._replace(text="TRUE" if raw.text == "1" else "FALSE"), "是逻辑值，不是数字", _NUMBER_FIX
            )
        if raw.type == "l":
            return self._bad("S4", ref, raw, f"的内容超过 {MAX_LENGTH} 字，单元格容纳不下", "请删减后重新填写。")
        if raw.type == "2":
            return self._bad("S4", ref, raw, "在文件中有两个内容，不知以哪个为准", "请重新填写该单元格并保存。")
        return self._bad("S4", ref, raw, "的内容已损坏，读不出来", "请重新填写该单元格并保存。")

    def _number(self, ref: CellRef, raw: Raw, kind: Kind, places: int | None) -> Cell:
        usual = _USUAL.fullmatch(raw.text)
        if usual and kind is not Kind.COUNT and (places is None or len(usual[1] or "") <= places):
            return Cell(ref, _NUMBER, Decimal(raw.text), raw.text, raw.formula)
        value = values.stored(raw.text)
        if value is None:
            inf = raw.text.strip().lower().lstrip("+-") in ("nan", "inf", "infinity")
            return self._bad("S6" if inf else "S4", ref, raw, "不是有效的数字", "请重新填写该单元格并保存。")
        return self._checked(ref, raw, values.amount(value), kind, places)

    def _checked(self, ref: CellRef, raw: Raw, value: Decimal, kind: Kind, places: int | None) -> Cell:
        if abs(value) >= self.absurd:
            return self._bad("S6", ref, raw, "大得不合常理", "请核对数字和金额单位。")
        if not value or value.adjusted() < -20:
            value = values.ZERO
        if kind is Kind.COUNT and values.decimals(value):
            return self._bad("S4", ref, raw, "应为整数", "请填写整数。")
        if kind is Kind.MONEY and places is not None and values.decimals(value) > places:
            self.notes.cell(
                "S6",
                Severity.WARNING,
                ref,
                values.shown(value),
                f"的万元数超过 {places} 位小数",
                f"公开表以万元为单位，保留 {places} 位小数，请核对；按元填写的，请在单位信息表中把金额单位选为元。",
            )
        return Cell(ref, CellKind.NUMBER, value, values.shown(value), raw.formula)

    def _amount(self, ref: CellRef, raw: Raw, kind: Kind, places: int | None) -> Cell:
        """Text, or a date, where an amount belongs."""
        if raw.type in "nd":
            number = values.stored(raw.text) if raw.type == "n" else None
            shown = (values.date_text(number, self.date1904) if number is not None else None) or raw.text
            return self._bad(
                "S4", ref, raw._replace(text=shown), "是日期，不是数字", "请把单元格格式改为“数值”后重新填写数字。"
            )
        parsed = values.typed(raw.text, counted=kind is Kind.COUNT)
        if parsed.reading is Reading.BLANK:
            if raw.text.strip():
                self.notes.cell("S4", Severity.INFO, ref, raw.text, "按空白（零）处理", "没有金额的单元格留空即可。")
            return Cell(ref, CellKind.BLANK, text=raw.text.strip(), formula=raw.formula)
        if parsed.number is None or parsed.reading is Reading.BAD:
            special = parsed.number is not None or norm(raw.text).lstrip("+-") in ("nan", "inf", "infinity")
            return self._bad("S6" if special else "S4", ref, raw, "不是数字", _NUMBER_FIX)
        value = parsed.number
        self.notes.cell(
            "S4",
            Severity.INFO,
            ref,
            raw.text,
            "是文本形式的数字，已按数字读取",
            "请改为数值：表内的合计公式不会计入文本形式的数字。",
        )
        return self._checked(ref, raw, value, kind, places)._replace(typed=raw.text.strip())

    def _text(self, ref: CellRef, raw: Raw, kind: Kind, choices: tuple[str, ...], required: bool) -> Cell:
        number: Decimal | None = None
        if raw.type == "t":
            text, removed = values.clean(raw.text)
            if removed:
                self.notes.cell(
                    "S4",
                    Severity.WARNING,
                    ref,
                    text,
                    "含有看不见的控制字符，已去掉",
                    "请重新录入该处文字，或核对后忽略。",
                )
        elif raw.type == "n":
            number = values.stored(raw.text)
            if number is None:
                return self._unusable(ref, raw._replace(type="x"))
            text = self._number_text(number, raw.style, kind)
        else:
            text = values.typed_date(raw.text) if raw.type == "d" else ("TRUE" if raw.text == "1" else "FALSE")
        if not text:
            return Cell(ref, CellKind.BLANK, formula=raw.formula)
        if kind is Kind.DATE:
            text = values.typed_date(text)
        elif kind is Kind.CODE:
            text = norm(text).upper()
        elif kind in (Kind.CHOICE, Kind.CHECKS):
            text = self._choice(ref, text, choices, required)
        elif kind is Kind.VERBATIM:
            if number is None:
                number = values.plain(text)
            if number is not None:
                return Cell(ref, CellKind.NUMBER, number, text, raw.formula)
        return Cell(ref, CellKind.TEXT, text=text, formula=raw.formula)

    def _number_text(self, number: Decimal, style: str, kind: Kind) -> str:
        if self.styles.is_date(style) or (kind is Kind.DATE and 36526 <= number < 73051):
            return values.date_text(number, self.date1904) or values.shown(number)
        if kind is Kind.DATE and number == number.to_integral_value() and len(digits := values.shown(number)) == 8:
            return values.typed_date(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
        return values.shown(number) if kind is Kind.CODE else values.shown_as(number, self.styles.code(style))

    def _choice(self, ref: CellRef, text: str, choices: tuple[str, ...], required: bool) -> str:
        """The choice meant by the text: as listed, or the one ticked in a line of boxes."""
        ticked = _TICK.findall(text)
        if ticked:
            text = "、".join(t.strip(" 、，,;；") for t in ticked)
        elif _BOXES.search(text) and len(choices) > 1:
            return ""  # boxes, none of them ticked
        listed = next((choice for choice in choices if norm(choice) == norm(text)), None)
        if listed is None and choices:
            self.notes.cell(
                "S10",
                Severity.ERROR if required else Severity.WARNING,
                ref,
                text,
                f"不在可选项之内（{'、'.join(choices)}）",
                "请从下拉列表中选择。",
            )
        return text if listed is None else listed
