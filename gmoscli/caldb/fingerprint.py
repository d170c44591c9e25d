"""Tell whether a file is still the one that was recorded."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Size, modification time and checksum of a file's bytes."""

    size: int
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return the fingerprint of a file; raise OSError if it cannot be read."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, _sha256(path))

    def trouble(self, path: Path, *, thorough: bool = False) -> str | None:
        """Say what is wrong with the file; None if it is as recorded.

        The bytes are read only if the file has been touched, or if ``thorough``.
        """
        try:
            status = path.stat()
            if status.st_size != self.size:
                return "was altered"
            if status.st_mtime_ns == self.mtime_ns and not thorough:
                return None
            now = _sha256(path) if thorough else _remembered(path, status.st_mtime_ns)
            return None if now == self.sha256 else "was altered"
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            return f"cannot be read: {error.strerror}"


@lru_cache(maxsize=64)
def _remembered(path: Path, _mtime_ns: int) -> str:
    """Return the checksum of a file as it was at a time: all frames ask for the same masters."""
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
