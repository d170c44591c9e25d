"""Write products: whole or not at all."""

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from astropy.io import fits

from ..errors import GmosError
from ..frame import Ccd, Exposure
from .header import extension, primary
from .tables import catalogue, frames_table, history, provenance

FULL = 32 << 20
"""Bytes free below which a failed write means a full disk: planes are that large."""


def write_product(exposure: Exposure, path: Path, kind: str, stamp: str) -> None:
    """Write a product: SCI, VAR, DQ for each ccd, its sources, then history and provenance.

    The file appears under its name when it is complete. Raises GmosError when it cannot be
    written.
    """
    units = [fits.PrimaryHDU(header=primary(exposure, kind, stamp))]
    for version, ccd in enumerate(exposure.ccds, start=1):
        units += ccd_units(exposure, ccd, kind, version)
    if exposure.obs.inputs:
        units.append(frames_table(exposure))
    units += [history(exposure, stamp), provenance(exposure, stamp)]
    units[0].header["NEXTEND"] = (len(units) - 1, "number of extensions")
    with written(path) as part, part.open("wb") as stream:
        fits.HDUList(units).writeto(stream, output_verify="silentfix+ignore")


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; give it that name if all goes well.

    Raises GmosError when the folder cannot be written or is full, and for the name of a device;
    nothing stays behind.
    """
    if path.exists() and not path.is_file():
        raise GmosError("is there, and is no file that could be replaced", path=path)
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


def ccd_units(exposure: Exposure, ccd: Ccd, kind: str, version: int) -> list[fits.ImageHDU]:
    """Return the extensions of one ccd."""
    header = extension(exposure, ccd.info, kind, version)
    units = [
        fits.ImageHDU(plane, header, name=name)
        for name, plane in (("SCI", ccd.sci), ("VAR", ccd.var), ("DQ", ccd.dq))
    ]
    if ccd.objects is not None:
        units.append(fits.ImageHDU(ccd.objects, header, name="OBJMASK"))
    if ccd.objects is not None and ccd.info.sources is not None:
        units.append(catalogue(ccd.info.sources, ccd, version))
    return units
