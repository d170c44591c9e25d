"""What is in the folders: raw exposures, calibrations ready to use, and the rest."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from ..caldb.match import Candidate
from ..caldb.record import Record, gaps, kind_of, record_of
from ..errors import BadFile
from ..fits import Headers, stem
from ..gmos.purposes import purpose
from ..gmos.tags import tags_of
from .nights import night_of

FIRST_LIGHT = 2001
"""Year in which GMOS-N, the first of the two, saw light (Hook et al. 2004, PASP 116, 425)."""


@dataclass(frozen=True)
class Frame:
    """A raw exposure, by its headers."""

    path: Path
    headers: Headers
    record: Record

    @property
    def moment(self) -> datetime:
        """UT at its start."""
        return self.record.ut_datetime or datetime.min

    @property
    def night(self) -> date:
        """The night that it belongs to."""
        return night_of(str(self.record.instrument), self.moment)

    @property
    def seconds(self) -> float:
        """Exposure time; 0 if the header does not tell it."""
        return self.record.exposure_time or 0.0

    @property
    def stem(self) -> str:
        """Its name without ending: the names of its products begin so."""
        return stem(self.path)


@dataclass(frozen=True)
class LeftOut:
    """A good file that is none of the work."""

    path: Path
    reason: str


Found = Frame | Candidate | LeftOut | BadFile


@dataclass(frozen=True)
class Survey:
    """What many files are to a plan."""

    frames: tuple[Frame, ...]
    """In the order in which they were taken."""
    calibrations: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    bad: tuple[BadFile, ...]


def survey(paths: Iterable[Path], *, mode: str, excluded: Set[str] = frozenset()) -> Survey:
    """Return what files are to a plan, their headers read.

    ``mode`` is what the reductions ask for; files with an ``excluded`` tag are left out, and so is
    the second of two files of one exposure.
    """
    found = list(_without_copies(_read(path, mode, excluded) for path in paths))
    frames = [one for one in found if isinstance(one, Frame)]
    return Survey(
        tuple(sorted(frames, key=lambda frame: (frame.moment, frame.stem))),
        tuple(one for one in found if isinstance(one, Candidate)),
        tuple(one for one in found if isinstance(one, LeftOut)),
        tuple(one for one in found if isinstance(one, BadFile)),
    )


def _read(path: Path, mode: str, excluded: Set[str]) -> Found:
    try:
        headers = Headers.open(path)
        reason = _why_idle(tags_of(headers), excluded)
        if reason is not None:
            return LeftOut(path, reason)
        record = record_of(headers)
    except BadFile as error:
        return error
    if record.qa_state == "Fail":
        return LeftOut(path, "of quality Fail")
    fault = gaps(record) or _misdated(record)
    if fault is not None:
        return BadFile(fault, path=path)
    if record.kind is not None:
        return Candidate(path, record)
    return Frame(path, headers, replace(record, mode=mode))


def _misdated(record: Record) -> str | None:
    """Say what is wrong with a date before the instruments were there; None if it may be right."""
    moment = record.ut_datetime
    if moment is None or moment.year >= FIRST_LIGHT:
        return None
    return f"its headers tell the date {moment.date()}, before GMOS saw light"


def _why_idle(tags: Set[str], excluded: Set[str]) -> str | None:
    """Say why a file of these tags is none of the work; None if it may be."""
    is_ready = kind_of(frozenset(tags)) is not None
    is_raw = "RAW" in tags and "PREPARED" not in tags
    reasons = {
        "not of GMOS": "GMOS" not in tags,
        f"tagged {' '.join(sorted(tags & excluded))}": bool(tags & excluded),
        "reduced already": not is_ready and not is_raw,
        "neither biases nor images": not is_ready and purpose(tags) is None,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _without_copies(found: Iterable[Found]) -> Iterable[Found]:
    seen = set()
    for one in found:
        if isinstance(one, Frame):
            if one.stem in seen:
                yield LeftOut(one.path, "another file of the same exposure")
                continue
            seen.add(one.stem)
        yield one
