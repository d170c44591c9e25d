"""The shadow of the guide probe: flags against the light that passes it."""

from collections.abc import Iterator

from gmoscli.dq import Dq
from gmoscli.simulate.areas import ccd_areas
from gmoscli.simulate.conditions import frame_of
from gmoscli.simulate.optics import field_stop
from gmoscli.simulate.passing import probe_shadow
from gmoscli.simulate.plan import plan

from .figures import Figure, within
from .site import Site

DARK, LIT = 0.6, 0.99
"""Share of light that passes: what has to be flagged, and what should not be."""


def probe(site: Site) -> Iterator[Figure]:
    """Yield the figures of a night that was guided with the probe."""
    shots = [shot for shot in plan(site.night) if shot.kind == "science"]
    found = dark = wrong = clear = 0
    frames = site.staged("flag_probe_shadow", site.files("science"))
    for shot, exposure in zip(shots, frames, strict=True):
        now = frame_of(site.night, site.effects, shot).now
        for ccd, area in zip(exposure.ccds, ccd_areas(site.night), strict=True):
            passed = probe_shadow(site.night, now, area)
            inside = field_stop(site.night, area) > LIT
            flagged = (ccd.dq & Dq.UNILLUMINATED) > 0
            found += int((flagged & inside & (passed < DARK)).sum())
            dark += int((inside & (passed < DARK)).sum())
            wrong += int((flagged & inside & (passed > LIT)).sum())
            clear += int((inside & (passed > LIT)).sum())
    yield within(
        "shadow of the guide probe flagged", site.name, [100 * found / dark], (98, 100), "%"
    )
    yield within("clear sky flagged as its shadow", site.name, [100 * wrong / clear], (0, 2), "%")
