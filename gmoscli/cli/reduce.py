"""Reduce exposures: calibrate, register, stack."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..errors import UsageError
from .common import (
    Command,
    end_on_signals,
    expand,
    files_argument,
    null_option,
    outdir_option,
    version_option,
    write,
)
from .reduce_options import LEVELS, LOGMODES, ReduceOptions
from .words import CALIBRATION, PARAMETER, RECIPE, STEP

_PARAMETER = re.compile(r"[A-Za-z]\w*([:.][A-Za-z]\w*)?=.*", re.DOTALL)


class ParameterCommand(Command):
    """A command whose ``-p`` takes all the ``name=value`` words that follow it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give every further parameter word a ``-p`` of its own."""
        return super().parse_args(ctx, list(_each_with_its_option(args)))


def _each_with_its_option(args: list[str]) -> Iterator[str]:
    taking = False
    for i, word in enumerate(args):
        if word == "--":
            yield from args[i:]
            return
        starts = word in ("-p", "--param")
        after_option = i > 0 and args[i - 1] in ("-p", "--param")
        if taking and not after_option and not starts:
            if _PARAMETER.fullmatch(word) and not Path(word).exists():
                yield "-p"
            else:
                taking = False
        taking = taking or starts
        yield word


@click.command(cls=ParameterCommand)
@files_argument
@click.option(
    "-r",
    "--recipe",
    "--recipename",
    "recipe",
    type=RECIPE,
    metavar="NAME",
    help="A recipe, a file that holds one (my.py, my.py:deep, my.toml), or a step to run alone."
    " Default: by tags.",
)
@click.option(
    "-p",
    "--param",
    "params",
    type=PARAMETER,
    multiple=True,
    metavar="[STEP:]NAME=VALUE",
    help="Set a parameter of one step, or of all steps that have it. Every step has"
    " skip_primitive and write_outputs.",
)
@click.option(
    "--user-cal",
    "--user_cal",
    "user_cals",
    type=CALIBRATION,
    multiple=True,
    metavar="KIND:FILE",
    help="Use this calibration (processed_bias, processed_flat, ...) for all files.",
)
@click.option("--suffix", metavar="TEXT", help="End the product's name with this.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Name of the product.")
@outdir_option
@click.option(
    "-c", "--config", metavar="FILE", help="Configuration file, instead of the usual one."
)
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--explain", is_flag=True, help="Same as --dry-run.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Processes that work on pixels. Default: one a processor.",
)
@click.option("--memory", metavar="SIZE", help="Memory for all of them together, such as 300M.")
@click.option(
    "--scratch",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for frames that do not fit into memory. Default: $TMPDIR.",
)
@click.option(
    "--skip-bad", is_flag=True, help="Leave out unreadable files; the exit status is then 1."
)
@click.option(
    "--write-outputs",
    "stages",
    type=STEP,
    multiple=True,
    metavar="STEP",
    help="Also write each frame as it is after this step.",
)
@click.option("--preview", is_flag=True, help="Put a picture beside each product.")
@click.option("--report", is_flag=True, help="Put an HTML report beside each product.")
@click.option(
    "--logfile", type=click.Path(path_type=Path), help="Append all messages to this file."
)
@click.option("--loglevel", type=click.Choice(LEVELS), help="What to say on standard error.")
@click.option("--logmode", type=click.Choice(tuple(LOGMODES), case_sensitive=False), hidden=True)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say everything.")
@null_option
@version_option
def reduce(files: tuple[str, ...], **words: Any) -> None:
    """Reduce FILEs together: biases to a master bias, twilights to a flat, science to a stack.

    The recipe follows from what the files are, calibrations from the database. The path of each
    product is printed on standard output, one a line, when it is written. A FILE may be @LIST, for
    the names in a list, or -, for names on standard input:

    \b
        dataselect --tags BIAS raw/*.fits | reduce -
        reduce @science.lis --recipe reduceSeparateCCDs
    """
    from ..turns import keep_blas_to_one_thread

    end_on_signals()
    keep_blas_to_one_thread()
    options = ReduceOptions(**words)
    names = list(expand(files, null=options.null))
    if not names:
        raise _nothing(files)
    _reduce(names, options)


def _nothing(files: tuple[str, ...]) -> UsageError:
    """Return the error for lists and pipes that name no file."""
    sources = ("standard input" if name == "-" else name for name in files or ("-",))
    hint = "typewalk shows what the files are that dataselect selects from"
    return UsageError(f"no files to reduce: no name in {', '.join(sources)}", hint=hint)


def _reduce(names: list[str], options: ReduceOptions) -> None:
    """Reduce files together, or say what would be done."""
    from ..logs import LOGGER
    from ..recipes.generic import without_stages
    from ..session import prepared, settings_here

    settings = settings_here(options.config)
    resources = options.resources(settings)
    options.start_log(settings)
    params, stages = without_stages(options.parameters())
    request = options.request(names, settings, params)
    skipped: list[str] = []

    def skip(message: str) -> None:
        skipped.append(message)
        LOGGER.error(message)

    plan, keepers = prepared(request, settings, skip, resources.jobs)
    if options.only_plans:
        from .explain import plan_lines

        write("".join(f"{line}\n" for line in plan_lines(plan, resources)))
    else:
        from ..checksums import Checksums
        from ..reductions import reduced, staged
        from .progress import progress

        end, sums = "\0" if options.null else "\n", Checksums()
        with progress(not options.quiet) as display:
            for path in staged(plan, [*options.stages, *stages], resources, sums, display):
                display.write(f"{path}{end}")
            for path in reduced(plan, resources, keepers, sums, display):
                display.write(f"{path}{end}")
                _show(path, options)
    if skipped:
        click.get_current_context().exit(1)


def _show(product: Path, options: ReduceOptions) -> None:
    """Put a picture and a page beside a product, as asked for."""
    from ..atomic import written
    from ..logs import LOGGER

    if options.preview:
        from ..png import png
        from ..preview import preview_of

        picture = product.with_suffix(".png")
        png(picture, preview_of(product))
        LOGGER.info("%s: picture", picture)
    if options.report:
        from ..report import page

        text = product.with_suffix(".html")
        with written(text) as part:
            part.write_bytes(page(product))
        LOGGER.info("%s: report", text)
