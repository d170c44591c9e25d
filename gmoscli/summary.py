"""Say in lines for observers how the frames of a product went together."""

from collections.abc import Iterator

from .frame import Exposure
from .grids import reference_of

WELL, WELL_PIXELS = 10.0, 0.1
"""Error of a ccd's place, mas or pixels, up to which it is tied well: that of a faint star."""


def placed(exposure: Exposure) -> Iterator[str]:
    """Yield a line on each frame: how many stars placed it, how well, and what scales it."""
    for obs in exposure.obs.inputs:
        if obs.reference and len(exposure.obs.inputs) > 1:
            yield f"{obs.name}: reference"
        elif obs.placement.matches:
            there = obs.placement
            stars = "1 star matches" if there.matches == 1 else f"{there.matches} stars match"
            yield (
                f"{obs.name}: {stars} to {1e3 * there.rms:.1f} mas,"
                f" placed to {1e3 * there.error:.1f} mas, counts times {there.scale:.4f}"
            )
        elif len(exposure.obs.inputs) > 1 and any(one.reference for one in exposure.obs.inputs):
            yield f"{obs.name}: placed by its headers, counts times {obs.placement.scale:.4f}"


def ties(exposure: Exposure) -> Iterator[tuple[bool, str]]:
    """Yield a line on each outer ccd: how well stars tie it; and whether that is badly."""
    reference = reference_of(exposure.obs.inputs or (exposure.obs,))
    for info in reference.ccds:
        if info.tie is None or info.wcs is None:
            continue
        tie, error = info.tie, 1e3 * info.tie.error
        what = f"{reference.name}: ccd {info.index}: "
        if not tie.stars:
            yield (
                False,
                f"{what}no star crosses its gap: its place is the table's, to {error:.0f} mas",
            )
            continue
        stars = "1 star crosses" if tie.stars == 1 else f"{tie.stars} stars cross"
        line = f"{what}{stars} its gap, which tell its place to {error:.1f} mas"
        bad = error > max(WELL, 1e3 * WELL_PIXELS * info.wcs.scale)
        yield bad, f"{line}: add frames with wider dithers, if there are any" if bad else line


def unmatched(exposure: Exposure) -> Iterator[str]:
    """Yield which frames are scaled by exposure times, since too few stars tell of clouds."""
    frames = exposure.obs.inputs
    if len(frames) < 2 or all(done.step != "match_counts" for done in exposure.obs.history):
        return
    for obs in frames:
        if not obs.reference and not obs.placement.scale_error:
            yield (
                f"{obs.name}: too few stars in common with the reference frame to tell clouds by:"
                f" counts times {obs.placement.scale:.4f}, the ratio of exposure times"
            )
