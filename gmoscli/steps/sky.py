"""Bring the sky of all frames to one level, and weigh the frames by its noise."""

from collections.abc import Sequence
from dataclasses import replace

from ..frame import Observation, Sky
from ..step import step


@step("correctBackgroundToReference")
def match_sky(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Find the offset of each ccd's sky from the reference frame's, and each frame's weight.

    The offset is to be added after scaling. A frame weighs as the inverse of its scaled sky
    variance: the best average of faint sources, and the same for every pixel of a ccd, so that
    the weights cannot follow the light of a star.
    """
    reference = next((obs for obs in frames if obs.reference), frames[0])
    level = {info.index: info.sky for info in reference.ccds}
    return [_matched(obs, level) for obs in frames]


def _matched(obs: Observation, level: dict[int, Sky | None]) -> Observation:
    scale = obs.placement.scale
    offsets, weights = {}, {}
    for info in obs.ccds:
        base = level.get(info.index)
        if info.sky is not None and base is not None:
            offsets[info.index] = base.level - scale * info.sky.level
            weights[info.index] = (scale * info.sky.noise) ** -2
    return replace(obs, placement=replace(obs.placement, offsets=offsets, weights=weights))
