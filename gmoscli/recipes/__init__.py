"""Recipes: which steps, in which order, for which files."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from importlib import import_module

from ..errors import unknown
from ..gmos.purposes import DEFAULT_RECIPES, purpose
from ..recipe import Recipe

_PLACES = {
    "makeProcessedBias": ("bias", "bias"),
    "makeProcessedFlat": ("flat", "flat"),
    "makeProcessedFringe": ("fringe", "fringe"),
    "reduce": ("science", "mosaic"),
    "reduceSeparateCCDs": ("science", "separate_ccds"),
    "reduceSeparateCCDsCentral": ("science", "separate_ccds_central"),
    "reduce_nostack": ("science", "no_stack"),
    "alignAndStack": ("science", "align_and_stack"),
}
"""Name of each recipe → its module here, and its name there."""


class _Recipes(Mapping[str, Recipe]):
    """Recipes by name; the steps of one are loaded when it is asked for: a bias needs few."""

    def __getitem__(self, name: str) -> Recipe:
        module, variable = _PLACES[name]
        recipe: Recipe = getattr(import_module(f".{module}", __name__), variable)
        return recipe

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


RECIPES: Mapping[str, Recipe] = _Recipes()
"""Recipes by the names that observers know."""


def default_recipe(tags: AbstractSet[str]) -> Recipe | None:
    """Return the recipe that files with these tags ask for, or None."""
    what = purpose(tags)
    return None if what is None else RECIPES[DEFAULT_RECIPES[what]]


def recipe_named(name: str) -> Recipe:
    """Return a recipe by its name. Raises UsageError with the nearest names."""
    if name in RECIPES:
        return RECIPES[name]
    raise unknown("recipe", name, RECIPES)
