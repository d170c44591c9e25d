"""Whether files may be reduced together, and what is known of the detectors that took them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..errors import ReductionError
from ..fits import Headers
from ..gmos import descriptors
from ..gmos.detectors import detector_of, troubles
from ..gmos.purposes import purpose
from ..gmos.tags import tags_of
from ..recipe import Recipe


def known_troubles(frames: Sequence[Headers]) -> Iterator[str]:
    """Yield, once each, what is known to be wrong with the detectors on the frames' dates."""
    said = set()
    for frame in frames:
        array = detector_of(frame)
        bins = (descriptors.detector_x_bin(frame) or 1, descriptors.detector_y_bin(frame) or 1)
        for trouble in troubles(array, descriptors.ut_date(frame), bins):
            if trouble not in said:
                said.add(trouble)
                remedy = "flagged as bad" if trouble.amps else "look at the product"
                yield f"{_name(frame)}: {trouble.what} ({trouble.since} on): {remedy}"


_ALIKE: tuple[tuple[str, Callable[[Headers], object]], ...] = (
    ("instrument", descriptors.instrument),
    ("detector", descriptors.detector_name),
    ("binning", descriptors.binning),
    ("region of interest", descriptors.detector_roi_setting),
    ("read mode", descriptors.read_mode),
)
_ALIKE_WITH_LIGHT = (
    ("filter", lambda h: descriptors.filter_name(h, pretty=True)),
    ("mask", descriptors.focal_plane_mask),
)


_PICKED = {"bias": "--tags BIAS", "flat": "--tags FLAT", "science": "--tags IMAGE --xtags CAL"}
"""What raw files are for → the options of dataselect that pick them."""


def alone(recipe: Recipe, frames: Sequence[Headers]) -> Iterator[str]:
    """Yield what is amiss with a master of one frame."""
    if recipe.kind in ("bias", "flat") and len(frames) == 1:
        yield (
            f"{_name(frames[0])}: one {recipe.kind} alone keeps its cosmic rays; with others:"
            f" {_reducing(recipe.kind)}"
        )


def check_together(recipe: Recipe, frames: Sequence[Headers]) -> None:
    """Raise ReductionError unless all frames are of one kind and one configuration."""
    first = frames[0]
    wanted = purpose(tags_of(first))
    light = () if wanted == "bias" else _ALIKE_WITH_LIGHT
    for frame in frames:
        tags = tags_of(frame)
        if recipe.kind in ("bias", "flat") and recipe.kind.upper() not in tags:
            raise ReductionError(
                f"not a {recipe.kind}: its tags are {_words(tags)}",
                path=frame.path,
                hint=_picking(recipe.kind),
            )
        if not recipe.kind and not {"IMAGE"} <= tags:
            raise ReductionError(
                f"not an image: its tags are {_words(tags)}",
                path=frame.path,
                hint=_picking(wanted),
            )
        _check_beginning(recipe, tags, frame.path)
        if purpose(tags) != wanted:
            raise ReductionError(
                f"not of the same kind as {_name(first)}", path=frame.path, hint=_picking(wanted)
            )
        for what, value in (*_ALIKE, *light):
            ours, theirs = value(first), value(frame)
            if ours != theirs:
                raise ReductionError(
                    f"{what} {theirs}, but {ours} in {_name(first)}",
                    path=frame.path,
                    hint="gmoscli plan DIR shows which files go together",
                )


def _picking(wanted: str | None) -> str | None:
    """Return the command that reduces, of a mixture, what is for one purpose."""
    return f"one kind at a time: {_reducing(wanted)}" if wanted in _PICKED else None


def _reducing(wanted: str) -> str:
    """Return the command that picks files for a purpose and reduces them."""
    return f"dataselect {_PICKED[wanted]} FILES | reduce -"


def _check_beginning(recipe: Recipe, tags: frozenset[str], path: Path | None) -> None:
    """Raise ReductionError for a raw frame where a calibrated one is needed, or for its reverse."""
    raw = tags.isdisjoint(("OVERSCAN_TRIMMED", "PROCESSED"))
    if recipe.begins_raw and not raw:
        raise ReductionError(
            f"reduced already, in part or whole, but {recipe.name} begins with raw frames",
            path=path,
            hint="reduce --recipe alignAndStack, or one with the steps that are left",
        )
    if raw and not recipe.begins_raw:
        raise ReductionError(
            f"raw, but {recipe.name} begins with calibrated frames",
            path=path,
            hint="reduce --recipe reduceSeparateCCDs",
        )


def _words(tags: frozenset[str]) -> str:
    return " ".join(sorted(tags))


def _name(frame: Headers) -> str:
    return frame.path.name if frame.path else "the first file"
