"""Keep calibrations, and find those that fit."""

import shlex
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import BadFile, CalibrationMissing, DatabaseError, GmosError
from .caldb_rows import LISTED, candidate_row, setting_rows, verdict_rows
from .common import (
    Failures,
    Group,
    complain,
    expand,
    files_argument,
    null_option,
    say,
    version_option,
    write,
)
from .databases import Databases, Kind, configured, on_databases
from .render import FORMATS, Put, form_for, rows

if TYPE_CHECKING:
    from ..fits import Headers

kinds_option = click.option(
    "--kind", "kinds", type=Kind(), multiple=True, help="Only bias, flat, fringe or bpm."
)


def rows_options(function: Callable[..., None]) -> Callable[..., None]:
    """Let the user say how rows are written."""
    form = click.option(
        "-f", "--format", "form", type=click.Choice(FORMATS), help="Format of the rows."
    )
    json = click.option("--json", "form", flag_value="jsonl", help="Same as --format jsonl.")
    return form(json(function))


def search_options(function: Callable[..., None]) -> Callable[..., None]:
    """Let the user say for which frames what is searched, where, and how it is written."""
    mode = click.option(
        "--mode",
        type=click.Choice(("sq", "ql", "qa")),
        help="Find what a reduction in this mode would use.",
    )
    below = mode(rows_options(null_option(on_databases(function))))
    return files_argument(kinds_option(below))


@click.group(cls=Group)
@version_option
def caldb() -> None:
    """Keep calibrations, and find those that fit.

    A database knows the calibrations that were added to it: master biases and flats, fringe
    frames, bad pixel masks. The files stay where they are. The database is named by -d, else by
    the configuration, else it is your own, made when it is first needed.
    """


@caldb.command()
@click.option("-w", "--wipe", is_flag=True, help="Forget all that the database holds.")
@on_databases
def init(*, databases: Databases, wipe: bool) -> None:
    """Make the database, unless it is there."""
    store = databases.one()
    store.init(wipe=wipe)
    databases.tell(f"{store.path} is ready")


@caldb.command()
@files_argument
@click.option("-k", "--walk", is_flag=True, help="Look into the folders of a folder as well.")
@null_option
@on_databases
def add(*, databases: Databases, files: tuple[str, ...], walk: bool, null: bool) -> None:
    """Add calibrations: each FILE, and those that a folder holds.

    A FILE must be a processed bias, flat or fringe frame, or a bad pixel mask. Any other FILE is
    refused with the reason, and the rest are still added; in a folder it is passed over.
    """
    from ..caldb.adding import add_all

    failures = Failures()
    passed_over = 0
    paths = (Path(name) for name in expand(files, null=null))
    for addition in add_all(databases.one(), paths, walk=walk):
        with failures.noted():
            if addition.error is not None:
                raise addition.error
            passed_over += addition.passed_over is not None
            databases.tell(f"{addition.path}: {addition.outcome or addition.passed_over}")
    if passed_over:
        word = "file" if passed_over == 1 else "files"
        say(f"{passed_over} {word} passed over: not calibrations")
    failures.exit()


def _stored_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a calibration."""
    with suppress(GmosError):
        settings = configured(ctx.params.get("config"), ctx.params.get("database"))
        store = Databases(settings, verbose=False).one()
        names = {candidate.path.name for candidate in store.candidates()}
        return sorted(name for name in names if name.startswith(incomplete))
    return []


@caldb.command()
@click.argument("files", nargs=-1, metavar="NAME...", shell_complete=_stored_names)
@null_option
@on_databases
def remove(*, databases: Databases, files: tuple[str, ...], null: bool) -> None:
    """Forget calibrations, by name or by path.

    A NAME stands for every calibration of that name, a path with a folder for that file alone. The
    files themselves stay.
    """
    store = databases.one()
    failures = Failures()
    for name in expand(files, null=null):
        with failures.noted():
            for path in store.remove(name):
                databases.tell(f"{path}: removed")
    failures.exit()


@caldb.command("list")
@click.option("--paths", is_flag=True, help="Print paths alone, one a line.")
@kinds_option
@rows_options
@null_option
@on_databases
def list_(
    *, databases: Databases, paths: bool, kinds: tuple[str, ...], form: str | None, null: bool
) -> None:
    """List the calibrations that are stored, newest first."""
    stored = (c for store in databases.every() for c in store.candidates())
    chosen = (c for c in stored if not kinds or c.record.kind in kinds)
    if paths:
        with _paths(null=null) as put:
            for candidate in chosen:
                put([str(candidate.path)])
        return
    with _rows(form, *LISTED) as put:
        for candidate in chosen:
            put(candidate_row(candidate))


@caldb.command()
@search_options
def find(
    *,
    databases: Databases,
    files: tuple[str, ...],
    kinds: tuple[str, ...],
    mode: str | None,
    form: str | None,
    null: bool,
) -> None:
    """Print the paths of the calibrations of a frame.

    For each FILE, that is the best one of each --kind, or of every kind that it is reduced with.
    The exit status is 3 if one is missing.
    """
    from ..caldb.match import missing
    from ..caldb.rules import OPTIONAL, kinds_for

    cals = databases.searched(mode)
    failures = Failures()
    lacking = 0
    with _rows(form, "file", "kind", "path") if form else _paths(null=null) as put:
        for name in expand(files, null=null):
            with failures.noted():
                frame = _frame(name)
                for kind in kinds or kinds_for(frame):
                    if path := cals.find(kind, frame):
                        put([name, kind, str(path)])
                    elif kinds or kind not in OPTIONAL:
                        complain(missing(name, kind, cals.explain(kind, frame)))
                        lacking += 1
    failures.exit()
    if lacking:
        click.get_current_context().exit(CalibrationMissing.exit_code)


@caldb.command()
@search_options
def explain(
    *,
    databases: Databases,
    files: tuple[str, ...],
    kinds: tuple[str, ...],
    mode: str | None,
    form: str | None,
    null: bool,
) -> None:
    """Show which calibrations fit a frame, and why others do not.

    For each FILE and kind, the chosen one comes first, then all others: those that fail fewer rules
    before those that fail more, and then the nearest in time. Of the rules that a calibration
    fails, the first is shown.
    """
    from ..caldb.rules import kinds_for

    cals = databases.searched(mode)
    failures = Failures()
    with _rows(form, "file", "kind", "verdict", "days", "calibration", "reason") as put:
        for name in expand(files, null=null):
            with failures.noted():
                frame = _frame(name)
                for kind in kinds or kinds_for(frame):
                    for told in verdict_rows(kind, cals.explain(kind, frame)):
                        put([name, kind, *told])
    failures.exit()


@caldb.command()
@rows_options
@on_databases
def verify(*, databases: Databases, form: str | None) -> None:
    """Check that calibrations are still what was added.

    All are read from end to end. The exit status is 1 if one is missing or was altered.
    """
    failures = Failures()
    stores = databases.every()
    paths = [str(one.path) for store in stores for one in store.candidates()]
    with _rows(form, "path", "state", least=[max(map(len, paths), default=0)]) as put:
        for store in stores:
            for candidate, trouble in store.verify():
                put([str(candidate.path), trouble or "ok"])
                with failures.noted():
                    if trouble:
                        raise _advice(candidate.path, trouble)
    failures.exit()


@caldb.command()
@click.option("--to-toml", is_flag=True, help="Print a configuration file that says the same.")
@rows_options
@on_databases
def config(*, databases: Databases, to_toml: bool, form: str | None) -> None:
    """Show the settings and where each comes from."""
    from ..config import to_toml as as_toml

    if to_toml:
        write(as_toml(databases.settings))
        return
    with _rows(form, "setting", "value", "note", "origin") as put:
        for row in setting_rows(databases):
            put(row)


def _advice(path: Path, trouble: str) -> DatabaseError:
    word = "add" if trouble == "was altered" else "remove"
    return DatabaseError(trouble, path=path, hint=f"caldb {word} {shlex.quote(str(path))}")


def _frame(name: str) -> "Headers":
    """Return the headers of a frame that rules can speak of."""
    from ..fits import Headers
    from ..gmos.tags import tags_of

    headers = Headers.open(name)
    if "GMOS" not in tags_of(headers):
        raise BadFile("is not of GMOS", path=name)
    return headers


def _rows(
    form: str | None, *columns: str, least: Sequence[int] = ()
) -> AbstractContextManager[Put]:
    """Write rows as asked, else as a table on a terminal and tab-separated in a pipe."""
    form = form_for(form)
    return rows(form, columns, header=form == "csv", least=least)


def _paths(*, null: bool) -> AbstractContextManager[Put]:
    """Write the last value of each row alone."""
    end = "\0" if null else "\n"
    return nullcontext(lambda row: write(f"{row[-1]}{end}"))
