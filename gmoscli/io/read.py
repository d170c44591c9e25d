"""Read GMOS files: raw exposures, products of this program, and those of DRAGONS."""

import bz2
import gzip
from io import BytesIO
from pathlib import Path
from threading import Lock

from astropy.io import fits

from ..cards import Header, Headers
from ..errors import BadFile
from ..frame import Ccd, Exposure, RawCcd
from .layout import Layout, Pixels


def open_source(path: Path) -> "ExposureFile":
    """Return a GMOS exposure, its pixels still on disk.

    Raises BadFile for what is missing, damaged, not FITS, not GMOS, or not an image of whole
    amplifiers.
    """
    return ExposureFile(path)


def read_exposure(path: Path) -> Exposure:
    """Return a reduced exposure with all its pixels. Raises BadFile, also for a raw one."""
    source = open_source(path)
    ccds = []
    for info in source.obs.ccds:
        ccd = source.ccd(info.index)
        if isinstance(ccd, RawCcd):
            raise BadFile("a raw exposure, where a reduced one is needed", path=path)
        ccds.append(ccd)
    source.close()
    return Exposure(source.obs, tuple(ccds))


class ExposureFile:
    """One file: its observation now, its ccds when asked for."""

    def __init__(self, path: Path):
        self.path = path
        self._lock = Lock()
        self._units = _opened(path)
        self._layout = Layout(headers_of(self._units, path))
        self.obs = self._layout.observation()

    def ccd(self, index: int) -> RawCcd | Ccd:
        """Return the pixels of one ccd: raw, or assembled if the file is reduced already."""
        try:
            with self._lock:  # the units share one open file
                return self._layout.ccd(index, self._pixels)
        except (OSError, EOFError, ValueError, TypeError, IndexError) as error:
            raise BadFile(f"cannot read the pixels: {error}", path=self.path) from error

    def close(self) -> None:
        """Let go of the file."""
        self._units.close()

    def _pixels(self, name: str, version: int) -> Pixels | None:
        """Return the pixels of an extension by name and number; raw ones have no name."""
        if not name:
            return _images(self._units)[version - 1].data
        key = (name, version)
        return self._units[key].data if key in self._units else None


def _opened(path: Path) -> fits.HDUList:
    """Return the units of a FITS file; a compressed one is decompressed into memory."""
    try:
        with path.open("rb") as stream:
            magic = stream.read(3)
        open_compressed = {b"BZh": bz2.open, b"\x1f\x8b\x08": gzip.open}.get(magic)
        if open_compressed is None:
            _check_whole(path)
            return fits.open(path, memmap=False, lazy_load_hdus=False)
        with open_compressed(path, "rb") as whole:
            return fits.open(BytesIO(whole.read()), lazy_load_hdus=False)
    except (OSError, EOFError, ValueError) as error:
        raise BadFile(_reason(error), path=path) from error


def _check_whole(path: Path) -> None:
    """Raise BadFile when a file ends before its headers say."""
    _ = Headers.open(path).extensions


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"not a whole FITS file ({error})".partition("\n")[0]


def _images(units: fits.HDUList) -> list[fits.ImageHDU]:
    return [unit for unit in units[1:] if unit.is_image and unit.shape]


def headers_of(units: fits.HDUList, path: Path) -> Headers:
    """Return the headers of a file's primary unit and science extensions."""
    images = _images(units)
    if any(unit.name for unit in images):
        images = sorted((u for u in images if u.name == "SCI"), key=lambda unit: unit.ver)
    texts = [unit.header.tostring().encode("latin-1") for unit in (units[0], *images)]
    return Headers(Header(texts[0]), [Header(text) for text in texts[1:]], path=path)
