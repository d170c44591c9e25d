"""Words about reductions that the shell can complete: recipes, steps, their parameters."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from ..step import Step


class Word(click.ParamType[str]):
    """Text that is taken as it is, and completed from what is known.

    What is not known may be a file's name, if there are ``files``; behind a known word that ends
    in a colon one begins.
    """

    def __init__(self, name: str, known: Callable[[], Iterable[str]], *, files: bool = False):
        self.name = name
        self.known = known
        self.files = files

    def shell_complete(
        self, _: click.Context, __: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the known words that begin with what is typed, else where a path begins."""
        known = list(self.known())
        for word in known:
            if word.endswith(":") and incomplete.startswith(word):
                return [CompletionItem(incomplete.removeprefix(word), type="file")]
        words = [CompletionItem(word) for word in known if word.startswith(incomplete)]
        return words or [CompletionItem(incomplete, type="file")] * self.files


def all_steps() -> "Iterator[Step]":
    """Yield the steps of all recipes."""
    from ..recipes import RECIPES

    for recipe in RECIPES.values():
        yield from recipe


def _recipes() -> Iterable[str]:
    from ..recipes import RECIPES

    return RECIPES


def _steps() -> Iterable[str]:
    return sorted({word for step in all_steps() for word in (step.name, step.primitive)})


def _parameters() -> Iterable[str]:
    return sorted(
        {
            f"{word}:{name}="
            for step in all_steps()
            for word in (step.name, step.primitive)
            for name in step.parameters
        }
    )


def _kinds() -> Iterable[str]:
    from ..caldb.rules import KINDS

    return [f"processed_{kind}:" for kind in KINDS]


RECIPE = Word("recipe", _recipes, files=True)
"""A recipe's name, or a file that holds one."""
STEP = Word("step", _steps)
"""A step, or the primitive that it stands for."""
PARAMETER = Word("parameter", _parameters)
"""``step:name=value``."""
CALIBRATION = Word("calibration", _kinds)
"""``KIND:FILE``."""
