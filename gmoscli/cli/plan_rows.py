"""What ``plan`` tells of products, as rows of values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .render import Row

if TYPE_CHECKING:
    from pathlib import Path

    from ..caldb.record import Record
    from ..plan.products import Product

SHOWN = (
    *("output", "kind", "frames", "seconds", "night", "object", "filter", "setup"),
    *("calibrations", "missing"),
)
"""Columns for people."""

DETAILED = (
    *("kind", "recipe", "output", "inputs", "calibrations", "missing"),
    *("nights", "object", "filter", "binning", "region", "read_mode", "seconds"),
)
"""Names in JSON."""


def mask_row(mask: "Path", columns: Sequence[str]) -> Row:
    """Return the columns of a bad pixel mask that lies among the files: it needs no recipe."""
    told: dict[str, object] = {"kind": "bpm", "recipe": "caldb add", "output": str(mask)}
    if columns == DETAILED:
        told |= {"inputs": [str(mask)], "calibrations": {}, "missing": {}, "nights": []}
    return [told.get(column) for column in columns]


def shown_row(product: "Product") -> Row:
    """Return the columns of a product for people; calibrations by their names alone."""
    from ..fits import stem

    record = product.group.first.record
    nights = product.nights
    return (
        str(product.path),
        product.kind,
        len(product.inputs),
        round(product.seconds, 1),
        str(nights[0]) + (f"/{nights[-1]}" if len(nights) > 1 else ""),
        None if product.kind in ("bias", "flat", "fringe") else record.object,
        None if product.kind == "bias" else _filter(product),
        _setup(record),
        " ".join(map(stem, product.calibrations.values())) or None,
        product.reasons or None,
    )


def detailed_row(product: "Product") -> Row:
    """Return all that there is to tell of a product."""
    record = product.group.first.record
    return (
        product.kind,
        product.recipe,
        str(product.path),
        [str(path) for path in product.inputs],
        {kind: str(path) for kind, path in product.calibrations.items()},
        dict(product.missing),
        product.nights,
        record.object,
        None if product.kind == "bias" else _filter(product),
        record.binning,
        record.detector_roi_setting,
        _read_mode(record),
        product.seconds,
    )


def _setup(record: "Record") -> str:
    """Return binning, region unless all of the detector is read out, and read mode."""
    region = record.detector_roi_setting
    words = (record.binning, "" if region == "Full Frame" else region, _read_mode(record))
    return " ".join(filter(None, words))


def _read_mode(record: "Record") -> str:
    return f"{record.read_speed}/{record.gain_setting}"


def _filter(product: "Product") -> str | None:
    from ..gmos.descriptors import filter_name

    return filter_name(product.group.first.headers, pretty=True)
