"""What files are to a plan."""

import pytest

from gmoscli.plan.frames import survey
from tests import header_files
from tests.header_files import bpm, flat, raw, write


@pytest.fixture
def look(tmp_path):
    """Survey a folder of files with these headers: name → headers."""

    def look(excluded=frozenset(), **files):
        paths = [write(tmp_path / f"{name}.fits", headers) for name, headers in files.items()]
        return survey(paths, mode="sq", excluded=excluded)

    return look


def reasons(found) -> dict[str, str]:
    return {one.path.stem: one.reason for one in found.left_out}


def test_frames_come_in_the_order_of_time_then_of_names(look):
    found = look(c=raw(UT="03:00:00"), b=raw(UT="09:00:00"), a=raw(UT="09:00:00"))
    assert [frame.stem for frame in found.frames] == ["c", "a", "b"]


def test_calibrations_ready_to_use_are_kept_apart(look):
    found = look(a=raw(), m=bpm(), f=flat())
    assert [c.record.kind for c in found.calibrations] == ["bpm", "flat"]
    assert [frame.stem for frame in found.frames] == ["a"]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (raw(INSTRUME="NIRI"), "not of GMOS"),
        (raw(OBSTYPE="DARK"), "neither biases nor images"),
        (raw(GRATING="R400+_G5305", MASKTYP=1, MASKNAME="1.0arcsec"), "neither biases nor images"),
        (raw(MASKTYP=1, MASKNAME="GN2022AQ001-01"), "neither biases nor images"),
        (raw(**{"GEM-TLM": "T"}), "reduced already"),
        (raw(PREPARE="T"), "reduced already"),
        (raw(**{"GEM-TLM": "T", "PROCSCI": "sq"}), "reduced already"),
        (raw(RAWGEMQA="BAD"), "of quality Fail"),
    ],
)
def test_what_is_no_raw_frame_is_left_out_with_the_reason(look, headers, reason):
    found = look(a=raw(), x=headers)
    assert reasons(found) == {"x": reason}
    assert not found.bad


def test_excluded_tags_leave_files_out(look):
    found = look({"ACQUISITION"}, a=raw(), x=raw(OBSCLASS="acq"))
    assert reasons(found) == {"x": "tagged ACQUISITION"}
    assert len(look(a=raw(), x=raw(OBSCLASS="acq")).frames) == 2


def test_a_second_file_of_one_exposure_is_left_out(tmp_path):
    (tmp_path / "copies").mkdir()
    paths = [tmp_path / "N1.fits", tmp_path / "copies" / "N1.fits"]
    found = survey((write(path, raw()) for path in paths), mode="sq")
    assert [frame.path for frame in found.frames] == paths[:1]
    assert [one.reason for one in found.left_out] == ["another file of the same exposure"]


def test_files_that_cannot_be_used_are_named_and_the_others_go_on(look, tmp_path):
    cut = tmp_path / "cut.fits"
    cut.write_bytes(b"SIMPLE  =                    T")
    found = survey([cut, write(tmp_path / "a.fits", raw())], mode="sq")
    assert [str(error) for error in found.bad] == [f"{cut}: truncated in the header of HDU 0"]
    assert len(found.frames) == 1


def test_headers_that_lack_what_rules_need_are_bad(look):
    timeless = {"DATE": None, "DATE-OBS": None, "UT": None}
    found = look(x=raw(**timeless), m=header_files.bias(**timeless))
    assert [error.message for error in found.bad] == ["its headers do not tell the date"] * 2


@pytest.mark.parametrize("headers", [raw, flat])
def test_a_file_dated_before_gmos_was_there_is_bad_and_joins_no_group(look, headers):
    found = look(a=raw(), x=headers(**{"DATE-OBS": "1922-06-13", "DATE": "1922-06-13"}))
    assert [frame.stem for frame in found.frames] == ["a"]
    assert not found.calibrations
    assert [error.message for error in found.bad] == [
        "its headers tell the date 1922-06-13, before GMOS saw light"
    ]
