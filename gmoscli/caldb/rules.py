"""Which calibration fits which frame: rules as data, each able to say why it refuses.

The conditions and time windows are those of the Gemini archive and of DRAGONS, but for one: the
region read out may lie anywhere inside the calibration's, amplifier by amplifier, where theirs
must be whole amplifiers. So a full-frame bias serves a Central Stamp, and never the reverse.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ..errors import UsageError
from ..fits import Headers
from ..gmos.descriptors import detector_family, filter_name
from ..gmos.detectors import fringe_needed
from ..gmos.tags import tags_of
from .record import Record


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on a frame and a calibration for it, in this order."""

    name: str
    holds: Callable[[Record, Record], bool]
    sentence: Callable[[Record, Record], str]
    """Why it does not hold, with the values of both; the calibration is the subject."""


def same(field: str, name: str) -> Rule:
    """Both must have this value; what is unknown is like nothing else."""

    def holds(frame: Record, cal: Record) -> bool:
        value = getattr(cal, field)
        return value is not None and value == getattr(frame, field)

    def sentence(frame: Record, cal: Record) -> str:
        return f"{name} is {_shown(cal, field)}, the frame has {_shown(frame, field)}"

    return Rule(name, holds, sentence)


def within(days: int) -> Rule:
    """Both must be less than this apart in time, whichever is the earlier."""

    def holds(frame: Record, cal: Record) -> bool:
        apart = distance(frame, cal)
        return apart is not None and apart < timedelta(days=days)

    def sentence(frame: Record, cal: Record) -> str:
        apart = distance(frame, cal)
        if apart is None:
            return _dates(frame, cal)
        return f"date is {apart / timedelta(days=1):.1f} days away, not less than {days}"

    return Rule("date", holds, sentence)


def distance(frame: Record, cal: Record) -> timedelta | None:
    """Return the time between two exposures, without a sign."""
    if frame.ut_datetime is None or cal.ut_datetime is None:
        return None
    return abs(frame.ut_datetime - cal.ut_datetime)


def _dates(frame: Record, cal: Record) -> str:
    return f"date is {_shown(cal, 'ut_datetime')}, the frame's {_shown(frame, 'ut_datetime')}"


def _not_later(frame: Record, cal: Record) -> bool:
    return (
        frame.ut_datetime is not None
        and cal.ut_datetime is not None
        and cal.ut_datetime <= frame.ut_datetime
    )


def _uncovered(frame: Record, cal: Record) -> list[str]:
    """Return the names of the frame's amplifiers that the calibration does not wholly hold."""
    have = dict(cal.amplifiers)
    return [
        name
        for name, section in frame.amplifiers
        if name not in have or not have[name].holds(section)
    ]


def _why_uncovered(frame: Record, cal: Record) -> str:
    if not frame.amplifiers:
        return "amplifiers of the frame are unknown"
    lacking = _uncovered(frame, cal)
    has, needs = dict(cal.amplifiers).get(lacking[0]), dict(frame.amplifiers)[lacking[0]]
    more = f" ({len(lacking)} of {len(frame.amplifiers)} amplifiers)" if len(lacking) > 1 else ""
    if has is None:
        return f"region lacks amplifier {lacking[0]!r}{more}"
    return f"region of amplifier {lacking[0]!r} is {has}, the frame has {needs}{more}"


def _overscan(record: Record) -> str:
    yes_no = ("not ", "")
    return (
        f"{yes_no[record.overscan_trimmed]}trimmed, {yes_no[record.overscan_subtracted]}subtracted"
    )


_ACCEPTED = {"sq": ("sq",), "ql": ("sq", "ql")}
"""What a reduction of each mode takes; one of quality assessment takes anything."""

COVERS = Rule(
    "region",
    lambda frame, cal: bool(frame.amplifiers) and not _uncovered(frame, cal),
    _why_uncovered,
)
GOOD = Rule(
    "quality",
    lambda _, cal: cal.qa_state != "Fail",
    lambda _, cal: f"quality is {cal.qa_state}",
)
MODE = Rule(
    "mode",
    lambda frame, cal: frame.mode == "qa" or cal.mode in _ACCEPTED.get(frame.mode or "", ()),
    lambda frame, cal: f"mode is {_shown(cal, 'mode')}, the reduction asks for {frame.mode}",
)
OVERSCAN = Rule(
    "overscan",
    lambda frame, cal: not frame.prepared or _overscan(frame) == _overscan(cal),
    lambda frame, cal: f"overscan is {_overscan(cal)}, the frame's {_overscan(frame)}",
)
NOT_LATER = Rule(
    "date",
    _not_later,
    lambda frame, cal: f"{_dates(frame, cal)}, which is earlier",
)

_ALWAYS = (same("instrument", "instrument"), same("binning", "binning"), COVERS, GOOD)
_FILTER = same("filter_name", "filter")
_READOUT = (same("read_speed", "read speed"), same("gain_setting", "gain"))
_LIGHT_PATH = (
    same("spectroscopy", "spectroscopy"),
    same("focal_plane_mask", "mask"),
    same("disperser", "disperser"),
)

RULES: Mapping[str, tuple[Rule, ...]] = {
    "bias": (*_ALWAYS, *_READOUT, OVERSCAN, MODE, within(days=90)),
    "flat": (*_ALWAYS, _FILTER, *_READOUT, *_LIGHT_PATH, MODE, within(days=180)),
    "fringe": (*_ALWAYS, _FILTER, MODE, within(days=365)),
    "bpm": (*_ALWAYS, NOT_LATER),
}
"""Kind of calibration → what it must meet; the first that fails is told."""

KINDS = tuple(RULES)


def kind_named(word: str) -> str:
    """Return the kind that a word stands for: ``bias``, or ``processed_bias`` as others say.

    Raises UsageError for any other word.
    """
    kind = word.lower().removeprefix("processed_")
    if kind not in RULES:
        raise UsageError(f"{word!r} is not a kind of calibration", hint=f"kinds: {' '.join(KINDS)}")
    return kind


OPTIONAL = ("bpm",)
"""Kinds without which a frame is reduced all the same."""


def kinds_for(h: Headers) -> tuple[str, ...]:
    """Return the kinds of calibration that a frame is reduced with."""
    tags = tags_of(h)
    if tags & {"BPM", "MASK", "PROCESSED"}:
        return ()
    if "BIAS" in tags:
        return ("bpm",)
    if "IMAGE" not in tags or "FLAT" in tags:
        return ("bias", "bpm")
    fringes = fringe_needed(filter_name(h, pretty=True), detector_family(h))
    return KINDS if fringes else ("bias", "flat", "bpm")


def _shown(record: Record, field: str) -> str:
    value = getattr(record, field)
    words = {None: "unknown", True: "on", False: "off"}
    return words.get(value, str(value))
