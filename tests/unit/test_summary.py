"""What observers are told of how frames went together."""

from gmoscli.frame import Exposure, Placement, Tie
from gmoscli.past import Done
from gmoscli.summary import placed, ties, unmatched
from tests.builders import a_tan, an_info, an_observation


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


def tied(tie):
    """What is told of a product whose reference has an outer ccd tied like this, on 0.16 arcsec."""
    info = an_info(index=1, tie=tie, wcs=a_tan((6.0, 4.0)))
    frame = an_observation(info, name="N1", reference=True)
    return list(ties(Exposure(an_observation(an_info(), inputs=(frame,)), ())))


def test_a_line_tells_how_well_each_ccd_is_tied_and_warns_where_that_is_badly():
    assert tied(None) == []
    ((well, line),) = tied(Tie((0.01, 0.0), 0.0049, 12))
    assert (well, line) == (
        False,
        "N1: ccd 1: 12 stars cross its gap, which tell its place to 4.9 mas",
    )
    ((badly, line),) = tied(Tie((0.01, 0.0), 0.019, 1))
    assert badly
    assert "1 star crosses its gap" in line
    assert "wider dithers" in line
    ((warned, line),) = tied(Tie((0.0, 0.0), 0.025, 0))  # nothing better is known of such frames
    assert not warned
    assert "the table's, to 25 mas" in line
