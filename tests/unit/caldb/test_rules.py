"""Each rule of association, by single differences from a calibration that fits."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gmoscli.caldb.record import Record
from gmoscli.caldb.rules import KINDS, RULES, kind_named, kinds_for
from gmoscli.errors import UsageError
from gmoscli.section import Section
from tests.header_files import bias, bpm, raw

NOON = datetime(2022, 6, 13, 12)
DAY = timedelta(days=1)
AMPS = tuple((f"amp {n}", Section(512 * n, 512 * (n + 1), 0, 4224)) for n in range(12))

FRAME = Record(
    kind=None,
    instrument="GMOS-N",
    ut_datetime=NOON,
    mode="sq",
    qa_state="Pass",
    binning="2x2",
    amplifiers=AMPS,
    detector_roi_setting="Full Frame",
    filter_name="open1-6&r_G0303",
    focal_plane_mask="Imaging",
    disperser="MIRROR",
    spectroscopy=False,
    read_speed="slow",
    gain_setting="low",
    prepared=False,
    overscan_trimmed=False,
    overscan_subtracted=False,
    observation_type="OBJECT",
    observation_class="science",
    object="Field A",
    program_id="GN-2022A-Q-101",
    data_label="GN-2022A-Q-101-1-001",
    exposure_time=120.0,
    tags=frozenset({"GMOS", "IMAGE", "RAW"}),
)


def failed(kind: str, cal: Record, frame: Record = FRAME) -> list[str]:
    """Return the names of the rules that a calibration fails, in their order."""
    return [rule.name for rule in RULES[kind] if not rule.holds(frame, cal)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_differs_in_nothing_fits(kind):
    assert failed(kind, FRAME) == []


DIFFERENCES = [
    ("instrument", {"instrument": "GMOS-S"}, "bias flat fringe bpm"),
    ("binning", {"binning": "4x4"}, "bias flat fringe bpm"),
    ("binning", {"binning": "2x4"}, "bias flat fringe bpm"),
    ("region", {"amplifiers": AMPS[:-1]}, "bias flat fringe bpm"),
    ("quality", {"qa_state": "Fail"}, "bias flat fringe bpm"),
    ("read speed", {"read_speed": "fast"}, "bias flat"),
    ("gain", {"gain_setting": "high"}, "bias flat"),
    ("filter", {"filter_name": "open1-6&i_G0302"}, "flat fringe"),
    ("filter", {"filter_name": "r_G0303&open1-6"}, "flat fringe"),
    ("mask", {"focal_plane_mask": "1.0arcsec"}, "flat"),
    ("disperser", {"disperser": "R400"}, "flat"),
    ("spectroscopy", {"spectroscopy": True}, "flat"),
    ("mode", {"mode": "ql"}, "bias flat fringe"),
    ("mode", {"mode": None}, "bias flat fringe"),
    ("date", {"ut_datetime": NOON + 91 * DAY}, "bias bpm"),
    ("date", {"ut_datetime": NOON - 181 * DAY}, "bias flat"),
    ("date", {"ut_datetime": NOON - 400 * DAY}, "bias flat fringe"),
    (None, {"exposure_time": 1.0, "object": "B", "program_id": "P", "data_label": "L"}, ""),
    (None, {"qa_state": "Undefined"}, ""),
    (None, {"qa_state": "CHECK"}, ""),
    (None, {"overscan_trimmed": True, "overscan_subtracted": True, "prepared": True}, ""),
    (None, {"detector_roi_setting": "Custom", "observation_class": "dayCal"}, ""),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rule", "change", "refused_for"), DIFFERENCES)
def test_a_single_difference_is_refused_by_its_rule_and_only_where_it_matters(
    kind, rule, change, refused_for
):
    expected = [rule] if kind in refused_for.split() else []
    assert failed(kind, replace(FRAME, **change)) == expected


@pytest.mark.parametrize(("kind", "days"), [("bias", 90), ("flat", 180), ("fringe", 365)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_window_is_open_at_both_ends(kind, days, sign):
    inside = replace(FRAME, ut_datetime=NOON + sign * (days * DAY - timedelta(microseconds=1)))
    exactly = replace(FRAME, ut_datetime=NOON + sign * days * DAY)
    assert failed(kind, inside) == []
    assert failed(kind, exactly) == ["date"]


def test_a_mask_serves_from_its_own_instant_on_and_for_ever():
    at = [NOON, NOON - 4000 * DAY, NOON + timedelta(microseconds=1)]
    found = [failed("bpm", replace(FRAME, ut_datetime=moment)) for moment in at]
    assert found == [[], [], ["date"]]


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        *[(kind, field) for kind in KINDS for field in ("instrument", "binning", "ut_datetime")],
        *[(kind, field) for kind in ("bias", "flat") for field in ("read_speed", "gain_setting")],
        *[("flat", "filter_name"), ("fringe", "filter_name"), ("flat", "disperser")],
    ],
)
def test_what_is_unknown_in_both_is_no_match(kind, field):
    unknown = replace(FRAME, **{field: None})
    assert len(failed(kind, unknown, unknown)) == 1
    assert len(failed(kind, FRAME, unknown)) == 1
    assert len(failed(kind, unknown, FRAME)) == 1


def test_a_frame_of_unknown_amplifiers_matches_nothing():
    unknown = replace(FRAME, amplifiers=())
    assert failed("bias", FRAME, unknown) == failed("bias", unknown, unknown) == ["region"]


CCD2 = replace(FRAME, amplifiers=AMPS[4:8])
STAMP = replace(
    FRAME,
    amplifiers=(
        ("amp 5", Section(2922, 3072, 1986, 2286)),
        ("amp 6", Section(3072, 3222, 1986, 2286)),
    ),
)


@pytest.mark.parametrize(
    ("frame", "cal", "fits"),
    [
        (CCD2, FRAME, True),
        (CCD2, CCD2, True),
        (FRAME, CCD2, False),
        (STAMP, FRAME, True),
        (STAMP, CCD2, True),
        (CCD2, STAMP, False),
        (STAMP, replace(FRAME, amplifiers=AMPS[::-1]), True),
        (STAMP, replace(FRAME, amplifiers=tuple(("other", a) for _, a in AMPS)), False),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_calibration_holds_each_amplifier_of_the_frame(kind, frame, cal, fits):
    assert failed(kind, cal, frame) == ([] if fits else ["region"])


def test_six_and_twelve_amplifiers_never_match():
    six = tuple((f"amp {2 * n}", Section(1024 * n, 1024 * (n + 1), 0, 4224)) for n in range(6))
    assert failed("bias", replace(FRAME, amplifiers=six)) == ["region"]
    assert failed("bias", FRAME, replace(FRAME, amplifiers=six)) == ["region"]


@pytest.mark.parametrize(
    ("asked", "taken"),
    [("sq", {"sq"}), ("ql", {"sq", "ql"}), ("qa", {"sq", "ql", "qa", None, "failed"})],
)
@pytest.mark.parametrize("kind", ["bias", "flat", "fringe"])
def test_a_reduction_takes_nothing_below_its_own_mode(kind, asked, taken):
    frame = replace(FRAME, mode=asked)
    modes = ("sq", "ql", "qa", None, "failed")
    assert {m for m in modes if not failed(kind, replace(FRAME, mode=m), frame)} == taken
    assert not failed("bpm", replace(FRAME, mode=None), frame)


@pytest.mark.parametrize("trimmed", [False, True])
@pytest.mark.parametrize("subtracted", [False, True])
def test_a_prepared_frame_wants_a_bias_with_its_own_state_of_overscan(trimmed, subtracted):
    master = replace(FRAME, overscan_trimmed=True, overscan_subtracted=True)
    frame = replace(FRAME, prepared=True, overscan_trimmed=trimmed, overscan_subtracted=subtracted)
    assert failed("bias", master, frame) == ([] if trimmed and subtracted else ["overscan"])
    assert failed("flat", master, frame) == []


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        ({"binning": "4x4"}, "bias", "binning is 4x4, the frame has 2x2"),
        ({"read_speed": None}, "bias", "read speed is unknown, the frame has slow"),
        ({"spectroscopy": True}, "flat", "spectroscopy is on, the frame has off"),
        ({"qa_state": "Fail"}, "bias", "quality is Fail"),
        ({"mode": "ql"}, "bias", "mode is ql, the reduction asks for sq"),
        ({"mode": None}, "bias", "mode is unknown, the reduction asks for sq"),
        ({"ut_datetime": NOON - 90 * DAY}, "bias", "date is 90.0 days away, not less than 90"),
        ({"ut_datetime": None}, "bias", "date is unknown, the frame's 2022-06-13 12:00:00"),
        (
            {"ut_datetime": NOON + DAY},
            "bpm",
            "date is 2022-06-14 12:00:00, the frame's 2022-06-13 12:00:00, which is earlier",
        ),
        (
            {"amplifiers": AMPS[:6]},
            "bias",
            "region lacks amplifier 'amp 6' (6 of 12 amplifiers)",
        ),
        (
            {"amplifiers": (*AMPS[:11], ("amp 11", Section(5632, 6144, 0, 2112)))},
            "bias",
            "region of amplifier 'amp 11' is [5633:6144,1:2112], the frame has [5633:6144,1:4224]",
        ),
    ],
)
def test_a_refusal_says_both_values(change, kind, sentence):
    cal = replace(FRAME, **change)
    said = [rule.sentence(FRAME, cal) for rule in RULES[kind] if not rule.holds(FRAME, cal)]
    assert said == [sentence]


def test_a_refusal_for_the_overscan_says_both_states():
    (rule,) = (rule for rule in RULES["bias"] if rule.name == "overscan")
    master = replace(FRAME, overscan_trimmed=True, overscan_subtracted=True)
    said = rule.sentence(replace(FRAME, prepared=True), master)
    assert said == "overscan is trimmed, subtracted, the frame's not trimmed, not subtracted"


def test_kinds_go_by_their_own_and_by_others_names():
    assert [kind_named(f"processed_{kind}") for kind in KINDS] == list(KINDS)
    assert [kind_named(kind) for kind in KINDS] == list(KINDS)
    with pytest.raises(UsageError, match="'processed_dark' is not a kind"):
        kind_named("processed_dark")


@pytest.mark.parametrize(
    ("headers", "kinds"),
    [
        (raw(), ("bias", "flat", "bpm")),
        (raw(FILTER2="z_G0304"), KINDS),
        (raw(FILTER2="i_G0302"), ("bias", "flat", "bpm")),
        (raw(FILTER2="i_G0302", DETTYPE="SDSU II CCD"), KINDS),
        (raw(OBJECT="Twilight", FILTER2="z_G0304"), ("bias", "bpm")),
        (raw(GRATING="R400"), ("bias", "bpm")),
        (raw(OBSTYPE="BIAS"), ("bpm",)),
        (bias(), ()),
        (bpm(), ()),
        (raw(PROCSCI="T"), ()),
    ],
)
def test_a_frame_is_reduced_with_the_kinds_that_its_tags_and_filter_ask_for(headers, kinds):
    assert kinds_for(headers) == kinds
