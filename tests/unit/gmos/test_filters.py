"""Filters by the names that observers use."""

import pytest

from gmoscli.gmos.detectors import detectors
from gmoscli.gmos.filters import band, effective_wavelength, extinction, pretty_name, wheel_cards


@pytest.mark.parametrize(
    ("one", "two", "name"),
    [
        ("open1-6", "r_G0303", "r"),
        ("Z_G0322", "open2-8", "Z"),
        ("OG515_G0306", "r_G0303", "OG515&r"),
        ("open1-6", "open2-8", "open"),
        ("ND2_G0500", "r_G0303", "r"),
        ("Clear_1", "r_G0303", "r"),
        ("open1-6", "Block_G1", "Block&blank"),
        ("Dark", "Block", "Dark&Block"),
        ("DK", "open2-8", "DK&dark"),
    ],
)
def test_a_pair_of_wheels_has_the_name_of_what_is_not_clear(one, two, name):
    assert pretty_name(one, two) == name


def test_the_component_id_can_be_kept():
    assert pretty_name("open1-6", "r_G0303", keep_id=True) == "r_G0303"


@pytest.mark.parametrize("instrument", ["GMOS-N", "GMOS-S"])
@pytest.mark.parametrize("name", ["g", "r", "i", "z", "Z", "Y", "Ha", "CaT"])
def test_the_cards_of_a_filter_give_its_name_back(instrument, name):
    one, two = wheel_cards(instrument, name)
    assert pretty_name(one, two) == name
    assert sum("open" in wheel for wheel in (one, two)) == 1


def test_a_filter_that_an_instrument_lacks_is_refused():
    with pytest.raises(KeyError, match="GMOS-N"):
        wheel_cards("GMOS-N", "u")


def test_wavelengths_are_in_micrometres():
    assert effective_wavelength("r") == 0.63
    assert effective_wavelength("OG515") is None
    assert effective_wavelength(None) is None


def test_a_wavelength_belongs_to_the_nearest_band():
    assert [band(micrometres) for micrometres in (0.475, 0.63, 0.656, 0.7054, 0.925)] == [
        "g",
        "r",
        "r",
        "i",
        "Z",
    ]


def test_extinction_is_nothing_where_it_is_not_known():
    assert extinction("Gemini-South", "g") == 0.18
    assert extinction("Gemini-South", "Ha") == 0
    assert extinction(None, "g") == 0


def test_every_filter_with_fringes_has_a_wavelength():
    names = {name for one in detectors() for name in one.fringe_filters}
    assert all(effective_wavelength(name) for name in names)
