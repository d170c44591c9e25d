"""Messages of a script: on standard error, and in a file."""

from pathlib import Path

from ..arguments import a_path, a_text
from ..errors import unknown
from ..logs import configure

LOGMODES = {"standard": "info", "quiet": None, "verbose": "debug", "debug": "debug"}
"""Mode → the lowest level of messages that standard error is told; None: no message at all."""


def config(
    mode: str = "standard", file_name: str | Path | None = None, stomp: bool = False
) -> None:
    """Send messages to standard error as the mode asks, and all of them to a file.

    The file grows, unless ``stomp`` begins it anew. Raises UsageError for an unknown mode and for
    what is no path, GmosError for a file that cannot be written.
    """
    if a_text("mode", mode) not in LOGMODES:
        raise unknown("mode", mode, LOGMODES)
    path = None if file_name is None else a_path("file_name", file_name)
    configure(LOGMODES[mode], path, append=not stomp)
