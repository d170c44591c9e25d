"""The ``reduce`` command as a class."""

from collections.abc import Sequence
from pathlib import Path

from ..arguments import a_path, a_text_or_none, by_name, listed
from ..checksums import Checksums
from ..logs import LOGGER
from ..recipes.generic import without_stages
from ..reductions import reduced, staged
from ..request import Request
from ..session import by_kind, prepared, recipe_of, resources, settings_here


class Reduce:
    """A reduction: fill in ``files`` and what else is to differ, then call ``runr()``.

    >>> reduction = Reduce()
    >>> reduction.files.extend(biases)
    >>> reduction.runr()
    >>> reduction.output_filenames
    ['N20220613S0180_bias.fits']

    It has these attributes and no others: a misspelled one raises AttributeError.

    Pixels are worked on by forked processes if this one runs no other thread, else by threads,
    which are slower; a worker of ``multiprocessing.Pool`` works alone. numpy's BLAS starts threads
    unless $OPENBLAS_NUM_THREADS is 1 beforehand.
    """

    __slots__ = (
        "config_file",
        "files",
        "mode",
        "output_filenames",
        "processed_filenames",
        "recipename",
        "suffix",
        "ucals",
        "uparms",
    )

    def __init__(self) -> None:
        self.files: list[str] = []
        """Paths of the exposures to reduce together; one path by itself is understood, too."""
        self.recipename = "_default"
        """A recipe, or a file that holds one; ``_default`` goes by the tags of the files."""
        self.uparms: dict[str, object] = {}
        """``step:parameter`` or ``parameter``, and its value, as text or as what it is.

        A list of pairs of these is understood, too.
        """
        self.ucals: dict[str, str | Path] = {}
        """Kind (``processed_bias``, ``processed_flat``, ...) and path of a calibration to use."""
        self.suffix: str | None = None
        """The end of the products' names; None: the recipe's."""
        self.mode: str | None = None
        """``sq``, ``ql`` or ``qa``; None: the configuration's, ``sq`` if that says nothing."""
        self.config_file: str | None = None
        """Configuration in place of the usual one."""
        self.output_filenames: list[str] | None = None
        """Paths of the products, once they are written."""
        self.processed_filenames: list[str] | None = None
        """Paths of those products that a calibration database holds."""

    def runr(self) -> None:
        """Reduce the files; products are written into the working directory.

        Afterwards ``recipename`` is the recipe that was used. Raises a GmosError: BadFile,
        ReductionError, CalibrationMissing, DatabaseError or UsageError.
        """
        self.output_filenames = self.processed_filenames = None
        settings = settings_here(a_text_or_none("config_file", self.config_file), self.mode)
        for warning in settings.warnings:
            LOGGER.warning(warning)
        values = by_name("uparms", self.uparms)
        texts = {name.replace(".", ":"): str(value) for name, value in values.items()}
        params, stages = without_stages(texts)
        suffix = a_text_or_none("suffix", self.suffix)
        calibrations = by_name("ucals", self.ucals)
        request = Request(
            files=_paths(self.files),
            recipe=recipe_of(a_text_or_none("recipename", self.recipename)),
            params=params,
            configured=settings.params,
            suffix=settings.suffix if suffix is None else suffix,
            given=by_kind({kind: a_path("ucals", path) for kind, path in calibrations.items()}),
        )
        how = resources(settings)
        plan, keepers = prepared(request, settings, LOGGER.warning, how.jobs)
        self.recipename = plan.recipe.name
        sums = Checksums()
        for path in staged(plan, stages, how, sums):
            LOGGER.info("%s: written", path)
        products = [str(path) for path in reduced(plan, how, keepers, sums)]
        self.output_filenames = products
        self.processed_filenames = products if keepers else []


def _paths(files: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    """Return paths from paths, or from one path by itself."""
    if isinstance(files, str | Path):
        return (Path(files),)
    return tuple(a_path("files", file) for file in listed("files", files))
