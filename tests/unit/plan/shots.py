"""Raw frames without files: ``science("a", UT="08:00:00")`` differs by these cards alone."""

from dataclasses import replace
from pathlib import Path

from gmoscli.caldb.match import Candidate
from gmoscli.caldb.record import record_of
from gmoscli.plan.frames import Frame, Survey
from gmoscli.plan.products import Product, plan
from tests.header_files import raw


def science(name: str, **how) -> Frame:
    """Return a frame of a target."""
    headers = raw(**how)
    return Frame(Path(f"{name}.fits"), headers, replace(record_of(headers), mode="sq"))


def bias(name: str, **how) -> Frame:
    """Return a raw bias."""
    return science(name, **{"OBSTYPE": "BIAS", "OBJECT": "Bias", "EXPTIME": 0.0, **how})


def twilight(name: str, **how) -> Frame:
    """Return a raw twilight flat."""
    return science(name, **{"OBJECT": "Twilight", "OBSCLASS": "dayCal", "EXPTIME": 5.0, **how})


def survey(*frames: Frame, ready: tuple[Candidate, ...] = ()) -> Survey:
    """Return what is found in folders with these frames and calibrations."""
    ordered = sorted(frames, key=lambda frame: (frame.moment, frame.stem))
    return Survey(tuple(ordered), ready, (), ())


def products(*frames: Frame, stored=(), ready=(), **how) -> dict[str, Product]:
    """Return the products of these frames by their paths."""
    planned = plan(survey(*frames, ready=tuple(ready)), stored, **how)
    return {str(product.path): product for product in planned}
