"""Write products: whole or not at all."""

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import GmosError
from ..frame import Ccd, Exposure
from .header import extension, primary
from .tables import catalogue, frames_table, history, provenance
from .units import Unit, image_unit, primary_unit


def write_product(exposure: Exposure, path: Path, kind: str, stamp: str) -> None:
    """Write a product: SCI, VAR, DQ for each ccd, its sources, then history and provenance.

    The file appears under its name when it is complete. Raises GmosError when it cannot be
    written.
    """
    units: list[Unit] = []
    for version, ccd in enumerate(exposure.ccds, start=1):
        units += ccd_units(exposure, ccd, kind, version)
    if exposure.obs.inputs:
        units.append(frames_table(exposure))
    units += [history(exposure, stamp), provenance(exposure, stamp)]
    header = primary(exposure, kind, stamp)
    header["NEXTEND"] = (len(units), "number of extensions")
    with written(path) as part, part.open("wb") as stream:
        for unit in (primary_unit(header), *units):
            unit.write(stream)


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; give it that name if all goes well.

    Raises GmosError when the folder cannot be written or is full; nothing stays behind.
    """
    remove_abandoned(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        what = (error.strerror or str(error)).lower()
        raise GmosError(f"cannot write: {what}", path=path) from error
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


def ccd_units(exposure: Exposure, ccd: Ccd, kind: str, version: int) -> list[Unit]:
    """Return the extensions of one ccd."""
    header = extension(exposure, ccd.info, kind, version)
    units = [
        image_unit(name, header, plane)
        for name, plane in (("SCI", ccd.sci), ("VAR", ccd.var), ("DQ", ccd.dq))
    ]
    if ccd.objects is not None:
        units.append(image_unit("OBJMASK", header, ccd.objects))
    if ccd.objects is not None and ccd.info.sources is not None:
        units.append(catalogue(ccd.info.sources, ccd, version))
    return units
