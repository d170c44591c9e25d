"""The master flat: twilights scaled to one level, stars rejected, normalised by the central ccd."""

from ..recipe import Recipe
from ..steps.bias import subtract_bias, to_electrons
from ..steps.combine import average, clip_noise
from ..steps.flags import (
    flag_bad_pixels,
    flag_failed_amps,
    flag_saturated,
    flag_unilluminated,
)
from ..steps.flat import match_levels, measure_level, normalise_flat
from ..steps.noise import poisson_noise, read_noise
from ..steps.overscan import subtract_overscan
from ..steps.twilight import find_stars, measure_light

flat = Recipe(
    "makeProcessedFlat",
    (
        flag_saturated,
        subtract_overscan,
        flag_bad_pixels,
        flag_failed_amps,
        flag_unilluminated,
        read_noise,
        subtract_bias,
        to_electrons,
        poisson_noise,
        measure_level,
        measure_light,
        match_levels,
        find_stars,
        clip_noise.set(hsigma=3.0, lsigma=4.0, sources="clip"),
        average.set(saturated="drop"),
        normalise_flat,
    ),
    suffix="_flat",
    kind="flat",
)
