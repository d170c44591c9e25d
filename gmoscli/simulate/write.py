"""FITS files that are whole when they have their name."""

import bz2
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from ..errors import GmosError, reason
from .cards import Cards

Image = tuple[Cards, NDArray[np.uint16]]


def write_fits(path: Path, primary: Cards, remarks: Iterable[str], images: Iterable[Image]) -> Path:
    """Write a multi-extension file and return its path; a path ending in .bz2 is compressed."""
    header = _header(primary)
    for line in remarks:
        header.add_comment(line)
    units = [fits.PrimaryHDU(header=header)]
    units += [fits.ImageHDU(data, header=_header(cards)) for cards, data in images]
    buffer = BytesIO()
    fits.HDUList(units).writeto(buffer)
    content = buffer.getvalue()
    return write_whole(path, bz2.compress(content) if path.suffix == ".bz2" else content)


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file under another name and give it its own when it is complete.

    Raises GmosError if there is no room for it, or the folder takes none.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise GmosError(f"cannot write: {reason(error)}", path=path) from None
    finally:
        part.unlink(missing_ok=True)
    return path


def _header(cards: Cards) -> fits.Header:
    return fits.Header([(keyword, value, says) for keyword, (value, says) in cards.items()])
