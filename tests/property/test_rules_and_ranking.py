"""Association against a slow, obvious version of itself, for any frame and any candidates."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gmoscli.caldb.match import Candidate, match
from gmoscli.caldb.record import record_of
from gmoscli.caldb.rules import KINDS
from gmoscli.section import Section
from tests.header_files import raw

BASE = record_of(raw(), mode="sq")
NOON = datetime(2022, 6, 13, 12)
AMPS = [
    tuple((f"a{n}", Section(512 * n, 512 * n + 512, 0, rows)) for n in amps)
    for amps in ([0, 1], [0], [1, 0])
    for rows in (4224, 1000)
]

records = st.builds(
    lambda **change: replace(BASE, **change),
    kind=st.sampled_from(KINDS),
    instrument=st.sampled_from(["GMOS-N", "GMOS-N", "GMOS-S"]),
    binning=st.sampled_from(["2x2", "2x2", "1x1", None]),
    amplifiers=st.sampled_from([*AMPS, ()]),
    qa_state=st.sampled_from(["Pass", "Undefined", "Fail"]),
    mode=st.sampled_from(["sq", "sq", "ql", "qa", None]),
    read_speed=st.sampled_from(["slow", "slow", "fast", None]),
    filter_name=st.sampled_from(["open&r", "open&r", "r&open", None]),
    ut_datetime=st.one_of(
        st.none(),
        st.integers(-400, 400).map(lambda days: NOON + timedelta(days=days)),
        st.sampled_from([-90, 90, -180, 180, -365, 365]).map(lambda d: NOON + timedelta(days=d)),
    ),
)
frames = records.map(lambda record: replace(record, kind=None, mode=record.mode or "qa"))


@st.composite
def candidate_lists(draw):
    drawn = draw(st.lists(records, max_size=8))
    return [Candidate(Path(f"{n}.fits"), record, n) for n, record in enumerate(drawn)]


WINDOW = {"bias": 90, "flat": 180, "fringe": 365}
TAKEN = {"sq": ["sq"], "ql": ["sq", "ql"], "qa": ["sq", "ql", "qa", None]}


def obviously_fits(kind, frame, cal) -> bool:
    if None in (frame.ut_datetime, cal.ut_datetime, frame.binning) or not frame.amplifiers:
        return False
    alike = (cal.kind, cal.instrument, cal.binning) == (kind, frame.instrument, frame.binning)
    sound = cal.qa_state != "Fail" and all(inside(amp, cal) for amp in frame.amplifiers)
    if kind == "bpm":
        return alike and sound and cal.ut_datetime <= frame.ut_datetime
    read_alike = kind == "fringe" or cal.read_speed == frame.read_speed is not None
    lit_alike = kind == "bias" or cal.filter_name == frame.filter_name is not None
    days = abs((frame.ut_datetime - cal.ut_datetime).total_seconds()) / 86400
    in_time = days < WINDOW[kind] and cal.mode in TAKEN[frame.mode]
    return alike and sound and read_alike and lit_alike and in_time


def inside(amp, cal) -> bool:
    name, area = amp
    return any(
        name == other and whole.x1 <= area.x1 and area.x2 <= whole.x2 and area.y2 <= whole.y2
        for other, whole in cal.amplifiers
    )


@given(kind=st.sampled_from(KINDS), frame=frames, candidates=candidate_lists())
def test_just_those_that_obviously_fit_are_fitting(kind, frame, candidates):
    fitting = {v.candidate.entry for v in match(frame, candidates, kind) if v.fits}
    assert fitting == {c.entry for c in candidates if obviously_fits(kind, frame, c.record)}


@given(kind=st.sampled_from(KINDS), frame=frames, candidates=candidate_lists(), data=st.data())
def test_the_order_of_candidates_does_not_matter(kind, frame, candidates, data):
    shuffled = data.draw(st.permutations(candidates))
    assert match(frame, candidates, kind) == match(frame, shuffled, kind)


@given(kind=st.sampled_from(KINDS), frame=frames, candidates=candidate_lists())
def test_no_candidate_that_fits_is_nearer_than_the_chosen_one(kind, frame, candidates):
    fitting = [v for v in match(frame, candidates, kind) if v.fits]
    assert all(fitting[0].seconds <= verdict.seconds for verdict in fitting)


@given(kind=st.sampled_from(KINDS), frame=frames, candidates=candidate_lists())
def test_every_refusal_is_a_rule_with_a_sentence(kind, frame, candidates):
    for verdict in match(frame, candidates, kind):
        assert verdict.fits == (not verdict.failures)
        assert all(failure.rule and failure.sentence for failure in verdict.failures)
