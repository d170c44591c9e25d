"""What a file says of itself: headers, and the tables of frames, steps and files."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any

from ..fits import Headers
from ..frame import Observation
from ..gmos import descriptors
from ..gmos.detectors import troubles
from ..io import ExposureFile
from ..io.read import opened
from ..past import Past, past_of
from .look import Look, looks

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """All that a page tells."""

    obs: Observation
    looks: tuple[Look, ...]
    """What the pixels of each ccd show."""
    frames: tuple[Row, ...]
    """Of each frame behind a product, by column name."""
    past: Past
    """The steps of the recipe, and the files behind a product."""
    pictures: tuple[bytes, ...] = field(repr=False, default=())
    """PNG, with flags in colour and without."""

    @property
    def headers(self) -> Headers:
        """The file's headers."""
        return self.obs.headers


def facts_of(path: Path, width: int) -> Facts:
    """Return all that a file tells, pictures about ``width`` pixels wide. Raises BadFile."""
    with closing(ExposureFile(path)) as source, opened(path) as units:
        frames = [_rows(unit) for unit in units if unit.name == "FRAMES"]
        masks = {unit.ver: unit.data for unit in units if unit.name == "OBJMASK"}
        seen, pictures = looks(source, masks, width)
    return Facts(
        obs=source.obs,
        looks=seen,
        frames=tuple(_frame(row, source.obs) for rows in frames for row in rows),
        past=past_of(source.obs.headers),
        pictures=pictures,
    )


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
