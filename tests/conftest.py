"""In CI nothing is skipped: there the tools that optional tests need are installed."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

# The README sets PYTHONPATH=.deps; tests that run the command line in other folders need it from there too.
if os.environ.get("PYTHONPATH"):
    os.environ["PYTHONPATH"] = os.pathsep.join(
        str(Path(part).absolute()) for part in os.environ["PYTHONPATH"].split(os.pathsep) if part
    )

_NO_SKIP = bool(os.environ.get("GONGKAI_NO_SKIP"))
# Published texts and a validator that lie beside the checkout (../shared) on some machines only.
_MAY_LACK = ("shared", "validate_docx")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """With GONGKAI_NO_SKIP set, a test skipped for want of a tool has failed."""
    report = (yield).get_result()
    if not (_NO_SKIP and report.skipped) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(name in reason for name in _MAY_LACK):
        report.outcome = "failed"
        report.longrepr = f"skipped although GONGKAI_NO_SKIP is set: {reason}"
