"""Recipes: which steps, in which order, for which files."""

import difflib
from collections.abc import Set as AbstractSet

from ..errors import UsageError
from ..gmos.purposes import DEFAULT_RECIPES, purpose
from ..recipe import Recipe
from .bias import bias
from .flat import flat
from .fringe import fringe
from .science import align_and_stack, mosaic, no_stack, separate_ccds, separate_ccds_central

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        bias,
        flat,
        fringe,
        mosaic,
        separate_ccds,
        separate_ccds_central,
        no_stack,
        align_and_stack,
    )
}
"""Recipes by the names that observers know."""


def default_recipe(tags: AbstractSet[str]) -> Recipe | None:
    """Return the recipe that files with these tags ask for, or None."""
    what = purpose(tags)
    return None if what is None else RECIPES[DEFAULT_RECIPES[what]]


def recipe_named(name: str) -> Recipe:
    """Return a recipe by its name. Raises UsageError with the nearest names."""
    if name in RECIPES:
        return RECIPES[name]
    close = difflib.get_close_matches(name, RECIPES, n=3, cutoff=0.4)
    known = " or ".join(close) if close else ", ".join(RECIPES)
    raise UsageError(f"no recipe {name!r}", hint=f"did you mean {known}?")
