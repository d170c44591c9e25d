"""The calibrations that a night can be reduced with: there already, or still to be made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..caldb.match import Candidate, Failure, Verdict, match, missing
from ..errors import CalibrationMissing
from .groups import Group


@dataclass(frozen=True)
class Shelf:
    """Calibrations by place; the first place that has one that fits serves."""

    places: Sequence[Sequence[Candidate]]
    obstacles: Mapping[Path, str] = field(default_factory=dict)
    """Why some of those still to be made will not be: a sentence."""

    def best(self, kind: str, group: Group) -> Path:
        """Return the calibration of a kind that serves all frames of a group.

        Of those that fit it is the one nearest to the first frame. Raises CalibrationMissing with
        the nearest miss.
        """
        refused: list[Verdict] = []
        for place in self.places:
            verdicts = sorted(self._verdicts(kind, group, place), key=lambda one: one.rank)
            if verdicts and verdicts[0].fits:
                return verdicts[0].candidate.path
            refused += verdicts
        if not refused:
            raise CalibrationMissing(f"no {kind} here, none stored")
        raise missing(None, kind, refused)

    def _verdicts(self, kind: str, group: Group, place: Sequence[Candidate]) -> Iterator[Verdict]:
        # But for time the frames of a group are alike: what fits the first and the last fits all.
        late = {
            verdict.candidate.path: verdict.failures
            for verdict in match(group.last.record, place, kind)
        }
        for verdict in match(group.first.record, place, kind):
            failures = verdict.failures or late[verdict.candidate.path]
            failures = failures or self._troubles(verdict.candidate)
            yield replace(verdict, failures=failures)

    def _troubles(self, candidate: Candidate) -> tuple[Failure, ...]:
        if candidate.path in self.obstacles:
            return (Failure("product", self.obstacles[candidate.path]),)
        mark = candidate.fingerprint
        trouble = mark.trouble(candidate.path) if mark else None
        return (Failure("file", f"file {trouble}"),) if trouble else ()
