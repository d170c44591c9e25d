"""Share out the memory of a reduction: what is held at a time follows from the size of a frame."""

import ctypes
from dataclasses import dataclass

DEFAULT = 448 << 20
"""Bytes of all processes unless told: a frame binned 2x2 leaves room for a few parked."""
BASE = 112 << 20
"""Bytes of the interpreter and its libraries (78 MB with all steps and what writes products), of
catalogues, of what finds the sources of a stack, and of what the C library keeps meanwhile."""
PLANES = 10
"""Bytes per pixel of sci, var and dq."""
WORK = 26
"""Bytes per pixel of a ccd that is taken through the steps: its raw counts, planes before and after
a step, and what finding sources makes; measured with the science recipe at 2x2 and 1x1."""
LEAST_BANDS = 20 << 20
"""Bytes of bands, over all jobs."""
FURTHER = 32 << 20
"""Bytes of each process but the first: pages shared at its start that it has written to since, and
what the C library keeps."""


@dataclass(frozen=True)
class Budget:
    """How much is worked on at a time, and the bytes for each kind of thing held."""

    at_once: int
    """Whole ccds."""
    together: int
    """Ccds of a frame whose masters are held."""
    jobs: int
    """Bands."""
    masters: int
    parked: int
    bands: int


def budget(
    memory: int | None,
    jobs: int,
    ccd: int,
    frame: int,
    kinds: int,
    *,
    piecemeal: bool,
    bands: int = LEAST_BANDS,
) -> Budget:
    """Return what ``jobs`` processes may hold, for so many pixels of a ccd and of a frame.

    ``kinds`` calibrations are brought: as many ccds of each at a time as there is room for, so that
    processes seldom wait for each other, or a whole frame of each where frames cannot be read ccd
    by ccd. ``bands`` are the bytes of bands beyond which more make nothing faster. Both go before
    parked frames, which only save a way to the disk. Without a ``memory`` (bytes) two ccds always
    fit.
    """
    masters = PLANES * kinds * (ccd if piecemeal else frame)
    work = WORK * ccd
    if memory is None:
        two = min(jobs, 2)
        memory = max(DEFAULT, BASE + masters + two * work + (two - 1) * FURTHER)
    free = memory - BASE - masters
    at_once = _processes(jobs, free, work)
    free -= at_once * (work + FURTHER) - FURTHER
    further = _further(free, masters, frame // ccd) if piecemeal else 0
    free -= further * masters
    left = memory - BASE - PLANES * frame
    stacking = _processes(jobs, left, LEAST_BANDS)
    left -= (stacking - 1) * FURTHER
    banded = max(LEAST_BANDS, min(bands, left))
    parked = max(0, min(free, left - banded))
    return Budget(at_once, 1 + further, stacking, (1 + further) * masters, parked, banded)


def _further(free: int, masters: int, ccds: int) -> int:
    """Return of how many further ccds of a frame, after the first, the masters fit."""
    fit = max(0, free) // masters if masters else ccds
    return min(ccds - 1, fit)


def _processes(jobs: int, memory: int, each: int) -> int:
    """Return how many processes that take so many bytes each fit, one of them in any case."""
    return min(jobs, max(1, (memory + FURTHER) // (each + FURTHER)))


def give_back() -> None:
    """Hand freed memory back to the system: GNU's C library would keep it for what may come."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
