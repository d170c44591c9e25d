"""Grids: which output pixels there are, and how they go to those of the frames."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .frame import Amp, CcdInfo, Grid, Observation, Placement, Plane
from .geometry import Affine, Points, Tan, between


def grid_of_ccd(frames: Sequence[Observation], index: int) -> Grid:
    """Return the grid of one ccd: the reference's own pixels, enough of them for all frames."""
    reference = next((obs for obs in frames if obs.reference), None)
    base = info_of(reference or frames[0], index)
    if reference is None or base.wcs is None:
        return Grid(index, None, base.shape, (index,))
    own = [obs for obs in frames if any(info.index == index for info in obs.ccds)]
    corners = [_corners(obs, (index,), base.wcs) for obs in own]
    return _covering(base.wcs, index, (index,), np.concatenate(corners))


def grid_of_mosaic(frames: Sequence[Observation]) -> Grid:
    """Return the grid of all ccds: the pixels of the reference's central ccd, extended."""
    reference = reference_of(frames)
    central = reference.central
    if central.wcs is None:
        raise ValueError("no celestial coordinates to lay a mosaic by")
    members = tuple(info.index for info in reference.ccds)
    corners = [_corners(obs, members, central.wcs) for obs in frames]
    return _covering(central.wcs, 0, members, np.concatenate(corners))


def average_amps(
    frames: Sequence[Observation], reference: Observation, index: int
) -> tuple[Amp, ...]:
    """Return the amplifiers of one ccd as they are in the average of the frames."""
    base = info_of(reference, index)
    placed = [
        (obs.placement, {amp.name: amp for amp in info.amps})
        for obs in frames
        for info in obs.ccds
        if info.index == index
    ]
    return tuple(
        _average_amp([(place, own.get(amp.name, amp)) for place, own in placed], index, base.unit)
        for amp in base.amps
    )


def _average_amp(each: Sequence[tuple[Placement, Amp]], index: int, unit: str) -> Amp:
    """Return one amplifier in the average of frames.

    A mean of counts c s with weights w has Poisson's variance after a multiplication by
    (sum w)^2 / sum(w^2 s / gain); in ADU the gain stays what turns counts into electrons. The
    average is full where the first frame is full.
    """
    w = np.array([place.weights.get(index, 1.0) for place, _ in each])
    s = np.array([place.scale_of(index) for place, _ in each])
    offset = np.array([place.offsets.get(index, 0.0) for place, _ in each])
    gain = np.array([amp.gain for _, amp in each])
    noise = np.array([amp.read_noise for _, amp in each]) / gain
    amp = each[0][1]
    own = float(w.sum() ** 2 / (w**2 * s / gain).sum()) if unit == "electron" else amp.gain
    return replace(
        amp,
        gain=own,
        read_noise=own * float(np.sqrt(np.square(w * s * noise).sum()) / w.sum()),
        saturation=float((np.array([amp.saturation for _, amp in each]) * s + offset).min()),
        nonlinear=float((np.array([amp.nonlinear for _, amp in each]) * s + offset).min()),
    )


def tilted(
    sci: Plane,
    corner: tuple[int, int],
    shape: tuple[int, int],
    slope: tuple[float, float],
    scale: float,
) -> Plane:
    """Return a part of a ccd, from some row and column on, that has the slope once scaled.

    ``slope`` is per pixel (x, y); it leaves the middle of the ccd as it is.
    """
    right, up = (each / scale for each in slope)
    y, x = (
        start + np.arange(some) - (whole - 1) / 2
        for start, some, whole in zip(corner, sci.shape, shape, strict=True)
    )
    plane = sci + (right * x).astype(np.float32)
    plane += (up * y).astype(np.float32)[:, None]
    return plane


def reference_of(frames: Sequence[Observation]) -> Observation:
    """Return the frame that the others were registered to: the first one, if none is known."""
    return next((obs for obs in frames if obs.reference), frames[0])


def info_of(obs: Observation, index: int) -> CcdInfo:
    """Return what is known of one ccd of an observation."""
    return next(info for info in obs.ccds if info.index == index)


def places_on(shape: tuple[int, int], count: int) -> Points:
    """Return so many pixels along each axis, evenly all over a grid: (x, y), [row, column]."""
    ys, xs = np.meshgrid(*(np.rint(np.linspace(0, n - 1, count)) for n in shape))
    return np.stack([xs, ys], axis=-1)


def to_native(grid: Grid, obs: Observation, index: int) -> Affine:
    """Return the map from a grid's pixels to those of a ccd, through the frame's placement."""
    info = info_of(obs, index)
    if grid.wcs is None or info.wcs is None:
        return Affine()
    return between(grid.wcs, info.wcs, grid.shape, obs.placement.fix)


def _corners(obs: Observation, members: tuple[int, ...], wcs: Tan) -> Points:
    """Return where the corners of a frame's ccds fall, in pixels of the reference's system."""
    found = []
    for info in obs.ccds:
        if info.index in members and info.wcs is not None:
            grid = Grid(info.index, wcs, info.shape, members)
            back = to_native(grid, obs, info.index).inverse
            ny, nx = info.shape
            found.append(back([[0, 0], [nx - 1, 0], [0, ny - 1], [nx - 1, ny - 1]]))
    return np.concatenate(found)


def _covering(wcs: Tan, index: int, members: tuple[int, ...], corners: Points) -> Grid:
    """Return the smallest grid of whole pixels of a system that holds all corners."""
    slack = 1e-3  # rounding must not add an empty row
    x1, y1 = np.floor(corners.min(axis=0) + slack).astype(int)
    x2, y2 = np.ceil(corners.max(axis=0) - slack).astype(int)
    moved = wcs.before(Affine.moved(float(x1), float(y1)))
    return Grid(index, moved, (int(y2 - y1 + 1), int(x2 - x1 + 1)), members)
