"""What shines is found where it is, as bright and as wide as it is."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.geometry import Affine
from gmoscli.steps.register import register
from gmoscli.steps.scale import match_counts
from gmoscli.steps.seeing import measure_seeing
from gmoscli.steps.sources import MOST, map_sources, measure_sources
from tests.builders import a_ccd, a_sky_ccd, a_tan, an_observation, starlight

SHAPE, SKY = (400, 500), 800.0
RNG = np.random.default_rng(2)
GRID = np.stack(np.meshgrid(np.linspace(40, 460, 8), np.linspace(40, 360, 7)), axis=-1)
PLACES = GRID.reshape(-1, 2) + RNG.uniform(-8, 8, (56, 2))
FLUX = 10 ** RNG.uniform(3.8, 5.5, 56)


def a_field(fwhm=4.3, seed=0, at=None, flux=FLUX, **info):
    """A ccd that saw the field in a seeing (pixels), perhaps from another pointing."""
    at = at or Affine()
    light = starlight(SHAPE, *at(PLACES).T, flux, fwhm, sky=SKY)
    wcs = a_tan((250.0, 200.0)).before(at.inverse)
    return a_sky_ccd(light, seed=seed, wcs=wcs, **info)


def matched(catalogue, places=PLACES):
    """Return indexes of found sources and of the places that they are nearest to, within 1.5."""
    away = np.hypot(catalogue["x"][:, None] - places[:, 0], catalogue["y"][:, None] - places[:, 1])
    nearest = away.argmin(axis=1)
    near = away[np.arange(len(away)), nearest] < 1.5
    return np.flatnonzero(near), nearest[near]


@pytest.mark.parametrize("fwhm", [2.5, 4.3, 7.0])
def test_stars_are_found_where_they_are_and_as_bright_as_they_are(fwhm):
    catalogue = measure_sources(a_field(fwhm)).info.sources
    found, true = matched(catalogue)
    bright = FLUX[true] > 3e4
    found, true = found[bright], true[bright]
    assert len(true) >= 0.9 * (FLUX > 3e4).sum()
    offset = np.column_stack([catalogue["x"], catalogue["y"]])[found] - PLACES[true]
    # Photons place a star to its width over the root of their number; the sky adds to that.
    expected = fwhm / 2.355 / np.sqrt(FLUX[true])
    assert np.median(np.abs(offset).mean(axis=1) / expected) < 2.0
    ratio = catalogue["flux"][found] / FLUX[true]
    # The aperture holds 95 % of a Moffat star of index 3 or more; wings of neighbours add.
    assert 0.93 < np.median(ratio) < 1.02
    assert np.std(ratio) < 0.03


@pytest.mark.parametrize("fwhm", [2.5, 4.3, 7.0])
def test_the_seeing_is_the_width_of_the_stars(fwhm):
    info = measure_sources(a_field(fwhm)).info
    # The half-light diameter of a Moffat star, pixels and all, is wider than its FWHM.
    assert 1.0 < info.fwhm / fwhm < 1.35


def test_level_and_noise_of_the_sky_are_told():
    sky = measure_sources(a_field()).info.sky
    noise = np.hypot(np.sqrt(SKY), 4.0)
    assert sky.level == pytest.approx(SKY, abs=0.1 * noise)
    assert sky.noise == pytest.approx(noise, rel=0.05)


def test_errors_of_fluxes_are_those_of_many_exposures():
    catalogues = [measure_sources(a_field(seed=seed)).info.sources for seed in range(12)]
    fluxes = np.full((12, len(PLACES)), np.nan)
    stated = np.full_like(fluxes, np.nan)
    for k, catalogue in enumerate(catalogues):
        found, true = matched(catalogue)
        fluxes[k, true], stated[k, true] = catalogue["flux"][found], catalogue["flux_error"][found]
    seen = np.isfinite(fluxes).all(axis=0)
    ratio = fluxes[:, seen].std(axis=0, ddof=1) / stated[:, seen].mean(axis=0)
    # 12 exposures of some 50 stars know the mean ratio to 3 %.
    assert np.sqrt((ratio**2).mean()) == pytest.approx(1, abs=0.2)


def test_stars_are_told_from_galaxies():
    light = starlight(SHAPE, *PLACES[::2].T, 5e4, 4.3, sky=SKY)
    light += starlight(SHAPE, *PLACES[1::2].T, 5e4, 8.0)
    catalogue = measure_sources(a_sky_ccd(light, wcs=a_tan())).info.sources
    found, true = matched(catalogue)
    assert catalogue["star"][found[true % 2 == 0]].mean() > 0.8
    assert catalogue["star"][found[true % 2 == 1]].mean() < 0.1


def test_a_spoilt_core_makes_no_star():
    ccd = a_field()
    x, y = np.rint(PLACES.T).astype(int)
    ccd.dq[y, x] = Dq.SATURATED
    catalogue = measure_sources(ccd).info.sources
    found, _ = matched(catalogue)
    assert not catalogue["star"][found].any()


def test_cosmic_rays_are_no_stars():
    rng = np.random.default_rng(9)
    ccd = a_field()
    y, x = rng.integers(10, 390, 300), rng.integers(10, 490, 300)
    ccd.sci[y, x] += 5000
    ccd.sci[y + 1, x] += 2500
    ccd.var[y, x] += 5000
    info = measure_sources(ccd).info
    found, _ = matched(info.sources)
    stars = np.flatnonzero(info.sources["star"])
    assert len(np.setdiff1d(stars, found)) <= 2
    assert 1.0 < info.fwhm / 4.3 < 1.35


def test_full_stars_take_no_place_from_those_that_can_be_measured():
    side = np.stack(np.meshgrid(np.arange(30, 620, 34.0), np.arange(30, 620, 34.0)), axis=-1)
    places = side.reshape(-1, 2)
    full = np.arange(len(places)) % 2 == 0
    ccd = a_sky_ccd(starlight((640, 640), *places.T, np.where(full, 1e6, 1e5), 4.3, sky=SKY))
    ccd.dq[ccd.sci > 2e4] = Dq.SATURATED
    catalogue = measure_sources(ccd.with_info(wcs=a_tan())).info.sources
    good, spoilt = (matched(catalogue, places[some])[0] for some in (~full, full))
    assert len(good) == (~full).sum()
    assert len(good) + len(spoilt) == len(catalogue) == MOST
    assert catalogue["clean"][good].all()
    assert not catalogue["clean"][spoilt].any()


@pytest.mark.parametrize("dq", [Dq.UNILLUMINATED, Dq.BAD, Dq.NO_DATA])
def test_a_blind_ccd_has_no_sources_no_sky_and_no_seeing(dq):
    info = measure_sources(a_ccd(np.full(SHAPE, SKY), dq=dq, wcs=a_tan())).info
    assert (len(info.sources), info.sky, info.fwhm) == (0, None, None)


def test_an_empty_sky_has_no_stars():
    ccd = a_sky_ccd(np.full(SHAPE, SKY), wcs=a_tan())
    info = measure_sources(ccd).info
    assert not info.sources["star"].any()
    assert info.sky.level == pytest.approx(SKY, abs=1)


def test_pixels_stay_as_they_were():
    ccd = a_field()
    before = [plane.copy() for plane in (ccd.sci, ccd.var, ccd.dq)]
    after = measure_sources(ccd)
    assert after.sci is ccd.sci
    for plane, was in zip((ccd.sci, ccd.var, ccd.dq), before, strict=True):
        np.testing.assert_array_equal(plane, was)


def test_the_map_of_a_stack_marks_where_its_sources_shine():
    ccd = map_sources(a_field())
    x, y = np.rint(PLACES[FLUX > 1e4].T).astype(int)
    assert (ccd.objects[y, x] == 1).mean() > 0.95
    assert ccd.objects.mean() < 0.2
    assert len(ccd.info.sources) >= (FLUX > 1e4).sum() - 2


# ---- seeing, from growth curves


@pytest.mark.parametrize("full", [0, 90, 144])
def test_the_seeing_of_a_stack_is_that_of_its_stars_however_many_are_full(full):
    shape, fwhm = (700, 700), 4.3
    grid = np.stack(np.meshgrid(*2 * [np.linspace(30, 670, 12)]), axis=-1).reshape(-1, 2)
    x, y = (grid + np.random.default_rng(5).uniform(-5, 5, grid.shape)).T
    flux = np.where(np.arange(len(x)) < full, 3e6, 1e5)
    dq = np.where(starlight(shape, x[:full], y[:full], 1.0, fwhm) > 0.01, Dq.SATURATED, 0)
    stack = a_sky_ccd(starlight(shape, x, y, flux, fwhm, sky=SKY), dq=dq, wcs=a_tan((350.0, 350.0)))
    info = map_sources(stack).info
    if full < len(x):
        assert info.fwhm == pytest.approx(fwhm, rel=0.02)
    else:
        assert not info.sources["star"].any()


def registered(*fwhms, transparency=1.0):
    frames = []
    for i, fwhm in enumerate(fwhms):
        at = Affine.moved(7.3 * i, -4.6 * i)
        flux = FLUX * (transparency if i else 1.0)
        ccd = measure_sources(a_field(fwhm, seed=i, at=at, flux=flux))
        frames.append(an_observation(ccd.info, name=f"N{i}"))
    return measure_seeing(register(frames))


@pytest.mark.parametrize("fwhms", [(3.1, 4.3), (4.3, 4.3, 6.0), (7.0, 3.5)])
def test_the_seeing_of_each_frame_comes_back_from_its_growth_curve(fwhms):
    for obs, fwhm in zip(registered(*fwhms), fwhms, strict=True):
        # Pixels widen a profile by a seventh of a pixel squared, or so: 0.1 pixel at 3.
        assert obs.ccds[0].fwhm == pytest.approx(fwhm, rel=0.08)


@pytest.mark.parametrize("fwhms", [(3.1, 4.3), (4.3, 6.0, 3.5)])
def test_frames_of_different_seeing_compare_in_their_counts(fwhms):
    frames = match_counts(registered(*fwhms, transparency=0.8))
    scales = {obs.name: obs.placement.scale for obs in frames}
    first = scales["N0"]
    for name in scales.keys() - {"N0"}:
        assert scales[name] / first == pytest.approx(1 / 0.8, rel=0.006)


def crowd(fwhm, light, seed):
    """A frame of a crowded field: 300 bright stars among 4000 faint ones, without a place alone."""
    rng = np.random.default_rng(8)
    places = rng.uniform(0, 1000, (4300, 2)) - seed * np.array([5.3, 7.7])
    flux = light * np.concatenate([10 ** rng.uniform(4.5, 6, 300), 10 ** rng.uniform(2, 4.5, 4000)])
    ccd = a_sky_ccd(starlight((1000, 1000), *places.T, flux, fwhm, sky=SKY), seed=seed)
    wcs = a_tan((500.0 - 5.3 * seed, 500.0 - 7.7 * seed))
    ccd.dq[ccd.sci > 4e4] = Dq.SATURATED
    return an_observation(measure_sources(ccd.with_info(wcs=wcs)).info, name=f"N{seed}")


def test_counts_of_a_crowded_field_compare_in_frames_of_different_seeing():
    seeing, light = (3.7, 4.4, 6.2), (1.0, 0.7, 0.9)
    frames = [crowd(*each, seed) for seed, each in enumerate(zip(seeing, light, strict=True))]
    frames = match_counts(measure_seeing(register(frames)))
    reference = next(i for i, obs in enumerate(frames) if obs.reference)
    for i, obs in enumerate(frames):
        assert obs.ccds[0].fwhm == pytest.approx(seeing[i], rel=0.05)
        off = obs.placement.scale * light[i] / light[reference] - 1
        # What neighbours add to a star, in one seeing and not in another, is some per cent of it.
        assert abs(off) < max(0.003, 3 * obs.placement.scale_error)
        assert obs.placement.scale_error < 0.01


def test_a_few_stars_among_many_galaxies_tell_of_seeing_and_counts():
    rng = np.random.default_rng(5)
    stars, galaxies = PLACES[:6], PLACES[6:]
    own = np.concatenate([np.full(6, 8e4), 10 ** rng.uniform(4.2, 4.8, len(galaxies))])
    frames = []
    for i, (fwhm, light) in enumerate(((3.7, 1.0), (7.5, 0.8))):
        at = Affine.moved(7.3 * i, -4.6 * i)
        image = starlight(SHAPE, *at(stars).T, light * own[:6], fwhm, sky=SKY)
        for place, flux in zip(at(galaxies), light * own[6:], strict=True):
            wide = float(np.hypot(fwhm, 5.5 + 0.02 * (flux % 10)))
            image += starlight(SHAPE, *place[:, None], np.array([flux]), wide)
        ccd = measure_sources(a_sky_ccd(image, seed=i, wcs=a_tan((250, 200)).before(at.inverse)))
        frames.append(an_observation(ccd.info, name=f"N{i}"))
    sharp, blurred = match_counts(measure_seeing(register(frames)))
    assert sharp.ccds[0].fwhm == pytest.approx(3.7, rel=0.08)
    assert blurred.ccds[0].fwhm == pytest.approx(7.5, rel=0.08)
    assert blurred.placement.scale == pytest.approx(1 / 0.8, rel=0.01)


def test_frames_without_stars_keep_what_they_had():
    blank = an_observation(measure_sources(a_sky_ccd(np.full(SHAPE, SKY), wcs=a_tan())).info)
    (after,) = measure_seeing([blank])
    assert after.ccds[0].fwhm == blank.ccds[0].fwhm
