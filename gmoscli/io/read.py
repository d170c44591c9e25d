"""Read GMOS files: raw exposures, products of this program, and those of DRAGONS."""

import bz2
import gzip
import zlib
from collections.abc import Callable
from contextlib import closing
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from ..errors import BadFile
from ..fits import Headers
from ..frame import Ccd, Exposure, RawCcd
from .layout import Layout, Pixels
from .plain import PlainFile

if TYPE_CHECKING:
    from astropy.io import fits


class ExposureFile:
    """One file: its observation now, its pixels when a ccd is asked for.

    ``headers`` saves reading them again. Raises BadFile for what is missing, damaged, not FITS,
    not GMOS, or not an image of whole amplifiers.
    """

    def __init__(self, path: Path, headers: Headers | None = None):
        self.path = path
        self._layout = Layout(headers or Headers.open(path))
        self.obs = self._layout.observation()
        self._units: fits.HDUList | None = None
        self._lock = Lock()

    @cached_property
    def piecemeal(self) -> bool:
        """Whether a ccd can be read alone; a compressed file has to be decompressed whole."""
        return compression(self.path) is None

    @cached_property
    def _plain(self) -> PlainFile:
        return PlainFile(self.path)

    def ccd(self, index: int) -> RawCcd | Ccd:
        """Return the pixels of one ccd: raw, or assembled if the file is reduced already.

        A compressed file stays in memory until it is closed.
        """
        try:
            if self.piecemeal:
                return self._layout.ccd(index, self._plain.pixels)
            with self._lock:  # the ccds of a frame come from several threads
                if self._units is None:
                    self._units = opened(self.path)
                return self._layout.ccd(index, partial(pixels_of, self._units))
        except (OSError, EOFError, ValueError, TypeError, IndexError, zlib.error) as error:
            raise BadFile(f"cannot read the pixels: {_reason(error)}", path=self.path) from error

    def close(self) -> None:
        """Let go of the file and what was read of it."""
        with self._lock:
            if self._units is not None:
                self._units.close()
                self._units = None


def pixels_of(units: "fits.HDUList", name: str, version: int) -> Pixels | None:
    """Return the pixels of an extension by name and number; raw ones have no name."""
    if not name:
        images = [unit for unit in units[1:] if unit.is_image and not unit.name]
        unit = images[version - 1]
    elif (name, version) in units:
        unit = units[name, version]
    else:
        return None
    pixels: Pixels | None = unit.data
    return pixels


def open_source(path: Path) -> ExposureFile:
    """Return a GMOS exposure, its pixels still on disk. Raises BadFile."""
    return ExposureFile(path)


def read_exposure(path: Path) -> Exposure:
    """Return a reduced exposure with all its pixels. Raises BadFile, also for a raw one."""
    with closing(open_source(path)) as source:
        return Exposure(source.obs, tuple(_reduced(source, i.index) for i in source.obs.ccds))


def _reduced(source: ExposureFile, index: int) -> Ccd:
    ccd = source.ccd(index)
    if isinstance(ccd, RawCcd):
        raise BadFile("a raw exposure, where a reduced one is needed", path=source.path)
    return ccd


def opened(path: Path) -> "fits.HDUList":
    """Return the units of a FITS file; a compressed one is decompressed into memory."""
    from astropy.io import fits  # noqa: PLC0415 - start-up: plain pixels need no library

    decompress = compression(path)
    if decompress is not None:
        return fits.open(BytesIO(decompress(path.read_bytes())))
    return fits.open(path, memmap=False)


def compression(path: Path) -> Callable[[bytes], bytes] | None:
    """Return what decompresses a file, told by its first bytes; None for a plain one."""
    with path.open("rb") as stream:
        magic = stream.read(3)
    known: dict[bytes, Callable[[bytes], bytes]] = {
        b"BZh": bz2.decompress,
        b"\x1f\x8b\x08": gzip.decompress,
    }
    return known.get(magic)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).partition("\n")[0] or type(error).__name__
