"""Options of commands that use calibration databases, and what these options stand for."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from .common import say

if TYPE_CHECKING:
    from ..caldb.pinned import Chain
    from ..caldb.store import Store
    from ..config import Settings


@dataclass(frozen=True)
class Databases:
    """The databases that a command was told to use."""

    settings: "Settings"
    verbose: bool

    def one(self) -> "Store":
        """Return the database to work on."""
        from ..caldb.databases import the_one

        return the_one(self.settings, warn)

    def every(self) -> "tuple[Store, ...]":
        """Return all of them, in order."""
        from ..caldb.databases import every

        return every(self.settings, warn)

    def searched(self, mode: str | None) -> "Chain":
        """Return those that calibrations come from, for a reduction of this mode."""
        from ..caldb.databases import cals

        return cals(replace(self.settings, mode=mode or self.settings.mode), {}, warn)

    def tell(self, message: str) -> None:
        """Say what only ``--verbose`` wants to know."""
        if self.verbose:
            say(message)


def on_databases(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command its options ``-c``, ``-d`` and ``-v`` as one argument, ``databases``."""

    @click.option("-c", "--config", type=click.Path(), help="Configuration file.")
    @click.option(
        "-d", "--database", type=click.Path(), help="Use this database, whatever is configured."
    )
    @click.option("-v", "--verbose", is_flag=True, help="Say on standard error what is done.")
    @wraps(function)
    def command(*, config: str | None, database: str | None, verbose: bool, **options: Any) -> None:
        settings = configured(config, database)
        for warning in settings.warnings:
            warn(warning)
        function(databases=Databases(settings, verbose), **options)

    return command


def configured(config: str | None, database: str | None) -> "Settings":
    """Return the settings; a database named on the command line is the only one.

    Then no configuration is read, unless that is named as well.
    """
    from ..config import Database, Settings, load

    if database is not None and config is None:
        settings = Settings(databases=())
    else:
        settings = load(config, os.environ, Path.cwd(), Path.home())
    if database is None:
        return settings
    named = Database.at(Path(database).absolute(), get=True, store=True)
    origins = {**settings.origins, "databases": "command line"}
    return replace(settings, databases=(named,), origins=origins)


class Kind(click.ParamType[str]):
    """A kind of calibration: ``bias``, or ``processed_bias`` as others say."""

    name = "kind"

    def convert(self, value: Any, _: object, __: object) -> str:
        """Return the kind by its short name."""
        from ..caldb.rules import kind_named

        return kind_named(value)

    def shell_complete(
        self, _: click.Context, __: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete a short name."""
        from ..caldb.rules import KINDS

        return [CompletionItem(kind) for kind in KINDS if kind.startswith(incomplete)]


def warn(message: str) -> None:
    """Put a warning on standard error."""
    say(f"warning: {message}")
