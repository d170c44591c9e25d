"""What rejection takes from stars, and what cosmic rays it leaves.

A night without cosmic rays is stacked twice, with and without the steps that reject: what stars
lose is the steps' doing. A night and its twin without cosmic rays, stacked with the same flags,
differ by the light of the rays that stay (:mod:`.twins`): where it exceeds 8 sigma in a pixel that
is not flagged, the pixel is counted, on sources or beside them.
"""

from collections.abc import Iterator

import numpy as np
import sep

from .field import Field, Floats, fields
from .figures import Figure, below
from .site import Site
from .sky import MOST_OUTLIERS, OUTLIER
from .stars import MMAG, RADIUS, unspoilt

NO_REJECTION = 'extends = "reduceSeparateCCDs"\nwithout = ["flag_cosmic_rays", "clip_noise"]\n'
BRIGHTEST = 19.5
ADDED = "light that rays add"


def rejection(site: Site) -> Iterator[Figure]:
    """Yield the figures of a night without cosmic rays."""
    count = site.night.frames
    (site.desk.folder / "plain.toml").write_text(NO_REJECTION)
    clipped = fields(site.stack(count), site)
    plain = fields(site.stack(count, "-r", "plain.toml", mark="plain"), site)
    lost = [_lost(one, other, site, count) for one, other in zip(clipped, plain, strict=True)]
    medians = [float(np.median(np.abs(part))) if len(part) else float("nan") for part in lost]
    worst = [float(np.abs(part).max(initial=0.0)) for part in lost]
    numbers = " ".join(str(len(part)) for part in lost)
    what = "bright stars with rejection over without"
    yield below(f"{what}, median", site.name, medians, 1.0, "mmag", f"{numbers} stars")
    yield below(f"{what}, worst", site.name, worst, 1.0, "mmag")


def _lost(one: Field, other: Field, site: Site, count: int) -> Floats:
    """Return what bright stars lose by rejection, their neighbours with them, mmag."""
    radius = RADIUS / other.scale
    use = unspoilt(other, site, site.science(count))
    use[use] = other.magnitude[use] < BRIGHTEST
    at = other.at[use]
    whole, _, _ = sep.sum_circle(other.ccd.sci - other.level, *at.T, radius, subpix=9)
    less, _, _ = sep.sum_circle(other.ccd.sci - one.ccd.sci, *at.T, radius, subpix=9)
    return np.asarray(-MMAG * np.log(1 - less / whole))


def cosmics(site: Site, twin: Site, count: int) -> Iterator[Figure]:
    """Yield the figures of a night and its twin without cosmic rays."""
    night = f"{site.name} N={count}"
    off, on = [], []
    for left in fields(site.less(twin, count), site, count):
        seen = left.ccd.sci > OUTLIER * np.sqrt(left.ccd.var)
        seen &= left.ccd.dq == 0
        off.append(int((seen & ~left.covered).sum()))
        on.append(int((seen & left.covered).sum()))
    what = "cosmic rays left beyond 8 sigma"
    yield below(f"{what}, off sources", night, off, MOST_OUTLIERS - 1, "pixels", ADDED)
    yield below(f"{what}, on sources", night, on, MOST_OUTLIERS - 1, "pixels", ADDED)
