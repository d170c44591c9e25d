"""The command line that both benchmarks have: which cases, how large, what is kept."""

import json
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from .desks import Workshop
from .rows import table


@dataclass(frozen=True)
class Benchmark:
    """Cases, each of which yields lines when it is given what it works on."""

    cases: Mapping[str, Callable[[Any], Iterator[Any]]]
    """By name; the first line of a docstring is the heading of its table."""
    subject: Callable[..., Any]
    """Makes what cases work on: of a workshop, ``quick`` and ``full``."""
    headings: Sequence[str]
    cells: Callable[[Any], Sequence[str]]
    """A line in words."""
    as_json: Callable[[Iterable[Any]], Iterable[Mapping[str, Any]]]

    def command(self, purpose: str) -> click.Command:
        """Return the command, whose help says this of its purpose."""
        return click.Command(
            None,
            callback=self.run,
            help=purpose,
            params=[
                _option("--quick", is_flag=True, help="Nights binned 4x4, few rounds: for a look."),
                _option("--full", is_flag=True, help="Nights binned 1x1 as well."),
                _option("--only", metavar="NAME,...", help=f"Some of: {' '.join(self.cases)}."),
                _option("--json", "as_file", type=_path(), help="Write all lines here."),
                _option(
                    "--folder",
                    type=_path(file_okay=False),
                    help="Where nights are made, and kept for the next time."
                    " Default: a temporary folder.",
                ),
            ],
        )

    def run(
        self,
        *,
        quick: bool,
        full: bool,
        only: str | None,
        as_file: Path | None,
        folder: Path | None,
    ) -> None:
        """Run cases; print the table of each, and write the lines of all."""
        names = only.split(",") if only else list(self.cases)
        if unknown := set(names) - set(self.cases):
            raise click.UsageError(f"no such case: {', '.join(sorted(unknown))}")
        told = machine()
        click.echo(told)
        lines: list[Any] = []
        with place(folder) as where:
            subject = self.subject(Workshop(where), quick=quick, full=full)
            for case in (self.cases[name] for name in names):
                made = list(case(subject))
                click.echo(f"\n{case.__doc__}\n\n{table(self.headings, map(self.cells, made))}")
                lines += made
                if as_file is not None:
                    kept = {"machine": told, "lines": list(self.as_json(lines))}
                    as_file.write_text(json.dumps(kept, indent=1))


def _option(*names: str, **how: Any) -> click.Option:
    return click.Option(names, **how)


def _path(**how: Any) -> click.Path:
    return click.Path(path_type=Path, **how)


@contextmanager
def place(folder: Path | None) -> Iterator[Path]:
    """Yield the folder, which is made if need be, or a temporary one."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
        return
    with TemporaryDirectory(prefix="gmoscli-bench-") as temporary:
        yield Path(temporary)


def machine() -> str:
    """Return a line about when and on what this ran."""
    cpus = Path("/proc/cpuinfo")
    text = cpus.read_text() if cpus.exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    load = Path("/proc/loadavg")
    busy = load.read_text().split()[0] if load.exists() else "?"
    what = f"{len(models)} x {models[0]}" if models else platform.machine()
    python = platform.python_version()
    return f"{datetime.now(UTC):%Y-%m-%d} UT, {what}, Python {python}, load {busy}"
