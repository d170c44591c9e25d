"""When a fringe frame can be made."""

import pytest

from gmoscli.plan.fringes import DITHER, FEWEST, why_no_fringes
from gmoscli.steps.fringe_frame import match_fringes
from tests.unit.plan.shots import science


def at(*offsets: tuple[float, float], dec: float = 60.0):
    """Return frames at offsets in arcsec, east and north as coordinates."""
    return [
        science(f"f{n}", RA=359.9999 + east / 3600, DEC=dec + north / 3600)
        for n, (east, north) in enumerate(offsets)
    ]


def test_three_dithered_frames_make_one():
    assert why_no_fringes(at((0, 0), (0, 3), (0, 6))) is None


def test_fewer_do_not():
    assert why_no_fringes(at((0, 0), (0, 9))) == "a fringe frame needs 3 frames, here are 2"


def test_undithered_ones_do_not():
    reason = why_no_fringes(at((0, 0), (0, 2), (0, 4.5)))
    assert reason == "undithered: no two frames are 5 arcsec apart, the widest 4.5"


@pytest.mark.parametrize(("east", "enough"), [(9.8, False), (10.2, True)])
def test_right_ascension_counts_on_the_sky_and_across_midnight(east, enough):
    assert (why_no_fringes(at((0, 0), (0, 0), (east, 0))) is None) is enough


def test_frames_of_unknown_place_are_undithered():
    frames = [science(name, RA=None, DEC=None) for name in "abc"]
    assert "undithered" in why_no_fringes(frames)


def test_the_limits_are_those_of_the_recipe():
    limits = {name: match_fringes.parameters[name].default for name in ("min_frames", "min_dither")}
    assert limits == {"min_frames": FEWEST, "min_dither": DITHER}
