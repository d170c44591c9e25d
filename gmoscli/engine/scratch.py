"""Room for parked frames: in memory while there is some, else in a folder.

The folder goes away when its ``with`` block is left. One that a killed run left behind is
removed by the next run: a lock, which dies with its process, tells the two apart.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from ..errors import GmosError, reason
from .budget import PLANES
from .places import InMemory, OnDisk, Place

PREFIX = "gmoscli-scratch-"


class Scratch:
    """Places for planes: so many bytes of memory, and a folder for what does not fit."""

    def __init__(self, folder: Path, room: int = 0):
        self.folder = folder
        self._room = room
        self._numbers = count()

    def place(self, pixels: int) -> Place:
        """Return room for a ccd of so many pixels, in memory if there is enough of it."""
        size = PLANES * pixels
        if self._room < size:
            return OnDisk(self.folder / str(next(self._numbers)))
        self._room -= size
        return InMemory(size, lambda: self._give(size))

    def _give(self, size: int) -> None:
        self._room += size


@contextmanager
def scratch(parent: Path | None = None, room: int = 0) -> Iterator[Scratch]:
    """Yield a place with so many bytes of memory, and a folder that is removed in the end.

    The folder is made below ``parent``, else $TMPDIR or /tmp.
    """
    root = Path(tempfile.gettempdir()) if parent is None else parent
    try:
        remove_abandoned(root)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    except OSError as error:
        raise GmosError(
            f"no scratch folder: {reason(error)}",
            path=root,
            hint="choose another place: --scratch FOLDER or $TMPDIR",
        ) from error
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Scratch(folder, room)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_abandoned(root: Path) -> None:
    """Remove scratch folders whose process is gone: nobody holds their lock."""
    for folder in root.glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Just made and not yet locked looks the same as abandoned: leave the young ones.
            if os.fstat(lock).st_mtime < time.time() - 60:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            pass
        finally:
            os.close(lock)
