"""The text of a configuration file, TOML or the older ini form, as plain tables."""

import configparser
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError, reason

Tables = dict[str, dict[str, object]]
"""Section → key → value; an ini value is always text."""

_INI_COMMENT = re.compile(r"(?:^|\s)[#;].*")
_LONE_PERCENT = re.compile(r"(?<!%)%(?:%%)*(?!%)")
_WORD = re.compile(r"""\s*(#.*|(?:[^\s"'\\]|\\.|"[^"]*"|'[^']*')+)""")


@dataclass(frozen=True)
class Source:
    """A configuration file: where it is, and what is written in it."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> "Source":
        """Return the file's text; raise UsageError if it cannot be read as text."""
        try:
            return cls(path, path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"cannot be read: {reason(error)}", path=path) from None
        except UnicodeDecodeError:
            raise UsageError("is not a text file", path=path) from None

    def error(self, message: str, *, near: str = "") -> UsageError:
        """Return an error that names the file, and the first line that holds the given words."""
        lines = (n for n, line in enumerate(self.text.splitlines(), 1) if near and near in line)
        line = next(lines, None)
        return UsageError(message, path=self.path if line is None else f"{self.path}:{line}")

    @contextmanager
    def naming(self, *, near: str) -> Iterator[None]:
        """Turn a ValueError into an error that names this file and the line of these words."""
        try:
            yield
        except ValueError as error:
            raise self.error(str(error), near=near) from None


def tables(source: Source) -> Tables:
    """Return the sections of a file; its content says whether it is TOML or ini.

    An older file holds bare words, which TOML rejects; what both accept means the same in both.
    Raises UsageError with both complaints when the text is neither.
    """
    try:
        content = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as toml:
        try:
            return _ini(source.text)
        except configparser.Error as ini:
            told = str(ini).partition("\n")[0].partition(": '<string>'")[0].rstrip(".").lower()
            raise source.error(f"is neither TOML ({toml}) nor ini ({told})") from None
    loose = [key for key, value in content.items() if not isinstance(value, dict)]
    if loose:
        raise source.error(f"{loose[0]!r} stands outside of a section", near=loose[0])
    return content


def _ini(text: str) -> Tables:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return {
        section: {key: _ini_value(key, value) for key, value in parser[section].items()}
        for section in parser.sections()
    }


def _ini_value(key: str, value: str) -> str:
    if not _LONE_PERCENT.search(value):
        value = value.replace("%%", "%")
    if key in ("databases", "database_dir"):  # here a # may stand inside quotes: see `words`
        return value
    return "\n".join(_INI_COMMENT.sub("", line).strip() for line in value.splitlines())


def words(line: str) -> list[str]:
    """Split a line as a shell does: quotes keep blanks, a word that begins with # ends the line.

    Raises ValueError for a quote that is never closed.
    """
    found: list[str] = []
    at = 0
    while line[at:].strip():
        word = _WORD.match(line, at)
        if word is None:
            raise ValueError("a quote is never closed")
        if word[1].startswith("#"):
            break
        found += shlex.split(word[1])
        at = word.end()
    return found
