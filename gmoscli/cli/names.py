"""Names of files, in and out: operands, standard input, ``@list`` files."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ..errors import GmosError, UsageError, reason

_PIECE = re.compile(r"""#[^\n]*|(?:'[^'\n]*'|"(?:\\.|[^"\\\n])*"|\\.|\S)+""", re.ASCII)
_PART = re.compile(r"""'([^'\n]*)'|"((?:\\.|[^"\\\n])*)"|\\(.)|(\S)""", re.ASCII)
_ESCAPED = re.compile(r"""\\(["\\$`])""")
LONGEST = 1 << 12
"""Bytes of a name on standard input, its end among them (PATH_MAX of Linux)."""
NO_LIST = "standard input: not a list of names"
_ORDINARY = re.compile(r"[^\s'\"\\#@][^\s'\"\\]*", re.ASCII)


def expand(files: Sequence[str], *, null: bool = False) -> Iterator[str]:
    """Yield the names that operands stand for, in their order, as they become known.

    ``-`` is standard input: one name a line, blank lines and comments left out, or separated by
    NUL if ``null``. ``@list`` is a file of names. Without operands standard input is read, unless
    it is a terminal. Raises UsageError for no name at all, for an empty one, and for a list
    that cannot be read.
    """
    if not files and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError("no FILE given", hint="name files, @lists, or - for standard input")
    for name in files or ("-",):
        if not name:
            raise UsageError("an empty name", hint="is a variable of the shell not set?")
        if name == "-":
            yield from _from_input(null=null)
        elif name.startswith("@"):
            yield from _from_list(name[1:], ())
        else:
            yield name


def write_list(path: str, header: Iterable[str], names: Iterable[str]) -> None:
    """Write a list file whole or not at all: comments, then one name a line.

    Raises GmosError for a name that no line can hold.
    """
    lines = [*(f"# {line}" for line in header), *map(quoted, names)]
    content = os.fsencode("".join(f"{line}\n" for line in lines))
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)  # a pipe or a device has no draft
        else:
            _write_whole(target, content)
    except OSError as error:
        raise GmosError(reason(error), path=path) from None


def _write_whole(target: Path, content: bytes) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def quoted(name: str) -> str:
    """Return a name as it is written in a list: in quotes if a blank or the like is in it."""
    if "\n" in name:
        raise GmosError("a line break in a name: lists cannot hold it", path=repr(name))
    return name if _ORDINARY.fullmatch(name) else "'" + name.replace("'", "'\"'\"'") + "'"


def _from_input(*, null: bool) -> Iterator[str]:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    stream = sys.stdin.buffer
    if null:
        yield from filter(None, map(os.fsdecode, _until_nul(stream)))
        return
    while line := stream.readline(LONGEST + 1):
        if len(line) > LONGEST or b"\0" in line:
            raise UsageError(NO_LIST)
        name = os.fsdecode(line).strip("\r\n")
        if name.strip() and not name.lstrip().startswith("#"):
            yield _unquoted(name) if _is_quoted(name) else name


def _until_nul(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while chunk := os.read(stream.fileno(), 65536):
        *whole, rest = (rest + chunk).split(b"\0")
        if len(rest) > LONGEST:
            raise UsageError(NO_LIST)
        yield from whole
    yield rest


def _from_list(path: str, parents: tuple[Path, ...]) -> Iterator[str]:
    """Yield the names in a list file and in the lists that it names."""
    try:
        text = os.fsdecode(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"@{path}: {reason(error)}") from None
    here = Path(path).resolve()
    if "\0" in text:
        raise UsageError(f"@{path}: not a list of names")
    if here in parents:
        raise UsageError(f"@{path}: this list includes itself")
    for piece in _PIECE.findall(text):
        if piece.startswith("@"):
            yield from _from_list(_unquoted(piece[1:]), (*parents, here))
        elif not piece.startswith("#"):
            yield _unquoted(piece)


def _is_quoted(line: str) -> bool:
    """Say whether a whole line is one word in quotes, as in a list file."""
    return line[:1] in ("'", '"') and line[-1:] == line[:1] and bool(_PIECE.fullmatch(line))


def _unquoted(piece: str) -> str:
    """Return a word without its quotes, by the rules of the shell."""
    return "".join(
        _ESCAPED.sub(r"\1", double) if double else single or escaped or plain
        for single, double, escaped, plain in _PART.findall(piece)
    )
