"""What an observer asks for, and the plan that it makes.

Everything that can be wrong with a request is found before the first pixel is read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from ..caldb import Cals
from ..caldb.match import missing
from ..caldb.rules import OPTIONAL
from ..errors import BadFile, CalibrationMissing, GmosError, ReductionError, UsageError
from ..fits import Headers, stem
from ..gmos.tags import tags_of
from ..recipe import Recipe
from .choosing import chosen_recipe, without_needless
from .together import check_together, known_troubles

Chosen = dict[tuple[Path, str], Path]
"""The calibration for each file, by its kind."""
Say = Callable[[str], object]
COMPRESSED = (".bz2", ".gz")
_NO_FRINGE = (
    "reduce -r makeProcessedFringe makes one of dithered frames;"
    " without: -p subtract_fringe:skip_primitive=True"
)


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
class Plan:
    """What will be done: nothing of it is in doubt any more but the pixels."""

    recipe: Recipe
    frames: tuple[Headers, ...]
    chosen: Chosen
    outputs: tuple[Path, ...]

    def masters(self, frame: Headers) -> dict[str, Path]:
        """Return the calibrations of one frame by kind, in the order of their use."""
        path, kinds = frame.path, self.recipe.calibrations
        return {k: self.chosen[path, k] for k in kinds if path and (path, k) in self.chosen}


def planned(request: Request, cals: Cals, warn: Say, skip: Say, jobs: int = 1) -> Plan:
    """Return the plan of a request; ``skip`` is told of files that are left out as asked.

    ``jobs`` compressed files are read at a time. Raises BadFile for a file that cannot be used,
    UsageError for an unknown recipe or parameter, ReductionError for files that do not go together,
    CalibrationMissing for all that is missing.
    """
    frames = readable(request, skip, jobs)
    recipe = chosen_recipe(request.recipe, frames[0], request.configured, request.params)
    check_together(recipe, frames)
    recipe = without_needless(recipe, frames, request.given)
    for text in known_troubles(frames):
        warn(text)
    chosen = calibrations(recipe, frames, cals, warn)
    return Plan(recipe, frames, chosen, outputs(request, recipe, frames))


def readable(request: Request, skip: Say, jobs: int = 1) -> tuple[Headers, ...]:
    """Return the headers of all files, none left out unless bad ones are to be skipped."""
    if not request.files:
        raise UsageError("no files to reduce", hint="name files, @lists, or - for standard input")
    frames = []
    for found in _found(request.files, jobs):
        if isinstance(found, Headers):
            frames.append(found)
        elif request.skip_bad:
            skip(f"{found}: skipped")
        else:
            raise found
    if not frames:
        raise ReductionError("no readable file is left")
    _check_different([frame.path for frame in frames if frame.path is not None])
    return tuple(frames)


def _found(paths: Sequence[Path], jobs: int) -> Iterator[Headers | Exception]:
    """Yield the headers of each file, or what is wrong with it.

    The headers of extensions lie behind pixels. Where these are compressed that takes as long as
    reading them, and several files are read at a time.
    """
    if jobs == 1 or not any(path.suffix in COMPRESSED for path in paths):
        return map(_headers_of, paths)
    from ..engine.jobs import threaded  # noqa: PLC0415 - a plan needs no arrays

    return threaded(_headers_of, paths, jobs, iter(()))


def _headers_of(path: Path) -> Headers | Exception:
    try:
        return _checked(path)
    except (GmosError, OSError) as error:
        return error


def _check_different(paths: Sequence[Path]) -> None:
    """Raise UsageError for a file that is named twice, by one spelling or by two."""
    seen: dict[Path, Path] = {}
    for path in paths:
        real = path.resolve()
        if real in seen:
            also = "" if seen[real] == path else f", also as {seen[real]}"
            raise UsageError(f"named twice{also}", path=path)
        seen[real] = path


def _checked(path: Path) -> Headers:
    headers = Headers.open(path)
    tags = tags_of(headers)
    if "GMOS" not in tags:
        name = headers.phu.get("INSTRUME") or "not named"
        raise BadFile(f"not a GMOS exposure: the instrument is {name}", path=path)
    if not headers.extensions:
        raise BadFile("no image extensions", path=path)
    return headers


def calibrations(recipe: Recipe, frames: Sequence[Headers], cals: Cals, warn: Say) -> Chosen:
    """Return the calibration of each kind for each frame.

    Raises CalibrationMissing that names every kind which some frame lacks.
    """
    chosen: Chosen = {}
    lacking: list[tuple[str, CalibrationMissing, str]] = []
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
            more = f" (and {len(without) - 1} more)" if len(without) > 1 else ""
            if kind in OPTIONAL:
                warn(f"{error}{more}: going on without")
            else:
                lacking.append((kind, error, more))
    if lacking:
        text = "; ".join(error.message + more for _, error, more in lacking)
        first = lacking[0][1]
        hint = _NO_FRINGE if [kind for kind, *_ in lacking] == ["fringe"] else first.hint
        raise CalibrationMissing(text, path=first.path, hint=hint)
    return chosen


def outputs(request: Request, recipe: Recipe, frames: Sequence[Headers]) -> tuple[Path, ...]:
    """Return the paths of the products."""
    named = frames[:1] if recipe.stacks else frames
    if request.output is not None:
        if len(named) > 1:
            raise UsageError(f"-o names one file, but there will be {len(named)}")
        return (request.outdir / request.output,)
    suffix = request.suffix or recipe.suffix
    if "/" in suffix:
        hint = "--outdir DIR chooses where"
        raise UsageError(f"suffix {suffix!r}: a part of a name holds no /", hint=hint)
    return tuple(request.outdir / f"{raw_name(frame)}{suffix}.fits" for frame in named)


def raw_name(frame: Headers) -> str:
    """Return the name, without its ending, of the raw file that a frame goes back to."""
    named = str(frame.phu.get("ORIGNAME") or "") or (frame.path.name if frame.path else "")
    return stem(PurePath(named))
