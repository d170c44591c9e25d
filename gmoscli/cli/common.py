"""What all commands share: how they end, what they say when things go wrong, common options."""

import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EBADF
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import click
from click.shell_completion import CompletionItem

from .. import __version__
from ..errors import GmosError, UsageError, check_known, reason
from .elsewhere import ELSEWHERE
from .names import expand

__all__ = [
    "CommaList",
    "Command",
    "Failures",
    "Group",
    "Operand",
    "complain",
    "end_on_signals",
    "expand",
    "files_argument",
    "null_option",
    "outdir_option",
    "output_stream",
    "say",
    "version_option",
    "wants_colour",
    "write",
]

INTERRUPTED = 130
READER_GONE = 141


class Operand(click.Path):
    """A file's name, or that of a list behind ``@``."""

    def shell_complete(
        self, _: click.Context, __: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Say where a path begins."""
        return [CompletionItem(incomplete.removeprefix("@"), type="file")]


files_argument = click.argument("files", nargs=-1, type=Operand(), metavar="[FILE]...")
outdir_option = click.option(
    "--outdir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to write the products to.",
)
null_option = click.option(
    "-0",
    "--null",
    is_flag=True,
    help="Names end with NUL instead of a newline, on input and output.",
)
version_option = click.version_option(__version__, message="%(prog)s (gmoscli) %(version)s")


class Command(click.Command):
    """A command that ends with one line and an exit code, never with a traceback.

    0 fine, 1 a file or the work failed, 2 wrong usage, 3 no calibration fits, 130 interrupted,
    141 the reader of standard output went away.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs["context_settings"] = _SETTINGS | (kwargs.get("context_settings") or {})
        super().__init__(*args, **kwargs)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **x: Any
    ) -> click.Context:
        """Parse the command line."""
        path = info_name or ""
        with _endings(f"{parent.command_path} {path}" if parent else path):
            return super().make_context(info_name, args, parent, **x)

    def invoke(self, ctx: click.Context) -> Any:
        """Do the work."""
        with _endings(ctx.command_path):
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
            return result


class Group(Command, click.Group):
    """A command with sub-commands, each of which ends like a Command."""

    command_class = Command


_SETTINGS = {"help_option_names": ["-h", "--help"]}


class CommaList(click.ParamType[list[str]]):
    """Words separated by commas; blanks around them and empty ones do not count."""

    name = "words"

    def __init__(self, known: Callable[[], Collection[str]] = tuple, what: str = "word"):
        self.what = what
        self.known = known

    def convert(self, value: Any, _: object, __: object) -> list[str]:
        """Return the words. Raises UsageError for one that is not known, if those are listed."""
        words = value if isinstance(value, list) else value.split(",")
        words = [word.strip() for word in words if word.strip()]
        known = self.known() if words else ()
        if known:
            check_known(self.what, words, known)
        return words

    def shell_complete(
        self, _: click.Context, __: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the last word."""
        before, comma, word = incomplete.rpartition(",")
        return [
            CompletionItem(before + comma + choice)
            for choice in sorted(self.known())
            if choice.startswith(word)
        ]


class Failures:
    """Counts the files that failed; each is named on standard error, and the others go on."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Report what goes wrong with one file."""
        try:
            yield
        except GmosError as error:
            self.add(error)

    def add(self, error: GmosError) -> None:
        """Report and count one failure."""
        complain(error)
        self.count += 1

    def exit(self) -> None:
        """End with 1 if any file failed."""
        if self.count:
            click.get_current_context().exit(1)


def complain(error: GmosError, command: str | None = None) -> None:
    """Say on standard error what went wrong, and below it the hint."""
    context = click.get_current_context(silent=True)
    path = command or (context.command_path if context else "gmoscli")
    click.echo(f"{path.removeprefix('gmoscli ')}: {error}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)


def say(message: str) -> None:
    """Put a line on standard error, after the name of the command."""
    name = click.get_current_context().command_path.removeprefix("gmoscli ")
    click.echo(f"{name}: {message}", err=True)


def wants_colour(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether a stream should have colour: terminals do, unless the environment objects."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return environ.get("TERM") != "dumb" and stream.isatty()


def write(text: str) -> None:
    """Put text on standard output as it is, also if it holds names that are no UTF-8."""
    stream = output_stream()
    stream.write(os.fsencode(text))
    stream.flush()


def output_stream() -> BinaryIO:
    """Return standard output. Raises OSError, which ends all work, if it is closed."""
    if sys.stdout is None:
        raise OSError(EBADF, "closed", "standard output")
    return sys.stdout.buffer


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the program as an exception does: what is begun is cleaned up."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), end)


@contextmanager
def _endings(command: str) -> Iterator[None]:
    """Turn what an observer may meet into one line and an exit code."""
    try:
        yield
    except GmosError as error:
        complain(error, command)
        raise SystemExit(error.exit_code) from None
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        complain(_misuse(error, command), command)
        raise SystemExit(UsageError.exit_code) from None
    except (KeyboardInterrupt, click.Abort):
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        _drop_output()
        raise SystemExit(READER_GONE) from None
    except OSError as error:
        _drop_output()
        path = error.filename or "standard output"
        complain(GmosError(reason(error), path=path), command)
        raise SystemExit(GmosError.exit_code) from None


def _misuse(error: click.UsageError, command: str) -> UsageError:
    """Return in our words what click says of a command line."""
    if isinstance(error, click.NoSuchOption) and error.option_name in ELSEWHERE:
        name = error.option_name
        return UsageError(f"no such option {name!r}", hint=ELSEWHERE[name])
    message = " ".join(error.format_message().split()).rstrip(".")
    return UsageError(message[:1].lower() + message[1:], hint=f"{command} --help")


def _drop_output() -> None:
    """Send what is still buffered nowhere, or the interpreter would fail on it at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
