"""Flag what cannot be trusted: bad, saturated and unilluminated pixels."""

from dataclasses import replace
from typing import Annotated

import numpy as np

from ..dq import Dq
from ..frame import Ccd, Observation, RawCcd, Readout
from ..geometry import outline_mask
from ..gmos import descriptors
from ..gmos.detectors import ADC_LIMIT, troubles
from ..step import Range, step

FULL = 0.99
"""Share of the full well from which a pixel counts as full: noise and a drifting zero level carry
half of the full pixels below the level itself. The converter's own limit is exact."""


@step("addDQ")
def flag_saturated(
    raw: RawCcd,
    *,
    grow: Annotated[int, "pixels flagged above and below a saturated one", Range(0, 10)] = 1,
) -> RawCcd:
    """Flag raw counts that reach the saturation or the non-linear level of their amplifier.

    The charge of a full pixel spills along its column: the next pixels are flagged with it.
    """
    return replace(raw, readouts=tuple(_judged(r, grow) for r in raw.readouts))


def _judged(readout: Readout, grow: int) -> Readout:
    counts = readout.counts[readout.light.slices]
    amp = readout.amp
    dq = readout.dq
    if amp.nonlinear < amp.saturation:
        dq = dq | (counts >= amp.nonlinear) * np.uint16(Dq.NONLINEAR)
    full = counts >= (1.0 if amp.saturation >= ADC_LIMIT else FULL) * amp.saturation
    if not full.any():
        return replace(readout, dq=dq)
    for _ in range(grow):
        spilt = full.copy()
        spilt[1:] |= full[:-1]
        spilt[:-1] |= full[1:]
        full = spilt
    return replace(readout, dq=dq | full * np.uint16(Dq.SATURATED))


@step("addDQ")
def flag_bad_pixels(ccd: Ccd, bpm: Ccd | None) -> Ccd:
    """Add the flags of the static bad pixel mask, bit by bit; without a mask nothing changes."""
    return ccd if bpm is None else ccd.with_planes(dq=ccd.dq | bpm.dq)


@step("maskFaultyAmp")
def flag_failed_amps(ccd: Ccd, obs: Observation) -> Ccd:
    """Flag the amplifiers that had failed on the date of the exposure."""
    day = descriptors.ut_date(obs.headers)
    failed = {
        name for trouble in troubles(obs.detector, day, ccd.info.binning) for name in trouble.amps
    }
    dq = ccd.dq
    for amp in ccd.info.amps:
        if amp.name in failed:
            dq = dq.copy()
            dq[:, amp.columns] |= np.uint16(Dq.BAD)
    return ccd.with_planes(dq=dq)


@step("addIllumMaskToDQ")
def flag_unilluminated(ccd: Ccd, obs: Observation) -> Ccd:
    """Flag pixels outside the field of view, by its outline in the detector table."""
    chip = obs.detector.chips[ccd.info.index - 1]
    section = ccd.info.section.moved(*chip.origin)
    dark = outline_mask(obs.detector.outline, section, ccd.info.binning)
    return ccd.with_planes(dq=ccd.dq | dark * np.uint16(Dq.UNILLUMINATED))
