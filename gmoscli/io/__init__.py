"""Files in and out: raw exposures and products to frames, products to files."""

from .past import past_of
from .read import ExposureFile, open_source, read_exposure
from .write import write_product

__all__ = ["ExposureFile", "open_source", "past_of", "read_exposure", "write_product"]
