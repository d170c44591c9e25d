"""Reduce science frames with a clock at each step: steps.py FILE...

Prints a JSON object: pixels of all frames together, seconds in all, and seconds by step. One
process, so that steps do not disturb each other.
"""

import functools
import json
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from gmoscli.checksums import Checksums
from gmoscli.recipe import Recipe
from gmoscli.recipes import recipe_named
from gmoscli.reductions import reduced
from gmoscli.request import Request
from gmoscli.session import prepared, resources, settings_here
from gmoscli.step import Step


def main() -> None:
    """Reduce the files named on the command line."""
    seconds: dict[str, float] = defaultdict(float)
    pixels: dict[str, float] = defaultdict(float)
    recipe = clocked(recipe_named("reduceSeparateCCDs"), seconds, pixels)
    settings = settings_here()
    plan, keepers = prepared(Request(tuple(map(Path, sys.argv[1:])), recipe), settings, print)
    begun = time.perf_counter()
    for _ in reduced(plan, replace(resources(settings), jobs=1), keepers, Checksums()):
        pass
    total = time.perf_counter() - begun
    print(json.dumps({"total": total, "seconds": seconds, "pixels": max(pixels.values())}))


def clocked(recipe: Recipe, seconds: dict[str, float], pixels: dict[str, float]) -> Recipe:
    """Return the recipe with steps that add their time, and the pixels they give back."""

    def with_clock(step: Step) -> Step:
        @functools.wraps(step.function)
        def function(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            result = step.function(*args, **kwargs)
            seconds[step.name] += time.perf_counter() - begun
            sci = getattr(result, "sci", None)
            if sci is not None:
                pixels[step.name] += sci.size
            return result

        return replace(step, function=function)

    return replace(recipe, steps=tuple(map(with_clock, recipe)))


if __name__ == "__main__":
    main()
