"""Tags follow from the primary header, as DRAGONS has them."""

import pytest

from gmoscli.fits import Header, Headers
from gmoscli.gmos.tags import KNOWN_TAGS, tags_of

SCIENCE = {
    **{"INSTRUME": "GMOS-N", "OBSERVAT": "Gemini-North", "OBSTYPE": "OBJECT", "OBJECT": "Field A"},
    **{"GRATING": "MIRROR", "MASKTYP": 0, "MASKNAME": "None"},
    **{"FILTER1": "open1-6", "FILTER2": "r_G0303"},
    **{"FRAME": "FK5", "TRKFRAME": "FK5", "RATRACK": 0.0, "DECTRACK": 0.0, "AIRMASS": 1.1},
}
PARKED = {"OBSTYPE": "BIAS", "FRAME": "AZEL_TOPO", "RATRACK": 1.0025, "AIRMASS": 1.0}
REDUCED = {"GEM-TLM": "T", "PREPARE": "T", "SUBOVER": "T", "TRIMOVER": "T"}
HERE = "GEMINI GMOS NORTH"
DONE = "PREPARED OVERSCAN_SUBTRACTED OVERSCAN_TRIMMED PROCESSED"


def tags(**cards) -> set[str]:
    phu = {key: value for key, value in {**SCIENCE, **cards}.items() if value is not None}
    return set(tags_of(Headers(Header(phu))))


@pytest.mark.parametrize(
    ("cards", "expected"),
    [
        ({}, f"{HERE} IMAGE RAW UNPREPARED SIDEREAL"),
        ({"OBSCLASS": "acq"}, f"{HERE} IMAGE RAW UNPREPARED SIDEREAL ACQUISITION"),
        (PARKED, f"{HERE} AT_ZENITH AZEL_TARGET BIAS CAL NON_SIDEREAL RAW UNPREPARED"),
        (
            {"OBSTYPE": "DARK", "MASKTYP": 1, "MASKNAME": "GN2022A-01"},
            f"{HERE} CAL DARK MOS RAW SIDEREAL UNPREPARED",
        ),
        (
            {"OBJECT": "Twilight"},
            f"{HERE} CAL FLAT TWILIGHT IMAGE RAW SIDEREAL UNPREPARED",
        ),
        (
            {"OBSTYPE": "FLAT"},
            f"{HERE} CAL FLAT GCALFLAT IMAGE RAW SIDEREAL UNPREPARED",
        ),
        (
            {**PARKED, **REDUCED, "PROCBIAS": "T"},
            f"{HERE} AT_ZENITH AZEL_TARGET BIAS CAL NON_SIDEREAL {DONE}",
        ),
        (
            {**REDUCED, "OBJECT": "Twilight", "PROCFLAT": "T"},
            f"{HERE} CAL FLAT TWILIGHT IMAGE SIDEREAL {DONE}",
        ),
        ({**REDUCED, "PROCFRNG": "T"}, f"{HERE} CAL FRINGE IMAGE SIDEREAL {DONE}"),
        (
            {"OBSTYPE": "BPM", "BPMASK": "T", "GEM-TLM": "T"},
            f"{HERE} BPM CAL PROCESSED SIDEREAL UNPREPARED",
        ),
        ({**REDUCED, "PROCSCI": "sq"}, f"{HERE} IMAGE SIDEREAL PROCESSED_SCIENCE {DONE}"),
    ],
    ids=lambda value: value.split()[3] if isinstance(value, str) else None,
)
def test_typical_files_have_their_tags(cards, expected):
    assert tags(**cards) == set(expected.split())


@pytest.mark.parametrize(
    ("instrument", "is_gmos"), [("GMOS-S", True), ("gmos-n", True), ("GMOS", False), (None, False)]
)
def test_other_instruments_have_no_tags(instrument, is_gmos):
    assert bool(tags(INSTRUME=instrument)) is is_gmos


def test_the_observatory_tells_north_from_south():
    assert "SOUTH" in tags(OBSERVAT="Gemini-South")
    assert not {"NORTH", "SOUTH"} & tags(OBSERVAT=None, TELESCOP="Gemini-South")


def test_a_file_that_other_software_touched_is_neither_raw_nor_prepared():
    assert not {"RAW", "PREPARED"} & tags(**{"GEM-TLM": "T"})
    assert {"RAW", "PREPARED"} <= tags(GPREPARE="T")


def test_a_reduced_science_frame_is_not_raw_even_without_its_time_stamp():
    assert "RAW" not in tags(PROCSCI="sq")
    assert "RAW" in tags(PROCFLAT="T")


@pytest.mark.parametrize("kind", ["BIAS", "DARK", "MASK", "mask"])
def test_frames_without_sky_are_no_images(kind):
    assert not {"IMAGE", "SPECT"} & tags(OBSTYPE=kind)


def test_a_mask_of_bad_pixels_is_nothing_else():
    found = tags(**{**PARKED, "OBSTYPE": "DARK", "BPMASK": "T"})
    assert "BPM" in found
    assert not {"IMAGE", "DARK", "NON_SIDEREAL", "AZEL_TARGET", "AT_ZENITH"} & found


def test_blocking_one_tag_takes_those_of_the_same_rule_along():
    assert not {"GCALFLAT", "FLAT"} & tags(OBSTYPE="FLAT", BPMASK="T")
    assert {"TWILIGHT", "FLAT"} <= tags(OBJECT="Twilight", BPMASK="T")


@pytest.mark.parametrize(
    ("cards", "is_flat"),
    [
        ({"OBSTYPE": "FLAT", "FILTER1": "HartmannA_G0313"}, False),
        ({"OBSTYPE": "FLAT", "FILTER1": "HartmannA_G0313", "GRATING": "R150"}, True),
        ({"OBSTYPE": "FLAT", "FILTER1": None, "FILTER2": None}, True),
        ({"GCALLAMP": "QHalogen"}, True),
        ({"GCALLAMP": "IRhigh"}, True),
        ({"GCALLAMP": "Off"}, False),
        ({"OBJECT": "Twilight flat"}, False),
        ({"OBJECT": "DOMEFLAT"}, True),
    ],
)
def test_flats_are_told_by_lamp_type_or_name(cards, is_flat):
    assert ("FLAT" in tags(**cards)) is is_flat


@pytest.mark.parametrize(
    ("cards", "present", "absent"),
    [
        ({"MASKTYP": 1, "MASKNAME": "1.0arcsec"}, "IMAGE LS THRUSLIT", "MOS"),
        ({"MASKTYP": 1, "MASKNAME": "1.0arcsec", "GRATING": "R150"}, "SPECT LS", "IMAGE THRUSLIT"),
        ({"MASKTYP": 1, "MASKNAME": "GN2022A-01"}, "MOS THRUSLIT", "LS"),
        ({"MASKTYP": 1, "MASKNAME": "focus"}, "THRUSLIT", "MOS LS"),
        ({"MASKTYP": None}, "IMAGE THRUSLIT", "LS MOS"),
        ({"MASKTYP": -1, "MASKNAME": "IFU-R"}, "IFU ONESLIT_RED", "TWOSLIT"),
        ({"MASKTYP": -1, "MASKNAME": "gsifu_slits_mdf"}, "IFU TWOSLIT", "ONESLIT_RED"),
        ({"MASKTYP": -1, "MASKNAME": None}, "IMAGE", "IFU"),
        ({"MASKTYP": 1, "MASKNAME": "1.0arcsec", "OBSTYPE": "BIAS"}, "BIAS", "LS THRUSLIT"),
        ({"GRATING": None}, "SPECT", "IMAGE"),
        ({"OBSMODE": "LONGSLIT"}, "IMAGE SPECT LONGSLIT", ""),
        ({"OBSMODE": "IMAGE"}, "IMAGE", "SPECT"),
        (
            {"OBJECT": "twilight", "MASKTYP": 1, "MASKNAME": "x", "GRATING": "R"},
            "SLITILLUM",
            "FLAT",
        ),
    ],
)
def test_masks_and_gratings_tell_what_the_light_went_through(cards, present, absent):
    found = tags(**cards)
    assert set(present.split()) <= found
    assert not set(absent.split()) & found


@pytest.mark.parametrize(
    ("cards", "expected"),
    [
        ({}, {"SIDEREAL"}),
        ({"RATRACK": "0.0"}, {"SIDEREAL"}),
        ({"RATRACK": None}, {"NON_SIDEREAL"}),
        ({"DECTRACK": "n/a"}, {"NON_SIDEREAL"}),
        ({"RATRACK": 0.01}, {"NON_SIDEREAL"}),
        ({"FRAME": "AZEL_TOPO", "TRKFRAME": "AZEL_TOPO"}, set()),
        ({"FRAME": "APPT", "TRKFRAME": None}, {"SIDEREAL"}),
    ],
)
def test_tracking_tells_stars_from_what_moves(cards, expected):
    assert tags(**cards) & {"SIDEREAL", "NON_SIDEREAL"} == expected


def test_every_tag_that_a_rule_gives_is_known():
    assert {"BIAS", "THRUSLIT", "PROCESSED_SCIENCE", "AT_ZENITH"} <= KNOWN_TAGS


def test_an_empty_header_is_no_trouble():
    assert tags_of(Headers(Header({}))) == frozenset()
    assert "GMOS" in tags_of(Headers(Header({"INSTRUME": "GMOS-S"})))
