"""Rectangles of pixels: ``'[1:1024,1:2112]'`` in headers, 0-based and half-open inside."""

import re
from dataclasses import dataclass

_TEXT = re.compile(r"\[\s*(\d+)\s*:\s*(\d+)\s*,\s*(\d+)\s*:\s*(\d+)\s*\]")


@dataclass(frozen=True, slots=True, order=True)
class Section:
    """Columns ``x1:x2`` and rows ``y1:y2``, 0-based, half-open."""

    x1: int
    x2: int
    y1: int
    y2: int

    def __post_init__(self) -> None:
        if self.x2 <= self.x1 or self.y2 <= self.y1:
            raise ValueError(f"empty section {self}")

    @classmethod
    def parse(cls, text: str) -> "Section":
        """Return the section written in FITS style, 1-based and inclusive, x first.

        Raises ValueError for any other text and for an empty rectangle.
        """
        found = _TEXT.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"not a section: {text!r}")
        x1, x2, y1, y2 = (int(word) for word in found.groups())
        return cls(x1 - 1, x2, y1 - 1, y2)

    def __str__(self) -> str:
        return f"[{self.x1 + 1}:{self.x2},{self.y1 + 1}:{self.y2}]"

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.y2 - self.y1

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices, to index an array ``[y, x]``."""
        return slice(self.y1, self.y2), slice(self.x1, self.x2)

    def moved(self, dx: int, dy: int) -> "Section":
        """Return the section moved by whole pixels."""
        return Section(self.x1 + dx, self.x2 + dx, self.y1 + dy, self.y2 + dy)

    def binned(self, xbin: int, ybin: int) -> "Section":
        """Return the same rectangle counted in binned pixels."""
        return Section(self.x1 // xbin, self.x2 // xbin, self.y1 // ybin, self.y2 // ybin)

    def holds(self, other: "Section") -> bool:
        """Say whether the other section lies wholly inside this one."""
        return (
            self.x1 <= other.x1
            and other.x2 <= self.x2
            and self.y1 <= other.y1
            and other.y2 <= self.y2
        )

    def joined(self, other: "Section") -> "Section":
        """Return the smallest section that holds both."""
        return Section(
            min(self.x1, other.x1),
            max(self.x2, other.x2),
            min(self.y1, other.y1),
            max(self.y2, other.y2),
        )

    def overlap(self, other: "Section") -> "Section | None":
        """Return the common rectangle, or None."""
        x1, x2 = max(self.x1, other.x1), min(self.x2, other.x2)
        y1, y2 = max(self.y1, other.y1), min(self.y2, other.y2)
        return Section(x1, x2, y1, y2) if x1 < x2 and y1 < y2 else None
