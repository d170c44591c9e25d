"""Take away the bias pattern; turn counts into electrons."""

import numpy as np

from ..frame import Ccd, MasterNoise
from ..step import step
from .noise import usual_variance


@step("biasCorrect")
def subtract_bias(ccd: Ccd, bias: Ccd) -> Ccd:
    """Subtract the master bias, with its variance and flags."""
    masters = MasterNoise(constant=usual_variance(bias))
    return ccd.with_planes(
        sci=ccd.sci - bias.sci,
        var=ccd.var + bias.var,
        dq=ccd.dq | bias.dq,
    ).with_info(masters=masters)


@step("ADUToElectrons")
def to_electrons(ccd: Ccd) -> Ccd:
    """Multiply by each amplifier's gain; its levels go along, once."""
    gain = ccd.per_column({amp.name: amp.gain for amp in ccd.info.amps})
    amps = tuple(amp.scaled(amp.gain) for amp in ccd.info.amps)
    masters = ccd.info.masters.scaled(float(gain.mean()))
    electrons = ccd.with_planes(sci=ccd.sci * gain, var=ccd.var * np.square(gain))
    return electrons.with_info(amps=amps, unit="electron", masters=masters)
