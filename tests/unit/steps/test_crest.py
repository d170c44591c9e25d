"""Lost pixels of stars are guessed from the shape of what is left."""

import numpy as np
import pytest

from gmoscli.steps.crest import guessed
from tests.builders import starlight

REACH = 2
RNG = np.random.default_rng(5)
HOLES = {
    "a pixel": [(0, 0)],
    "a column": [(y, 0) for y in range(-2, 3)],
    "a corner": [(0, 0), (0, 1), (1, 0), (1, 1)],
    "a ray": [(y, y) for y in range(-2, 3)],
}


def square(plane, y, x):
    """The square of pixels around one, flattened."""
    return plane[y - REACH : y + REACH + 1, x - REACH : x + REACH + 1].reshape(1, -1).astype(float)


def with_hole(hole):
    good = np.ones((2 * REACH + 1, 2 * REACH + 1), bool)
    for y, x in hole:
        good[y + REACH, x + REACH] = False
    return good.reshape(1, -1)


@pytest.mark.parametrize("hole", HOLES.values(), ids=HOLES)
@pytest.mark.parametrize("fwhm", [3.5, 5.0, 8.0])
def test_the_light_of_a_star_is_told_to_a_thirtieth_whatever_its_phase(hole, fwhm):
    for x, y in RNG.uniform(19.5, 20.5, (20, 2)):
        star = starlight((41, 41), x, y, 1e6, fwhm)
        light = square(star, 20, 20)
        guess = guessed(light, np.ones_like(light), with_hole(hole), REACH)
        assert guess.known.all()
        assert guess.light == pytest.approx(star[20, 20], rel=0.035 * (5 / fwhm) ** 2 + 0.003)


def test_a_gaussian_is_told_exactly():
    y, x = np.mgrid[-2:3, -2:3]
    light = np.exp(3 + 0.2 * x - 0.1 * y - 0.1 * x**2 - 0.05 * x * y - 0.2 * y**2).reshape(1, -1)
    guess = guessed(light, np.full_like(light, 1e-9), with_hole(HOLES["a corner"]), REACH)
    assert guess.light == pytest.approx(np.exp(3), rel=1e-4)


def test_noise_makes_the_error_that_decides_what_is_known():
    star = starlight((41, 41), 20.2, 19.9, 1e6, 5.0)
    light = square(star, 20, 20)
    found = [
        guessed(
            light + RNG.normal(0, s, light.shape),
            np.full_like(light, s**2),
            with_hole(HOLES["a pixel"]),
            REACH,
        )
        for s in (0.01 * star[20, 20], 0.9 * star[20, 20])
    ]
    assert [bool(one.known[0]) for one in found] == [True, False]


def test_too_few_pixels_tell_nothing_and_spoil_no_other_place():
    star = starlight((41, 41), 20.0, 20.0, 1e6, 5.0)
    light = np.concatenate([square(star, 20, 20)] * 2)
    good = np.concatenate([with_hole(HOLES["a pixel"]), np.zeros((1, light.shape[1]), bool)])
    guess = guessed(light, np.ones_like(light), good, REACH)
    assert guess.known.tolist() == [True, False]
    alone = guessed(light[:1], np.ones_like(light[:1]), good[:1], REACH)
    assert guess.light[0] == alone.light[0]


def test_dark_pixels_are_no_trouble():
    light = RNG.normal(0, 1, (50, (2 * REACH + 1) ** 2))
    guess = guessed(light, np.ones_like(light), np.ones(light.shape, bool), REACH)
    assert np.isfinite(guess.light).all()
    assert not guess.known.any()
