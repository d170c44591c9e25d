"""How many pixels a second each step takes, beside those of sep and SWarp."""

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from . import incumbent
from .desks import PYTHON
from .measured import in_turn, wall
from .rows import MEGA, Row
from .size import Size

HERE = Path(__file__).parent


def steps(size: Size) -> Iterator[Row]:
    """Time every step within a reduction by one process: the profile of the recipe."""
    desk = size.desk
    names = desk.science
    runs = [json.loads(desk.measure(PYTHON, str(HERE / "steps.py"), *names).output) for _ in "ab"]
    best = min(runs, key=lambda run: run["total"])
    pixels, total = best["pixels"] / MEGA, best["total"]
    rest = total - sum(best["seconds"].values())
    for name, seconds in (*best["seconds"].items(), ("reading, parking, writing", rest)):
        yield Row(
            f"step {name}",
            f"{pixels / max(seconds, 1e-6):.4g} Mpix/s, {100 * seconds / total:.1f} % of the time",
        )
    yield Row("all of it, one process", f"{pixels / total:.3g} Mpix/s")
    yield from _sep(size)


def _sep(size: Size) -> Iterator[Row]:
    """Time sep's own background and extraction."""
    desk = size.desk
    product = desk.run("reduce", "-q", "-r", "reduceSeparateCCDs", *desk.science).strip()
    found = json.loads(desk.measure(PYTHON, str(HERE / "sep_rate.py"), product).output)
    for name, rate in found.items():
        yield Row(f"sep.{name}", f"{rate:.4g} Mpix/s")


def swarp(size: Size) -> Iterator[Row]:
    """Stack the same calibrated frames with SWarp: LANCZOS3, clipped."""
    program = shutil.which("SWarp") or shutil.which("swarp")
    if program is None:
        yield Row("SWarp", "not installed")
        return
    desk = size.desk
    staged = desk.run(
        "reduce", "-q", "-r", "reduceSeparateCCDs", "--write-outputs", "divide_flat", *desk.science
    ).split()[:-1]
    made = desk.run(PYTHON, str(HERE / "for_swarp.py"), *staged).split()
    pixels, *inputs = made
    options = (
        *("-RESAMPLING_TYPE", "LANCZOS3", "-COMBINE_TYPE", "CLIPPED", "-NTHREADS", "2"),
        *("-WEIGHT_TYPE", "MAP_WEIGHT", "-WEIGHT_SUFFIX", ".weight.fits"),
        *("-SUBTRACT_BACK", "N", "-WRITE_XML", "N", "-VERBOSE_TYPE", "QUIET"),
    )
    works = {"SWarp": partial(desk.measure, program, *inputs, *options)}
    usages = in_turn(works, min(size.rounds, 3))["SWarp"]
    rate = int(pixels) / MEGA / wall(usages).middle
    yield Row(
        "SWarp, two threads",
        f"{rate:.3g} Mpix/s ({incumbent.SWARP} where the targets were set)",
    ).taking(usages)
