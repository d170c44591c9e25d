"""Steps: plain functions that the engine can read.

A step's first parameter is what it works on. Other positional parameters are what the engine must
bring: a calibration of that name, or the observation (``obs``). Keyword-only parameters are what a
user may set. The scope follows from the annotations of the first parameter and the result.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from typing import Annotated, Any, get_args, get_origin, get_type_hints, overload

from .band import Deep, Planes, Strips
from .errors import UsageError
from .frame import Ccd, Exposure, Observation, RawCcd


class Scope(Enum):
    """What a step sees."""

    CCD = "each ccd of each frame"
    EXPOSURE = "each frame"
    SET = "all frames, without pixels"
    BAND = "a band of rows of one ccd, all frames deep"


_SCOPES: dict[Any, Scope] = {
    RawCcd: Scope.CCD,
    Ccd: Scope.CCD,
    Exposure: Scope.EXPOSURE,
    Sequence[Observation]: Scope.SET,
    Strips: Scope.BAND,
    Deep: Scope.BAND,
    Planes: Scope.BAND,
}

CALIBRATIONS = ("bpm", "bias", "flat", "fringe")
"""Names of parameters that the engine fills with a stored calibration of that kind."""


@dataclass(frozen=True)
class Parameter:
    """One thing a user may set on a step."""

    name: str
    type: Any
    default: Any
    doc: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()

    def convert(self, text: str) -> Any:
        """Return the value that a user wrote, checked. Raises UsageError."""
        value = _converted(self.type, text, self.name)
        return self.check(value)

    def check(self, value: Any) -> Any:
        """Return the value if it is allowed. Raises UsageError."""
        if self.choices and value not in self.choices:
            allowed = ", ".join(str(c) for c in self.choices)
            raise UsageError(f"{self.name}={value}: must be one of {allowed}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            below = self.low is not None and value < self.low
            above = self.high is not None and value > self.high
            if below or above:
                raise UsageError(f"{self.name}={value}: must be {self.allowed}")
        return value

    @property
    def allowed(self) -> str:
        """Return the allowed values in words; empty when anything of the type goes."""
        if self.choices:
            return "one of " + ", ".join(str(c) for c in self.choices)
        if self.low is not None and self.high is not None:
            return f"from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"{self.low:g} or more"
        return "" if self.high is None else f"{self.high:g} or less"


@dataclass(frozen=True)
class Range:
    """Allowed range of a parameter, for its annotation."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Choice:
    """Allowed values of a parameter, for its annotation."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Step:
    """A function with what its signature says; still callable as the function it is."""

    function: Callable[..., Any]
    primitive: str
    takes: Any
    gives: Any
    needs: tuple[str, ...]
    parameters: dict[str, Parameter]
    halo: int = 0
    """Of a band: rows that the step looks at beyond it, on both sides."""
    aside: int | None = None
    """Of a band: columns that it looks at beside a pixel, on both sides; None: perhaps all."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Values that differ from the defaults of the signature."""
    origins: dict[str, str] = field(default_factory=dict)
    """Where each of those came from: recipe, configuration, command line."""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def doc(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def scope(self) -> Scope:
        """What the step sees."""
        return _SCOPES[self.takes]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function, with the parameters that were set."""
        return self.function(*args, **{**self.settings, **kwargs})

    def set(self, origin: str = "recipe", /, **values: Any) -> "Step":
        """Return the step with parameters set. Raises UsageError for unknown or bad ones."""
        for name, value in values.items():
            if name not in self.parameters:
                raise UsageError(
                    f"{self.name} has no parameter {name!r}",
                    hint=f"it has: {', '.join(self.parameters) or 'none'}",
                )
            self.parameters[name].check(value)
        return replace(
            self,
            settings={**self.settings, **values},
            origins={**self.origins, **dict.fromkeys(values, origin)},
        )

    def values(self) -> dict[str, Any]:
        """Return every parameter's effective value."""
        return {name: self.settings.get(name, p.default) for name, p in self.parameters.items()}


@overload
def step(
    primitive: str, *, halo: int = 0, aside: int | None = None
) -> Callable[[Callable[..., Any]], Step]: ...


@overload
def step(primitive: Callable[..., Any]) -> Step: ...


def step(
    primitive: str | Callable[..., Any], *, halo: int = 0, aside: int | None = None
) -> Step | Callable[[Callable[..., Any]], Step]:
    """Make a function a step: ``@step("itsPrimitive")``, or ``@step`` where no primitive is known.

    ``halo`` is how many rows a step on bands looks at beyond its band, on both sides, ``aside`` how
    many columns beside a pixel; without it bands are whole rows.

    Raises TypeError when the signature says nothing that the engine can use.
    """
    if isinstance(primitive, str):
        return partial(_read, primitive, halo=halo, aside=aside)
    return _read(primitive.__name__, primitive)


def _read(
    primitive: str, function: Callable[..., Any], *, halo: int = 0, aside: int | None = None
) -> Step:
    hints = get_type_hints(function, include_extras=True)
    all_of_them = inspect.signature(function).parameters.values()
    optional = [p for p in all_of_them if p.kind is p.KEYWORD_ONLY]
    first, *needs = [p.name for p in all_of_them if p.kind is not p.KEYWORD_ONLY] or [""]
    for name in (first, *(p.name for p in optional), "return"):
        if name not in hints:
            raise TypeError(f"{function.__name__}: no annotation of {name or 'a first parameter'}")
    takes, gives = hints[first], hints["return"]
    if takes not in _SCOPES:
        raise TypeError(f"{function.__name__}: a step cannot work on {takes}")
    parameters = {p.name: _parameter(p, hints[p.name]) for p in optional}
    return Step(function, primitive, takes, gives, tuple(needs), parameters, halo, aside)


def _parameter(p: inspect.Parameter, hint: Any) -> Parameter:
    kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    span = next((n for n in notes if isinstance(n, Range)), Range())
    choice = next((n for n in notes if isinstance(n, Choice)), Choice(()))
    doc = next((n for n in notes if isinstance(n, str)), "")
    return Parameter(p.name, kind, p.default, doc, span.low, span.high, choice.values)


_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _converted(kind: Any, text: str, name: str) -> Any:
    kinds = get_args(kind) or (kind,)
    if type(None) in kinds and text.lower() == "none":
        return None
    for one in (k for k in kinds if k is not type(None)):
        if one is bool:
            if text.lower() in _BOOLEANS:
                return _BOOLEANS[text.lower()]
            continue
        try:
            return one(text)
        except ValueError:
            continue
    words = " or ".join("None" if k is type(None) else k.__name__ for k in kinds)
    raise UsageError(f"{name}={text}: not a value of type {words}")
