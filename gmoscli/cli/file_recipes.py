"""The recipes that fit a file, and the options of commands that show them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ReductionError
from .render import FORMATS
from .words import RECIPE

if TYPE_CHECKING:
    from ..recipe import Recipe

file_argument = click.argument("file", type=click.Path(path_type=Path))
recipe_option = click.option(
    "-r",
    "--recipe",
    "--recipename",
    "name",
    type=RECIPE,
    metavar="NAME",
    help="This recipe, or one in a file (my.py, my.py:deep, my.toml). Default: by tags.",
)
form_option = click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(("text", *FORMATS)),
    help="Output format. Default: text on a terminal, tsv in a pipe.",
)


def recipes_for(file: Path, name: str | None) -> "list[Recipe]":
    """Return the recipes for a file, the default first; or only the one that is asked for.

    Raises ReductionError if there is none.
    """
    from ..fits import Headers
    from ..gmos.tags import tags_of
    from ..recipes import recipe_named
    from ..recipes.fitting import fitting
    from ..recipes.user import load, looks_like_file

    tags = tags_of(Headers.open(file))
    if name is not None:
        return [load(name) if looks_like_file(name) else recipe_named(name)]
    if found := fitting(tags):
        return found
    words = f"a file with tags {' '.join(sorted(tags))}" if tags else "a file that is not of GMOS"
    raise ReductionError(f"no recipe for {words}", path=file)
