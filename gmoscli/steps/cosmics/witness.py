"""What the other frames say of how bright stars may be at some pixels of a frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..masks import Indexes
from .laid import Frame, Laid, Shift
from .match import PHASES, Match, matched

Floats = NDArray[np.float32]

MOST = 8
"""Frames that are asked, at most: those nearest in seeing."""
WIDER, NARROWER = 1.25, 0.65
"""Largest and least ratio of a frame's seeing to that of one that can tell of its stars: wings
grow with a high power of the seeing, and no frame tells what is sharper than it can see."""
LOOSEST = 2.0
"""Share of the light around by which a bound may exceed the guess and still say something."""
LOUDEST = 4.0
"""Variance of a guess, over that of a pixel, that still says something."""
TYPICAL_FWHM = 3.0
"""Pixels; for frames whose seeing is not known."""
STEP = 0.02
"""Ratio of neighbouring seeings that are told apart, less one: frames share their weights."""


@dataclass(frozen=True)
class Limit:
    """The most light that stars can have at some pixels of a frame, in the unit of the output."""

    light: Floats
    var: Floats
    known: NDArray[np.bool_]
    """Whether any frame can tell."""


def witnesses(fwhm: tuple[float, ...], own: int, slack: float) -> list[tuple[int, Match]]:
    """Return the frames that can tell how bright the stars of one frame may be, and how."""
    widths = [rounded(width) for width in fwhm]
    others = [i for i in range(len(widths)) if i != own and _comparable(widths[own], widths[i])]
    others.sort(key=lambda i: abs(np.log(widths[i] / widths[own])))
    matches = [(i, matched(widths[own], widths[i], slack)) for i in others[:MOST]]
    return [(i, m) for i, m in matches if m.share <= LOOSEST and m.noise <= LOUDEST]


def _comparable(own: float, other: float) -> bool:
    return NARROWER < own / other < WIDER


def rounded(fwhm: float) -> float:
    """Return a seeing to within a hundredth; a typical one where it is not known."""
    width = fwhm if fwhm > 0 else TYPICAL_FWHM
    return float(np.exp(np.rint(np.log(width) / STEP) * STEP))


def limit(
    frames: tuple[Frame, ...], own: int, asked: list[tuple[int, Match]], y: Indexes, x: Indexes
) -> Limit:
    """Return what the frames that are asked allow at overlay pixels of a frame.

    It is the median of what they allow, the lower of two, so that a cosmic ray in one of them hides
    none; its variance is that of a median.
    """
    m = len(y)
    here = _miss(frames[own], y, x)
    light = np.full((max(len(asked), 1), m), np.float32(np.inf))
    var = np.zeros_like(light)
    for k, (other, match) in enumerate(asked):
        for one in frames[other]:
            some, most, noise = bound(one, match, y, x, here)
            light[k, some], var[k, some] = most, noise
    count = np.isfinite(light).sum(axis=0)
    pixel = np.arange(m)
    chosen = np.argsort(light, axis=0, kind="stable")[np.maximum(count - 1, 0) // 2, pixel]
    known = count > 0
    return Limit(
        np.where(known, light[chosen, pixel], np.float32(0)),
        var[chosen, pixel] * spread(count),
        known,
    )


def spread(count: Indexes) -> Floats:
    """Return the variance of the middle of so many values over that of one.

    It is pi / 2 over their number for many of them; 2 leaves room for the lower one of an even
    number, which lies below the middle.
    """
    safe = np.maximum(count, 1).astype(np.float32)
    return np.asarray(np.minimum(np.float32(2) / safe, np.float32(1)))


def _miss(frame: Frame, y: Indexes, x: Indexes) -> tuple[Shift, Shift]:
    """Return how far (y, x) overlay pixels lie from a frame's nearest ones."""
    result = np.zeros((2, len(y)))
    for one in frame:
        some = np.flatnonzero(one.holds(*one.native(y, x)))
        result[:, some] = one.miss(y[some], x[some])
    return result[0], result[1]


def bound(
    one: Laid, match: Match, y: Indexes, x: Indexes, here: tuple[Shift, Shift]
) -> tuple[Indexes, Floats, Floats]:
    """Return of which pixels a piece of another frame can tell, what it allows, the variance.

    ``here`` says how far the overlay pixels lie from those of the frame that is judged. Pixels near
    flagged or saturated ones are not told of.
    """
    row, column = one.native(y, x)
    away_y, away_x = one.miss(y, x)
    row, phase_y = _stepped(row, away_y - here[0])
    column, phase_x = _stepped(column, away_x - here[1])
    some = np.flatnonzero(one.holds(row, column, match.reach))
    base = row[some] * one.light.shape[1] + column[some]
    guess, around = _sums(one, match, base, phase_y[some], phase_x[some])
    most = np.maximum(around, 0)
    most *= np.float32(match.share)
    most += guess
    told = np.isfinite(most)
    some, base = some[told], base[told]
    var = one.piece.var.ravel()[base]
    var *= np.float32(match.noise * one.piece.scale**2)
    return some, most[told], var


def _stepped(at: Indexes, away: Shift) -> tuple[Indexes, Indexes]:
    """Return the pixels nearest to what lies so far from pixels, and its phases on them."""
    whole = np.rint(away).astype(np.intp)
    return at + whole, np.rint((away - whole + 0.5) * PHASES).astype(np.intp)


def _sums(
    one: Laid, match: Match, base: Indexes, phase_y: Indexes, phase_x: Indexes
) -> tuple[Floats, Floats]:
    """Return the guess and the light around, from the pixels about places of a piece."""
    flat, nx = one.light.ravel(), one.light.shape[1]
    steps = np.arange(-match.reach, match.reach + 1)
    about = flat[base + (steps[:, None, None] * nx + steps[:, None])]
    with np.errstate(invalid="ignore"):  # what is BLIND makes no number, and is not told of
        guess, around = (
            _summed(weights[:, phase_y] * _summed((weights[:, phase_x] * about).swapaxes(0, 1)))
            for weights in (match.guess, match.around)
        )
    return guess, around


def _summed(terms: Floats) -> Floats:
    """Return the sum along the first axis, the same for one column as for many."""
    total: Floats = terms[0].copy()
    for term in terms[1:]:
        total += term
    return total
