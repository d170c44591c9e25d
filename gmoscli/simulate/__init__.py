"""A forward model of GMOS imaging nights: truth in, raw files out, a switch per effect.

``simulate(Night(...), Effects(...), folder)`` writes a night, ``expose`` makes one exposure in
memory together with the noiseless truth behind it. Both are loaded when first asked for, so that
describing a night costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .effects import Effects
from .night import Night

if TYPE_CHECKING:
    from .exposure import expose
    from .produce import simulate

__all__ = ["Effects", "Night", "expose", "simulate"]

_LATER = {"expose": ".exposure", "simulate": ".produce"}


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(import_module(_LATER[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
