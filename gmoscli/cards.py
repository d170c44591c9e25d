"""Read FITS headers without numpy: plain, ``.gz`` and ``.bz2`` files, told apart by content.

Source: FITS Standard 4.0, sections 3 (file structure) and 4 (headers).
"""

import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count, islice
from math import prod
from pathlib import Path
from typing import BinaryIO, Self

from .card import CARD, Value, value_at
from .errors import BadFile

_BLOCK = 2880

_MANDATORY = re.compile(r"(BITPIX  |NAXIS[ \d]  |PCOUNT  |GCOUNT  )= +(-?\d+)")
_KEYWORD = re.compile(r"(.{8}).{72}", re.DOTALL)
_COMMENTARY = [word.ljust(8) for word in ("", "COMMENT", "HISTORY", "CONTINUE", "END")]


class Header(Mapping[str, Value]):
    """The keywords of one header unit and their values, parsed when asked for.

    Commentary is left out. Of a keyword that occurs twice the first value counts. A card without
    a value, or with one that is no FITS value, gives None. A HIERARCH keyword goes by its words.
    """

    def __init__(self, cards: bytes | Mapping[str, Value]):
        self._text = cards.decode("latin-1") if isinstance(cards, bytes) else ""
        self._values: dict[str, Value] = {} if isinstance(cards, bytes) else dict(cards)

    @property
    def text(self) -> str:
        """The cards as they stand in the file, commentary and all; empty if made of values."""
        return self._text

    @cached_property
    def _places(self) -> dict[str, int]:
        """Where the card of each keyword begins; keywords have eight letters or more here."""
        text = self._text
        if not text:
            return {keyword.ljust(8): 0 for keyword in self._values}
        names = _KEYWORD.findall(text)
        last_first = range(len(text) - CARD, -1, -CARD)
        places = dict(zip(reversed(names), last_first, strict=True))
        for name in _COMMENTARY:
            places.pop(name, None)
        return _with_long_names(text, places) if "HIERARCH" in places else places

    @cached_property
    def _keywords(self) -> list[str]:
        return [name.rstrip(" ") for name in sorted(self._places, key=self._places.__getitem__)]

    def __getitem__(self, keyword: str) -> Value:
        if keyword not in self._values:
            self._values[keyword] = value_at(self._text, self._places[keyword.ljust(8)])
        return self._values[keyword]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keywords)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, keyword: object) -> bool:
        return isinstance(keyword, str) and keyword.ljust(8) in self._places


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
            rest = islice(read_headers(self.path), 1, None)
            self._extensions = _science(self.phu, rest)
        return self._extensions or ()


def read_headers(path: str | Path) -> Iterator[Header]:
    """Yield the header of each unit of a FITS file, in order; pixels are skipped, not read.

    Raises BadFile for what is missing, not FITS or truncated. Of a truncated file the headers
    that are whole come first.
    """
    path = Path(path)
    try:
        with _opened(path) as stream:
            yield from _headers(stream, path)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFile(_reason(error), path=path) from error


def _headers(stream: BinaryIO, path: Path) -> Iterator[Header]:
    for unit in count():
        block = stream.read(_BLOCK)
        if not block and unit:
            return
        _check_start(block, unit, path)
        cards = block
        while not _is_last(block):
            block = stream.read(_BLOCK)
            if len(block) < _BLOCK:
                raise BadFile(f"truncated in the header of unit {unit}", path=path)
            cards += block
        yield (header := Header(cards))
        _skip_data(stream, _data_size(header), unit, path)


def _check_start(block: bytes, unit: int, path: Path) -> None:
    """Raise BadFile unless a header unit begins here."""
    if not block:
        raise BadFile("empty file", path=path)
    if not unit and not block.startswith(b"SIMPLE  ="):
        raise BadFile("not a FITS file", path=path)
    if unit and not block.startswith(b"XTENSION="):
        raise BadFile(f"no header where unit {unit} should begin", path=path)


def _is_last(block: bytes) -> bool:
    """Say whether this block of cards holds the END card, which only blanks may follow."""
    text = block.rstrip(b" \0")
    return text.endswith(b"END") and len(text) % CARD == 3


def _skip_data(stream: BinaryIO, size: int, unit: int, path: Path) -> None:
    """Move to the next unit. The last byte is read: seeking does not notice the end of a file."""
    if size:
        start = stream.tell()
        stream.seek(start + size - 1)
        if not stream.read(1):
            raise BadFile(f"truncated in the data of unit {unit}", path=path)
        stream.seek(start + -(-size // _BLOCK) * _BLOCK)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed if its first bytes say that it is compressed."""
    with path.open("rb") as plain:
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
    images = [header for header in rest if _is_image(header)]
    if not images:
        return (phu,) if _data_size(phu) else ()
    named = [header for header in images if header.get("EXTNAME") == "SCI"]
    if named:
        return tuple(sorted(named, key=lambda header: _int(header, "EXTVER", 1)))
    return tuple(header for header in images if not header.get("EXTNAME"))


def _is_image(header: Header) -> bool:
    """Say whether pixels follow: an image, or one compressed into a table (``.fits.fz``)."""
    return header.get("XTENSION") == "IMAGE" or header.get("ZIMAGE") is True


def _data_size(header: Header) -> int:
    """Return the number of bytes of the data unit, without its padding.

    The cards that tell it are the first of every header: sixteen hold up to nine axes.
    """
    shape = {name: int(size) for name, size in _MANDATORY.findall(header.text, 0, 16 * CARD)}
    axes = [shape.get(f"NAXIS{n}  ", 0) for n in range(1, shape.get("NAXIS   ", 0) + 1)]
    pixels = shape.get("PCOUNT  ", 0) + prod(axes) if axes else 0
    return abs(shape.get("BITPIX  ", 0)) // 8 * shape.get("GCOUNT  ", 1) * pixels


def _int(header: Header, keyword: str, default: int = 0) -> int:
    value = header.get(keyword)
    return value if isinstance(value, int) else default


def _with_long_names(text: str, places: dict[str, int]) -> dict[str, int]:
    """Return the places with each HIERARCH card under its words."""
    del places["HIERARCH"]
    cards = {at: text[at : at + CARD] for at in range(len(text) - CARD, -1, -CARD)}
    long = {at: one[9:] for at, one in cards.items() if one.startswith("HIERARCH")}
    return {words.partition("=")[0].strip(" ").ljust(8): at for at, words in long.items()} | places
