"""Recipes: a tuple of steps, edited and never copied."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from .band import Deep, Planes, Strips
from .errors import UsageError, nearest
from .frame import Ccd, Exposure, Observation, RawCcd
from .step import CALIBRATIONS, Scope, Step

STAGE = "stage"
"""Kind of what is written half-way: neither a calibration nor a science product."""

# What a step may find on the way through a recipe, by what the step before it left.
_FITS: dict[Any, tuple[Any, ...]] = {
    RawCcd: (RawCcd,),
    Ccd: (Ccd, Exposure, Sequence[Observation], Strips, Deep),
    Strips: (Strips,),
    Deep: (Deep,),
}
_LEAVES: dict[Any, Any] = {Exposure: Ccd, Sequence[Observation]: Ccd, Planes: Ccd}


@dataclass(frozen=True)
class Recipe:
    """Steps in order, with the name that observers know and the mark of the product.

    Raises UsageError when written with a step that cannot work on what the one before it leaves.
    """

    name: str
    steps: tuple[Step, ...]
    suffix: str = "_image"
    kind: str = ""
    """Kind of calibration that it makes, or STAGE; empty for science."""
    draft: "Recipe | None" = None
    """Makes a first product, which the steps ask for as a calibration of its kind."""
    each: str = ""
    """The step from which on every frame goes alone, to a product of its own; empty if none."""

    def __post_init__(self) -> None:
        state = self.steps[0].takes if self.steps else Ccd
        state = _LEAVES.get(state, state)
        for step in self.steps:
            if step.takes not in _FITS[state]:
                raise UsageError(
                    f"recipe {self.name}: {step.name} works on {_word(step.takes)}"
                    f" but finds {_word(state)}"
                )
            state = _LEAVES.get(step.gives, step.gives)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __getitem__(self, name: str) -> Step:
        return self.steps[self._index(name)]

    def named(self, name: str, **changes: Any) -> "Recipe":
        """Return the recipe under another name (and suffix, or kind)."""
        return replace(self, name=name, **changes)

    def without(self, *names: str) -> "Recipe":
        """Return the recipe without some of its steps."""
        gone = {self._index(name) for name in names}
        return replace(self, steps=tuple(s for i, s in enumerate(self.steps) if i not in gone))

    def after(self, name: str, *steps: Step) -> "Recipe":
        """Return the recipe with steps put in behind the named one."""
        return self._spliced(self._index(name) + 1, 0, steps)

    def before(self, name: str, *steps: Step) -> "Recipe":
        """Return the recipe with steps put in before the named one."""
        return self._spliced(self._index(name), 0, steps)

    def instead(self, name: str, *steps: Step) -> "Recipe":
        """Return the recipe with other steps in place of the named one."""
        return self._spliced(self._index(name), 1, steps)

    def until(self, name: str) -> "Recipe":
        """Return the recipe's beginning, up to and with the named step."""
        return replace(self, steps=self.steps[: self._index(name) + 1])

    def then(self, *steps: Step) -> "Recipe":
        """Return the recipe with steps at its end."""
        return replace(self, steps=self.steps + steps)

    def set(self, name: str, origin: str = "recipe", /, **values: Any) -> "Recipe":
        """Return the recipe with parameters of one step set. Raises UsageError."""
        i = self._index(name)
        return self._spliced(i, 1, (self.steps[i].set(origin, **values),))

    @property
    def begins_raw(self) -> bool:
        """Whether frames must have their overscan still."""
        return bool(self.steps) and self.steps[0].takes is RawCcd

    @property
    def calibrations(self) -> tuple[str, ...]:
        """Kinds of stored calibrations that the steps ask for, in order."""
        drafted = self.draft.kind if self.draft else None
        asked = (need for step in self.steps for need in step.needs if need in CALIBRATIONS)
        return tuple(kind for kind in dict.fromkeys(asked) if kind != drafted)

    @property
    def stacks(self) -> bool:
        """Whether all frames become one product."""
        return not self.each and any(step.scope is Scope.BAND for step in self.steps)

    def passes(self) -> list[tuple[Scope, tuple[Step, ...]]]:
        """Return neighbours that share one reading of the pixels; frames part between passes."""
        begin = self._index(self.each) if self.find(self.each) else len(self.steps)
        numbered = groupby(enumerate(self.steps), lambda one: (one[1].scope, one[0] >= begin))
        return [(scope, tuple(step for _, step in run)) for (scope, _), run in numbered]

    def find(self, name: str) -> Step | None:
        """Return the step of that name or primitive, or None."""
        return next((s for s in self.steps if name in (s.name, s.primitive)), None)

    def _index(self, name: str) -> int:
        for i, step in enumerate(self.steps):
            if name in (step.name, step.primitive):
                return i
        known = [word for step in self.steps for word in (step.name, step.primitive)]
        hint = nearest(name, known) or "showrecipes -r RECIPE FILE shows all steps"
        raise UsageError(f"recipe {self.name} has no step {name!r}", hint=hint)

    def _spliced(self, at: int, drop: int, steps: tuple[Step, ...]) -> "Recipe":
        return replace(self, steps=self.steps[:at] + steps + self.steps[at + drop :])


def _word(kind: Any) -> str:
    return {
        RawCcd: "raw ccds",
        Ccd: "ccds",
        Exposure: "exposures",
        Strips: "frames on their own pixels",
        Deep: "frames on one grid",
        Planes: "a finished stack",
    }.get(kind, "observations")
