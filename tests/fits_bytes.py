"""FITS files made byte by byte, so that a test can break them anywhere."""

from pathlib import Path

BLOCK = 2880


def card(keyword: str, value: str) -> str:
    """Return a card with the value as it is to stand in the file."""
    return f"{keyword:8}= {value}".ljust(80)


def unit(cards: list[str], pixels: bytes = b"") -> bytes:
    """Return a header of these cards and END, and data, each padded to whole blocks."""
    header = "".join([*(line.ljust(80) for line in cards), "END".ljust(80)]).encode("latin-1")
    return _padded(header, b" ") + _padded(pixels, b"\0")


def primary(*cards: str) -> bytes:
    """Return a primary unit without pixels."""
    return unit([card("SIMPLE", "T"), card("BITPIX", "8"), card("NAXIS", "0"), *cards])


def image(*cards: str, rows: int = 100, columns: int = 50) -> bytes:
    """Return an image of 16-bit integers."""
    shape = [card("NAXIS", "2"), card("NAXIS1", str(columns)), card("NAXIS2", str(rows))]
    head = [card("XTENSION", "'IMAGE   '"), card("BITPIX", "16"), *shape, *cards]
    return unit(head, bytes(2 * rows * columns))


def table(*cards: str, width: int = 30, rows: int = 7, heap: int = 0) -> bytes:
    """Return a binary table, with a heap of so many bytes."""
    shape = [card("NAXIS", "2"), card("NAXIS1", str(width)), card("NAXIS2", str(rows))]
    size = [card("PCOUNT", str(heap)), card("GCOUNT", "1")]
    head = [card("XTENSION", "'BINTABLE'"), card("BITPIX", "8"), *shape, *size, *cards]
    return unit(head, bytes(width * rows + heap))


def written(path: Path, *units: bytes) -> Path:
    """Write a file of these units."""
    path.write_bytes(b"".join(units))
    return path


def _padded(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % BLOCK)
