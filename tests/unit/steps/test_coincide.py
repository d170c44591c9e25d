"""Stars of two frames coincide all over the field, or it is told that they do not."""

import numpy as np
import pytest

from gmoscli.frame import Exposure
from gmoscli.steps.coincide import check_places
from gmoscli.steps.register import register
from gmoscli.summary import astray
from tests.builders import SCALE, a_catalogue, a_tan, an_info, an_observation

NARROW = 0.06
"""Arcsec: how far stars of the third that is off lie, of those that must be told."""


def mosaics(off, shifts=(0.0, 90.0), seed=0, index=0):
    """Mosaics whose left third lies off by arcsec, and whose pointings differ by some pixels."""
    rng = np.random.default_rng(seed)
    stars, signal = rng.uniform(0, 900, (150, 2)), 10 ** rng.uniform(2.2, 3, 150)
    frames = []
    for k, shift in enumerate(shifts):
        seen = stars + [shift, 0.0] + rng.normal(size=stars.shape) / signal[:, None] * 2
        seen[seen[:, 0] < 300] += [0.0, off / SCALE]
        sources = a_catalogue(*seen.T, 100 * signal, 100.0)
        info = an_info((900, 1000), index, wcs=a_tan((450.0 + shift, 450.0)), sources=sources)
        frames.append(an_observation(info, name=f"N{k}"))
    return check_places(register(frames))


def told(frames):
    return list(astray(Exposure(an_observation(an_info(), inputs=tuple(frames)), ())))


@pytest.mark.parametrize("seed", range(5))
def test_stars_that_are_one_are_not_told(seed):
    assert not told(mosaics(0.0, seed=seed))
    assert not told(mosaics(NARROW, shifts=(0.0, 0.0), seed=seed))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("off", [NARROW, 0.16])
def test_stars_that_are_two_are_told_with_how_far(off, seed):
    (line,) = told(mosaics(off, seed=seed))
    far = float(line.partition("lie ")[2].partition(" mas")[0])
    assert far == pytest.approx(1e3 * off, rel=0.3)
    assert "reduce_nostack" in line


def test_of_frames_that_are_no_mosaics_something_else_is_advised():
    (line,) = told(mosaics(0.16, index=2))
    assert "reduce_nostack" not in line
    assert line.startswith("N")


def test_frames_that_nothing_was_registered_to_are_given_back():
    frames = [an_observation(an_info(), name="N0")]
    assert check_places(frames) is frames
