"""Show the parameters of steps for a file."""

import sys
from collections.abc import Iterable, Sequence
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError, nearest
from .common import Command, version_option, wants_colour, write
from .file_recipes import file_argument, form_option, recipe_option, recipes_for
from .render import form_for, rows
from .words import STEP

if TYPE_CHECKING:
    from ..recipe import Recipe
    from ..step import Parameter, Step

COLUMNS = ("step", "parameter", "value", "default", "type", "allowed", "meaning")


@click.command(cls=Command)
@file_argument
@click.argument("primitives", nargs=-1, type=STEP, metavar="[PRIMITIVE]...")
@recipe_option
@click.option("-a", "--all", "every", is_flag=True, help="Look into all recipes that fit.")
@click.option("-d", "--doc", is_flag=True, help="Show the whole text about each step as well.")
@form_option
@version_option
def showpars(
    *,
    file: Path,
    primitives: tuple[str, ...],
    name: str | None,
    every: bool,
    doc: bool,
    form: str | None,
) -> None:
    """Show the parameters of each PRIMITIVE, or step, with which FILE is reduced.

    \b
        showpars raw/N20220627S0115.fits stackFrames
        showpars raw/N20220627S0115.fits
        showpars raw/N20220627S0115.fits measure_sources | cut -f 2,3

    Without PRIMITIVE, those of all steps of the recipe are shown. A line has the step, the
    parameter, its value in this recipe, its default, its type, the values that are allowed, and its
    meaning. Set it with reduce -p STEP:PARAMETER=VALUE.
    """
    recipes = recipes_for(file, name)
    steps = _chosen(recipes, primitives, every=every)
    form = form_for(form, people="text")
    if form == "text":
        write("\n".join(_told(step, whole=doc) for step in steps))
        return
    with rows(form, COLUMNS, header=form == "csv") as put:
        for step in steps:
            for parameter in step.parameters.values():
                put([step.name, parameter.name, *_facts(step, parameter)])


def _chosen(recipes: "Sequence[Recipe]", names: Sequence[str], *, every: bool) -> "list[Step]":
    """Return the steps of these names in the first recipe that has them, or in every one.

    Without names, all steps that have parameters. Raises UsageError for a name that none of the
    recipes knows.
    """
    if not names:
        own = recipes if every else recipes[:1]
        return _unlike(step for recipe in own for step in recipe if step.parameters)
    found = []
    for name in names:
        having = [recipe for recipe in recipes if recipe.find(name)]
        if not having:
            steps = [step for recipe in recipes for step in recipe]
            known = [word for step in steps for word in (step.name, step.primitive)]
            hints = filter(None, (nearest(name, known), "showrecipes FILE shows all steps"))
            raise UsageError(f"unknown primitive {name!r}", hint=" ".join(hints))
        chosen = having if every else having[:1]
        found += [s for recipe in chosen for s in recipe if name in (s.name, s.primitive)]
    return _unlike(found)


def _unlike(steps: "Iterable[Step]") -> "list[Step]":
    """Return the steps in their order, without those that are there already with equal values."""
    unlike: list[Step] = []
    for step in steps:
        if not any(step.name == s.name and step.values() == s.values() for s in unlike):
            unlike.append(step)
    return unlike


def _facts(step: "Step", parameter: "Parameter") -> tuple[str, str, str, str, str]:
    """Return value, default, type, what is allowed, and meaning."""
    value = step.values()[parameter.name]
    kind = _type_name(parameter.type)
    return str(value), str(parameter.default), kind, parameter.allowed, parameter.doc


def _type_name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _told(step: "Step", *, whole: bool) -> str:
    """Return a paragraph about a step and its parameters."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if wants_colour(sys.stdout) else ("", "")
    doc = getdoc(step.function) or ""
    about = doc.splitlines() if whole else doc.splitlines()[:1]
    lines = [f"{bold}{step.name}{plain} ({step.primitive})"]
    lines += [f"    {line}".rstrip() for line in about]
    cells = []
    for parameter in step.parameters.values():
        value, default, kind, allowed, doc = _facts(step, parameter)
        usual = f"; default {default}" if default != value else ""
        cells.append((parameter.name, value, f"{doc} ({allowed or kind}{usual})"))
    names = max((len(name) for name, _, _ in cells), default=0)
    values = max((len(value) for _, value, _ in cells), default=0)
    told = [f"    {name:<{names}} = {value:<{values}}  {text}" for name, value, text in cells]
    return "\n".join([*lines, "", *(told or ["    nothing to set"]), ""])
