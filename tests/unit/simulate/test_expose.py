"""One exposure: what each effect adds, and that it adds nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.simulate import Effects, Night, expose
from gmoscli.simulate.areas import amp_areas
from gmoscli.simulate.fringes import fringe_pattern
from gmoscli.simulate.readout import PEDESTAL, amp_truth
from gmoscli.simulate.scene import chip_rates, scene

STAMP = Night(roi="Central Stamp", frames=3, biases=3, flats=3)
WIDE = Night(roi="CCD2", binning=(4, 4), frames=3, biases=3, flats=3)
NOTHING = Effects.only()
NOISES = ("photon_noise", "read_noise", "cosmic_rays")


def light(night, exposure, i=0):
    """Light-sensitive pixels of an amplifier."""
    return exposure.counts[i][amp_areas(night)[i].datasec.slices].astype(float)


def overscan(night, exposure, i=0):
    """Overscan of an amplifier, from the column beside the light outwards."""
    area = amp_areas(night)[i]
    columns = exposure.counts[i][area.biassec.slices].astype(float)
    return columns[:, ::-1] if area.amp.overscan == "left" else columns


@pytest.mark.parametrize("kind", ["bias", "science"])
def test_nothing_switched_on_is_the_pedestal_and_nothing_else(kind):
    exposure = expose(STAMP, NOTHING, kind, 1)
    assert all((counts == PEDESTAL).all() for counts in exposure.counts)


def test_a_flat_alone_is_its_level():
    exposure = expose(STAMP, NOTHING, "flat", 2)
    assert (light(STAMP, exposure) == PEDESTAL + STAMP.flat_levels[2]).all()
    assert (overscan(STAMP, exposure) == PEDESTAL).all()


def test_the_same_night_gives_the_same_counts_and_another_seed_does_not():
    one, two = (expose(STAMP, Effects(), "science", 0) for _ in range(2))
    other = expose(replace(STAMP, seed=2), Effects(), "science", 0)
    assert all((a == b).all() for a, b in zip(one.counts, two.counts, strict=True))
    assert any((a != b).any() for a, b in zip(one.counts, other.counts, strict=True))


@pytest.mark.parametrize("plane", ["sources", "background", "response", "cosmics", "bad"])
def test_other_switches_do_not_move_a_single_draw(plane):
    needed = {
        "sources": ("stars", "galaxies", "pointing", "seeing", "transparency", "colour_terms"),
        "background": ("sky", "sky_variation"),
        "response": ("response", "vignetting", "dust", "qe", "field_stop", "bad_pixels"),
        "cosmics": ("cosmic_rays",),
        "bad": ("bad_pixels",),
    }[plane]
    everything = expose(WIDE, Effects(), "science", 1).ccds[0]
    alone = expose(WIDE, Effects.only(*needed), "science", 1).ccds[0]
    assert (getattr(everything, plane) == getattr(alone, plane)).all()
    assert np.ptp(getattr(alone, plane).astype(float)) > 0 or plane == "background"


def test_noise_is_read_noise_and_the_root_of_the_electrons():
    effects = Effects.only("photon_noise", "read_noise", "gain", "bias_level")
    for level in (2e3, 6e4):
        night = replace(STAMP, flat_levels=(level,))
        exposure = expose(night, effects, "flat", 0)
        for i, area in enumerate(amp_areas(night)):
            truth = amp_truth(night, effects, area.amp.name, night.flat_day)
            electrons = (light(night, exposure, i) - truth.bias) * truth.gain
            variance = truth.read_noise**2 + level + truth.gain**2 / 12  # rounding is noise too
            # 11000 pixels: the variance is known to 1.4 %, the mean to 0.01 sigma
            assert electrons.var() == pytest.approx(variance, rel=0.06)
            assert electrons.mean() == pytest.approx(level, abs=0.05 * variance**0.5)
            dark = (overscan(night, exposure, i) - truth.bias) * truth.gain
            assert dark.var() == pytest.approx(truth.read_noise**2 + truth.gain**2 / 12, rel=0.1)


def test_the_overscan_has_no_light():
    lit = Effects.only("stars", "sky", "cosmic_rays", "bad_pixels", "gain")
    exposure = expose(WIDE, lit, "science", 0)
    for i in range(4):
        assert light(WIDE, exposure, i).max() > PEDESTAL + 100
        assert (overscan(WIDE, exposure, i) == PEDESTAL).all()


@pytest.mark.parametrize("i", [0, 1])
def test_light_trails_into_the_contaminated_columns_alone(i):
    exposure = expose(WIDE, Effects.only("overscan_trail"), "flat", 0)
    columns = overscan(WIDE, exposure, i).mean(axis=0) - PEDESTAL
    assert columns[0] == pytest.approx(1.5e-3 * WIDE.flat_levels[0], abs=0.5)
    assert (np.diff(columns[:4]) < 0).all()
    assert not columns[4:].any()


def test_a_star_gives_its_electrons_times_what_the_air_lets_through():
    night = replace(WIDE, star_density=1.0, magnitudes=(17.0, 18.0))
    effects = Effects.only("stars", "transparency", "colour_terms")
    exposure = expose(night, effects, "science", 1)
    truth = exposure.ccds[0]
    sources = scene(night, effects, "science")
    rates = chip_rates(night, effects, sources, 2) * 350.0 * exposure.now.transparency
    assert exposure.now.transparency == 0.97
    brightest = np.unravel_index(truth.sources.argmax(), truth.sources.shape)
    box = tuple(slice(max(at - 40, 0), at + 41) for at in brightest)
    total = truth.sources[box].sum(dtype=float)
    assert np.abs(rates / total - 1).min() < 1e-3


def test_colours_count_as_the_terms_of_the_chips_say():
    effects = Effects.only("stars", "colour_terms")
    sources = scene(WIDE, effects, "science")
    one, two, three = (chip_rates(WIDE, effects, sources, i) for i in (1, 2, 3))
    assert -2.5 * np.log10(one / two) == pytest.approx(0.04 * sources.colour)
    assert -2.5 * np.log10(three / two) == pytest.approx(-0.03 * sources.colour)


def test_light_is_multiplied_by_the_response_and_nothing_else():
    effects = Effects().without("bad_pixels", "photon_noise")
    truth = expose(WIDE, effects, "science", 0).ccds[0]
    light = (truth.sources + truth.background) * truth.response
    np.testing.assert_allclose(truth.expected, light, rtol=1e-6)


def test_the_mean_of_a_ccd_is_its_sensitivity():
    flat = Night(binning=(4, 4), flats=1)
    means = [c.expected.mean() for c in expose(flat, Effects.only("qe"), "flat", 0).ccds]
    assert means == pytest.approx([0.96 * 6e4, 6e4, 0.985 * 6e4])


def test_twilight_colours_change_the_ratio_of_the_chips():
    night = Night(binning=(4, 4), flats=3)
    effects = Effects.only("flat_colour", "colour_terms")
    for index, colour in enumerate((0.3, 0.0, -0.3)):
        one, two, three = (c.expected.mean() for c in expose(night, effects, "flat", index).ccds)
        assert -2.5 * np.log10(one / two) == pytest.approx(0.04 * colour, abs=1e-6)
        assert -2.5 * np.log10(three / two) == pytest.approx(-0.03 * colour, abs=1e-6)


def test_fringes_are_a_pattern_times_the_sky():
    night = replace(WIDE, filter="z", fringe_amplitude=0.02)
    exposure = expose(night, Effects.only("sky", "fringes"), "science", 0)
    sky = exposure.now.sky * 350 * 16
    pattern = fringe_pattern(night, exposure.ccds[0].area)
    fringes = exposure.ccds[0].background / sky - 1
    assert 0.018 < exposure.now.fringes < 0.022
    np.testing.assert_allclose(fringes, exposure.now.fringes * pattern, atol=1e-5)
    assert abs(pattern.mean()) < 0.1


def test_filters_without_fringes_have_none():
    for name, detector, shown in (
        ("r", "gmosn_ham", False),
        ("i", "gmosn_ham", False),
        ("i", "gmosn_eev", True),
        ("z", "gmosn_ham", True),
    ):
        night = Night(filter=name, detector=detector, roi="Central Stamp", frames=1)
        assert (expose(night, Effects(), "science", 0).now.fringes > 0) == shown


def test_hot_pixels_glow_in_biases_and_longer_in_science():
    effects = Effects.only("bad_pixels")
    bias, science = (expose(WIDE, effects, kind, 0).ccds[0] for kind in ("bias", "science"))
    hot = bias.expected > 0
    assert 100 < hot.sum() < 2000
    assert science.expected[hot] == pytest.approx(bias.expected[hot] * 365 / 15, rel=1e-5)
    assert (hot <= bias.bad).all()


def test_every_pixel_with_a_false_response_is_called_bad():
    truth = expose(WIDE, Effects.only("bad_pixels"), "flat", 0).ccds[0]
    assert (truth.bad == ((truth.response != 1) | (truth.expected > 6e4))).all()


def test_saturated_is_what_ends_at_the_converter_or_the_well():
    night = replace(WIDE, magnitudes=(14.0, 16.0), star_density=4.0)
    exposure = expose(night, Effects.only("stars", "gain", "saturation"), "science", 0)
    truth = exposure.ccds[0]
    counts = np.hstack([light(night, exposure, i) for i in range(4)])
    assert truth.saturated.sum() > 20
    assert (truth.saturated == (counts == 65535)).all()  # at 4x4 the converter ends first


def test_the_guide_probe_takes_light_of_stars_and_sky_and_its_place_is_in_the_sky():
    night = replace(Night(binning=(4, 4), frames=2), offsets=((0.0, 0.0), (0.0, 40.0)))
    shadows = []
    for i in (0, 1):
        shaded, clear = (
            expose(night, Effects.only("sky", *more), "science", i).ccds[2].background
            for more in (("guide_probe",), ())
        )
        dark = shaded < 0.5 * clear
        assert shaded.min() == pytest.approx(0.25 * clear.min())
        assert 0.01 < dark.mean() < 0.1
        shadows.append(np.flatnonzero(dark.any(axis=1)).mean())
    assert shadows[1] - shadows[0] == pytest.approx(40 / (4 * night.array.pixel_scale), abs=2)


def test_moonlight_slopes_the_sky_by_what_is_told_another_way_in_every_frame():
    night = replace(Night(binning=(4, 4), frames=3), moonlight=(0.04, 0.02))
    rises = []
    for i in range(3):
        sloped = expose(night, Effects.only("sky", "moonlight"), "science", i)
        even = expose(night, Effects.only("sky"), "science", i).ccds[1].background
        ratio = sloped.ccds[1].background.astype(float) / even
        rise = [np.diff(ratio.mean(axis=axis)).mean() for axis in (0, 1)]
        slope = np.array(sloped.now.slope)
        np.testing.assert_allclose(
            rise, slope * 4 * night.array.pixel_scale / 300, rtol=0.01, atol=1e-7
        )
        rises.append(np.hypot(*slope))
        assert not any(expose(night, Effects.only("sky"), "science", i).now.slope)
    np.testing.assert_allclose(rises, (0.04, 0.02, 0.04))


def test_a_satellite_crosses_the_middle_frame_alone():
    crossed = [
        expose(WIDE, Effects.only("satellite"), "science", i).ccds[0].sources.any()
        for i in range(3)
    ]
    assert crossed == [False, True, False]


def test_galaxies_and_stars_are_separate_switches():
    both, stars, galaxies = (
        expose(WIDE, Effects.only(*names), "science", 0).ccds[0].sources
        for names in (("stars", "galaxies"), ("stars",), ("galaxies",))
    )
    np.testing.assert_allclose(both, stars + galaxies, atol=1e-2, rtol=1e-5)
    assert stars.sum() > 0 < galaxies.sum()


def test_stars_of_twilights_are_not_those_of_the_field_and_have_a_switch():
    with_stars, without = (
        expose(WIDE, Effects.only(*names), "flat", 0).ccds[0].sources
        for names in (("twilight_stars",), ("stars",))
    )
    assert with_stars.any() and not without.any()


@pytest.mark.parametrize("name", ["gmosn_eev", "gmosn_e2v", "gmoss_eev_old", "gmoss_ham1"])
def test_every_generation_can_be_exposed_and_its_levels_are_true(name):
    night = Night(detector=name, binning=(4, 4), roi="CCD2", flats=1)
    effects = Effects.only("gain", "bias_level")
    exposure = expose(night, effects, "flat", 0)
    for i, area in enumerate(amp_areas(night)):
        truth = amp_truth(night, effects, area.amp.name, night.flat_day)
        assert light(night, exposure, i).mean() == pytest.approx(
            truth.bias + 6e4 / truth.gain, abs=0.51
        )


def test_a_region_sees_the_same_chip_as_the_whole_detector():
    full, part = (
        expose(Night(roi=roi, frames=1), Effects(), "science", 0).ccds
        for roi in ("CCD2", "Central Stamp")
    )
    cut = part[0].area.section.binned(2, 2).slices
    for plane in ("sources", "background", "response", "bad"):
        whole = getattr(full[0], plane)[cut]
        np.testing.assert_allclose(getattr(part[0], plane), whole, rtol=1e-5, atol=1e-2)
