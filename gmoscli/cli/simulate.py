"""Make a simulated night."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from ..simulate.effects import EFFECTS, Effects
from ..simulate.night import Night
from .common import CommaList, Command, version_option, write

_PRESENT = {"N": "gmosn_ham", "S": "gmoss_ham2"}
_REGIONS = {
    "full": "Full Frame",
    "ccd2": "CCD2",
    "stamp": "Central Stamp",
    "spectrum": "Central Spectrum",
}

_EPILOG = "\b\nEffects:\n" + "\n".join(
    f"  {name:15s} {says}{'' if getattr(Effects, name) else ' (off unless asked for)'}"
    for name, says in EFFECTS.items()
)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a list of numbers such as 0.7,0.9") from None


def _binning(text: str) -> tuple[int, int]:
    x, _, y = text.partition("x")
    if not (x.isdigit() and y.isdigit()):
        raise click.BadParameter(f"{text!r} is not a binning such as 2x2")
    return int(x), int(y)


def _days(text: str) -> tuple[date, date]:
    try:
        flats, science = (date.fromisoformat(word) for word in text.split(","))
    except ValueError:
        message = f"{text!r} is not two dates such as 2022-06-13,2022-06-27"
        raise click.BadParameter(message) from None
    return flats, science


def _of_night(
    flag: str, field: str, says: str, kind: Any, metavar: str | None = None
) -> Callable[[Any], Any]:
    """Return an option that sets a field of Night, with the field's default."""
    default = getattr(Night, field)
    if isinstance(default, tuple):
        separator = "x" if kind is _binning else ","
        default = separator.join(f"{number:g}" for number in default) or None
    return click.option(
        flag, field, type=kind, metavar=metavar, default=default, show_default=True, help=says
    )


@click.command(cls=Command, epilog=_EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--telescope",
    type=click.Choice(list(_PRESENT)),
    default="N",
    show_default=True,
    help="Gemini North or South, with its present detector.",
)
@click.option("--detector", metavar="ID", help="Another detector, such as gmosn_eev or gmoss_ham1.")
@_of_night("--binning", "binning", "1, 2 or 4 along each axis.", _binning, "XxY")
@click.option(
    "--roi",
    type=click.Choice(list(_REGIONS)),
    default="full",
    show_default=True,
    help="Part of the detector that is read.",
)
@_of_night("--filter", "filter", "Filter, such as g, r, i, z, Y or Ha.", str, "NAME")
@_of_night("--speed", "speed", "Read speed.", click.Choice(["slow", "fast"]))
@_of_night("--gain", "setting", "Gain setting.", click.Choice(["low", "high"]))
@_of_night("--frames", "frames", "Number of science frames.", click.IntRange(0), "N")
@_of_night("--biases", "biases", "Number of biases in each of two sets.", click.IntRange(0), "N")
@_of_night("--flats", "flats", "Number of twilight flats.", click.IntRange(0), "N")
@_of_night("--exposure", "exposure", "Exposure times, frame by frame.", _numbers, "S,...")
@_of_night("--seeing", "seeing", "Seeing FWHM, frame by frame.", _numbers, "ARCSEC,...")
@_of_night("--transparency", "transparency", "Transparency, frame by frame.", _numbers, "X,...")
@_of_night(
    "--sky",
    "sky",
    "Sky, e-/s per unbinned pixel, frame by frame; a dark sky if left out.",
    _numbers,
    "X,...",
)
@_of_night("--stars", "star_density", "Stars per square arcmin.", click.FloatRange(0), "X")
@_of_night("--galaxies", "galaxy_density", "Galaxies per square arcmin.", click.FloatRange(0), "X")
@_of_night("--dither", "dither", "Largest dither along each axis.", click.FloatRange(0), "ARCSEC")
@_of_night(
    "--pointing-error",
    "pointing_error",
    "Largest pointing error.",
    click.FloatRange(0),
    "ARCSEC",
)
@_of_night(
    "--placement-error",
    "placement_error",
    "Typical shift of a chip.",
    click.FloatRange(0),
    "PIXELS",
)
@_of_night("--pa", "pa", "Position angle.", float, "DEGREES")
@_of_night("--days", "days", "UT dates of flats and science.", _days, "DATE,DATE")
@_of_night("--seed", "seed", "Another seed, another night.", click.IntRange(0), "N")
@click.option(
    "--only",
    type=CommaList(lambda: EFFECTS, "effect"),
    metavar="EFFECT,...",
    help="Switch on these effects alone.",
)
@click.option(
    "--with",
    "including",
    type=CommaList(lambda: EFFECTS, "effect"),
    metavar="EFFECT,...",
    help="Switch on these as well.",
)
@click.option(
    "--without",
    type=CommaList(lambda: EFFECTS, "effect"),
    metavar="EFFECT,...",
    help="Switch these off.",
)
@click.option("--compress", is_flag=True, help="Write .fits.bz2 files.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    metavar="N",
    help="Exposures to make at a time.",
)
@version_option
def simulate(
    *,
    folder: Path,
    telescope: str,
    detector: str | None,
    roi: str,
    only: list[str] | None,
    including: list[str] | None,
    without: list[str] | None,
    compress: bool,
    jobs: int,
    **fields: Any,
) -> None:
    """Make a GMOS imaging night in DIR: raw files, a bad pixel mask, and the truth.

    The night has two sets of biases, twilight flats of falling level, and dithered science frames.
    Headers are as the telescope writes them, but for ORIGIN = 'SIMULATED'. truth_*.ecsv and
    truth.npz hold the truth behind the counts. The same options give the same bytes. The path of
    each file is printed as soon as it is complete, so that

    \b
        gmoscli simulate raw --frames 3 | grep fits$ | showd -d object,exposure_time -

    shows what was made.
    """
    effects = Effects.only(*only) if only is not None else Effects()
    effects = effects.including(*including or ()).without(*without or ())
    given = {field: value for field, value in fields.items() if value is not None}
    night = Night(detector=detector or _PRESENT[telescope], roi=_REGIONS[roi], **given)
    from ..simulate.produce import produce

    for path in produce(night, effects, folder, compress=compress, jobs=jobs):
        write(f"{path}\n")
        _show_progress(path)


def _show_progress(path: Path) -> None:
    """Name the file on a terminal that does not show standard output anyway."""
    if sys.stderr.isatty() and not sys.stdout.isatty():
        click.echo(f"simulate: {path.name}", err=True)
