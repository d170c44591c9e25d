"""Frames are placed where they are, or not at all."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.errors import ReductionError
from gmoscli.geometry import Affine
from gmoscli.grids import grid_of_ccd, to_native
from gmoscli.steps.register import moved, register, stars_of
from tests.builders import SCALE, a_starry_observation, a_tan, an_info, an_observation

SIZE = np.array([1024, 2112])
WIDTH = 4.7 / 2.355
"""Pixels: of a star, one sigma."""


class Pair:
    """Two frames of a field, dithered, the second one's header wrong, and the truth of it."""

    def __init__(self, seed, n, error=(0.0, 0.0), turn=0.0, spurious=0.3):
        """``error`` in arcsec, ``turn`` in degrees, ``spurious`` sources over true ones."""
        self.rng = np.random.default_rng(seed)
        self.n, self.spurious = n, round(spurious * n)
        dither = self.rng.uniform(-60, 60, 2)
        believed = Affine.moved(*dither)
        self.truth = Affine.moved(*(dither + np.array(error) / SCALE)).after(
            Affine.turned(turn, SIZE / 2)
        )
        at = self.rng.uniform([0, 0], SIZE, (n, 2))
        self.signal = 10 ** self.rng.uniform(1.5, 2.7, n)  # over noise: 30 to 500
        wcs = a_tan((512.0, 1056.0))
        self.frames = [
            self.observation("first", at, wcs),
            self.observation("second", self.truth(at), wcs.before(believed.inverse)),
        ]

    def observation(self, name, places, wcs):
        noisy = places + self.rng.normal(size=places.shape) * (WIDTH / self.signal)[:, None]
        other = self.rng.uniform([0, 0], SIZE, (self.spurious, 2))
        seen = np.concatenate([noisy, other])
        signal = np.concatenate([self.signal, 10 ** self.rng.uniform(1.5, 2.7, self.spurious)])
        inside = ((seen > 0) & (seen < SIZE)).all(axis=1)
        x, y = seen[inside].T
        return a_starry_observation(x, y, 100 * signal[inside], flux_error=100, wcs=wcs, name=name)

    def errors(self, **settings):
        """Return by how much pixels are misplaced over the ccd, rms of one axis and most."""
        placed = register(self.frames, **settings)
        grid = grid_of_ccd(placed, 2)
        first, second = (to_native(grid, obs, 2) for obs in placed)
        over = np.stack(np.meshgrid(np.linspace(0, 1023, 9), np.linspace(0, 2111, 9)), axis=-1)
        away = second.after(first.inverse)(over) - self.truth(over)
        return np.sqrt((away**2).mean()), np.hypot(*np.moveaxis(away, -1, 0)).max()


@pytest.mark.parametrize(("n", "most"), [(200, 0.006), (100, 0.01), (50, 0.012), (10, 0.05)])
@pytest.mark.parametrize("turn", [0.0, 0.05, -0.1])
def test_a_shift_and_a_rotation_come_back(n, most, turn):
    rms = [Pair(seed, n, (3.0, -2.0), turn).errors()[0] for seed in range(10)]
    assert np.median(rms) < most
    assert max(rms) < 3 * most


@pytest.mark.parametrize("error", [(10.0, 0.0), (-7.0, 7.0), (0.0, -10.0)])
def test_headers_may_be_wrong_by_ten_arcsec(error):
    assert Pair(1, 80, error).errors()[0] < 0.01


def test_no_frame_of_many_is_misplaced_by_a_tenth_of_a_pixel_without_an_error():
    rng = np.random.default_rng(5)
    worst, refused = [], 0
    for seed in range(200):
        n, error = int(rng.integers(5, 150)), rng.uniform(-10, 10, 2)
        pair = Pair(1000 + seed, n, error, rng.uniform(-0.05, 0.05), rng.uniform(0, 1))
        try:
            worst.append(pair.errors()[0])
        except ReductionError:
            refused += 1
    assert max(worst) < 0.1
    assert refused < 10


def test_fields_without_common_stars_are_never_registered():
    for seed in range(60):
        one, other = (Pair(s, 60).frames for s in (seed, seed + 500))
        with pytest.raises(ReductionError, match="no clear match"):
            register([one[0], other[1]])


def test_a_field_that_repeats_itself_is_ambiguous():
    grid = np.stack(np.meshgrid(np.arange(60, 1000, 40.0), np.arange(60, 2000, 40.0)), axis=-1)
    x, y = grid.reshape(-1, 2).T
    with pytest.raises(ReductionError, match="no clear match"):
        register([a_starry_observation(x, y, name="a"), a_starry_observation(x, y, name="b")])


def test_a_header_that_is_wrong_by_more_than_allowed_is_told_with_the_frame():
    with pytest.raises(ReductionError) as refused:
        Pair(2, 60, (25.0, 0.0)).errors()
    assert refused.value.path in ("first.fits", "second.fits")
    assert "first_pass" in refused.value.hint
    assert Pair(2, 60, (25.0, 0.0)).errors(first_pass=30.0)[0] < 0.02


def test_fewer_stars_than_asked_for_are_too_few():
    x, y = np.array([[100.0, 300.0, 900.0, 500.0], [200.0, 1900.0, 700.0, 1000.0]])
    frames = [a_starry_observation(x, y, name=name) for name in "ab"]
    with pytest.raises(ReductionError, match="only 4 stars match"):
        register(frames, min_sources=5)
    assert register(frames)[1].placement.matches == 4


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_stars_place_a_frame_near_its_header(n):
    moved = np.array([3.0, -4.0])
    for seed in range(30):
        rng = np.random.default_rng(seed)
        at = rng.uniform([100, 100], SIZE - 100, (n, 2))
        frames = [
            a_starry_observation(*(at + shift + rng.normal(0, 0.02, (n, 2))).T, 1e4, name=name)
            for name, shift in (("a", 0.0), ("b", moved))
        ]
        there = next(obs for obs in register(frames) if not obs.reference).placement
        assert there.matches == n
        shift = np.hypot(*(there.fix([0.0, 0.0]) * 3600 / SCALE))
        assert shift == pytest.approx(5.0, abs=0.2)


def test_one_star_far_from_where_headers_have_it_places_nothing():
    a, b = (a_starry_observation([x], [900.0], name=n) for n, x in (("a", 500.0), ("b", 560.0)))
    with pytest.raises(ReductionError, match="no clear match") as refused:
        register([a, b])
    assert "trust_headers" in refused.value.hint


def test_one_star_among_several_that_differ_places_nothing():
    others = [[300.0, 1500.0], [800.0, 250.0], [150.0, 700.0]]
    a = a_starry_observation(*np.array([[500.0, 900.0], *others[:2]]).T, name="a")
    b = a_starry_observation(*np.array([[503.0, 900.0], [700.0, 1800.0], others[2]]).T, name="b")
    with pytest.raises(ReductionError, match="no clear match"):
        register([a, b])


def test_two_sources_that_cannot_be_one_star_place_nothing():
    a, b = (a_starry_observation([500.0], [900.0], f, name=n) for n, f in (("a", 1e4), ("b", 1e5)))
    with pytest.raises(ReductionError, match="no clear match"):
        register([a, b])
    # ... unless the exposures differ as much.
    assert register([a, replace(b, exposure_time=1000.0)])[0].placement.matches == 1


def test_frames_whose_brightest_stars_are_others_are_placed_by_those_that_they_share():
    # In a crowd the brightest that are not full, at 0.6 arcsec, are fainter than those at 1.2.
    rng = np.random.default_rng(1)
    places, flux = rng.uniform([0, 0], SIZE, (1500, 2)), np.geomspace(1e6, 1e3, 1500)
    for shared, enough in ((200, True), (0, False)):
        sharp, wide = (slice(750 - shared, None), slice(None, 750))
        frames = [
            a_starry_observation(*(places[some] + 7.0 * i).T, flux[some], flux_error=30, name=name)
            for i, (some, name) in enumerate(((sharp, "sharp"), (wide, "wide")))
        ]
        if enough:
            found = next(obs.placement for obs in register(frames) if not obs.reference)
            assert found.matches > 0.95 * shared
            assert found.rms < 0.01
        else:
            with pytest.raises(ReductionError, match="no clear match"):
                register(frames)


def test_headers_place_what_stars_cannot_if_they_are_trusted():
    x, y = np.random.default_rng(0).uniform(0, 1000, (2, 30))
    blank = a_starry_observation(np.empty(0), np.empty(0), name="blank")
    placed = register([a_starry_observation(x, y, name="a"), blank], trust_headers=True)
    assert placed[1].placement.matches == 0
    np.testing.assert_array_equal(placed[1].placement.fix([1.0, 2.0]), [1.0, 2.0])


@pytest.mark.parametrize("n", [2, 5, 20, 100])
def test_the_stated_error_is_that_of_many_trials_at_the_farthest_star(n):
    rng = np.random.default_rng(n)
    stated, found = [], []
    for _ in range(100):
        at = rng.uniform(-150, 150, (n, 2))
        sigma = 10 ** rng.uniform(-2, -1, n)
        fix, error = moved(at, at + rng.normal(size=(n, 2)) * sigma[:, None], sigma, rotate=True)
        far = at[np.hypot(*(at - at.mean(axis=0)).T).argmax()]
        stated.append(error)
        found.extend((fix(far) - far).tolist())
    # The farthest star is looked for from the weighted centre: the stated error is a little more.
    assert 0.75 < np.std(found) / np.sqrt(np.mean(np.square(stated))) < 1.15


def test_few_stars_turn_a_frame_less_than_their_errors_would():
    # Two stars 10 arcsec apart, 0.1 arcsec off, would turn it by half a degree.
    at = np.array([[0.0, 0.0], [10.0, 0.0]])
    off = np.array([[0.0, 0.0], [10.0, 0.1]])
    fix, _ = moved(at, off, np.array([0.1, 0.1]), rotate=True)
    assert abs(np.degrees(fix.matrix[1, 0])) < 0.01


def test_a_frame_without_stars_is_named():
    x, y = np.random.default_rng(0).uniform(0, 1000, (2, 30))
    blank = a_starry_observation(np.empty(0), np.empty(0), name="blank")
    with pytest.raises(ReductionError, match=r"blank.fits"):
        register([a_starry_observation(x, y, name="a"), blank])


def test_the_best_frame_is_the_reference_wherever_it_stands():
    pair = Pair(3, 60)
    x, y = pair.frames[0].ccds[0].sources["x"], pair.frames[0].ccds[0].sources["y"]
    blurred = a_starry_observation(x, y, 1e4, flux_error=400.0, wcs=pair.frames[0].ccds[0].wcs)
    placed = register([blurred, *pair.frames])
    assert [obs.reference for obs in placed].count(True) == 1
    assert not placed[0].reference
    assert [obs.name for obs in placed[1:]] == ["first", "second"]


def test_one_frame_is_its_own_reference():
    (placed,) = register([a_starry_observation(np.array([5.0]), np.array([5.0]))])
    assert placed.reference


def test_rms_and_number_of_matches_are_those_of_the_pairs():
    placed = register(Pair(4, 100, spurious=0.0).frames)
    (moved,) = (obs.placement for obs in placed if not obs.reference)
    assert 85 <= moved.matches <= 100
    # Two centroids of signal 30 to 500: between 4 and 30 mas each, and the floor.
    assert 0.002 < moved.rms < 0.03


def test_outliers_among_the_pairs_do_not_pull():
    pair = Pair(5, 60, spurious=0.0)
    moved = pair.frames[1].ccds[0].sources.copy()
    moved["x"][:8] += 1.5
    info = replace(pair.frames[1].ccds[0], sources=moved)
    pair.frames[1] = replace(pair.frames[1], ccds=(info,))
    assert pair.errors()[0] < 0.02


def test_ccds_of_a_frame_move_together_on_the_sky():
    pair = Pair(6, 60, (2.0, 1.0))
    placed = register([with_a_blind_neighbour(obs) for obs in pair.frames])
    first, second = (to_native(grid_of_ccd(placed, 1), obs, 1) for obs in placed)
    point = [500.0, 1000.0]
    np.testing.assert_allclose(second.after(first.inverse)(point), pair.truth(point), atol=0.05)


def with_a_blind_neighbour(obs):
    """Add a ccd to the left that sees no stars."""
    (own,) = obs.ccds
    left = an_info(own.shape, 1, wcs=own.wcs.before(Affine.moved(-1060.0, 0.0)), sources=None)
    return replace(obs, ccds=(left, own))


def test_one_ccd_can_decide_for_all():
    pair = Pair(7, 60, (2.0, 1.0))
    frames = [with_a_blind_neighbour(obs) for obs in pair.frames]
    centre = frames[0].ccds[1].wcs.crval
    assert len(stars_of(frames[0], centre, 2).at) == len(stars_of(frames[0], centre).at)
    with pytest.raises(ReductionError, match="no stars"):
        register(frames, ccd=1)


def test_frames_without_celestial_coordinates_cannot_be_registered():
    with pytest.raises(ReductionError, match="no celestial coordinates"):
        register([an_observation(name="a"), an_observation(name="b")])
