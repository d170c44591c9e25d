"""What association needs to know of a file, whether it asks for a calibration or is one."""

from dataclasses import dataclass
from datetime import datetime

from ..fits import Header, Headers
from ..gmos import descriptors
from ..gmos.tags import tags_of
from ..section import Section

Amplifiers = tuple[tuple[str, Section], ...]
"""Name and section of the detector, in unbinned pixels, of each amplifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The columns of the database. What a header does not tell is None and never fits."""

    kind: str | None
    """``bias flat fringe bpm`` for a calibration ready to use."""
    instrument: str | None
    ut_datetime: datetime | None
    """Of a stack, the time of its first frame."""
    mode: str | None
    """``sq ql qa``: how a calibration was made, or what a reduction asks for."""
    qa_state: str | None
    binning: str | None
    """As ``2x2``: columns by rows."""
    amplifiers: Amplifiers
    detector_roi_setting: str | None
    filter_name: str | None
    """Both wheels in order, with the components' identifiers."""
    focal_plane_mask: str | None
    disperser: str | None
    spectroscopy: bool
    read_speed: str | None
    gain_setting: str | None
    prepared: bool
    overscan_trimmed: bool
    overscan_subtracted: bool
    observation_type: str | None
    observation_class: str | None
    object: str | None
    program_id: str | None
    data_label: str | None
    exposure_time: float | None
    tags: frozenset[str]


def record_of(h: Headers, *, mode: str | None = None) -> Record:
    """Return what association needs to know of a file; ``mode`` is what a reduction asks for.

    Raises BadFile if the extensions cannot be read.
    """
    tags = tags_of(h)
    return Record(
        kind=kind_of(tags),
        instrument=descriptors.instrument(h),
        ut_datetime=descriptors.ut_datetime(h),
        mode=mode or _mode(h.phu),
        qa_state=descriptors.qa_state(h),
        binning=descriptors.binning(h),
        amplifiers=descriptors.amplifiers(h),
        detector_roi_setting=descriptors.detector_roi_setting(h),
        filter_name=descriptors.filter_name(h),
        focal_plane_mask=descriptors.focal_plane_mask(h),
        disperser=descriptors.disperser(h),
        spectroscopy="SPECT" in tags,
        read_speed=descriptors.read_speed_setting(h),
        gain_setting=descriptors.gain_setting(h),
        prepared="PREPARED" in tags,
        overscan_trimmed="OVERSCAN_TRIMMED" in tags,
        overscan_subtracted="OVERSCAN_SUBTRACTED" in tags,
        observation_type=descriptors.observation_type(h),
        observation_class=descriptors.observation_class(h),
        object=descriptors.target(h),
        program_id=descriptors.program_id(h),
        data_label=descriptors.data_label(h),
        exposure_time=descriptors.exposure_time(h),
        tags=tags,
    )


def kind_of(tags: frozenset[str]) -> str | None:
    """Return the kind of calibration that these tags stand for, if it is ready to use."""
    if "PROCESSED" not in tags or "PROCESSED_SCIENCE" in tags:
        return None
    # A mask keeps the tags of what it was made from, a fringe frame those of science frames.
    return next((tag.lower() for tag in ("BPM", "FRINGE", "BIAS", "FLAT") if tag in tags), None)


def refusal(tags: frozenset[str]) -> str | None:
    """Say why a file of these tags is no calibration ready to use; None if it is one."""
    if "GMOS" not in tags:
        return "is not of GMOS"
    if kind_of(tags) is not None:
        return None
    if "PROCESSED_SCIENCE" in tags:
        return "is a reduced science image, not a calibration"
    kinds = ("BIAS", "FLAT", "FRINGE", "DARK", "ARC", "STANDARD", "TELLURIC")
    kind = next((tag.lower() for tag in kinds if tag in tags), None)
    if "PROCESSED" in tags:
        return f"is a processed {kind or 'file'}: bias, flat, fringe and bpm are of use here"
    return "is not a calibration" if kind is None else f"is a {kind} that is not reduced yet"


def gaps(record: Record) -> str | None:
    """Say what a calibration's headers lack without which it fits no frame; None if nothing."""
    needed = {
        "date": record.ut_datetime,
        "binning": record.binning,
        "amplifiers": record.amplifiers,
    }
    missing = [name for name, value in needed.items() if not value]
    return f"its headers do not tell the {' and '.join(missing)}" if missing else None


_MODES = {
    **{"sq": "sq", "ql": "ql", "qa": "qa"},
    **{"science-quality": "sq", "quick-look": "ql", "quality-assessment": "qa"},
    "failed": "failed",
}
"""The reviewer's verdict, the intent, and what the program writes: each has its own words."""


def _mode(phu: Header) -> str | None:
    words = (phu.get(name) for name in ("PROCREVW", "PROCITNT", "PROCMODE", "PROCSCI"))
    modes = (_MODES.get(str(word).strip().lower()) for word in words)
    return next((mode for mode in modes if mode), None)
