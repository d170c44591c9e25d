"""What observers are told of how frames went together."""

from gmoscli.frame import Exposure, Placement
from gmoscli.past import Done
from gmoscli.summary import placed, unmatched
from tests.builders import an_info, an_observation


def a_stack(*scale_errors, steps=("match_counts",)):
    """A product of frames scaled by stars to some error, the first of them the reference."""
    frames = [
        an_observation(
            an_info(), name=f"N{i}", placement=Placement(scale_error=error), reference=not i
        )
        for i, error in enumerate(scale_errors)
    ]
    history = tuple(Done(step, step, "{}") for step in steps)
    return Exposure(an_observation(an_info(), inputs=tuple(frames), history=history), ())


def test_frames_whose_transparency_no_stars_tell_are_named():
    (line,) = unmatched(a_stack(0.0, 0.002, 0.0))
    assert line.startswith("N2: too few stars in common")
    assert not list(unmatched(a_stack(0.0, 0.002, 0.001)))
    assert not list(unmatched(a_stack(0.0)))
    assert not list(unmatched(a_stack(0.0, 0.0, steps=("average",))))


def test_a_line_tells_of_the_stars_that_placed_a_frame():
    frame = an_observation(
        an_info(), name="N1", placement=Placement(matches=9, rms=3e-3, error=1e-3, scale=1.02)
    )
    alone = Exposure(an_observation(an_info(), inputs=(frame,)), ())
    assert list(placed(alone)) == [
        "N1: 9 stars match to 3.0 mas, placed to 1.0 mas, counts times 1.0200"
    ]
