"""Turn calibrated frames into what SWarp reads: for_swarp.py FRAME...

Writes a file of science planes and one of weights for each frame; prints the number of pixels of
all frames, then the names of the science files.
"""

import sys
from pathlib import Path

import numpy as np
from astropy.io import fits

COORDINATES = ("CTYPE", "CRVAL", "CRPIX", "CUNIT", "CD1_", "CD2_")


def main() -> None:
    """Convert the files named on the command line."""
    total, names = 0, []
    for name in sys.argv[1:]:
        pixels, made = converted(Path(name))
        total += pixels
        names.append(made)
    print(total, *names)


def converted(path: Path) -> tuple[int, str]:
    """Write the planes and weights of a frame; return its pixels, and the planes' file."""
    planes, weights, pixels = [fits.PrimaryHDU()], [fits.PrimaryHDU()], 0
    with fits.open(path, memmap=False) as units:
        for version in (1, 2, 3):
            sci = units["SCI", version]
            bad = units["DQ", version].data > 0
            weight = np.where(bad, 0, 1 / np.maximum(units["VAR", version].data, 1e-9))
            cards = [card for card in sci.header.cards if card.keyword.startswith(COORDINATES)]
            header = fits.Header(cards)
            planes.append(fits.ImageHDU(sci.data, header))
            weights.append(fits.ImageHDU(weight.astype(np.float32), header))
            pixels += sci.data.size
    made = path.with_name(f"swarp_{path.name}")
    fits.HDUList(planes).writeto(made, overwrite=True)
    fits.HDUList(weights).writeto(made.with_suffix(".weight.fits"), overwrite=True)
    return pixels, str(made)


if __name__ == "__main__":
    main()
