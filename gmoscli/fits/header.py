"""The cards of a FITS header and their values (FITS Standard 4.0, sections 4.1 and 4.2)."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from struct import unpack_from

Value = str | int | float | bool | None

CARD = 80
"""Characters of a card."""

BLOCK = 2880
"""Bytes of which every unit of a file has a whole multiple."""

_STRING = re.compile(rb"\s*'((?:[^']|'')*)'")
_VALUE = re.compile(
    rb"""=\s*(?:
        '((?:[^']|'')*)'
        | (?: ([+-]?\d+) | ([+-]?(?:\d+\.?\d*|\.\d+)(?:[EDed][+-]?\d+)?) | ([TF]) ) (?=[/\s]|\Z)
    )""",
    re.VERBOSE,
)
_COMMENTARY = [word.ljust(8) for word in (b"", b"COMMENT", b"HISTORY", b"CONTINUE", b"END")]


class Header(Mapping[str, Value]):
    """The keywords of one header unit and their values, parsed when asked for.

    Commentary is left out. Of a keyword that occurs twice the first value counts. A card without
    a value, or with one that is no FITS value, gives None. A HIERARCH keyword goes by its words.
    """

    def __init__(self, cards: bytes | Mapping[str, Value]):
        self.cards = cards if isinstance(cards, bytes) else b""
        """As they stand before END, commentary and all; none if made of values."""
        self._values: dict[str, Value] = {} if isinstance(cards, bytes) else dict(cards)
        self._known_places: dict[bytes, int] | None = None

    @property
    def text(self) -> str:
        """The unit as it stands in a file, with END and padding."""
        blocks = -(-(len(self.cards) + CARD) // BLOCK)
        return (self.cards + b"END").ljust(blocks * BLOCK).decode("latin-1")

    @property
    def _places(self) -> dict[bytes, int]:
        """Where the card of each keyword begins; keywords have eight letters or more here."""
        if self._known_places is None:
            in_memory = dict.fromkeys(map(_key, self._values), 0)
            self._known_places = _places(self.cards) if self.cards else in_memory
        return self._known_places

    def __getitem__(self, keyword: str) -> Value:
        if keyword not in self._values:
            self._values[keyword] = value_at(self.cards, self._places[_key(keyword)])
        return self._values[keyword]

    @cached_property
    def _names(self) -> list[str]:
        places = self._places
        names = sorted(places, key=places.__getitem__)
        return [name.decode("latin-1").rstrip(" ") for name in names]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, keyword: object) -> bool:
        return isinstance(keyword, str) and _key(keyword) in self._places


def value_at(cards: bytes, at: int) -> Value:
    """Return the value of the card that begins at ``at``."""
    end = at + CARD
    start = cards.find(b"=", at, end) if cards.startswith(b"HIERARCH", at) else at + 8
    found = _VALUE.match(cards, start, end)
    if found is None:
        return None
    string, whole, real, logical = found.groups()
    if string is not None:
        return _string(cards, at, string).replace(b"''", b"'").rstrip().decode("latin-1")
    if whole:
        return int(whole)
    return float(real.upper().replace(b"D", b"E")) if real else logical == b"T"


def _key(keyword: str) -> bytes:
    return keyword.ljust(8).encode("latin-1", "replace")


def _places(cards: bytes) -> dict[bytes, int]:
    count = len(cards) // CARD
    names = unpack_from("8s72x" * count, cards)
    last_first = range((count - 1) * CARD, -1, -CARD)
    places = dict(zip(reversed(names), last_first, strict=True))
    for name in _COMMENTARY:
        places.pop(name, None)
    return _with_long_names(cards, places) if b"HIERARCH" in places else places


def _with_long_names(cards: bytes, places: dict[bytes, int]) -> dict[bytes, int]:
    """Return the places with each HIERARCH card under its words."""
    del places[b"HIERARCH"]
    every = {at: cards[at : at + CARD] for at in range(len(cards) - CARD, -1, -CARD)}
    long = {at: one[9:] for at, one in every.items() if one.startswith(b"HIERARCH")}
    words = {at: text.partition(b"=")[0].strip(b" ") for at, text in long.items()}
    return {name.ljust(8): at for at, name in words.items()} | places


def _string(cards: bytes, at: int, value: bytes) -> bytes:
    """Return a string value with the parts of it that stand on CONTINUE cards."""
    while value.rstrip().endswith(b"&") and cards.startswith(b"CONTINUE  ", at + CARD):
        at += CARD
        more = _STRING.match(cards, at + 10, at + CARD)
        value = value.rstrip()[:-1] + (more[1] if more else b"")
    return value
