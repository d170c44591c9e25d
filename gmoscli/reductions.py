"""Carry out a plan: from files to products that are written and stored."""

import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from math import prod
from pathlib import Path

from .atomic import check_replaceable
from .caldb.store import Store
from .checksums import Checksums
from .engine import Report, Run, run, silent
from .engine.budget import BASE, Budget, budget, give_back
from .engine.cutting import GOOD_ROWS, bytes_of
from .engine.masters import Masters
from .engine.scratch import scratch
from .errors import GmosError, UsageError, quoted
from .frame import Exposure, Source
from .logs import LOGGER
from .past import past_of
from .provenance import Traced, signed, stamp_of
from .recipe import STAGE
from .request import Plan, raw_name
from .request.together import alone
from .sizes import size_text
from .step import CALIBRATIONS, Scope
from .summary import placed, ties, unmatched


@dataclass(frozen=True)
class Resources:
    """What a reduction may use of the machine."""

    jobs: int = 2
    memory: int | None = None
    """Bytes that the process may take; what suits the frames when None."""
    scratch: Path | None = None


def reduced(
    plan: Plan,
    resources: Resources,
    keepers: Sequence[Store],
    sums: Checksums,
    report: Report = silent,
) -> Iterator[Path]:
    """Run a plan; yield the path of each product when it is written and stored."""
    from .io import ExposureFile  # noqa: PLC0415 - plans need no pixels

    for path in plan.outputs:
        _check_writable(path, plan)
    for text in alone(plan.recipe, plan.frames):
        LOGGER.warning(text)
    count = len(plan.frames)
    LOGGER.info("%s: %d %s", plan.recipe.name, count, "file" if count == 1 else "files")
    frames = _sources(plan)
    shares = _shares(plan, frames, resources)
    masters = Masters(plan.chosen, ExposureFile, shares.masters)

    def release() -> None:
        masters.forget()
        give_back()

    with closing(masters), scratch(resources.scratch, shares.parked) as place:
        how = Run(
            masters,
            place,
            shares.jobs,
            shares.bands,
            report,
            release,
            shares.at_once,
            shares.together,
            meanwhile=_besides(plan, sums),
        )
        products = run(plan.recipe, frames, how)
        for exposure, path in zip(products, plan.outputs, strict=True):
            whole = signed(exposure, sums)
            _writer()(whole, path, plan.recipe.kind, stamp_of(exposure))
            if plan.recipe.kind in CALIBRATIONS:
                store(path, keepers)
            for line in placed(exposure):
                LOGGER.info(line)
            for bad, line in ties(exposure):
                LOGGER.log(logging.WARNING if bad else logging.INFO, line)
            for line in unmatched(exposure):
                LOGGER.warning(line)
            yield path


def _sources(plan: Plan) -> list[Source]:
    """Return the frames of a plan, each with the files behind it."""
    from .io import ExposureFile  # noqa: PLC0415

    return [
        Traced(ExposureFile(frame.path, frame), plan.masters(frame), past_of(frame))
        for frame in plan.frames
        if frame.path is not None
    ]


@contextmanager
def unheard(*signals: signal.Signals) -> Iterator[None]:
    """Let signals wait: a library that is being loaded would make errors of its own of them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _besides(plan: Plan, sums: Checksums) -> Iterator[None]:
    """Do what products need besides pixels, a piece at a time."""
    _writer()
    yield
    for path in chain((f.path for f in plan.frames if f.path), plan.chosen.values()):
        with suppress(OSError):  # told when the product is signed
            sums[path]
        yield


def _writer() -> Callable[[Exposure, Path, str, str], None]:
    """Return what writes products: it takes as long to load as a frame."""
    with unheard(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        from .io.write import write_product  # noqa: PLC0415

    return write_product


def _shares(plan: Plan, frames: Sequence[Source], resources: Resources) -> Budget:
    """Return how the memory is shared out among frames of this size."""
    if resources.memory is not None and resources.memory < BASE:
        given, least = size_text(resources.memory), size_text(BASE)
        LOGGER.warning("memory %s: more is taken, the program alone needs %s", given, least)
    infos = frames[0].obs.ccds
    pixels = [prod(info.shape) for info in infos]
    widths = [info.shape[1] for info in infos]
    width = sum(widths) if plan.recipe.find("lay_mosaic") else max(widths)
    halo = max(step.halo for step in plan.recipe)
    wanted = bytes_of(GOOD_ROWS + 2 * halo, width, len(frames), halo) if halo else 0
    return budget(
        resources.memory,
        resources.jobs,
        max(pixels),
        sum(pixels),
        len({kind for _, kind in plan.chosen}),
        piecemeal=all(frame.piecemeal for frame in frames),
        bands=resources.jobs * wanted,
    )


def staged(
    plan: Plan,
    steps: Sequence[str],
    resources: Resources,
    sums: Checksums,
    report: Report = silent,
) -> Iterator[Path]:
    """Write each frame as it is after some steps; yield the paths.

    Raises UsageError for a step that does not work on single frames.
    """
    for name in steps:
        begun = plan.recipe.until(name)
        if any(step.scope is not Scope.CCD for step in begun):
            raise UsageError(f"{name}: after this step there are no single frames to write")
        suffix = f"_{begun.steps[-1].name}"
        part = begun.named(plan.recipe.name, kind=STAGE, suffix=suffix)
        folder = plan.outputs[0].parent
        paths = tuple(folder / f"{raw_name(frame)}{suffix}.fits" for frame in plan.frames)
        yield from reduced(replace(plan, recipe=part, outputs=paths), resources, (), sums, report)


def _check_writable(path: Path, plan: Plan) -> None:
    """Raise before any work what would stop the writing after it."""
    if any(frame.path is not None and _same(frame.path, path) for frame in plan.frames):
        raise UsageError("the product would replace one of its inputs", path=path)
    if path.is_dir():
        raise UsageError("is a folder: the product needs a name", path=path, hint="see --outdir")
    check_replaceable(path)
    folder = path.parent
    if not folder.is_dir():
        raise UsageError("no such folder", path=folder, hint=f"mkdir -p {quoted(folder)}")
    if not os.access(folder, os.W_OK):
        raise GmosError("cannot write into this folder", path=folder)


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)


def store(path: Path, keepers: Sequence[Store]) -> None:
    """Record a calibration product in every database that stores."""
    for keeper in keepers:
        keeper.add(path)
    if not keepers:
        LOGGER.warning("%s: no database stores it; caldb add %s", path, path)
