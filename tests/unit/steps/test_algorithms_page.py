"""What gmoscli-algorithms(7) says in numbers is what the code does."""

import re

import numpy as np
import pytest

from gmoscli.engine import cutting
from gmoscli.steps import (
    catalogue,
    combine,
    darkest,
    detect,
    flags,
    flat,
    fringe,
    match,
    mend,
    overscan,
    profile,
    register,
    scale,
    seeing,
    shadow,
    sky,
    sources,
    surface,
    wings,
)
from tests.commands import ROOT

TEXT = (ROOT / "man" / "gmoscli-algorithms.7").read_text().replace("\\-", "-")
PAGE = " ".join(re.sub(r"^\.\w+ ?", "", TEXT, flags=re.MULTILINE).split())
WORDS = {
    "second": 2,
    "third": 3,
    "three": 3,
    "four": 4,
    "five": 5,
    "fifth": 5,
    "nine": 9,
}
MATCHED = scale.match_counts.parameters["min_sources"].default
ODD = overscan.subtract_overscan.parameters["sigma"].default


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (r"Of more than (\S+) frames", cutting.MOST),
        (r"full from (\S+) % of its well", 100 * flags.FULL),
        (r"the median of the (\S+) around them", 2 * overscan.NEIGHBOURS + 1),
        (r"around them by (\S+) sigma", ODD),
        (r"a border of (\S+) % on each side", 100 * flat.BORDER),
        (r"a polynomial of (\S+) degree in x", fringe.ORDER),
        (r"with a rim of (\S+) pixels", fringe.RIM),
        (r"to means of blocks of (\S+) arcsec", surface.BLOCK),
        (r"more than (\S+) % of a CCD is lit", 100 * detect.FLOODED),
        (r"a polynomial of (\S+) degree through", darkest.ORDER),
        (r"the darkest (\S+) % of the blocks", 100 * darkest.SHARE),
        (r"How dark a block is, the (\S+) around it", darkest.AROUND**2 - 1),
        (r"The brightest (\S+) of the others are measured", sources.MOST),
        (r"for the brightest (\S+) the growth", sources.GROWN),
        (r"circles from (\S+) to 4.5 arcsec", catalogue.RADII[0]),
        (r"circles from 0.6 to (\S+) arcsec", catalogue.RADII[-1]),
        (r"where fewer than (\S+) stand alone", sources.LONELY),
        (r"with less than (\S+) of their light in all", sources.ALONE),
        (r"an even light that may have (\S+) of the star's", profile.EVEN),
        (r"where less than a (\S+) of its stars stand alone", 1 / catalogue.LONELY),
        (r"that of all, up to (\S+) arcsec; the index", catalogue.RADII[catalogue.BASE]),
        (r"the index is (\S+) if no frame", profile.USUAL),
        (r"the light within (\S+) arcsec, less that", catalogue.RADII[seeing.CORE]),
        (r"Blended ones are taken apart if each has (\S+) of", detect.CONTRAST),
        (r"may fill it, (\S+) is enough", detect.FAINTEST),
        (r"of (\S+) unbinned pixels, where the headers", shadow.CELL),
        (r"pairs of the brightest (\S+) stars vote", register.MOST),
        (r"where fewer than (\S+) of these match", register.ENOUGH),
        (r"a frame has (\S+) bright stars or fewer", match.FEW),
        (r"one place within (\S+) arcsec of the header's", match.NEAR),
        (r"rotations are within (\S+) degrees", np.degrees(register.ROLL)),
        (r"add (\S+) of it to its error", register.BLENDED),
        (r"plus (\S+) for each e-fold", scale.WINGS),
        (r"With fewer than (\S+) stars the exposure times", MATCHED),
        (r"for certain, by (\S+) errors", sky.CERTAIN),
        (r"mean is (\S+) sigma above the sky, in a star", mend.LIT),
        (r"(\S+) sigma of the stack, they may differ", combine.LIGHT),
        (r"light in (\S+) of the six pixels", wings.LIT),
    ],
)
def test_numbers_on_the_page_on_algorithms_are_those_of_the_code(said, value):
    (found,) = re.findall(said, PAGE)
    assert (WORDS[found] if found in WORDS else float(found)) == pytest.approx(value)
