"""The commands: parse, call, print."""

import atexit
import gc
import sys
from types import TracebackType


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an uncaught error, but not ^C, which may come while a command is still being loaded."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _report
atexit.register(gc.freeze)  # all goes with the process: to look for cycles takes as long as a frame
