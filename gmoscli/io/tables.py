"""The tables of a product: sources, frames, history, provenance."""

from typing import Any

import numpy as np

from ..frame import Catalogue, Ccd, Exposure, Observation
from .units import Column, Unit, table_unit


def catalogue(sources: Catalogue, ccd: Ccd, version: int) -> Unit:
    """Return the table of a ccd's sources, in the column names of Source Extractor."""
    wcs = ccd.info.wcs
    sky = np.zeros((len(sources), 2))
    scale = 1.0
    if wcs is not None:
        sky = wcs.sky(np.column_stack([sources["x"], sources["y"]]))
        scale = wcs.scale
    columns = [
        Column("NUMBER", "J", np.arange(1, len(sources) + 1)),
        Column("X_IMAGE", "D", sources["x"] + 1, "pix"),
        Column("Y_IMAGE", "D", sources["y"] + 1, "pix"),
        Column("X_WORLD", "D", sky[:, 0], "deg"),
        Column("Y_WORLD", "D", sky[:, 1], "deg"),
        Column("A_IMAGE", "E", sources["a"], "pix"),
        Column("B_IMAGE", "E", sources["b"], "pix"),
        Column("THETA_IMAGE", "E", np.degrees(sources["theta"]), "deg"),
        Column("FWHM_IMAGE", "E", sources["fwhm"], "pix"),
        Column("FWHM_WORLD", "E", sources["fwhm"] * scale / 3600, "deg"),
        Column("ELLIPTICITY", "E", 1 - sources["b"] / np.maximum(sources["a"], 1e-9)),
        Column("FLUX_APER", "D", sources["flux"], "electron"),
        Column("FLUXERR_APER", "D", sources["flux_error"], "electron"),
        Column("FLUX_MAX", "E", sources["peak"], "electron"),
        Column("BACKGROUND", "E", sources["background"], "electron"),
        Column("ISOAREA_IMAGE", "J", sources["area"], "pix**2"),
        Column("FLAGS", "J", sources["flags"]),
        Column("STAR", "L", sources["star"]),
    ]
    return table_unit("OBJCAT", columns, version)


def frames_table(exposure: Exposure) -> Unit:
    """Return the table of the frames that were combined: how each was placed, scaled, weighed."""
    frames = exposure.obs.inputs
    width = max(len(obs.name) for obs in frames)
    columns = [
        Column("FRAME", f"{width}A", [obs.name for obs in frames]),
        _numbers("EXPTIME", "s", [obs.exposure_time for obs in frames]),
        _numbers("MATCHES", "", [obs.placement.matches for obs in frames]),
        _numbers("ALIGNRMS", "arcsec", [obs.placement.rms for obs in frames]),
        _numbers("SCALE", "", [obs.placement.scale for obs in frames]),
        _numbers("SCALEERR", "", [obs.placement.scale_error for obs in frames]),
        _numbers("FWHM", "arcsec", [_seeing(obs) for obs in frames]),
    ]
    for info in frames[0].ccds:
        i = info.index
        own = [next(c for c in obs.ccds if c.index == i) for obs in frames]
        sky = [c.sky.level if c.sky is not None else np.nan for c in own]
        weights = [obs.placement.weights.get(i, 1.0) for obs in frames]
        columns.append(_numbers(f"SKY{i}", own[0].unit, sky))
        columns.append(_numbers(f"WEIGHT{i}", "", list(np.divide(weights, sum(weights)))))
    for ccd in exposure.ccds:
        if len(ccd.info.rejected) == len(frames):
            name = f"REJECTED{ccd.info.index or ''}"
            columns.append(_numbers(name, "", list(ccd.info.rejected)))
    return table_unit("FRAMES", columns)


def _seeing(obs: Observation) -> float:
    widths = [c.fwhm * c.wcs.scale for c in obs.ccds if c.fwhm and c.wcs is not None]
    return float(np.median(widths)) if widths else float("nan")


def _numbers(name: str, unit: str, values: list[Any]) -> Column:
    kind = "J" if all(isinstance(value, int) for value in values) else "D"
    return Column(name, kind, values, unit)


def history(exposure: Exposure, stamp: str) -> Unit:
    """Return the table of steps, in order, with their parameters as JSON."""
    done = exposure.obs.history
    return _texts(
        "HISTORY",
        {
            "primitive": [line.primitive for line in done],
            "args": [line.args for line in done],
            "timestamp_start": [stamp] * len(done),
            "timestamp_stop": [stamp] * len(done),
            "step": [line.step for line in done],
        },
    )


def provenance(exposure: Exposure, stamp: str) -> Unit:
    """Return the table of files behind a product, with their checksums."""
    used = exposure.obs.used
    return _texts(
        "PROVENANCE",
        {
            "timestamp": [stamp] * len(used),
            "filename": [file.name for file in used],
            "md5": [file.checksum for file in used],
            "provenance_added_by": [file.step for file in used],
        },
    )


def _texts(name: str, columns: dict[str, list[str]]) -> Unit:
    made = [
        Column(title, f"{max([28, *map(len, values)])}A", values)
        for title, values in columns.items()
    ]
    return table_unit(name, made)
