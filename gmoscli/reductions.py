"""From files to products: choose the recipe and the calibrations, run, write, store.

Everything that can be wrong with a request is found before the first pixel is read.
"""

import difflib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import prod
from pathlib import Path
from typing import Any

from .budget import Budget, budget, give_back
from .caldb import Cals
from .caldb.match import missing
from .caldb.rules import OPTIONAL, kinds_for
from .caldb.store import Store
from .cards import Headers
from .engine import Report, Run, run, silent
from .errors import BadFile, CalibrationMissing, GmosError, ReductionError, UsageError
from .frame import Exposure, Observation, Past, Source, Strips, Used
from .gmos import descriptors
from .gmos.detectors import detector, troubles
from .gmos.purposes import purpose
from .gmos.tags import tags_of
from .logs import LOGGER
from .masters import Masters
from .recipe import Recipe
from .recipes import default_recipe, recipe_named
from .recipes.generic import SKIP, is_true
from .scratch import scratch
from .stack import GOOD_ROWS, bytes_of
from .step import CALIBRATIONS, Scope

STAGE = "stage"
"""Kind of a frame that is written half-way: neither a calibration nor a science product."""

Chosen = dict[tuple[Path, str], Path]
Say = Callable[[str], object]


@dataclass(frozen=True)
class Request:
    """What the observer asks for."""

    files: tuple[Path, ...]
    recipe: str | Recipe | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    """``step:parameter`` or ``parameter`` to text, from the command line."""
    configured: Mapping[str, object] = field(default_factory=dict)
    """``step.parameter`` to value, from the configuration."""
    suffix: str | None = None
    output: Path | None = None
    outdir: Path = field(default_factory=Path)
    skip_bad: bool = False
    given: Mapping[str, Path] = field(default_factory=dict)
    """Calibrations by kind that go before those of the databases."""


@dataclass(frozen=True)
class Resources:
    """What a reduction may use of the machine."""

    jobs: int = 2
    memory: int | None = None
    """Bytes that the process may take; what suits the frames when None."""
    scratch: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What will be done: nothing of it is in doubt any more but the pixels."""

    recipe: Recipe
    frames: tuple[Headers, ...]
    chosen: Chosen
    outputs: tuple[Path, ...]


def planned(request: Request, cals: Cals, warn: Say, skip: Say) -> Plan:
    """Return the plan of a request; ``skip`` is told of files that are left out as asked.

    Raises BadFile for a file that cannot be used, UsageError for an unknown recipe or parameter,
    ReductionError for files that do not go together, CalibrationMissing for all that is missing.
    """
    frames = readable(request, skip)
    recipe = chosen_recipe(request, frames)
    check_together(recipe, frames)
    recipe = without_needless(recipe, frames, request)
    for text in known_troubles(frames):
        warn(text)
    chosen = calibrations(recipe, frames, cals, warn)
    return Plan(recipe, frames, chosen, outputs(request, recipe, frames))


def readable(request: Request, skip: Say) -> tuple[Headers, ...]:
    """Return the headers of all files, none left out unless bad ones are to be skipped."""
    if not request.files:
        raise UsageError("no files to reduce", hint="name files, @lists, or - for standard input")
    frames = []
    for path in request.files:
        try:
            frames.append(_checked(path))
        except (GmosError, OSError) as error:
            if not request.skip_bad:
                raise
            skip(f"{error}: skipped")
    if not frames:
        raise ReductionError("no readable file is left")
    paths = [frame.path for frame in frames]
    twice = next((p for i, p in enumerate(paths) if p in paths[:i]), None)
    if twice is not None:
        raise UsageError("named twice", path=twice)
    return tuple(frames)


def _checked(path: Path) -> Headers:
    headers = Headers.open(path)
    tags = tags_of(headers)
    if "GMOS" not in tags:
        name = headers.phu.get("INSTRUME") or "not named"
        raise BadFile(f"not a GMOS exposure: the instrument is {name}", path=path)
    if not headers.extensions:
        raise BadFile("no image extensions", path=path)
    return headers


def chosen_recipe(request: Request, frames: Sequence[Headers]) -> Recipe:
    """Return the recipe asked for, or the one that the files' tags ask for, with parameters set."""
    if isinstance(request.recipe, Recipe):
        recipe = request.recipe
    elif request.recipe is not None:
        recipe = recipe_named(request.recipe)
    else:
        found = default_recipe(tags_of(frames[0]))
        if found is None:
            tags = " ".join(sorted(tags_of(frames[0])))
            raise ReductionError(f"no recipe for a file with tags {tags}", path=frames[0].path)
        recipe = found
    recipe = with_params(recipe, _texts(request.configured), "configuration", strict=False)
    return with_params(recipe, request.params, "command line", strict=True)


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name.replace(".", ":"): str(value) for name, value in values.items()}


def with_params(recipe: Recipe, params: Mapping[str, str], origin: str, strict: bool) -> Recipe:
    """Return the recipe with parameters set from text.

    ``step:name`` sets one step, ``name`` every step that has it; ``step:skip_primitive`` leaves a
    step out. Raises UsageError for a name that nothing has (unless not ``strict``: a configuration
    serves many recipes) and for bad values.
    """
    for key, text in params.items():
        target, _, name = key.rpartition(":")
        steps = [s for s in recipe if not target or target in (s.name, s.primitive)]
        if target and steps and name == SKIP:
            if is_true(key, text):
                recipe = recipe.without(*(step.name for step in steps))
            continue
        having = [s for s in steps if name in s.parameters]
        if not having and strict:
            raise _unknown(recipe, target, name, bool(steps))
        for step in having:
            value = step.parameters[name].convert(text)
            recipe = recipe.set(step.name, origin, **{name: value})
    return recipe


def _unknown(recipe: Recipe, target: str, name: str, step_known: bool) -> UsageError:
    if not step_known:
        known = [word for step in recipe for word in (step.name, step.primitive)]
        close = difflib.get_close_matches(target, known, n=2, cutoff=0.5)
        message = f"recipe {recipe.name} has no step {target!r}"
    else:
        steps = [s for s in recipe if not target or target in (s.name, s.primitive)]
        known = sorted({word for step in steps for word in step.parameters})
        close = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
        where = f"step {target}" if target else f"any step of {recipe.name}"
        message = f"no parameter {name!r} in {where}"
    hint = f"did you mean {' or '.join(close)}?" if close else "see showpars"
    return UsageError(message, hint=hint)


def without_needless(recipe: Recipe, frames: Sequence[Headers], request: Request) -> Recipe:
    """Return the recipe without the fringe correction where images show no fringes.

    A fringe frame that is given by hand is used all the same.
    """
    correction = recipe.find("subtract_fringe")
    given = "fringe" in request.given
    if correction is None or given or any("fringe" in kinds_for(frame) for frame in frames):
        return recipe
    return recipe.without(correction.name)


def known_troubles(frames: Sequence[Headers]) -> Iterator[str]:
    """Yield, once each, what is known to be wrong with the detectors on the frames' dates."""
    said = set()
    for frame in frames:
        array = detector(str(frame.phu.get("DETID") or ""))
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


def check_together(recipe: Recipe, frames: Sequence[Headers]) -> None:
    """Raise ReductionError unless all frames are of one kind and one configuration."""
    first = frames[0]
    light = () if recipe.kind == "bias" else _ALIKE_WITH_LIGHT
    wanted = purpose(tags_of(first))
    for frame in frames:
        tags = tags_of(frame)
        if recipe.kind in ("bias", "flat") and recipe.kind.upper() not in tags:
            raise ReductionError(
                f"not a {recipe.kind}: its tags are {_words(tags)}", path=frame.path
            )
        if not recipe.kind and not {"IMAGE"} <= tags:
            raise ReductionError(f"not an image: its tags are {_words(tags)}", path=frame.path)
        if purpose(tags) != wanted:
            raise ReductionError(f"not of the same kind as {_name(first)}", path=frame.path)
        for what, value in (*_ALIKE, *light):
            ours, theirs = value(first), value(frame)
            if ours != theirs:
                raise ReductionError(
                    f"{what} {theirs}, but {ours} in {_name(first)}", path=frame.path
                )


def _words(tags: frozenset[str]) -> str:
    return " ".join(sorted(tags))


def _name(frame: Headers) -> str:
    return frame.path.name if frame.path else "the first file"


def calibrations(recipe: Recipe, frames: Sequence[Headers], cals: Cals, warn: Say) -> Chosen:
    """Return the calibration of each kind for each frame.

    Raises CalibrationMissing that names every kind which some frame lacks.
    """
    chosen: Chosen = {}
    lacking: list[CalibrationMissing] = []
    for kind in recipe.calibrations:
        without = []
        for frame in frames:
            path = cals.find(kind, frame)
            if path is None:
                without.append(frame)
            elif frame.path is not None:
                chosen[frame.path, kind] = path
        if without:
            error = missing(without[0].path, kind, cals.explain(kind, without[0]))
            more = f" (and {len(without) - 1} more frames)" if len(without) > 1 else ""
            if kind in OPTIONAL:
                warn(f"{error}{more}: going on without")
            else:
                lacking.append(
                    CalibrationMissing(error.message + more, path=error.path, hint=error.hint)
                )
    if lacking:
        text = "; ".join(error.message for error in lacking)
        raise CalibrationMissing(text, path=lacking[0].path, hint=lacking[0].hint)
    return chosen


def outputs(request: Request, recipe: Recipe, frames: Sequence[Headers]) -> tuple[Path, ...]:
    """Return the paths of the products."""
    named = frames[:1] if recipe.stacks else frames
    if request.output is not None:
        if len(named) > 1:
            raise UsageError(f"-o names one file, but there will be {len(named)}")
        return (request.outdir / request.output,)
    suffix = recipe.suffix if request.suffix is None else request.suffix
    return tuple(request.outdir / f"{_stem(frame)}{suffix}.fits" for frame in named)


def _stem(frame: Headers) -> str:
    """Return the name of the raw file that a frame goes back to."""
    name = str(frame.phu.get("ORIGNAME") or "") or _name(frame)
    return name.partition(".fits")[0]


def reduced(
    plan: Plan,
    resources: Resources,
    keepers: Sequence[Store],
    report: Report = silent,
) -> Iterator[Path]:
    """Run a plan; yield the path of each product when it is written and stored."""
    from .io import ExposureFile, past_of  # noqa: PLC0415 - plans need no pixels

    for path in plan.outputs:
        _check_writable(path, plan)
    LOGGER.info("%s: %d files", plan.recipe.name, len(plan.frames))
    behind = [*(frame.path for frame in plan.frames if frame.path), *plan.chosen.values()]
    sums = checksums(behind, resources.jobs)
    frames: list[Source] = [
        _Traced(ExposureFile(frame.path, frame), plan, sums, past_of(frame.path, frame))
        for frame in plan.frames
        if frame.path is not None
    ]
    shares = _shares(plan, frames, resources)
    masters = Masters(plan.chosen, ExposureFile, shares.masters)

    def release() -> None:
        masters.forget()
        give_back()

    with (
        closing(masters),
        scratch(resources.scratch, shares.parked) as place,
        ThreadPoolExecutor(resources.jobs) as pool,
    ):
        writer = pool.submit(_writer)
        how = Run(
            masters,
            place,
            pool,
            resources.jobs,
            shares.bands,
            report,
            release,
            shares.at_once,
        )
        products = run(plan.recipe, frames, how)
        for exposure, path in zip(products, plan.outputs, strict=True):
            writer.result()(exposure, path, plan.recipe.kind, stamp_of(exposure))
            if plan.recipe.kind in CALIBRATIONS:
                store(path, keepers)
            for line in told(exposure):
                LOGGER.info(line)
            yield path


def _writer() -> Callable[[Exposure, Path, str, str], None]:
    """Return what writes products: it takes as long to load as a frame, best beside the first."""
    from .io.write import write_product  # noqa: PLC0415

    return write_product


def _shares(plan: Plan, frames: Sequence[Source], resources: Resources) -> Budget:
    """Return how the memory is shared out among frames of this size."""
    infos = frames[0].obs.ccds
    pixels = [prod(info.shape) for info in infos]
    widths = [info.shape[1] for info in infos]
    width = sum(widths) if plan.recipe.find("lay_mosaic") else max(widths)
    overlaid = any(step.takes is Strips for step in plan.recipe)
    wanted = bytes_of(GOOD_ROWS, width, len(frames)) if overlaid else 0
    return budget(
        resources.memory,
        resources.jobs,
        max(pixels),
        sum(pixels),
        len({kind for _, kind in plan.chosen}),
        piecemeal=all(frame.piecemeal for frame in frames),
        bands=resources.jobs * wanted,
    )


def staged(
    plan: Plan, steps: Sequence[str], resources: Resources, report: Report = silent
) -> Iterator[Path]:
    """Write each frame as it is after some steps; yield the paths.

    Raises UsageError for a step that does not work on single frames.
    """
    for name in steps:
        begun = plan.recipe.until(name)
        if any(step.scope is not Scope.CCD for step in begun):
            raise UsageError(f"{name}: after this step there are no single frames to write")
        suffix = f"_{begun.steps[-1].name}"
        part = begun.named(plan.recipe.name, kind=STAGE, suffix=suffix)
        folder = plan.outputs[0].parent
        paths = tuple(folder / f"{_stem(frame)}{suffix}.fits" for frame in plan.frames)
        yield from reduced(replace(plan, recipe=part, outputs=paths), resources, (), report)


def told(exposure: Exposure) -> Iterator[str]:
    """Yield what is worth knowing of how the frames went together."""
    for obs in exposure.obs.inputs:
        if obs.reference and len(exposure.obs.inputs) > 1:
            yield f"{obs.name}: reference"
        elif obs.placement.matches:
            there = obs.placement
            stars = "1 star matches" if there.matches == 1 else f"{there.matches} stars match"
            yield (
                f"{obs.name}: {stars} to {1e3 * there.rms:.1f} mas,"
                f" placed to {1e3 * there.error:.1f} mas, counts times {there.scale:.4f}"
            )
        elif len(exposure.obs.inputs) > 1 and any(one.reference for one in exposure.obs.inputs):
            yield f"{obs.name}: placed by its headers, counts times {obs.placement.scale:.4f}"


def _check_writable(path: Path, plan: Plan) -> None:
    """Raise before any work what would stop the writing after it."""
    if any(frame.path is not None and _same(frame.path, path) for frame in plan.frames):
        raise UsageError("the product would replace one of its inputs", path=path)
    folder = path.parent
    if not folder.is_dir():
        raise UsageError("no such folder", path=folder, hint=f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK):
        raise GmosError("cannot write into this folder", path=folder)


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)


def store(path: Path, keepers: Sequence[Store]) -> None:
    """Record a calibration product in every database that stores."""
    for keeper in keepers:
        keeper.add(path)
    if not keepers:
        LOGGER.warning("%s: no database stores it; caldb add %s", path, path)


def checksums(paths: Sequence[Path], jobs: int) -> dict[Path, str]:
    """Return the MD5 of each file: that is what Gemini's provenance tables hold."""
    each = list(dict.fromkeys(paths))
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(each, pool.map(_checksum, each), strict=True))


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest()


class _Traced:
    """A source whose observation names the files behind it."""

    def __init__(self, source: Any, plan: Plan, sums: Mapping[Path, str], past: Past):
        self._source = source
        obs: Observation = source.obs
        used = [Used(obs.path.name, sums[obs.path], "prepare"), *past.used]
        for kind in plan.recipe.calibrations:
            path = plan.chosen.get((obs.path, kind))
            if path is not None:
                used.append(Used(path.name, sums[path], kind))
        self.obs = replace(obs, history=past.done, used=tuple(used))
        self.piecemeal: bool = source.piecemeal

    def ccd(self, index: int) -> Any:
        return self._source.ccd(index)

    def close(self) -> None:
        self._source.close()


def stamp_of(exposure: Exposure) -> str:
    """Return the time that a product is stamped with: that of its last frame.

    ``SOURCE_DATE_EPOCH`` (https://reproducible-builds.org/specs/source-date-epoch/) takes its
    place. The clock is never asked, so that the same inputs give the same bytes.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch and epoch.isdigit():
        return datetime.fromtimestamp(int(epoch), UTC).replace(tzinfo=None).isoformat()
    frames = exposure.obs.inputs or (exposure.obs,)
    times = [t for f in frames if (t := descriptors.ut_datetime(f.headers)) is not None]
    return max(times).isoformat() if times else "1970-01-01T00:00:00"
