"""Progress on standard error, for a terminal only."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..engine import Report, silent
from .common import wants_colour


@contextmanager
def progress(wanted: bool) -> Iterator[Report]:
    """Yield what the engine reports to: a display on a terminal, nothing elsewhere."""
    if not wanted or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=sys.stderr, no_color=not wants_colour(sys.stderr))
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as display:
        tasks = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = display.add_task(what.replace("_", " "), total=total)
            display.update(tasks[what], completed=done)

        yield report
