"""Pictures as PNG. Of the format (ISO/IEC 15948): 8 bits, no filter, no interlace."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .atomic import written

Picture = NDArray[np.uint8]
"""Grey [y, x] or colour [y, x, 3], 0 to 255, the first row on top."""


def encoded(picture: Picture) -> bytes:
    """Return a grey or colour picture as the bytes of a PNG file."""
    ny, nx = picture.shape[:2]
    colour_type = {2: 0, 3: 2}[picture.ndim]
    lines = np.ascontiguousarray(picture).reshape(ny, -1)
    scanlines = np.hstack([np.zeros((ny, 1), np.uint8), lines]).tobytes()
    header = struct.pack(">IIBBBBB", nx, ny, 8, colour_type, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(scanlines)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def png(path: Path, picture: Picture) -> None:
    """Write a picture as a PNG file, whole or not at all. Raises GmosError."""
    with written(path) as part:
        part.write_bytes(encoded(picture))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
