"""Messages of a script: on standard error, and in a file."""

from pathlib import Path

from ..errors import unknown
from ..logs import configure

MODES = {"standard": "info", "quiet": None, "verbose": "debug", "debug": "debug"}
"""What each mode says on standard error, from this level upwards; None: nothing."""


def config(
    mode: str = "standard", file_name: str | Path | None = None, stomp: bool = False
) -> None:
    """Send messages to standard error as the mode asks, and all of them to a file.

    The file grows, unless ``stomp`` begins it anew. Raises UsageError for an unknown mode.
    """
    if mode not in MODES:
        raise unknown("mode", mode, MODES)
    configure(MODES[mode], file_name, append=not stomp)
