"""Which recipes a file can be reduced with."""

from collections.abc import Set as AbstractSet

from ..recipe import Recipe
from . import RECIPES, default_recipe


def fitting(tags: AbstractSet[str]) -> list[Recipe]:
    """Return the recipes for files with these tags, the default one first."""
    default = default_recipe(tags)
    found = [recipe for recipe in RECIPES.values() if _fits(recipe, tags)]
    return sorted(found, key=lambda recipe: recipe is not default)


def _fits(recipe: Recipe, tags: AbstractSet[str]) -> bool:
    if recipe.begins_raw == ("PROCESSED" in tags) or "THRUSLIT" in tags:
        return False
    if recipe.kind in ("bias", "flat"):
        return recipe.kind.upper() in tags
    return "IMAGE" in tags and "CAL" not in tags
