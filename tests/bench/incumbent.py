"""What DRAGONS takes for the same work.

Measured with DRAGONS 5.0.0_dev on two cores with GMOS-N nights at 2x2 (5 biases, 5 flats, 5 science
frames of 6.6 Mpix); the numbers stand in the issue that asks for this benchmark. SWarp's is that of
Debian's package with two threads, for the same five frames.
"""

START = "1.2 - 1.8 s"
FILES = {20: "1.9 s", 60: "3.8 s", 1000: ""}
BIAS = "20 s, 36 x floor"
FLAT = "27 s, 49 x floor"
SCIENCE = "187 s, 340 x floor"
TUTORIAL = "267 s"
TUTORIAL_SECONDS = 267.0
FLOOR_SECONDS = 0.55
"""Of the floor for the science frames, there: other machines are slower or faster."""
MEMORY = {(2, 5): "1.49 GB", (1, 5): "4.9 GB"}
"""By binning and number of frames; it grows with the number."""
SWARP = "6.6 Mpix/s"
