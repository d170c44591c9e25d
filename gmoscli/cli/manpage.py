"""Write the manual pages and the completions: ``python -m gmoscli.cli.manpage [FOLDER]``.

A page is made from the command's help text and options alone, so that it cannot disagree with
``--help``. The committed copies are compared with what is made here by a test.
"""

import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path
from textwrap import wrap

import click

from .. import __version__
from .common import Command
from .completion import OWN_NAMES, scripts
from .umbrella import COMMANDS, umbrella

DATE = "2026-11-22"
"""Of the version that the pages belong to."""
EXIT_STATUS = {
    0: "All went well.",
    1: "A file, or the work, failed; standard error names it.",
    2: "The command line or the configuration means nothing.",
    3: "No calibration fits.",
    130: "Interrupted.",
    141: "The reader of standard output went away.",
}
MORE = ("gmoscli-tutorial(7)", "gmoscli-recipes(7)", "gmoscli-algorithms(7)", "dragonsrc(5)")


def pages(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield path and text of each manual page of a command, below a folder."""
    root = _context(umbrella, "gmoscli")
    yield folder / "gmoscli.1", page(root, cleandoc(umbrella.help or ""), COMMANDS)
    for name, does in COMMANDS.items():
        command = umbrella.get_command(root, name)
        assert command is not None
        context = _context(command, name, None if name in OWN_NAMES else root)
        for each, summary, below in _with_commands_below(context, does):
            yield folder / f"{_title(each)}.1", page(each, summary, below)


def _with_commands_below(
    context: click.Context, does: str
) -> Iterator[tuple[click.Context, str, dict[str, str]]]:
    """Yield a command and those below it: what it does, and what each one right below does."""
    command = context.command
    commands: dict[str, click.Command] = {}
    if isinstance(command, click.Group):
        commands = {name: command.commands[name] for name in command.list_commands(context)}
    below = {name: one.get_short_help_str(200) for name, one in commands.items()}
    yield context, does, below
    for name, one in commands.items():
        yield from _with_commands_below(_context(one, name, context), below[name])


def _context(
    command: click.Command, name: str, parent: click.Context | None = None
) -> click.Context:
    return click.Context(command, parent, name, **command.context_settings)


def page(context: click.Context, summary: str, below: dict[str, str]) -> str:
    """Return the manual page of a command: roff with man(7) macros.

    ``below`` tells of each command below it what that does.
    """
    command, title = context.command, _title(context)
    text = cleandoc(command.help or "")
    version = f"gmoscli {__version__}"
    lines = [
        '.\\" Made by python -m gmoscli.cli.manpage from the command itself.',
        f'.TH "{title.upper()}" "1" "{DATE}" "{version}" "gmoscli"',
        ".SH NAME",
        *wrap(f"{roff(title)} \\- {roff(_first_sentence(summary))}", 78, break_on_hyphens=False),
        ".SH SYNOPSIS",
        f"\\fB{roff(context.command_path)}\\fR " + " ".join(map(_placeholder, _usage(context))),
        ".SH DESCRIPTION",
        *_paragraphs(text),
        *_section("COMMANDS", ((_bold(name), does) for name, does in below.items())),
        *_section("OPTIONS", _options(context)),
        *_paragraphs("\n\n" + cleandoc(command.epilog or "")),
        *_section("EXIT STATUS", ((str(code), says) for code, says in EXIT_STATUS.items())),
        ".SH SEE ALSO",
        _see_also(context, below),
    ]
    return "\n".join(lines) + "\n"


def roff(text: str) -> str:
    """Return text so that roff shows it as it is: one line, hyphens of options as minus signs."""
    text = text.replace("\\", "\\e").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti")
    text = re.sub(
        r"(?<![\w-])--?(?=\w)|(?<=\w)-(?=\w+\b)", lambda m: m[0].replace("-", "\\-"), text
    )
    return "\\&" + text if text.startswith(".") else text


def _title(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _first_sentence(text: str) -> str:
    """Return the beginning of a text as the NAME line has it: in small letters, no full stop."""
    sentence = re.split(r"[.:](?=\s|$)", " ".join(text.split()), maxsplit=1)[0]
    return sentence[:1].lower() + sentence[1:]


def _usage(context: click.Context) -> list[str]:
    return context.command.collect_usage_pieces(context)


def _placeholder(word: str) -> str:
    return re.sub(r"[A-Z]{2,}", lambda m: f"\\fI{m[0]}\\fR", roff(word))


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text; those that click leaves as they are, as examples."""
    for number, paragraph in enumerate(re.split(r"\n\n+", text)):
        if paragraph.startswith("\b\n"):
            yield from (".PP", ".EX", *(roff(line) for line in paragraph.splitlines()[1:]), ".EE")
        elif paragraph.strip():
            yield from (".PP",) if number else ()
            yield from _filled(paragraph)


def _filled(text: str) -> list[str]:
    """Return text as roff, in lines that an editor shows whole."""
    return list(map(roff, wrap(text, 72, break_long_words=False, break_on_hyphens=False)))


def _section(title: str, items: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a section of terms with what they mean; nothing without terms."""
    for number, (term, says) in enumerate(items):
        if not number:
            yield f".SH {title}"
        yield from (".TP", term, *_filled(says))


def _options(context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            yield _option(record[0]), record[1]


def _option(names: str) -> str:
    """Return ``-d, --descriptors WORDS`` with the options bold and the rest in italics."""
    words = (
        _bold(word) if word.startswith("-") else f"\\fI{roff(word)}\\fR"
        for word in names.replace(" / ", " ").split()
    )
    return " ".join(words)


def _bold(word: str) -> str:
    name = word.rstrip(",")
    return f"\\fB{roff(name)}\\fR{word[len(name) :]}"


def _see_also(context: click.Context, below: dict[str, str]) -> str:
    title = _title(context)
    own = [name for name in OWN_NAMES if name != title]
    near = [f"{title}-{name}" for name in below if f"{title} {name}" not in _called_otherwise()]
    names = [f"{name}(1)" for name in (*own, *near)]
    return ",\n".join(_reference(name) for name in (*names, *MORE))


def _called_otherwise() -> set[str]:
    """Return ``gmoscli showd`` and the like, whose pages are called ``showd``."""
    return {f"gmoscli {name}" for name in OWN_NAMES}


def _reference(page_name: str) -> str:
    name, section = page_name[:-3], page_name[-3:]
    return f"\\fB{roff(name)}\\fR{section}"


@click.command(cls=Command)
@click.argument(
    "folder", default=Path(), type=click.Path(path_type=Path, exists=True, file_okay=False)
)
def manpage(folder: Path) -> None:
    """Write the manual pages and the completions into man/ and completions/ of a FOLDER."""
    for path, text in (*pages(folder / "man"), *scripts(folder / "completions")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    manpage(prog_name="python -m gmoscli.cli.manpage")
