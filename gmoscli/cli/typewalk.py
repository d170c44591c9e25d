"""Show the tags of all files below a folder."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..errors import BadFile, UsageError, reason
from ..fits import Headers
from .common import CommaList, Command, Failures, version_option, wants_colour, write
from .dataselect import known_tags
from .names import write_list
from .render import form_for, rows

_MASK = r".*\.(fits|FITS|fz)(\.(gz|bz2|fz))?$"
_COLUMN = 40  # where tags begin in the tree

Tags = frozenset[str]
Put = Callable[[Path, Tags], None]


class _SpacedTags(Command):
    """A command whose --tags and --xtags take all the words that follow: --tags BIAS CAL."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Join these words by commas before options are parsed."""
        joined: list[str] = []
        for word in args:
            if joined[-2:-1] in (["--tags"], ["--xtags"]) and not word.startswith("-"):
                joined[-1] += f",{word}"
            else:
                joined.append(word)
        return super().parse_args(ctx, joined)


@click.command(cls=_SpacedTags)
@click.argument("operand", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("-d", "--dir", "root", type=click.Path(path_type=Path), help="Same as DIR.")
@click.option("-n", "--norecurse", is_flag=True, help="Do not go into folders below it.")
@click.option("-f", "--filemask", metavar="REGEX", default=_MASK, help="Names of files to look at.")
@click.option(
    "--tags",
    "wanted",
    type=CommaList(known_tags, "tag"),
    default="",
    metavar="TAG...",
    help="Tags a file must have.",
)
@click.option("--or", "either", is_flag=True, help="One of the --tags is enough.")
@click.option(
    "--xtags",
    "unwanted",
    type=CommaList(known_tags, "tag"),
    default="",
    metavar="TAG...",
    help="Tags it must not have.",
)
@click.option("-o", "--out", metavar="LIST", type=click.Path(), help="Write a list file as well.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("tree", "tsv", "jsonl")),
    help="Output format. Default: tree on a terminal, tsv in a pipe.",
)
@click.option("-b", "--batch", hidden=True, expose_value=False, help="Accepted, without effect.")
@version_option
def typewalk(
    *,
    operand: Path | None,
    root: Path | None,
    norecurse: bool,
    filemask: str,
    wanted: list[str],
    either: bool,
    unwanted: list[str],
    out: str | None,
    form: str | None,
) -> None:
    """Show the tags of all files below DIR: a tree on a terminal, lines in a pipe.

    \b
        typewalk raw
        typewalk -d raw --tags BIAS CAL
        typewalk -d raw --tags FLAT BIAS --or | cut -f 1

    A line has a name and its tags, separated by a tab. Without DIR the walk begins in the working
    directory.
    """
    from ..gmos.tags import tags_of

    if operand and root:
        raise click.UsageError(f"two folders: {root} and {operand}")
    top = operand or root or Path()
    form = form_for(form, people="tree")
    mask, fits = _pattern(filemask), _rule(wanted, unwanted, either=either)
    failures = Failures()
    found = []
    with _shown(form) as put:
        for path in _files(top, failures, recurse=not norecurse):
            with failures.noted():
                if mask.match(path.name) and fits(tags := tags_of(Headers.open(path))):
                    put(path, tags)
                    found.append(str(path.absolute()))
    if out is not None:
        words = f"{' or '.join(wanted)}" if either else f"{' and '.join(wanted)}"
        heading = f"Files below {top.absolute()}", f"Tags: {words}", f"Excludes tags: {unwanted}"
        write_list(out, heading, found)
    failures.exit()


def _rule(wanted: list[str], unwanted: list[str], *, either: bool) -> Callable[[Tags], bool]:
    def fits(tags: Tags) -> bool:
        enough = not tags.isdisjoint(wanted) if either else tags.issuperset(wanted)
        return (enough or not wanted) and tags.isdisjoint(unwanted)

    return fits


def _pattern(mask: str) -> re.Pattern[str]:
    try:
        return re.compile(mask)
    except re.error as error:
        raise UsageError(f"--filemask: {error}") from None


def _files(root: Path, failures: Failures, *, recurse: bool) -> Iterator[Path]:
    """Yield the files below a folder, those of each folder together and in order."""
    if not root.is_dir():
        raise BadFile("not a folder" if root.exists() else "no such folder", path=root)

    def report(error: OSError) -> None:
        failures.add(BadFile(reason(error), path=error.filename))

    for folder, folders, names in os.walk(root, onerror=report):
        folders[:] = sorted(folders) if recurse else []
        yield from (Path(folder, name) for name in sorted(names))


@contextmanager
def _shown(form: str) -> Iterator[Put]:
    if form == "tree":
        yield _tree()
        return
    with rows(form, ["filename", "tags"], header=False) as put:
        yield lambda path, tags: put([str(path), tags])


def _tree() -> Put:
    """Return what writes files under a heading for each folder, worded as in DRAGONS."""
    last: list[Path] = []
    bold, plain = ("\x1b[1m", "\x1b[0m") if wants_colour(sys.stdout) else ("", "")

    def put(path: Path, tags: Tags) -> None:
        if last != [path.parent]:
            last[:] = [path.parent]
            write(f"\ndirectory:  {bold}{path.parent.absolute()}{plain}\n")
        words = " ".join(f"({tag})" for tag in sorted(tags))
        name = f"     {path.name}"
        if len(name) >= _COLUMN:
            write(f"{name}\n")
        start = f"{name} " if len(name) < _COLUMN else ""
        write(f"{start:.<{_COLUMN}} {words}".rstrip() + "\n")

    return put
