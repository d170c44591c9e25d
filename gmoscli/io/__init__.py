"""Files in: raw exposures and products to frames. ``io.write`` makes frames into products."""

from .read import ExposureFile, open_source, read_exposure

__all__ = ["ExposureFile", "open_source", "read_exposure"]
