"""What commands take: wall time, CPU time, memory; several of them in turn."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Protocol

LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Usage:
    """What one run of a command took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, with all its children."""
    peak: float
    """Bytes of resident memory, of all its processes at a time, what they share counted once; of
    the largest process alone in a run that only times were taken of."""
    output: str = ""
    """What it wrote to standard output."""


@dataclass(frozen=True)
class Spread:
    """Least, middle and largest of some numbers."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of at least one number."""
        return cls(min(values), median(values), max(values))


class Failed(Exception):
    """A measured command that did not end well."""


def measured(
    command: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    stdin: str | None = None,
    *,
    memory: bool = True,
) -> Usage:
    """Run a command and return what it took. Raises Failed with its messages.

    To look at ``memory`` takes a twentieth of the time of whom it is about.
    """
    result, what = cwd / ".usage.json", "memory" if memory else "time"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCHER), str(result), what, *command],
        cwd=cwd,
        env=env,
        input=stdin or "",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    wall, cpu, peak = json.loads(result.read_text())
    result.unlink()
    return Usage(wall, cpu, peak, done.stdout)


class Work(Protocol):
    """Something that can be measured."""

    def __call__(self, *, memory: bool) -> Usage:
        """Do it, and return what it took."""


def in_turn(works: Mapping[str, Work], rounds: int) -> dict[str, list[Usage]]:
    """Run every work once to see its memory, then all in turn, so that load falls on each alike.

    Returns the usages of each work, without the first one's times: it warms the caches.
    """
    peaks = {name: work(memory=True).peak for name, work in works.items()}
    usages: dict[str, list[Usage]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            usages[name].append(replace(work(memory=False), peak=peaks[name]))
    return usages


def wall(usages: Sequence[Usage]) -> Spread:
    """Return the spread of wall times, seconds."""
    return Spread.of([usage.wall for usage in usages])


def cpu(usages: Sequence[Usage]) -> Spread:
    """Return the spread of CPU times, seconds."""
    return Spread.of([usage.cpu for usage in usages])


def peak(usages: Sequence[Usage]) -> float:
    """Return the largest peak memory, bytes."""
    return max(usage.peak for usage in usages)
