"""Reduce science frames and print how long each pass over pixels took: passes.py JOBS FILE...

A JSON object: seconds by the name of the pass, as progress displays show it. What products need
besides pixels is there before, for it is done during a pass only where others work on that.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import gmoscli.io.write  # noqa: F401 - what writes products is loaded
from gmoscli.checksums import Checksums
from gmoscli.reductions import reduced
from gmoscli.request import Request
from gmoscli.session import prepared, resources, settings_here


def main() -> None:
    """Reduce the files named on the command line."""
    jobs, *files = sys.argv[1:]
    settings = settings_here()
    request = Request(tuple(map(Path, files)), recipe="reduceSeparateCCDs")
    plan, keepers = prepared(request, settings, print)
    begun: dict[str, float] = {}
    seconds: dict[str, float] = {}

    def report(what: str, _done: int, _total: int) -> None:
        now = time.perf_counter()
        seconds[what] = now - begun.setdefault(what, now)

    how = replace(resources(settings), jobs=int(jobs))
    sums = Checksums()
    for path in (*request.files, *plan.chosen.values()):
        assert sums[path]
    for _ in reduced(plan, how, keepers, sums, report):
        pass
    json.dump(seconds, sys.stdout)


if __name__ == "__main__":
    main()
