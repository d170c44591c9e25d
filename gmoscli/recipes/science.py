"""Science: calibrate each frame, register all, stack each ccd on its own or the mosaic."""

from ..recipe import Recipe
from ..steps.bias import subtract_bias, to_electrons
from ..steps.chips import each_alone, register_ccds
from ..steps.combine import average, clip_noise
from ..steps.cosmics import flag_cosmic_rays
from ..steps.flags import (
    flag_bad_pixels,
    flag_failed_amps,
    flag_saturated,
    flag_unilluminated,
)
from ..steps.flat import divide_flat
from ..steps.fringe import subtract_fringe
from ..steps.mosaic import lay_mosaic, match_ccds
from ..steps.noise import poisson_noise, read_noise
from ..steps.overscan import subtract_overscan
from ..steps.register import register
from ..steps.resample import resample
from ..steps.scale import match_counts
from ..steps.seeing import measure_seeing
from ..steps.shadow import flag_probe_shadow
from ..steps.sky import match_sky
from ..steps.sources import map_sources, measure_sources

calibrate = (
    flag_saturated,
    subtract_overscan,
    flag_bad_pixels,
    flag_failed_amps,
    flag_unilluminated,
    read_noise,
    subtract_bias,
    to_electrons,
    poisson_noise,
    divide_flat,
    flag_probe_shadow,
)
"""From raw counts to flat electrons, frame by frame."""

combine = (
    measure_sources,
    register,
    measure_seeing,
    register_ccds,
    match_counts,
    match_sky,
    flag_cosmic_rays,
    resample,
    clip_noise,
    average.set(gaps="fill"),
    map_sources,
)
"""From calibrated frames to a catalogued stack."""

separate_ccds = Recipe("reduceSeparateCCDs", (*calibrate, subtract_fringe, *combine))

separate_ccds_central = (
    separate_ccds.named("reduceSeparateCCDsCentral")
    .set("register", ccd=2)
    .set("register_ccds", ccd=2)
)

mosaic = separate_ccds.named("reduce").before("match_sky", match_ccds, lay_mosaic)

no_stack = (
    mosaic.named("reduce_nostack", suffix="_mosaic", each="each_alone")
    .set("register", trust_headers=True)
    .after("register_ccds", each_alone)
)
"""All frames together tell where the ccds lie; then each is a mosaic of its own."""

align_and_stack = Recipe("alignAndStack", combine, suffix="_stack")
