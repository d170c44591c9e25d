"""What one ccd of a product ought to show: the true sources on its pixels, and its blank sky."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sep
from numpy.typing import NDArray

from gmoscli.frame import Ccd, Exposure, Plane
from gmoscli.geometry import Affine, Points, deproject, project
from gmoscli.section import Section
from gmoscli.simulate import Night
from gmoscli.simulate.areas import CcdArea
from gmoscli.simulate.profiles import paint, profiles
from gmoscli.simulate.scene import Sources, scene
from gmoscli.stats import SIGMA_PER_MAD

from .site import Site

Floats = NDArray[np.float64]

WIDTH = 0.5 / np.sqrt(2 ** (1 / 3) - 1)
"""Scale length over FWHM of the simulator's Moffat profiles, (1 + (r / a)^2)^-3."""
BEYOND = 0.1
"""Share of the noise of a pixel below which the wings of a source may reach into blank sky."""
CELL = 64
"""Pixels on a side of the cells in which the sky is measured."""
THINNED = 10
"""Blank pixels of which one tells of the slope of the sky."""


@dataclass(frozen=True)
class Field:
    """True sources on the pixels of one ccd, as the reference frame's headers have the sky."""

    ccd: Ccd
    at: Points
    """Pixels."""
    rate: Floats
    """Electrons per second on this chip, or on chip 2 for a mosaic, in the clear."""
    seconds: float
    """By which the reference frame multiplies that: its exposure, through its clouds."""
    size: Floats
    """Scale length of each source's profile in the worst frame, pixels."""
    seeing: Floats
    """Scale length of a star in each frame, pixels."""
    star: NDArray[np.bool_]
    magnitude: Floats
    colour: Floats
    sources: Sources
    """The same, as the simulator has them."""
    night: Night

    @property
    def sky(self) -> Points:
        """True RA and Dec, degrees."""
        return np.column_stack([self.sources.ra, self.sources.dec])

    @property
    def flux(self) -> Floats:
        """Electrons in the reference frame."""
        return self.rate * self.seconds

    @cached_property
    def model(self) -> Plane:
        """What the sources alone would give: the mean of all frames, without noise."""
        plane = np.zeros(self.ccd.sci.shape, np.float32)
        ny, nx = plane.shape
        xbin, ybin = self.night.binning
        area = CcdArea(
            self.night.array.chips[1], Section(0, nx * xbin, 0, ny * ybin), (xbin, ybin), ()
        )
        unbinned = Affine.unbinned((xbin, ybin))(self.at)
        for width in sorted(set(self.seeing.tolist())):
            share = self.flux * float(np.mean(self.seeing == width))
            fwhm = width / WIDTH * xbin
            scale = self.night.array.pixel_scale
            paint(plane, area, profiles(self.sources, unbinned, share, fwhm=fwhm, scale=scale))
        return plane

    @cached_property
    def covered(self) -> NDArray[np.bool_]:
        """True at flagged pixels and where the wings of a source reach."""
        covered = self.ccd.dq > 0
        sigma = float(np.sqrt(np.median(self.ccd.var[~covered])))
        central = 2 * self.flux / (np.pi * self.size**2)
        ratio = np.maximum(central / (BEYOND * sigma), 1) ** (1 / 3)
        radius = self.size * np.sqrt(ratio - 1)
        sep.mask_ellipse(covered, *self.at.T, radius, radius, np.zeros_like(radius))
        return covered

    @cached_property
    def level(self) -> Plane:
        """The sky below the sources."""
        return sky_below(self.ccd.sci, self.covered, CELL)

    @cached_property
    def deviations(self) -> Floats:
        """Of blank sky from its level, in sigmas by the variance plane."""
        blank = ~self.covered
        sigma = np.sqrt(np.maximum(self.ccd.var[blank], 1e-9))
        return np.asarray((self.ccd.sci[blank] - self.level[blank]) / sigma, float)

    @property
    def scale(self) -> float:
        """Arcsec per pixel."""
        assert self.ccd.info.wcs is not None
        return self.ccd.info.wcs.scale


def sky_below(sci: Plane, covered: NDArray[np.bool_], cell: int) -> Plane:
    """Return the sky by the blank pixels of cells, so many pixels on a side.

    A plane is taken off before: what is blank of a cell need not lie about its middle.
    """
    y, x = (at[::THINNED] for at in np.nonzero(~covered))
    design = np.column_stack([np.ones(len(y)), x, y])
    start, right, up = np.linalg.lstsq(design, sci[y, x], rcond=None)[0]
    ny, nx = sci.shape
    plane = start + right * np.arange(nx) + up * np.arange(ny)[:, None]
    flat = np.asarray(sci - plane, np.float32)
    back = sep.Background(flat, mask=covered, bw=cell, bh=cell, fw=1, fh=1).back()
    return np.asarray(back + plane, np.float32)


def fields(product: Exposure, site: Site, count: int | None = None, first: int = 0) -> list[Field]:
    """Return the field of each ccd of a product, made of so many of the night's frames from one on.

    Without a number, of all that the product tells.
    """
    header = product.obs.headers.phu
    reference = str(header.get("REFFRAME") or header.get("ORIGNAME")).partition(".fits")[0]
    truth = site.frames.loc[reference]
    true, told = (
        (float(truth[f"{kind}_ra"]), float(truth[f"{kind}_dec"])) for kind in ("true", "header")
    )
    sky = np.column_stack([site.sources["ra"], site.sources["dec"]])
    seen = deproject(project(sky, true), told)
    frames = site.science(count or combined(product), first)
    seeing = np.asarray(frames["seeing"] if len(frames) > 1 else [truth["seeing"]], float)
    seconds = float(truth["transparency"]) * product.obs.exposure_time
    return [_field(ccd, seen, seeing, seconds, site) for ccd in product.ccds]


def combined(product: Exposure) -> int:
    """Return the number of frames behind a product."""
    count = product.obs.headers.phu.get("NCOMBINE")
    return count if isinstance(count, int) else 1


def _field(ccd: Ccd, sky: Points, seeing: Floats, seconds: float, site: Site) -> Field:
    assert ccd.info.wcs is not None
    at = ccd.info.wcs.pixels(sky)
    ny, nx = ccd.sci.shape
    near = ((at > -100) & (at < (nx + 100, ny + 100))).all(axis=1)
    sources, at = site.sources[near], at[near]
    scale = ccd.info.wcs.scale
    fwhm = np.hypot(max(seeing), 2 * np.asarray(sources["half_light"]))
    return Field(
        ccd,
        at,
        np.asarray(sources[f"rate{ccd.info.index or 2}"], float),
        seconds,
        WIDTH * fwhm / scale,
        WIDTH * seeing / scale,
        np.asarray(sources["kind"] == "star"),
        np.asarray(sources["magnitude"], float),
        np.asarray(sources["colour"], float),
        scene(site.night, site.effects, "science").where(np.asarray(near)),
        site.night,
    )


def scatter(values: NDArray[Any]) -> float:
    """Return a robust standard deviation about the median; NaN for fewer than five values."""
    if len(values) < 5:
        return float("nan")
    return SIGMA_PER_MAD * float(np.median(np.abs(values - np.median(values))))
