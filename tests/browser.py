"""A headless Chromium for tests of pages; tests that need it are skipped, with the reason, where it is absent."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
DRIVER = shutil.which("chromedriver") or ""
_LACKING = [
    name
    for name, there in (
        ("chromium", CHROMIUM),
        ("chromium-driver", DRIVER),
        ("selenium", importlib.util.find_spec("selenium")),
    )
    if not there
]
needs_browser = pytest.mark.skipif(bool(_LACKING), reason=f"not installed: {', '.join(_LACKING)}")


@contextmanager
def opened(page: Path) -> Iterator[Any]:
    """A driver that shows the page; it has a profile of its own and no way to any network."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1500,950",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        driver.set_page_load_timeout(60)
        driver.get(page.as_uri())
        yield driver
    finally:
        driver.quit()


def requests(driver: Any) -> list[str]:
    """Addresses the page has asked for since it was opened."""
    found = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return found
