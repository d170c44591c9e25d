"""What raw files are for, and the recipe that makes it of them, by name: no steps are loaded."""

from collections.abc import Set as AbstractSet

DEFAULT_RECIPES = {
    "bias": "makeProcessedBias",
    "flat": "makeProcessedFlat",
    "fringe": "makeProcessedFringe",
    "science": "reduce",
}
"""What is made of raw files → the recipe that makes it unless another is asked for."""

STACKING = ("reduce", "reduceSeparateCCDs", "reduceSeparateCCDsCentral")
"""Recipes that make one stack of raw science frames."""

_PURPOSES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"BIAS"}), "bias"),
    (frozenset({"FLAT", "IMAGE"}), "flat"),
    (frozenset({"IMAGE"}), "science"),
)


def purpose(tags: AbstractSet[str]) -> str | None:
    """Return what files of these tags are for, ``bias flat science``, or None."""
    if "PROCESSED" in tags or "THRUSLIT" in tags:
        return None
    return next((what for needed, what in _PURPOSES if needed <= tags), None)
