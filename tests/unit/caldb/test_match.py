"""The order of candidates, and the error that tells of the nearest miss."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from gmoscli.caldb.match import Candidate, match, missing
from gmoscli.caldb.record import record_of
from tests.header_files import bias, flat, raw

TARGET = record_of(raw(), mode="sq")
BIAS = record_of(bias())
HOUR = timedelta(hours=1)


def candidate(name: str, entry: int = 0, later=timedelta(), **change) -> Candidate:
    moment = BIAS.ut_datetime + later
    return Candidate(Path(name), replace(BIAS, ut_datetime=moment, **change), entry)


def order(*candidates: Candidate, mode: str = "sq") -> list[str]:
    verdicts = match(replace(TARGET, mode=mode), candidates, "bias")
    return [verdict.candidate.path.name for verdict in verdicts]


def test_the_nearest_in_time_comes_first_before_or_after():
    assert order(
        candidate("far", later=-3 * HOUR),
        candidate("near", later=2 * HOUR),
        candidate("nearest", later=-HOUR),
    ) == ["nearest", "near", "far"]


def test_of_equally_near_ones_the_last_added_comes_first():
    before = candidate("before", entry=1, later=-HOUR)
    after = candidate("after", entry=2, later=HOUR)
    assert order(before, after) == order(after, before) == ["after", "before"]


def test_parts_of_a_second_do_not_count():
    first = candidate("first", entry=1, later=timedelta(seconds=5.1))
    second = candidate("second", entry=2, later=timedelta(seconds=5.9))
    assert order(first, second) == ["second", "first"]


def test_of_equally_near_ones_the_better_made_comes_before_the_last_added():
    modes = ["qa", "sq", "failed", None, "ql"]
    made = [candidate(str(mode), entry=n, mode=mode) for n, mode in enumerate(modes)]
    assert order(*made, mode="qa") == ["sq", "None", "ql", "qa", "failed"]


def test_a_near_one_of_lower_mode_does_not_hide_a_farther_one_that_fits():
    verdicts = match(
        TARGET,
        [candidate("quick", mode="ql"), candidate("exact", later=30 * HOUR)],
        "bias",
    )
    assert [(v.candidate.path.name, v.fits) for v in verdicts] == [
        ("exact", True),
        ("quick", False),
    ]


def test_those_that_miss_by_fewer_rules_are_nearer_whatever_their_date():
    assert order(
        candidate("two rules", binning="4x4", read_speed="fast"),
        candidate("one rule", later=2400 * HOUR),
        candidate("none", later=24 * HOUR),
    ) == ["none", "one rule", "two rules"]


def test_other_kinds_are_no_candidates():
    other = Candidate(Path("flat"), record_of(flat()))
    assert order(candidate("bias"), other) == ["bias"]


def test_an_unknown_date_comes_last():
    unknown = Candidate(Path("unknown"), replace(BIAS, ut_datetime=None))
    assert order(unknown, candidate("known", later=5000 * HOUR)) == ["known", "unknown"]


def test_a_missing_calibration_is_told_with_the_nearest_miss_and_the_next_command():
    verdicts = match(
        TARGET,
        [
            candidate("wrong.fits", binning="4x4", read_speed="fast"),
            candidate("x.fits", binning="1x1"),
        ],
        "bias",
    )
    error = missing("night/my frame.fits", "bias", verdicts)
    assert str(error) == (
        "night/my frame.fits: no bias fits; nearest is x.fits: binning is 1x1, the frame has 2x2"
    )
    assert error.hint == "caldb explain 'night/my frame.fits'"
    assert error.exit_code == 3


def test_an_empty_database_is_told_as_such():
    assert str(missing("a.fits", "flat", [])) == "a.fits: no flat is stored"
