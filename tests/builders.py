"""Exposures and their parts, made in one line of a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from gmoscli.band import Deep, Piece, Strips
from gmoscli.fits import Header, Headers
from gmoscli.frame import Amp, Ccd, CcdInfo, Observation, RawCcd, Readout, Sky
from gmoscli.geometry import ARCSEC, Affine, Tan
from gmoscli.gmos.detectors import Detector, detectors
from gmoscli.io.layout import Layout
from gmoscli.section import Section
from gmoscli.simulate import Effects, Night, expose
from gmoscli.simulate.areas import CcdArea
from gmoscli.simulate.conditions import frame_of
from gmoscli.simulate.exposure import SimulatedExposure
from gmoscli.simulate.extensions import extension
from gmoscli.simulate.headers import primary
from gmoscli.simulate.plan import Kind
from gmoscli.simulate.profiles import Profiles, paint
from gmoscli.steps.catalogue import COLUMNS

SHAPE = (8, 12)
SCALE = 0.1614
"""Arcsec per pixel of the built world coordinate systems: 2x2-binned GMOS-N."""


def a_plane(value: Any, shape: tuple[int, int] = SHAPE, dtype: Any = np.float32) -> Any:
    """Return a plane of its own memory, from a number or an array."""
    return np.array(np.broadcast_to(np.asarray(value, dtype), np.shape(value) or shape))


def an_amp(columns: slice = slice(0, SHAPE[1]), name: str = "A", **changes: Any) -> Amp:
    """Return an amplifier: gain 2 e-/ADU, read noise 4 e-, full at 60000 ADU."""
    section = Section(2048 + columns.start, 2048 + columns.stop, 0, 4224)
    amp = Amp(name, columns, section, 2.0, 4.0, saturation=60000.0, nonlinear=55000.0)
    return replace(amp, **changes)


def an_info(shape: tuple[int, int] = SHAPE, index: int = 2, **changes: Any) -> CcdInfo:
    """Return what is known of an unbinned ccd in ADU, read by one amplifier."""
    ny, nx = shape
    amps = (an_amp(slice(0, nx)),)
    info = CcdInfo(index, Section(0, nx, 0, ny), (1, 1), shape, amps, "adu")
    return replace(info, **changes)


def a_ccd(sci: Any = 0.0, var: Any = 0.0, dq: Any = 0, **info: Any) -> Ccd:
    """Return a ccd with planes from numbers or arrays; the rest goes to its info."""
    shape = np.shape(sci) or np.shape(dq) or np.shape(var) or info.get("shape", SHAPE)
    planes = (a_plane(sci, shape), a_plane(var, shape), a_plane(dq, shape, np.uint16))
    return Ccd(an_info(**{"shape": shape, **info}), *planes)


def a_readout(
    light: Any, overscan: Any = None, *, left: bool = False, column: int = 0, **amp: Any
) -> Readout:
    """Return the raw pixels of an amplifier that begins at a column of its ccd."""
    light = np.asarray(light)
    (ny, nx), dark = light.shape, 0
    strip = None
    counts = light
    if overscan is not None:
        overscan = np.broadcast_to(overscan, (ny, 32))
        dark = 32 if left else 0
        counts = np.hstack([overscan, light] if left else [light, overscan])
        start = 0 if left else nx
        strip = Section(start, start + 32, 0, ny)
    here = Section(dark, dark + nx, 0, ny)
    columns = slice(column, column + nx)
    return Readout(counts, here, strip, an_amp(columns, **amp), np.zeros((ny, nx), np.uint16))


def a_raw_ccd(*readouts: Readout, contaminated: int = 4, index: int = 2) -> RawCcd:
    """Return a ccd as the telescope wrote it."""
    shape = (readouts[0].light.height, sum(r.light.width for r in readouts))
    amps = tuple(r.amp for r in readouts)
    return RawCcd(an_info(shape, index, amps=amps), readouts, contaminated)


def a_piece(sci: Any, var: Any = 1.0, dq: Any = 0, at: Affine | None = None, **more: Any) -> Piece:
    """Return the rows of one ccd under a band; ``at`` maps output pixels to its pixels."""
    shape = np.shape(sci)
    planes = (a_plane(sci, shape), a_plane(var, shape), a_plane(dq, shape, np.uint16))
    return Piece(*planes, more.pop("first", 0), at or Affine(), **more)


def some_strips(*frames: Any, shape: Any = None, first: int = 0, sky: float = 0.0, **more: Any):
    """Return frames under a band: each a piece, or a tuple of pieces."""
    listed = tuple(frame if isinstance(frame, tuple) else (frame,) for frame in frames)
    n = len(listed)
    return Strips(
        listed,
        first,
        shape or listed[0][0].sci.shape,
        more.get("weights", (1.0,) * n),
        more.get("fwhm", (0.0,) * n),
        sky,
    )


def a_deep(
    sci: Any,
    var: Any = 1.0,
    dq: Any = 0,
    weights: Any = None,
    sky: float = 0.0,
    fwhm: tuple[float, ...] = (),
) -> Deep:
    """Return frames on one grid, [frame, y, x]."""
    shape = np.shape(sci)
    planes = (a_plane(sci, shape), a_plane(var, shape), a_plane(dq, shape, np.uint16))
    return Deep(*planes, tuple(weights or (1.0,) * shape[0]), sky, fwhm=fwhm)


def a_tan(
    crpix: tuple[float, float] = (100.0, 100.0),
    crval: tuple[float, float] = (150.0, 30.0),
    scale: float = SCALE,
) -> Tan:
    """Return world coordinates as GMOS has them on the side port at PA 0."""
    return Tan(crval, crpix, np.diag([-scale, -scale]) / ARCSEC)


def a_catalogue(x: Any, y: Any, flux: Any = 1e5, flux_error: Any = 100.0, **columns: Any) -> Any:
    """Return a catalogue of clean stars."""
    catalogue = np.zeros(len(x), COLUMNS)
    catalogue["x"], catalogue["y"] = x, y
    catalogue["flux"], catalogue["flux_error"] = flux, flux_error
    catalogue["a"] = catalogue["b"] = 2.0
    catalogue["fwhm"] = 4.7
    catalogue["star"] = catalogue["clean"] = catalogue["alone"] = True
    for name, values in columns.items():
        catalogue[name] = values
    return catalogue


def the_detector(name: str = "gmosn_ham") -> Detector:
    """Return a generation of detectors by its name in the table."""
    return next(one for one in detectors() if one.id == name)


def an_observation(*ccds: CcdInfo, name: str = "N20220627S0115", **changes: Any) -> Observation:
    """Return a GMOS-N exposure of 100 s without its pixels."""
    headers = Headers(Header({"INSTRUME": "GMOS-N", "DATE-OBS": "2022-06-27"}))
    obs = Observation(
        name, Path(f"{name}.fits"), headers, the_detector(), 100.0, ccds or (an_info(),)
    )
    return replace(obs, **changes)


def a_starry_observation(x: Any, y: Any, flux: Any = 1e5, **changes: Any) -> Observation:
    """Return an observation of one ccd that saw clean stars at these pixels."""
    columns = {key: changes.pop(key) for key in ("flux_error",) if key in changes}
    wcs = changes.pop("wcs", a_tan((1024.0, 512.0)))
    info = an_info(
        (2112, 1024),
        wcs=wcs,
        sources=a_catalogue(x, y, flux, **columns),
        sky=Sky(100.0, 10.0),
        fwhm=4.7,
        unit="electron",
    )
    return an_observation(info, **changes)


@dataclass
class AFrame:
    """A frame in memory, which counts how often its pixels are read."""

    obs: Observation
    ccds: Mapping[int, RawCcd | Ccd]
    readings: list[int] = field(default_factory=list)
    closed: int = 0
    piecemeal: bool = True

    def ccd(self, index: int) -> RawCcd | Ccd:
        """Return the pixels of one ccd."""
        self.readings.append(index)
        return self.ccds[index]

    def close(self) -> None:
        """Count how often the frame is let go."""
        self.closed += 1


def a_frame(*ccds: RawCcd | Ccd, **changes: Any) -> AFrame:
    """Return a frame of ccds."""
    obs = an_observation(*(ccd.info for ccd in ccds), **changes)
    return AFrame(obs, {ccd.info.index: ccd for ccd in ccds})


def starlight(
    shape: tuple[int, int], x: Any, y: Any, flux: Any, fwhm: float, *, sky: float = 0.0
) -> Any:
    """Return Moffat stars (0-based pixels, total electrons) integrated over pixels, on a sky."""
    ny, nx = shape
    area = CcdArea(the_detector().chips[1], Section(0, nx, 0, ny), (1, 1), ())
    x, y, flux = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in (x, y, flux)))
    a2 = np.full(x.shape, (0.5 * fwhm) ** 2 / (2 ** (1 / 3) - 1))
    plane = np.full(shape, sky, np.float32)
    paint(plane, area, Profiles(x, y, flux, a2, np.zeros_like(a2), a2))
    return plane


def a_sky_ccd(light: Any, *, seed: int = 0, read_noise: float = 4.0, **info: Any) -> Ccd:
    """Return a ccd in electrons that saw this light, with its photon and read noise."""
    rng = np.random.default_rng(seed)
    sci = rng.poisson(light) + read_noise * rng.standard_normal(light.shape)
    amps = (an_amp(slice(0, light.shape[1]), gain=1.0, read_noise=read_noise),)
    facts = {"unit": "electron", "amps": amps, **info}
    return a_ccd(sci, var=np.maximum(sci, 0) + read_noise**2, **facts)


def simulated(
    night: Night, effects: Effects, kind: Kind, index: int
) -> tuple[AFrame, SimulatedExposure]:
    """Return an exposure of a simulated night as it would be read from its file, and its truth."""
    shot = expose(night, effects, kind, index)
    frame = frame_of(night, effects, shot.shot)
    extensions = [
        _values(extension(frame, i), NAXIS1=counts.shape[1], NAXIS2=counts.shape[0])
        for i, counts in enumerate(shot.counts)
    ]
    headers = Headers(_values(primary(frame)), extensions, Path(f"{shot.shot.name}.fits"))
    layout = Layout(headers)
    obs = layout.observation()
    pixels = lambda _name, version: shot.counts[version - 1]  # noqa: E731 - a reader in one line
    return AFrame(obs, {info.index: layout.ccd(info.index, pixels) for info in obs.ccds}), shot


def _values(cards: Any, **more: int) -> Header:
    return Header({key: value for key, (value, _) in cards.items()} | more)
