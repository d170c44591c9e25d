"""Files in and out: raw exposures and products to frames, products to files."""

from .read import open_source
from .write import write_product

__all__ = ["open_source", "write_product"]
