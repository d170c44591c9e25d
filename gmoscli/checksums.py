"""Checksums of files: the MD5, which is what Gemini's provenance tables hold."""

import hashlib
from pathlib import Path

PART = 2 << 20
"""Bytes read at a time."""


class Checksums(dict[Path, str]):
    """The checksum of each file that was asked for; raises OSError if one cannot be read."""

    def __missing__(self, path: Path) -> str:
        self[path] = _md5(path)
        return self[path]


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    part = memoryview(bytearray(PART))
    with path.open("rb", buffering=0) as stream:
        while size := stream.readinto(part):
            digest.update(part[:size])
    return digest.hexdigest()
