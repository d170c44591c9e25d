"""Messages: the package's own logger, never the root; silent until somebody asks.

Library code logs to ``logging.getLogger("gmoscli")``. Commands and ``logutils.config`` call
:func:`configure` to send messages to standard error and to a file.
"""

import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from .errors import GmosError, reason

LOGGER = logging.getLogger("gmoscli")
LOGGER.addHandler(logging.NullHandler())
FILE_FORMAT = "%(asctime)s %(levelname)-8s - %(message)s"


class _Lines(logging.Formatter):
    """Bare messages behind a prefix; warnings and errors say so."""

    def __init__(self, prefix: str):
        super().__init__("%(message)s")
        self.prefix = prefix

    def format(self, record: logging.LogRecord) -> str:
        """Return one message."""
        plain = record.levelno < logging.WARNING
        level = "" if plain else f"{record.levelname.lower()}: "
        return f"{self.prefix}{level}{super().format(record)}"


class _LogFile(logging.FileHandler):
    """A file of messages. When it takes no more that is said once, and the work goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Let go of the file if the system refuses it."""
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        LOGGER.removeHandler(self)
        with suppress(OSError):
            self.close()
        LOGGER.warning("%s: %s: nothing more is written there", self.baseFilename, reason(error))


def configure(
    level: str | None = "info",
    logfile: str | Path | None = None,
    *,
    stream: TextIO | None = None,
    prefix: str = "",
    append: bool = True,
) -> None:
    """Send messages of a level and above to a stream (standard error), and all to a file.

    ``level`` None keeps the stream silent. Earlier arrangements of this function are undone.
    Raises GmosError for a file that cannot be written, and then nothing is arranged anew.
    """
    kept = _kept(logfile, append=append) if logfile else None
    for handler in list(LOGGER.handlers):
        LOGGER.removeHandler(handler)
        handler.close()
    LOGGER.setLevel(logging.DEBUG)
    LOGGER.propagate = False
    if level is not None:
        talk = logging.StreamHandler(stream or sys.stderr)
        talk.setLevel(level.upper())
        talk.setFormatter(_Lines(prefix))
        LOGGER.addHandler(talk)
    if kept is not None:
        LOGGER.addHandler(kept)
    if not LOGGER.handlers:
        LOGGER.addHandler(logging.NullHandler())


def _kept(path: str | Path, *, append: bool) -> logging.Handler:
    try:
        handler = _LogFile(path, mode="a" if append else "w", encoding="utf-8")
    except OSError as error:
        raise GmosError(f"cannot be written: {reason(error)}", path=path) from None
    handler.setLevel(logging.DEBUG)
    handler.setFormatter(logging.Formatter(FILE_FORMAT))
    return handler
