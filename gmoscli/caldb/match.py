"""Hold the rules against candidates: one ranking serves both the choice and its explanation."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CalibrationMissing
from .fingerprint import Fingerprint
from .record import Record
from .rules import RULES, distance


@dataclass(frozen=True, slots=True)
class Candidate:
    """A calibration that could be chosen."""

    path: Path
    record: Record
    entry: int = 0
    """Counts up as files are added."""
    fingerprint: Fingerprint | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that does not hold, and a sentence that says so."""

    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one candidate for one frame."""

    candidate: Candidate
    failures: tuple[Failure, ...]
    seconds: int | None
    """Whole seconds between the two exposures."""

    @property
    def fits(self) -> bool:
        """Say whether every rule holds."""
        return not self.failures

    @property
    def rank(self) -> tuple[float, ...]:
        """Smaller is better: rules failed, time, mode, and of equals the last one added."""
        record = self.candidate.record
        seconds = float("inf") if self.seconds is None else self.seconds
        mode = _MODE_ORDER.index(record.mode)
        return (len(self.failures), seconds, mode, -self.candidate.entry)


_MODE_ORDER = ("sq", None, "ql", "qa", "failed")


def match(target: Record, candidates: Iterable[Candidate], kind: str) -> list[Verdict]:
    """Return a verdict on each candidate of a kind, the best first."""
    verdicts = (_verdict(target, c, kind) for c in candidates if c.record.kind == kind)
    return sorted(verdicts, key=lambda verdict: verdict.rank)


def _verdict(target: Record, candidate: Candidate, kind: str) -> Verdict:
    cal = candidate.record
    failures = tuple(
        Failure(rule.name, rule.sentence(target, cal))
        for rule in RULES[kind]
        if not rule.holds(target, cal)
    )
    apart = distance(target, cal)
    return Verdict(candidate, failures, None if apart is None else int(apart.total_seconds()))


def missing(path: str | Path | None, kind: str, verdicts: Sequence[Verdict]) -> CalibrationMissing:
    """Return the error for a frame without this calibration; it tells of the nearest miss."""
    hint = None if path is None else f"caldb explain {shlex.quote(str(path))}"
    if not verdicts:
        return CalibrationMissing(f"no {kind} is stored", path=path, hint=hint)
    nearest = min(verdicts, key=lambda verdict: verdict.rank)
    name, sentence = nearest.candidate.path.name, nearest.failures[0].sentence
    return CalibrationMissing(
        f"no {kind} fits; nearest is {name}: {sentence}", path=path, hint=hint
    )
