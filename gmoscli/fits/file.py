"""Read FITS headers without numpy: plain, ``.gz`` and ``.bz2`` files, told apart by content.

Source: FITS Standard 4.0, sections 3 (file structure) and 4 (headers).
"""

import io
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from math import prod
from pathlib import Path, PurePath
from typing import BinaryIO, Self

from ..errors import BadFile, quoted
from .header import BLOCK, Header

_AHEAD = 4 * BLOCK  # bytes read at a time: all of most headers, little of the pixels behind them
_END = re.compile(rb"(?:.{80})*?(?=END[ \0]{5})", re.DOTALL)
_PLANE = re.compile(
    rb"XTENSION.{72}(?=BITPIX  = +(-?\d+)[ /]).{80}(?=NAXIS   = +2[ /]).{80}"
    rb"(?=NAXIS1  = +(\d+)[ /]).{80}(?=NAXIS2  = +(\d+)[ /]).{80}"
    rb"(?=PCOUNT  = +0[ /]).{80}GCOUNT  = +1[ /]",
    re.DOTALL,
)
"""How almost every extension begins (FITS Standard, section 4.4.1): its size at a glance."""


class Headers:
    """The headers of one file: the primary one, and those of its science extensions.

    The extensions are read when first asked for, so that what stands in the primary header is
    known after one short read, even of a compressed file.
    """

    def __init__(
        self, phu: Header, extensions: Sequence[Header] = (), path: str | Path | None = None
    ):
        self.path = None if path is None else Path(path)
        self.phu = phu
        self._extensions: tuple[Header, ...] | None = tuple(extensions)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Return the headers of a file. Raises BadFile if it is not FITS."""
        headers = cls(next(read_headers(path)), path=path)
        headers._extensions = None
        return headers

    @property
    def extensions(self) -> tuple[Header, ...]:
        """Headers of the science pixels. Raises BadFile if the file is not whole."""
        if self._extensions is None and self.path is not None:
            self._extensions = _science(self.phu, read_headers(self.path, after=self.phu))
        return self._extensions or ()


def read_headers(path: str | Path, *, after: Header | None = None) -> Iterator[Header]:
    """Yield the header of each unit of a FITS file, in order; pixels are skipped, not read.

    With ``after``, the primary header, they begin with the unit behind it. Raises BadFile for
    what is missing, not FITS or truncated. Of a truncated file the headers that are whole come
    first.
    """
    with _reading(Path(path)) as stream:
        if after is None:
            yield from _headers(stream, Path(path))
        else:
            yield from _headers(stream, Path(path), 1, len(after.text) + data_size(after))


def read_tables(path: Path, names: Collection[str]) -> Iterator[tuple[str, Header, bytes]]:
    """Yield name, header and data of each table of these names. Raises BadFile."""
    with _reading(path) as stream:
        for header in _headers(stream, path):
            name = header.get("EXTNAME")
            if header.get("XTENSION") == "BINTABLE" and name in names:
                yield str(name), header, stream.read(data_size(header))


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file; what goes wrong while it is read is a BadFile."""
    try:
        with _opened(path) as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        hint = f"name the files in it: {quoted(path)}/*.fits*" if path.is_dir() else None
        dead = isinstance(error, FileNotFoundError) and path.is_symlink()
        what = f"a link to {path.readlink()}, which is not there" if dead else _reason(error)
        raise BadFile(what, path=path, hint=hint) from error


def _headers(stream: BinaryIO, path: Path, first: int = 0, end: int = 0) -> Iterator[Header]:
    """Yield headers from a unit on; the data of the unit before end at ``end``, then padding."""
    for unit in count(first):
        stream.seek(-(-end // BLOCK) * BLOCK)
        cards = stream.read(BLOCK)
        if not cards and unit:
            if stream.seek(0, io.SEEK_END) < end:
                raise BadFile(f"truncated in the data of HDU {unit - 1}", path=path)
            return
        _check_start(cards, unit, path)
        while (last := _END.match(cards, len(cards) - BLOCK)) is None:
            block = stream.read(BLOCK)
            if len(block) < BLOCK:
                raise BadFile(f"truncated in the header of HDU {unit}", path=path)
            cards += block
        header = Header(cards[: last.end()])
        end = stream.tell() + data_size(header)
        yield header  # whoever takes it may read on


def _check_start(block: bytes, unit: int, path: Path) -> None:
    """Raise BadFile unless a header unit begins here."""
    if not block:
        raise BadFile("empty file", path=path)
    if not unit and not block.startswith(b"SIMPLE  ="):
        raise BadFile("not a FITS file", path=path)
    if unit and not block.startswith(b"XTENSION="):
        raise BadFile(f"no header where HDU {unit} should begin", path=path)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed if its first bytes say that it is compressed."""
    with path.open("rb", buffering=_AHEAD) as plain:
        magic = plain.read(3)
        plain.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            from gzip import GzipFile  # noqa: PLC0415 - start-up: most files are plain

            with GzipFile(fileobj=plain) as unzipped:
                yield io.BufferedReader(unzipped)
        elif magic == b"BZh":
            from bz2 import BZ2File  # noqa: PLC0415 - as above

            with BZ2File(plain) as unzipped:
                yield io.BufferedReader(unzipped)
        else:
            yield plain


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, EOFError):
        return "truncated: the compressed data end too early"
    return "corrupt compressed data"


def _science(phu: Header, rest: Iterable[Header]) -> tuple[Header, ...]:
    """Return the headers of the science pixels.

    Those are the extensions named SCI, by EXTVER; in a raw file, where none is named, all images;
    in a file of a single unit with pixels, that unit.
    """
    images = [header for header in rest if is_image(header)]
    if not images:
        return (phu,) if data_size(phu) else ()
    names = [image_name(header) for header in images]
    named = [header for header, name in zip(images, names, strict=True) if name == "SCI"]
    if named:
        return tuple(sorted(named, key=lambda header: _int(header, "EXTVER", 1)))
    return tuple(header for header, name in zip(images, names, strict=True) if not name)


def is_image(header: Header) -> bool:
    """Say whether pixels follow: an image, or one compressed into a table (``.fits.fz``)."""
    return header.get("XTENSION") == "IMAGE" or header.get("ZIMAGE") is True


def image_name(header: Header) -> str:
    """Return the name of an image extension; empty also where compression alone gave it one."""
    name = header.get("EXTNAME")
    return "" if name == "COMPRESSED_IMAGE" or not isinstance(name, str) else name


def data_size(header: Header) -> int:
    """Return the number of bytes of the data unit, without its padding."""
    if plane := _PLANE.match(header.cards):
        bits, columns, rows = map(int, plane.groups())
        return abs(bits) // 8 * columns * rows
    axes = [_int(header, f"NAXIS{n}") for n in range(1, _int(header, "NAXIS") + 1)]
    pixels = _int(header, "PCOUNT") + prod(axes) if axes else 0
    return abs(_int(header, "BITPIX")) // 8 * _int(header, "GCOUNT", 1) * pixels


def stem(path: PurePath) -> str:
    """Return a file's name without ``.fits``, ``.fits.bz2`` or the like."""
    return path.name.partition(".fits")[0]


def _int(header: Header, keyword: str, default: int = 0) -> int:
    value = header.get(keyword)
    return value if isinstance(value, int) else default
