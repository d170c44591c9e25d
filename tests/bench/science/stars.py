"""Bright stars that stand alone: their fluxes, colours and places.

Fluxes are sums in circles of 2.2 arcsec on unflagged pixels, of stars to which neighbours add less
than a twentieth and which all frames see whole (elsewhere the mean seeing is another); the same
sums on a noiseless model of the field take the neighbours and lost wings out. The sky is measured
in wide cells, without the light of the model: in narrow ones its own noise would count, 1 to 2 mmag
of a star of 20 mag. The photon limit is what the true counts of star and sky, as many as the camera
and the ccd turn into electrons at that place, and the read noise of all frames make of such a sum,
the frames weighted at best. Places are windowed centroids; the truth is where the reference frame's
headers have the true positions.

The figure at 20 mag is made of all stars of 19 to 20.7 mag, each over its own limit: the standard
deviation of that, without what is beyond 4 sigma, times the median limit at 20 mag, less that
limit. It is that of stars of 20 mag as far as the excess follows the limit, as one does that comes
of the sky; one that is a share of the light counts too much with the bright stars and too little
with the faint ones. Where a night has more frames than the stack, further stacks of frames that no
other has add their stars: the same ones, with other noise, on other pixels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import fields as columns_of
from functools import cached_property
from typing import Any

import numpy as np
import sep
from astropy.table import Table
from numpy.typing import NDArray

from gmoscli.geometry import Points

from .field import WIDTH, Field, Floats, fields, scatter, sky_below
from .figures import Figure, below, within
from .seen import seen, share_of_light
from .site import Site

RADIUS = 2.2
"""Of the aperture, arcsec."""
LEAK = 0.05
"""Share of a star's light that neighbours may add."""
WIDE = 256
"""Pixels on a side of the cells in which the sky is measured."""
MMAG = 2500 / np.log(10)
OF_SCATTER = 0.71
"""Error of a standard deviation of n values: so much of it over root n."""
OUTLYING = 4.0
"""Sigmas beyond which a star is no part of the scatter."""
LINE = 2
"""Parameters of the line that was fitted to the stars of a ccd."""
STACKS = 4
"""Of frames that no other has, most that tell of fluxes."""
OF_MEDIAN = 1.25
"""Error of a median of n normal values: so many sigmas over root n."""
BRIGHT, FAINT = 16.5, 20.7
"""Magnitudes of the stars that tell of colours and places."""
TWENTY = (19.5, 20.5)
"""Magnitudes of the stars that tell the photon limit at 20 mag."""
ABOUT_TWENTY = (19.0, 20.7)
"""Magnitudes of the stars that are held against it."""
FAR = 5.0
"""Photon limits, and as many mmag, by which a star is far off."""
SHARP = 3.0
"""Photon limit of the stars that tell of places, mmag."""
FEWEST = 5
CROSSING = 20
"""Stars that dithers have to carry over a gap for what is beyond to be placed by them."""


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

    @cached_property
    def line(self) -> tuple[float, float]:
        """Zero point and slope with colour of the differences; NaN for few stars."""
        if len(self.colour) < FEWEST:
            return float("nan"), float("nan")
        keep = np.ones(len(self.colour), bool)
        slope = zero = 0.0
        for _ in range(3):
            weight = 1 / np.hypot(self.limit, 1.0)
            slope, zero = np.polyfit(self.colour[keep], self.difference[keep], 1, w=weight[keep])
            off = self.difference - zero - slope * self.colour
            keep = np.abs(off) < 4 * np.maximum(scatter(off[keep]), self.limit)
        return float(zero), float(slope)

    @property
    def residual(self) -> Floats:
        """The differences less that line, mmag."""
        zero, slope = self.line
        return self.difference - zero - slope * self.colour

    def of(self, limits: tuple[float, float]) -> NDArray[np.bool_]:
        """Say which stars are of some magnitudes."""
        low, high = limits
        return (self.magnitude > low) & (self.magnitude < high)

    def where(self, some: NDArray[np.bool_]) -> "Stars":
        """Return some of the stars."""
        return Stars(*(getattr(self, one.name)[some] for one in columns_of(self)))


def stars(site: Site, count: int) -> Iterator[Figure]:
    """Yield the figures of the stack of so many frames."""
    night = f"{site.name} N={count}"
    whole = len(site.files("science")) // count * count
    stacks = [_parts(site, count, first) for first in range(0, whole, count)[:STACKS]]
    yield from _photometry(list(zip(*stacks, strict=True)), night)
    parts = stacks[0]
    yield _colours(parts, night)
    yield from _places(parts, night, crossing(site, count))


def places(site: Site, count: int, recipe: str) -> Iterator[Figure]:
    """Yield where a recipe's product of so many frames has its stars, by the reference's headers.

    Of each ccd, or of the mosaic.
    """
    product = site.stack(count, "-r", recipe, mark=recipe)
    found = [measured(part, site, site.science(count)) for part in fields(product, site)]
    bright = [part.where(part.limit < SHARP).offset for part in found]
    known = [off if len(off) >= FEWEST else np.full((FEWEST, 2), np.nan) for off in bright]
    apart = [float(np.hypot(*np.median(off, axis=0))) for off in known]
    remark = f"{_words([len(off) for off in bright])} stars"
    night = f"{site.name} {recipe}"
    yield below("offset from the reference's headers", night, apart, 10, "mas", remark)
    spread = tuple(scatter((off - np.median(off, axis=0)).ravel()) for off in known)
    yield Figure("scatter of places, one axis", night, spread, "mas")


def _parts(site: Site, count: int, first: int) -> list[Stars]:
    """Return the stars of each ccd of the stack of so many frames from one on."""
    frames = site.science(count, first)
    return [
        measured(part, site, frames)
        for part in fields(site.stack(count, first=first), site, first=first)
    ]


def measured(part: Field, site: Site, frames: Table) -> Stars:
    """Return the stars of one ccd that stand alone."""
    radius = RADIUS / part.scale
    use = alone(part, site, frames)
    sci = part.ccd.sci - sky_below(part.ccd.sci - part.model, part.covered, WIDE)
    at = part.at[use]
    flux, _, _ = sep.sum_circle(sci, *at.T, radius, subpix=9)
    true, _, _ = sep.sum_circle(part.model, *at.T, radius, subpix=9)
    window = np.full(len(at), np.mean(part.seeing) / WIDTH / 2.355)
    x, y, _ = sep.winpos(sci, *at.T, window)
    return Stars(
        part.magnitude[use],
        part.colour[use],
        -MMAG * np.log(np.maximum(flux, 1) / true),
        _photon_limit(part, use, radius, site, frames),
        (np.column_stack([x, y]) - at) * part.scale * 1e3,
    )


def unspoilt(part: Field, site: Site, frames: Table) -> NDArray[np.bool_]:
    """Say which sources are bright stars without a flag that all frames see whole."""
    radius = RADIUS / part.scale
    ny, nx = part.ccd.sci.shape
    margin = 2 * radius
    use = ((part.at > margin) & (part.at < (nx - margin, ny - margin))).all(axis=1)
    use &= part.star & (part.magnitude > BRIGHT) & (part.magnitude < FAINT)
    flagged = (part.ccd.dq > 0).astype(np.float32)
    spoilt, _, _ = sep.sum_circle(flagged, *part.at[use].T, radius, subpix=1)
    use[use] = spoilt == 0
    index = part.ccd.info.index
    shown = seen(site, frames, part.sky[use], 2 * RADIUS)
    use[use] = (shown[:, index - 1] if index else shown.any(axis=1)).all(axis=0)
    return use


def alone(part: Field, site: Site, frames: Table) -> NDArray[np.bool_]:
    """Say which of these stars stand alone."""
    use = unspoilt(part, site, frames)
    radius = RADIUS / part.scale
    distance = np.hypot(*(part.at[use][:, None] - part.at[None]).transpose(2, 0, 1))
    nearest = np.maximum(distance - radius / 2, 0) / part.size
    shed = part.flux * 2 * (radius / part.size) ** 2 * (1 + nearest**2) ** -3.0
    shed[np.arange(len(shed)), np.flatnonzero(use)] = 0
    use[use] = shed.sum(axis=1) < LEAK * part.flux[use]
    return use


def _photon_limit(
    part: Field, use: NDArray[np.bool_], radius: float, site: Site, frames: Table
) -> Floats:
    """Return the least scatter of the stars' magnitudes, mmag."""
    area = np.pi * radius**2
    squared = np.zeros(np.count_nonzero(use))
    index = part.ccd.info.index
    light = share_of_light(site, frames, part.sky[use])
    shares = light[:, index - 1] if index else light.max(axis=1)
    for frame, width, share in zip(frames, part.seeing, shares, strict=True):
        seconds = float(frame["exposure"])
        inside = 1 - (1 + (radius / width) ** 2) ** -2
        counts = share * part.rate[use] * inside * seconds * float(frame["transparency"])
        sky = share * float(frame["sky"]) * seconds * site.night.pixel_area
        squared += counts**2 / (counts + area * (sky + site.read_noise**2))
    limit: Floats = MMAG / np.sqrt(squared)
    return limit


def crossing(site: Site, count: int) -> list[int]:
    """Return how many stars each ccd shares with ccd 2: here in one frame, there in another."""
    stars = np.asarray(site.sources["kind"] == "star")
    sky = np.column_stack([site.sources["ra"], site.sources["dec"]])[stars]
    found = seen(site, site.science(count), sky, RADIUS)
    somewhere = [one.any(axis=0) for one in found.swapaxes(0, 1)]
    return [int((one & somewhere[1]).sum()) for one in somewhere]


def _photometry(ccds: Sequence[Sequence[Stars]], night: str) -> Iterator[Figure]:
    excess, errors, limits, numbers, far = [], [], [], [], []
    for parts in ccds:
        about = [part.of(ABOUT_TWENTY) for part in parts]
        off = [part.residual[some] for part, some in zip(parts, about, strict=True)]
        limit = [part.limit[some] for part, some in zip(parts, about, strict=True)]
        typical = _middle(np.concatenate([part.limit[part.of(TWENTY)] for part in parts]))
        ratios = [o / n * _freed(len(p.limit)) for o, n, p in zip(off, limit, parts, strict=True)]
        spread, error = _spread(np.concatenate(ratios))
        excess.append(typical * (spread - 1))
        errors.append(typical * error)
        limits.append(typical)
        numbers.append(sum(map(len, off)))
        away = [np.abs(o) > FAR * (n + 1) for o, n in zip(off, limit, strict=True)]
        far.append(sum(map(np.count_nonzero, away)))
    remark = f"errors {_words(errors)}; limits {_words(limits)}; {_words(numbers)} stars"
    stacks = len(ccds[0])
    remark += f" of {stacks} stacks" if stacks > 1 else ""
    what = "photometry of 20 mag over the photon limit"
    yield below(what, night, excess, 1.0, "mmag", remark)
    yield Figure(f"stars of 20 mag off by {FAR:g} limits", night, tuple(map(float, far)), "stars")


def _middle(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _freed(count: int) -> float:
    """Return what the line through so many stars has taken from their scatter."""
    return float(np.sqrt(count / max(count - LINE, 1)))


def _spread(ratios: Floats) -> tuple[float, float]:
    """Return the standard deviation of all but outliers, and its error; NaN for few values."""
    kept = ratios[np.abs(ratios - _middle(ratios)) < OUTLYING * scatter(ratios)]
    if len(kept) < FEWEST:
        return float("nan"), float("nan")
    spread = float(kept.std())
    return spread, OF_SCATTER * spread / float(np.sqrt(len(kept)))


def _colours(parts: list[Stars], night: str) -> Figure:
    slopes = [part.line[1] for part in parts]
    errors = [_slope_error(part) for part in parts]
    remark = f"errors {_words(errors)}; {_words([len(part.limit) for part in parts])} stars"
    return within("colour terms, from the truth", night, slopes, (-2, 2), "mmag/mag", remark)


def _slope_error(part: Stars) -> float:
    """Return the error of the slope by the scatter of the stars, weighted as in the fit."""
    if len(part.limit) < FEWEST:
        return float("nan")
    expected = np.hypot(part.limit, 1.0)
    weight = expected**-2.0
    about = part.colour - np.average(part.colour, weights=weight)
    return scatter(part.residual / expected) / float(np.sqrt((weight * about**2).sum()))


def _places(parts: list[Stars], night: str, crosses: list[int]) -> Iterator[Figure]:
    bright = [part.where(part.limit < SHARP) for part in parts]
    middles = [
        np.median(part.offset, axis=0) if len(part.offset) >= FEWEST else np.full(2, np.nan)
        for part in bright
    ]
    apart = [float(np.hypot(*(middle - middles[1]))) for middle in middles]
    within_ccd = [
        scatter((part.offset - np.median(part.offset, axis=0)).ravel()) for part in bright
    ]
    errors = [
        OF_MEDIAN * spread / np.sqrt(max(len(part.offset), 1))
        for part, spread in zip(bright, within_ccd, strict=True)
    ]
    asked = [number >= CROSSING for number in crosses]
    remark = (
        f"errors {_words(errors)}; {_words([len(part.offset) for part in bright])} stars;"
        f" {_words([crosses[0], crosses[2]])} cross{'' if all(asked) else ': few'}"
    )
    yield below("offset of each ccd from ccd 2", night, apart, 10, "mas", remark, asked)
    yield Figure("scatter of places, one axis", night, tuple(within_ccd), "mas")
    whole = float(np.hypot(*middles[1]))
    yield Figure("offset of ccd 2 from the reference's headers", night, (whole,), "mas")


def _words(values: list[Any]) -> str:
    return " ".join(f"{value:.3g}" for value in values)
