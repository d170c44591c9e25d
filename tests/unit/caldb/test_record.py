"""What is read from a file, and which files can be calibrations."""

from datetime import datetime

import pytest

from gmoscli.caldb.record import gaps, kind_of, record_of, refusal
from gmoscli.fits import Headers
from gmoscli.gmos.tags import tags_of
from tests.header_files import CHIPS, bias, bpm, flat, fringe, per_ccd, raw


@pytest.mark.parametrize("make", [bias, flat, fringe, bpm])
def test_a_calibration_knows_its_kind(make):
    record = record_of(make())
    assert record.kind == make.__name__
    assert refusal(record.tags) is None
    assert gaps(record) is None


@pytest.mark.parametrize("make", [raw, bias, flat, fringe, bpm])
def test_a_file_by_ccd_is_recorded_like_one_by_amplifier(make):
    assert record_of(per_ccd(make())) == record_of(make())


def test_what_rules_compare_is_read_from_the_headers():
    record = record_of(flat())
    assert (record.instrument, record.binning, record.mode) == ("GMOS-N", "2x2", "sq")
    assert (record.read_speed, record.gain_setting) == ("slow", "low")
    assert (record.filter_name, record.focal_plane_mask) == ("open1-6&r_G0303", "Imaging")
    assert (record.disperser, record.spectroscopy) == ("MIRROR", False)
    assert (record.prepared, record.overscan_trimmed, record.overscan_subtracted) == (True,) * 3
    assert (record.ut_datetime, record.qa_state) == (datetime(2022, 6, 13, 12), "Pass")
    assert (record.detector_roi_setting, len(record.amplifiers)) == ("Full Frame", 12)
    assert record.amplifiers[0][0] == f"{CHIPS[0]}, 4"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (raw(INSTRUME="NIRI"), "is not of GMOS"),
        (raw(), "is not a calibration"),
        (raw(OBSTYPE="BIAS"), "is a bias that is not reduced yet"),
        (raw(OBJECT="Twilight"), "is a flat that is not reduced yet"),
        (raw(PROCSCI="T"), "is a reduced science image, not a calibration"),
        (flat(PROCFLAT=None, PROCSCI="T"), "is a reduced science image, not a calibration"),
        (
            bias(OBSTYPE="DARK", PROCBIAS=None, PROCDARK="T"),
            "is a processed dark: bias, flat, fringe and bpm are of use here",
        ),
    ],
)
def test_what_is_no_calibration_is_refused_with_its_reason(headers, reason):
    assert refusal(tags_of(headers)) == reason


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (bias(**{"DATE": None, "DATE-OBS": None}), "its headers do not tell the date"),
        (Headers(bias().phu), "its headers do not tell the binning and amplifiers"),
    ],
)
def test_what_could_never_fit_is_told_by_what_its_headers_lack(headers, reason):
    assert gaps(record_of(headers)) == reason


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ("PROCESSED BIAS CAL", "bias"),
        ("PROCESSED BPM BIAS CAL", "bpm"),
        ("PROCESSED FRINGE FLAT CAL", "fringe"),
        ("PROCESSED DARK CAL", None),
        ("BIAS CAL", None),
        ("PROCESSED PROCESSED_SCIENCE FLAT", None),
    ],
)
def test_tags_tell_the_kind(tags, kind):
    assert kind_of(frozenset(tags.split())) == kind


@pytest.mark.parametrize(
    ("cards", "mode"),
    [
        ({"PROCMODE": "sq"}, "sq"),
        ({"PROCMODE": "QL"}, "ql"),
        ({"PROCMODE": None}, None),
        ({"PROCMODE": "sq", "PROCITNT": "Quick-Look"}, "ql"),
        ({"PROCMODE": "sq", "PROCITNT": "whatever"}, "sq"),
        ({"PROCMODE": "sq", "PROCITNT": "Science-Quality", "PROCREVW": "Failed"}, "failed"),
        ({"PROCMODE": None, "PROCSCI": "2022-06-13T00:00:00"}, None),
    ],
)
def test_the_mode_is_the_reviewers_else_the_intended_else_the_programs(cards, mode):
    assert record_of(bias(**cards)).mode == mode


def test_a_reduction_says_its_own_mode():
    assert record_of(raw(), mode="ql").mode == "ql"
