"""Bring the sky of all frames to one level, and weigh the frames by its noise."""

from collections.abc import Sequence
from dataclasses import replace

from ..frame import Observation
from ..step import step


@step("correctBackgroundToReference")
def match_sky(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Find the offset of each ccd's sky from the reference frame's, and each frame's weight.

    The offset is to be added after scaling. A frame weighs as the inverse of its scaled sky
    variance: the best average of faint sources, and the same for every pixel of a ccd, so that
    the weights cannot follow the light of a star.
    """
    reference = next((obs for obs in frames if obs.reference), frames[0])
    factors = reference.placement.scale_of
    level = {i.index: factors(i.index) * i.sky.level for i in reference.ccds if i.sky is not None}
    return [_matched(obs, level) for obs in frames]


def _matched(obs: Observation, level: dict[int, float]) -> Observation:
    offsets, weights = {}, {}
    for info in obs.ccds:
        scale = obs.placement.scale_of(info.index)
        base = level.get(info.index)
        if info.sky is not None and base is not None:
            offsets[info.index] = base - scale * info.sky.level
            weights[info.index] = (scale * info.sky.noise) ** -2
    return replace(obs, placement=replace(obs.placement, offsets=offsets, weights=weights))
