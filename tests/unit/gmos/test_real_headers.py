"""Tags and descriptors of headers from the telescope are those that DRAGONS gives.

``real_headers.json`` holds the cards that matter of three masks which the observatory made from
real exposures, and the answers; a folder beside this project holds seven in full.
"""

import json
import math
import re
from datetime import date, time
from pathlib import Path

import pytest

from gmoscli.fits import Header, Headers
from gmoscli.gmos.descriptors import DESCRIPTORS, describe, gain
from gmoscli.gmos.tags import tags_of
from gmoscli.section import Section

OWN = json.loads(Path(__file__).with_name("real_headers.json").read_text())
DUMPS = Path(__file__).parents[4] / "shared" / "facts" / "real_headers"
NAMES = sorted(path.stem for path in DUMPS.glob("*.txt"))

# Saturation is compared where the converter limits it. Where the full well does, ours differs on
# purpose: the bias adds to what a raw pixel can hold, and these masks are averages, whose GAIN
# card is that of a sum.
LIMITS = {"saturation_level", "non_linear_level"}


@pytest.mark.parametrize("name", OWN)
def test_real_files_have_their_tags_and_descriptors(name):
    case = OWN[name]
    headers = Headers(Header(case["phu"]), [Header(cards) for cards in case["extensions"]])
    assert different(headers, case["expected"]) == {}


@pytest.mark.skipif(not NAMES, reason="the folder of real headers is not here")
@pytest.mark.parametrize("name", NAMES)
def test_whole_dumps_of_real_files_have_them_too(name):
    expected = json.loads((DUMPS / "expected.json").read_text())[name]
    headers = dumped(DUMPS / f"{name}.txt")
    assert set(different(headers, expected)) <= LIMITS
    if "_11_" not in name:
        assert different(headers, expected) == {}


def test_the_gain_of_an_average_does_not_raise_its_saturation():
    case = OWN["gmos-n_e2v_11_6amp"]
    headers = Headers(Header(case["phu"]), [Header(cards) for cards in case["extensions"]])
    assert gain(headers)[0] == pytest.approx(11.1, rel=0.05)  # five frames of 2.31
    level = describe(headers, "saturation_level")
    assert level[0] == pytest.approx(105100 / 2.31 + 1176)  # full well and bias of that amplifier


def different(headers: Headers, expected: dict) -> dict:
    """Return what differs from the expected answers, by name."""
    answers = {name: describe(headers, name) for name in DESCRIPTORS if name in expected}
    answers["tags"] = sorted(tags_of(headers))
    pairs = {name: (plain(answer), expected[name]) for name, answer in answers.items()}
    pairs["detector_rois_requested"] = (
        [[roi.x1, roi.x2, roi.y1, roi.y2] for roi in answers["detector_rois_requested"]],
        expected["detector_rois_requested"],
    )
    return {name: pair for name, pair in pairs.items() if not same(*pair)}


def plain(value):
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Section) else value


def same(ours, theirs) -> bool:
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-12)
    return ours == theirs


def dumped(path: Path) -> Headers:
    """Return the headers in a dump: one card a line, units divided by lines of their own."""
    units = re.split(r"^--- HDU.*\n", path.read_text("latin-1"), flags=re.MULTILINE)[1:]
    phu, *extensions = (
        Header("".join(line.ljust(80) for line in text.splitlines()).encode("latin-1"))
        for text in units
    )
    return Headers(phu, extensions, path=path.with_suffix(".fits"))
