"""How well stars tie a chip is told truly, and the table counts as far as it is believed."""

import numpy as np
import pytest

from gmoscli.steps.chips import register_ccds
from gmoscli.steps.ties import TABLE, crossing, crossings, weighed
from tests.builders import SCALE
from tests.unit.steps.test_chips import frames_of

SEEDS = range(25)


def missed(seed, **night):
    """Return displacement minus truth, over the error told, of chips that stars tie."""
    rng = np.random.default_rng(1000 + seed)
    truth = {index: rng.normal(0, TABLE / SCALE, 2) for index in (1, 3)}
    (first, *_) = register_ccds(frames_of(truth, seed=seed, **night))
    ties = {info.index: info.tie for info in first.ccds if info.tie is not None}
    return [
        (ties[i].offset - SCALE * truth[i]) / ties[i].error for i in (1, 3) if ties[i].stars > 2
    ]


@pytest.mark.parametrize(
    "night",
    [
        {"dither": 150.0, "density": 400},
        {"dither": 300.0, "density": 300},
        {"n_frames": 12, "dither": 150.0, "density": 200},
    ],
    ids=["usual", "wide and few", "many frames"],
)
def test_the_error_told_is_the_error_made(night):
    ratios = np.array([one for seed in SEEDS for one in missed(seed, **night)])
    assert len(ratios) > 20
    # A sixth is what so many tell of their scatter; errors counted pair by pair are out by 2.4.
    assert np.sqrt(np.mean(ratios**2)) == pytest.approx(1, abs=0.35)


def test_a_chip_that_no_star_ties_is_as_good_as_the_table():
    for obs in register_ccds(frames_of({}, dither=0.0)):
        ties = {info.index: info.tie for info in obs.ccds}
        assert ties[1] == ties[3]
        assert (ties[1].offset, ties[1].error, ties[1].stars) == ((0.0, 0.0), TABLE, 0)
        assert ties[2] is None


def test_a_star_counts_once_however_many_frames_see_it_cross():
    few, many = (
        crossing(crossings(frames_of({}, n_frames=2 * n, dither=150.0)[: 2 * n], 0, 0.5), 1)
        for n in (2, 6)
    )
    assert 0 < few < many < 6 * few  # pairs of frames are eleven times as many


def test_the_mean_is_by_weight():
    tie = weighed((TABLE / 10, 0.0), TABLE)
    assert tie.offset == pytest.approx((TABLE / 20, 0.0), rel=0.01)
    assert tie.error == pytest.approx(TABLE / 2**0.5, rel=0.01)


@pytest.mark.parametrize("error", [0.001, 0.005])
def test_a_table_that_stars_refute_is_not_believed(error):
    tie = weighed((0.16, -0.16), error)
    assert np.hypot(*np.subtract(tie.offset, (0.16, -0.16))) < error / 2


def test_stars_that_tell_less_than_the_table_hardly_move_a_chip():
    tie = weighed((0.03, 0.0), 4 * TABLE)
    assert 0 < tie.offset[0] < 0.003
    assert tie.error < TABLE
