"""Calibrations: which of the stored ones fits a frame, and why the others do not."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..cards import Headers
    from .match import Verdict


class Cals(Protocol):
    """Where calibrations come from. A kind is one of ``bias flat fringe bpm``."""

    def find(self, kind: str, h: "Headers") -> Path | None:
        """Return the best calibration of this kind for a frame; None if none fits."""
        ...

    def explain(self, kind: str, h: "Headers") -> "list[Verdict]":
        """Return what was considered, the chosen one first, then by nearness."""
        ...
