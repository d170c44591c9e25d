"""One step as a recipe: to go on by hand from frames that were written half-way."""

from collections.abc import Set as AbstractSet

from ..band import Planes
from ..errors import UsageError
from ..frame import Ccd, Exposure
from ..recipe import STAGE, Recipe
from . import RECIPES
from .fitting import fitting

_WRITTEN = (Ccd, Exposure, Planes)
"""What can be written when the last step has run; anything else is for further steps."""


def alone(name: str, tags: AbstractSet[str]) -> Recipe | None:
    """Return the recipe that is the steps of this name, or of this primitive, and no other.

    They are set as in the first recipe that has them, of those for files with these tags before
    all others. None where no recipe has such a step. Raises UsageError where they cannot follow
    each other, or leave nothing that a file could hold.
    """
    for recipe in (*fitting(tags), *RECIPES.values()):
        steps = tuple(step for step in recipe if name in (step.name, step.primitive))
        if steps:
            if steps[-1].gives not in _WRITTEN:
                hint = f"showrecipes -r {recipe.name} FILE shows the steps that go with it"
                raise UsageError(f"{name} alone leaves nothing to write", hint=hint)
            return Recipe(name, steps, suffix=f"_{steps[-1].name}", kind=STAGE)
    return None
