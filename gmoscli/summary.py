"""Say in lines for observers how the frames of a product went together."""

from collections.abc import Iterator

from .frame import Exposure


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
