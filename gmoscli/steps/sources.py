"""Measure the sky and the sources of a ccd: background mesh, detection, centroids, fluxes.

Detection is that of Source Extractor (Bertin & Arnouts 1996, A&AS 117, 393), by its library form
``sep`` (Barbary 2016, JOSS 1, 58).
"""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from ..dq import Dq
from ..frame import Catalogue, Ccd, Plane, Sky
from ..stats import median_and_noise, thinned
from ..step import Range, step
from .sharp import sharper_than_stars, with_neighbours

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
MOST = 600
"""Sources of a ccd that frames are compared by: the measuring takes longer than the finding."""
RADII = np.array([0.6, 0.9, 1.2, 1.6, 2.1, 2.7])
"""Arcsec: apertures of the growth curve, from the core to where neighbours begin to matter."""
BEST_SEEING = 0.35
"""Arcsec FWHM: no GMOS image is sharper."""
UNSEEN = np.uint16(Dq.BAD | Dq.COSMIC_RAY | Dq.NO_DATA | Dq.UNILLUMINATED)


@step("detectSources")
def measure_sources(
    ccd: Ccd,
    *,
    detect_thresh: Annotated[float, "sigmas above the sky, per pixel", Range(0.1)] = 3.0,
    detect_minarea: Annotated[int, "connected pixels", Range(1)] = 5,
    back_size: Annotated[int, "mesh of the background, pixels", Range(8)] = 64,
) -> Ccd:
    """Catalogue the brightest clean sources; note the sky's level and noise, and the seeing."""
    sky_map, found = extracted(ccd, detect_thresh, detect_minarea, back_size)
    if sky_map is None or found is None:
        return ccd.with_info(sources=np.empty(0, COLUMNS), sky=None, fwhm=None)
    catalogue, fwhm = measured(ccd, sky_map, found, MOST)
    return ccd.with_info(sources=catalogue, sky=measure_level(ccd, sky_map), fwhm=fwhm)


@step("detectSources")
def map_sources(
    ccd: Ccd,
    *,
    detect_thresh: Annotated[float, "sigmas above the sky, per pixel", Range(0.1)] = 2.0,
    detect_minarea: Annotated[int, "connected pixels", Range(1)] = 8,
    back_size: Annotated[int, "mesh of the background, pixels", Range(8)] = 64,
) -> Ccd:
    """Catalogue the sources of a stack, and mark the pixels where they shine."""
    sky_map, found = extracted(ccd, detect_thresh, detect_minarea, back_size, segments=True)
    if sky_map is None:
        return ccd.with_info(sources=np.empty(0, COLUMNS))
    detections, segments = found
    catalogue, fwhm = measured(ccd, sky_map, detections)
    marked = ccd.with_planes(objects=(segments > 0).astype(np.uint8))
    return marked.with_info(sources=catalogue, sky=measure_level(ccd, sky_map), fwhm=fwhm)


def extracted(
    ccd: Ccd, thresh: float, minarea: int, mesh: int, segments: bool = False
) -> tuple[Any, Any]:
    """Return the background mesh and the detections of ``sep``; None twice without sky.

    With ``segments`` the detections are the pair (objects, segmentation map).
    """
    import sep

    mask = (ccd.dq & UNSEEN) > 0
    if mask.mean() > 0.98:
        return None, None
    sci = np.ascontiguousarray(ccd.sci, np.float32)
    sky_map = sep.Background(sci, mask=mask, bw=mesh, bh=mesh, fw=3, fh=3)
    found = sep.extract(
        sci - sky_map.back(),
        thresh,
        err=sky_map.globalrms,
        mask=mask,
        minarea=minarea,
        deblend_nthresh=16,
        segmentation_map=segments,
    )
    return sky_map, found


def measure_level(ccd: Ccd, sky_map: Any) -> Sky | None:
    """Return level and noise of the sky on pixels away from light and flags."""
    some = thinned(ccd.sci.shape)
    sci, dq = ccd.sci[some], ccd.dq[some]
    level, noise = median_and_noise(sci[dq == 0], clip=2.5)
    return None if np.isnan(level) else Sky(level, max(noise, float(sky_map.globalrms) * 0.1))


def measured(
    ccd: Ccd, sky_map: Any, found: Any, most: int | None = None
) -> tuple[Catalogue, float | None]:
    """Return the catalogue of the detections, and the seeing (FWHM, pixels) of its stars.

    With ``most``, only so many of the brightest clean ones.
    """
    catalogue = outlined(ccd, found)
    if most is not None:
        some = catalogue[catalogue["clean"]]
        catalogue = some[np.argsort(-some["flux"], kind="stable")[:most]]
    if not len(catalogue):
        return catalogue, None
    sci = ccd.sci - sky_map.back()
    unseen = (ccd.dq & UNSEEN) > 0
    fwhm = with_widths(catalogue, ccd, sci, unseen, sky_map.globalrms)
    width = fwhm or max(narrowest_star(ccd), float(np.median(catalogue["fwhm"])))
    unseen |= cosmic_rays(sci, ccd.var, unseen, 0.8 * width)
    catalogue["clean"] &= centred(catalogue, sci, unseen, width)
    flux, error = fluxes(catalogue, sci, unseen, APERTURE * width, sky_map.globalrms)
    catalogue["flux"], catalogue["flux_error"] = flux, error
    for i, radius in enumerate(RADII):
        pixels = radius / pixel_scale(ccd)
        catalogue["growth"][:, i], _ = fluxes(catalogue, sci, unseen, pixels, sky_map.globalrms)
    y, x = (np.rint(catalogue[axis]).astype(int) for axis in ("y", "x"))
    catalogue["background"] = sky_map.back()[
        np.clip(y, 0, sci.shape[0] - 1), np.clip(x, 0, sci.shape[1] - 1)
    ]
    catalogue["clean"] &= catalogue["flux"] > 0
    catalogue["star"] = catalogue["clean"] & as_wide(catalogue, width)
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


def with_widths(
    catalogue: Catalogue, ccd: Ccd, sci: Plane, unseen: NDArray[np.bool_], noise: float
) -> float | None:
    """Fill in the widths, from the radius of half the light; return the seeing (FWHM, pixels)."""
    import sep

    reach = 4.0 * catalogue["a"] + 3.0
    radius, _ = sep.flux_radius(
        sci, catalogue["x"], catalogue["y"], reach, 0.5, mask=unseen, subpix=5
    )
    catalogue["fwhm"] = 2 * radius
    catalogue["clean"] &= catalogue["fwhm"] > 0.9 * narrowest_star(ccd)
    bright = catalogue["peak"] > 15 * noise
    return seeing(catalogue["fwhm"][catalogue["clean"] & bright & is_round(catalogue)])


def cosmic_rays(
    sci: Plane, var: Plane, unseen: NDArray[np.bool_], fwhm: float
) -> NDArray[np.bool_]:
    """Say which pixels of a sky-subtracted image are cosmic rays, and those beside them.

    In a long exposure every aperture holds some. ``fwhm`` (pixels) is to be a cautious one.
    """
    rays = sharper_than_stars(sci, var, ~unseen, fwhm=fwhm, sigma=5.0)
    beside: NDArray[np.bool_] = with_neighbours(rays) & (sci > 2.5 * np.sqrt(var))
    return rays | (beside & ~unseen)


def centred(
    catalogue: Catalogue, sci: Plane, unseen: NDArray[np.bool_], width: float
) -> NDArray[np.bool_]:
    """Move the sources to their Gaussian-weighted centroids; say which ones stayed close by."""
    import sep

    x, y = catalogue["x"].copy(), catalogue["y"].copy()
    wx, wy, flag = sep.winpos(sci, x, y, np.full(len(x), width / 2.355), mask=unseen)
    moved: NDArray[np.bool_] = (flag == 0) & (np.hypot(wx - x, wy - y) < 1.0)
    catalogue["x"], catalogue["y"] = np.where(moved, wx, x), np.where(moved, wy, y)
    return moved


def fluxes(
    catalogue: Catalogue, sci: Plane, unseen: NDArray[np.bool_], radius: float, noise: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the fluxes within a radius (pixels) and their errors: sky noise and photons."""
    import sep

    x, y = catalogue["x"], catalogue["y"]
    flux, error, _ = sep.sum_circle(sci, x, y, radius, err=noise, mask=unseen, subpix=5)
    return flux, np.sqrt(error**2 + np.maximum(flux, 0))


def is_round(catalogue: Catalogue) -> NDArray[np.bool_]:
    """Say which sources are no more elongated than trailed stars."""
    result: NDArray[np.bool_] = catalogue["b"] > 0.6 * catalogue["a"]
    return result


def as_wide(catalogue: Catalogue, width: float) -> NDArray[np.bool_]:
    """Say which sources have the round shape and the width (pixels) of stars."""
    result: NDArray[np.bool_] = is_round(catalogue) & (np.abs(catalogue["fwhm"] / width - 1) < 0.25)
    return result


def seeing(widths: NDArray[np.float64]) -> float | None:
    """Return the FWHM shared by the stars among clean bright sources; None with fewer than 5.

    Stars are alike: they are the sources whose widths lie closest together. Cosmic rays have many
    widths, most of them narrower, and so have galaxies, wider.
    """
    widths = np.sort(widths)
    if len(widths) < 5:
        return None
    half = max(4, len(widths) // 6)
    spans = np.log(widths[half:] / widths[:-half])
    start = int(np.argmin(spans))
    return float(np.median(widths[start : start + half + 1]))


def narrowest_star(ccd: Ccd) -> float:
    """Return the FWHM (pixels) that a star has in the best seeing, spread over square pixels."""
    return float(np.hypot(BEST_SEEING / pixel_scale(ccd), 0.8))


def pixel_scale(ccd: Ccd) -> float:
    """Return arcsec per pixel; without celestial coordinates, what GMOS has to within 10 %."""
    return ccd.info.wcs.scale if ccd.info.wcs is not None else 0.08 * ccd.info.binning[1]


def _flagged(ccd: Ccd, found: Any) -> NDArray[np.bool_]:
    """Say of each detection whether a flagged pixel lies in its core."""
    ny, nx = ccd.dq.shape
    x = np.rint(found["x"]).astype(int)
    y = np.rint(found["y"]).astype(int)
    spoilt = np.zeros(len(found), bool)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            spoilt |= ccd.dq[np.clip(y + dy, 0, ny - 1), np.clip(x + dx, 0, nx - 1)] > 0
    return spoilt
