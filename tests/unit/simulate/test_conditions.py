"""Where the telescope points and where sources fall."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.wcs import WCS

from gmoscli.geometry import chip_to_detector
from gmoscli.simulate import Effects, Night, expose
from gmoscli.simulate.camera import focal_plane, plate
from gmoscli.simulate.chips import true_chips
from gmoscli.simulate.conditions import conditions, frame_of, on_sky
from gmoscli.simulate.extensions import extension
from gmoscli.simulate.plan import shot_of
from gmoscli.simulate.scene import scene

NIGHT = Night(frames=4, binning=(4, 4), star_density=3.0, magnitudes=(15.0, 17.0), seeing=(1.2,))
STARS = Effects.only("stars")


def separation(one, two):
    """Distance in arcsec on the sky, for small ones."""
    dra = (one[0] - two[0]) * np.cos(np.radians(two[1]))
    return 3600 * float(np.hypot(dra, one[1] - two[1]))


def centroids(night, effects, index, chip):
    """Predicted and painted places (binned pixels of the ccd) of stars well inside one chip."""
    frame = expose(night, effects, "science", index)
    truth = frame.ccds[chip - 1]
    area = truth.area
    sources = scene(night, effects, "science")
    tan = focal_plane(night, frame.now.header)
    to_plane = chip_to_detector(night.array.chips[chip - 1], night.array)
    sky = np.column_stack([sources.ra, sources.dec])
    x, y = to_plane.inverse(tan.pixels(sky)).T
    x, y = (x - area.section.x1 + 0.5) / 4 - 0.5, (y - area.section.y1 + 0.5) / 4 - 0.5
    found = []
    for i in range(len(x)):
        apart = np.hypot(x - x[i], y - y[i])
        inside = 25 < x[i] < area.shape[1] - 25 and 25 < y[i] < area.shape[0] - 25
        if inside and np.sort(apart)[1] > 60:
            at = round(y[i]), round(x[i])
            box = truth.sources[at[0] - 15 : at[0] + 16, at[1] - 15 : at[1] + 16]
            dy, dx = np.mgrid[-15:16, -15:16]
            weight = box * (np.hypot(dx + at[1] - x[i], dy + at[0] - y[i]) < 10)
            found.append(
                (
                    x[i],
                    y[i],
                    at[1] + (weight * dx).sum() / weight.sum(),
                    at[0] + (weight * dy).sum() / weight.sum(),
                )
            )
    return np.array(found)


@pytest.mark.parametrize("chip", [1, 2, 3])
def test_without_pointing_errors_header_and_catalogued_chips_tell_where_stars_are(chip):
    x, y, found_x, found_y = centroids(NIGHT, STARS, 1, chip).T
    assert len(x) >= 5
    assert np.abs(np.median(found_x - x)) < 5e-3
    assert np.abs(np.median(found_y - y)) < 5e-3


def test_the_raw_header_of_chip_2_is_the_same_sky():
    night = replace(NIGHT, pa=37.0)
    frame = frame_of(night, STARS, shot_of(night, "science", 2))
    now = frame.now
    cards = {k: v for k, (v, _) in extension(frame, 5).items()}
    wcs = WCS({k: v for k, v in cards.items() if k.startswith("C")})
    sky = (now.header[0] + 0.01, now.header[1] - 0.02)
    x, y = wcs.all_world2pix(*sky, 0)
    x_chip, y_chip = focal_plane(night, now.header).pixels(sky)
    # the second amplifier of chip 2: overscan on the left, first column 512
    assert (x - 32 + 0.5) * 4 - 0.5 + 512 == pytest.approx(x_chip, abs=1e-4)
    assert (y + 0.5) * 4 - 0.5 == pytest.approx(y_chip, abs=1e-4)


def test_a_source_moves_by_the_offset_of_the_telescope():
    night = replace(NIGHT, offsets=((0.0, 0.0), (8.0, -6.0)), pa=30.0)
    sky = conditions(night, STARS, shot_of(night, "science", 0)).header
    before, after = (
        focal_plane(night, conditions(night, STARS, shot_of(night, "science", i)).header).pixels(
            sky
        )
        for i in (0, 1)
    )
    scale = night.array.pixel_scale
    assert after - before == pytest.approx([8.0 / scale, -6.0 / scale], abs=0.02)


def test_the_sky_is_seen_in_a_mirror_with_up_at_pa_plus_180():
    cd = plate(replace(NIGHT, pa=20.0))
    east, north = cd @ [0, 1]
    assert np.linalg.det(cd) > 0
    assert np.degrees(np.arctan2(east, north)) % 360 == pytest.approx(200)


@pytest.mark.parametrize(
    ("offset", "pa", "sky"),
    [((5, 0), 0, (5, 0)), ((5, 0), 90, (0, -5)), ((0, 5), 90, (5, 0)), ((3, 4), 180, (-3, -4))],
)
def test_p_points_to_pa_plus_90_and_q_to_pa(offset, pa, sky):
    assert on_sky(offset, pa) == pytest.approx(sky, abs=1e-12)


def test_pointing_errors_are_within_their_limit_and_not_in_the_header():
    night = replace(NIGHT, frames=30, pointing_error=10.0)
    errors = []
    for i in range(30):
        shot = shot_of(night, "science", i)
        off, on = (conditions(night, Effects.only(*e), shot) for e in ((), ("pointing",)))
        assert off.header == on.header == off.true
        errors.append(separation(on.true, on.header))
    assert 5 < max(errors) < 10.001
    assert len(set(errors)) == 30


def test_switched_off_variations_leave_all_frames_like_the_first():
    night = Night(frames=4)
    calm = Effects().without("seeing", "transparency", "sky_variation", "pointing")
    nows = [conditions(night, calm, shot_of(night, "science", i)) for i in range(4)]
    assert {(n.seeing, n.transparency, n.sky, n.ellipticity) for n in nows} == {
        (0.75, 1.0, nows[0].sky, 0.0)
    }


def test_twilights_fall_and_their_colour_crosses_zero():
    night = Night(flats=5)
    nows = [conditions(night, Effects(), shot_of(night, "flat", i)) for i in range(5)]
    assert [n.sky for n in nows] == sorted((n.sky for n in nows), reverse=True)
    assert sum(n.colour for n in nows) == pytest.approx(0)


@pytest.mark.parametrize("chip", [1, 2, 3])
def test_stars_move_against_the_displacement_of_their_chip(chip):
    there = Effects.only("stars", "chip_placement")
    x, y, found_x, found_y = centroids(NIGHT, there, 1, chip).T
    true, said = true_chips(NIGHT, there)[chip - 1].shift, NIGHT.array.chips[chip - 1].shift
    moved = [np.median(found_x - x), np.median(found_y - y)]
    # a chip also turns, by about 0.001 degrees: 0.02 pixels at its ends
    assert moved == pytest.approx((np.array(said) - true) / 4, abs=0.02)
    assert (true == said) == (chip == 2)
