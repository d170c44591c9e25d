"""Select files by tags and descriptors."""

from collections.abc import Callable, Collection

import click

from ..errors import GmosError
from ..fits import Headers
from .common import (
    CommaList,
    Command,
    Failures,
    expand,
    files_argument,
    null_option,
    version_option,
    write,
)
from .names import write_list


def known_tags() -> Collection[str]:
    """Return every tag there is, to complete words with."""
    from ..gmos.tags import KNOWN_TAGS

    return KNOWN_TAGS


@click.command(cls=Command)
@files_argument
@click.option(
    "-t",
    "--tags",
    "wanted",
    type=CommaList(known_tags, "tag"),
    multiple=True,
    metavar="TAG,...",
    help="Tags a file must have.",
)
@click.option(
    "-x",
    "--xtags",
    "unwanted",
    type=CommaList(known_tags, "tag"),
    multiple=True,
    metavar="TAG,...",
    help="Tags it must not have.",
)
@click.option("-e", "--expr", metavar="EXPRESSION", help="Condition on its descriptors.")
@click.option("--strict", is_flag=True, help="Compare full names, and numbers exactly.")
@click.option("-o", "--output", metavar="LIST", type=click.Path(), help="Write a list file.")
@click.option("-v", "--verbose", is_flag=True, help="With -o, print the names as well.")
@click.option("--fail-if-empty", is_flag=True, help="Exit with status 1 if no file is selected.")
@null_option
@version_option
def dataselect(
    *,
    files: tuple[str, ...],
    wanted: tuple[list[str], ...],
    unwanted: tuple[list[str], ...],
    expr: str | None,
    strict: bool,
    output: str | None,
    verbose: bool,
    fail_if_empty: bool,
    null: bool,
) -> None:
    """Print the name of each FILE that has the tags and for which the expression holds.

    A FILE may also be @LIST, for the names in a list, or -, for names on standard input, which is
    also read if there is no FILE. A name is printed as soon as it is selected.

    An expression compares descriptors (see showd --list) with constants:

    \b
        dataselect --tags BIAS --expr 'ut_date == "2022-06-13"' raw/*.fits
        dataselect --expr '"FLAT" in tags and filter_name in ("r", "i")' raw/*.fits
        dataselect --xtags CAL --expr '300 < exposure_time <= 600' raw/*.fits

    Comparisons (==, !=, <, <=, >, >=, in, not in) may be chained, and are combined with and, or,
    not and parentheses. Unless --strict is given, filters go by their short names, and exposure
    times are equal if they differ by less than 1 %.
    """
    tags, xtags = _joined(wanted), _joined(unwanted)
    holds = _question(tags, xtags, expr, strict=strict)
    failures = Failures()
    selected = []
    for name in expand(files, null=null):
        with failures.noted():
            if not holds(Headers.open(name)):
                continue
            selected.append(name)
            if output is None or verbose:
                write(name + ("\0" if null else "\n"))
    if output is not None:
        write_list(output, _heading(tags, xtags, expr), selected)
    failures.exit()
    if fail_if_empty and not selected:
        raise GmosError("no file selected")


def _joined(lists: tuple[list[str], ...]) -> list[str]:
    return [word for words in lists for word in words]


def _question(
    tags: list[str], xtags: list[str], expr: str | None, *, strict: bool
) -> Callable[[Headers], bool]:
    """Return what is asked of each file. The expression is only asked where the tags are right."""
    from ..gmos.tags import tags_of

    expression = None
    if expr is not None:
        from ..select import parse

        expression = parse(expr, strict=strict)

    def holds(headers: Headers) -> bool:
        own = tags_of(headers)
        return (
            own.issuperset(tags)
            and own.isdisjoint(xtags)
            and (expression is None or expression(headers))
        )

    return holds


def _heading(tags: list[str], xtags: list[str], expr: str | None) -> list[str]:
    """Return the comments above a list: what its files have in common."""
    line = None if expr is None else " ".join(expr.splitlines())
    return [f"Includes tags: {tags}", f"Excludes tags: {xtags}", f"Descriptor expression: {line}"]
