"""The truth behind a night, as tables and as one file of arrays."""

from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
from astropy.table import Table
from astropy.units import Unit
from numpy.typing import ArrayLike

from .areas import amp_areas
from .camera import plate
from .chips import colour_term, sensitivity, true_chips
from .conditions import conditions
from .effects import Effects
from .night import Night
from .plan import Shot, plan
from .readout import amp_truth
from .scene import chip_rates, rates, scene
from .write import write_whole

_UNITS = {
    "ra": "deg",
    "dec": "deg",
    "magnitude": "mag",
    "colour": "mag",
    "half_light": "arcsec",
    "angle": "rad",
    "rate1": "electron / s",
    "rate2": "electron / s",
    "rate3": "electron / s",
    "header_ra": "deg",
    "header_dec": "deg",
    "true_ra": "deg",
    "true_dec": "deg",
    "roll": "deg",
    "exposure": "s",
    "seeing": "arcsec",
    "elongation": "deg",
    "sky": "electron / s",
    "level": "electron",
    "dx": "pix",
    "dy": "pix",
    "rotation": "deg",
    "colour_term": "mag",
    "gain": "electron / adu",
    "read_noise": "electron",
    "bias": "adu",
}


def write_truth(night: Night, effects: Effects, folder: Path) -> Iterator[Path]:
    """Write the truth beside the raw files and yield the paths.

    ``truth_sources.ecsv``: what shines, with electrons per second on each chip in the clear, before
    the chip's sensitivity. ``truth_frames.ecsv``: each exposure. ``truth_chips.ecsv`` and
    ``truth_amps.ecsv``: the detector. ``truth.npz``: the same for programs that want arrays.
    """
    tables = {
        "sources": _sources(night, effects),
        "frames": _frames(night, effects),
        "chips": _chips(night, effects),
        "amps": _amps(night, effects),
    }
    for name, table in tables.items():
        yield _write_table(folder / f"truth_{name}.ecsv", table)
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **_arrays(night, effects))
    yield write_whole(folder / "truth.npz", buffer.getvalue())


def _sources(night: Night, effects: Effects) -> Table:
    """Return positions, magnitudes and rates of the science field's sources."""
    found = scene(night, effects, "science")
    return Table(
        {
            "id": np.arange(1, len(found) + 1),
            "kind": np.where(found.galaxy, "galaxy", "star"),
            "ra": found.ra.round(8),
            "dec": found.dec.round(8),
            "magnitude": found.magnitude.round(5),
            "colour": found.colour.round(5),
            "half_light": found.half_light.round(4),
            "axis_ratio": found.axis_ratio.round(4),
            "angle": found.angle.round(4),
            **{f"rate{i}": chip_rates(night, effects, found, i).round(5) for i in (1, 2, 3)},
        }
    )


def _frames(night: Night, effects: Effects) -> Table:
    """Return each exposure: its sky per unbinned pixel, or a flat's level per binned one."""
    return Table([_frame(night, effects, shot) for shot in plan(night)])


def _frame(night: Night, effects: Effects, shot: Shot) -> dict[str, object]:
    now = asdict(conditions(night, effects, shot))
    science = shot.kind == "science"
    return {
        "file": shot.name,
        "kind": shot.kind,
        "start": f"{shot.start:%Y-%m-%dT%H:%M:%S}",
        "exposure": shot.exposure,
        "header_ra": round(now["header"][0], 9),
        "header_dec": round(now["header"][1], 9),
        "true_ra": round(now["true"][0], 9),
        "true_dec": round(now["true"][1], 9),
        **{name: now[name] for name in ("roll", "seeing", "ellipticity", "elongation")},
        "transparency": now["transparency"],
        "sky": now["sky"] if science else 0.0,
        "level": 0.0 if science else now["sky"],
        "slope_x": now["slope"][0],
        "slope_y": now["slope"][1],
        "fringes": now["fringes"],
        "colour": now["colour"],
    }


def _chips(night: Night, effects: Effects) -> Table:
    """Return true places of the chips relative to chip 2, and their sensitivity."""
    return Table(
        [
            {
                "ccd": chip.index,
                "name": chip.name,
                "dx": chip.shift[0],
                "dy": chip.shift[1],
                "rotation": chip.rotation,
                "qe": sensitivity(night, effects, chip.index),
                "colour_term": colour_term(night, effects, chip.index),
            }
            for chip in true_chips(night, effects)
        ]
    )


def _amps(night: Night, effects: Effects) -> Table:
    """Return gain, read noise and bias of each amplifier on each day."""
    return Table(
        [
            {"amp": area.amp.name, "date": f"{day}"}
            | asdict(amp_truth(night, effects, area.amp.name, day))
            for day in sorted({shot.start.date() for shot in plan(night)})
            for area in amp_areas(night)
        ]
    )


def _write_table(path: Path, table: Table) -> Path:
    for name in table.colnames:
        if name in _UNITS:
            table[name].unit = Unit(_UNITS[name])
    text = StringIO()
    table.write(text, format="ascii.ecsv")
    return write_whole(path, text.getvalue().encode())


def _arrays(night: Night, effects: Effects) -> dict[str, ArrayLike]:
    """Return the truth as arrays.

    ``cd``: degrees per unbinned pixel; ``half``: half the width of the field, unbinned pixels;
    ``offs``: header RA, Dec, true RA, Dec of each science frame; ``eps``: electrons per second of
    the stars (ra, dec, mag, col) on chip 2 at colour 0; galaxies are (gra, gdec, gmag); of each
    chip: ``colterm``, ``qe``, ``shift`` and ``rot``.
    """
    found = scene(night, effects, "science")
    stars, galaxies = found.where(~found.galaxy), found.where(found.galaxy)
    frames = [conditions(night, effects, shot) for shot in plan(night) if shot.kind == "science"]
    chips = true_chips(night, effects)
    return {
        "cd": plate(night),
        "half": _half_width(night),
        "inst": night.array.instrument[-1],
        "binning": night.binning[0],
        "offs": np.array([now.header + now.true for now in frames]).reshape(-1, 4),
        "ra": stars.ra,
        "dec": stars.dec,
        "mag": stars.magnitude,
        "col": stars.colour,
        "eps": rates(night, stars),
        "gra": galaxies.ra,
        "gdec": galaxies.dec,
        "gmag": galaxies.magnitude,
        "colterm": [colour_term(night, effects, chip.index) for chip in chips],
        "qe": [sensitivity(night, effects, chip.index) for chip in chips],
        "shift": [chip.shift for chip in chips],
        "rot": [chip.rotation for chip in chips],
    }


def _half_width(night: Night) -> float:
    """Return the distance from the reference pixel to the nearest edge of the field."""
    rows, first, last = np.asarray(night.array.outline, float).T
    middle = np.abs(rows - np.median(rows)) < np.ptp(rows) / 4
    one, _, three = night.array.chips
    x, y = night.array.raw_wcs.crpix[1]
    left = x - (first[middle].max() - one.origin[0] + one.shift[0])
    right = last[middle].min() - three.origin[0] + three.shift[0] - x
    return float(min(left, right, y - rows[0], rows[-1] - y))
