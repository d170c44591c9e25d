"""The night's work as a Makefile for GNU make: each product after what it is made from.

Calibrations are named in each command, so that it does not matter what is ready first.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import GmosError
from .products import Product, recipe_file

_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\\;=*?\[\]%|&]|^~")
_ESCAPED = re.compile(r"[ #:]")
_WIDTH = 100

_HEAD = """\
# The night's work. "make -j2" does it, two reductions at a time. When a file has changed, it does
# again what depends on that file. REDUCEFLAGS are further options of every reduction.

GMOSCLI ?= gmoscli
REDUCE = $(GMOSCLI) reduce{config} $(REDUCEFLAGS)

# The messages of one reduction stay together.
MAKEFLAGS += $(if $(filter output-sync,$(.FEATURES)),--output-sync)
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all clean
"""


@dataclass(frozen=True)
class Tools:
    """What the commands of a Makefile have in common."""

    config: Path | None = None
    """Configuration of every reduction: what is made depends on it."""
    adding: Sequence[Sequence[str]] = ()
    """Commands that put a file into a database, as words after ``gmoscli``."""
    databases: Sequence[Path] = ()
    """Databases that calibrations are put into, to be made where they are not there."""
    adding_masters: bool = False
    """Whether these are for masters as well: ``reduce`` does not know the databases."""


def makefile(products: Sequence[Product], masks: Iterable[Path], outdir: Path, tools: Tools) -> str:
    """Return the Makefile of a plan; products that lack something are told in comments.

    ``masks`` are put into the databases; a file ``.added`` in ``outdir`` marks that as done.
    Raises GmosError for a name that make cannot handle.
    """
    marks = {outdir / f"{mask.name}.added": mask for mask in masks if tools.adding}
    possible = [product for product in products if not product.obstacles]
    made = [*marks, *(product.path for product in possible)]
    # Outside of a recipe # begins a comment, even in quotes.
    config = "" if tools.config is None else f" -c {word(tools.config)}".replace("#", r"\#")
    parts = [
        _HEAD.replace("{config}", config),
        *(_excuse(product) for product in products if product.obstacles),
        _rule("all", [name(path) for path in made]),
        _rule("clean", [], _command("rm -f --", *map(word, made))),
        *([_rule(name(outdir), [], f"mkdir -p -- {word(outdir)}")] if outdir != Path() else []),
        *(_beginning(database) for database in tools.databases if made),
        *(_marking(mark, mask, tools) for mark, mask in marks.items()),
        *(_making(product, tools) for product in possible),
    ]
    return "\n".join(parts)


def name(path: Path) -> str:
    """Return a path as it stands in a rule. Raises GmosError for one that make cannot handle."""
    found = _UNSPEAKABLE.search(str(path))
    if found:
        raise GmosError(f"make cannot handle {found[0]!r} in a name", path=path)
    return _ESCAPED.sub(r"\\\g<0>", str(path)).replace("$", "$$")


def word(argument: str | Path) -> str:
    """Return an argument as it stands in a command: quoted for the shell, ``$`` doubled."""
    return shlex.quote(str(argument)).replace("$", "$$")


def _making(product: Product, tools: Tools) -> str:
    """Return the rule of a product."""
    calibrations = product.calibrations.items()
    given = [f"--user-cal {word(f'processed_{kind}:{path}')}" for kind, path in calibrations]
    options = [f"-r {word(product.recipe)}", f"-o {word(product.path)}", *given, "--"]
    reduce = _command("$(REDUCE)", *options, *map(word, product.inputs))
    master = product.kind != "science"
    settings = [path for path in (recipe_file(product.recipe), tools.config) if path is not None]
    needs = [*product.inputs, *product.calibrations.values(), *settings]
    keep = _adding(product.path, tools) if master and tools.adding_masters else ()
    there = tools.databases if master else ()
    return _product_rule(product.path, needs, reduce, *keep, there=there)


def _beginning(database: Path) -> str:
    """Return the rule that makes a database."""
    return _rule(name(database), [], _command("$(GMOSCLI) caldb init -d", word(database)))


def _marking(mark: Path, mask: Path, tools: Tools) -> str:
    """Return the rule that puts a mask into the databases."""
    mark_it = f"touch -- {word(mark)}"
    return _product_rule(mark, [mask], *_adding(mask, tools), mark_it, there=tools.databases)


def _adding(path: Path, tools: Tools) -> list[str]:
    return [_command("$(GMOSCLI)", *map(word, words), "--", word(path)) for words in tools.adding]


def _excuse(product: Product) -> str:
    text = " ".join(f"{product.path}: {product.reasons}".split())
    return f"# Not made: {text}.\n"


def _product_rule(
    path: Path, needs: Iterable[Path], *commands: str, there: Iterable[Path] = ()
) -> str:
    """Return the rule of a product; what has to be ``there`` only may be newer than it."""
    folders = [] if path.parent == Path() else [path.parent]
    before = [name(one) for one in (*folders, *there)]
    return _rule(name(path), [*map(name, needs), *(["|", *before] if before else [])], *commands)


def _rule(target: str, needs: Iterable[str], *commands: str) -> str:
    line = _folded([f"{target}:", *needs], " \\\n  ")
    return "".join(f"{text}\n" for text in (line, *(f"\t{command}" for command in commands)))


def _command(*words: str) -> str:
    return _folded(words, " \\\n\t  ")


def _folded(words: Sequence[str], fold: str) -> str:
    """Return words in one line, or each in its own if they are too many for that."""
    line = " ".join(words)
    return line if len(line) < _WIDTH else fold.join(words)
