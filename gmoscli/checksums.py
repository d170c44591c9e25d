"""Checksums of files, taken by a thread of their own while other work goes on."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

PART = 2 << 20
"""Bytes read at a time: between two parts the thread may have to wait for another one's turn."""


class Checksums:
    """The MD5 of files: that is what Gemini's provenance tables hold.

    One file is read after the other. Neither reading nor hashing holds up other threads, so that
    it costs next to nothing to begin early: before numpy is loaded, say.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._begun: dict[Path, Future[str]] = {}

    def begin(self, paths: Iterable[Path]) -> None:
        """Let these files be read, once each, after those that were begun before."""
        for path in paths:
            if path not in self._begun:
                self._begun[path] = self._pool.submit(_md5, path)

    def __getitem__(self, path: Path) -> str:
        """Return the checksum of a file; raise OSError if it cannot be read."""
        self.begin([path])
        return self._begun[path].result()

    def close(self) -> None:
        """Leave alone what has not been read yet."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    part = memoryview(bytearray(PART))
    with path.open("rb", buffering=0) as stream:
        while size := stream.readinto(part):
            digest.update(part[:size])
    return digest.hexdigest()
