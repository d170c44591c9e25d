"""``python -m tests.bench``: measure, print the table, write JSON."""

import json
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from .desks import Workshop
from .growth import cores, frames, memory
from .rates import steps, swarp
from .rows import HEADINGS, Row, as_json, cells, table
from .size import Size
from .speed import headers, masters, startup, tutorial

CASES: dict[str, Callable[[Size], Iterator[Row]]] = {
    case.__name__: case
    for case in (startup, headers, masters, tutorial, frames, memory, cores, steps, swarp)
}


@click.command()
@click.option("--quick", is_flag=True, help="Nights binned 4x4 and few rounds: for a look.")
@click.option("--full", is_flag=True, help="Nights binned 1x1 as well.")
@click.option("--only", metavar="NAME,...", help=f"Some of: {' '.join(CASES)}.")
@click.option("--json", "as_file", type=click.Path(path_type=Path), help="Write the rows here.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where nights are made, and kept for the next time. Default: a temporary folder.",
)
def bench(
    *, quick: bool, full: bool, only: str | None, as_file: Path | None, folder: Path | None
) -> None:
    """Measure time and memory of the commands on simulated nights."""
    names = only.split(",") if only else list(CASES)
    if unknown := set(names) - set(CASES):
        raise click.UsageError(f"no such case: {', '.join(sorted(unknown))}")
    told = machine()
    click.echo(told)
    rows: list[Row] = []
    with place(folder) as where:
        size = Size(Workshop(where), quick=quick, full=full)
        for case in (CASES[name] for name in names):
            made = list(case(size))
            click.echo(f"\n{case.__doc__}\n\n{table(HEADINGS, map(cells, made))}")
            rows += made
            if as_file is not None:
                as_file.write_text(json.dumps({"machine": told, "rows": as_json(rows)}, indent=1))


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


if __name__ == "__main__":
    bench()
