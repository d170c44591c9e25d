"""Plots show every value, each at its place."""

import math
from xml.etree import ElementTree

import pytest

from gmoscli.report.plot import Series, dots, steps

LABELS = ("a", "b", "c")


def circles(drawing):
    root = ElementTree.fromstring(drawing)
    return [c for c in root.iter("circle")]


def numbers(drawing, axis):
    """Return the numbers along an axis, and their places."""
    root = ElementTree.fromstring(drawing)
    texts = [t for t in root.iter("text") if t.get("class") == axis]
    return {float(t.text): float(t.get(axis)) for t in texts}


def test_every_value_is_a_dot_that_says_what_it_is():
    drawing = dots([Series("CCD 1", (1, 2, 3)), Series("CCD 2", (3, 2, 1))], LABELS)
    said = [c.find("title").text for c in circles(drawing)]
    assert said[:2] == ["a CCD 1: 1", "b CCD 1: 2"] and len(said) == 6


def test_a_dot_lies_at_its_value_between_the_numbers_of_the_axis():
    drawing = dots([Series("", (10, 20, 40))], LABELS)
    ys = numbers(drawing, "y")
    low, high = min(ys), max(ys)
    for circle, value in zip(circles(drawing), (10, 20, 40), strict=True):
        share = (value - low) / (high - low)
        at = ys[low] - 4 + share * (ys[high] - ys[low])
        assert float(circle.get("cy")) == pytest.approx(at, abs=0.2)


def test_what_was_not_measured_leaves_a_gap():
    drawing = dots([Series("", (1, math.nan, 3))], LABELS)
    assert [c.find("title").text[0] for c in circles(drawing)] == ["a", "c"]


def test_errors_reach_to_both_sides_and_stay_within_the_axes():
    drawing = dots([Series("", (1, 2, 3), (0.5, 0.5, math.nan))], LABELS)
    bars = [p for p in ElementTree.fromstring(drawing).iter("path") if "bar" in p.get("class")]
    ys = numbers(drawing, "y")
    assert len(bars) == 2
    assert min(ys) <= 0.5 and max(ys) >= 3


@pytest.mark.parametrize("values", [(5, 5, 5), (0, 0, 0), (math.nan,) * 3, (1e-9, 2e-9, 3e9)])
def test_any_values_make_a_plot(values):
    drawing = dots([Series("", values)], LABELS)
    assert "nan" not in drawing and len(numbers(drawing, "y")) > 1


def test_numbers_of_an_axis_differ():
    drawing = dots([Series("", (0.2801, 0.2803, 0.2807))], LABELS)
    assert "0.2801" in drawing or "0.2800" in drawing
    assert len(numbers(drawing, "y")) >= 2


def test_of_many_frames_only_some_are_numbered():
    count = 60
    drawing = dots([Series("", range(count))], [str(i) for i in range(count)])
    assert len(circles(drawing)) == count
    assert len(numbers(drawing, "x")) <= 10


def test_names_cannot_break_the_drawing():
    drawing = dots([Series("<b>", (1, 2, 3))], ('"&<', "b", "c"))
    assert circles(drawing)[0].find("title").text == '"&< <b>: 1'


def test_histograms_stand_before_the_normal_distribution():
    drawing = steps([Series("x", (0.1, 0.4, 0.4, 0.1))], (-2, -1, 0, 1, 2))
    classes = [p.get("class") for p in ElementTree.fromstring(drawing).iter("path")]
    assert classes[-2:] == ["normal", "l1"]
