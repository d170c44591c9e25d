"""Which frames see a place of the sky, on which ccd, and with how much of its light."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from gmoscli.geometry import Points
from gmoscli.simulate.areas import CcdArea, whole_chips
from gmoscli.simulate.camera import chip_map, focal_plane
from gmoscli.simulate.optics import field_stop, response

from .site import Site

LIT = 0.999
"""Share of the light that the field stop lets through."""


def seen(site: Site, frames: Table, sky: Points, radius: float) -> NDArray[np.bool_]:
    """Say which science frames see which places whole: [frame, ccd, place].

    ``sky`` holds RA and Dec, degrees; a place is whole with all pixels within some arcsec of it on
    the ccd, and in the light.
    """
    found = np.zeros((len(frames), 3, len(sky)), bool)
    reach = radius / site.night.array.pixel_scale
    for n, i, area, at in _on_chips(site, frames, sky):
        lit = field_stop(site.night, area) > LIT
        found[n, i] = _whole(at, area, lit, reach)
    return found


def share_of_light(site: Site, frames: Table, sky: Points) -> NDArray[np.float32]:
    """Return how much of the light of places the pixels turn into electrons: [frame, ccd, place].

    Over the middle of ccd 2 in the clear; of the camera and the ccd, not of single pixels.
    """
    smooth = replace(site.effects, response=False, bad_pixels=False)
    share = np.zeros((len(frames), 3, len(sky)), np.float32)
    for n, i, area, at in _on_chips(site, frames, sky):
        plane = response(site.night, smooth, area)
        row, column, inside = _pixels(at, area)
        share[n, i, inside] = plane[row[inside], column[inside]]
    return share


def _on_chips(site: Site, frames: Table, sky: Points) -> Iterator[tuple[int, int, CcdArea, Points]]:
    """Yield the number of each frame and of each ccd, and where places are on that chip."""
    for i, area in enumerate(whole_chips(site.night)):
        plane = chip_map(site.night, site.effects, area.chip)
        for n, frame in enumerate(frames):
            pointing = float(frame["true_ra"]), float(frame["true_dec"])
            tan = focal_plane(site.night, pointing, float(frame["roll"]))
            yield n, i, area, plane.inverse(tan.pixels(sky))


def _whole(at: Points, area: CcdArea, lit: NDArray[np.bool_], reach: float) -> NDArray[np.bool_]:
    """Say about which places (unbinned pixels of the chip) all corners of a square are lit."""
    whole = np.ones(len(at), bool)
    for dx, dy in ((-reach, -reach), (-reach, reach), (reach, -reach), (reach, reach)):
        row, column, inside = _pixels(at + np.array([dx, dy]), area)
        whole &= inside
        whole[inside] &= lit[row[inside], column[inside]]
    return whole


def _pixels(
    at: Points, area: CcdArea
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Return the rows and columns of places, and which of them are there."""
    column = np.floor((at[:, 0] - area.section.x1 + 0.5) / area.binning[0]).astype(np.intp)
    row = np.floor((at[:, 1] - area.section.y1 + 0.5) / area.binning[1]).astype(np.intp)
    ny, nx = area.shape
    return row, column, (column >= 0) & (column < nx) & (row >= 0) & (row < ny)
