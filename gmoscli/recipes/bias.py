"""The master bias: what remains when the overscan level is gone, averaged over frames."""

from ..recipe import Recipe
from ..steps.combine import average, clip_noise
from ..steps.flags import flag_bad_pixels, flag_failed_amps, flag_saturated
from ..steps.noise import read_noise
from ..steps.overscan import subtract_overscan

bias = Recipe(
    "makeProcessedBias",
    (
        flag_saturated,
        subtract_overscan,
        flag_bad_pixels,
        flag_failed_amps,
        read_noise,
        clip_noise.set(hsigma=4.0, lsigma=4.0, sources="clip"),
        average.set(saturated="drop"),
    ),
    suffix="_bias",
    kind="bias",
)
