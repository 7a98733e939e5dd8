"""What a file really is, told by its content: what people give a wrong ending, or take for a workbook."""

from __future__ import annotations

from collections.abc import Collection

from ..guard import DAMAGED, SAVE_AS
from ..model.finding import Refusal

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHOOSE = "请指定填报好的 .xlsx 工作簿。"
_IMPORT = SAVE_AS + "报表软件导出的公开表，也可用 gongkai import 直接导入。"


def recognise(data: bytes) -> None:
    """Refusal for everything but the beginning of a zip."""
    head = data[:4096]
    if not data:
        raise Refusal("文件是空的。", DAMAGED)
    if head.startswith(b"PK\x03\x04"):
        return
    if head.startswith(b"PK"):
        raise Refusal("文件已损坏：是一个空的或不完整的压缩文件。", DAMAGED)
    if head.startswith(_OLE):
        raise _ole(data)
    if head.startswith(b"%PDF"):
        raise Refusal("这是 PDF 文件，不是工作簿。", _CHOOSE)
    if not head.strip(b"\0"):
        raise Refusal("文件已损坏：内容全是空字节（多见于 U 盘未正常弹出）。", DAMAGED)
    if head[:2] == b"\x09\x08" or head[:4] in (b"\x09\x04\x06\x00", b"\x09\x02\x06\x00", b"\x09\x00\x04\x00"):
        raise Refusal("这是旧版 Excel 文件（.xls），本工具只读 .xlsx。", _IMPORT)
    text = _as_text(head)
    if text is None:
        raise Refusal("这不是 .xlsx 工作簿。", SAVE_AS)
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith("<"):
        if "urn:schemas-microsoft-com:office:spreadsheet" in start:
            raise Refusal("这是 XML 电子表格（2003 格式），本工具不能读取。", SAVE_AS)
        raise Refusal("这其实是网页（HTML）或 XML 文件，只是用了表格文件的后缀。", SAVE_AS)
    if start.startswith("{\\rtf"):
        raise Refusal("这是 RTF 文档，不是工作簿。", _CHOOSE)
    if "," in text or "\t" in text:
        raise Refusal("这其实是文本（CSV）文件，不是 .xlsx 工作簿。", SAVE_AS)
    raise Refusal("这是文本文件，不是 .xlsx 工作簿。", SAVE_AS)


def _ole(data: bytes) -> Refusal:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return Refusal("文件设有打开密码，读不了。", "请在 Excel 或 WPS 中输入密码打开，取消密码后保存。")
    if "WordDocument".encode("utf-16-le") in data:
        return Refusal("这是旧版 Word 文档（.doc），不是工作簿。", _CHOOSE)
    return Refusal("这是旧版 Excel 或 WPS 表格文件（.xls、.et），本工具只读 .xlsx。", _IMPORT)


def _as_text(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if b"\0" in head:
        return None
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):  # the piece may end inside a character
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return None


def not_a_workbook(names: Collection[str], workbook: str) -> None:
    """Refusal when the archive with these parts (folded names) holds something else than the workbook part given."""
    if workbook.casefold() in names and workbook.endswith(".xml") and "word/document.xml" not in names:
        return
    if "word/document.xml" in names:
        raise Refusal("这是 Word 文档，不是工作簿。", _CHOOSE)
    if "ppt/presentation.xml" in names:
        raise Refusal("这是演示文稿，不是工作簿。", _CHOOSE)
    if any(name.endswith("workbook.bin") for name in names):
        raise Refusal("这是二进制工作簿（.xlsb），本工具只读 .xlsx。", SAVE_AS)
    if "content.xml" in names and "mimetype" in names:
        raise Refusal("这是 OpenDocument 表格（.ods），本工具只读 .xlsx。", SAVE_AS)
    if "[content_types].xml" not in names:
        raise Refusal("这是普通压缩文件，不是 .xlsx 工作簿。", "请先解压，再指定其中的 .xlsx 工作簿。")
    raise Refusal("文件已损坏：里面没有工作簿。", DAMAGED)
