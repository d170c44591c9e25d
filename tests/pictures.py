"""PNG files, read back."""

import struct
import zlib
from typing import Any

import numpy as np


def decoded(data: bytes) -> Any:
    """Return the pixels of a PNG file, read by its standard."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(
            kind + body
        )
        chunks[kind] = body
        at += 12 + size
    nx, ny, bits, colour, *methods = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (bits, methods) == (8, [0, 0, 0])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(ny, -1)
    assert (lines[:, 0] == 0).all()
    pixels = lines[:, 1:]
    return pixels if colour == 0 else pixels.reshape(ny, nx, 3)
