"""Composable commands, and one engine behind them, for GMOS imaging.

The public names are loaded when first asked for, so that importing gmoscli costs nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api import Reduce, caldb, dataselect, logutils

__version__ = "0.1.0"
__all__ = ["Reduce", "__version__", "caldb", "dataselect", "logutils"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module 'gmoscli' has no attribute {name!r}")
