"""What a file says of itself: headers, and the tables of frames, steps and files."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any

from ..cards import Headers
from ..frame import Observation
from ..gmos import descriptors
from ..gmos.detectors import troubles
from ..io import ExposureFile
from ..io.read import opened
from .look import Look, looks

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ran:
    """A step of the recipe, with the parameters that it ran with."""

    step: str
    primitive: str
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Facts:
    """All that a page tells."""

    obs: Observation
    looks: tuple[Look, ...]
    """What the pixels of each ccd show."""
    frames: tuple[Row, ...]
    """Of each frame behind a product, by column name."""
    steps: tuple[Ran, ...]
    files: tuple[Row, ...]
    """Files behind a product: filename, md5, provenance_added_by."""
    pictures: tuple[bytes, ...] = field(repr=False, default=())
    """PNG, with flags in colour and without."""

    @property
    def headers(self) -> Headers:
        """The file's headers."""
        return self.obs.headers


def facts_of(path: Path, width: int) -> Facts:
    """Return all that a file tells, pictures about ``width`` pixels wide. Raises BadFile."""
    with closing(ExposureFile(path)) as source, opened(path) as units:
        tables = {unit.name: _rows(unit) for unit in units if unit.name in _TABLES}
        masks = {unit.ver: unit.data for unit in units if unit.name == "OBJMASK"}
        seen, pictures = looks(source, masks, width)
    return Facts(
        obs=source.obs,
        looks=seen,
        frames=tuple(_frame(row, source.obs) for row in tables.get("FRAMES", ())),
        steps=tuple(map(_ran, tables.get("HISTORY", ()))),
        files=tables.get("PROVENANCE", ()),
        pictures=pictures,
    )


_TABLES = ("FRAMES", "HISTORY", "PROVENANCE")


def _rows(table: Any) -> tuple[Row, ...]:
    names = table.columns.names
    return tuple(dict(zip(names, row, strict=True)) for row in table.data.tolist())


def _frame(row: Row, product: Observation) -> Row:
    """Return a row of the table of frames, with the transparency over that of the reference.

    What no matched star tells is not a number.
    """
    light = product.exposure_time / (row["EXPTIME"] * row["SCALE"] or nan)
    if row.get("MATCHES", 1):
        return {**row, "CLEAR": light}
    alone = f"{row['FRAME']}.fits" == product.headers.phu.get("REFFRAME")
    unknown = dict.fromkeys({"MATCHES", "ALIGNRMS", "ALIGNERR", "SCALEERR"} & row.keys(), nan)
    return {**row, **unknown, "CLEAR": 1.0 if alone else nan}


def _ran(row: Row) -> Ran:
    """Return a line of the history; parameters that are no JSON stay text."""
    text = str(row.get("args") or "{}")
    try:
        parameters = json.loads(text)
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        parameters = {"": text}
    primitive = str(row.get("primitive", ""))
    return Ran(str(row.get("step") or primitive), primitive, parameters)


NOISE_OFF = 0.05
"""Deviation of noise over expectation from 1 that is worth a word; blank sky of one ccd measures it
to better than 0.01."""
REJECTED = 0.05
"""Share of a frame's pixels: cosmic rays of the longest exposures reach a fifth of it."""
ROUGH = 0.25
"""Alignment rms over seeing above which the stack is visibly wider than its frames: by 3 %."""


def warnings(facts: Facts) -> Iterator[str]:
    """Yield what should be looked at before the product is used."""
    phu = facts.headers.phu
    if phu.get("SIMULATE") is True:
        yield "Simulated: no telescope took part."
    day = descriptors.ut_date(facts.headers)
    for trouble in troubles(facts.obs.detector, day, facts.obs.ccds[0].binning):
        yield f"Detector: {trouble.what} ({trouble.since} on)."
    for row in facts.frames:
        yield from _of_frame(row)
    for look in facts.looks:
        if look.noise is not None and abs(look.noise - 1) > NOISE_OFF:
            yield (
                f"{look.name}: the blank sky scatters {look.noise:.2f} times"
                " as much as its variance plane says."
            )


def _of_frame(row: Row) -> Iterator[str]:
    name, rms, seeing = row["FRAME"], row.get("ALIGNRMS", 0.0), row.get("FWHM", 0.0)
    if seeing and rms > ROUGH * seeing:
        yield f"{name}: aligned to {1e3 * rms:.0f} mas only."
    shares = [share for key, share in row.items() if key.startswith("REJECTED")]
    if shares and max(shares) > REJECTED:
        yield f"{name}: {100 * max(shares):.1f} % of its pixels were rejected."
