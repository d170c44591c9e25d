"""How bright stars can be at a pixel, told by the pixels around a hole in the same frame.

A frame samples its stars well enough to guess a pixel from those around, even if the ones beside
it are left out because a cosmic ray may have hit them as well. The guess is a regression on stars
of the frame's seeing, of light relative to that around; at worst a star exceeds it by some share
of the light around. Both are sums over pixels, so that what holds for one star at every place holds
for whatever is made of stars, as for the bounds of other frames (:mod:`.match`).
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..masks import Indexes, Mask
from .laid import BLIND, Frame, Laid, Light, hidden, lights
from .match import AROUND, INDICES, LEAST, NARROWEST, star
from .once import once

Floats = NDArray[np.float64]
Bound = Literal["loose", "tight", "either"]

REACH = 2
"""Pixels on either side that a guess is made of."""
WIDTH = 2 * REACH + 1
DOWN, ACROSS = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1].reshape(2, -1)
"""Steps to the pixels around, row by row: taps."""
MIDDLE = DOWN.size // 2
"""Number of the tap that is the pixel itself."""
NEAR = np.exp(-0.5 * (DOWN**2 + ACROSS**2) / AROUND**2)
"""Weights of the pixels for the light around."""
_PIXEL = np.arange(DOWN.size) == MIDDLE
_ASIDE = REACH * np.array([[0, 1, 1, 1], [1, 0, 1, -1]])
_OPPOSITE = np.hstack([_ASIDE, -_ASIDE])
"""Steps (y, x) to four pixels, then to those on their other sides."""
SHAPES = (
    _PIXEL,
    DOWN == 0,
    DOWN == ACROSS,
    (DOWN > 0) | _PIXEL,
    (DOWN == 0) | (DOWN == 1),
    (DOWN == ACROSS) | (DOWN == ACROSS + 1),
    np.abs(DOWN - ACROSS) <= 1,
    (DOWN >= 0) & (ACROSS >= 0),
    (np.abs(ACROSS) < REACH) & (DOWN >= 0) & (DOWN < REACH),
    (np.abs(ACROSS) < REACH) & (np.abs(DOWN) < REACH),
)
"""Holes: what cosmic rays may have hit about a pixel, [tap], and this turned by quarters."""
WIDTHS = (0.9, 1.0, 1.1)
"""Of stars over the seeing: more than it may be off, as the sums over pixels here are coarse."""
SMOOTH = 4.0
"""FWHM, in pixels, beyond which it does not matter where in a pixel a star stands."""
NUGGET = 0.05
"""Noise over the light around, which keeps the weights of a guess small."""
TIGHT = 0.002
"""The same for a tight bound, which is for bright stars and may be louder."""
DEARER = 300.0
"""Times that a light above a tight bound weighs more than one below it."""
NEAREST = 0.01
"""Distance from a tight bound below which it weighs no more, in the root of a star's peak."""
TURNS = 40
"""Times that a tight bound is fitted anew, by where stars lay from the one before."""
THIN = 7
"""Stars of which one is fitted; the share holds for all."""

BLOCK = 512
"""Pixels that are judged together: what is known of them stays in the cache."""
LANE = 32
"""Pixels by multiples of which sums are made: each in the same order as in any other block."""


class Rim(NamedTuple):
    """Weights of the pixels around holes, [hole, tap]: for the guess, for the light around."""

    guess: Light
    around: Light
    share: Light
    """Of the light around, by which a star may exceed the guess, of each hole."""
    noise: Light
    """Variance of the guess over that of a pixel, of each hole."""


@once
def rim(fwhm: float, bound: Bound = "loose") -> Rim:
    """Return what pixels around holes say of those in the middle, for a seeing in pixels."""
    if bound == "either":
        holes = zip(_rim(fwhm, "loose"), _rim(fwhm, "tight"), strict=True)
        return Rim(*map(np.concatenate, holes))
    return _rim(fwhm, bound)


@once
def _rim(fwhm: float, bound: Bound) -> Rim:
    stars = stars_around(max(fwhm, NARROWEST))
    told = _bounding if bound == "tight" else _guessed
    rows = [row for hole in SHAPES for row in _turns(*told(hole, stars))]
    guess, around, share = (np.array(part, np.float32) for part in zip(*rows, strict=True))
    return Rim(guess, around, share, np.square(guess).sum(axis=1))


def _guessed(hole: Mask, stars: Floats) -> tuple[Floats, Floats, float]:
    """Return the weights of one hole, for the guess and the light around, and its share.

    None is negative: another hit on the rim can only raise a guess.
    """
    rest, around = ~hole, _around(hole)
    light = around @ stars
    seen, asked = stars[rest] / light, stars[MIDDLE] / light
    guess = np.zeros(hole.size)
    guess[rest] = np.maximum(_fitted(seen, asked, np.ones_like(asked), NUGGET), 0)
    return guess, around, _share(guess, around, stars)


def _bounding(hole: Mask, stars: Floats) -> tuple[Floats, Floats, float]:
    """Return the same for the lowest bound above nearly all stars, which may be the louder.

    It is a regression to a high quantile (Koenker & Bassett 1978, Econometrica 46, 33), by weights
    that follow the distances (Schlossmacher 1973, JASA 68, 857), these in the noise of photons.
    """
    rest, around = ~hole, _around(hole)
    asked = stars[MIDDLE, ::THIN]
    noise = np.sqrt(asked + NEAREST)
    seen, asked = stars[rest, ::THIN] / noise, asked / noise
    weights = np.ones_like(asked)
    for _ in range(TURNS):
        fit = _fitted(seen, asked, weights, TIGHT)
        above = fit @ seen - asked
        weights = np.where(above < 0, DEARER, 1) / np.maximum(np.abs(above), NEAREST)
    guess = np.zeros(hole.size)
    guess[rest] = fit
    guess = _even(hole, guess)
    return guess, around, _share(guess, around, stars)


def _around(hole: Mask) -> Floats:
    """Return the weights of the pixels beside a hole for the light around."""
    near = np.where(hole, 0, NEAR)
    return np.asarray(near / near.sum())


def _even(hole: Mask, weights: Floats) -> Floats:
    """Return weights the same after each turn that leaves the hole as it is, as stars are."""
    shape = hole.reshape(WIDTH, WIDTH)
    plane = weights.reshape(WIDTH, WIDTH)
    for quarters in (2, 1):
        if (np.rot90(shape, quarters) == shape).all():
            plane = (plane + np.rot90(plane, quarters)) / 2
    return plane.ravel()


def _fitted(seen: Floats, asked: Floats, weights: Floats, nugget: float) -> Floats:
    """Return the weights of what is seen, [tap, star], that give what is asked, by ridge."""
    weights = weights / weights.sum()
    gram = (seen * weights) @ seen.T + nugget**2 * np.eye(len(seen))
    return np.asarray(np.linalg.solve(gram, seen @ (weights * asked)))


def _share(guess: Floats, around: Floats, stars: Floats) -> float:
    """Return the largest share of the light around by which a star exceeds its guess."""
    excess = (stars[MIDDLE] - guess @ stars) / (around @ stars)
    return max(float(excess.max()), 0.0)


def _turns(guess: Floats, around: Floats, share: float) -> list[tuple[Floats, Floats, float]]:
    """Return the weights of a hole turned by quarters, each once."""
    found = {}
    for quarters in range(4):
        planes = [np.rot90(a.reshape(WIDTH, WIDTH), quarters).ravel() for a in (guess, around)]
        found[(planes[1] > 0).tobytes()] = (planes[0], planes[1], share)
    return list(found.values())


def stars_around(fwhm: float) -> Floats:
    """Return the pixels [tap, star] about one that a star lights, the star standing anywhere."""
    found = []
    for turn in WIDTHS:
        for index in INDICES:
            width = fwhm * turn
            fine = 4 if width < 3 else 2
            light = star(width, index, REACH + int(np.ceil(2 * width)) + 1, fine)
            n = len(light) - fine * (WIDTH - 1)
            step = fine if width > SMOOTH else 1
            places = [slice(start, start + n, step) for start in range(0, fine * WIDTH, fine)]
            taps = np.stack([light[r, c].ravel() for r in places for c in places])
            middle = taps[MIDDLE]
            found.append(taps[:, middle > LEAST * middle.max()] / middle.max())
    return np.concatenate(found, axis=1)


def beyond_rim(
    frame: Frame, fwhm: float, y: Indexes, x: Indexes, sigma: float, bound: Bound = "loose"
) -> Mask:
    """Say which overlay pixels of a frame have more light than those around any hole allow.

    Holes on whose rim pixels are unusable, saturated or beyond the edge say nothing; what a cosmic
    ray hit there may be a star's light or not. ``tight`` bounds tell more of bright stars, but may
    take a cosmic ray on the rim that is not flagged for a lack of light.
    """
    found = np.zeros(len(y), bool)
    for one in frame:
        row, column = one.native(y, x)
        own = np.flatnonzero(one.holds(row, column))
        noise = np.sqrt(one.piece.var[row[own], column[own]]) * np.float32(one.piece.scale)
        least = np.float32(sigma) * noise
        some = _standing(one, row[own], column[own], least)
        at = own[some]
        found[at] = _beyond(one, rim(fwhm, bound), row[at], column[at], least[some])
    return found


def _standing(one: Laid, row: Indexes, column: Indexes, least: Light) -> Indexes:
    """Return which pixels stand out of the mean of two others on either side, in any direction.

    No hole says anything of others: on the slopes of stars that spares nearly all the work.
    """
    seen = lights(one, row, column, *_OPPOSITE)
    beside = (seen[:4] + seen[4:]).min(axis=0)
    here = one.light[row, column]
    return np.flatnonzero(beside < 2 * (here - least))


def _beyond(one: Laid, told: Rim, row: Indexes, column: Indexes, least: Light) -> Mask:
    """Say which pixels exceed what any hole allows by so much, and the noise of its guess."""
    found = np.zeros(len(row), bool)
    louder = np.sqrt(1 + told.noise)[:, None]
    for start in range(0, len(row), BLOCK):
        part = slice(start, start + BLOCK)
        y, x = row[part], column[part]
        beyond = one.light[y, x] - allowed(one, told, y, x) > least[part] * louder
        found[part] = beyond.any(axis=0)
    return found


def allowed(one: Laid, told: Rim, row: Indexes, column: Indexes) -> Light:
    """Return the light that each hole allows at pixels of the planes, [hole, pixel].

    Where a cosmic ray hit there is some light of a star, between none and all: a bound that counts
    all for more and nothing for less holds whatever it is.
    """
    seen = lights(one, row, column, DOWN, ACROSS)
    blind = seen == BLIND
    seen[blind] = 0
    guess, around = sums(told.guess, seen), sums(told.around, seen)
    some = np.flatnonzero(blind.any(axis=0))
    if not len(some):
        return _bound(told, guess, around)
    hit = hidden(one, row[some] + DOWN[:, None], column[some] + ACROSS[:, None])
    known = hit > BLIND
    blind[:, some] &= ~known
    hit[~known] = 0
    guess[:, some] += sums(np.maximum(told.guess, 0), hit)
    around[:, some] += sums(told.around, hit)
    shut = (told.around > 0).astype(np.uint8) @ blind[:, some].astype(np.uint8) > 0
    most = _bound(told, guess, around)
    most[:, some] = np.where(shut, np.float32(np.inf), most[:, some])
    return most


def _bound(told: Rim, guess: Light, around: Light) -> Light:
    """Return the bound that the weighted sums of pixels make, in place of the sums."""
    np.maximum(around, 0, out=around)
    around *= told.share[:, None]
    around += guess
    return around


def sums(weights: Light, values: Light) -> Light:
    """Return sums, [hole, pixel], that for a pixel do not depend on the others."""
    count = values.shape[1]
    whole = np.zeros((len(values), -(-count // LANE) * LANE), np.float32)
    whole[:, :count] = values
    sums: Light = np.einsum("kt,tm->km", weights, whole)[:, :count]
    return sums
