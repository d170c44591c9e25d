"""What a product's primary header says of all frames together; a frame may be a product itself."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from ..fits import Header
from ..frame import Observation
from ..gmos import descriptors
from ..gmos.keywords import number, text


def combined(obs: Observation, kind: str) -> Iterator[tuple[str, Any, str]]:
    """Yield keyword, value and comment of each fact."""
    frames = obs.inputs or (obs,)
    behind = [_behind(frame) for frame in frames]
    seconds = [_total_time(frame) for frame in frames]
    yield "NCOMBINE", sum(behind), "number of raw frames combined"
    for i, frame in enumerate(frames[:999], start=1):  # keywords have eight letters
        yield f"IMCMB{i:03d}", f"{frame.name}.fits", "combined frame"
    if kind == "flat":  # its counts stand for no exposure
        yield "EXPTIME", sum(seconds) / sum(behind), "[s] mean of all frames"
    else:
        yield "EXPTIME", obs.exposure_time, "[s] exposure that the counts stand for"
    yield "TEXPTIME", sum(seconds), "[s] exposure of all frames together"
    yield from _airmass(frames)
    middle = _middle(frames)
    if middle is not None:
        yield "DATE-AVG", middle.isoformat(timespec="milliseconds"), "UT, weighted by exposure"
    reference = next((frame for frame in frames if frame.reference), None)
    if reference is not None and len(frames) > 1:
        yield "REFFRAME", f"{reference.name}.fits", "sky and counts are this frame's"
        worst = max(max(frame.placement.rms, _of(frame, "ALIGNRMS") or 0.0) for frame in frames)
        yield "ALIGNRMS", round(worst, 5), "[arcsec] worst of the alignments, one axis"


def _airmass(frames: Sequence[Observation]) -> Iterator[tuple[str, Any, str]]:
    """Yield mean and range of the airmass, where headers tell."""
    known = [(m, f) for f in frames if (m := descriptors.airmass(f.headers)) is not None]
    if not known:
        return
    ends = [end for _, f in known for word in ("AMSTART", "AMEND") if (end := _of(f, word))]
    masses = [mass for mass, _ in known]
    total = sum(_behind(frame) for _, frame in known)
    yield "AIRMASS", sum(m * _behind(f) for m, f in known) / total, "mean of all frames"
    yield "AMSTART", min(masses + ends), "lowest of all frames"
    yield "AMEND", max(masses + ends), "highest of all frames"


def _of(obs: Observation, keyword: str) -> float | None:
    return number(obs.headers.phu, keyword)


def _behind(obs: Observation) -> int:
    """Return the number of raw frames in a frame."""
    return int(_of(obs, "NCOMBINE") or 1)


def _total_time(obs: Observation) -> float:
    """Return the seconds of exposure behind a frame."""
    total = _of(obs, "TEXPTIME")
    return obs.exposure_time if total is None else total


def _middle(frames: Sequence[Observation]) -> datetime | None:
    """Return the mean of the frames' mid-times, weighted by exposure."""
    known = [(m, _total_time(f)) for f in frames if (m := _mid_time(f)) is not None]
    if not known:
        return None
    base = known[0][0]
    weights = [seconds or 1.0 for _, seconds in known]
    since = [(middle - base).total_seconds() for middle, _ in known]
    return base + timedelta(seconds=fmean(since, weights))


def _mid_time(obs: Observation) -> datetime | None:
    told = _middle_told(obs.headers.phu)
    start = descriptors.ut_datetime(obs.headers)
    if told is not None or start is None:
        return told
    return start + timedelta(seconds=obs.exposure_time / 2)


def _middle_told(phu: Header) -> datetime | None:
    """Return the mid-time that a product tells."""
    try:
        return datetime.fromisoformat(text(phu, "DATE-AVG") or "")
    except ValueError:
        return None
