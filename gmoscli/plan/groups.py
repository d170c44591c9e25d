"""Which exposures are reduced together."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from ..caldb.rules import kinds_for
from ..gmos.descriptors import detector_name
from ..gmos.purposes import purpose
from .frames import Frame

SHORTEST = 0.5
"""Of the longest exposure: what is shorter was taken for the stars that long ones saturate."""

PURPOSES = ("bias", "flat", "fringe", "science")
"""What groups become, each after what it may depend on."""

Key = Callable[[Frame], Hashable]


@dataclass(frozen=True)
class Group:
    """Exposures that become one product, in the order in which they were taken."""

    purpose: str
    frames: tuple[Frame, ...]

    @property
    def first(self) -> Frame:
        """The one that the product is named after, and whose time it has."""
        return self.frames[0]

    @property
    def last(self) -> Frame:
        """The one that was taken last."""
        return self.frames[-1]


def groups(frames: Iterable[Frame], what: str) -> list[Group]:
    """Return the groups of one of PURPOSES, in the order of their first frames.

    Biases of one night and detector setup; flats also of one light source and filter; science
    frames of one target, filter and setup, whatever the night, where none is exposed for less than
    half as long as another. For fringes, the science frames of one night and filter that show
    them, whatever the target.
    """
    wanted = "science" if what == "fringe" else what
    parts = _alike((f for f in frames if purpose(f.record.tags) == wanted), _KEYS[what])
    if what == "science":
        parts = chain.from_iterable(map(_by_exposure, parts))
    elif what == "fringe":
        parts = (part for part in parts if "fringe" in kinds_for(part[0].headers))
    found = [Group(what, part) for part in parts]
    return sorted(found, key=lambda group: (group.first.moment, group.first.stem))


def _alike(frames: Iterable[Frame], key: Key) -> Iterable[tuple[Frame, ...]]:
    parts: dict[Hashable, list[Frame]] = {}
    for frame in frames:
        parts.setdefault(key(frame), []).append(frame)
    return map(tuple, parts.values())


def _by_exposure(frames: tuple[Frame, ...]) -> Iterator[tuple[Frame, ...]]:
    """Yield parts in which no exposure is much shorter than another."""
    least = SHORTEST * max(frame.seconds for frame in frames)
    yield tuple(frame for frame in frames if frame.seconds >= least)
    shorter = tuple(frame for frame in frames if frame.seconds < least)
    if shorter:
        yield from _by_exposure(shorter)


def _setup(frame: Frame) -> Hashable:
    record = frame.record
    how = (record.binning, record.read_speed, record.gain_setting, record.detector_roi_setting)
    return (record.instrument, detector_name(frame.headers), record.amplifiers, *how)


def _light(frame: Frame) -> Hashable:
    return (frame.record.filter_name, frame.record.focal_plane_mask)


def _source(frame: Frame) -> Hashable:
    return frame.record.tags & {"TWILIGHT", "DOMEFLAT", "GCALFLAT"}


_KEYS: dict[str, Key] = {
    "bias": lambda frame: (frame.night, _setup(frame)),
    "flat": lambda frame: (frame.night, _setup(frame), _light(frame), _source(frame)),
    "fringe": lambda frame: (frame.night, _setup(frame), _light(frame)),
    "science": lambda frame: (frame.record.object, _setup(frame), _light(frame)),
}
