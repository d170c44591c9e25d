"""Pixels of a FITS file that is not compressed, read where they lie.

What is stored as most images are is turned into numbers here (FITS Standard 4.0, section 7.1 and
table 11); a library, whose import takes longer than reading a night, reads the rest.
"""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadFile
from ..fits import Header, read_headers
from ..fits.file import data_size, image_name, is_image
from ..fits.header import BLOCK
from .extension import shape_of
from .layout import Pixels

_KINDS = {8: "u1", 16: "i2", 32: "i4", 64: "i8", -32: "f4", -64: "f8"}
"""BITPIX → type of the numbers as they are stored, the most significant byte first."""


class PlainFile:
    """The image extensions of a file, found once. Raises BadFile when it is not whole."""

    def __init__(self, path: Path):
        self.path = path
        size = path.stat().st_size
        if size % BLOCK:
            what = f"truncated: {size} bytes are not a whole number of FITS blocks"
            raise BadFile(what, path=path)
        self._images: list[tuple[Header, int, int]] = []
        start = 0
        for number, header in enumerate(read_headers(path)):
            start += len(header.text)
            if is_image(header):
                self._images.append((header, start, number))
            start += -(-data_size(header) // BLOCK) * BLOCK

    def pixels(self, name: str, version: int) -> Pixels | None:
        """Return the pixels of an extension by name and number; raw ones have no name."""
        named = [image for image in self._images if image_name(image[0]) == name]
        if name:
            named = [image for image in named if image[0].get("EXTVER", 1) == version]
            if not named:
                return None
        header, start, number = named[0 if name else version - 1]
        plain = as_stored(header)
        if plain is None:
            return _by_library(self.path, number)
        shape = shape_of(header)
        stored = np.fromfile(self.path, plain.newbyteorder(">"), prod(shape), offset=start)
        return numbers(stored.reshape(shape), plain)


def as_stored(header: Header) -> "np.dtype[Any] | None":
    """Return the type of an image's numbers; None for what is scaled, blanked or compressed."""
    bits = header.get("BITPIX")
    stored = _KINDS.get(bits) if isinstance(bits, int) else None
    zero, scale = header.get("BZERO", 0), header.get("BSCALE", 1)
    if stored is None or scale != 1 or "BLANK" in header or "ZIMAGE" in header:
        return None
    kind = np.dtype(stored)
    if zero == 0:
        return kind
    unsigned = kind.kind == "i" and zero == 1 << (8 * kind.itemsize - 1)
    return np.dtype(f"u{kind.itemsize}") if unsigned else None


def numbers(stored: NDArray[Any], kind: "np.dtype[Any]") -> NDArray[Any]:
    """Return stored numbers in the machine's own order of bytes, unsigned ones from zero on.

    What is handed in is used up: large numbers are turned where they are, in half the time.
    """
    if kind.itemsize > 2 and not stored.dtype.isnative:
        native = stored.byteswap(inplace=True).view(kind)
    else:
        native = stored.astype(kind)
    if kind.kind == "u" and kind.itemsize > 1:
        native ^= kind.type(1 << (8 * kind.itemsize - 1))
    return native


def _by_library(path: Path, number: int) -> Pixels:
    from astropy.io import fits  # noqa: PLC0415 - start-up: see above

    with fits.open(path, memmap=False) as units:
        pixels: Pixels = units[number].data
        return pixels
