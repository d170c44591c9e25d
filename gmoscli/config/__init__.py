"""What the configuration file, or its absence, says about databases and defaults."""

from .load import load
from .settings import LEVELS, MODES, Database, Settings, to_toml

__all__ = ["LEVELS", "MODES", "Database", "Settings", "load", "to_toml"]
