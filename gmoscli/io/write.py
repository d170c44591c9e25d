"""Write products: from frames to the extensions of a file."""

from pathlib import Path

from astropy.io import fits

from ..atomic import written
from ..frame import Ccd, Exposure
from .header import extension, primary
from .tables import catalogue, frames_table, history, provenance


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
