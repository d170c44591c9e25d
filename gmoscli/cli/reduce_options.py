"""What the options of ``reduce`` ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..config import Settings
    from ..reductions import Resources
    from ..request import Request

LEVELS = ("debug", "info", "warning", "error")
"""Those of the configuration, which takes too long to load for a line of help."""
LOGMODES = {"standard": "info", "quiet": "error", "verbose": "debug", "debug": "debug"}
"""What observers of DRAGONS write → level of what is said."""


@dataclass(frozen=True, kw_only=True)
class ReduceOptions:
    """The options of ``reduce`` as they were given; what was left out is None, or for the settings.

    Methods raise UsageError for text that means nothing.
    """

    recipe: str | None
    params: tuple[str, ...]
    """``step:name=value``."""
    user_cals: tuple[str, ...]
    """``kind:file``."""
    suffix: str | None
    output: Path | None
    outdir: Path
    config: str | None
    dry_run: bool
    explain: bool
    jobs: int | None
    memory: str | None
    scratch: Path | None
    skip_bad: bool
    stages: tuple[str, ...]
    """Steps after which frames are written."""
    preview: bool
    report: bool
    logfile: Path | None
    loglevel: str | None
    logmode: str | None
    quiet: bool
    verbose: bool
    null: bool

    def __post_init__(self) -> None:
        """Refuse options that contradict each other."""
        if self.output and self.suffix:
            raise UsageError("--output and --suffix exclude each other: either names the product")
        if self.quiet and self.verbose:
            raise UsageError("--quiet and --verbose exclude each other")

    @property
    def only_plans(self) -> bool:
        """Whether nothing is to be done but to say what would be."""
        return self.dry_run or self.explain

    def start_log(self, settings: "Settings") -> None:
        """Send messages where they are to go, first of all those about the settings."""
        from ..logs import LOGGER, configure

        level = self.loglevel or settings.loglevel
        if self.logmode:
            level = LOGMODES[self.logmode.lower()]
        if self.quiet:
            level = "error"
        elif self.verbose:
            level = "debug"
        configure(level, self.logfile or settings.logfile, prefix="reduce: ")
        for text in settings.warnings:
            LOGGER.warning(text)

    def resources(self, settings: "Settings") -> "Resources":
        """Return what the reduction may use."""
        from ..session import resources
        from ..sizes import size

        memory = None
        if self.memory is not None:
            try:
                memory = size(self.memory)
            except ValueError as error:
                raise UsageError(f"--memory: {error}") from None
        return resources(settings, self.jobs, memory, self.scratch)

    def request(
        self, names: list[str], settings: "Settings", params: Mapping[str, str]
    ) -> "Request":
        """Return what is to be done with files, under these parameters."""
        from ..request import Request
        from ..session import recipe_of

        return Request(
            files=tuple(map(Path, names)),
            recipe=recipe_of(self.recipe),
            params=params,
            configured=settings.params,
            suffix=self.suffix if self.suffix is not None else settings.suffix,
            output=self.output,
            outdir=self.outdir,
            skip_bad=self.skip_bad,
            given=_given(self.user_cals),
        )

    def parameters(self) -> dict[str, str]:
        """Return ``step:name`` or ``name`` to text, without the quotes around it."""
        pairs = {}
        for word in self.params:
            name, equals, value = word.partition("=")
            if not equals or not name.strip():
                raise UsageError(f"-p {word}: not of the form name=value or step:name=value")
            text = value.strip()
            quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
            pairs[name.strip().replace(".", ":")] = text[1:-1] if quoted else text
        return pairs


def _given(words: tuple[str, ...]) -> dict[str, Path]:
    """Return the calibrations given by hand, by kind. Raises UsageError for two of one kind."""
    from ..session import by_kind

    files: dict[str, Path] = {}
    for word in words:
        [(kind, path)] = by_kind(dict([_pinned(word)])).items()
        if kind in files:
            message = f"--user-cal: two files for {kind}: {files[kind]} and {path}"
            raise UsageError(message, hint="caldb add both, and each frame has the one that fits")
        files[kind] = path
    return files


def _pinned(word: str) -> tuple[str, Path]:
    kind, colon, path = word.partition(":")
    if not colon or not path:
        raise UsageError(f"--user-cal {word}: not of the form KIND:FILE")
    return kind, Path(path)
