"""Progress on standard error, for a terminal only: one line, which makes way for all others."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging import LogRecord
from threading import Lock
from typing import TextIO

from ..logs import LOGGER
from .common import write

_BAR = 30  # letters
_CLEAR = "\r\x1b[K"


class Progress:
    """What the engine reports to, and through which other output goes; silent without stream."""

    def __init__(self, stream: TextIO | None):
        self._stream = stream
        self._lock = Lock()
        self._shown = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show how many frames or bands a pass has done."""
        if self._stream is None:
            return
        full = _BAR * done // max(total, 1)
        line = f"{what.replace('_', ' '):<20} {'━' * full}{'─' * (_BAR - full)} {done}/{total}"
        room = os.get_terminal_size(self._stream.fileno()).columns or len(line) + 1
        with self._lock:
            self._put(_CLEAR + line[: room - 1])
            self._shown = True

    def write(self, text: str) -> None:
        """Put text on standard output."""
        self.clear()
        write(text)

    def clear(self) -> None:
        """Take the line away; the next report brings it back."""
        with self._lock:
            if self._shown:
                self._put(_CLEAR)
                self._shown = False

    def before(self, _: LogRecord) -> bool:
        """Make way for a message; lets all pass, as a filter of log records."""
        self.clear()
        return True

    def _put(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()


@contextmanager
def progress(wanted: bool) -> Iterator[Progress]:
    """Yield a display on a terminal that can take a line back, a silent one elsewhere."""
    can = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    display = Progress(sys.stderr if wanted and can else None)
    handlers = list(LOGGER.handlers)
    for handler in handlers:
        handler.addFilter(display.before)
    try:
        yield display
    finally:
        display.clear()
        for handler in handlers:
            handler.removeFilter(display.before)
