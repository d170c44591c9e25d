"""What a reduction will do, in words: recipe, parameters and their origin, files, products."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..sizes import size_text

if TYPE_CHECKING:
    from ..recipe import Recipe
    from ..reductions import Resources
    from ..request import Plan


def recipe_lines(recipe: "Recipe") -> Iterator[str]:
    """Yield the passes of a recipe, a step a line, with its calibrations and parameters."""
    names = max(len(step.name) for step in recipe)
    primitives = max(len(step.primitive) for step in recipe)
    for number, (scope, steps) in enumerate(recipe.passes(), start=1):
        yield f"pass {number}: {scope.value}"
        for step in steps:
            needs = " ".join(need for need in step.needs if need != "obs")
            values = " ".join(
                f"{name}={value}" + (f" ({step.origins[name]})" if name in step.origins else "")
                for name, value in step.values().items()
            )
            line = f"  {step.name:<{names}}  {step.primitive:<{primitives}}  {needs:<4}  {values}"
            yield line.rstrip()


def plan_lines(plan: "Plan", resources: "Resources") -> Iterator[str]:
    """Yield the whole plan of a reduction."""
    yield f"recipe {plan.recipe.name}"
    yield from recipe_lines(plan.recipe)
    yield "files"
    for frame in plan.frames:
        yield f"  {frame.path}"
        for kind in plan.recipe.calibrations:
            path = plan.chosen.get((frame.path, kind)) if frame.path else None
            yield f"    {kind:<6} {path or 'none'}"
    memory = "as needed" if resources.memory is None else size_text(resources.memory)
    yield f"resources: {resources.jobs} jobs, memory {memory}"
    yield "products"
    for path in plan.outputs:
        yield f"  {path}"
