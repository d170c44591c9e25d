"""What is read of each chip, and by which amplifier."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..gmos.detectors import OVERSCAN_WIDTH, AmpLayout, Chip
from ..section import Section
from .night import Night


@dataclass(frozen=True)
class AmpArea:
    """The pixels of one amplifier, as its extension of a raw file tells them."""

    amp: AmpLayout
    chip: Chip
    detsec: Section
    """Unbinned, of the detector."""
    ccdsec: Section
    """Unbinned, of the chip."""
    datasec: Section
    """Of the extension's array: light."""
    biassec: Section
    """Of the extension's array: overscan."""


@dataclass(frozen=True)
class CcdArea:
    """The part of one chip that is read: an array of binned pixels."""

    chip: Chip
    section: Section
    """Unbinned pixels of the chip."""
    binning: tuple[int, int]
    amps: tuple[AmpArea, ...]
    """In the order of raw files."""

    @property
    def shape(self) -> tuple[int, int]:
        """(ny, nx) of the array."""
        binned = self.section.binned(*self.binning)
        return binned.height, binned.width

    @property
    def x(self) -> NDArray[np.float64]:
        """Centres of the columns, in unbinned pixels of the chip."""
        return _centres(self.section.x1, self.shape[1], self.binning[0])

    @property
    def y(self) -> NDArray[np.float64]:
        """Centres of the rows, in unbinned pixels of the chip."""
        return _centres(self.section.y1, self.shape[0], self.binning[1])

    def columns(self, amp: AmpArea) -> slice:
        """Return the columns of the array that the amplifier reads."""
        first = (amp.ccdsec.x1 - self.section.x1) // self.binning[0]
        return slice(first, first + amp.datasec.width)


@cache
def amp_areas(night: Night, region: Section | None = None) -> tuple[AmpArea, ...]:
    """Return the amplifiers that read a region (by default the night's), in raw-file order."""
    roi = night.region if region is None else region
    areas = (_amp_area(night, amp, roi) for amp in night.array.amps)
    return tuple(area for area in areas if area is not None)


@cache
def ccd_areas(night: Night, region: Section | None = None) -> tuple[CcdArea, ...]:
    """Return what is read of each chip; chips outside the region are left out."""
    areas = []
    for chip in night.array.chips:
        amps = tuple(amp for amp in amp_areas(night, region) if amp.chip is chip)
        if amps:
            section = amps[0].ccdsec
            for amp in amps:
                section = section.joined(amp.ccdsec)
            areas.append(CcdArea(chip, section, night.binning, amps))
    return tuple(areas)


def whole_chips(night: Night) -> tuple[CcdArea, ...]:
    """Return the three chips in full, whatever the region: what lasts is drawn on these."""
    width, height = night.array.chip_size
    return ccd_areas(night, Section(0, 3 * width, 0, height))


def _amp_area(night: Night, amp: AmpLayout, roi: Section) -> AmpArea | None:
    detsec = Section(amp.x1, amp.x2, 0, night.array.chip_size[1]).overlap(roi)
    if detsec is None:
        return None
    chip = max((c for c in night.array.chips if c.origin[0] <= amp.x1), key=lambda c: c.origin[0])
    size = detsec.binned(*night.binning)
    light, dark = (OVERSCAN_WIDTH, 0) if amp.overscan == "left" else (0, size.width)
    return AmpArea(
        amp,
        chip,
        detsec,
        detsec.moved(-chip.origin[0], -chip.origin[1]),
        Section(light, light + size.width, 0, size.height),
        Section(dark, dark + OVERSCAN_WIDTH, 0, size.height),
    )


def _centres(first: int, count: int, step: int) -> NDArray[np.float64]:
    return np.asarray(first + (np.arange(count) + 0.5) * step - 0.5)
