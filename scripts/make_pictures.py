"""Page pictures for the README: documents of the samples through LibreOffice and poppler into docs/images/.

    python scripts/make_pictures.py

Needs soffice, pdftotext and pdftoppm, and CJK fonts. Pages are found by their words, not by number.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
WIDTH = 480  # pixels

# Sample, name of the picture, words on the page, and words that must not be on it.
PAGES = [
    ("wuchang-2021", "cover", ["部门决算公开"], []),
    ("wuchang-2021", "contents", ["目录", "第一部分"], []),
    ("wuchang-2021", "table-1", ["公开01表"], []),
    ("sample-2021", "table-3", ["公开03表"], []),
    ("wuchang-2021", "narrative", ["图1："], []),
    ("sample-2021", "structure", ["图2："], []),
    ("wuchang-2021", "performance", ["项目名称", "年度绩效目标"], []),
    ("sample-2021", "glossary", ["第五部分名词解释", "（一）"], ["目录"]),
]


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = {sample: pages(sample, folder) for sample in dict.fromkeys(page[0] for page in PAGES)}
        for sample, picture, words, without in PAGES:
            number = next(
                n for n, text in enumerate(texts[sample], 1)
                if all(word in text for word in words) and not any(word in text for word in without)
            )  # fmt: skip
            run(
                "pdftoppm", "-png", "-singlefile", "-f", str(number), "-l", str(number),
                "-scale-to-x", str(WIDTH), "-scale-to-y", "-1", folder / f"{sample}.pdf", IMAGES / picture,
            )  # fmt: skip
            print(f"{picture}.png: {sample}, page {number}")


def pages(sample: str, folder: Path) -> list[str]:
    """Text of every page of the sample's document, without white space."""
    run(
        sys.executable, ROOT / "cli.py", "generate", ROOT / "inputs" / f"{sample}.xlsx", "-o", folder / f"{sample}.docx"
    )
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, folder / f"{sample}.docx")
    text = run("pdftotext", "-layout", folder / f"{sample}.pdf", "-")
    return ["".join(page.split()) for page in text.split("\f")]


def run(*command: object) -> str:
    return subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True, timeout=300
    ).stdout


if __name__ == "__main__":
    main()
