"""The sky before the telescope: stars and galaxies, where they are and how bright."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from . import brightness
from .camera import focal_plane
from .chips import colour_term
from .conditions import conditions
from .effects import Effects
from .night import Night
from .plan import plan
from .seeds import generator

Floats = NDArray[np.float64]
FieldKind = Literal["science", "flat"]

_MARGIN = 30.0  # arcsec beyond the chips: dithers and pointing errors bring these in
_STAR_COUNTS, _GALAXY_COUNTS = 0.2, 0.35  # growth of log N per magnitude
_GALAXIES_FAINTER = 2.5  # the brightest galaxy is this much fainter than the brightest star
_COLOURS = (-0.2, 2.6)
_BULGES = 0.3  # fraction of galaxies that are ellipticals
_HALF_LIGHT = (0.25, 0.9)  # arcsec


@dataclass(frozen=True)
class Sources:
    """Stars and galaxies: columns of one length; stars have no size."""

    ra: Floats
    dec: Floats
    magnitude: Floats
    colour: Floats
    galaxy: NDArray[np.bool_]
    bulge: NDArray[np.bool_]
    """Galaxies with the profile of an elliptical; the others are exponential discs."""
    half_light: Floats
    """Radius that holds half the light, arcsec; 0 for stars."""
    axis_ratio: Floats
    angle: Floats
    """Direction of the long axis in the focal plane, radians counter-clockwise from +x."""

    def __len__(self) -> int:
        return len(self.ra)

    def where(self, chosen: NDArray[np.bool_]) -> "Sources":
        """Return some of the sources."""
        return Sources(*(column[chosen] for column in vars(self).values()))

    def joined(self, other: "Sources") -> "Sources":
        """Return these sources, then the others."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Sources(*(np.concatenate(pair) for pair in pairs))


@lru_cache(maxsize=16)
def scene(night: Night, effects: Effects, kind: FieldKind) -> Sources:
    """Return what shines in the science field, or in that of the twilight flats."""
    stars = effects.stars if kind == "science" else effects.twilight_stars
    galaxies = effects.galaxies and kind == "science"
    everything = _stars(night, kind).joined(_galaxies(night, kind))
    return everything.where(np.where(everything.galaxy, galaxies, stars))


def rates(night: Night, sources: Sources) -> Floats:
    """Return electrons per second of each source on chip 2, in the clear, at colour 0."""
    zero = brightness.magnitude_of_one_electron(night.array, night.filter)
    return np.asarray(10 ** (0.4 * (zero - sources.magnitude)))


def chip_rates(night: Night, effects: Effects, sources: Sources, index: int) -> Floats:
    """Return electrons per second on chip 1, 2 or 3, before its sensitivity to colour 0."""
    term = colour_term(night, effects, index)
    return np.asarray(rates(night, sources) * 10 ** (-0.4 * term * sources.colour))


def _stars(night: Night, kind: FieldKind) -> Sources:
    rng = generator(night.seed, "stars", kind)
    ra, dec = _places(night, kind, rng, night.star_density)
    n = len(ra)
    magnitude = _magnitudes(rng, n, night.magnitudes, _STAR_COUNTS)
    no, zero = np.zeros(n, bool), np.zeros(n)
    return Sources(ra, dec, magnitude, rng.uniform(*_COLOURS, n), no, no, zero, zero + 1, zero)


def _galaxies(night: Night, kind: FieldKind) -> Sources:
    rng = generator(night.seed, "galaxies", kind)
    ra, dec = _places(night, kind, rng, night.galaxy_density)
    n = len(ra)
    brightest, faintest = night.magnitudes
    brightest = min(brightest + _GALAXIES_FAINTER, faintest)
    return Sources(
        ra,
        dec,
        _magnitudes(rng, n, (brightest, faintest), _GALAXY_COUNTS),
        rng.uniform(*_COLOURS, n),
        np.ones(n, bool),
        rng.random(n) < _BULGES,
        rng.uniform(*_HALF_LIGHT, n),
        rng.uniform(0.35, 1.0, n),
        rng.uniform(0, np.pi, n),
    )


def _places(
    night: Night, kind: FieldKind, rng: np.random.Generator, density: float
) -> tuple[Floats, Floats]:
    """Return positions spread evenly over the three chips and a margin."""
    array = night.array
    margin = _MARGIN / array.pixel_scale
    width = 3 * array.chip_size[0] + 2 * array.tile_gap + 2 * margin
    height = array.chip_size[1] + 2 * margin
    n = round(density * width * height * (array.pixel_scale / 60) ** 2)
    x = array.chip_size[0] / 2 + width * (rng.random(n) - 0.5)
    y = array.chip_size[1] / 2 + height * (rng.random(n) - 0.5)
    first = next((shot for shot in plan(night) if shot.kind == kind), None)
    if first is None:
        return np.zeros(0), np.zeros(0)
    centre = conditions(night, Effects(), first).base
    ra, dec = focal_plane(night, centre).sky(np.column_stack([x, y])).T
    return ra, dec


def _magnitudes(
    rng: np.random.Generator, n: int, limits: tuple[float, float], growth: float
) -> Floats:
    """Return magnitudes whose numbers grow as 10 to the power growth times magnitude."""
    low, high = (10 ** (growth * limit) for limit in limits)
    return np.log10(low + (high - low) * rng.random(n)) / growth
