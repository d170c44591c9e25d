"""Calibrations: which of the stored ones fits a frame, and why the others do not.

For scripts: ``from gmoscli import caldb; database = caldb.set_local_database()``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..fits import Headers
    from .match import Verdict
    from .service import LocalDatabase


class Cals(Protocol):
    """Where calibrations come from. A kind is one of ``bias flat fringe bpm``."""

    def find(self, kind: str, h: "Headers") -> Path | None:
        """Return the best calibration of this kind for a frame; None if none fits."""
        ...

    def explain(self, kind: str, h: "Headers") -> "list[Verdict]":
        """Return what was considered, the chosen one first, then by nearness."""
        ...


def set_local_database(config_file: str | None = None) -> "LocalDatabase":
    """Return the database that the configuration names, the one that products go into.

    Raises UsageError if the configuration names none, several, or cannot be understood.
    """
    from . import service  # noqa: PLC0415 - importing gmoscli stays light

    return service.set_local_database(config_file)
