"""All stamps at once give what one source after the other gives."""

import numpy as np
import pytest
import sep

from gmoscli.dq import Dq
from gmoscli.steps.detect import axes_of
from gmoscli.steps.stamps import (
    centroids,
    circles,
    flagged_within,
    half_light,
    mirrored,
    shapes,
    stamps,
    unseen_within,
    without_rays,
)
from tests.builders import a_ccd, a_sky_ccd, starlight

SHAPE, SKY = (200, 240), 300.0
GRID = np.stack(np.meshgrid(np.arange(25.0, 220, 38), np.arange(25.0, 180, 38)), axis=-1)
X, Y = (GRID.reshape(-1, 2) + np.random.default_rng(1).uniform(-1, 1, (GRID.size // 2, 2))).T
FLUX = 10 ** np.random.default_rng(2).uniform(4, 5.5, len(X))


def cut_out(fwhm=4.5, half=16, x=X, y=Y):
    ccd = a_sky_ccd(starlight(SHAPE, X, Y, FLUX, fwhm, sky=SKY))
    return ccd, stamps(ccd, x, y, np.full(len(x), SKY), half)


def test_a_stamp_is_the_ccd_around_its_source():
    ccd, cut = cut_out()
    for i in (0, 7, len(X) - 1):
        y, x = round(Y[i]), round(X[i])
        part = ccd.sci[y - 16 : y + 17, x - 16 : x + 17]
        np.testing.assert_allclose(cut.sci[i], part - SKY, atol=1e-3)
    assert (np.abs(cut.x) <= 0.5).all()


def test_beside_the_array_there_is_nothing():
    ccd = a_ccd(np.ones((20, 30)))
    cut = stamps(ccd, np.array([1.0]), np.array([18.0]), np.zeros(1), 4)
    np.testing.assert_array_equal(cut.good[0], np.outer(np.arange(9) < 6, np.arange(9) > 2))
    np.testing.assert_array_equal(cut.sci[0], cut.good[0])
    assert flagged_within(cut, 3.0)[0]
    assert not flagged_within(cut, 0.9)[0]


@pytest.mark.parametrize("fwhm", [2.5, 4.5])
def test_centroids_are_those_of_sep_one_by_one(fwhm):
    ccd, cut = cut_out(fwhm, x=X + 0.3, y=Y - 0.4)
    x, y, found = centroids(cut, fwhm / 2.355)
    px, py, _ = sep.winpos(ccd.sci - np.float32(SKY), X, Y, np.full(len(X), fwhm / 2.355))
    assert found.all()
    np.testing.assert_allclose(x - cut.x + X + 0.3, px, atol=2e-3)
    np.testing.assert_allclose(y - cut.y + Y - 0.4, py, atol=2e-3)


def test_a_centroid_that_runs_away_is_not_found():
    cut = cut_out(x=X + 5.0)[1]
    x, _, found = centroids(cut, 2.0)
    assert not found.any()
    np.testing.assert_array_equal(x, cut.x)


@pytest.mark.parametrize("radius", [2.0, 4.7, 12.0])
def test_light_within_circles_is_that_of_exact_circles(radius):
    ccd, cut = cut_out()
    light, error = circles(cut, [radius])
    exact, sigma, _ = sep.sum_circle(ccd.sci - np.float32(SKY), X, Y, radius, var=ccd.var, subpix=0)
    # A straight soft edge for a round one: a few thousandths, more in the smallest circle.
    np.testing.assert_allclose(light[:, 0], exact, rtol=0.02 if radius < 3 else 0.006)
    np.testing.assert_allclose(error[:, 0], sigma, rtol=0.03)


@pytest.mark.parametrize("ratio", [1.0, 0.7])
@pytest.mark.parametrize("angle", [0.0, 0.6, -1.2])
def test_the_shape_of_a_gaussian_comes_back_from_under_the_window(ratio, angle):
    a, b = 3.0, 3.0 * ratio
    y, x = np.mgrid[-20:21, -20:21].astype(float)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    ccd = a_ccd(1e4 * np.exp(-0.5 * ((u / a) ** 2 + (v / b) ** 2)))
    cut = stamps(ccd, np.array([20.0]), np.array([20.0]), np.zeros(1), 20)
    long, short, turned = axes_of(*shapes(cut, 2.0))
    np.testing.assert_allclose([long[0], short[0]], [a, b], rtol=0.01)
    if ratio < 1:
        assert np.cos(2 * (turned[0] - angle)) == pytest.approx(1, abs=1e-3)


def test_unseen_pixels_are_as_bright_as_those_opposite():
    ccd, _ = cut_out()
    clean = circles(stamps(ccd, X, Y, np.full(len(X), SKY), 16), [8.0])[0]
    rows, columns = np.rint(Y).astype(int), np.rint(X).astype(int)
    ccd.sci[rows + 1, columns + 2], ccd.dq[rows + 1, columns + 2] = 9e4, Dq.BAD
    cut = stamps(ccd, X, Y, np.full(len(X), SKY), 16)
    lost = circles(cut, [8.0])[0] - clean
    mended = circles(mirrored(cut), [8.0])[0] - clean
    # The pixel opposite is at most a pixel off: what was lost comes back but for a third.
    assert np.abs(mended).sum() < 0.35 * np.abs(lost).sum()


@pytest.mark.parametrize("radius", [3.0, 9.9, 14.2])
def test_the_unseen_share_of_a_circle_is_that_of_its_pixels(radius):
    rng = np.random.default_rng(3)
    dq = np.where(rng.random(SHAPE) < 0.2, Dq.BAD, 0).astype(np.uint16)
    dq[:, 140:150] = Dq.NO_DATA
    x, y = np.append(X, 2.3), np.append(Y, 100.4)  # the last one at the edge of the array
    share = unseen_within(stamps(a_ccd(np.ones(SHAPE), dq=dq), x, y, np.zeros(len(x)), 16), radius)
    rows, columns = np.mgrid[-20 : SHAPE[0] + 20, -20 : SHAPE[1] + 20]
    seen = np.pad(dq == 0, 20)
    for one, x0, y0 in zip(share, x, y, strict=True):
        inside = np.hypot(columns - x0, rows - y0) <= radius
        assert one == pytest.approx((inside & ~seen).sum() / inside.sum(), abs=1e-6)
    assert share[-1] > 0.3 or radius < 5


def test_cosmic_rays_become_unseen_and_stars_stay():
    ccd, _ = cut_out()
    rows, columns = np.rint(Y).astype(int), np.rint(X).astype(int)
    ccd.sci[rows + 6, columns - 7] += 4000
    ccd.var[rows + 6, columns - 7] += 4000
    cut = without_rays(stamps(ccd, X, Y, np.full(len(X), SKY), 16), 4.0)
    assert not cut.good[:, 16 + 6, 16 - 7].any()
    assert cut.good[:, 14:19, 14:19].all()


def test_half_of_the_light_of_a_gaussian_is_within_its_half_light_diameter():
    radii = np.array([0.5, 1.5, 2.5, 4.0, 8.0, 12.0])
    sigma = np.array([1.0, 2.0, 2.6])
    light = 1 - np.exp(-0.5 * (radii / sigma[:, None]) ** 2)
    np.testing.assert_allclose(half_light(radii, light), 2.3548 * sigma, rtol=1e-3)
