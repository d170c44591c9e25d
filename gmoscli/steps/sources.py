"""Measure the sky and the sources of a ccd: background mesh, detection, centroids, fluxes.

Detection is that of Source Extractor (Bertin & Arnouts 1996, A&AS 117, 393), by its library form
``sep`` (Barbary 2016, JOSS 1, 58).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import sep
from numpy.typing import NDArray

from ..dq import Dq
from ..frame import Catalogue, Ccd, Plane, Sky
from ..stats import median_and_noise, thinned
from ..step import Range, step
from .profile import fitted_moffat
from .sharp import Indexes, grown_where, sharper_than_stars

Mask = NDArray[np.bool_]

COLUMNS = np.dtype(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("flux", "f8"),
        ("flux_error", "f8"),
        ("growth", "f8", (6,)),
        ("fwhm", "f8"),
        ("a", "f8"),
        ("b", "f8"),
        ("theta", "f8"),
        ("peak", "f8"),
        ("background", "f8"),
        ("area", "i4"),
        ("flags", "i4"),
        ("clean", "?"),
        ("star", "?"),
    ]
)
"""A catalogue: positions and sizes in pixels (0-based), fluxes in the unit of the pixels.

``clean`` marks sources without flags or neighbours that are no narrower than the sky allows;
``star`` those of them that are as round and wide as the seeing. ``growth`` is the flux within
each of ``RADII``.
"""

APERTURE = 2.5
"""Radius of the flux aperture, in units of the seeing FWHM: beyond 98 % of a Moffat profile."""
MOST = 250
"""Sources of a ccd that frames are compared by: the measuring takes longer than the finding."""
GROWN = 120
"""Brightest sources of a ccd whose growth curves are measured."""
RADII = np.array([0.6, 0.9, 1.2, 1.6, 2.1, 2.7])
"""Arcsec: apertures of the growth curve, from the core to where neighbours begin to matter."""
BASE = 3
"""The radius, among RADII, that fluxes are compared in: most of the light, little of neighbours."""
BRIGHT = 20.0
"""Signal-to-noise of sources whose widths count."""
BEST_SEEING = 0.35
"""Arcsec FWHM: no GMOS image is sharper."""
UNSEEN = np.uint16(Dq.BAD | Dq.COSMIC_RAY | Dq.NO_DATA | Dq.UNILLUMINATED)


@dataclass(frozen=True)
class Bare:
    """A ccd without its sky."""

    sci: Plane
    back: Plane
    """The sky that was taken away."""
    noise: float
    """Of the sky, one sigma per pixel."""
    unseen: Mask


@step("detectSources")
def measure_sources(
    ccd: Ccd,
    *,
    detect_thresh: Annotated[float, "sigmas above the sky, per pixel", Range(0.1)] = 4.0,
    detect_minarea: Annotated[int, "connected pixels", Range(1)] = 5,
    back_size: Annotated[int, "mesh of the background, pixels", Range(8)] = 64,
) -> Ccd:
    """Catalogue the brightest clean sources; note the sky's level and noise, and the seeing."""
    bare = without_sky(ccd, back_size)
    if bare is None:
        return ccd.with_info(sources=np.empty(0, COLUMNS), sky=None, fwhm=None)
    found = detected(bare, detect_thresh, detect_minarea)
    catalogue = outlined(ccd, found)
    catalogue = catalogue[catalogue["clean"]]
    catalogue = catalogue[np.argsort(-catalogue["flux"], kind="stable")[:MOST]]
    catalogue, fwhm = measured(ccd, bare, catalogue)
    with_growth(catalogue, bare, pixel_scale(ccd))
    return ccd.with_info(sources=catalogue, sky=measure_level(ccd, bare.noise), fwhm=fwhm)


@step("detectSources")
def map_sources(
    ccd: Ccd,
    *,
    detect_thresh: Annotated[float, "sigmas above the sky, per pixel", Range(0.1)] = 2.0,
    detect_minarea: Annotated[int, "connected pixels", Range(1)] = 8,
    back_size: Annotated[int, "mesh of the background, pixels", Range(8)] = 64,
) -> Ccd:
    """Catalogue the sources of a stack, and mark the pixels where they shine."""
    bare = without_sky(ccd, back_size)
    if bare is None:
        return ccd.with_info(sources=np.empty(0, COLUMNS))
    found, segments = detected(bare, detect_thresh, detect_minarea, segments=True)
    catalogue, fwhm = measured(ccd, bare, outlined(ccd, found))
    with_growth(catalogue, bare, pixel_scale(ccd))
    curve = growth_curve([catalogue])
    if curve is not None:
        fwhm = fitted_moffat(RADII, curve)[0] / pixel_scale(ccd)
    marked = ccd.with_planes(objects=(segments > 0).astype(np.uint8))
    return marked.with_info(sources=catalogue, sky=measure_level(ccd, bare.noise), fwhm=fwhm)


def without_sky(ccd: Ccd, mesh: int) -> Bare | None:
    """Return the ccd less its background, measured in meshes of so many pixels; None if blind."""
    unseen = (ccd.dq & UNSEEN) > 0
    if unseen.mean() > 0.98:
        return None
    sci = np.ascontiguousarray(ccd.sci, np.float32)
    sky = sep.Background(sci, mask=unseen, bw=mesh, bh=mesh, fw=3, fh=3)
    back = sky.back()
    return Bare(sci - back, back, float(sky.globalrms), unseen)


def detected(bare: Bare, thresh: float, minarea: int, *, segments: bool = False) -> Any:
    """Return the detections of ``sep``; with ``segments`` the pair of them and their map."""
    return sep.extract(
        bare.sci,
        thresh,
        err=bare.noise,
        mask=bare.unseen,
        minarea=minarea,
        deblend_nthresh=16,
        segmentation_map=segments,
    )


def measure_level(ccd: Ccd, noise: float) -> Sky | None:
    """Return level and noise of the sky on pixels away from light and flags.

    ``noise`` is what the background mesh found: the floor of a tenth of it guards against a sample
    of equal values.
    """
    some = thinned(ccd.sci.shape)
    sci, dq = ccd.sci[some], ccd.dq[some]
    level, scatter = median_and_noise(sci[dq == 0], clip=2.5)
    return None if np.isnan(level) else Sky(level, max(scatter, 0.1 * noise))


def measured(ccd: Ccd, bare: Bare, catalogue: Catalogue) -> tuple[Catalogue, float | None]:
    """Return the catalogue with widths, centroids and fluxes, and the seeing (FWHM, pixels)."""
    if not len(catalogue):
        return catalogue, None
    catalogue["fwhm"] = widths(catalogue, bare)
    catalogue["clean"] &= catalogue["fwhm"] > 0.9 * narrowest_star(ccd)
    bright = catalogue["peak"] > 15 * bare.noise
    fwhm = seeing(
        catalogue["fwhm"][catalogue["clean"] & bright & is_round(catalogue, ccd.info.roundness)]
    )
    width = fwhm or max(narrowest_star(ccd), float(np.median(catalogue["fwhm"])))
    coarse = width * float(np.sqrt(ccd.info.roundness))  # along the coarser axis
    bare.unseen[:] |= cosmic_rays(bare, ccd.var, 0.8 * coarse)
    catalogue["clean"] &= centred(catalogue, bare, width)
    catalogue["flux"], catalogue["flux_error"] = fluxes(catalogue, bare, APERTURE * width)
    y, x = (np.rint(catalogue[axis]).astype(int) for axis in ("y", "x"))
    ny, nx = bare.sci.shape
    catalogue["background"] = bare.back[np.clip(y, 0, ny - 1), np.clip(x, 0, nx - 1)]
    catalogue["clean"] &= catalogue["flux"] > 0
    catalogue["star"] = catalogue["clean"] & as_wide(catalogue, width, ccd.info.roundness)
    return catalogue, fwhm


def outlined(ccd: Ccd, found: Any) -> Catalogue:
    """Return what the detection itself says: places, shapes, isophotal fluxes, flags."""
    catalogue = np.zeros(len(found), COLUMNS)
    for name in ("x", "y", "a", "b", "theta", "peak", "flux"):
        catalogue[name] = found[name]
    catalogue["area"], catalogue["flags"] = found["npix"], found["flag"]
    wide_enough = 2.355 * catalogue["b"] > 0.8 * narrowest_star(ccd)
    catalogue["clean"] = ((catalogue["flags"] & 0b111) == 0) & wide_enough & ~_flagged(ccd, found)
    return catalogue


def widths(catalogue: Catalogue, bare: Bare) -> NDArray[np.float64]:
    """Return the diameter of half the light of each source, pixels."""
    reach = 4.0 * catalogue["a"] + 3.0
    radius, _ = sep.flux_radius(
        bare.sci, catalogue["x"], catalogue["y"], reach, 0.5, mask=bare.unseen, subpix=5
    )
    result: NDArray[np.float64] = 2 * radius
    return result


def cosmic_rays(bare: Bare, var: Plane, fwhm: float) -> Mask:
    """Say which pixels are cosmic rays, and those beside them.

    In a long exposure every aperture holds some. ``fwhm`` (pixels) is to be a cautious one.
    """
    rays = sharper_than_stars(bare.sci, var, ~bare.unseen, fwhm=fwhm, sigma=5.0)

    def lit(y: Indexes, x: Indexes) -> Mask:
        return (bare.sci[y, x] > 2.5 * np.sqrt(var[y, x])) & ~bare.unseen[y, x]

    return grown_where(rays, lit)


def centred(catalogue: Catalogue, bare: Bare, width: float) -> Mask:
    """Move the sources to their Gaussian-weighted centroids; say which ones stayed close by."""
    x, y = catalogue["x"].copy(), catalogue["y"].copy()
    wx, wy, flag = sep.winpos(bare.sci, x, y, np.full(len(x), width / 2.355), mask=bare.unseen)
    moved: Mask = (flag == 0) & (np.hypot(wx - x, wy - y) < 1.0)
    catalogue["x"], catalogue["y"] = np.where(moved, wx, x), np.where(moved, wy, y)
    return moved


def fluxes(
    catalogue: Catalogue, bare: Bare, radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the fluxes within a radius (pixels) and their errors: sky noise and photons."""
    flux, error, _ = sep.sum_circle(
        bare.sci,
        catalogue["x"],
        catalogue["y"],
        radius,
        err=bare.noise,
        mask=bare.unseen,
        subpix=5,
    )
    return flux, np.sqrt(error**2 + np.maximum(flux, 0))


def is_round(catalogue: Catalogue, roundness: float) -> Mask:
    """Say which sources are no more elongated than trailed stars, on pixels of that axis ratio."""
    result: Mask = catalogue["b"] > 0.6 * roundness * catalogue["a"]
    return result


def as_wide(catalogue: Catalogue, width: float, roundness: float) -> Mask:
    """Say which sources have the round shape and the width (pixels) of stars."""
    result: Mask = is_round(catalogue, roundness) & (np.abs(catalogue["fwhm"] / width - 1) < 0.25)
    return result


def bright(sources: Catalogue) -> Mask:
    """Say which sources are bright enough for their widths to count."""
    result: Mask = sources["flux"] > BRIGHT * sources["flux_error"]
    return result


def growth_curve(catalogues: Sequence[Catalogue]) -> NDArray[np.float64] | None:
    """Return the median growth curve of the bright stars, 1 at BASE; None with fewer than 5."""
    curves = [sources["growth"][sources["star"] & bright(sources)] for sources in catalogues]
    stars = np.concatenate(curves) if curves else np.empty((0, len(RADII)))
    stars = stars[(stars > 0).all(axis=1)]
    if len(stars) < 5:
        return None
    result: NDArray[np.float64] = np.median(stars / stars[:, BASE : BASE + 1], axis=0)
    return result


def with_growth(catalogue: Catalogue, bare: Bare, scale: float) -> None:
    """Fill in the growth curves of the brightest sources; ``scale`` is in arcsec per pixel."""
    some = np.argsort(-catalogue["flux"], kind="stable")[:GROWN]
    for i, radius in enumerate(RADII / scale):
        catalogue["growth"][some, i], _ = fluxes(catalogue[some], bare, radius)


def seeing(diameters: NDArray[np.float64]) -> float | None:
    """Return the FWHM shared by the stars among clean bright sources; None with fewer than 5.

    Stars are alike: they are the sources whose widths lie closest together. Cosmic rays have many
    widths, most of them narrower, and so have galaxies, wider.
    """
    diameters = np.sort(diameters)
    if len(diameters) < 5:
        return None
    half = max(4, len(diameters) // 6)
    spans = np.log(diameters[half:] / diameters[:-half])
    start = int(np.argmin(spans))
    return float(np.median(diameters[start : start + half + 1]))


def narrowest_star(ccd: Ccd) -> float:
    """Return the FWHM (pixels) that a star has in the best seeing, spread over square pixels."""
    best = float(np.hypot(BEST_SEEING / pixel_scale(ccd), 0.8))
    return best * float(np.sqrt(ccd.info.roundness))


def pixel_scale(ccd: Ccd) -> float:
    """Return arcsec per pixel; without celestial coordinates, what GMOS has to within 10 %."""
    return ccd.info.wcs.scale if ccd.info.wcs is not None else 0.08 * ccd.info.binning[1]


def _flagged(ccd: Ccd, found: Any) -> Mask:
    """Say of each detection whether a flagged pixel lies in its core."""
    ny, nx = ccd.dq.shape
    x = np.rint(found["x"]).astype(int)
    y = np.rint(found["y"]).astype(int)
    spoilt = np.zeros(len(found), bool)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            spoilt |= ccd.dq[np.clip(y + dy, 0, ny - 1), np.clip(x + dx, 0, nx - 1)] > 0
    return spoilt
