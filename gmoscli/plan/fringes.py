"""Whether a fringe frame can be made of some exposures."""

import math
from collections.abc import Sequence
from itertools import combinations

from ..gmos.descriptors import dec, ra
from .frames import Frame

FEWEST = 3
"""Frames, as makeProcessedFringe asks for."""
DITHER = 5.0
"""Arcsec that some of them must be apart, or sources stay where the fringes are."""


def why_no_fringes(frames: Sequence[Frame]) -> str | None:
    """Say why these exposures make no fringe frame; None if they do."""
    if len(frames) < FEWEST:
        return f"a fringe frame needs {FEWEST} frames, here are {len(frames)}"
    points = [(ra(frame.headers), dec(frame.headers)) for frame in frames]
    known = [(a, d) for a, d in points if a is not None and d is not None]
    widest = max((_apart(*pair) for pair in combinations(known, 2)), default=0.0)
    if widest < DITHER:
        return f"undithered: no two frames are {DITHER:g} arcsec apart, the widest {widest:.1f}"
    return None


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return arcsec between two points of the sky that are not far apart."""
    (a1, d1), (a2, d2) = one, other
    east = (a2 - a1 + 180) % 360 - 180
    return 3600 * math.hypot(east * math.cos(math.radians(d1)), d2 - d1)
