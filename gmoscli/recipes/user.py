"""Recipes that users write: a Python file for new steps, a TOML file for choices only."""

import runpy
import tomllib
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..recipe import Recipe
from . import recipe_named


def looks_like_file(name: str) -> bool:
    """Say whether a recipe's name means a file: ``my.py``, ``my.py:deep``, ``my.toml``."""
    return name.partition(":")[0].endswith((".py", ".toml"))


def load(name: str) -> Recipe:
    """Return the recipe in a file.

    ``my.py`` holds one Recipe, or one called ``recipe``; ``my.py:deep`` names another. Raises
    UsageError for what is missing or no recipe.
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
    except Exception as error:  # the user's own code may raise anything; it is named, in one line
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
    unknown = set(text) - {"extends", "without", "set", "until", "suffix"}
    if unknown or not isinstance(text.get("extends"), str):
        what = f"unknown key {sorted(unknown)[0]!r}" if unknown else "extends names no recipe"
        raise UsageError(what, path=path, hint="known: extends without set until suffix")
    try:
        return _edited(recipe_named(text["extends"]), text)
    except UsageError as error:
        raise UsageError(error.message, path=path, hint=error.hint) from error


def _edited(recipe: Recipe, text: dict[str, Any]) -> Recipe:
    recipe = recipe.without(*text.get("without", ()))
    for step, values in text.get("set", {}).items():
        recipe = recipe.set(step, "recipe", **values)
    if "until" in text:
        recipe = recipe.until(text["until"])
    return recipe.named(recipe.name, suffix=text["suffix"]) if "suffix" in text else recipe
