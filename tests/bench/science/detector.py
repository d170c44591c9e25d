"""What the detector does, taken out: the zero level, the response, full pixels.

Overscan: biases without pattern and defects should be flat after correction. What the means of
their rows scatter beyond the read noise is striping. Flat: the master over the simulator's
response, both over their level on ccd 2; fine structure is compared in blocks of 16 x 16 pixels,
coarse structure and colour as the level of each ccd. Saturation: flags against pixels that were
full.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gmoscli.dq import Dq
from gmoscli.frame import Plane
from gmoscli.io import read_exposure
from gmoscli.simulate import expose
from gmoscli.simulate.areas import ccd_areas

from .figures import Figure, below, within
from .site import Site

BLOCK = 16
LIT = 0.9
"""Share of light, over the middle of the field, from which a pixel counts as lit."""


def overscan(site: Site) -> Iterator[Figure]:
    """Yield the figures of a night of biases that hold nothing but drifts and noise."""
    striping, told = [], []
    step = "subtract_overscan"
    made = site.desk.run("reduce", "-q", "--write-outputs", step, *site.desk.biases[0]).split()
    for name in made[:-1]:
        ccds = read_exposure(site.desk.folder / name).ccds
        for ccd, area in zip(ccds, ccd_areas(site.night), strict=True):
            for amp in area.amps:
                part = ccd.sci[:, area.columns(amp)]
                noise = _variance(site, amp.amp.name) / part.shape[1]
                striping.append(float(part.mean(axis=1).var()) - noise)
                told.append(float(ccd.var[:, area.columns(amp)].mean()))
    left = float(np.sqrt(max(np.mean(striping), 0)))
    yield below("row striping left by the overscan", site.name, [left], 0.25, "ADU")
    ratio = left / float(np.sqrt(np.mean(told)))
    yield within("row striping / its variance plane", site.name, [ratio], (0.5, 1.5))


def _variance(site: Site, amp: str) -> float:
    """Return the variance of a pixel without light, with that of whole counts, ADU squared."""
    row = site.amps[site.amps["amp"] == amp][0]
    return float(row["read_noise"] / row["gain"]) ** 2 + 1 / 12


def flats(site: Site) -> Iterator[Figure]:
    """Yield the figures of a night's master flat."""
    name = site.files("flat")[0].removeprefix("raw/").replace(".fits", "_flat.fits")
    product = read_exposure(site.desk.folder / name)
    truth = expose(site.night, site.effects, "flat", 0).ccds
    ratios, levels = [], []
    for ccd, true in zip(product.ccds, truth, strict=True):
        good = (ccd.dq == 0) & (true.response > LIT * np.median(true.response)) & ~true.bad
        ratio = np.where(good, ccd.sci / np.where(good, true.response, 1), np.nan)
        levels.append(float(np.nanmedian(ratio)))
        ratios.append(blocks(ratio) / levels[-1] - 1)
    spread = [100 * float(np.sqrt(np.nanmean(part**2))) for part in ratios]
    worst = [100 * float(np.nanmax(np.abs(part))) for part in ratios]
    yield below("flat over the true response, rms of blocks", site.name, spread, 0.3, "%")
    yield Figure("flat over the true response, worst block", site.name, tuple(worst), "%")
    apart = [100 * abs(level / levels[1] - 1) for level in levels]
    yield below("flat: level of each ccd over ccd 2", site.name, apart, 0.3, "%")


def blocks(plane: Plane) -> NDArray[np.float64]:
    """Return the medians of square blocks; NaN where fewer than half of the pixels are good."""
    ny, nx = (n // BLOCK for n in plane.shape)
    cut = plane[: ny * BLOCK, : nx * BLOCK].reshape(ny, BLOCK, nx, BLOCK).swapaxes(1, 2)
    flat = cut.reshape(ny, nx, BLOCK * BLOCK).astype(float)
    enough = np.isfinite(flat).sum(axis=-1) > BLOCK * BLOCK / 2
    result = np.full((ny, nx), np.nan)
    result[enough] = np.nanmean(flat[enough], axis=-1)
    return result


def saturation(site: Site) -> Iterator[Figure]:
    """Yield the figures of a night's first science frame."""
    (exposure,) = site.staged("subtract_overscan", site.files("science")[:1])
    truth = expose(site.night, site.effects, "science", 0).ccds
    missed, wrong, full = [], [], []
    for ccd, true in zip(exposure.ccds, truth, strict=True):
        flagged = (ccd.dq & Dq.SATURATED) > 0
        full.append(int(true.saturated.sum()))
        missed.append(100 * float((true.saturated & ~flagged).sum()) / max(full[-1], 1))
        near = _grown(true.saturated, 2)
        wrong.append(int((flagged & ~near).sum()))
    remark = f"of {' '.join(map(str, full))}"
    yield below("full pixels without flag", site.name, missed, 1.0, "%", remark)
    yield below("flagged full, 3 pixels or more from any full one", site.name, wrong, 0, "pixels")


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Return the mask with neighbours up to some pixels away."""
    padded = np.pad(mask, by)
    ny, nx = mask.shape
    shifts = range(2 * by + 1)
    near = [padded[y : y + ny, x : x + nx] for y in shifts for x in shifts]
    return np.asarray(np.logical_or.reduce(near), bool)
