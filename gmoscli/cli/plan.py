"""Show the work that folders of raw files hold, as a table or as a Makefile."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import CalibrationMissing, DatabaseError, ReductionError, unknown
from .common import (
    CommaList,
    Command,
    Failures,
    Operand,
    expand,
    null_option,
    outdir_option,
    say,
    version_option,
    write,
)
from .databases import Databases, on_databases, warn
from .dataselect import known_tags
from .plan_rows import DETAILED, SHOWN, detailed_row, mask_row, shown_row
from .render import FORMATS, form_for, rows
from .words import Word

if TYPE_CHECKING:
    from ..caldb.match import Candidate
    from ..plan.frames import Survey
    from ..plan.makefile import Tools
    from ..plan.products import Product


def _stacking() -> Sequence[str]:
    from ..gmos.purposes import STACKING

    return STACKING


@click.command(cls=Command)
@click.argument("folders", nargs=-1, type=Operand(), metavar="DIR...")
@click.option(
    "-r",
    "--recipe",
    type=Word("recipe", _stacking, files=True),
    metavar="NAME",
    default="reduce",
    show_default=True,
    help="For science frames: a recipe, or a file that holds one.",
)
@outdir_option
@click.option(
    "-x",
    "--exclude-tags",
    "excluded",
    type=CommaList(known_tags, "tag"),
    metavar="TAG,...",
    default="ACQUISITION",
    show_default=True,
    help="Leave out files with any of these tags.",
)
@click.option("-f", "--format", "form", type=click.Choice(FORMATS), help="Format of the rows.")
@click.option("--json", "form", flag_value="jsonl", help="Same as --format jsonl.")
@click.option("--make", "as_makefile", is_flag=True, help="Write a Makefile that does the work.")
@null_option
@version_option
@on_databases
def plan(
    *,
    databases: Databases,
    folders: tuple[str, ...],
    recipe: str,
    outdir: Path,
    excluded: list[str],
    form: str | None,
    as_makefile: bool,
    null: bool,
) -> None:
    """Show what is to be made of the raw files in each DIR: masters, fringe frames, stacks.

    Biases are grouped by night and detector setup (binning, region and read mode), twilights by
    filter as well, and science frames by target, filter and setup. A night lasts from noon to noon,
    local time. Calibrations are taken from the plan itself, from the folders, and from the
    database. If one is missing, the plan says why, and the exit status is 3.

    \b
        gmoscli plan raw
        gmoscli plan raw --make > Makefile && make -j2

    DIR may also be the name of a file, @LIST, or -, for names on standard input.
    """
    from ..plan.frames import survey
    from ..plan.products import plan as planned

    _check(recipe, form, as_makefile=as_makefile)
    found = survey(
        _files(expand(folders, null=null)),
        mode=databases.settings.mode,
        excluded=frozenset(excluded),
    )
    failures = Failures()
    for error in found.bad:
        failures.add(error)
    _tell(found, databases)
    if not found.frames:
        raise _no_frames(failures)
    products = planned(found, _stored(databases), recipe=recipe, outdir=outdir)
    masks = [_near(one.path) for one in found.calibrations if one.record.kind == "bpm"]
    if as_makefile:
        from ..plan.makefile import makefile

        write(makefile(products, masks, outdir, _tools(databases)))
    else:
        _show(products, masks, form)
    _tell_missing(products, complain=as_makefile)
    failures.exit()
    if any(product.obstacles for product in products):
        click.get_current_context().exit(CalibrationMissing.exit_code)


def _check(recipe: str, form: str | None, *, as_makefile: bool) -> None:
    """Refuse what cannot be meant, before any file is read."""
    from ..plan.products import recipe_file

    if recipe_file(recipe) is None and recipe not in _stacking():
        raise unknown("recipe for stacks of science frames", recipe, _stacking())
    if as_makefile and form:
        raise click.UsageError("--make and --format exclude each other")


def _files(names: Iterable[str]) -> Iterator[Path]:
    """Yield the FITS files of folders, and files that are named."""
    from ..caldb.adding import fits_files

    for name in names:
        path = Path(name)
        yield from fits_files(path) if path.is_dir() else [path]


def _stored(databases: Databases) -> "list[list[Candidate]]":
    """Return what each database holds that calibrations are searched in."""
    from ..caldb.databases import searched
    from ..caldb.store import not_searched

    held = []
    for store in searched(databases.settings, warn):
        try:
            held.append([replace(one, path=_near(one.path)) for one in store.candidates()])
        except DatabaseError as error:
            warn(not_searched(error))
    return held


def _tools(databases: Databases) -> "Tools":
    from ..plan.makefile import Tools

    settings = databases.settings
    named = settings.origin("databases") == "command line"
    config = () if settings.source is None else ("-c", str(_near(settings.source)))
    keepers = [database for database in settings.databases if database.store]
    adding = [
        ("caldb", "add", *(config if one.implicit else ("-d", str(_near(one.path)))))
        for one in keepers
    ]
    files = [_near(one.path) for one in keepers if not one.implicit]
    return Tools(settings.source and _near(settings.source), adding, files, adding_masters=named)


def _show(products: "Sequence[Product]", masks: Sequence[Path], form: str | None) -> None:
    """Write rows as asked, else as a table on a terminal and tab-separated in a pipe."""
    form = form_for(form)
    row = detailed_row if form == "jsonl" else shown_row
    columns: Sequence[str] = DETAILED if form == "jsonl" else SHOWN
    told = [*(mask_row(mask, columns) for mask in masks), *map(row, products)]
    if form == "table" and not any(cells[-1] for cells in told):
        columns, told = columns[:-1], [cells[:-1] for cells in told]  # nothing is missing
    with rows(form, columns, header=form == "csv", spare=("calibrations",)) as put:
        for cells in told:
            put(cells)


def _tell(found: "Survey", databases: Databases) -> None:
    """Say what is none of the work."""
    for one in found.left_out:
        databases.tell(f"{one.path}: left out: {one.reason}")
    for reason, count in Counter(one.reason for one in found.left_out).most_common():
        say(f"{count} {'file' if count == 1 else 'files'} left out: {reason}")


def _no_frames(failures: Failures) -> ReductionError:
    """Return the error for folders in which there is nothing to do."""
    those = "" if failures.count == 0 else " that can be read"
    hint = "typewalk DIR shows what is there"
    return ReductionError(f"no raw biases or images of GMOS{those}", hint=hint)


def _tell_missing(products: "Sequence[Product]", *, complain: bool) -> None:
    """Warn of what products go without; with ``complain`` also of those that no Makefile has."""
    lacking = Counter(
        text
        for product in products
        for what, text in product.missing.items()
        if what not in product.obstacles
    )
    for text, count in lacking.items():
        warn(f"{count} {'product goes' if count == 1 else 'products go'} without: {text}")
    for product in products if complain else ():
        if product.obstacles:
            warn(f"{product.path}: not in the Makefile: {product.reasons}")


def _near(path: Path) -> Path:
    """Return a path from the working directory where it is below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
