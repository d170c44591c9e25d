"""What a person may be told: one line, the next command, and an exit code."""

from collections.abc import Collection, Iterable
from pathlib import Path


class GmosError(Exception):
    """Something an observer can understand and mend.

    Shown as ``command: path: message`` and, below it, ``hint: ...``; never as a traceback.
    """

    exit_code = 1

    def __init__(self, message: str, *, path: str | Path | None = None, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.path = None if path is None else str(path)
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.path is None else f"{self.path}: {self.message}"


class BadFile(GmosError):
    """A file that cannot be read, or is not what it has to be."""


class ReductionError(GmosError):
    """Good files that cannot be reduced together, or not with this recipe."""


class DatabaseError(GmosError):
    """The calibration database cannot be used, or refused a file."""


class UsageError(GmosError):
    """A word on the command line or in the configuration that means nothing here."""

    exit_code = 2


class CalibrationMissing(GmosError):
    """No stored calibration fits."""

    exit_code = 3


def reason(error: OSError) -> str:
    """Return in lower case what the system said, or else what was raised."""
    return (error.strerror or str(error)).lower()


def quoted(path: Path) -> str:
    """Return a path as the shell wants it in the command of a hint."""
    from shlex import quote  # noqa: PLC0415 - start-up: needed only to complain

    return quote(str(path))


_LINE = 200
"""Characters of known words that a hint may list."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the hint for a word that is not known: those that look like it; None without any."""
    from difflib import get_close_matches  # noqa: PLC0415 - start-up: needed only to complain

    spellings = {name.lower(): name for name in known}
    if same := spellings.get(word.lower()):
        return f"did you mean {same}?"
    near = [spellings[name] for name in get_close_matches(word.lower(), spellings, cutoff=0.5)]
    return f"did you mean {' or '.join(near)}?" if near else None


def check_known(what: str, words: Iterable[str], known: Collection[str]) -> None:
    """Raise UsageError for the first of some words that is not among the known ones."""
    for word in words:
        if word not in known:
            raise unknown(what, word, known)


def unknown(what: str, word: str, known: Collection[str]) -> UsageError:
    """Return the error for a word that is not among the known ones; its hint names the nearest.

    Where none is near the hint names all, unless they are too many for a line.
    """
    all_of_them = " ".join(dict.fromkeys(known))
    every = f"known: {all_of_them}" if len(all_of_them) < _LINE else None
    return UsageError(f"unknown {what} {word!r}", hint=nearest(word, known) or every)
