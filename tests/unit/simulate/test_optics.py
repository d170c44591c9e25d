"""The response: field stop, vignetting, dust, pixels."""

import numpy as np
import pytest

from gmoscli.gmos.detectors import detectors
from gmoscli.simulate import Effects, Night
from gmoscli.simulate.areas import ccd_areas
from gmoscli.simulate.optics import field_stop, response

NIGHT = Night(binning=(4, 4))


def of_chip(effects, index=2, night=NIGHT):
    return response(night, effects, ccd_areas(night)[index - 1])


def test_everything_off_is_one():
    assert (of_chip(Effects.only()) == 1).all()


def test_the_scatter_of_pixels_shrinks_with_their_number():
    coarse, fine = (
        of_chip(Effects.only("response"), night=Night(binning=b)).std() for b in ((4, 4), (1, 2))
    )
    assert coarse == pytest.approx(0.008 / 4, rel=0.02)
    assert fine == pytest.approx(0.008 / 2**0.5, rel=0.02)


@pytest.mark.parametrize("name", [one.id for one in detectors()])
def test_half_the_light_passes_on_the_outline_of_the_field(name):
    night = Night(detector=name, binning=(1, 1), roi="Central Spectrum")
    edges = {row: (first, last) for row, first, last in night.array.outline}
    one, _, three = ccd_areas(night)
    row = next(y for y in edges if one.section.y1 + 100 < y < one.section.y2 - 100)
    first, last = edges[row]
    left, right = field_stop(night, one), field_stop(night, three)
    line = row - one.section.y1
    assert left[line, first] == pytest.approx(0.5, abs=1e-6)
    assert right[line, last - 4096] == pytest.approx(0.5, abs=1e-6)
    assert left[line, first - 20] == 0 and left[line, first + 20] == 1


def test_rows_beyond_the_field_are_dark():
    stop = field_stop(Night(binning=(1, 1)), ccd_areas(Night(binning=(1, 1)))[1])
    assert not stop[:30].any()
    assert stop[100, 500] == 1


def test_vignetting_is_smooth_and_at_most_a_tenth_within_the_field():
    inside = Effects.only("field_stop")
    lit = of_chip(inside) == 1
    shade = of_chip(Effects.only("vignetting"))
    assert 0.88 < shade[lit].min() < shade.max() <= 1
    assert np.abs(np.diff(shade, axis=0)).max() < 1e-3


def test_dust_takes_little_light_and_from_few_pixels():
    rings = of_chip(Effects.only("dust"))
    assert rings.max() == 1
    assert 0.93 < rings.min() < 0.99
    assert 0 < (rings < 0.999).mean() < 0.1


def test_chips_and_seeds_differ():
    one, two = (of_chip(Effects.only("response"), i) for i in (1, 2))
    other = of_chip(Effects.only("response"), 1, Night(binning=(4, 4), seed=2))
    assert (one != two).mean() > 0.9 and (one != other).mean() > 0.9
