"""A FITS header in the making: cards in order, each written as the standard says.

FITS Standard 4.0, section 4. What is taken over from another header stays as it stands there.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..card import CARD

BLOCK = 2880
"""Bytes; a FITS file is a whole number of them (FITS Standard 4.0, section 3.1)."""
ROOM = CARD - 12
"""Characters of a string that fit on one card between its quotes."""

_STRUCTURE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BZERO|BSCALE|BLANK"
    r"|CHECKSUM|DATASUM|END"
)
_COMMENTARY = ("COMMENT", "HISTORY", "HIERARCH", "")
_COMMENT = re.compile(r"(?:\s*'(?:[^']|'')*'|[^/']*)\s*/ ?(.*)")


class Draft:
    """Cards by keyword, in the order in which they were set.

    A value alone keeps the comment that its card has; ``(value, comment)`` replaces both.
    """

    def __init__(self, text: str = ""):
        """Take over the cards of a header but those that tell how its own data are laid out."""
        self._cards: dict[object, str] = {}
        key: object = None
        for at in range(0, len(text), CARD):
            card = text[at : at + CARD]
            word = card[:8].rstrip()
            if word == "CONTINUE" and key in self._cards:
                self._cards[key] += card
                continue
            key = word if word not in _COMMENTARY and word not in self._cards else (word, at)
            if card.strip(" \0") and not _STRUCTURE.fullmatch(word):
                self._cards[key] = card

    def __contains__(self, keyword: str) -> bool:
        return keyword in self._cards

    def __setitem__(self, keyword: str, value: Any) -> None:
        if isinstance(value, tuple):
            value, comment = value
        else:
            found = _COMMENT.match(self._cards.get(keyword, "")[10:CARD])
            comment = found[1].rstrip() if found else ""
        self._cards[keyword] = card(keyword, value, comment)

    def update(self, cards: Mapping[str, Any]) -> None:
        """Set several cards."""
        for keyword, value in cards.items():
            self[keyword] = value

    def under(self, structure: Mapping[str, Any]) -> bytes:
        """Return the header as it stands in a file, the cards that lay out its data first."""
        first = "".join(card(keyword, value, "") for keyword, value in structure.items())
        text = first + "".join(self._cards.values()) + "END".ljust(CARD)
        return text.ljust(-(-len(text) // BLOCK) * BLOCK).encode("ascii", "replace")


def card(keyword: str, value: Any, comment: str) -> str:
    """Return a card, or several where a string is too long for one.

    A comment that does not fit is cut. Raises TypeError for what no card can hold.
    """
    if isinstance(value, str):
        return _string_card(keyword, value, comment)
    return _whole(f"{keyword:8}= {_word(value):>20}", comment)


def _string_card(keyword: str, value: str, comment: str) -> str:
    quoted = value.replace("'", "''")
    if len(quoted) <= ROOM:
        return _whole(f"{keyword:8}= '{quoted:8}'".ljust(30), comment)
    parts = _parts(quoted)
    cards = [f"{keyword:8}= '{parts[0]}&'"]
    cards += [f"CONTINUE  '{part}&'" for part in parts[1:-1]]
    return "".join(c.ljust(CARD) for c in cards) + _whole(f"CONTINUE  '{parts[-1]}'", comment)


def _parts(quoted: str) -> list[str]:
    """Return the pieces of a long string; no doubled quote is cut in two."""
    return re.findall(rf"(?:''|[^']){{1,{ROOM // 2 - 1}}}", quoted)


def _whole(start: str, comment: str) -> str:
    return (f"{start} / {comment}" if comment else start)[:CARD].ljust(CARD)


def _word(value: Any) -> str:
    """Return a number, a logical or nothing as a card shows it."""
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "T" if value else "F"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating) and np.isfinite(value):
        digits, exponent, power = repr(float(value)).upper().partition("E")
        return f"{digits if '.' in digits else f'{digits}.0'}{exponent}{power}"
    raise TypeError(f"no FITS card holds {value!r}")
