"""Composable commands, and one engine behind them, for GMOS imaging.

The public names are loaded when first asked for, so that importing gmoscli costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import caldb
    from .api import dataselect, logutils
    from .api.reduce import Reduce

__version__ = "0.1.0"
__all__ = ["Reduce", "__version__", "caldb", "dataselect", "logutils"]

_MODULES = {
    "Reduce": ".api.reduce",
    "caldb": ".caldb",
    "dataselect": ".api.dataselect",
    "logutils": ".api.logutils",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'gmoscli' has no attribute {name!r}")
    module = import_module(_MODULES[name], __name__)
    return getattr(module, name, module)
