"""Which frames see a place of the sky, and on which ccd."""

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from gmoscli.geometry import Points
from gmoscli.simulate.areas import CcdArea, whole_chips
from gmoscli.simulate.camera import chip_map, focal_plane
from gmoscli.simulate.optics import field_stop

from .site import Site

LIT = 0.999
"""Share of the light that the field stop lets through."""


def seen(site: Site, frames: Table, sky: Points, radius: float) -> NDArray[np.bool_]:
    """Say which science frames see which places whole: [frame, ccd, place].

    ``sky`` holds RA and Dec, degrees; a place is whole with all pixels within some arcsec of it on
    the ccd, and in the light.
    """
    found = np.zeros((len(frames), 3, len(sky)), bool)
    for i, area in enumerate(whole_chips(site.night)):
        plane = chip_map(site.night, site.effects, area.chip)
        lit = field_stop(site.night, area) > LIT
        for n, frame in enumerate(frames):
            pointing = float(frame["true_ra"]), float(frame["true_dec"])
            tan = focal_plane(site.night, pointing, float(frame["roll"]))
            found[n, i] = _whole(
                plane.inverse(tan.pixels(sky)), area, lit, radius / site.night.array.pixel_scale
            )
    return found


def _whole(at: Points, area: CcdArea, lit: NDArray[np.bool_], reach: float) -> NDArray[np.bool_]:
    """Say about which places (unbinned pixels of the chip) all corners of a square are lit."""
    whole = np.ones(len(at), bool)
    ny, nx = area.shape
    for dx, dy in ((-reach, -reach), (-reach, reach), (reach, -reach), (reach, reach)):
        column = np.floor((at[:, 0] + dx - area.section.x1 + 0.5) / area.binning[0]).astype(int)
        row = np.floor((at[:, 1] + dy - area.section.y1 + 0.5) / area.binning[1]).astype(int)
        inside = (column >= 0) & (column < nx) & (row >= 0) & (row < ny)
        whole &= inside
        whole[inside] &= lit[row[inside], column[inside]]
    return whole
