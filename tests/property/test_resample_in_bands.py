"""Resampling does not depend on how the work was cut."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gmoscli.dq import Dq
from gmoscli.geometry import Affine
from gmoscli.steps.lanczos import lanczos
from gmoscli.steps.resample import resample
from tests.builders import a_piece, some_strips

SHAPE = (70, 300)
RNG = np.random.default_rng(7)
SCI = RNG.normal(100, 10, SHAPE)
VAR = RNG.uniform(50, 150, SHAPE)
DQ = np.where(RNG.random(SHAPE) < 0.01, int(Dq.BAD), 0)
HALO = resample.halo

SHIFTS = st.integers(-6, 6) | st.floats(-6, 6).map(lambda shift: round(shift, 3))
MAPS = st.builds(
    lambda x, y, turn: Affine.moved(x, y).after(Affine.turned(turn, (400.0, 30.0))),
    SHIFTS,
    SHIFTS,
    # The reference frame itself comes out turned by as much as rounding makes of nothing.
    st.sampled_from([0.0, 1e-10, -1e-10, 0.01, -0.2, 0.4]),
)


def band_of(at, first, last, trimmed):
    """The planes of some output rows, from the native rows that reach them or from all."""
    start, stop = 0, SHAPE[0]
    if trimmed:
        corners = [[x, y] for x in (0, SHAPE[1] - 1) for y in (first - HALO, last - 1 + HALO)]
        rows = at(corners)[:, 1]
        start = max(int(np.floor(rows.min())), 0)
        stop = min(int(np.ceil(rows.max())) + 1, SHAPE[0])
    if start >= stop:
        return None
    some = slice(start, stop)
    piece = a_piece(SCI[some], VAR[some], DQ[some], at, first=start, scale=1.1, offset=-3.0)
    deep = resample(some_strips(piece, shape=(last - first, SHAPE[1]), first=first, sky=100.0))
    return deep.sci[0], deep.var[0], deep.dq[0]


@given(MAPS, st.integers(1, SHAPE[0] - 1))
@settings(deadline=None, max_examples=40)
def test_two_bands_hold_the_same_bytes_as_one(at, cut):
    whole = band_of(at, 0, SHAPE[0], trimmed=False)
    parts = [band_of(at, first, last, trimmed=True) for first, last in ((0, cut), (cut, SHAPE[0]))]
    for plane, top, bottom in zip(whole, *parts, strict=True):
        assert plane.tobytes() == top.tobytes() + bottom.tobytes()


def tile_of(at, rows, columns):
    """The planes of some output pixels, from the native ones that reach them."""
    ends_y, ends_x = ((side.start - HALO, side.stop - 1 + HALO) for side in (rows, columns))
    corners = at([[x, y] for x in ends_x for y in ends_y])
    x1, y1 = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    x2, y2 = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, SHAPE[::-1])
    if x1 >= x2 or y1 >= y2:
        return None
    some = slice(y1, y2), slice(x1, x2)
    more = {"first": int(y1), "left": int(x1), "scale": 1.1, "offset": -3.0}
    piece = a_piece(SCI[some], VAR[some], DQ[some], at, **more)
    strips = some_strips(piece, shape=(len(rows), len(columns)), first=rows.start, sky=100.0)
    deep = resample(replace(strips, left=columns.start, whole=SHAPE[1]))
    return deep.sci[0], deep.var[0], deep.dq[0]


@given(MAPS, st.integers(1, SHAPE[0] - 1), st.integers(9, SHAPE[1] - 9))
@settings(deadline=None, max_examples=40)
def test_four_tiles_hold_the_same_bytes_as_one_band(at, row, column):
    whole = band_of(at, 0, SHAPE[0], trimmed=False)
    for rows in (range(row), range(row, SHAPE[0])):
        for columns in (range(column), range(column, SHAPE[1])):
            tile = tile_of(at, rows, columns)
            area = slice(rows.start, rows.stop), slice(columns.start, columns.stop)
            for k, plane in enumerate(whole):
                none = np.full_like(plane[area], (0, 0, Dq.NO_DATA)[k])
                found = none if tile is None else tile[k]
                assert found.tobytes() == plane[area].tobytes()


@given(MAPS)
@settings(deadline=None, max_examples=40)
def test_variances_are_positive_where_there_is_data_and_zero_elsewhere(at):
    _, var, dq = band_of(at, 0, SHAPE[0], trimmed=False)
    empty = dq == Dq.NO_DATA
    assert (var[~empty] > 0).all()
    assert (var[empty] == 0).all()


@given(st.floats(0, 1, exclude_max=True))
@settings(deadline=None)
def test_weights_keep_light_and_its_place(fraction):
    weights = lanczos(np.array([fraction])).astype(float)[:, 0]
    assert abs(weights.sum() - 1) < 1e-6
    assert abs((weights * np.arange(-2, 4)).sum() - fraction) < 1e-4


@given(st.integers(1, 200), st.integers(0, 199))
@settings(deadline=None)
def test_weights_do_not_depend_on_their_place_in_an_array(n, start):
    fractions = RNG.uniform(0, 1, 400)
    some = slice(start, start + n)
    np.testing.assert_array_equal(lanczos(fractions)[:, some], lanczos(fractions[some]))
