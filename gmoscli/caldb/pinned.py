"""Calibrations given by hand, and several places to look in turn."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import BadFile
from ..fits import Headers
from . import Cals
from .match import Candidate, Verdict, match
from .record import record_of
from .rules import kind_named

_log = logging.getLogger(__name__)


class Pinned:
    """Calibrations that the user names: ``{"bias": path}``, for every frame.

    One that the rules would not choose is used all the same, with a warning. Raises BadFile if a
    file is missing or of the wrong kind, UsageError if a kind means nothing.
    """

    def __init__(
        self,
        files: Mapping[str, Path],
        *,
        mode: str = "sq",
        warn: Callable[[str], object] = _log.warning,
    ) -> None:
        self.mode = mode
        self.warn = warn
        self._candidates = {
            kind: _candidate(kind, path)
            for kind, path in ((kind_named(word), path) for word, path in files.items())
        }

    def find(self, kind: str, h: Headers) -> Path | None:
        """Return the file given for this kind, whatever the frame."""
        for verdict in self.explain(kind, h):
            if verdict.failures:
                frame = h.path.name if h.path else "the frame"
                sentence = verdict.failures[0].sentence
                self.warn(f"{verdict.candidate.path}: used as {kind} of {frame}, though {sentence}")
            return verdict.candidate.path
        return None

    def explain(self, kind: str, h: Headers) -> list[Verdict]:
        """Return what the rules say of the file given for this kind."""
        if kind not in self._candidates:
            return []
        return match(record_of(h, mode=self.mode), [self._candidates[kind]], kind)


class Chain:
    """Several places in order: the first that has a calibration serves."""

    def __init__(self, *cals: Cals) -> None:
        self.cals = cals

    def find(self, kind: str, h: Headers) -> Path | None:
        """Return the first place's best calibration; None if no place has one."""
        found = (cals.find(kind, h) for cals in self.cals)
        return next((path for path in found if path is not None), None)

    def explain(self, kind: str, h: Headers) -> list[Verdict]:
        """Return the verdicts of every place, in order."""
        return [verdict for cals in self.cals for verdict in cals.explain(kind, h)]


def _candidate(kind: str, path: Path) -> Candidate:
    record = record_of(Headers.open(path))
    if record.kind != kind:
        what = "not a calibration" if record.kind is None else f"a {record.kind}"
        raise BadFile(f"is {what}, but was given as {kind}", path=path)
    return Candidate(path, record)
