"""Print, as JSON, where frames are placed on the sky of the best: placements.py RAW..."""

import json
import sys
from contextlib import closing
from pathlib import Path

from gmoscli.engine import Run, run
from gmoscli.engine.masters import Masters
from gmoscli.engine.scratch import scratch
from gmoscli.io import ExposureFile
from gmoscli.recipes import recipe_named
from gmoscli.request import Request
from gmoscli.session import prepared, settings_here

MEMORY = 256 << 20


def main() -> None:
    """Calibrate and register the files named on the command line; nothing is stacked."""
    recipe = recipe_named("reduceSeparateCCDs").until("match_counts")
    request = Request(tuple(map(Path, sys.argv[1:])), recipe)
    plan, _ = prepared(request, settings_here(), print)
    frames = [ExposureFile(frame.path, frame) for frame in plan.frames if frame.path is not None]
    with closing(Masters(plan.chosen, ExposureFile, MEMORY)) as masters, scratch() as place:
        told = {}
        for exposure in run(plan.recipe, frames, Run(masters, place)):
            obs, there = exposure.obs, exposure.obs.placement
            told[obs.name] = {
                "matrix": there.fix.matrix.tolist(),
                "shift": there.fix.shift.tolist(),
                "scale": there.scale,
                "scale_error": there.scale_error,
                "reference": obs.reference,
                "matches": there.matches,
                "rms": there.rms,
            }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
