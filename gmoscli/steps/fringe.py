"""Subtract fringes: interference of sky lines in the thin silicon.

The pattern is fixed on the chip while its amplitude follows the sky; the fringe frame has it
(:mod:`gmoscli.steps.fringe_frame`).
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..dq import Dq
from ..frame import Ccd, Plane
from ..stats import SIGMA_PER_MAD, thinned
from ..step import Range, step
from .masks import Mask
from .objects import objects
from .polynomial import regressed, solved
from .surface import in_blocks

ORDER = 3
"""Degree of the polynomial in x and y that takes up the sky's own gradients."""
SAMPLE = 80_000
"""Pixels of a ccd that the noise of its fringe frame is measured on."""
ENOUGH = 1000
"""Pairs of pixels that a noise can be told from."""
FEWEST = 200
"""Blocks that an amplitude, or a sky, can be told from."""
LEAST = 0.1
"""Share of a variance that is never taken away."""
UNSHARED = 1.5
"""Of a pixel's variance, that of the fringes beyond which they were told without the pixel: a mean
of frames that has it among them, by inverse variance, is known better than it is by itself."""
THRESHOLD, RIM = 2.0, 4
"""Sigmas above the sky of sources, and pixels around them in which none is made out."""


@step("fringeCorrect")
def subtract_fringe(
    ccd: Ccd,
    fringe: Ccd | None,
    *,
    scale: Annotated[float | None, "amplitude of the pattern; None to fit it", Range(0.0)] = None,
) -> Ccd:
    """Subtract the fringe frame, scaled to the amplitude of the pattern in this ccd.

    The uncertainty of the amplitude goes into the variance with the pattern, and noise that the
    fringe frame shares with the ccd leaves it (:func:`true_variance`).
    """
    if fringe is None:
        return ccd
    subtracted = less_fringes(ccd, fringe, scale)
    unshared = subtracted.var - ccd.var > UNSHARED * ccd.var
    return subtracted.with_planes(var=true_variance(subtracted, unshared))


def less_fringes(ccd: Ccd, fringe: Ccd, scale: float | None = None) -> Ccd:
    """Return the ccd less the scaled fringe frame, as if their errors were independent."""
    error = 0.0
    if scale is None:
        scale, error = amplitude(ccd, fringe)
    a = np.float32(scale)
    return ccd.with_planes(
        sci=ccd.sci - a * fringe.sci,
        var=ccd.var + a**2 * fringe.var + np.float32(error**2) * np.square(fringe.sci),
        dq=ccd.dq | (fringe.dq & ~np.uint16(Dq.COSMIC_RAY)),
    )


def true_variance(ccd: Ccd, unshared: Mask) -> Plane:
    """Return the variance plane of a ccd less its fringes, after the noise that is left.

    A fringe frame made of these very frames holds a share of their noise, and all of the flat's:
    both leave with it. Where sources shine it holds no noise of this frame, since they were masked,
    but still the flat's. How much is gone is measured on differences of neighbouring pixels: on
    blank sky, whose variance is scaled, and on the rims of sources, whose sky has its own share;
    what that falls short is taken off the variance of all that shines. In ``unshared`` pixels,
    which were rejected in the fringe frame, nothing is gone.
    """
    found = objects(ccd, THRESHOLD, RIM)
    if found is None:
        return ccd.var
    blank, rim = ~found.grown & ~unshared, found.grown & ~found.shining
    usual = ccd.var[blank & (ccd.dq == 0)]
    if not usual.size:
        return ccd.var
    more = np.float32((noise_share(ccd, rim) - 1) * np.median(usual))
    lit = np.maximum(ccd.var + more, np.float32(LEAST) * ccd.var)
    sky = np.where(unshared, ccd.var, np.float32(noise_share(ccd, blank)) * ccd.var)
    return np.where(found.grown, lit, sky)


def noise_share(ccd: Ccd, where: Mask) -> float:
    """Return the variance of the pixels in a mask over what their plane tells; 1 if unknown."""
    rows = np.s_[::4]
    use = where[rows] & (ccd.dq[rows] == 0)
    pairs = use[:, 1:] & use[:, :-1]
    if np.count_nonzero(pairs) < ENOUGH:
        return 1.0
    sci, var = ccd.sci[rows], ccd.var[rows]
    apart = (sci[:, 1:] - sci[:, :-1])[pairs]
    expected = np.sqrt((var[:, 1:] + var[:, :-1])[pairs])
    ratio = SIGMA_PER_MAD * float(np.median(np.abs(apart / expected)))
    return max(ratio**2, LEAST)


def amplitude(ccd: Ccd, fringe: Ccd) -> tuple[float, float]:
    """Return the factor of the fringe frame that fits a ccd best, and its error; never negative.

    Robust regression of means of small blocks on the pattern together with a smooth sky: sources
    fall out as outliers. Noise of the fringe frame would pull the slope towards zero, and what it
    shares with a frame that it was made of would pull it up: both moments are measured apart from
    the pattern, on single pixels, and taken out (errors in variables, Fuller 1987, Measurement
    Error Models, section 1.2).
    """
    good = (ccd.dq == 0) & (fringe.dq == 0)
    blocks = in_blocks(ccd.info, good, ccd.sci, fringe.sci)
    if blocks.count.size < FEWEST:
        return 0.0, 0.0
    s, f = blocks.means
    smooth = blocks.terms(ORDER)
    f = f - smooth @ solved(smooth, f)
    if not f.any():
        return 0.0, 0.0
    solution, sigma, kept = regressed(np.column_stack([f, smooth]), s)
    slope, error = float(solution[0]), sigma / float(np.sqrt((f[kept] ** 2).sum()))
    some = thinned(good[:, 1:-1].shape, SAMPLE)
    use = good[:, 1:-1][some]
    moments = noise_moments(*(bends(c.sci, some)[use] for c in (ccd, fringe)))
    shared, own = np.multiply(moments, np.mean(1 / blocks.count[kept]))
    power = float(np.mean(f[kept] ** 2))
    pattern = power - float(own)
    if pattern < 0.05 * power:  # nothing but noise in the fringe frame
        return 0.0, 0.0
    return max((slope * power - float(shared)) / pattern, 0.0), error * power / pattern


def bends(plane: Plane, some: tuple[slice, slice]) -> NDArray[np.float64]:
    """Return second differences along rows at some pixels: white noise keeps its variance.

    Fringes are many pixels wide: of their power less than a hundredth is left.
    """
    left, here, right = (plane[:, cut][some].astype(float) for cut in _THREE)
    bent: NDArray[np.float64] = (2 * here - left - right) / np.sqrt(6)
    return bent


_THREE = (slice(None, -2), slice(1, -1), slice(2, None))


def noise_moments(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """Return the covariance of two samples of noise, and the second's variance.

    What lies beyond 4 sigma is left out: of normal values a thousandth of the moments.
    """
    calm = np.ones(one.shape, bool)
    for sample in (one, other):
        calm &= np.abs(sample) <= 4 * SIGMA_PER_MAD * np.median(np.abs(sample))
    return float(np.mean((one * other)[calm])), float(np.mean(other[calm] ** 2))
