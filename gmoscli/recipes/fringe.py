"""The fringe frame: what dithered science frames have in common once their sources are masked.

Fringes look like sources to a detector, so a draft is made first, as a plain median: taken away
from each frame, it leaves the sources that the frame itself then masks, and its smooth sky.
"""

from ..recipe import Recipe
from ..steps.combine import average, clip_noise, median
from ..steps.fringe_frame import (
    centre_fringes,
    flatten_sky,
    mask_objects,
    match_fringes,
    part_sky,
)
from .science import calibrate

draft = Recipe(
    "draftFringe",
    (*calibrate, flatten_sky, match_fringes, clip_noise.set(sources="clip"), median),
    suffix="_fringe",
    kind="fringe",
)

fringe = Recipe(
    "makeProcessedFringe",
    (
        *calibrate,
        mask_objects,
        part_sky,
        match_fringes,
        clip_noise.set(hsigma=4.0, lsigma=4.0, sources="clip"),
        average,
        centre_fringes,
    ),
    suffix="_fringe",
    kind="fringe",
    draft=draft,
)
