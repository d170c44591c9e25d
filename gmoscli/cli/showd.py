"""Show what descriptors say of files."""

from collections.abc import Callable

import click

from ..errors import UsageError
from ..fits import Headers
from .common import (
    CommaList,
    Command,
    Failures,
    expand,
    files_argument,
    null_option,
    version_option,
)
from .render import FORMATS, form_for, rows


def _names() -> list[str]:
    from ..gmos.descriptors import DESCRIPTORS

    return sorted([*DESCRIPTORS, "tags"])


@click.command(cls=Command)
@files_argument
@click.option(
    "-d",
    "--descriptors",
    "wanted",
    type=CommaList(_names, "descriptor"),
    multiple=True,
    metavar="NAME,...",
    help="Columns to show: descriptors, or 'tags'.",
)
@click.option("--long", is_flag=True, help="Show full values, such as filters with their ids.")
@click.option("-f", "--format", "form", type=click.Choice(FORMATS), help="Format of the rows.")
@click.option("--csv", "form", flag_value="csv", help="Same as --format csv.")
@click.option("--header/--no-header", default=None, help="Name columns in tsv and csv.")
@click.option("--list", "listing", is_flag=True, help="List all descriptors and what they tell.")
@null_option
@version_option
def showd(
    *,
    files: tuple[str, ...],
    wanted: tuple[list[str], ...],
    long: bool,
    form: str | None,
    header: bool | None,
    listing: bool,
    null: bool,
) -> None:
    """Show descriptors of each FILE: a table on a terminal, tab-separated lines in a pipe.

    A FILE may also be @LIST, for the names in a list, or -, for names on standard input. Without
    FILE, names come from standard input, so that

    \b
        dataselect --tags BIAS *.fits | showd -d object,exposure_time

    shows only what was selected. Missing values are empty.
    """
    form = form_for(form)
    if listing:
        _show_list(form)
        return
    names = [name for words in wanted for name in words]
    readers = [_reader(name, pretty=not long) for name in names]
    if not readers:
        raise UsageError("missing option -d: which descriptors?", hint="showd --list")
    failures = Failures()
    with_header = form == "csv" if header is None else header
    with rows(form, ["filename", *names], header=with_header) as put:
        for name in expand(files, null=null):
            with failures.noted():
                headers = Headers.open(name)
                put([name, *(read(headers) for read in readers)])
    failures.exit()


def _reader(name: str, *, pretty: bool) -> Callable[[Headers], object]:
    """Return what reads one column."""
    from ..gmos.descriptors import describe
    from ..gmos.tags import tags_of

    if name == "tags":
        return tags_of
    return lambda headers: describe(headers, name, pretty=pretty)


def _show_list(form: str) -> None:
    from ..gmos.descriptors import DESCRIPTORS

    with rows(form, ["descriptor", "unit", "meaning"], header=form == "csv") as put:
        for name, one in sorted(DESCRIPTORS.items()):
            put([name, one.unit or None, one.doc.removeprefix("Return ").removeprefix("Say ")])
