"""Show what was done to make files, and with which files."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import click

from ..fits import Headers
from .common import (
    Command,
    Failures,
    expand,
    files_argument,
    null_option,
    say,
    version_option,
    wants_colour,
    write,
)
from .render import FORMATS, form_for, rows

if TYPE_CHECKING:
    from ..past import Done, Past, Used

Show = Callable[[str, "Past"], None]

_COLUMNS = ("filename", "what", "name", "as", "detail")
_NOTHING = "raw, or its history was not recorded"


@click.command(cls=Command)
@files_argument
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(("text", *FORMATS)),
    help="Output format. Default: text on a terminal, tsv in a pipe.",
)
@click.option("--json", "form", flag_value="jsonl", help="Same as --format jsonl.")
@null_option
@version_option
def provenance(files: tuple[str, ...], form: str | None, null: bool) -> None:
    """Show how each FILE was made: the files behind it, and the steps with their parameters.

    \b
        provenance N20220627S0115_image.fits
        provenance N20220627S0115_image.fits | grep sigma
        provenance --json *_image.fits | jq '.files[].name'

    Each line begins with FILE. For a file behind it there follow the word "file", its name, what it
    served as, and its MD5 checksum; for a step the word "step", its name, the primitive that it
    stands for, and its parameters. JSON has one object for each FILE. A raw FILE has no history: a
    line on standard error says so.
    """
    from ..past import past_of

    form = form_for(form, people="text")
    failures = Failures()
    with _shown(form) as show:
        for name in expand(files, null=null):
            with failures.noted():
                show(name, past_of(Headers.open(name)))
    failures.exit()


def _shown(form: str) -> AbstractContextManager[Show]:
    """Write as asked for."""
    if form == "text":
        return _as_text()
    return _as_objects() if form == "jsonl" else _as_rows(form)


@contextmanager
def _as_text() -> Iterator[Show]:
    """Write paragraphs, for people."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if wants_colour(sys.stdout) else ("", "")

    def show(name: str, past: "Past") -> None:
        lines = [f"{bold}{name}{plain}", *_paragraph("files", map(_of_file, past.used))]
        lines += _paragraph("steps", map(_of_step, past.done))
        if not any(past):
            lines.append(f"  {_NOTHING}")
        write("".join(f"{line}\n" for line in lines))

    yield show


def _paragraph(title: str, cells: Iterator[tuple[str, str, str]]) -> Iterator[str]:
    """Yield a title and lines with two columns lined up; nothing without any."""
    found = list(cells)
    if not found:
        return
    names, known = (max(len(row[column]) for row in found) for column in (0, 1))
    yield f"  {title}"
    for name, other, detail in found:
        yield f"    {name:<{names}}  {other:<{known}}  {detail}".rstrip()


def _of_file(used: "Used") -> tuple[str, str, str]:
    return used.name, used.role, used.checksum


def _of_step(done: "Done") -> tuple[str, str, str]:
    known = done.parameters.items()
    values = " ".join(f"{name}={value}" if name else str(value) for name, value in known)
    return done.step, done.primitive, values


@contextmanager
def _as_rows(form: str) -> Iterator[Show]:
    """Write a row for each file behind one and each step."""
    with rows(form, _COLUMNS, header=form == "csv") as put:

        def show(name: str, past: "Past") -> None:
            for used in past.used:
                put([name, "file", *_of_file(used)])
            for done in past.done:
                put([name, "step", done.step, done.primitive, done.args])
            if not any(past):
                say(f"{name}: {_NOTHING}")

        yield show


@contextmanager
def _as_objects() -> Iterator[Show]:
    """Write a JSON object for each file."""

    def show(name: str, past: "Past") -> None:
        told = {
            "filename": name,
            "files": [{"name": u.name, "as": u.role, "md5": u.checksum} for u in past.used],
            "steps": [
                {"step": d.step, "primitive": d.primitive, "parameters": d.parameters}
                for d in past.done
            ],
        }
        write(json.dumps(told, ensure_ascii=False) + "\n")

    yield show
