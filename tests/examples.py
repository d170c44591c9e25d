"""Examples in the documents: the files that they show, and the commands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.commands import ROOT

_ROFF = {"\\-": "-", "\\(aq": "'", "\\(ga": "`", "\\(ti": "~", "\\(ha": "^", "\\&": "", "\\e": "\\"}
_ESCAPE = re.compile("|".join(map(re.escape, _ROFF)))
_EXAMPLE = re.compile(r'^\.\\" (run|file: \S+)\n\.EX\n(.*?)^\.EE\n', re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """Lines of shell to run, or a file of this name to write."""

    name: str | None
    text: str


def in_page(name: str) -> Iterator[Example]:
    """Yield the examples of a manual page, in order."""
    text = (ROOT / "man" / name).read_text()
    for mark, lines in _EXAMPLE.findall(text):
        plain = _ESCAPE.sub(lambda found: _ROFF[found[0]], lines)
        yield Example(mark.removeprefix("file: ") if mark != "run" else None, plain)


def in_readme(language: str) -> list[str]:
    """Return the blocks of code of one language in README.md, in order."""
    found = _CODE.findall((ROOT / "README.md").read_text())
    return [text for kind, text in found if kind == language]


def played(examples: Iterator[Example], folder: Path) -> Iterator[str]:
    """Write the files of a page into a folder; yield the lines to run when their turn has come."""
    for name, text in examples:
        if name is None:
            yield text
        else:
            (folder / name).write_text(text)
