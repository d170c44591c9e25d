"""Choose a recipe and set its parameters, by what files are and by what observers ask for."""

from collections.abc import Collection, Mapping, Sequence

from ..caldb.rules import kinds_for
from ..errors import ReductionError, UsageError, nearest, quoted
from ..fits import Headers
from ..gmos.tags import tags_of
from ..recipe import Recipe
from ..recipes import RECIPES, default_recipe, recipe_named
from ..recipes.alone import alone
from ..recipes.generic import SKIP, is_true


def chosen_recipe(
    asked: str | Recipe | None,
    first: Headers,
    configured: Mapping[str, object],
    params: Mapping[str, str],
) -> Recipe:
    """Return the recipe asked for, or that which a file's tags ask for, with its parameters set.

    Those of the command line go before those of the configuration.
    """
    recipe = asked if isinstance(asked, Recipe) else _by_name(asked, first)
    texts = {name.replace(".", ":"): str(value) for name, value in configured.items()}
    recipe = with_params(recipe, texts, "configuration", strict=False)
    return with_params(recipe, params, "command line", strict=True)


def _by_name(name: str | None, first: Headers) -> Recipe:
    """Return the recipe of a name, or the steps of that name alone."""
    if name is not None:
        step = None if name in RECIPES else alone(name, tags_of(first))
        return step or recipe_named(name)
    tags = tags_of(first)
    found = default_recipe(tags)
    if found is None:
        raise ReductionError(
            f"no recipe for a file with tags {' '.join(sorted(tags))}",
            path=first.path,
            hint=_instead(tags, first),
        )
    return found


def _instead(tags: Collection[str], file: Headers) -> str | None:
    """Return what to do with a file that no recipe is for."""
    if "BPM" in tags and file.path is not None:
        return f"caldb add {quoted(file.path)} lets all frames that it fits have this mask"
    if "PROCESSED" in tags:
        return "recipes begin with raw files; provenance tells how this one was made"
    return None


def with_params(recipe: Recipe, params: Mapping[str, str], origin: str, strict: bool) -> Recipe:
    """Return the recipe with parameters set from text.

    ``step:name`` sets one step, ``name`` every step that has it; ``step:skip_primitive`` leaves a
    step out. Raises UsageError for a name that nothing has (unless not ``strict``: a configuration
    serves many recipes) and for bad values.
    """
    for key, text in params.items():
        target, _, name = key.rpartition(":")
        steps = [s for s in recipe if not target or target in (s.name, s.primitive)]
        if target and steps and name == SKIP:
            if is_true(key, text):
                recipe = recipe.without(*(step.name for step in steps))
            continue
        having = [s for s in steps if name in s.parameters]
        if not having and strict:
            raise _unknown(recipe, target, name, bool(steps))
        for step in having:
            try:
                value = step.parameters[name].convert(text)
            except UsageError as error:
                hint = None if strict else "caldb config shows where the configuration is"
                raise UsageError(f"{step.name}:{error.message}", hint=hint) from None
            recipe = recipe.set(step.name, origin, **{name: value})
    return recipe


def _unknown(recipe: Recipe, target: str, name: str, step_known: bool) -> UsageError:
    if not step_known:
        known = [word for step in recipe for word in (step.name, step.primitive)]
        hint = nearest(target, known) or "showrecipes -r RECIPE FILE shows all steps"
        message = f"recipe {recipe.name} has no step {target!r}"
    else:
        steps = [s for s in recipe if not target or target in (s.name, s.primitive)]
        known = sorted({word for step in steps for word in step.parameters})
        hint = nearest(name, known) or "showpars -r RECIPE FILE shows what can be set"
        where = f"step {target}" if target else f"any step of {recipe.name}"
        message = f"no parameter {name!r} in {where}"
    return UsageError(message, hint=_ELSEWHERE.get(name, hint))


_ELSEWHERE = {
    "do_cal": "-p STEP:skip_primitive=True leaves a step out",
    "static_bpm": "--user-cal processed_bpm:FILE gives the mask",
    **{
        kind: f"--user-cal processed_{kind}:FILE gives the {kind}"
        for kind in ("bias", "flat", "fringe")
    },
}
"""Parameters that steps have in DRAGONS → what does the same here."""


def without_needless(recipe: Recipe, frames: Sequence[Headers], given: Collection[str]) -> Recipe:
    """Return the recipe without the fringe correction where images show no fringes.

    A fringe frame that is given by hand, and so among the kinds ``given``, is used all the same.
    """
    correction = recipe.find("subtract_fringe")
    if (
        correction is None
        or "fringe" in given
        or any("fringe" in kinds_for(frame) for frame in frames)
    ):
        return recipe
    return recipe.without(correction.name)
