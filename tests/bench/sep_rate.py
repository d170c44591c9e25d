"""Print, as JSON, sep's Mpix/s on the first ccd of a product: sep_rate.py PRODUCT."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import sep
from astropy.io import fits

REPEATS = 3


def main() -> None:
    """Time background and extraction."""
    with fits.open(sys.argv[1], memmap=False) as units:
        sci = np.ascontiguousarray(units["SCI", 1].data, np.float32)
        mask = units["DQ", 1].data > 0
    sky = sep.Background(sci, mask=mask)
    clean = sci - sky.back()
    rates = {
        "Background": rate(sci.size, lambda: sep.Background(sci, mask=mask)),
        "extract": rate(
            sci.size, lambda: sep.extract(clean, 2.0, err=sky.globalrms, mask=mask, minarea=8)
        ),
    }
    print(json.dumps(rates))


def rate(pixels: int, work: Callable[[], Any]) -> float:
    """Return Mpix/s of the fastest of some runs."""
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return pixels / 1e6 / min(seconds)


if __name__ == "__main__":
    main()
