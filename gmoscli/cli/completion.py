"""Let a shell complete the commands: options, files, and the names that each one knows."""

from collections.abc import Iterator
from pathlib import Path

import click

from .common import Command, version_option, write
from .shells import SCRIPTS

OWN_NAMES = (
    *("gmoscli", "showd", "dataselect", "typewalk"),
    *("reduce", "caldb", "showpars", "showrecipes", "provenance"),
)
"""Commands that are called by their own names."""
FILES = {"bash": "{}", "zsh": "_{}", "fish": "{}.fish"}
"""By which name each shell looks for the completions of a command."""


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(list(FILES)))
@version_option
def completion(shell: str) -> None:
    """Print the script that lets SHELL complete these commands.

    Put one of these lines into the shell's start-up file:

    \b
        eval "$(gmoscli completion bash)"      # ~/.bashrc
        eval "$(gmoscli completion zsh)"       # ~/.zshrc, below compinit
        gmoscli completion fish | source       # ~/.config/fish/config.fish

    Descriptors, tags, recipes, steps and their parameters are completed as well as options and
    files. Where the package is installed for all users, shells find these scripts by themselves.
    """
    for name in OWN_NAMES:
        write(script(shell, name))


def script(shell: str, name: str) -> str:
    """Return the completions of one command for a shell."""
    upper = f"_{name.upper()}_COMPLETE"  # the name that click gives it
    text = SCRIPTS[shell].replace("FUNCTION", f"_{name}_completion").replace("VARIABLE", upper)
    return text.replace("COMMAND", name).lstrip()


def scripts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield path and text of each file with completions, below a folder."""
    for shell, pattern in FILES.items():
        for name in OWN_NAMES:
            yield folder / shell / pattern.format(name), script(shell, name)
