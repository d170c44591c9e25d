"""FITS files read by the standard library alone, for commands that need no pixels."""

from .file import Headers, read_headers, read_tables, stem
from .header import Header, Value

__all__ = ["Header", "Headers", "Value", "read_headers", "read_tables", "stem"]
