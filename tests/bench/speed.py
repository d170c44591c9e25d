"""How long commands take: start-up, headers, masters, stacks, the tutorial."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from gmoscli.cli.umbrella import COMMANDS

from . import incumbent
from .desks import PYTHON, Desk
from .measured import Usage, Work, cpu, in_turn, wall
from .rows import Row
from .size import Size

FLOOR = Path(__file__).with_name("floor.py")
OWN_NAMES = (
    *("showd", "dataselect", "typewalk", "reduce"),
    *("caldb", "showpars", "showrecipes", "provenance"),
)
TUTORIAL = """
caldb init
caldb add raw/bpm*.fits*
showd -d object,ut_date raw/N*.fits*
dataselect --tags BIAS raw/*.fits* --expr="ut_date=='2022-06-13'" -o biastwi.lis
dataselect --tags BIAS raw/*.fits* --expr="ut_date=='2022-06-27'" -o biassci.lis
dataselect --tags FLAT --expr 'filter_name=="r"' raw/*.fits* -o flats.lis
dataselect --xtags CAL --expr '(observation_class=="science" and filter_name=="r")' raw/*.fits* \
    -o sci.lis
reduce @biastwi.lis
reduce @biassci.lis
reduce @flats.lis
reduce @sci.lis --recipe reduceSeparateCCDs
caldb list
"""


def startup(size: Size) -> Iterator[Row]:
    """Ask every command for its help and its version."""
    click = measuring(size.bare, PYTHON, "-c", "import click")
    yield Row("python that imports click").taking(in_turn({"": click}, size.rounds)[""])
    for option in ("--help", "--version"):
        works = {
            f"{name} {option}": measuring(size.bare, *called(name), option)
            for name in ("gmoscli", *COMMANDS)
        }
        for work, usages in in_turn(works, size.rounds).items():
            yield cpu_row(work, usages, 0.080, incumbent.START)


def called(name: str) -> tuple[str, ...]:
    """Return how an observer calls a command."""
    return (name,) if name in ("gmoscli", *OWN_NAMES) else ("gmoscli", name)


def headers(size: Size) -> Iterator[Row]:
    """Read the headers of many plain files."""
    desk, raw = size.bare, size.bare.raw()
    limits = {20: 0.080, 60: 0.100, 1000: 0.8}
    works, limit = {}, {}
    for count, seconds in limits.items():
        names = desk.copies(raw, count)
        for command in (("showd", "-d", "object,exposure_time"), ("dataselect", "-t", "BIAS")):
            work = f"{command[0]}, {count} files"
            works[work] = measuring(desk, *command, *names)
            limit[work] = seconds, incumbent.FILES[count]
    for work, usages in in_turn(works, size.rounds).items():
        yield cpu_row(work, usages, *limit[work])


def cpu_row(work: str, usages: Sequence[Usage], limit: float, dragons: str) -> Row:
    """Return a row about CPU time."""
    used = cpu(usages).middle
    target = f"<= {1e3 * limit:.0f} ms CPU"
    row = Row(work, f"{1e3 * used:.0f} ms CPU", target, used <= limit, dragons)
    return row.taking(usages)


def masters(size: Size) -> Iterator[Row]:
    """Reduce biases, flats and science frames, each beside the floor for the same files."""
    desk = size.desk
    for work, names, most_wall, most_cpu, dragons in (
        ("master bias", desk.biases[0], 2.5, None, incumbent.BIAS),
        ("master flat", desk.flats, 3.0, None, incumbent.FLAT),
        ("reduceSeparateCCDs", desk.science, 8.0, 12.0, incumbent.SCIENCE),
    ):
        recipe = ("-r", work) if work == "reduceSeparateCCDs" else ()
        works = {
            "floor": measuring(desk, PYTHON, str(FLOOR), "floor.fits", *names),
            work: measuring(desk, "reduce", "-q", *recipe, *names),
        }
        usages = in_turn(works, size.rounds)
        least, ours = usages["floor"], usages[work]
        times = wall(ours).middle / wall(least).middle
        cpus = cpu(ours).middle / cpu(least).middle
        met = times <= most_wall and (most_cpu is None or cpus <= most_cpu)
        target = f"<= {most_wall:g} x wall" + (f", {most_cpu:g} x CPU" if most_cpu else "")
        figure = f"{times:.1f} x floor wall, {cpus:.1f} x CPU"
        yield Row(f"floor for {work}").taking(least)
        name = f"{work}, {len(names)} frames"
        yield Row(name, figure, target, size.judged(met), dragons).taking(ours)


def tutorial(size: Size) -> Iterator[Row]:
    """Run the tutorial from an empty database to the product."""
    raw = size.night(size.binning)

    def work(*, memory: bool) -> Usage:
        desk = size.shop.desk("tutorial", raw)
        return desk.measure("bash", "-euo", "pipefail", "-c", TUTORIAL, memory=memory)

    floor = measuring(size.desk, PYTHON, str(FLOOR), "floor.fits", *size.desk.science)
    usages = in_turn({"floor": floor, "tutorial": work}, min(size.rounds, 3))
    took, least = (wall(usages[name]).middle for name in ("tutorial", "floor"))
    times = incumbent.TUTORIAL_SECONDS / took
    by_floors = times * least / incumbent.FLOOR_SECONDS
    figure = f"{times:.0f} times faster, {by_floors:.0f} by the floors of both machines"
    met = size.judged(times >= 30)
    row = Row("the whole tutorial", figure, ">= 30 times faster", met, incumbent.TUTORIAL)
    yield row.taking(usages["tutorial"])


def measuring(desk: Desk, *command: str) -> Work:
    """Return what runs a command at a desk and returns what it took."""
    return partial(desk.measure, *command)
