"""The command of all commands: it finds one by its name, and imports only that one."""

from importlib import import_module

import click
from click.shell_completion import CompletionItem

from ..errors import GmosError, unknown
from .common import Group, version_option

COMMANDS = {
    "showd": "Show what descriptors say of files.",
    "dataselect": "Select files by tags and descriptors.",
    "typewalk": "Show the tags of all files below a folder.",
    "reduce": "Reduce files with the recipe that their tags ask for.",
    "caldb": "Keep calibrations, and find those that fit.",
    "showpars": "Show the parameters of a step for a file.",
    "showrecipes": "Show the recipes that fit a file.",
    "provenance": "Show how files were made, and from which others.",
    "plan": "Work out what a folder of raw files can be reduced to.",
    "preview": "Make pictures of files, or reports on products.",
    "simulate": "Simulate a night of raw files whose truth is known.",
    "demo": "Make a small night and reduce it.",
    "completion": "Print the script that lets a shell complete these commands.",
}
"""Each command, a module of the same name in ``gmoscli.cli``, and what it does."""


class Umbrella(Group):
    """The group of all commands. Listing them imports none."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the names in the order in which an observer meets them."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Return the command of this name."""
        if name not in COMMANDS:
            raise unknown("command", name, COMMANDS)
        try:
            command: click.Command = getattr(import_module(f"gmoscli.cli.{name}"), name)
        except ModuleNotFoundError as error:
            raise GmosError(f"{error.name} is not installed", path=name) from error
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command, or an option."""
        names = [
            CompletionItem(name, help=does)
            for name, does in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for --help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Umbrella)
@version_option
def umbrella() -> None:
    """Reduce GMOS imaging nights with commands that work together.

    Most commands can also be called by their own names. COMMAND --help tells more.
    """


def main() -> None:
    """Run ``gmoscli``."""
    umbrella(prog_name="gmoscli")
