"""What the pixels of a file show: pictures, levels, flags, and a check of the noise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sep
from numpy.typing import NDArray

from ..dq import Dq
from ..frame import Ccd, CcdInfo
from ..io import ExposureFile
from ..png import encoded
from ..preview import Panel, block_size, from_afar, picture, shown
from ..stats import median_and_noise, thinned

Mask = NDArray[np.bool_]
MESH = 64
"""Pixels over which the level of blank sky may vary."""
GROW = 4
"""Pixels about a source that its wings may reach."""
BINS = np.linspace(-5, 5, 41)
"""Of the histogram of deviations, in sigmas."""


@dataclass(frozen=True)
class Look:
    """What one ccd shows."""

    info: CcdInfo
    level: float
    """Median of good pixels, sources left out."""
    scatter: float
    """Robust scatter of those about their surroundings, one sigma."""
    expected: float | None
    """What the variance plane makes of that; None without one."""
    noise: float | None
    """Of blank sky: scatter over expectation pixel by pixel; None where there is no sky to see."""
    histogram: tuple[float, ...]
    """Density of deviations over expectation, in BINS; empty where noise is None."""
    flagged: tuple[tuple[Dq, float], ...]
    """Share of pixels with each flag that occurs."""

    @property
    def name(self) -> str:
        """How an observer calls the ccd."""
        return f"CCD {self.info.index}" if self.info.index else "Mosaic"


def looks(
    source: ExposureFile, masks: Mapping[int, NDArray[Any]], width: int
) -> tuple[tuple[Look, ...], tuple[bytes, ...]]:
    """Return the look of each ccd, and pictures with flags in colour and without flags (PNG).

    ``masks`` are 1 on sources, by number of the ccd in the file; blank sky is judged where there is
    one. Only one ccd is in memory at a time.
    """
    infos = source.obs.ccds
    factor = block_size(infos, width)
    numbered = enumerate(infos, start=1)
    found = [_seen(shown(source, i.index), masks.get(number), factor) for number, i in numbered]
    seen, coloured, plain = zip(*found, strict=True)
    return seen, (
        encoded(picture(source.obs, coloured)),
        encoded(picture(source.obs, plain, like=coloured)),
    )


def _seen(ccd: Ccd, sources: NDArray[Any] | None, factor: int) -> tuple[Look, Panel, Panel]:
    """Return the look of a ccd, and how it looks from afar with flags and without."""
    return look(ccd, sources), from_afar(ccd, factor), from_afar(ccd, factor, flags=False)


def look(ccd: Ccd, sources: NDArray[Any] | None) -> Look:
    """Return what a ccd shows; ``sources`` is 1 on sources, None where none are known."""
    blank = ccd.dq == 0
    if sources is not None:
        blank &= ~grown(sources > 0, GROW)
    values, sigmas = deviations(ccd, blank)
    level = float(np.median(ccd.sci[blank][::7])) if blank.any() else float("nan")
    ratio = values[sigmas > 0] / sigmas[sigmas > 0]
    judged = sources is not None and ratio.size > 0
    density = np.histogram(ratio, BINS, density=True)[0] if judged else np.empty(0)
    return Look(
        ccd.info,
        level=level,
        scatter=median_and_noise(values)[1],
        expected=float(np.median(sigmas)) if ratio.size else None,
        noise=median_and_noise(ratio)[1] if judged else None,
        histogram=tuple(map(float, density)),
        flagged=tuple((f, s) for f in Dq if (s := float(((ccd.dq & np.uint16(f)) > 0).mean()))),
    )


def deviations(ccd: Ccd, blank: Mask) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how far blank pixels lie from their surroundings, and how far they may: 1 sigma.

    A million pixels are enough to know the scatter to a thousandth.
    """
    some = thinned(ccd.sci.shape, 1_000_000)
    sci = np.ascontiguousarray(ccd.sci, np.float32)
    around = sep.Background(sci, mask=~blank, bw=MESH, bh=MESH, fw=1, fh=1).back()
    use = blank[some]
    return (sci - around)[some][use], np.sqrt(np.maximum(ccd.var[some][use], 0))


def grown(mask: Mask, pixels: int) -> Mask:
    """Return a mask that reaches some pixels further in every direction."""
    wide = mask.copy()
    for axis in (0, 1):
        row = np.moveaxis(wide, axis, 0)
        seed = row.copy()
        for step in range(1, pixels + 1):
            row[step:] |= seed[:-step]
            row[:-step] |= seed[step:]
    return wide
