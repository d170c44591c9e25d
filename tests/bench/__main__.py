"""``python -m tests.bench``: measure, print the table, write JSON."""

from .command import Benchmark
from .growth import cores, frames, memory
from .rates import steps, swarp
from .rows import HEADINGS, as_json, cells
from .size import Size
from .speed import headers, masters, startup, tutorial

CASES = {
    case.__name__: case
    for case in (startup, headers, masters, tutorial, frames, memory, cores, steps, swarp)
}

if __name__ == "__main__":
    Benchmark(CASES, Size, HEADINGS, cells, as_json).command(
        "Measure time and memory of the commands on simulated nights."
    )()
