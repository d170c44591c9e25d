"""Make a small night and reduce it, to see everything at work."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ..errors import GmosError
from .common import Command, version_option, wants_colour, write
from .render import form_for, rows

CONFIGURATION = '[calibs]\ndatabases = ["calibrations.db get store"]\n'
PREPARE = r"""
caldb init
caldb add raw/bpm*.fits
showd -d object,ut_date,filter_name,exposure_time raw/N*.fits
dataselect --tags BIAS raw/*.fits --expr "ut_date=='2022-06-13'" -o biastwi.lis
dataselect --tags BIAS raw/*.fits --expr "ut_date=='2022-06-27'" -o biassci.lis
dataselect --tags FLAT --expr 'filter_name=="r"' raw/*.fits -o flats.lis
dataselect --xtags CAL --expr 'observation_class=="science"' raw/*.fits -o sci.lis
reduce @biastwi.lis
reduce @biassci.lis
reduce @flats.lis
"""
SCORES = """\
demo: against the truth, of the bright stars that stand alone on each ccd: scatter of their places,
scatter of their fluxes, what photons make of that; and the noise of blank sky, 1 if the variance
plane is right"""
REDUCE = "reduce @sci.lis --recipe reduceSeparateCCDs"


@click.command(cls=Command)
@click.argument(
    "folder",
    metavar="[DIR]",
    default="gmoscli-demo",
    type=click.Path(path_type=Path, file_okay=False),
)
@click.option(
    "--binning",
    type=click.Choice(("4x4", "2x2", "1x1")),
    default="4x4",
    show_default=True,
    help="Of the simulated night: 4x4 takes some ten seconds, 1x1 half a minute.",
)
@version_option
def demo(folder: Path, binning: str) -> None:
    """Simulate a small night in DIR, and reduce it to a stack with the three CCDs apart.

    Every command is shown before it runs, and can be run again by hand in DIR, which is
    gmoscli-demo unless you name another. At the end the path of the product is printed on standard
    output, then that of a picture of it, and how near each CCD comes to the truth behind the night.
    Your own calibration databases are not touched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dragonsrc.toml").write_text(CONFIGURATION)
    click.echo(f"demo: everything happens in {folder}", err=True)
    _run(f"gmoscli simulate raw --binning {binning} --frames 3 --biases 3 --flats 3", folder)
    for line in PREPARE.strip().splitlines():
        _run(line, folder)
    product = folder / _run(REDUCE, folder, capture=True).strip()
    _run("caldb list", folder)
    _show(product, folder)


def _run(line: str, folder: Path, *, capture: bool = False) -> str:
    """Show a command and run it; return what it prints, or show that as well.

    Raises GmosError if it fails.
    """
    bold, plain = ("\x1b[1m", "\x1b[0m") if wants_colour(sys.stderr) else ("", "")
    click.echo(f"{bold}$ {line}{plain}", err=True)
    own = {name: value for name, value in os.environ.items() if name not in _CONFIGURED}
    done = subprocess.run(
        [sys.executable, "-m", "gmoscli", *_words(line, folder)],
        cwd=folder,
        env=own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else sys.stderr,
        text=True,
        check=False,
    )
    if done.returncode:
        raise GmosError(f"exit status {done.returncode} of: {line}")
    return done.stdout or ""


_CONFIGURED = ("GMOSCLIRC", "DRAGONSRC")


def _words(line: str, folder: Path) -> Iterator[str]:
    """Yield the arguments of a shell line, as the umbrella command takes them."""
    for word in shlex.split(line.removeprefix("gmoscli ")):
        if "*" in word:
            yield from sorted(str(path.relative_to(folder)) for path in folder.glob(word))
        else:
            yield word


def _show(product: Path, folder: Path) -> None:
    """Write the picture; print the paths, and the scores."""
    from ..io import read_exposure
    from ..png import png
    from ..preview import preview
    from ..simulate.score import score

    exposure = read_exposure(product)
    picture = product.with_suffix(".png")
    png(picture, preview(exposure))
    write(f"{product}\n{picture}\n")
    click.echo(SCORES, err=True)
    form = form_for(None)
    columns = ("ccd", "stars", "astrometry_mas", "photometry_mmag", "photon_limit_mmag", "noise")
    with rows(form, columns, header=True) as put:
        for one in score(exposure, folder / "raw"):
            figures = (one.astrometry, one.photometry, one.photon_limit)
            put([one.ccd, one.stars, *(f"{x:.1f}" for x in figures), f"{one.noise:.3f}"])
