"""The least that a reduction could do: floor.py PRODUCT RAW...

Reads all pixels of the raw files into float32 with astropy and writes three planes (float32,
float32, uint16) for each of three ccds: nothing else of what a reduction does.
"""

import sys

import numpy as np
from astropy.io import fits

OVERSCAN = 32
"""Columns of a raw extension that are no part of a product."""


def floor(product: str, paths: list[str]) -> None:
    """Read the files, write a product's planes."""
    rows = columns = 0
    for path in paths:
        with fits.open(path, memmap=False) as units:
            planes = [np.asarray(unit.data, np.float32) for unit in units[1:]]
        rows = planes[0].shape[0]
        columns = sum(plane.shape[1] - OVERSCAN for plane in planes) // 3
    units = [fits.PrimaryHDU()]
    for _ in range(3):
        units += [
            fits.ImageHDU(np.zeros((rows, columns), kind), name=name)
            for name, kind in (("SCI", np.float32), ("VAR", np.float32), ("DQ", np.uint16))
        ]
    fits.HDUList(units).writeto(product, overwrite=True)


if __name__ == "__main__":
    floor(sys.argv[1], sys.argv[2:])
