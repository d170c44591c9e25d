"""A recipe for frames with cosmic rays, and after them their twins without: the light that stays.

A twin is the same frame to the last electron but for the rays. Both are placed alike and share the
flags that the first one has, so that the mean of their differences is the light of the rays alone:
above zero where it is added to the stack, and zero where rejection did its work.
The mean of the first frames less that of the twins as these are reduced would not tell that: a
frame that is rightly rejected at a pixel leaves the mean of the others, and their seeing.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gmoscli.band import Deep, Strips
from gmoscli.dq import Dq
from gmoscli.frame import Observation
from gmoscli.recipes import recipe_named
from gmoscli.step import step
from gmoscli.steps.combine import clip_noise
from gmoscli.steps.cosmics import HALO, flag_cosmic_rays


@step("placeTwins")
def place_twins(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Place each twin as its frame is."""
    ours = frames[: len(frames) // 2]
    twins = frames[len(ours) :]
    return (
        *ours,
        *(replace(b, placement=a.placement) for a, b in zip(ours, twins, strict=True)),
    )


@step("flagCosmicRaysOfTwins", halo=HALO)
def flag_twins(strips: Strips) -> Strips:
    """Flag cosmic rays by the frames, and the same pixels of the twins."""
    count = len(strips.frames) // 2
    own = replace(
        strips,
        frames=strips.frames[:count],
        weights=strips.weights[:count],
        fwhm=strips.fwhm[:count],
    )
    flagged = flag_cosmic_rays(own).frames
    twins = tuple(
        tuple(replace(b, dq=a.dq) for a, b in zip(ours, theirs, strict=True))
        for ours, theirs in zip(flagged, strips.frames[count:], strict=True)
    )
    return replace(strips, frames=flagged + twins)


@step("subtractTwins")
def subtract_twins(deep: Deep) -> Deep:
    """Return the frames less their twins, with the noise of these; the twins tell no more."""
    count = len(deep.weights) // 2
    own = Deep(deep.sci[:count], deep.var[:count], deep.dq[:count], deep.weights[:count], deep.sky)
    dq = clip_noise(own).dq
    return replace(
        deep,
        sci=np.concatenate([own.sci - deep.sci[count:], deep.sci[count:]]),
        var=np.concatenate([deep.var[count:]] * 2),
        dq=np.concatenate([dq, np.full_like(dq, Dq.NO_DATA)]),
        sky=0.0,
    )


recipe = (
    recipe_named("reduceSeparateCCDs")
    .named("raysLeft")
    .before("flag_cosmic_rays", place_twins)
    .instead("flag_cosmic_rays", flag_twins)
    .instead("clip_noise", subtract_twins)
    .set("average", gaps="leave")
    .without("map_sources")
)
