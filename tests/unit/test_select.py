"""Selection expressions mean what they say, wherever blanks and parentheses stand."""

import pytest

from gmoscli.errors import BadFile, UsageError
from gmoscli.fits import Headers
from gmoscli.select import parse
from tests.header_files import raw, write

FRAME = raw(
    **{"DATE-OBS": "2022-06-13", "UT": "05:00:10.5", "EXPTIME": 350.0, "OBJECT": "Sim UFD Field"},
    **{"AIRMASS": 1.2, "RAWIQ": "70-percentile", "REQIQ": "85-percentile", "CENTWAVE": 0.0},
)


def holds(text: str, headers: Headers = FRAME, *, strict: bool = False) -> bool:
    return parse(text, strict=strict)(headers)


@pytest.mark.parametrize(
    "text",
    [
        'ut_date=="2022-06-13"',
        '(ut_date=="2022-06-13")',
        "( ut_date == '2022-06-13' )",
        '"2022-06-13" == ut_date',
        'ut_date>="2022-06-13" and ut_date<="2022-06-13"',
        '(ut_date>="2022-06-01" and ut_date<"2022-07-01")',
        '"2022-06-12" < ut_date < "2022-06-14"',
        'ut_date in ("2022-06-12", "2022-06-13")',
        'ut_datetime>="2022-06-13 05:00:00"',
        'ut_datetime>="2022-06-13T05:00:00"',
        'ut_datetime == "2022-06-13 05:00:10.5"',
        'ut_datetime>="2022-06-13"',
        'ut_time>="05:00"',
        'ut_time == "05:00:10.500"',
        'filter_name=="r"',
        '(filter_name=="r" and observation_class=="science")',
        'not filter_name=="i"',
        'observation_class=="science" and not filter_name=="i"',
        'filter_name in ("r","i")',
        'filter_name not in ["i", "z"]',
        'detector_name == "Hamamatsu-N"',
        'disperser=="MIRROR"',
        "exposure_time==350.",
        "exposure_time == 349",
        "(exposure_time==349)",
        "349 == exposure_time",
        "exposure_time in (20, 351)",
        "exposure_time > 10",
        "exposure_time>= 10",
        "not exposure_time < 10",
        "1 < airmass < 2",
        "raw_iq <= requested_iq",
        "raw_iq == 70",
        'object=="Sim UFD Field"',
        'ad.object() == "Sim UFD Field"',
        '"UFD" in object',
        '"IMAGE" in tags',
        '"IMAGE" in ad.tags',
        '"BIAS" not in tags',
        "not is_ao",
        "not is_ao()",
        "is_coadds_summed",
        "is_ao == False",
        "central_wavelength == None",
        "detector_x_bin == 2 and binning == '2x2'",
        "'BI13-20-4k-1, 4' in array_name",
        "'[1:512,1:4224]' in detector_section",
        "disperser=='MIRROR'\nand raw_iq==70",
        "cass_rotator_pa != -35.75",
        "(filter_name=='r' or filter_name=='i') and (exposure_time>300 or ut_date<'2020-01-01')",
    ],
)
def test_these_are_true_and_their_opposites_false(text):
    assert holds(text) is True
    assert holds(f"not ({text})") is False


@pytest.mark.parametrize(
    "comparison", ["< 1", "<= 1", "> 1", ">= 1", "== 1", "in (1, 2)", "not in (1, 2)"]
)
def test_a_missing_value_compares_with_nothing(comparison):
    assert holds(f"central_wavelength {comparison}") is False
    assert holds(f"not central_wavelength {comparison}") is True


def test_a_missing_value_equals_none_and_differs_from_all_else():
    assert holds("central_wavelength == None")
    assert holds("central_wavelength != 1")
    assert holds('object != "x"', raw(OBJECT=None))
    assert not holds('"x" in object', raw(OBJECT=None))


def test_strict_compares_full_names_and_exact_numbers():
    assert not holds('filter_name == "r"', strict=True)
    assert holds('filter_name == "open1-6&r_G0303"', strict=True)
    assert not holds("exposure_time == 349", strict=True)
    assert holds("exposure_time == 350", strict=True)


def test_closeness_is_one_percent_of_the_longer_time():
    assert holds("exposure_time == 346.6")
    assert not holds("exposure_time == 346.4")
    assert not holds("exposure_time != 346.6")
    assert not holds("exposure_time > 350")


def test_precedence_is_that_of_words():
    assert holds("airmass < 2 or airmass > 9 and airmass > 10")
    assert not holds("(airmass < 2 or airmass > 9) and airmass > 10")
    assert not holds("not airmass < 2 and airmass > 9")


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("exposure_tim > 10", "unknown descriptor 'exposure_tim'", "exposure_tim"),
        ('object == "é" and foo == 1', "unknown descriptor 'foo'", "foo"),
        ('"bias" in tags', "unknown tag 'bias'", '"bias"'),
        ("exposure_time=20", "write == to compare", "="),
        ('ut_date=="yesterday"', "ut_date is a date like '2022-06-13'", '"yesterday"'),
        ('ut_date=="2022-06-31"', "ut_date is a date like '2022-06-13'", '"2022-06-31"'),
        ('ut_time=="05:00:00+01:00"', "ut_time is a time like '05:00:30'", '"05:00:00+01:00"'),
        ('exposure_time=="350"', "exposure_time is a number", '"350"'),
        ("exposure_time == True", "exposure_time is a number", "True"),
        ("object == 5", "object is text", "5"),
        ('object in ("a", 5)', "object is text", '("a", 5)'),
        ("gain > 1", "gain is a list", "1"),
        ("gain > [1]", "several values: compare them with == or in", "gain"),
        ("gain in (1, 2)", "several values cannot stand left of in", "gain"),
        ('object == ("a", "b")', "object is a single value", '("a", "b")'),
        ("ut_date == ut_time", "ut_date cannot be compared with ut_time", "ut_date"),
        ("object is None", "use == or != here", "None"),
        ("1 == 1", "no descriptor on either side", "1"),
        ("exposure_time", "not a question: compare this with something", "exposure_time"),
        ("1", "not a question: compare this with something", "1"),
        ('tags == ["BIAS"]', "write 'BIAS' in tags", "tags"),
        ("3 in exposure_time", "in needs a list, text or tags on its right", "exposure_time"),
        ("3 in object", "object is text", "3"),
        ('exposure_time in "350"', "exposure_time cannot be compared with text", "exposure_time"),
        ("exposure_time + 1 > 3", "not allowed in an expression", "exposure_time + 1"),
        ('__import__("os").getpid() > 0', "not allowed", '__import__("os").getpid'),
        ("ad.phu['X'] == 1", "not allowed", "ad.phu['X']"),
        ("ad.__class__ == 1", "unknown descriptor", "ad.__class__"),
        ("object.upper() == 'X'", "not allowed", "object.upper"),
        ("airmass(1) > 1", "not allowed", "airmass(1)"),
        ("[x for x in tags]", "not allowed", "[x for x in tags]"),
        ("(lambda: 1)() == 1", "not allowed", "(lambda: 1)()"),
        ("object == f'{airmass}'", "not allowed", "f'{airmass}'"),
        ("object == b'x'", "not allowed", "b'x'"),
        ("airmass if is_ao else 2", "not allowed", "airmass if is_ao else 2"),
        ("is_ao & is_coadds_summed", "not allowed", "is_ao & is_coadds_summed"),
        ("object in ('a', airmass)", "not allowed", "airmass"),
        ("is_ao ; is_ao", "invalid syntax", ";"),
        ("ut_date == 2022-06-13", "dates and times stand in quotes", "2022-06-13"),
        ("object == '1-2' and ut_time > 5:30:00", "dates and times stand in quotes", "5:30:00"),
        ("object == Bias", "unknown descriptor 'Bias'", "Bias"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused_at_its_place(text, message, place):
    with pytest.raises(UsageError) as caught:
        parse(text)
    said, line, pointer = caught.value.message.split("\n")
    assert said.startswith(message)
    assert line == f"  {text}"
    assert line[pointer.index("^") : len(pointer)] == place


@pytest.mark.parametrize("text", ["", "  ", "(" * 400 + "is_ao" + ")" * 400, "is_ao\0"])
def test_what_is_no_expression_at_all_is_refused_too(text):
    with pytest.raises(UsageError):
        parse(text)


def test_depth_is_limited():
    with pytest.raises(UsageError, match="nested too deeply"):
        parse("not " * 60 + "is_ao")
    assert parse("not " * 40 + "is_coadds_summed")(FRAME)


def test_the_nearest_names_are_offered():
    with pytest.raises(UsageError) as caught:
        parse("exposure_tim > 10")
    assert "exposure_time" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        parse('"bias" in tags')
    assert caught.value.hint == "did you mean BIAS?"


def test_a_word_on_the_right_lacks_its_quotes():
    for text in ("object == Bias", "'a' != object != Bias"):
        with pytest.raises(UsageError) as caught:
            parse(text)
        assert caught.value.hint == 'text stands in quotes: "Bias"'


def test_an_expression_remembers_its_text():
    assert parse(" airmass < 2 ").text == " airmass < 2 "


def test_the_primary_header_is_enough_for_what_stands_there(tmp_path):
    path = write(tmp_path / "a.fits", FRAME)
    path.write_bytes(path.read_bytes()[:-2000])
    headers = Headers.open(path)
    assert holds('object == "Sim UFD Field" and "IMAGE" in tags and exposure_time > 3', headers)
    with pytest.raises(BadFile, match="truncated"):
        holds("detector_x_bin == 2", headers)
