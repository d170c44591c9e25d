"""Recipes that users write: a Python file for new steps, a TOML file for choices only."""

import runpy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..recipe import Recipe
from ..step import Step
from . import recipe_named


def looks_like_file(name: str) -> bool:
    """Say whether a recipe's name means a file: ``my.py``, ``my.py:deep``, ``my.toml``."""
    return name.partition(":")[0].endswith((".py", ".toml"))


def load(name: str) -> Recipe:
    """Return the recipe in a file.

    ``my.py`` means the Recipe called ``recipe`` in it, ``my.py:deep`` the one called ``deep``.
    Raises UsageError for what is missing or not a recipe.
    """
    file, _, wanted = name.partition(":")
    path = Path(file).expanduser()
    if not path.is_file():
        raise UsageError("no such recipe file", path=path)
    if path.suffix == ".toml":
        return _from_toml(path)
    return _from_python(path, wanted)


def _from_python(path: Path, wanted: str) -> Recipe:
    try:
        names = runpy.run_path(str(path))
    except UsageError:
        raise
    except (Exception, SystemExit) as error:  # the user's own code may raise anything: one line
        raise UsageError(f"{type(error).__name__}: {error}", path=path) from error
    recipes = {key: value for key, value in names.items() if isinstance(value, Recipe)}
    own = wanted or "recipe"
    if own not in recipes:
        found = ", ".join(recipes) or "none"
        raise UsageError(f"defines no recipe called {own!r}; it has: {found}", path=path)
    return recipes[own]


def _from_toml(path: Path) -> Recipe:
    try:
        text = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"not TOML: {error}", path=path) from error
    try:
        _check(text)
        return _edited(recipe_named(text["extends"]), text)
    except UsageError as error:
        raise UsageError(error.message, path=path, hint=error.hint) from error


_KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "extends": (lambda value: isinstance(value, str), "is not the name of a recipe"),
    "without": (
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        'is not a list of steps such as ["register"]',
    ),
    "set": (
        lambda value: isinstance(value, dict) and all(isinstance(v, dict) for v in value.values()),
        "is not made of tables such as [set.register]",
    ),
    "until": (lambda value: isinstance(value, str), "is not the name of a step"),
    "suffix": (lambda value: isinstance(value, str), "is not text"),
}
"""Name in a recipe of choices → whether its value will do, and what is said if it will not."""


def _check(text: dict[str, Any]) -> None:
    """Raise UsageError for a key that means nothing, or that has a value of the wrong kind."""
    unknown = sorted(set(text) - set(_KEYS))
    if unknown:
        raise UsageError(f"unknown key {unknown[0]!r}", hint=f"known: {' '.join(_KEYS)}")
    for key, value in {"extends": None, **text}.items():
        is_right, complaint = _KEYS[key]
        if not is_right(value):
            raise UsageError(f"{key} {complaint}", hint=f"known: {' '.join(_KEYS)}")


def _edited(recipe: Recipe, text: dict[str, Any]) -> Recipe:
    recipe = recipe.without(*text.get("without", ()))
    for step, values in text.get("set", {}).items():
        recipe = recipe.set(step, "recipe", **_typed(recipe[step], values))
    if "until" in text:
        recipe = recipe.until(text["until"])
    return recipe.named(recipe.name, suffix=text["suffix"]) if "suffix" in text else recipe


def _typed(step: Step, values: dict[str, Any]) -> dict[str, Any]:
    """Return values as the step's parameters want them; those of unknown names as they are."""
    known = step.parameters
    return {
        name: known[name].convert(str(value)) if name in known else value
        for name, value in values.items()
    }
