"""Bands cover a grid, each pixel once, in the memory that is given."""

from itertools import chain, product

from hypothesis import given
from hypothesis import strategies as st

from gmoscli.engine.cutting import LEAST_ROWS, MOST, bands, bands_at_once, bytes_of, groups

SHAPES = st.tuples(st.integers(1, 5000), st.integers(1, 7000))
FRAMES, MEMORY = st.integers(1, 300), st.integers(1, 1 << 32)
HALOS = st.integers(1, 30)
ASIDE = st.none() | st.integers(0, 40)


def area(band, shape, halo, aside):
    """Pixels of a band with its halos, of which the grid has no columns beyond its own."""
    rows, columns = band.shape
    return (rows + 2 * halo) * min(columns + 2 * (aside or 0), shape[1])


@given(SHAPES, FRAMES, MEMORY, HALOS, ASIDE)
def test_bands_hold_every_pixel_once_and_in_order(shape, frames, memory, halo, aside):
    found = bands(shape, frames, memory, halo, aside)
    rows, columns = (
        list(dict.fromkeys(getattr(band, side) for band in found)) for side in ("rows", "columns")
    )
    assert [(band.rows, band.columns) for band in found] == list(product(rows, columns))
    for sides, size in ((rows, shape[0]), (columns, shape[1])):
        assert list(chain.from_iterable(sides)) == list(range(size))
        assert all(len(side) > 0 for side in sides)


@given(SHAPES, FRAMES, MEMORY, HALOS, ASIDE)
def test_a_band_with_its_halos_fits_in_memory_unless_it_has_the_fewest_rows(
    shape, frames, memory, halo, aside
):
    for band in bands(shape, frames, memory, halo, aside):
        needed = bytes_of(1, area(band, shape, halo, aside), frames, halo)
        assert needed <= memory or len(band.rows) <= LEAST_ROWS


@given(SHAPES, FRAMES, MEMORY)
def test_more_memory_never_makes_more_bands(shape, frames, memory):
    assert len(bands(shape, frames, 2 * memory)) <= len(bands(shape, frames, memory))


@given(SHAPES, FRAMES, MEMORY, HALOS)
def test_bands_are_whole_rows_unless_it_is_known_what_is_looked_at_beside(
    shape, frames, memory, halo
):
    assert {band.columns for band in bands(shape, frames, memory, halo)} == {range(shape[1])}


HIGH = 2000
"""Rows: more than there is memory for in what follows."""


@given(
    st.integers(100, 7000),
    st.integers(5, 300),
    st.integers(1, 1 << 24),
    HALOS,
    st.integers(0, 40),
)
def test_columns_are_cut_only_where_that_makes_halos_a_smaller_part(
    columns, frames, memory, halo, aside
):
    shape = (HIGH, columns)
    rows, cut = (bands(shape, frames, memory, halo, beside)[0] for beside in (None, aside))
    of_rows, of_cut = (
        len(band.rows) * len(band.columns) / area(band, shape, halo, beside)
        for band, beside in ((rows, None), (cut, aside))
    )
    assert cut == rows or of_cut > of_rows


@given(
    jobs=st.integers(1, 8),
    memory=st.integers(0, 1 << 24),
    halo=HALOS,
    aside=ASIDE,
    columns=st.integers(100, 7000),
    frames=st.integers(5, 60),
)
def test_bands_at_a_time_fit_and_get_on_faster_than_one_alone(
    jobs, memory, halo, aside, columns, frames
):
    together = bands_at_once(jobs, memory, halo, columns, frames, aside)
    assert 1 <= together <= jobs
    shape = (HIGH, columns)
    one, some = (bands(shape, frames, memory // n, halo, aside)[0] for n in (1, together))
    if together > 1:
        assert together * bytes_of(1, area(some, shape, halo, aside), frames, halo) <= memory
        alone, shared = (
            len(b.rows) * len(b.columns) / area(b, shape, halo, aside) for b in (one, some)
        )
        assert together * shared > alone


@given(FRAMES)
def test_groups_hold_every_frame_once_and_in_order_and_are_alike_in_number(frames):
    found = groups(frames)
    assert list(chain.from_iterable(range(frames)[some] for some in found)) == list(range(frames))
    sizes = {some.stop - some.start for some in found}
    assert max(sizes) <= MOST
    assert max(sizes) - min(sizes) <= 1
    assert len(found) == -(-frames // MOST)
