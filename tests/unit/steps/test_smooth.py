"""A course is smoothed as stiffly as it asks for, whatever it settles from."""

import numpy as np
import pytest
from scipy.fft import dct, idct

from gmoscli.steps.smooth import SETTLING, STIFFNESS, cosines, from_cosines, smoothed

ROWS = 300
ROW = np.arange(ROWS)
LENGTHS = pytest.mark.parametrize("n", [1, 2, 3, 64, 75, 1056])


def noise(n=ROWS, seed=0):
    return np.random.default_rng(seed).standard_normal(n)


@LENGTHS
def test_the_transform_is_the_orthonormal_cosine_transform(n):
    values = noise(n)
    np.testing.assert_allclose(cosines(values), dct(values, norm="ortho"), atol=1e-12)
    np.testing.assert_allclose(from_cosines(values), idct(values, norm="ortho"), atol=1e-12)


@LENGTHS
def test_values_come_back_from_their_spectrum(n):
    np.testing.assert_allclose(from_cosines(cosines(noise(n))), noise(n), atol=1e-12)


def tried_one_by_one(values):
    """Return what ``smoothed`` does, each settling and stiffness by itself."""
    n = values.size
    bend = (2 - 2 * np.cos(np.pi * np.arange(n) / n)) ** 2
    best = (np.inf, values, 0.0)
    for rows in (None, *SETTLING):
        settling = np.zeros(n) if rows is None else np.exp(-np.arange(n) / rows)
        if rows is not None and 4 * rows >= n:
            continue
        for stiffness in STIFFNESS:
            gain = 1 / (1 + stiffness * bend)

            def smooth(v, gain=gain):
                return idct(gain * dct(v, norm="ortho"), norm="ortho")

            rough = settling - smooth(settling)
            amplitude = 0.0 if rows is None else (rough @ values) / (rough @ settling)
            sudden = amplitude * settling
            course = sudden + smooth(values - sudden)
            freedom = gain.sum() + (rows is not None)
            score = n * np.square(values - course).sum() / (n - freedom) ** 2
            if score < best[0]:
                best = score, course, (np.square(gain).sum() + (rows is not None)) / n
    return best[1:]


@pytest.mark.parametrize(
    "truth",
    [
        np.zeros(ROWS),
        1000 + 3 * np.cos(np.pi * ROW / ROWS),
        40 * np.exp(-ROW / 11.0),
        2 * np.sin(ROW / 9),
    ],
    ids=["level", "drift", "settling", "waves"],
)
def test_the_fit_is_the_best_of_all_that_are_tried(truth):
    values = truth + noise()
    course, share = smoothed(values)
    expected, expected_share = tried_one_by_one(values)
    np.testing.assert_allclose(course, expected, atol=1e-9)
    assert share == pytest.approx(expected_share)


def test_the_share_of_variance_that_stays_is_that_of_the_course():
    courses = [smoothed(noise(seed=seed)) for seed in range(60)]
    scatter = np.mean([np.square(course).mean() for course, _ in courses])
    # The data choose the stiffness, which follows some of their noise.
    assert 0.8 < scatter / np.mean([share for _, share in courses]) < 2.0
