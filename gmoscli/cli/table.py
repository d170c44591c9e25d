"""Rows lined up for the eye, within the width of the terminal."""

import math
import os
import re
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import compress, zip_longest

from .common import wants_colour, write

_MOST_HELD = 25  # rows that are held to find the widths of columns
_LONGEST_HELD = 1.0  # seconds; after that an observer wants to see something
_NARROWEST = 6  # letters that a folded column keeps, however narrow the terminal
_WORD = 16  # letters of a word that is not cut if there is room, such as N20220613S0138_
_PIECE = re.compile(r"[^ ,/_]*[ ,/_]*")


class Table:
    """Lines up columns: numbers to the right, others to the left, a rule above and below names.

    The first rows are held until they tell the widths; on a terminal not for long. Later rows
    come as they are, if need be out of line. On a terminal that is too narrow, the widest columns
    are folded: their cells go on below. Before words would be cut, ``spare`` columns are left out.
    ``least`` are widths that are known before.
    """

    def __init__(
        self,
        columns: Sequence[str],
        text: Callable[[object], str],
        least: Sequence[int],
        spare: Collection[str] = (),
    ):
        self.columns = list(columns)
        self.spare = spare
        self.shown = [True] * len(columns)
        self.text = text
        self.held: list[list[str]] | None = []
        self.numbers = [False] * len(columns)
        self.widths = [max(pair) for pair in zip_longest(map(len, columns), least, fillvalue=0)]
        self.folded = [math.inf] * len(columns)
        self.gap = "   "
        self.room = _room()
        self.until = math.inf if self.room is None else time.monotonic() + _LONGEST_HELD

    def put(self, row: Sequence[object]) -> None:
        """Write a row, or hold it."""
        cells = [self.text(value) or "-" for value in row]
        if self.held is None:
            write(self._lines(list(compress(cells, self.shown))))
            return
        kinds = [isinstance(value, int | float) and not isinstance(value, bool) for value in row]
        self.numbers = [known or kind for known, kind in zip(self.numbers, kinds, strict=True)]
        self.held.append(cells)
        if len(self.held) == _MOST_HELD or time.monotonic() > self.until:
            self.release()

    def release(self) -> None:
        """Write the names of columns and the rows that were held."""
        if self.held is None:
            return
        for cells in self.held:
            self.widths = [max(w, len(c)) for w, c in zip(self.widths, cells, strict=True)]
        self._fit()
        held = [list(compress(cells, self.shown)) for cells in self.held]
        rule = "-" * (sum(self.widths) + len(self.gap) * (len(self.widths) - 1)) + "\n"
        names = self._lines(self.columns)
        if wants_colour(sys.stdout):
            names = f"\x1b[1m{names}\x1b[0m"
        write(rule + names + rule + "".join(map(self._lines, held)))
        self.held = None

    def _fit(self) -> None:
        """Narrow the widest columns until all stand side by side."""
        if not self.room or self._needed(self.widths) <= self.room:
            return
        self.gap = "  "
        columns = zip(self.columns, *(self.held or ()), strict=True)
        words = [min(_WORD, max(map(_longest_word, cells))) for cells in columns]
        if self._needed(words) > self.room:
            words = self._without_spare(words)
        room = self.room - len(self.gap) * (len(words) - 1)
        narrow = self._narrowed(words, room)
        if sum(narrow) > room:
            narrow = self._narrowed([0] * len(words), room)
        pairs = zip(self.widths, narrow, strict=True)
        self.folded = [less if less < width else math.inf for width, less in pairs]
        self.widths = narrow

    def _needed(self, widths: Sequence[int]) -> int:
        """Return the letters of a line with columns of these widths."""
        return sum(widths) + len(self.gap) * (len(widths) - 1)

    def _without_spare(self, words: Sequence[int]) -> list[int]:
        """Leave the spare columns out; return the longest words of those that stay."""
        self.shown = [column not in self.spare for column in self.columns]
        for name in ("columns", "widths", "numbers", "folded"):
            setattr(self, name, list(compress(getattr(self, name), self.shown)))
        return list(compress(words, self.shown))

    def _narrowed(self, least: Sequence[int], room: int) -> list[int]:
        """Return widths of which the largest are less, but no less than they must be."""
        most = max(self.widths)
        narrow = self.widths
        while most > _NARROWEST and sum(narrow) > room:
            most -= 1
            narrow = [
                min(width, max(most, word)) for width, word in zip(self.widths, least, strict=True)
            ]
        return narrow

    def _lines(self, cells: Sequence[str]) -> str:
        """Return a row; it has several lines if a cell is folded."""
        stacks = [
            [cell] if len(cell) <= most else list(_folded(cell, int(most)))
            for cell, most in zip(cells, self.folded, strict=True)
        ]
        return "".join(map(self._line, zip_longest(*stacks, fillvalue="")))

    def _line(self, cells: Sequence[str]) -> str:
        placed = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(cells, self.widths, self.numbers, strict=True)
        )
        return self.gap.join(placed).rstrip() + "\n"


def _room() -> int | None:
    """Return the columns of the terminal; None where there is none, or it has no width."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return os.get_terminal_size(sys.stdout.fileno()).columns


def _longest_word(text: str) -> int:
    return max((len(piece.rstrip()) for piece in _PIECE.findall(text)), default=0)


def _folded(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a cell, cut behind blanks, commas and slashes where there are any."""
    line = ""
    for piece in _PIECE.findall(text):
        if line and len(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
        while len(line.rstrip()) > width:
            yield line[:width]
            line = line[width:]
    yield line.rstrip()
