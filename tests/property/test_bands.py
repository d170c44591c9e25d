"""Bands cover a grid, each row once, in the memory that is given."""

from hypothesis import given
from hypothesis import strategies as st

from gmoscli.stack import LEAST_ROWS, bands, bands_at_once, bytes_of

SHAPES = st.tuples(st.integers(1, 5000), st.integers(1, 7000))


@given(SHAPES, st.integers(1, 300), st.integers(1, 1 << 32), st.integers(0, 20))
def test_bands_hold_every_row_once_and_in_order(shape, frames, memory, halo):
    found = bands(shape, frames, memory, halo)
    assert [row for band in found for row in range(band.start, band.stop)] == [*range(shape[0])]
    assert all(band.rows == band.stop - band.start > 0 for band in found)


@given(SHAPES, st.integers(1, 300), st.integers(1, 1 << 32), st.integers(0, 20))
def test_a_band_with_its_halo_fits_in_memory_unless_it_has_the_fewest_rows(
    shape, frames, memory, halo
):
    for band in bands(shape, frames, memory, halo):
        needed = bytes_of(band.rows + 2 * halo, shape[1], frames, halo)
        assert needed <= memory or band.rows <= LEAST_ROWS


@given(SHAPES, st.integers(1, 300), st.integers(1, 1 << 32))
def test_more_memory_never_makes_more_bands(shape, frames, memory):
    assert len(bands(shape, frames, 2 * memory)) <= len(bands(shape, frames, memory))


@given(
    jobs=st.integers(1, 8),
    memory=st.integers(0, 1 << 30),
    halo=st.integers(0, 30),
    columns=st.integers(1, 7000),
    frames=st.integers(1, 60),
)
def test_bands_at_a_time_fit_with_no_more_halo_than_rows_or_there_is_one(
    jobs, memory, halo, columns, frames
):
    together = bands_at_once(jobs, memory, halo, columns, frames)
    assert 1 <= together <= jobs
    cut = bands((5000, columns), frames, memory // together, halo)
    if together > 1:
        assert together * bytes_of(cut[0].rows + 2 * halo, columns, frames, halo) <= memory
        assert cut[0].rows >= 2 * halo
