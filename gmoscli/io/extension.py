"""What the header of one extension says of its pixels, and where on the detector they belong."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from ..errors import BadFile
from ..fits import Header
from ..section import Section

_BITS = frozenset((8, 16, 32, 64, -32, -64))
"""BITPIX: bits of a pixel, below 0 those of a floating number (FITS Standard 4.0, table 8)."""
CHIP_WIDTH = 2048
"""Unbinned columns of every GMOS chip."""


@dataclass(frozen=True)
class Extension:
    """One science extension, and where its pixels belong."""

    version: int
    """EXTVER of a named extension, else the position among the images, from 1."""
    position: int
    """Among the science extensions, from 0."""
    header: Header
    light: Section
    overscan: Section | None
    on_chip: Section
    """CCDSEC: unbinned, on its own chip."""
    on_detector: Section
    """DETSEC: unbinned, chips side by side."""

    @property
    def ccd(self) -> int:
        """Index of the ccd, 1 to 3; 0 when the extension spans several."""
        return self.on_detector.x1 // CHIP_WIDTH + 1 if self.on_detector.width <= CHIP_WIDTH else 0


def region_of(extensions: Sequence[Extension]) -> Section:
    """Return the smallest region of a chip, unbinned, that holds those of its extensions."""
    return reduce(Section.joined, (extension.on_chip for extension in extensions))


def extension_of(header: Header, position: int, path: Path, *, named: bool) -> Extension:
    """Return an extension, the one of this position among the science pixels of a file.

    ``named`` says that EXTVER counts, as it does not in raw files. Raises BadFile for an extension
    without pixels or place, and for sections that are malformed or lie outside its pixels.
    """
    ny, nx = shape_of(header)
    if not nx or not ny:
        raise BadFile(f"no pixels in extension {position + 1}", path=path)
    if (bits := header.get("BITPIX")) is not None and bits not in _BITS:
        what = f"BITPIX {bits} of extension {position + 1} is not one that FITS knows"
        raise BadFile(what, path=path)
    whole = Section(0, nx, 0, ny)
    light, overscan, chip, det = (
        section_in(header, keyword, path) for keyword in ("DATASEC", "BIASSEC", "CCDSEC", "DETSEC")
    )
    if det is None:
        raise BadFile(f"no DETSEC in extension {position + 1}", path=path)
    for keyword, section in (("DATASEC", light), ("BIASSEC", overscan)):
        if section is not None and not whole.holds(section):
            what = f"{keyword} {section} lies outside the {nx} x {ny} pixels of extension"
            raise BadFile(f"{what} {position + 1}", path=path)
    version = header.get("EXTVER") if named else position + 1
    return Extension(
        version=version if isinstance(version, int) else position + 1,
        position=position,
        header=header,
        light=light or whole,
        overscan=overscan,
        on_chip=chip or det.moved(-(det.x1 // CHIP_WIDTH * CHIP_WIDTH), 0),
        on_detector=det,
    )


def section_in(header: Header, keyword: str, path: Path) -> Section | None:
    """Return the section of a keyword; None without it. Raises BadFile for what is no section."""
    text = header.get(keyword)
    if text is None:
        return None
    try:
        return Section.parse(str(text))
    except ValueError as error:
        raise BadFile(f"{keyword}: {error}", path=path) from error


def shape_of(header: Header) -> tuple[int, int]:
    """Return rows and columns of an extension's pixels; 0 where the header does not tell.

    Those of an image that is compressed into a table have keywords of their own (FITS Standard
    4.0, section 10.1.1).
    """
    mark = "Z" if header.get("ZIMAGE") is True else ""
    ny, nx = (header.get(f"{mark}{keyword}") for keyword in ("NAXIS2", "NAXIS1"))
    return ny if isinstance(ny, int) else 0, nx if isinstance(nx, int) else 0
