"""A plan is carried out whole, or stopped before any work."""

import pytest

from gmoscli.checksums import Checksums
from gmoscli.errors import GmosError
from gmoscli.frame import Exposure, Placement
from gmoscli.recipes.bias import bias
from gmoscli.reductions import Resources, reduced, unmatched
from gmoscli.request import Plan
from tests import header_files
from tests.builders import an_info, an_observation
from tests.header_files import BIAS


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("nowhere/bias.fits", "no such folder"),
        ("N1.fits", "would replace one of its inputs"),
        ("folder", "is a folder"),
    ],
)
def test_what_would_stop_the_writing_stops_the_work_before_it(tmp_path, output, says):
    raw = header_files.raw(**BIAS)
    raw.path = header_files.write(tmp_path / "N1.fits", raw)
    (tmp_path / "folder").mkdir()
    plan = Plan(bias, (raw,), {}, (tmp_path / output,))
    with pytest.raises(GmosError, match=says):
        list(reduced(plan, Resources(), (), Checksums()))


def a_stack(*scale_errors):
    """A product of frames scaled by stars to some error, the first of them the reference."""
    frames = [
        an_observation(
            an_info(), name=f"N{i}", placement=Placement(scale_error=error), reference=not i
        )
        for i, error in enumerate(scale_errors)
    ]
    return Exposure(an_observation(an_info(), inputs=tuple(frames)), ())


def test_frames_whose_transparency_no_stars_tell_are_named():
    (line,) = unmatched(a_stack(0.0, 0.002, 0.0))
    assert line.startswith("N2: too few stars in common")
    assert not list(unmatched(a_stack(0.0, 0.002, 0.001)))
    assert not list(unmatched(a_stack(0.0)))
