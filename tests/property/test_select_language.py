"""The language of selection: no text makes it fail otherwise than by refusing."""

from hypothesis import given
from hypothesis import strategies as st

from gmoscli.errors import UsageError
from gmoscli.gmos.descriptors import DESCRIPTORS
from gmoscli.select import parse
from tests.header_files import raw

FRAMES = [
    raw(),
    raw(OBSTYPE="BIAS", EXPTIME=0.0, OBJECT="Bias"),
    raw(FILTER2="i_G0302", EXPTIME=20.0, OBJECT=None),
]
WORDS = [
    *("(", ")", " and ", " or ", " not ", " in ", "==", "!=", "<", ">=", ",", "[", "]", ".", "-"),
    *("exposure_time", "object", "ut_date", "tags", "gain", "ad", "is_ao", "filter_name", "'r'"),
    *("350", "'2022-06-13'", "None", "True", "lambda", "'", '"', "\\", "#", "é", "=", ":=", "*"),
]
NUMBERS = st.sampled_from(["exposure_time", "airmass", "raw_iq", "detector_x_bin"])
ATOMS = st.one_of(
    st.builds("{} {} {}".format, NUMBERS, st.sampled_from(["<", ">="]), st.integers(0, 400)),
    st.builds("filter_name == '{}'".format, st.sampled_from(["r", "i"])),
    st.builds("'{}' in tags".format, st.sampled_from(["BIAS", "IMAGE", "CAL"])),
    st.just("object == None"),
)
QUESTIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds("({} and {})".format, inner, inner)
        | st.builds("({} or {})".format, inner, inner)
        | st.builds("not {}".format, inner)
        | st.builds("( {} )".format, inner)
    ),
    max_leaves=8,
)


def answers(text: str) -> list[bool]:
    return [parse(text)(frame) for frame in FRAMES]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join) | st.text(max_size=20))
def test_any_text_is_an_expression_or_is_refused(text):
    try:
        expression = parse(text)
    except UsageError as error:
        assert error.message
    else:
        assert {expression(frame) for frame in FRAMES} <= {True, False}


@given(QUESTIONS)
def test_parentheses_and_blanks_change_nothing(text):
    assert answers(text) == answers(f"({text})") == answers(text.replace(" ", "   "))


@given(QUESTIONS)
def test_not_turns_every_answer(text):
    assert answers(f"not ({text})") == [not answer for answer in answers(text)]


@given(QUESTIONS, QUESTIONS)
def test_and_and_or_are_those_of_logic(one, two):
    both = [a and b for a, b in zip(answers(one), answers(two), strict=True)]
    assert answers(f"({one}) and ({two})") == both
    assert answers(f"not (not ({one}) or not ({two}))") == both


@given(st.sampled_from(sorted(DESCRIPTORS)), st.sampled_from(["==", "!="]))
def test_every_descriptor_can_be_compared_with_none(name, sign):
    value = "[None]" if DESCRIPTORS[name].listed else "None"
    assert set(answers(f"{name} {sign} {value}")) <= {True, False}
