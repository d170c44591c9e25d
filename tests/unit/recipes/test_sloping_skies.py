"""Skies that slope differently in every frame leave no steps in their stack."""

import numpy as np
import pytest

from gmoscli.engine import Run, run
from gmoscli.engine.scratch import scratch
from gmoscli.recipes.science import align_and_stack
from tests.builders import a_frame, a_sky_ccd, a_tan, starlight

SHAPE, SKY = (420, 400), 3000.0
YY, XX = np.indices(SHAPE)
X, Y = XX - (SHAPE[1] - 1) / 2, YY - (SHAPE[0] - 1) / 2
SHIFTS = ((0, 0), (40, -50), (-45, 35), (55, 42), (-38, -47))
"""Pixels by which frames are dithered."""
SLOPES = ((0.2, 0.1), (-0.4, 0.3), (0.5, -0.2), (0.1, 0.6), (-0.3, -0.5))
"""Electrons per pixel: some percent of the sky over the frame."""
CLEAR = (1.0, 0.9, 1.0, 0.8, 0.95)
STARS = (
    80 + 60 * np.indices((5, 5)).reshape(2, -1) + np.random.default_rng(4).uniform(-9, 9, (2, 25))
)
FLUX = 3e5


def a_frame_of(k, slope):
    """A frame of the dithered set through thin clouds, under its own sky."""
    x, y = (at + move for at, move in zip(STARS, SHIFTS[k], strict=True))
    light = SKY + slope[0] * X + slope[1] * Y + CLEAR[k] * starlight(SHAPE, x, y, FLUX, 4.7)
    middle = (200.0 + SHIFTS[k][0], 210.0 + SHIFTS[k][1])
    return a_frame(a_sky_ccd(light, seed=k, wcs=a_tan(middle)), name=f"N{k}")


def stacked(slopes, jobs=2, memory=1 << 20):
    """The stack of the set, its pixels that have data, and where the reference's are in it."""
    frames = [a_frame_of(k, slope) for k, slope in enumerate(slopes)]
    with scratch(room=0) as place:
        bring = lambda _kind, _obs, _info: None  # noqa: E731 - in one line
        (product,) = run(align_and_stack, frames, Run(bring, place, jobs, memory))
    return product


def blank(ccd):
    """Where no star shines."""
    at = ccd.info.wcs.pixels(STAR_SKY)
    y, x = np.indices(ccd.sci.shape)
    near = [np.hypot(x - px, y - py) < 25 for px, py in at]
    return (ccd.dq == 0) & ~np.any(near, axis=0)


STAR_SKY = a_tan((200.0, 210.0)).sky(STARS.T)


def test_the_background_is_the_references_plane_and_has_no_steps():
    product = stacked(SLOPES)
    (ccd,) = product.ccds
    good = blank(ccd)
    y, x = np.indices(ccd.sci.shape)
    terms = np.column_stack([x[good], y[good], np.ones(good.sum())])
    plane, *_ = np.linalg.lstsq(terms, ccd.sci[good].astype(float), rcond=None)
    reference = next(i for i, obs in enumerate(product.obs.inputs) if obs.reference)
    np.testing.assert_allclose(plane[:2], SLOPES[reference], atol=0.02)
    off = (ccd.sci[good] - terms @ plane) / np.sqrt(ccd.var[good])
    assert off.std() == pytest.approx(1, abs=0.05)
    cells = np.full(ccd.sci.shape, np.nan)
    cells[good] = off
    ny, nx = (n // 20 * 20 for n in cells.shape)
    parts = cells[:ny, :nx].reshape(ny // 20, 20, nx // 20, 20)
    enough = np.isfinite(parts).sum(axis=(1, 3)) > 100
    steps = np.nanmean(np.where(enough[:, None, :, None], parts, 0), axis=(1, 3))[enough]
    # Noise of 1/14 to 1/20, more for correlated neighbours; unmatched slopes leave steps of 3.
    assert np.abs(steps).max() < 0.45


def test_counts_of_stars_are_as_under_an_even_sky():
    even, sloped = (stacked(slopes).obs for slopes in (((0.0, 0.0),) * 5, SLOPES))
    for obs in (even, sloped):
        scales = [one.placement.scale for one in obs.inputs]
        np.testing.assert_allclose(scales[0] / np.array(scales), CLEAR, rtol=0.01)
    fluxes = []
    for product in (even, sloped):
        sources = product.ccds[0].sources
        fluxes.append(np.sort(sources["flux"][sources["clean"]])[-10:])
    np.testing.assert_allclose(*fluxes, rtol=0.01)


def test_the_stack_of_sloping_skies_does_not_depend_on_jobs_or_memory():
    one, two = (stacked(SLOPES, *more).ccds[0] for more in ((1, 1 << 20), (3, 1 << 17)))
    for name in ("sci", "var", "dq"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
