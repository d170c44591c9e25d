"""A gap of one frame takes nothing from a star, whatever the seeing of the frames."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.steps.combine import average
from gmoscli.steps.complete import LIT, MOST, NOISIEST, ROUND, ROW
from tests.builders import a_deep, starlight

SHAPE = (41, 41)
SEEING = (3.8, 4.2, 4.7, 5.6, 4.4)


def a_star(*, bad=(), flag=Dq.BAD, weights=None, noise=0.0):
    """Frames of one star of 1e5 electrons, and pixels (frame, rows, columns) that are no good."""
    sci = np.array([starlight(SHAPE, 20.2, 19.9, 1e5, fwhm) for fwhm in SEEING])
    sci = np.random.default_rng(4).normal(sci, noise)
    dq = np.zeros(sci.shape, np.uint16)
    for frame, rows, columns in bad:
        dq[frame, rows, columns] = flag
        sci[frame, rows, columns] = 6e4
    return a_deep(sci, var=1.0, dq=dq, weights=weights)


EVERY = slice(None)
GAPS = {
    "a column": [(3, EVERY, 20)],
    "two columns": [(0, EVERY, slice(20, 22))],
    "a ray": [(3, slice(18, 22), slice(19, 21))],
    "columns of two frames": [(3, EVERY, 20), (0, EVERY, 21)],
    "a ray along the rows": [(3, slice(19, 21), slice(16, 24))],
    "a ray over the core": [(3, slice(18, 22), slice(18, 22))],
}


@pytest.mark.parametrize("bad", GAPS.values(), ids=GAPS)
@pytest.mark.parametrize("weights", [None, (1.0, 0.5, 2.0, 1.5, 0.7)], ids=["alike", "weighted"])
def test_the_star_is_that_of_all_frames(bad, weights):
    whole = average(a_star(weights=weights)).sci
    filled = average(a_star(bad=bad, weights=weights), gaps="fill").sci
    left = average(a_star(bad=bad, weights=weights), gaps="leave").sci
    # Two columns of the best frame, at the peak, are the worst of these; one is gone to 2 in 100.
    assert abs(filled.sum() - whole.sum()) < 0.4 * abs(left.sum() - whole.sum())
    assert np.abs(filled - whole).max() < 0.17 * np.abs(left - whole).max()


def test_nothing_changes_where_all_frames_are_good_or_none_shines():
    bad = [(3, EVERY, 20)]
    left, filled = (average(a_star(bad=bad), gaps=gaps) for gaps in ("leave", "fill"))
    same = np.ones(SHAPE, bool)
    same[:, 20] = left.sci[:, 20] < 4 * np.sqrt(left.var[:, 20])  # of four frames
    assert same[:, 20].any() and not same[:, 20].all()
    assert (filled.sci == left.sci)[same].all() and (filled.var == left.var)[same].all()
    assert (filled.dq == left.dq).all() and (filled.used == left.used).all()


@pytest.mark.parametrize("flag", [Dq.NO_DATA, Dq.UNILLUMINATED])
def test_the_end_of_a_frame_is_no_gap(flag):
    bad = [(3, EVERY, slice(20, None))]
    left, filled = (average(a_star(bad=bad, flag=flag), gaps=gaps) for gaps in ("leave", "fill"))
    assert (filled.sci == left.sci).all()


def test_a_gap_too_wide_to_tell_stays_with_the_other_frames():
    bad = [(3, EVERY, slice(14, 27))]
    left, filled = (average(a_star(bad=bad), gaps=gaps) for gaps in ("leave", "fill"))
    assert (filled.sci == left.sci)[:, 18:23].all()


def test_the_variance_is_that_of_many_trials():
    flat = np.full((3, 1, 4000), 1e3)
    dq = np.zeros(flat.shape, np.uint16)
    dq[1, :, ::8] = Dq.BAD  # eight apart: no two gaps share a neighbour
    sci = np.random.default_rng(1).normal(flat, 10.0)
    weights = (1.0, 1.5, 0.5)
    out = average(a_deep(sci, 100.0, dq, weights), gaps="fill")
    inner = slice(8, -8, 8)
    assert np.std(out.sci[0, inner]) == pytest.approx(np.sqrt(out.var[0, inner].mean()), rel=0.1)


def test_frames_of_one_seeing_gain_no_light():
    sci = np.array([starlight(SHAPE, 20.2, 19.9, 1e5, 4.4)] * 4)
    dq = np.zeros(sci.shape, np.uint16)
    dq[2, :, 21] = Dq.COSMIC_RAY
    out = average(a_deep(sci, 1.0, dq), gaps="fill")
    np.testing.assert_allclose(out.sci, sci[0], atol=0.01)


def test_what_is_left_of_a_ray_beside_it_is_not_spread():
    bad = [(3, slice(18, 22), slice(19, 21))]
    clean, dirty = (a_star(bad=bad, flag=Dq.COSMIC_RAY) for _ in range(2))
    dirty.sci[3, 18:22, [18, 21]] += 500.0
    left, mended = (average(deep, gaps="leave").sci for deep in (clean, dirty))
    filled, spread = (average(deep, gaps="fill").sci for deep in (clean, dirty))
    np.testing.assert_allclose(spread - filled, mended - left, atol=0.01)


def test_what_the_pixels_beside_cannot_tell_is_not_guessed():
    rng = np.random.default_rng(11)
    bad = [(n, y, x) for n in (0, 3) for y, x in rng.integers(12, 29, (90, 2))]
    left, filled = (average(a_star(bad=bad), gaps=gaps) for gaps in ("leave", "fill"))
    assert (filled.var != left.var).any()
    assert (filled.var < 2 * left.var).all()


def slowly(deep):
    """Complete the mean place by place, by weighted least squares on the good frames there."""
    mean = average(deep, gaps="leave")
    good = deep.dq == 0
    sky, weight = np.float64(deep.sky), np.array(deep.weights)
    total, whole = np.zeros((2, *mean.sci.shape))
    for i, y, x in zip(*np.nonzero(~good), strict=True):
        others = good[:, y, x]
        sigmas = max(LIT, others.sum())
        if not others.any() or mean.sci[y, x] - sky <= sigmas * np.sqrt(mean.var[y, x]):
            continue
        middle = np.average(deep.sci[others, y, x] - sky, weights=weight[others])
        for about in (ROW, ROUND):
            shares, differs = told(deep, i, (y, x), about)
            if len(shares) and np.square(shares * middle).sum() <= NOISIEST:
                most = MOST * middle
                total[y, x] += weight[i] * np.clip((shares * differs).sum() * middle, -most, most)
                whole[y, x] += weight[i]
                break
    own = (weight[:, None, None] * good).sum(axis=0) + whole
    return mean.sci + np.divide(total, own, out=np.zeros_like(total), where=own > 0)


def told(deep, i, place, about):
    """Return shares and differences of the pixels around a place; none where these are few."""
    good, rays = deep.dq == 0, (deep.dq & np.uint16(Dq.COSMIC_RAY)) > 0
    weight, others = np.array(deep.weights), good[:, *place]
    found = []
    for dy, dx in zip(about.dy, about.dx, strict=True):
        y, x = place[0] + dy, place[1] + dx
        if not (0 <= y < SHAPE[0] and 0 <= x < SHAPE[1] and good[others, y, x].all()):
            continue
        if good[i, y, x] and not rays[i, y, max(x - 1, 0) : x + 2].any():
            light = np.average(deep.sci[others, y, x] - deep.sky, weights=weight[others])
            found.append((dy, dx, light, deep.sci[i, y, x] - deep.sky - light))
    if len(found) < about.fewest:
        return np.zeros((2, 0))
    dy, dx, light, differs = np.array(found, float).T
    root = np.exp(-0.25 * (dx**2 + dy**2) / 4)
    shapes = np.stack([light * dx**p * dy**q for p, q in about.powers], axis=1)
    shares = np.linalg.pinv(shapes * root[:, None], rcond=1e-9)[0] * root
    return shares, differs


@pytest.mark.parametrize("share", [0.03, 0.2])
def test_gaps_of_many_frames_at_a_place_are_filled_as_one_by_one(share):
    rng = np.random.default_rng(9)
    deep = a_star(weights=(1.0, 0.5, 2.0, 1.5, 0.7), noise=3.0)
    hit = rng.random(deep.sci.shape) < share
    deep.dq[hit] = rng.choice([int(Dq.BAD), int(Dq.COSMIC_RAY)], hit.sum())
    left = average(deep, gaps="leave").sci
    expected, filled = slowly(deep), average(deep, gaps="fill").sci
    moved = np.abs(expected - left) > 1
    assert moved.sum() > 30
    np.testing.assert_allclose((filled - left)[moved], (expected - left)[moved], rtol=0.02)
