"""One reduction under the settings that hold here: what the command and the Reduce class share."""

import os
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing import current_process
from pathlib import Path

from .caldb.databases import cals, keepers
from .caldb.rules import kind_named
from .caldb.store import Store
from .config import MODES, Settings, load
from .errors import UsageError
from .logs import LOGGER
from .recipe import Recipe
from .recipes.user import load as recipe_in
from .recipes.user import looks_like_file
from .reductions import Resources
from .request import Plan, Request, Say, planned
from .step import CALIBRATIONS


def settings_here(config: str | None = None, mode: str | None = None) -> Settings:
    """Return the settings of a configuration file, or of the usual one, in a mode.

    Raises UsageError for a file that cannot be read or understood, and for an unknown mode.
    """
    settings = load(config, os.environ, Path.cwd(), Path.home())
    if mode is None:
        return settings
    if mode not in MODES:
        raise UsageError(f"unknown mode {mode!r}", hint=f"one of {', '.join(MODES)}")
    return replace(settings, mode=mode)


def resources(
    settings: Settings,
    jobs: int | None = None,
    memory: int | None = None,
    scratch: Path | None = None,
) -> Resources:
    """Return what a reduction may use: what is asked for, else configured, else all processors.

    A worker of ``multiprocessing.Pool`` works alone: it may start no process, and has others
    beside it.
    """
    alone = current_process().daemon
    return Resources(
        1 if alone else jobs or settings.jobs or len(os.sched_getaffinity(0)),
        memory or settings.memory,
        scratch or settings.scratch,
    )


def recipe_of(name: str | None) -> Recipe | str | None:
    """Return the recipe in a user's file, or a name as it is.

    None, and the name ``_default``, mean what the tags of the files ask for.
    """
    if name == "_default":
        return None
    return recipe_in(name) if name is not None and looks_like_file(name) else name


def by_kind(calibrations: Mapping[str, str | Path]) -> dict[str, Path]:
    """Return calibrations given by hand by kind: ``processed_bias`` is ``bias``.

    Raises UsageError for a word that is no kind.
    """
    return {kind_named(word): Path(path) for word, path in calibrations.items()}


def prepared(
    request: Request, settings: Settings, skip: Say, jobs: int = 1
) -> tuple[Plan, tuple[Store, ...]]:
    """Return the plan of a request, and the databases that its product goes into.

    ``skip`` is told of files that are left out as asked; ``jobs`` compressed ones are read at a
    time. Raises what ``planned`` raises, and DatabaseError for a database that cannot store what
    will be made.
    """
    calibrations = cals(settings, request.given, LOGGER.warning)
    plan = planned(request, calibrations, LOGGER.warning, skip, jobs)
    return plan, keepers(settings, LOGGER.warning) if plan.recipe.kind in CALIBRATIONS else ()
