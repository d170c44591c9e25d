"""Cut a grid into bands that fit the memory with all their frames and with their halos."""

from itertools import pairwise

from ..band import Band

MOST = 12
"""Frames that are looked at on native pixels together. For a cosmic ray more would tell little, but
memory would be short of what makes bands large beside their halos."""
ON_GRID = 13
"""Held per pixel and frame: three planes on the common grid (10), and what sorting makes."""
NATIVE = 12
"""Held besides per pixel and frame of those that are looked at on native pixels: three planes as
read (10) and the overlay of the cosmic-ray step (7), in place of what those are sorted with later;
both are measured, with 5, 20 and 60 frames."""
PLAIN_BYTES = 36
"""The same where no halo is asked for: all rows read are brought to the common scale and sorted."""
LEAST_ROWS = 16
PAYS = 7 / 6
"""Gain in speed from which one more band at a time is worth its work on halos."""
GOOD_ROWS = 360
"""Rows of a band, beside its halos: with more, halos and what is done once a band cost little."""


def groups(frames: int) -> list[slice]:
    """Return which frames are looked at on native pixels together: neighbours, as many each.

    Frames taken one after the other are dithered, and have much the same seeing.
    """
    count = -(-frames // MOST)
    cuts = [frames * k // count for k in range(count + 1)]
    return [slice(*ends) for ends in pairwise(cuts)]


def bands(
    shape: tuple[int, int], frames: int, memory: int, halo: int = 0, aside: int | None = None
) -> list[Band]:
    """Return bands whose frames fit in so many bytes with their halos, row by row.

    Halos are so many rows above and below, and columns ``aside``; whole rows if that is None. At
    least ``LEAST_ROWS`` rows of a band: less would be spent on halos alone.
    """
    ny, nx = shape
    wide, high = _sides(nx, memory // bytes_of(1, 1, frames, halo), halo, aside)
    return [
        Band(range(y, min(y + high, ny)), range(x, min(x + wide, nx)))
        for y in range(0, ny, high)
        for x in range(0, nx, wide)
    ]


def _sides(nx: int, pixels: int, halo: int, aside: int | None) -> tuple[int, int]:
    """Return the columns and rows of the bands with the smallest halos for so many pixels in all.

    All columns, where that is as good.
    """
    most = 1 if aside is None else max(1, nx // max(LEAST_ROWS, 2 * aside))
    sides = [_side(nx, -(-nx // parts), pixels, halo, aside or 0) for parts in range(1, most + 1)]
    return max(sides, key=lambda at: at[0] * at[1] / area_of(nx, at[0], at[1], halo, aside))


def _side(nx: int, wide: int, pixels: int, halo: int, aside: int) -> tuple[int, int]:
    return wide, max(LEAST_ROWS, pixels // min(wide + 2 * aside, nx) - 2 * halo)


def area_of(nx: int, wide: int, high: int, halo: int, aside: int | None) -> int:
    """Return the pixels of a band with its halos, on a grid of so many columns."""
    return min(wide + 2 * (aside or 0), nx) * (high + 2 * halo)


def bytes_of(rows: int, columns: int, frames: int, halo: int) -> int:
    """Return what so many rows of a band take with all its frames, or rows of its halos, if any."""
    if not halo:
        return PLAIN_BYTES * rows * columns * frames
    together = -(-frames // len(groups(frames)))
    return (ON_GRID * frames + NATIVE * together) * rows * columns


def bands_at_once(
    jobs: int, memory: int, halo: int, columns: int, frames: int, aside: int | None = None
) -> int:
    """Return how many bands to work on at a time, by so many jobs at most, in so many bytes.

    A further one pays while all together get on faster by a sixth, though halos are a larger part.
    """
    best, speed = 1, 0.0
    for together in range(1, jobs + 1):
        pixels = memory // together // bytes_of(1, 1, frames, halo)
        wide, high = _sides(columns, pixels, halo, aside)
        area = area_of(columns, wide, high, halo, aside)
        faster = together * wide * high / area
        if together == 1 or (area <= pixels and faster > PAYS * speed):
            best, speed = together, faster
    return best
