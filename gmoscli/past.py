"""What was done to make a file, and with which files: the tables HISTORY and PROVENANCE."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .fits import Headers, read_tables
from .fits.textcolumns import text_columns


@dataclass(frozen=True)
class Done:
    """One line of a file's history: a step with the parameters it ran with."""

    step: str
    primitive: str
    args: str
    """The parameters as JSON."""

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters by name; what other software wrote and is no JSON has an empty name."""
        try:
            found = json.loads(self.args or "{}")
        except ValueError:
            found = None
        return found if isinstance(found, dict) else {"": self.args}


@dataclass(frozen=True)
class Used:
    """One file behind a product: its name, checksum, and the step that read it."""

    name: str
    checksum: str
    """MD5."""
    step: str
    path: Path | None = None
    """Where it lies, as long as its checksum is not known."""

    @property
    def role(self) -> str:
        """What the file served as: a ``frame``, or the kind of calibration."""
        return "frame" if self.step == "prepare" else self.step


class Past(NamedTuple):
    """What a file tells of how it was made: nothing, for a raw one."""

    done: tuple[Done, ...] = ()
    used: tuple[Used, ...] = ()


def past_of(headers: Headers) -> Past:
    """Return what the tables of a file tell. Raises BadFile if it is not whole."""
    if headers.path is None or "PREPARE" not in headers.phu:
        return Past()
    tables = {
        name: text_columns(header, data)
        for name, header, data in read_tables(headers.path, ("HISTORY", "PROVENANCE"))
    }
    done = _lines(tables.get("HISTORY", {}), "step", "primitive", "args")
    used = _lines(tables.get("PROVENANCE", {}), "filename", "md5", "provenance_added_by")
    return Past(
        tuple(Done(step, primitive, args) for step, primitive, args in done),
        tuple(Used(name, checksum, step) for name, checksum, step in used),
    )


def _lines(columns: Mapping[str, list[str]], *names: str) -> list[tuple[str, ...]]:
    """Return the rows of some columns; a row has no step of its own in other software."""
    known = [columns.get(name, columns.get("primitive", [])) for name in names]
    return list(zip(*known, strict=False))
