"""Memory is shared out within what was given, whatever the frames are."""

from hypothesis import given
from hypothesis import strategies as st

from gmoscli.engine.budget import BASE, FURTHER, LEAST_BANDS, PLANES, WORK, budget

MEGABYTE = 1 << 20
SIZES = {"4x4": 540_672, "2x2": 2_162_688, "1x1": 8_650_752}
"""Pixels of a ccd."""
CASES = {
    "memory": st.none() | st.integers(1 * MEGABYTE, 4096 * MEGABYTE),
    "jobs": st.integers(1, 16),
    "ccd": st.sampled_from(list(SIZES.values())),
    "chips": st.integers(1, 3),
    "kinds": st.integers(0, 4),
    "piecemeal": st.booleans(),
    "bands": st.integers(0, 2048 * MEGABYTE),
}


@given(**CASES)
def test_both_passes_stay_within_the_memory_or_take_the_least_they_can(
    memory, jobs, ccd, chips, kinds, **how
):
    share = budget(memory, jobs, ccd, chips * ccd, kinds, **how)
    calibrating = BASE + share.masters + share.at_once * WORK * ccd + share.parked
    calibrating += (share.at_once - 1) * FURTHER
    stacking = BASE + share.parked + PLANES * chips * ccd + share.bands
    stacking += (share.jobs - 1) * FURTHER
    assert 1 <= share.at_once <= jobs
    assert 1 <= share.together <= chips
    assert 1 <= share.jobs <= jobs
    assert share.bands >= LEAST_BANDS
    if memory is not None:
        least = PLANES * kinds * ccd * (1 if how["piecemeal"] else chips)
        assert calibrating <= memory or (share.parked, share.at_once, share.masters) == (
            0,
            1,
            least,
        )
        assert stacking <= memory or (share.parked, share.jobs, share.bands) == (0, 1, LEAST_BANDS)


@given(**CASES)
def test_more_memory_never_holds_less(memory, jobs, ccd, chips, kinds, **how):
    less = budget(memory or 1, jobs, ccd, chips * ccd, kinds, **how)
    more = budget(2 * (memory or 1), jobs, ccd, chips * ccd, kinds, **how)
    assert more.at_once >= less.at_once
    if more.at_once == less.at_once:
        assert more.together >= less.together
        if more.together == less.together:
            assert more.parked >= less.parked


def test_two_ccds_are_worked_on_at_a_time_unless_told_otherwise():
    for ccd in SIZES.values():
        assert budget(None, 8, ccd, 3 * ccd, 3, piecemeal=True).at_once >= 2
        assert budget(None, 1, ccd, 3 * ccd, 3, piecemeal=True).at_once == 1
