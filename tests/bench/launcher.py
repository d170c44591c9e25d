"""Run a command and write what it took: launcher.py RESULT memory|time COMMAND...

A process of its own, and a small one: Linux counts the memory of whoever starts a program towards
that program's peak.
"""

import json
import os
import select
import sys
import time

EVERY = 0.02
"""Seconds between two looks at the memory of all processes."""


def main() -> int:
    """Run the command and return its exit code."""
    result, what, *command = sys.argv[1:]
    begun = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    ended = os.pidfd_open(pid)
    most = 0
    every = EVERY if what == "memory" else None
    while not select.select([ended], [], [], every)[0]:
        family = _family(pid)
        if _bound(family) > most:  # the exact figure takes milliseconds of whom it is about
            most = max(most, _held(family))
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - begun
    most = max(most, used.ru_maxrss)
    with open(result, "w") as stream:  # noqa: PTH123 - importing pathlib would cost memory
        json.dump([wall, used.ru_utime + used.ru_stime, most * 1024], stream)
    return os.waitstatus_to_exitcode(status)


def _held(family: list[int]) -> int:
    """Return the kilobytes that processes hold, each page that several have counted once."""
    return sum(_numbers(f"/proc/{pid}/smaps_rollup").get("Pss", 0) for pid in family)


def _bound(family: list[int]) -> int:
    """Return what they hold at most: what a child has in common with its parent counts twice."""
    every = [_numbers(f"/proc/{pid}/status") for pid in family]
    shared = (one.get("RssFile", 0) + one.get("RssShmem", 0) for one in every)
    return sum(one.get("RssAnon", 0) for one in every) + max(shared)


def _numbers(path: str) -> dict[str, int]:
    """Return the kilobytes that a file of the system's tells of; nothing if the process is gone."""
    found = {}
    try:
        with open(path) as stream:  # noqa: PTH123
            for line in stream:
                name, _, rest = line.partition(":")
                if rest.endswith("kB\n"):
                    found[name] = int(rest.split()[0])
    except OSError:
        pass
    return found


def _family(pid: int) -> list[int]:
    """Return a process, those that it began, and so on."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as stream:  # noqa: PTH123
            children = [int(word) for word in stream.read().split()]
    except OSError:
        children = []
    return [pid, *(each for child in children for each in _family(child))]


if __name__ == "__main__":
    sys.exit(main())
