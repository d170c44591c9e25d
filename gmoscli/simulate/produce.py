"""Write a night: raw files, bad pixel mask, truth."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from .bpm import bpm_name, write_bpm
from .conditions import frame_of
from .effects import Effects
from .exposure import raw_counts
from .extensions import extension
from .headers import primary, remarks
from .night import Night
from .plan import Shot, plan
from .truth import write_truth
from .write import write_fits


def simulate(
    night: Night,
    effects: Effects,
    outdir: str | Path,
    *,
    compress: bool = False,
    jobs: int = 2,
) -> list[Path]:
    """Write a night into a folder, which is made if need be, and return the paths.

    Raw files and the bad pixel mask are plain FITS, or .bz2 if compressed; the truth is beside
    them. The same night gives the same bytes for any number of jobs.
    """
    return list(produce(night, effects, outdir, compress=compress, jobs=jobs))


def produce(
    night: Night,
    effects: Effects,
    outdir: str | Path,
    *,
    compress: bool = False,
    jobs: int = 2,
) -> Iterator[Path]:
    """Write a night and yield each path as soon as its file is whole, in the order of the plan."""
    folder = Path(outdir)
    folder.mkdir(parents=True, exist_ok=True)
    ending = ".bz2" if compress else ""
    yield write_bpm(night, effects, folder / (bpm_name(night) + ending))
    with ThreadPoolExecutor(jobs) as pool:
        waiting: list[Future[Path]] = [
            pool.submit(write_raw, night, effects, shot, folder / f"{shot.name}.fits{ending}")
            for shot in plan(night)
        ]
        try:
            for future in waiting:
                yield future.result()
        finally:
            for future in waiting:
                future.cancel()
    yield from write_truth(night, effects, folder)


def write_raw(night: Night, effects: Effects, shot: Shot, path: Path) -> Path:
    """Simulate one exposure and write it as a raw file."""
    frame = frame_of(night, effects, shot)
    images = [(extension(frame, i), counts) for i, counts in enumerate(raw_counts(frame))]
    return write_fits(path, primary(frame), remarks(effects), images)
