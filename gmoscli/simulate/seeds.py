"""Random numbers that belong to one effect in one place."""

from zlib import crc32

import numpy as np


def generator(seed: int, *words: str | int) -> np.random.Generator:
    """Return the generator named by these words; no other name shares its numbers.

    A night asks for one per effect, file and chip, so that neither the order of work nor another
    effect's switch moves a single draw.
    """
    keys = (crc32(str(word).encode()) for word in words)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *keys])))
