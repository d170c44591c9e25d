"""Bright stars that stand alone: their fluxes, colours and places.

Fluxes are sums in circles of 2.2 arcsec over the local sky, on unflagged pixels that all frames
cover (elsewhere the mean seeing is another), of stars to which neighbours add less than a fifth;
the same sums on a noiseless model of the field take the neighbours and lost wings out. The photon
limit is what the true counts of star and sky and the read noise of all frames make of such a sum,
the frames weighted at best. Places are windowed centroids; the truth is where the reference frame's
headers have the true positions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sep
from numpy.typing import NDArray

from gmoscli.geometry import Points

from .field import WIDTH, Field, Floats, fields, scatter
from .figures import Figure, below, within
from .site import Site

RADIUS = 2.2
"""Of the aperture, arcsec."""
LEAK = 0.2
"""Share of a star's light that neighbours may add."""
MMAG = 2500 / np.log(10)
BRIGHT, FAINT = 16.5, 20.7
"""Magnitudes of the stars that tell of colours and places."""
TWENTY = (19.3, 20.7)
"""Magnitudes of the stars that are held against the photon limit."""
FEWEST = 5


@dataclass(frozen=True)
class Stars:
    """Measured stars of one ccd."""

    magnitude: Floats
    colour: Floats
    difference: Floats
    """Of the measured magnitude from that of the model, mmag."""
    limit: Floats
    """Photon limit of that, mmag."""
    offset: Points
    """Of the place, mas."""

    def where(self, some: NDArray[np.bool_]) -> "Stars":
        """Return some of the stars."""
        return Stars(*(column[some] for column in vars(self).values()))


def stars(site: Site, count: int) -> Iterator[Figure]:
    """Yield the figures of the stack of so many frames."""
    night = f"{site.name} N={count}"
    parts = [measured(part, site, count) for part in fields(site.stack(count), site)]
    yield _photometry(parts, night)
    yield _colours(parts, night)
    yield from _places(parts, night)


def measured(part: Field, site: Site, count: int) -> Stars:
    """Return the stars of one ccd that stand alone."""
    radius = RADIUS / part.scale
    use = alone(part, radius, count)
    sci = part.ccd.sci - part.level
    at = part.at[use]
    flux, _, _ = sep.sum_circle(sci, *at.T, radius, subpix=9)
    true, _, _ = sep.sum_circle(part.model, *at.T, radius, subpix=9)
    window = np.full(len(at), np.mean(part.seeing) / WIDTH / 2.355)
    x, y, _ = sep.winpos(sci, *at.T, window)
    return Stars(
        part.magnitude[use],
        part.colour[use],
        -MMAG * np.log(np.maximum(flux, 1) / true),
        _photon_limit(part, use, radius, site, count),
        (np.column_stack([x, y]) - at) * part.scale * 1e3,
    )


def alone(part: Field, radius: float, count: int) -> NDArray[np.bool_]:
    """Say which sources are bright stars that stand alone, unflagged, in circles of some pixels."""
    ny, nx = part.ccd.sci.shape
    margin = 2 * radius
    use = ((part.at > margin) & (part.at < (nx - margin, ny - margin))).all(axis=1)
    use &= part.star & (part.magnitude > BRIGHT) & (part.magnitude < FAINT)
    flagged = (part.ccd.dq > 0).astype(np.float32)
    spoilt, _, _ = sep.sum_circle(flagged, *part.at[use].T, radius, subpix=1)
    use[use] = spoilt == 0
    use[use] = _covered(part, part.at[use], count)
    distance = np.hypot(*(part.at[use][:, None] - part.at[None]).transpose(2, 0, 1))
    nearest = np.maximum(distance - radius / 2, 0) / part.size
    shed = part.flux * 2 * (radius / part.size) ** 2 * (1 + nearest**2) ** -3.0
    shed[np.arange(len(shed)), np.flatnonzero(use)] = 0
    use[use] = shed.sum(axis=1) < LEAK * part.flux[use]
    return use


def _covered(part: Field, at: Points, count: int) -> NDArray[np.bool_]:
    """Say which places all frames cover: fewer leave more variance."""
    blank = (~part.covered).astype(np.float32)
    reach = np.full(len(at), max(4 * part.size.min(), 15.0))
    number, _, _ = sep.sum_circle(blank, *at.T, reach, subpix=1)
    variance, _, _ = sep.sum_circle(part.ccd.var * blank, *at.T, reach, subpix=1)
    usual = float(np.median(part.ccd.var[~part.covered]))
    some = number > 0
    enough: NDArray[np.bool_] = some & (variance < (1 + 0.5 / count) * usual * number)
    return enough


def _photon_limit(
    part: Field, use: NDArray[np.bool_], radius: float, site: Site, count: int
) -> Floats:
    """Return the least scatter of the stars' magnitudes, mmag."""
    area = np.pi * radius**2
    squared = np.zeros(np.count_nonzero(use))
    frames = site.frames[site.frames["kind"] == "science"][:count]
    for frame, width in zip(frames, part.seeing, strict=True):
        seconds = float(frame["exposure"])
        inside = 1 - (1 + (radius / width) ** 2) ** -2
        counts = part.rate[use] * inside * seconds * float(frame["transparency"])
        sky = float(frame["sky"]) * seconds * site.night.pixel_area
        squared += counts**2 / (counts + area * (sky + site.read_noise**2))
    limit: Floats = MMAG / np.sqrt(squared)
    return limit


def _photometry(parts: list[Stars], night: str) -> Figure:
    excess, limits, numbers = [], [], []
    for part in parts:
        low, high = TWENTY
        zero, slope = _line(part)
        some = (part.magnitude > low) & (part.magnitude < high)
        residual = (part.difference - zero - slope * part.colour)[some]
        limits.append(float(np.median(part.limit[some])) if some.any() else float("nan"))
        excess.append(scatter(residual) - limits[-1])
        numbers.append(int(some.sum()))
    remark = f"limits {_words(limits)}; {_words(numbers)} stars"
    return below("photometry of 20 mag over the photon limit", night, excess, 1.0, "mmag", remark)


def _colours(parts: list[Stars], night: str) -> Figure:
    slopes = [_line(part)[1] for part in parts]
    errors = [_slope_error(part) for part in parts]
    remark = f"errors {_words(errors)}"
    return within("colour terms, from the truth", night, slopes, (-2, 2), "mmag/mag", remark)


def _line(part: Stars) -> tuple[float, float]:
    """Return zero point and slope with colour of the differences; NaN for few stars."""
    if len(part.colour) < FEWEST:
        return float("nan"), float("nan")
    keep = np.ones(len(part.colour), bool)
    slope = zero = 0.0
    for _ in range(3):
        weight = 1 / np.hypot(part.limit, 1.0)
        slope, zero = np.polyfit(part.colour[keep], part.difference[keep], 1, w=weight[keep])
        off = part.difference - zero - slope * part.colour
        keep = np.abs(off) < 4 * np.maximum(scatter(off[keep]), part.limit)
    return float(zero), float(slope)


def _slope_error(part: Stars) -> float:
    if len(part.colour) < FEWEST:
        return float("nan")
    return scatter(part.difference) / float(np.std(part.colour) * np.sqrt(len(part.colour)))


def _places(parts: list[Stars], night: str) -> Iterator[Figure]:
    bright = [part.where(part.limit < 3.0) for part in parts]
    middles = [
        np.median(part.offset, axis=0) if len(part.offset) >= FEWEST else np.full(2, np.nan)
        for part in bright
    ]
    apart = [float(np.hypot(*(middle - middles[1]))) for middle in middles]
    errors = [scatter(part.offset[:, 0]) / np.sqrt(max(len(part.offset), 1)) for part in bright]
    remark = f"errors {_words(errors)}; {_words([len(part.offset) for part in bright])} stars"
    yield below("offset of each ccd from ccd 2", night, apart, 10, "mas", remark)
    within_ccd = [
        scatter((part.offset - np.median(part.offset, axis=0)).ravel()) for part in bright
    ]
    yield Figure("scatter of places, one axis", night, tuple(within_ccd), "mas")
    whole = float(np.hypot(*middles[1]))
    yield Figure("offset of ccd 2 from the reference's headers", night, (whole,), "mas")


def _words(values: list[Any]) -> str:
    return " ".join(f"{value:.3g}" for value in values)
