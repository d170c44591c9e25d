"""Make pictures of files, or pages on how products came about."""

from collections.abc import Callable
from pathlib import Path

import click

from ..errors import UsageError
from .common import (
    Command,
    Failures,
    expand,
    files_argument,
    null_option,
    output_stream,
    version_option,
    write,
)


@click.command(cls=Command)
@files_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Name of the one picture or page; - for standard output.",
)
@click.option(
    "--outdir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to write to.",
)
@click.option("--ccd", type=click.IntRange(1, 3), metavar="N", help="Show this CCD alone.")
@click.option("--no-flags", is_flag=True, help="Show flagged pixels as if they were good ones.")
@click.option(
    "--width",
    type=click.IntRange(16, 20000),
    default=1500,
    show_default=True,
    metavar="PIXELS",
    help="About how wide a picture may be; more pixels are averaged in blocks.",
)
@click.option("--report", is_flag=True, help="Write a page on each FILE instead of a picture.")
@null_option
@version_option
def preview(
    files: tuple[str, ...],
    output: Path | None,
    outdir: Path,
    ccd: int | None,
    no_flags: bool,
    width: int,
    report: bool,
    null: bool,
) -> None:
    """Make a picture of each FILE, raw or reduced, as NAME.png.

    It shows the CCDs in their places, or the mosaic, stretched from the sky to the brightest stars.
    Flagged pixels are coloured: orange is non-linear, red saturated, green a cosmic ray, magenta a
    bad pixel, dark blue unilluminated, and black without data.

    With --report, NAME.html is a page that needs no other file. It has pictures, the frames behind
    a product with their alignment, seeing, sky, scale, weight and rejected pixels, a check of the
    noise, the recipe, and the files that went into it. The paths are printed on standard output:

    \b
        gmoscli preview raw/N20220627S0115.fits -o first.png
        reduce @science.lis | gmoscli preview --report -
    """
    from ..fits import stem
    from ..preview import preview_of

    def draw(path: Path) -> bytes:
        from ..png import encoded

        return encoded(preview_of(path, width, only=ccd, flags=not no_flags))

    def tell(path: Path) -> bytes:
        from ..report import page

        return page(path)

    if report and (ccd is not None or no_flags):
        raise UsageError("--report shows all: leave --ccd and --no-flags out")
    paths = [Path(name) for name in expand(files, null=null)]
    if not paths:
        raise UsageError("no files to show", hint="name files, @lists, or - for standard input")
    targets = [output or outdir / f"{stem(path)}.{'html' if report else 'png'}" for path in paths]
    _check(paths, targets)
    failures = Failures()
    for path, target in zip(paths, targets, strict=True):
        with failures.noted():
            _make(path, target, tell if report else draw, "\0" if null else "\n")
    failures.exit()


def _check(paths: list[Path], targets: list[Path]) -> None:
    """Raise UsageError where one target would replace another, or its own file."""
    for i, (path, target) in enumerate(zip(paths, targets, strict=True)):
        if target in targets[:i]:
            raise UsageError(f"two files would become {target}", hint="one --outdir for each")
        if target.exists() and path.exists() and target.samefile(path):
            raise UsageError("would be replaced by its picture", path=path)


def _make(path: Path, target: Path, made: Callable[[Path], bytes], end: str) -> None:
    """Write what is made of a file, and its path; or itself, to standard output."""
    from ..atomic import written

    content = made(path)
    if target == Path("-"):
        output_stream().write(content)
        return
    with written(target) as part:
        part.write_bytes(content)
    write(f"{target}{end}")
