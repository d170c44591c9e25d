"""Where frames are placed, and how their counts are scaled, against how the telescope pointed.

Points all over the field go through the true pointing (and roll) of the reference and of a frame;
the placement should bring one to the other. The error is the rms of one axis over the field and all
frames, in binned pixels. Scales should undo transparency and exposure time: to 0.2 % where stars
are many enough for that by their photons, and everywhere within what the reduction says of them.
"""

from collections.abc import Iterator

import numpy as np
from astropy.table import Row

from gmoscli.geometry import ARCSEC, Points, Tan, project
from gmoscli.simulate.camera import focal_plane

from .figures import Figure, below
from .site import Placed, Site

WRONG = 0.1
"""Pixels from which a placement is wrong."""
ENOUGH = 0.1
"""Per cent: stated error of a scale that can be asked to be right to 0.2."""
SIGMAS = 4.0
"""Stated errors that none of a few scales should be off by."""
HALF_FIELD = 2000.0
"""Unbinned pixels."""


def alignment(site: Site, limit: float) -> Iterator[Figure]:
    """Yield the figures of a night's frames; the rms may not exceed some pixels."""
    placed = site.placements()
    reference = next(name for name, there in placed.items() if there.reference)
    errors = [
        _errors(site, reference, name, there)
        for name, there in placed.items()
        if not there.reference
    ]
    rms = float(np.sqrt(np.mean(np.square(errors))))
    matches = [there.matches for there in placed.values() if not there.reference]
    remark = f"{min(matches)} to {max(matches)} matches, reference {reference}"
    yield below("alignment rms", site.name, [rms], limit, "px", remark)
    worst = [float(np.hypot(*np.moveaxis(error, -1, 0)).max()) for error in errors]
    yield below("alignment, worst place of a frame", site.name, [max(worst)], WRONG, "px")
    yield from _scales(site, reference, placed)


def _errors(site: Site, reference: str, name: str, there: Placed) -> Points:
    """Return by how much points of the field are misplaced, pixels."""
    side = np.linspace(-HALF_FIELD, HALF_FIELD, 5)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    frames = site.frames
    one, other = frames.loc[reference], frames.loc[name]
    pixels = grid + _pointed(site, one).crpix
    sky = _pointed(site, one).sky(pixels)
    centre = float(one["header_ra"]), float(one["header_dec"])
    ours = project(_told(site, one).sky(pixels), centre)
    theirs = project(_told(site, other).sky(_pointed(site, other).pixels(sky)), centre)
    error: Points = (there(ours) - theirs) * ARCSEC / site.pixel_scale
    return error


def _pointed(site: Site, frame: Row) -> Tan:
    """Return the sky on unbinned pixels as the telescope had it."""
    pointing = float(frame["true_ra"]), float(frame["true_dec"])
    return focal_plane(site.night, pointing, float(frame["roll"]))


def _told(site: Site, frame: Row) -> Tan:
    """Return the sky on unbinned pixels as the headers tell."""
    return focal_plane(site.night, (float(frame["header_ra"]), float(frame["header_dec"])))


def _scales(site: Site, reference: str, placed: dict[str, Placed]) -> Iterator[Figure]:
    """Yield by how much scales differ from the truth."""
    light = {
        name: float(site.frames.loc[name]["transparency"] * site.frames.loc[name]["exposure"])
        for name in placed
    }
    others = {name: there for name, there in placed.items() if not there.reference}
    errors = [there.scale * light[name] / light[reference] - 1 for name, there in others.items()]
    told = [max(there.scale_error / there.scale, 1e-6) for there in others.values()]
    worst, stated = 100 * max(map(abs, errors)), 100 * max(told)
    remark = f"stated errors up to {stated:.2g} %"
    asked = [stated < ENOUGH]
    yield below("count scales, worst error", site.name, [worst], 0.2, "%", remark, asked)
    sigmas = max(abs(error) / own for error, own in zip(errors, told, strict=True))
    yield below("count scales, worst over its stated error", site.name, [sigmas], SIGMAS)
