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
peak          largest resident memory of a process with those that it forked, looked at fifty times
              a second: memory that they share counts once, but pages in common since the forking
              count for each, so that the figure is never too small. Started by a program so small
              that its own memory does not count. Of works that run in turn it is that of the run
              that warms the caches: to look takes a twentieth of the time of whom it is about.
floor         floor.py: reads the same files into float32 with astropy, and writes the planes of a
              product. Ratios are of middle times. No reduction with astropy can be faster.
scratch       most bytes seen in the scratch folder, over those of the calibrated planes of all
              frames: 10 a pixel. Looked at a hundred times a second.
linear        wall time of the largest number of frames over what the two smaller ones promise.
-j2 over -j1  the passes over pixels as progress displays see them, start-up and writing left out;
              then the whole command.
step          time within a step during a reduction by one process, all frames together; Mpix/s
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
What writes products is loaded, and checksums are taken, while other processes work on pixels.

A science reduction (9.1 s CPU by one process) is a quarter cosmic rays, a seventh finding and
measuring sources, a tenth resampling and as much loading modules. Two threads were 1.2 times as
fast as one: between kernels each passes the interpreter's lock to the other, and numpy.multiply on
1000 / 4000 / 16 000 / 64 000 / 256 000 numbers in two threads is 0.80 / 0.72 / 1.15 / 1.65 / 1.86
times as fast as in one. Two forked processes have no such lock. Suspects of all frames are judged
together, for fewer calls. Threads of BLAS, which spin for work that never comes, cost 0.5 s CPU;
loading a search tree 0.3 s.

Those of the second are told by each of its modules.
"""
