"""What tells the three chips apart: where they really lie, and how they see colours."""

from dataclasses import replace
from functools import cache

from ..gmos.detectors import Chip
from .effects import Effects
from .night import Night
from .seeds import generator

_ROTATION_PER_PIXEL = 0.003  # degrees that a chip turns for each pixel it is displaced, typically


@cache
def true_chips(night: Night, effects: Effects) -> tuple[Chip, Chip, Chip]:
    """Return the chips where they really lie; chip 2 is the reference and never off."""
    one, two, three = night.array.chips
    if not effects.chip_placement:
        return one, two, three
    return _displaced(night, one), two, _displaced(night, three)


def sensitivity(night: Night, effects: Effects, index: int) -> float:
    """Return a chip's response to light of colour 0, over that of chip 2."""
    return night.qe[index - 1] if effects.qe else 1.0


def colour_term(night: Night, effects: Effects, index: int) -> float:
    """Return by how many magnitudes light of colour 1 looks fainter than that of colour 0."""
    return night.colour_terms[index - 1] if effects.colour_terms else 0.0


def _displaced(night: Night, chip: Chip) -> Chip:
    rng = generator(night.seed, "placement", chip.index)
    dx, dy, turn = (night.placement_error * rng.standard_normal(3)).tolist()
    x, y = chip.shift
    turned = chip.rotation + _ROTATION_PER_PIXEL * turn
    return replace(chip, shift=(x + dx, y + dy), rotation=turned)
