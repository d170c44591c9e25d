"""Nod and shuffle: the telescope nods while charge is shuffled up and down the chips."""

from ...fits import Headers
from .. import keywords
from ..tags import tags_of
from .registry import descriptor

_UP_LOOKING = 1  # the port where y offsets of GMOS-S change sign
_OLD_CHIPS = ("EEV", "e2v")  # shuffled the other way than Hamamatsu chips


@descriptor("rows")
def shuffle_pixels(h: Headers) -> int | None:
    """Return by how many rows charge was shuffled."""
    return keywords.integer(h.phu, "NODPIX") if _is_shuffled(h) else None


@descriptor()
def nod_count(h: Headers) -> tuple[int, int] | None:
    """Return how often each of the two positions, A and B, was exposed."""
    a, b = keywords.integer(h.phu, "ANODCNT"), keywords.integer(h.phu, "BNODCNT")
    return (a, b) if _is_shuffled(h) and a is not None and b is not None else None


@descriptor("arcsec")
def nod_offsets(h: Headers) -> tuple[float, float] | None:
    """Return the offsets along y of the two positions, A and B."""
    a, b = keywords.number(h.phu, "NODAYOFF"), keywords.number(h.phu, "NODBYOFF")
    single = keywords.number(h.phu, "NODYOFF")
    if not _is_shuffled(h):
        return None
    sign = -1.0 if (keywords.text(h.phu, "DETID") or "").startswith(_OLD_CHIPS) else 1.0
    if a is not None and b is not None:
        mirrored = h.phu.get("INSTRUME") == "GMOS-S" and h.phu.get("INPORT") == _UP_LOOKING
        sign = -sign if mirrored else sign
        return sign * a, sign * b
    return None if single is None else (0.0, sign * single)


def _is_shuffled(h: Headers) -> bool:
    return "NODANDSHUFFLE" in tags_of(h)
