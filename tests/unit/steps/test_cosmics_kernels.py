"""The parts of the search for cosmic rays: whole-pixel shifts, ranks, bounds on stars."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.geometry import Affine
from gmoscli.steps.cosmics.judge import TINY, Court, Pixels, dark_around, opened, pixels_at
from gmoscli.steps.cosmics.laid import BLIND, Seen, laid, mark, seen
from gmoscli.steps.cosmics.match import PHASES, kriging, matched, star
from gmoscli.steps.cosmics.order import low_rank
from gmoscli.steps.cosmics.search import search
from gmoscli.steps.cosmics.witness import limit, spread, witnesses
from gmoscli.steps.sharp import sharp_at
from tests.builders import a_piece, some_strips, starlight

RNG = np.random.default_rng(20221103)
SHAPE = (60, 70)
SKY = 500.0


def turned_strips(n=3, seed=5, flagged=0.02):
    """Noisy frames that are shifted, slightly turned and scaled, with some flagged pixels."""
    rng = np.random.default_rng(seed)
    pieces = []
    for i in range(n):
        at = Affine.moved(*rng.uniform(-4, 4, 2)).after(Affine.turned(0.3 * i))
        scale = 1 + 0.1 * i
        sci = rng.normal(SKY, 20, SHAPE) / scale
        sci[rng.random(SHAPE) < 0.02] += 500
        dq = np.where(rng.random(SHAPE) < flagged, int(Dq.BAD), 0)
        dq[rng.random(SHAPE) < 0.01] |= int(Dq.SATURATED)
        pieces.append(a_piece(sci, 400.0 / scale**2, dq, at, scale=scale, offset=3.0 * i))
    return some_strips(*pieces, shape=SHAPE, sky=SKY)


def everywhere(halo):
    y, x = np.indices((SHAPE[0] + 2 * halo, SHAPE[1]))
    return y.ravel(), x.ravel()


def test_the_nearest_native_pixel_is_less_than_a_pixel_away():
    for (one,) in laid(turned_strips(), 5):
        for miss in one.miss(*everywhere(5)):
            assert np.abs(miss).max() < 0.75  # a shift along x serves a whole row


def test_places_on_the_overlay_come_back_from_native_ones():
    for (one,) in laid(turned_strips(), 5):
        row, column = (axis.ravel() for axis in np.indices(SHAPE))
        y, x, there = one.overlay(row, column)
        back = one.native(y[there], x[there])
        same = (back[0] == row[there]) & (back[1] == column[there])
        assert there.mean() > 0.9
        assert same.mean() > 0.9  # where a shift changes two pixels may claim one


def test_rectangles_cover_what_is_seen_once():
    for frame in laid(turned_strips(), 5):
        (one,) = frame
        image = np.full((SHAPE[0] + 10, SHAPE[1]), BLIND)
        for start in range(0, len(image), 7):
            rows = range(start, min(start + 7, len(image)))
            for ours, theirs in one.rectangles(rows):
                assert (image[rows.start : rows.stop][ours] == BLIND).all()
                image[rows.start : rows.stop][ours] = one.light[theirs]
        np.testing.assert_array_equal(image.ravel(), seen(frame, *everywhere(5)).light)


def test_light_is_counts_above_the_sky_and_blind_where_flagged():
    strips = turned_strips()
    for (piece,), (one,) in zip(strips.frames, laid(strips, 5), strict=True):
        light = piece.sci * piece.scale + piece.offset - SKY
        expected = np.where(piece.dq > 0, BLIND, light)
        np.testing.assert_allclose(one.light, expected, rtol=1e-4, atol=0.01)
        np.testing.assert_array_equal(
            one.full, np.flatnonzero((piece.dq & np.uint16(Dq.SATURATED)) > 0)
        )


def test_what_is_marked_is_flagged_and_gives_no_light():
    strips = turned_strips()
    frames = laid(strips, 5)
    y, x = np.array([20, 30]), np.array([25, 40])
    mark(frames[1], y, x)
    assert (seen(frames[1], y, x).light == BLIND).all()
    assert ((frames[1][0].dq & np.uint16(Dq.COSMIC_RAY)) > 0).sum() == 2
    assert not (strips.frames[1][0].dq & np.uint16(Dq.COSMIC_RAY)).any()


@pytest.mark.parametrize("n", range(2, 9))
def test_what_stands_above_the_low_rank_stands_above_half_of_the_others(n):
    values = np.arange(n)
    for own in range(low_rank(n) + 1, n):
        others = np.delete(values, own)
        assert own > np.sort(others)[(n - 2) // 2]


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("few", [1, 3])
def test_the_search_finds_what_a_slow_one_finds(n, few):
    halo = 3
    strips = turned_strips(n, flagged=0.2)
    frames = laid(strips, halo)
    ny, nx = SHAPE[0] + 2 * halo, SHAPE[1]
    found = search(frames, (ny, nx), sigma=3.0, few=few)
    views = [seen(frame, *everywhere(halo)) for frame in frames]
    suspects = [[] for _ in frames]
    for k in range(ny * nx):
        light = np.sort([view.light[k] for view in views if view.light[k] > BLIND])
        level = light[(len(light) - 2) // 2] if len(light) > 1 else 0.0
        assert found.agreed.ravel()[k] == np.float32(level)
        level = min(level, 0.0) if len(light) <= few else level
        for i, view in enumerate(views):
            if view.light[k] - level > 3 * np.sqrt(view.var[k]):
                suspects[i].append(k)
    slow = np.concatenate([i * found.agreed.size + np.intp(at) for i, at in enumerate(suspects)])
    np.testing.assert_array_equal(found.suspects, slow)


@pytest.mark.parametrize("fwhm", [1.3, 2.2, 4.0])
@pytest.mark.parametrize("index", [2.5, 4.5])
def test_the_light_of_a_star_on_pixels_is_all_of_it_at_every_phase(fwhm, index):
    light = star(fwhm, index, 60, 4)
    for phase in range(4):
        # Outside r falls (1 + r^2 / a^2)^(1 - index).
        assert light[phase::4, phase::4].sum() == pytest.approx(1, abs=0.012)


@pytest.mark.parametrize(("own", "other"), [(2.0, 2.0), (2.2, 2.0), (1.8, 2.0)])
def test_the_guess_of_a_gaussian_star_is_that_star(own, other):
    taps = np.arange(-4, 5)
    phases = np.array([-0.5, -0.2, 0.0, 0.3])
    weights = kriging(taps, phases, own, other)
    for place in (-0.4, 0.0, 0.7):
        pixels = np.exp(-0.5 * ((taps - place) / other) ** 2) / other
        expected = np.exp(-0.5 * ((phases - place) / own) ** 2) / own
        # The nugget holds 1 % back, more where the guess is sharper than the pixels.
        np.testing.assert_allclose(pixels @ weights, expected, atol=0.04 / own)


def test_weights_mirror_each_other():
    match = matched(2.5, 2.4, 0.04)
    assert match.guess.shape == (2 * match.reach + 1, PHASES + 1)
    np.testing.assert_allclose(match.guess, match.guess[::-1, ::-1], atol=1e-5)
    np.testing.assert_allclose(match.around.sum(axis=0), 1, atol=1e-5)


def test_the_more_the_widths_may_be_wrong_the_looser_the_bound():
    shares = [matched(3.0, 3.0, slack).share for slack in (0.0, 0.02, 0.05, 0.1)]
    assert shares[0] > 0
    assert (np.diff(shares) > 0).all()


def test_frames_are_told_of_by_those_of_similar_seeing():
    fwhm = (2.5, 2.5, 2.6, 6.0, 0.0)
    assert [i for i, _ in witnesses(fwhm, 0, 0.04)] == [1, 2, 4]
    assert witnesses(fwhm, 3, 0.04) == []
    assert len(witnesses((4.0,) * 30, 3, 0.04)) == 8


@pytest.mark.parametrize("widths", [(1.3, 1.3), (2.1, 2.1), (2.1, 2.5), (2.5, 2.2), (4.6, 4.2)])
@pytest.mark.parametrize("stars", [1, 40])
def test_no_scene_of_stars_exceeds_its_bound(widths, stars):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        places = rng.uniform(10, 50, (stars, 2))
        flux = 10 ** rng.uniform(4, 6, stars)
        pieces = []
        for turn, width in zip((0.0, 0.1), widths, strict=True):
            at = Affine.moved(*rng.uniform(-3, 3, 2)).after(Affine.turned(turn))
            pieces.append(a_piece(starlight(SHAPE, *at(places).T, flux, width), 1.0, 0, at))
        frames = laid(some_strips(*pieces, shape=SHAPE), 0)
        y, x = everywhere(0)
        own = seen(frames[0], y, x)
        asked = witnesses(widths, 0, 0.02)
        assert asked
        allowed = limit(frames, 0, asked, y, x)
        told = allowed.known & (own.light > BLIND)
        assert told.mean() > 0.5
        least = 1e-3 * flux.sum() / widths[0] ** 2  # what stars shed farther out is left to noise
        assert (own.light - allowed.light)[told].max() < least


def test_a_bound_is_not_told_beside_flagged_pixels():
    sci = np.full(SHAPE, 10.0)
    dq = np.zeros(SHAPE)
    dq[30, 30] = Dq.BAD
    frames = laid(some_strips(a_piece(sci), a_piece(sci, 1.0, dq), shape=SHAPE), 0)
    allowed = limit(frames, 0, witnesses((3.0, 3.0), 0, 0.04), *everywhere(0))
    known = allowed.known.reshape(SHAPE)
    assert not known[28:33, 28:33].any()
    assert known[20:28, 20:40].all()


def test_the_middle_of_many_is_quieter_and_never_louder_than_one():
    noise = spread(np.arange(20))
    assert (noise[:3] == 1).all()
    assert (np.diff(noise[2:]) < 0).all()


def a_court(strips, halo):
    """All frames of some strips, before a judge who knows of no stars."""
    frames = laid(strips, halo)
    agreed = np.zeros((SHAPE[0] + 2 * halo, SHAPE[1]), np.float32)
    return Court(frames, agreed, strips.fwhm, tuple([] for _ in frames), range(SHAPE[1]))


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_suspects_of_all_frames_are_seen_as_one_by_one(n):
    court = a_court(turned_strips(n, flagged=0.2), 3)
    places = np.sort(RNG.choice(n * court.agreed.size, 500, replace=False))
    case = opened(court, pixels_at(court, places))
    for k, place in enumerate(places):
        own, y, x = np.unravel_index([place], court.shape)
        views = [seen(frame, y, x) for frame in court.frames]
        here = views.pop(own.item())
        views = [view for view in views if view.light > BLIND]
        assert case.count[k] == len(views)
        assert (case.pixels.whose[k], case.pixels.own.light[k]) == (own, here.light)
        if views:
            light = np.sort([view.light.item() for view in views])[(len(views) - 1) // 2]
            var = np.mean([view.var for view in views]) * spread(np.array(len(views)))
            excess = (here.light - light) / np.sqrt(here.var + var + TINY)
            np.testing.assert_allclose(case.excess[k], excess.item(), rtol=1e-4)


def test_dark_pixels_around_are_counted_as_one_counts_them():
    sci = RNG.normal(0, 1, SHAPE).astype(np.float32)
    sci[10:13, 10:13] = 50.0
    dq = np.where(RNG.random(SHAPE) < 0.1, int(Dq.BAD), 0)
    court = a_court(some_strips(a_piece(sci, 1.0, dq), shape=SHAPE), 0)
    y, x = np.array([5, 11, 30, 40]), np.array([6, 12, 33, 50])
    ones = np.ones(4, np.float32)
    whose = np.zeros(4, np.intp)
    counted, there = dark_around(court, Pixels(whose, y, x, Seen(ones, ones)), 2.0)
    for k in range(4):
        here = (slice(y[k] - 2, y[k] + 3), slice(x[k] - 2, x[k] + 3))
        assert counted[k] == ((np.abs(sci[here] + 1.5) < 3.5) & (dq[here] == 0)).sum()
        assert there[k] == (dq[here] == 0).sum()


def test_unknown_neighbours_say_nothing():
    image = np.zeros((9, 9), np.float32)
    image[4, 4] = 100.0
    at = (np.array([4]), np.array([4]))
    var = np.ones(1, np.float32)
    for unknown in ([(4, 5)], [(4, 5), (3, 4)]):
        hidden = image.copy()
        hidden[tuple(zip(*unknown, strict=True))] = -np.inf
        where = np.isfinite(hidden)
        found = sharp_at(hidden, var, *at, fwhm=3.0, sigma=5.0)
        assert found.item() is (len(unknown) == 1)  # the other axis still tells
        assert sharp_at(image, var, *at, fwhm=3.0, sigma=5.0, where=where).item() is found.item()
