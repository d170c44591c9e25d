"""The flags of the DQ plane."""

from enum import IntFlag


class Dq(IntFlag):
    """Bits of a DQ plane; 0 is a good pixel. The values are those of Gemini products."""

    BAD = 1
    """Static bad pixel."""
    NONLINEAR = 2
    """Above the linear range of the detector."""
    SATURATED = 4
    """Full well, or the limit of the converter, and what spilt from there."""
    COSMIC_RAY = 8
    """Hit by a cosmic ray; while frames are stacked, rejected for whatever reason."""
    NO_DATA = 16
    """No input reached this pixel: a gap, or outside the footprint."""
    OVERLAP = 32
    """Seen by two frames or chips: in files of other software, never set here."""
    UNILLUMINATED = 64
    """Outside the field of view, behind the guide probe, or with too little flat-field light."""


UNUSABLE = Dq.BAD | Dq.COSMIC_RAY | Dq.NO_DATA | Dq.UNILLUMINATED
"""Flags of pixels that are left out of a stack wherever a better one exists."""

NOT_LINEAR = Dq.NONLINEAR | Dq.SATURATED
"""Flags of pixels whose value is a lower limit: kept in a stack, left out of measurements."""
