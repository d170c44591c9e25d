"""Benchmarks: what the commands take, and how near their products come to the truth.

    python -m tests.bench [--quick] [--full] [--only NAME,...] [--json FILE] [--folder DIR]
    python -m tests.bench.science [--quick] [--full] [--only NAME,...] [--json FILE] [--folder DIR]

Nights are made with ``gmoscli simulate``; with ``--folder`` they are kept for the next time.
Nothing here is asserted: both print tables, each figure beside its target. ``--quick`` takes
nights binned 4x4, for a look; times are judged at 2x2 alone. ``--full`` adds unbinned nights
(26 Mpix a frame).

What the numbers of the first mean:

wall, CPU     seconds, least/middle/largest of several runs; CPU is user and system, of a process
              and all that it starts. Works that are compared run in turn, A B A B, after one run
              of each that warms the caches; modules are compiled beforehand.
peak          largest resident memory of a process, as the kernel counts it, started by a program
              so small that its own memory does not count.
floor         floor.py: reads the same files into float32 with astropy, and writes the planes of a
              product. Ratios are of middle times. No reduction with astropy can be faster.
scratch       most bytes seen in the scratch folder, over those of the calibrated planes of all
              frames: 10 a pixel. Looked at a hundred times a second.
linear        wall time of the largest number of frames over what the two smaller ones promise.
-j2 over -j1  the passes over pixels as progress displays see them, start-up and writing left out;
              then the whole command.
step          time within a step during a reduction by one thread, all frames together; Mpix/s
              counts each frame's pixels once, for every step alike, so that rates add up as
              resistors do: 1/total = 1/a + 1/b. "Reading, parking, writing" is what is left.
sep           the library's own background and extraction, on one ccd of the product.
SWarp         LANCZOS3 and CLIPPED on the same calibrated frames, two threads, if it is installed.
DRAGONS       see incumbent.py.

The profile's story: a third of a master bias is the interpreter reading modules, of which numpy is
half, a quarter the arithmetic, a fifth the kernel (pages of new arrays, and the product's way to
the disk), a tenth MD5. What was cut, with what it cost of 5 s CPU: the libraries for FITS, tables
and cosine transforms (1.2 s; plain images are read directly, and what writes products is loaded
beside the first pixels), the steps of other recipes (0.2 s), an overscan fit of one trial at a time
(0.4 s), frames parked on disk that fit in memory (0.7 s), bands that left the cache (0.5 s).
Checksums are taken while numpy is loaded. Threads wait for each other no longer than a millisecond:
with turns of 5 ms the one that loads modules kept the kernels waiting.

A science reduction (9.1 s CPU by one thread) is a fifth cosmic rays, a seventh finding and
measuring sources, a tenth resampling and as much loading modules. Two threads gained nothing while
each passed the interpreter's lock to the other between kernels of 8000 pixels: with 131 000,
flagging cosmic rays by two threads went from 3.4 s (5.1 s CPU) to 2.2 s (3.4 s CPU), and that of
one thread from 2.1 s to 1.8 s. Suspects of all frames are judged together, for the same reason and
for fewer calls. Threads of BLAS, which spin for work that never comes, cost 0.5 s CPU; loading a
search tree 0.3 s.

Those of the second are told by each of its modules.
"""
