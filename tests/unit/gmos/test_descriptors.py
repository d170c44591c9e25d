"""Descriptors of raw and reduced files; what is missing or wrong is None, never an error."""

from datetime import date, datetime, time

import pytest

from gmoscli.fits import Header, Headers
from gmoscli.gmos import descriptors as d
from gmoscli.gmos.descriptors import DESCRIPTORS, describe
from gmoscli.section import Section
from tests.header_files import per_ccd, raw


def with_extensions(headers: Headers, **cards) -> Headers:
    """Return the headers with cards of all extensions replaced, or taken away if None."""
    changed = [{**extension, **cards} for extension in headers.extensions]
    kept = [{key: card for key, card in one.items() if card is not None} for one in changed]
    return Headers(headers.phu, [Header(one) for one in kept])


def phu_only(**cards) -> Headers:
    return Headers(Header(cards))


def test_there_are_88_each_with_its_meaning():
    assert len(DESCRIPTORS) == 88
    assert all(one.doc.endswith(".") for one in DESCRIPTORS.values())
    assert {one.kind for one in DESCRIPTORS.values()} == {
        *(str, float, int, bool),
        *(date, time, datetime, Section),
    }


@pytest.mark.parametrize("name", sorted(DESCRIPTORS))
def test_an_empty_file_has_no_values_and_causes_no_error(name):
    constant = {"is_ao", "is_coadds_summed", "is_in_adu", "coadds", "qa_state", "group_id"}
    value = describe(phu_only(), name)
    if name not in constant | {"detector_roi_setting"}:
        assert value in (None, [])


@pytest.mark.parametrize(
    "nonsense", ["garbage", -99999.5, 1e300, 10**60, True, "", "'", "1e999", "9:99:99"]
)
def test_nonsense_in_every_card_causes_no_error(nonsense):
    good = raw()
    phu = Header({**dict.fromkeys(good.phu, nonsense), "INSTRUME": "GMOS-N"})
    bad = Headers(phu, [Header(dict.fromkeys(one, nonsense)) for one in good.extensions])
    values = {name: describe(bad, name, pretty=False) for name in DESCRIPTORS}
    values |= {f"pretty {name}": describe(bad, name) for name in DESCRIPTORS}
    kinds = {name: DESCRIPTORS[name.removeprefix("pretty ")].kind for name in values}
    assert {
        name: value
        for name, value in values.items()
        if not (value is None or isinstance(value, kinds[name] | list | tuple))
    } == {}


@pytest.mark.parametrize("card", sorted({**raw().phu, **raw().extensions[0]}))
def test_one_missing_card_causes_no_error(card):
    good = raw()
    phu = Header({key: value for key, value in good.phu.items() if key != card})
    poor = with_extensions(Headers(phu, good.extensions), **{card: None})
    assert len([describe(poor, name) for name in DESCRIPTORS]) == 88


class TestTime:
    @pytest.mark.parametrize(
        ("cards", "expected"),
        [
            ({"DATE-OBS": "2022-06-13", "UT": "5:01:02.5"}, datetime(2022, 6, 13, 5, 1, 2, 500000)),
            ({"DATE-OBS": "2022-06-13T05:01:02", "UT": "9:9:9"}, datetime(2022, 6, 13, 5, 1, 2)),
            (
                {"DATE-OBS": "junk", "DATE": "2022-06-13", "UT": "1:2:3"},
                datetime(2022, 6, 13, 1, 2, 3),
            ),
            ({"DATE-OBS": "13/06/99", "TIME-OBS": "1:2:3"}, datetime(1999, 6, 13, 1, 2, 3)),
            (
                {"DATE-OBS": "2022-06-13", "TIME-OBS": "1:2:3", "UT": "x"},
                datetime(2022, 6, 13, 1, 2, 3),
            ),
            ({"MJD-OBS": 59743.5}, datetime(2022, 6, 13, 12)),
            ({"OBSSTART": "2022-06-13T01:02:03.5Z"}, datetime(2022, 6, 13, 1, 2, 3, 500000)),
            ({"DATE-OBS": "2022-06-13"}, datetime(2022, 6, 13)),
            ({"DATE-OBS": "2022-02-30", "UT": "1:2:3"}, None),
            ({"UT": "1:2:3"}, None),
        ],
    )
    def test_the_first_cards_that_tell_it_count(self, cards, expected):
        assert d.ut_datetime(phu_only(**cards)) == expected

    def test_a_time_of_day_past_midnight_is_not_one(self):
        assert d.ut_time(phu_only(UT="25:00:00")) is None

    def test_date_and_time_are_told_apart(self):
        headers = phu_only(**{"DATE-OBS": "2022-06-13", "UT": "05:00:10.5", "LT": "19:00:10.25"})
        assert d.ut_date(headers) == date(2022, 6, 13)
        assert d.ut_time(headers) == time(5, 0, 10, 500000)
        assert d.local_time(headers) == time(19, 0, 10, 250000)

    def test_without_a_date_the_name_of_the_file_tells_the_night(self):
        headers = Headers(Header({}), path="raw/N20220613S0138.fits")
        assert d.ut_datetime(headers) == datetime(2022, 6, 13)
        assert d.ut_date(headers) is None

    @pytest.mark.parametrize(
        ("seconds", "expected"), [(0.0, 0.0), (350, 350.0), (-1.0, None), (1e5, None), ("20", 20.0)]
    )
    def test_an_impossible_exposure_time_is_none(self, seconds, expected):
        assert d.exposure_time(phu_only(EXPTIME=seconds)) == expected


class TestPointing:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [(150.5, 150.5), ("150.5", 150.5), ("10:02:00", 150.5), ("150:30:00 degrees", 150.5)],
    )
    def test_right_ascension_is_in_degrees_or_in_hours(self, text, expected):
        assert d.target_ra(phu_only(RA=text, DEC=0.0)) == pytest.approx(expected)

    def test_declination_is_in_degrees_and_keeps_its_sign_near_zero(self):
        assert d.target_dec(phu_only(RA=0.0, DEC="-00:30:00")) == -0.5

    def test_a_target_moves_with_the_years(self):
        cards = {"RA": 10.0, "DEC": 60.0, "EPOCH": 2000.0, "PMRA": 0.2, "PMDEC": -1.0}
        headers = phu_only(**cards, **{"DATE-OBS": "2020-01-01"})
        assert d.target_ra(headers) == pytest.approx(10 + 0.2 * 20 * 15 / 3600)
        assert d.target_dec(headers) == pytest.approx(60 - 20 / 3600)
        assert d.target_dec(headers, proper_motion=False) == 60

    def test_an_offset_in_right_ascension_widens_with_declination(self):
        headers = phu_only(RA=10.0, DEC=60.0, RAOFFSET=36.0, DECOFFSE=0.0)
        assert d.target_ra(headers, offset=True) == pytest.approx(10.02)
        assert d.target_ra(headers) == 10

    def test_the_wcs_is_preferred_to_the_target(self):
        sky = {"CTYPE1": "RA---TAN", "CRVAL1": 1.5, "CTYPE2": "DEC--TAN", "CRVAL2": 2.5}
        headers = with_extensions(raw(RA=1.0, DEC=2.0), **sky)
        assert (d.ra(headers), d.dec(headers)) == (1.5, 2.5)
        assert (d.ra(raw(RA=1.0, DEC=2.0)), d.dec(raw(RA=1.0, DEC=2.0))) == (1.0, 2.0)
        assert d.wcs_ra(with_extensions(headers, CTYPE1="LINEAR")) is None

    def test_offsets_are_counted_in_binned_pixels(self):
        headers = raw(POFFSET=16.14, QOFFSET=-16.14, INPORT=5)
        assert d.detector_x_offset(headers) == pytest.approx(100)
        assert d.detector_y_offset(headers) == pytest.approx(-100)

    def test_the_up_looking_port_mirrors_x_in_the_north_and_y_in_the_south(self):
        north = raw(POFFSET=16.14, QOFFSET=16.14, INPORT=1)
        assert d.detector_x_offset(north) == pytest.approx(-100)
        assert d.detector_y_offset(north) == pytest.approx(100)
        south = raw(POFFSET=16.0, QOFFSET=16.0, INPORT=1, INSTRUME="GMOS-S", DETTYPE="S10892")
        assert d.detector_x_offset(south) == pytest.approx(100)
        assert d.detector_y_offset(south) == pytest.approx(-100)

    @pytest.mark.parametrize(
        ("angle", "expected"), [(0.0, 180), (180, 0), (-90.0, 90), (None, None)]
    )
    def test_rows_rise_opposite_to_the_position_angle(self, angle, expected):
        assert d.position_angle(phu_only(PA=angle)) == expected

    @pytest.mark.parametrize(
        ("value", "expected"), [(1.0, 1.0), ("1.25", 1.25), (0.9, None), ("", None), ("x", None)]
    )
    def test_no_air_is_thinner_than_at_the_zenith(self, value, expected):
        assert d.airmass(phu_only(AIRMASS=value)) == expected

    def test_probes_that_guide_are_named_in_order(self):
        headers = phu_only(PWFS2_ST="guiding", OIWFS_ST="guiding", PWFS1_ST="parked")
        assert d.wavefront_sensor(headers) == "OIWFS&PWFS2"
        assert d.wavefront_sensor(phu_only(OIWFS_ST="frozen")) is None


class TestIdentity:
    @pytest.mark.parametrize(
        ("pi", "gemini", "state"),
        [
            ("YES", "USABLE", "Pass"),
            ("NO", "usable", "Usable"),
            ("YES", "BAD", "Fail"),
            ("CHECK", "USABLE", "CHECK"),
            ("YES", "CHECK", "CHECK"),
            ("UNKNOWN", "BAD", "Undefined"),
            ("YES", None, "Undefined"),
            ("YES", "ODD", "YES:ODD"),
        ],
    )
    def test_two_judgements_make_one_state(self, pi, gemini, state):
        assert d.qa_state(phu_only(RAWPIREQ=pi, RAWGEMQA=gemini)) == state

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("70-percentile", 70), ("Any", 100), ("UNKNOWN", None), ("7-percentile", None), (5, None)],
    )
    def test_conditions_are_percentiles(self, text, expected):
        assert d.raw_iq(phu_only(RAWIQ=text)) == expected
        assert d.requested_bg(phu_only(REQBG=text)) == expected

    def test_a_stack_has_the_key_of_its_first_frame(self):
        label = "GN-2022A-Q-101-12-001"
        assert d.calibration_key(phu_only(DATALAB=f"{label}_stack")) == label

    def test_extensions_that_disagree_on_their_unit_have_none(self):
        assert d.is_in_adu(raw()) is True
        assert d.is_in_adu(with_extensions(raw(), BUNIT="electron")) is False
        mixed = [Header({"BUNIT": "adu"}), Header({"BUNIT": "electron"})]
        assert d.is_in_adu(Headers(Header({}), mixed)) is None


class TestOptics:
    def test_a_filter_has_three_names(self):
        headers = raw()
        assert d.filter_name(headers) == "open1-6&r_G0303"
        assert d.filter_name(headers, pretty=True) == "r"
        assert d.filter_name(headers, keep_id=True) == "r_G0303"

    def test_wavelengths_are_in_metres_without_rounding_errors(self):
        assert d.effective_wavelength(raw()) == 6.3e-07
        assert d.effective_wavelength(raw(FILTER2="i_G0302")) == 7.8e-07
        assert d.central_wavelength(phu_only(CENTWAVE=750.04)) == 7.5004e-07
        assert describe(phu_only(CENTWAVE=750.04), "central_wavelength") == 7.5e-07
        assert d.central_wavelength(phu_only(GRWLEN=600.0)) == 6e-07

    def test_images_and_frames_without_light_have_no_central_wavelength(self):
        assert d.central_wavelength(raw(CENTWAVE=0.0)) is None
        assert d.effective_wavelength(raw(OBSTYPE="BIAS")) is None
        assert d.wavelength_band(raw()) == "r"

    def test_no_mask_is_imaging(self):
        assert d.focal_plane_mask(raw()) == "Imaging"
        assert d.focal_plane_mask(raw(MASKNAME="1.5arcsec")) == "1.5arcsec"
        assert d.slit_width(raw(MASKNAME="1.5arcsec")) == 1.5
        assert d.slit_width(raw(MASKNAME="NS0.75arcsec")) == 0.75
        assert d.slit_width(raw()) is None

    @pytest.mark.parametrize(
        ("lamp", "shutter", "expected"),
        [
            ("QHalogen", "OPEN", "QHalogen"),
            ("QHalogen", "CLOSED", "QHalogen"),
            ("IRhigh", "CLOSED", "Off"),
            ("IRhigh", "OPEN", "IRhigh"),
            ("No Value", "OPEN", "Off"),
            ("", "OPEN", "Off"),
            ("QHalogen", None, None),
            (None, "OPEN", None),
        ],
    )
    def test_a_lamp_behind_a_shutter_is_off(self, lamp, shutter, expected):
        assert d.gcal_lamp(phu_only(GCALLAMP=lamp, GCALSHUT=shutter)) == expected

    def test_a_grating_loses_its_id(self):
        headers = phu_only(GRATING="R400+_G5305")
        assert d.disperser(headers) == "R400+_G5305"
        assert d.disperser(headers, pretty=True) == "R400"

    def test_nominal_magnitudes_follow_filter_airmass_and_unit(self):
        headers = raw(AIRMASS=1.127, TELESCOP="Gemini-North")
        assert d.nominal_atmospheric_extinction(headers) == pytest.approx(0.11 * 0.127)
        assert d.nominal_photometric_zeropoint(headers)[0] == pytest.approx(27.73896297)
        electrons = with_extensions(headers, BUNIT="electron")
        assert d.nominal_photometric_zeropoint(electrons)[0] == 28.299

    def test_a_mosaic_has_the_zero_point_of_the_whole_detector(self):
        chips = "BI13-20-4k-1,BI12-09-4k-2,BI13-18-4k-2"
        one = with_extensions(raw(), CCDNAME=chips, BUNIT="electron")
        assert d.nominal_photometric_zeropoint(one)[0] == 28.299


class TestLayout:
    def test_a_full_frame_is_known_by_its_first_region(self):
        assert d.detector_rois_requested(raw()) == [Section(0, 6144, 0, 4224)]
        assert d.detector_roi_setting(raw()) == "Full Frame"
        assert d.detector_roi_setting(raw(Section(2048, 4096, 0, 4224))) == "CCD2"
        assert d.detector_roi_setting(raw(Section(0, 64, 0, 64))) == "Custom"
        assert d.detector_roi_setting(raw(DETRO1X=None)) == "Undefined"

    def test_regions_are_counted_until_one_is_missing(self):
        second = {"DETRO2X": 1, "DETRO2XS": 32, "DETRO2Y": 1, "DETRO2YS": 16}
        assert d.detector_rois_requested(raw(**second))[1:] == [Section(0, 64, 0, 32)]
        assert len(d.detector_rois_requested(raw(**{**second, "DETRO2YS": 0}))) == 1

    @pytest.mark.parametrize("bins", [(1, 1), (2, 2), (4, 1)])
    def test_binning_is_that_of_all_extensions(self, bins):
        headers = raw(binning=bins)
        assert (d.detector_x_bin(headers), d.detector_y_bin(headers)) == bins
        assert d.binning(headers) == f"{bins[0]}x{bins[1]}"
        assert d.pixel_scale(headers) == pytest.approx(0.0807 * bins[1])

    @pytest.mark.parametrize("text", ["", "2", "0 2", "2 x", None, "2 2 2", "-2 2"])
    def test_a_binning_that_cannot_be_is_none(self, text):
        assert d.binning(with_extensions(raw(), CCDSUM=text)) is None

    def test_extensions_that_disagree_have_no_binning(self):
        mixed = [Header({"CCDSUM": "2 2"}), Header({"CCDSUM": "1 1"})]
        assert d.binning(Headers(Header({}), mixed)) is None

    def test_sections_are_listed_and_bad_ones_are_none(self):
        headers = raw()
        assert d.detector_section(headers)[5] == Section(2560, 3072, 0, 4224)
        assert d.overscan_section(headers) == [None] * 12
        assert d.detector_section(with_extensions(headers, DETSEC="[:,:]")) == [None] * 12

    def test_amplifiers_of_a_product_are_those_of_its_raw_frames(self):
        for headers in (raw(), raw(Section(2048, 4096, 0, 4224))):
            product = per_ccd(headers)
            assert len(product.extensions) == len(headers.extensions) / 4
            assert d.amplifiers(product) == d.amplifiers(headers)
            assert d.array_name(product) == d.array_name(headers)
            assert d.amp_read_area(product) == d.amp_read_area(headers)

    def test_amplifiers_come_in_the_order_of_their_columns(self):
        headers = raw()
        shuffled = Headers(headers.phu, headers.extensions[::-1])
        assert d.amplifiers(shuffled) == d.amplifiers(headers)
        assert d.array_name(shuffled) == d.array_name(headers)[::-1]

    def test_what_was_read_is_told_in_words(self):
        assert d.amp_read_area(raw())[0] == "'BI13-20-4k-1, 4':[1:512,1:4224]"
        assert d.amp_read_area(with_extensions(raw(), DETSEC=None)) == [None] * 12

    def test_a_detector_has_a_family(self):
        assert d.detector_name(raw(), pretty=True) == "Hamamatsu-N"
        assert d.detector_name(raw()).startswith("BI13-20-4k-1,")


class TestReadout:
    def test_gain_and_noise_come_from_the_table_and_not_from_raw_cards(self):
        assert d.gain(raw()) == [
            *(1.675, 1.618, 1.62, 1.568, 1.69, 1.65),
            *(1.633, 1.664, 1.604, 1.63, 1.587, 1.654),
        ]
        assert d.read_noise(raw())[:2] == [4.06, 4.12]

    def test_a_prepared_file_tells_its_own(self):
        own = with_extensions(raw(PREPARE="T"), GAIN=1.0, RDNOISE=7.0)
        assert d.gain(own) == [1.0] * 12
        assert d.read_noise(own) == [7.0] * 12
        assert d.gain(with_extensions(raw(), GAIN=1.0))[0] == 1.675

    def test_a_prepared_file_must_tell_them_all(self):
        prepared = with_extensions(raw(PREPARE="T"), GAIN=1.0)
        some = [Header({**prepared.extensions[0], "GAIN": None}), *prepared.extensions[1:]]
        assert d.gain(Headers(prepared.phu, some))[0] == 1.675

    def test_the_gain_setting_survives_one_odd_extension(self):
        headers = raw()
        odd = Header({**headers.extensions[3], "GAIN": 5.0})
        rest = headers.extensions
        assert d.gain_setting(Headers(headers.phu, [odd, *rest[1:]])) == "low"
        assert d.gain_setting(Headers(headers.phu, [odd, odd, *rest[2:]])) is None
        assert d.gain_setting(Headers(headers.phu, [odd, rest[0]])) is None
        assert d.gain_setting(Headers(headers.phu, [odd])) == "high"

    @pytest.mark.parametrize(
        ("cards", "expected"),
        [
            ({"GAINSET": "high", "GAIN": 1.0}, "high"),
            ({"GAINSET": None, "GAINORIG": 1.6, "GAIN": 8.0}, "low"),
            ({"GAINSET": None, "GAINORIG": 1, "GAINMULT": 5.0, "GAIN": 8.0}, "high"),
            ({"GAINSET": None, "GAIN": 1.6}, "low"),
            ({"GAINSET": None, "GAIN": None}, None),
        ],
    )
    def test_a_prepared_file_remembers_the_gain_setting(self, cards, expected):
        assert d.gain_setting(with_extensions(raw(PREPARE="T"), **cards)) == expected

    def test_speed_and_gain_make_a_mode(self):
        assert d.read_mode(raw()) == "Normal"
        assert d.read_mode(raw(gain=5.0, AMPINTEG=4000)) == "Bright"
        assert d.read_mode(raw(AMPINTEG=4000)) == "Acquisition"
        assert d.read_mode(raw(DETTYPE="unknown")) is None

    def test_the_converter_limits_binned_data(self):
        assert d.saturation_level(raw(binning=(2, 2))) == [65535.0] * 12
        assert d.saturation_level(raw(binning=(1, 1))) == [65535.0] * 12

    def test_the_full_well_limits_single_pixels_in_high_gain(self):
        level = d.saturation_level(raw(binning=(1, 1), gain=5.0, AMPINTEG=4000))
        assert level[0] == pytest.approx(129000 / 5.21 + 500)
        double = d.saturation_level(raw(binning=(1, 2), gain=5.0, AMPINTEG=4000))
        assert double[0] == pytest.approx(2 * 129000 / 5.21 + 500)

    def test_saturation_goes_down_with_the_bias(self):
        fast = raw(binning=(1, 1), gain=5.0, AMPINTEG=4000)
        assert d.saturation_level(with_extensions(fast, OVERSCAN=500.0))[0] == pytest.approx(
            129000 / 5.21
        )
        assert d.saturation_level(with_extensions(raw(), OVERSCAN=800.0)) == [64735.0] * 12

    def test_saturation_is_in_the_unit_of_the_data(self):
        electrons = with_extensions(raw(), OVERSCAN=800.0, BUNIT="electron")
        assert d.saturation_level(electrons)[0] == pytest.approx(64735 * 1.675)

    def test_the_level_of_a_product_is_its_own(self):
        product = with_extensions(raw(PREPARE="T"), SATLEVEL=1000.0)
        assert d.saturation_level(product) == d.non_linear_level(product) == [1000.0] * 12

    def test_the_bias_level_is_measured_before_it_is_nominal(self):
        assert d.bias_level(raw())[0] == 456
        assert d.bias_level(with_extensions(raw(), RAWBIAS=460.0))[0] == 460
        assert d.bias_level(with_extensions(raw(), RAWBIAS=460.0, OVERSCAN=461.0))[0] == 461


class TestGrouping:
    def test_biases_of_one_mode_are_a_group(self):
        one, other = raw(OBSTYPE="BIAS", OBSID="a"), raw(OBSTYPE="BIAS", OBSID="b", FILTER2="x")
        assert d.group_id(one) == d.group_id(other)
        assert d.group_id(one).startswith("2_2_Normal_[")

    def test_flats_are_grouped_by_filter_and_science_by_observation_too(self):
        assert d.group_id(raw(OBJECT="Twilight")).startswith("r_2_2_Normal_[")
        assert d.group_id(raw(OBSID="GN-1-2")).startswith("GN-1-2_r_2_2_Normal_[")

    def test_a_product_is_of_the_group_of_its_frames(self):
        assert d.group_id(per_ccd(raw())) == d.group_id(raw())


class TestNodding:
    def test_only_shuffled_frames_have_nods(self):
        cards = {"ANODCNT": 4, "BNODCNT": 3, "NODAYOFF": 1.0, "NODBYOFF": -1.0}
        assert d.nod_count(raw(**cards)) is None
        assert d.nod_count(raw(**cards, NODPIX=1392)) == (4, 3)
        assert d.shuffle_pixels(raw(NODPIX=1392)) == 1392

    @pytest.mark.parametrize(
        ("cards", "expected"),
        [
            ({"NODAYOFF": 1.0, "NODBYOFF": -1.0}, (1.0, -1.0)),
            ({"NODAYOFF": 1.0, "NODBYOFF": -1.0, "INSTRUME": "GMOS-S", "INPORT": 1}, (-1.0, 1.0)),
            ({"NODAYOFF": 1.0, "NODBYOFF": -1.0, "DETID": "EEV9273"}, (-1.0, 1.0)),
            ({"NODYOFF": 2.0}, (0.0, 2.0)),
            ({}, None),
        ],
    )
    def test_the_sign_of_a_nod_depends_on_chips_and_port(self, cards, expected):
        assert d.nod_offsets(raw(NODPIX=1, **cards)) == expected
