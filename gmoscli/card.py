"""The value of one card of a FITS header (FITS Standard 4.0, sections 4.1 and 4.2)."""

import re

Value = str | int | float | bool | None

CARD = 80
"""Characters of a card."""

_STRING = re.compile(r"\s*'((?:[^']|'')*)'")
_BARE = re.compile(r"\s*([^/\s]*)")
_INT = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[EDed][+-]?\d+)?")


def value_at(text: str, at: int) -> Value:
    """Return the value of the card that begins at ``at``."""
    card = text[at : at + CARD]
    start = card.find("=") + 1 if card.startswith("HIERARCH") else 9
    if not start or card[start - 1] != "=":
        return None
    if found := _STRING.match(card, start):
        return _string(text, at, found)
    found = _BARE.match(card, start)
    return _bare(found[1]) if found else None


def _string(text: str, at: int, found: re.Match[str]) -> str:
    """Return a string value, with the parts of it that stand on CONTINUE cards."""
    value = found[1]
    while value.rstrip().endswith("&") and text.startswith("CONTINUE  ", at + CARD):
        at += CARD
        more = _STRING.match(text[at : at + CARD], 10)
        value = value.rstrip()[:-1] + (more[1] if more else "")
    return value.replace("''", "'").rstrip()


def _bare(word: str) -> Value:
    """Return the value of an unquoted word: logical, integer or real."""
    if word in ("T", "F"):
        return word == "T"
    if _INT.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word):
        return float(word.upper().replace("D", "E"))
    return None
