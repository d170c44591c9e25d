"""Figures on a page are the ones of the file, in words that observers read."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from gmoscli.fits import Header, Headers
from gmoscli.gmos.detectors import detectors
from gmoscli.past import Done, Past
from gmoscli.report.facts import Facts, warnings
from gmoscli.report.look import look
from gmoscli.report.page import html
from gmoscli.report.tables import ccd_table, frame_tables, headline, outline, sexagesimal
from tests.builders import a_ccd, a_tan, an_observation

FRAME = {
    "FRAME": "N1",
    **{"EXPTIME": 60.0, "MATCHES": 30, "ALIGNRMS": 0.004, "SCALE": 1.25, "SCALEERR": 0.001},
    **{"FWHM": 0.7, "SKY2": 812.5, "WEIGHT2": 0.5, "REJECTED2": 0.01},
}


def facts(*frames, excess=1.0, steps=(), ext=None, **phu):
    sci = np.random.default_rng(3).normal(100, 3 * excess, (128, 128))
    ccd = a_ccd(sci, var=np.full(sci.shape, 9.0), wcs=a_tan())
    cards = {"INSTRUME": "GMOS-N", "DATE-OBS": "2022-06-27", **phu}
    obs = an_observation(ccd.info)
    obs = replace(obs, headers=Headers(Header(cards), [Header(ext or {})]))
    seen = look(ccd, np.zeros(sci.shape, np.uint8))
    return Facts(obs, (seen,), frames, Past(tuple(steps)), (b"1", b"2"))


@pytest.mark.parametrize(
    ("value", "decimals", "sign", "text"),
    [
        (12.5, 2, False, "12:30:00.00"),
        (-0.5, 1, True, "-00:30:00.0"),
        (29.7999999999, 1, True, "+29:48:00.0"),
        (1 / 3600, 2, False, "00:00:01.00"),
    ],
)
def test_angles_are_rounded_before_they_are_cut_up(value, decimals, sign, text):
    assert sexagesimal(value, decimals, sign=sign) == text


def test_figures_of_frames_stand_in_their_columns():
    whole, parts = frame_tables(facts(FRAME, {**FRAME, "FRAME": "N2", "SCALE": 1.0}))
    assert [c.title for c in whole.columns[2:5]] == [
        "Exposure (s)",
        "Stars matched",
        "Alignment (mas)",
    ]
    assert whole.rows[0] == ("1", "N1", "60", "30", "4.0", "0.70", "1.2500", "0.0010")
    assert [c.title for c in parts.columns[2:]] == ["Sky 2", "Weight 2", "Rejected (%) 2"]
    assert parts.rows[1] == ("2", "N2", "812.5", "0.500", "1.00")


def test_what_was_measured_of_no_frame_has_no_column():
    frame = {**FRAME, "FWHM": np.nan, "SKY2": np.nan}
    whole, parts = frame_tables(facts(frame))
    titles = {column.title for table in (whole, parts) for column in table.columns}
    assert not titles & {"Seeing (arcsec)", "Sky 2"}


def test_the_reference_frame_is_named():
    whole, _ = frame_tables(facts(FRAME, {**FRAME, "FRAME": "N2"}, REFFRAME="N2.fits"))
    assert [row[1] for row in whole.rows] == ["N1", "N2 (reference)"]


def test_cards_of_a_ccd_stand_beside_what_its_pixels_show():
    table = ccd_table(facts(ext={"CORRFACT": 1.07, "BUNIT": "electron"}))
    rows = dict(table.rows)
    assert [column.title for column in table.columns] == ["", "CCD 2"]
    assert rows["Correlation (CORRFACT)"] == "1.070"
    assert float(rows["Noise check"]) == pytest.approx(1, abs=0.03)
    assert "Level (electron)" in rows


def test_the_outline_tells_times_and_place():
    told = dict(outline(facts(EXPTIME=350.0, TEXPTIME=1050.0, NCOMBINE=3, AIRMASS=1.02)))
    assert told["Exposure (EXPTIME)"] == "350 s" and told["Of all frames (TEXPTIME)"] == "1050 s"
    assert told["Frames (NCOMBINE)"] == "3" and told["Mean airmass"] == "1.020"
    assert told["Centre of CCD 2 (RA, Dec)"].startswith("10:00:0")
    assert told["Pixel scale"] == "0.1614 arcsec"


@pytest.mark.parametrize(
    ("cards", "kind"),
    [({"PROCBIAS": "x"}, "Master bias"), ({"STACKFRM": "x"}, "Stack"), ({}, "Image")],
)
def test_the_headline_says_what_the_file_is(cards, kind):
    assert headline(facts(**cards)).split(" · ")[0] == kind


def test_good_frames_give_no_warning():
    assert list(warnings(facts(FRAME))) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [({"ALIGNRMS": 0.3}, "300 mas"), ({"REJECTED2": 0.2}, "20.0 %")],
)
def test_a_bad_frame_is_named_with_its_figure(change, says):
    (text,) = warnings(facts(FRAME, {**FRAME, "FRAME": "N2", **change}))
    assert text.startswith("N2: ") and says in text


def test_noise_that_the_variance_does_not_tell_is_warned_of():
    (text,) = warnings(facts(FRAME, excess=1.3))
    assert text.startswith("CCD 2: ") and "1.3" in text


def test_known_troubles_of_the_detector_are_told_by_date():
    sick = next(one for one in detectors() if one.troubles)
    trouble = sick.troubles[0]
    told = []
    for day in (trouble.since, trouble.since - timedelta(days=1)):
        one = facts(FRAME, **{"DATE-OBS": day.isoformat()})
        info = replace(one.obs.ccds[0], binning=(2, 2))
        one = replace(one, obs=replace(one.obs, detector=sick, ccds=(info,)))
        told.append(any(trouble.what in text for text in warnings(one)))
    assert told == [True, False]


def test_parameters_of_steps_stand_on_the_page():
    text = html(
        facts(FRAME, steps=[Done("clip", "rejectPixels", '{"sigma": 3.0, "how": "a<b"}')]), "x"
    )
    assert "<td>clip</td><td>rejectPixels</td>" in text
    assert "sigma=3.0 how=a&lt;b" in text
