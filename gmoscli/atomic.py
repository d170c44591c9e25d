"""Write files whole or not at all: under another name first, until they are complete."""

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import GmosError, UsageError

FULL = 32 << 20
"""Bytes free below which a failed write means a full disk: planes are that large."""


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; give it that name if all goes well.

    Raises GmosError when the folder cannot be written or is full, UsageError for the name of a
    device; nothing stays behind.
    """
    check_replaceable(path)
    remove_abandoned(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise GmosError(f"cannot write: {_reason(error, path.parent)}", path=path) from error
    finally:
        part.unlink(missing_ok=True)


def check_replaceable(path: Path) -> None:
    """Raise UsageError for the name of what is there and is no file: a folder, pipe or device."""
    if path.exists() and not path.is_file():
        raise UsageError("is there, and is no file that could be replaced", path=path)


def remove_abandoned(path: Path) -> None:
    """Remove drafts of this file whose process was killed."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        number = part.name.removesuffix(".part").rpartition(".")[2]
        if number.isdigit() and not _runs(int(number)):
            part.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    """Say whether a process of this number is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _reason(error: OSError, folder: Path) -> str:
    """Return what stopped the writing; numpy does not hand on what the system said."""
    if error.strerror:
        return error.strerror.lower()
    if shutil.disk_usage(folder).free < FULL:
        return "no space left on device"
    return "the file got no more room: a quota, or a limit on sizes?"
