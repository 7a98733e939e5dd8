"""Progress on stderr: only on a terminal, and only when the work takes longer than a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

_PATIENCE = 1.0  # seconds
_CLEAR = "\r\x1b[K"


class Progress:
    """A context whose value is called with the name of each step; the line is wiped at the end."""

    def __init__(self) -> None:
        self._step = ""
        self._shown = False
        self._done = False
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Progress:
        if sys.stderr is not None and sys.stderr.isatty():
            self._timer = threading.Timer(_PATIENCE, self._begin)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __call__(self, step: str) -> None:
        with self._lock:
            self._step = step
            if self._shown:
                self._print()

    def _begin(self) -> None:
        with self._lock:
            if not self._done:
                self._shown = True
                self._print()

    def _print(self) -> None:
        sys.stderr.write(f"{_CLEAR}正在{self._step}……")
        sys.stderr.flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._done = True
            if self._timer is not None:
                self._timer.cancel()
            if self._shown:
                sys.stderr.write(_CLEAR)
                sys.stderr.flush()
