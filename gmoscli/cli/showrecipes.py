"""Show the recipes that fit a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import Command, version_option, write
from .file_recipes import file_argument, form_option, recipe_option, recipes_for
from .render import form_for, rows

if TYPE_CHECKING:
    from ..recipe import Recipe
    from ..step import Step


@click.command(cls=Command)
@file_argument
@recipe_option
@click.option("-a", "--all", "listing", is_flag=True, help="Only list all recipes that fit.")
@form_option
@version_option
def showrecipes(file: Path, name: str | None, listing: bool, form: str | None) -> None:
    """Show the recipe that FILE is reduced with: its steps, in order.

    \b
        showrecipes raw/N20220627S0115.fits
        showrecipes -r reduceSeparateCCDs raw/N20220627S0115.fits
        showrecipes --all raw/N20220627S0115.fits | cut -f 1

    Each line has the pass over the pixels, the step, the primitive it stands for, the calibrations
    it needs, and what it does. Parameters are shown by showpars.
    """
    form = form_for(form, people="text")
    if listing:
        _list(recipes_for(file, name), "table" if form == "text" else form)
        return
    recipe = recipes_for(file, name)[0]
    if form == "text":
        from .explain import recipe_lines

        heading = f"recipe {recipe.name}: the product's name ends with {recipe.suffix}.fits"
        write("".join(f"{line}\n" for line in (heading, *recipe_lines(recipe))))
        return
    columns = ("pass", "step", "primitive", "needs", "meaning")
    with rows(form, columns, header=form == "csv") as put:
        for number, step in _numbered(recipe):
            put([number, step.name, step.primitive, _needs(step), step.doc])


def _list(recipes: "list[Recipe]", form: str) -> None:
    with rows(form, ("recipe", "default", "suffix", "needs"), header=form == "csv") as put:
        for i, recipe in enumerate(recipes):
            default = "yes" if i == 0 else "no"
            put([recipe.name, default, recipe.suffix, " ".join(recipe.calibrations) or None])


def _numbered(recipe: "Recipe") -> "Iterator[tuple[int, Step]]":
    """Yield each step with the number of its pass."""
    for number, (_, steps) in enumerate(recipe.passes(), start=1):
        for step in steps:
            yield number, step


def _needs(step: "Step") -> str | None:
    return " ".join(need for need in step.needs if need != "obs") or None
