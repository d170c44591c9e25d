"""``python -m tests.bench.science``: reduce simulated nights, hold products against the truth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gmoscli.simulate import Effects, Night

from ..command import Benchmark
from ..desks import Workshop
from .alignment import alignment
from .detector import flats, overscan, saturation
from .figures import HEADINGS, Figure, as_json, cells
from .fringes import fringes
from .headers import headers
from .probe import probe
from .rejection import cosmics, rejection
from .resampling import resampling
from .site import Site
from .sky import noise
from .stars import places, stars

DETECTORS = {"N": "gmosn_ham", "S": "gmoss_ham2"}
OLD_DETECTORS = {"N": "gmosn_e2v", "S": "gmoss_eev_new"}
MIXES = {
    "one bad": (0.5, 0.5, 0.5, 0.5, 1.2),
    "all": (0.4, 0.6, 0.8, 1.0, 1.2),
    "one good": (1.2, 1.2, 1.2, 1.2, 0.4),
}
"""Seeing of five frames, arcsec."""
ALIGNED: dict[str, tuple[float, dict[str, Any]]] = {
    "sparse": (0.05, {"star_density": 0.4, "galaxy_density": 0.0}),
    "headers 10 arcsec off": (0.01, {"pointing_error": 10.0}),
    "first frame worst": (0.01, {"seeing": (1.6, 0.7, 0.8), "exposure": (30.0, 90.0, 60.0)}),
    "turned": (0.01, {"roll_error": 0.05}),
}
"""Nights that are hard to align: largest rms, pixels, and what is unusual."""
STILL: dict[str, Any] = {"frames": 8, "dither": 0.0, "pointing_error": 0.0}
"""A night without dithers: its frames share the noise of the masters."""
CROWDS = {10: 0.64, 100: 6.4, 1000: 64.0, 10_000: 640.0}
"""Stars a ccd, and per square arcmin."""
LENGTHS = {"": (60.0,), " unlike": (60.0, 20.0, 90.0, 40.0, 120.0)}
"""Exposures of these, seconds."""
CLOUDY: dict[str, Any] = {
    "biases": 2,
    "flats": 3,
    "seeing": (0.6, 0.7, 0.8, 1.0, 1.3),
    "transparency": (1.0, 0.7, 0.9, 0.8, 0.6),
}
ANGLES = {"N": 37.0, "S": 180.0}
"""Position angles of nights that do not look north, degrees."""
FEW = {"frames": 3, "biases": 3, "flats": 3}


@dataclass(frozen=True)
class Nights:
    """The nights of one run."""

    shop: Workshop
    quick: bool
    full: bool
    _made: dict[str, Site] = field(default_factory=dict)

    @property
    def binning(self) -> int:
        """The usual binning."""
        return 4 if self.quick else 2

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of frames of the first night that are stacked."""
        return (1, 2, 5) if self.quick else (1, 2, 5, 20)

    def site(
        self,
        telescope: str,
        band: str,
        effects: Effects | None = None,
        *,
        mark: str = "",
        binning: int | None = None,
        **more: Any,
    ) -> Site:
        """Return a night of one telescope in one band, always the same for the same mark."""
        binned = binning or self.binning
        name = f"{telescope} {band} {binned}x{binned}{f' {mark}' if mark else ''}"
        if name not in self._made:
            seconds = 90.0 if binned == 4 else 350.0  # coarse pixels are soon full
            usual: dict[str, Any] = {
                "detector": DETECTORS[telescope],
                "filter": band,
                "binning": (binned, binned),
                "exposure": (seconds,),
                "magnitudes": (17.0, 21.0),  # stars that tell something, but no crowd that covers
                "star_density": 30.0,  # the sky: 120 alone of 20 mag on a ccd lit all over
                "galaxy_density": 2.0,
                "dither": 14.0,  # carries 20 of them over each gap
            }
            night = Night(**usual | more)
            self._made[name] = Site(self.shop, name, night, effects or Effects())
        return self._made[name]

    @cached_property
    def first(self) -> Site:
        """The night of most frames."""
        return self.site("N", "r", frames=max(self.counts))

    @cached_property
    def fringed(self) -> tuple[Site, ...]:
        """Nights in z: the fringe frame is made of many frames in one, of few in the other."""
        return (self.site("N", "z", frames=max(self.counts)), self.site("S", "z"))

    @cached_property
    def others(self) -> tuple[Site, ...]:
        """Nights of which five frames are stacked."""
        sites = [self.site("S", "r")]
        if not self.quick:
            sites += self.fringed
        if self.full:
            sites += [self.site("N", "r", binning=1), self.site("S", "r", binning=1)]
        return tuple(sites)

    @property
    def stacks(self) -> Iterator[tuple[Site, int]]:
        """Yield the stacks to be judged: nights and numbers of frames."""
        for count in self.counts:
            yield self.first, count
        for site in self.others:
            yield site, 5
        if not self.quick:
            yield self.fringed[0], 20
        if self.full:
            moonlit = Effects().including("moonlight")
            yield self.site("N", "r", moonlit, mark="moonlight"), 5


def _noise(nights: Nights) -> Iterator[Figure]:
    """Noise and outliers of blank sky."""
    for site, count in (*nights.stacks, (nights.site("S", "r", mark="still", **STILL), 8)):
        yield from noise(site, count)


def _stars(nights: Nights) -> Iterator[Figure]:
    """Fluxes, colours and places of stars."""
    for site, count in nights.stacks:
        yield from stars(site, count)


def _alignment(nights: Nights) -> Iterator[Figure]:
    """Placements of frames, and scales of their counts."""
    yield from alignment(nights.first, 0.01)
    for mark, (limit, unusual) in ALIGNED.items():
        yield from alignment(nights.site("N", "r", mark=mark, **FEW | unusual), limit)


def _angles(nights: Nights) -> Iterator[Figure]:
    """Other position angles: placements, stars, and places by every recipe."""
    for telescope, angle in ANGLES.items():
        site = nights.site(telescope, "r", mark=f"PA {angle:g}", pa=angle)
        yield from alignment(site, 0.01)
        yield from stars(site, 5)
        for recipe in ("reduceSeparateCCDsCentral", "reduce"):
            yield from places(site, 5, recipe)


def _crowds(nights: Nights) -> Iterator[Figure]:
    """From 10 to 10 000 stars a ccd: placements of frames, and scales of their counts."""
    for number, density in CROWDS.items():
        for mark, seconds in LENGTHS.items():
            site = nights.site(
                "N",
                "r",
                mark=f"{number} stars{mark}",
                binning=4,
                star_density=density,
                galaxy_density=4.0,
                magnitudes=(15.5, 24.0),
                exposure=seconds,
                **CLOUDY,
            )
            yield from alignment(site, 0.05)


def _rejection(nights: Nights) -> Iterator[Figure]:
    """What rejection takes from stars."""
    quiet = Effects().without("cosmic_rays")
    for mark, seeing in MIXES.items():
        short = {"seeing": seeing, "exposure": (60.0,)}  # bright stars are not full at 0.4 arcsec
        yield from rejection(nights.site("N", "r", quiet, mark=f"seeing {mark}", **short))


def _cosmics(nights: Nights) -> Iterator[Figure]:
    """What cosmic rays rejection leaves."""
    site = nights.site("S", "r")
    twin = nights.site("S", "r", Effects().without("cosmic_rays"), mark="twin")
    for count in (1, 2, 5):
        yield from cosmics(site, twin, count)


def _detector(nights: Nights) -> Iterator[Figure]:
    """Overscan, flats, saturation."""
    plain = Effects.only("gain", "bias_level", "drift", "overscan_trail", "read_noise")
    for telescope in DETECTORS:
        night = nights.site(telescope, "r", plain, mark="biases", frames=0, flats=0)
        yield from overscan(night)
    for site in (nights.first, *nights.others):
        yield from flats(site)
    for site in (nights.first, *nights.others[:1]):
        yield from saturation(site)


def _fringes(nights: Nights) -> Iterator[Figure]:
    """What is left of fringes."""
    for site in nights.fringed:
        yield from fringes(site)
    for telescope, old in OLD_DETECTORS.items():  # thinner chips show fringes in i as well
        yield from fringes(nights.site(telescope, "i", detector=old, mark=old))


def _resampling(_: Nights) -> Iterator[Figure]:
    """Stars and bad pixels at sub-pixel phases."""
    yield from resampling()


def _probe(nights: Nights) -> Iterator[Figure]:
    """The shadow of the guide probe."""
    for telescope in DETECTORS:
        effects = Effects().including("guide_probe")
        yield from probe(nights.site(telescope, "r", effects, mark="probe", **FEW | {"frames": 2}))


def _headers(nights: Nights) -> Iterator[Figure]:
    """What headers and tables say."""
    for site, count in nights.stacks:
        yield from headers(site, count)


CASES: dict[str, Callable[[Nights], Iterator[Figure]]] = {
    "noise": _noise,
    "stars": _stars,
    "alignment": _alignment,
    "angles": _angles,
    "crowds": _crowds,
    "rejection": _rejection,
    "cosmics": _cosmics,
    "detector": _detector,
    "fringes": _fringes,
    "resampling": _resampling,
    "probe": _probe,
    "headers": _headers,
}


if __name__ == "__main__":
    Benchmark(CASES, Nights, HEADINGS, cells, as_json).command(
        "Reduce simulated nights with the commands, and hold the products against the truth."
    )()
