"""How time, memory and scratch grow with the number of frames; what a second core is good for."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from gmoscli.fits import Headers
from gmoscli.io.layout import Layout
from gmoscli.sizes import size as in_bytes

from . import incumbent
from .desks import PYTHON, Desk
from .measured import Usage, wall
from .rows import MEGA, Row
from .size import Size

RECIPE = ("-r", "reduceSeparateCCDs")
BYTES = 10
"""Of the three planes of a calibrated pixel."""
ALONE = ("env", "OPENBLAS_NUM_THREADS=1")
"""BLAS has no threads of its own, as the commands have it."""
LOOK = 0.01
"""Seconds between looks at the scratch folder."""


def frames(size: Size) -> Iterator[Row]:
    """Reduce more and more frames: wall time, memory, scratch."""
    desk = size.desk
    took: dict[int, float] = {}
    for count in size.counts:
        usage, scratch = reduced(desk, count)
        took[count] = usage.wall
        name = f"reduceSeparateCCDs, {count} frames"
        limit = 450 * MEGA
        yield Row(
            f"{name}: memory",
            f"{usage.peak / MEGA:.0f} MB",
            "<= 450 MB",
            size.judged(usage.peak <= limit),
            incumbent.MEMORY.get((size.binning, count), ""),
        ).taking([usage])
        yield scratch_row(name, scratch, count * BYTES * frame_pixels(desk))
    yield linear_row(took)


def reduced(desk: Desk, count: int, *options: str) -> tuple[Usage, int]:
    """Reduce so many frames; return what it took, and the most bytes on scratch."""
    names = desk.copies(desk.science, count)
    return watched(
        desk.shop.scratch, lambda: desk.measure("reduce", "-q", *RECIPE, *options, *names)
    )


def watched(folder: Path, work: Callable[[], Usage]) -> tuple[Usage, int]:
    """Do a work; return what it took, and the most bytes that lay in a folder meanwhile."""
    most, over = 0, Event()

    def look() -> None:
        nonlocal most
        while not over.wait(LOOK):
            most = max(most, size_of(folder))

    watcher = Thread(target=look)
    watcher.start()
    try:
        return work(), most
    finally:
        over.set()
        watcher.join()


def size_of(folder: Path) -> int:
    """Return the bytes of the files below a folder; they may go while one looks."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total


def frame_pixels(desk: Desk) -> int:
    """Return the pixels of a frame, without overscan."""
    obs = Layout(Headers.open(desk.folder / desk.science[0])).observation()
    return sum(math.prod(info.shape) for info in obs.ccds)


def scratch_row(name: str, most: int, planes: int) -> Row:
    """Return the row about the largest size of the scratch folder."""
    share = most / planes
    figure = f"{share:.2f} x calibrated planes"
    return Row(f"{name}: scratch", figure, "<= 1.1 x", share <= 1.1)


def linear_row(took: dict[int, float]) -> Row:
    """Return the row about the last time over what the first two promise."""
    (n1, t1), (n2, t2), *_ = took.items()
    last, seconds = list(took.items())[-1]
    promised = t1 + (t2 - t1) / (n2 - n1) * (last - n1)
    figure = ", ".join(f"{n}: {t:.1f} s" for n, t in took.items())
    if last == n2:
        return Row("wall time against frames", figure)
    times = seconds / promised
    return Row(
        "wall time against frames", f"{figure}; {times:.2f} x linear", "<= 1.1 x", times <= 1.1
    )


def memory(size: Size) -> Iterator[Row]:
    """Reduce 20 frames within a given memory; with --full also unbinned ones."""
    desk = size.desk
    for given in (200, 450, 1000):
        usage, _ = reduced(desk, 20, "--memory", f"{given}M")
        limit = in_bytes(f"{given}M")
        figure, target = (f"{count / MEGA:.0f} MB" for count in (usage.peak, limit))
        met = size.judged(usage.peak <= limit)
        row = Row(f"20 frames, --memory {given}M", figure, f"<= {target}", met)
        yield row.taking([usage])
    if not size.full:
        return
    unbinned = size.binned(1)
    for count in (5, 20):
        usage, scratch = reduced(unbinned, count)
        name = f"reduceSeparateCCDs 1x1, {count} frames"
        figure, dragons = f"{usage.peak / MEGA:.0f} MB", incumbent.MEMORY.get((1, count), "")
        row = Row(f"{name}: memory", figure, "<= 900 MB", usage.peak <= 900 * MEGA, dragons)
        yield row.taking([usage])
        yield scratch_row(name, scratch, count * BYTES * frame_pixels(unbinned))


def cores(size: Size) -> Iterator[Row]:
    """Reduce with one process and with two: the passes over pixels, and everything."""
    desk = size.desk
    names = desk.copies(desk.science, 5)
    script = str(Path(__file__).with_name("passes.py"))
    seconds: dict[int, dict[str, list[float]]] = {1: {}, 2: {}}
    usages: dict[int, list[Usage]] = {1: [], 2: []}
    for _ in range(size.rounds + 1):
        for jobs in (1, 2):
            usage = desk.measure(*ALONE, PYTHON, script, str(jobs), *names)
            usages[jobs].append(usage)
            for name, taken in json.loads(usage.output).items():
                seconds[jobs].setdefault(name, []).append(taken)
    best = {jobs: {n: min(values) for n, values in own.items()} for jobs, own in seconds.items()}
    for name in best[1]:
        yield Row(f"pass of {name}", _faster(best[1][name], best[2][name]))
    one, two = (sum(best[jobs].values()) for jobs in (1, 2))
    met = size.judged(one / two >= 1.6)
    yield Row("the pixel passes, -j2 over -j1", _faster(one, two), ">= 1.6 times faster", met)
    one, two = (wall(usages[jobs][1:]).low for jobs in (1, 2))
    yield Row("the whole command, -j2 over -j1", _faster(one, two)).taking(usages[2][1:])


def _faster(one: float, two: float) -> str:
    return f"{one / two:.2f} times faster: {one:.2f} s, {two:.2f} s"
