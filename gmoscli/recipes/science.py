"""Science: calibrate each frame, register all, stack each ccd on its own or the mosaic."""

from ..recipe import Recipe
from ..steps.bias import subtract_bias, to_electrons
from ..steps.combine import average, clip_noise
from ..steps.cosmics import flag_cosmic_rays
from ..steps.flags import flag_bad_pixels, flag_saturated, flag_unilluminated
from ..steps.flat import divide_flat
from ..steps.noise import poisson_noise, read_noise
from ..steps.overscan import subtract_overscan
from ..steps.register import register
from ..steps.resample import resample
from ..steps.scale import match_counts
from ..steps.sky import match_sky
from ..steps.sources import measure_sources

separate_ccds = Recipe(
    "reduceSeparateCCDs",
    (
        flag_saturated,
        subtract_overscan,
        flag_bad_pixels,
        flag_unilluminated,
        read_noise,
        subtract_bias,
        to_electrons,
        poisson_noise,
        divide_flat,
        measure_sources,
        register,
        match_counts,
        match_sky,
        flag_cosmic_rays,
        resample,
        clip_noise,
        average,
    ),
)

separate_ccds_central = separate_ccds.named("reduceSeparateCCDsCentral").set("register", ccd=2)
