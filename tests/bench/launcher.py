"""Run a command and write what it took: launcher.py RESULT COMMAND...

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
    result, *command = sys.argv[1:]
    begun = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    ended = os.pidfd_open(pid)
    most = 0
    while not select.select([ended], [], [], EVERY)[0]:
        most = max(most, _held(pid))
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - begun
    most = max(most, used.ru_maxrss)
    with open(result, "w") as stream:  # noqa: PTH123 - importing pathlib would cost memory
        json.dump([wall, used.ru_utime + used.ru_stime, most * 1024], stream)
    return os.waitstatus_to_exitcode(status)


def _held(pid: int) -> int:
    """Return the kilobytes that a process and all below it hold, shared memory counted once.

    Pages that a child has in common with its parent since it was forked count twice: the sum is
    never too small.
    """
    every = [_resident(process) for process in _family(pid)]
    return sum(own for own, _ in every) + max(shared for _, shared in every)


def _resident(pid: int) -> tuple[int, int]:
    """Return the kilobytes of a process's own memory, and of files and what processes share."""
    kinds = {"RssAnon:": 0, "RssFile:": 0, "RssShmem:": 0}
    try:
        with open(f"/proc/{pid}/status") as stream:  # noqa: PTH123
            for line in stream:
                name, *rest = line.split()
                if name in kinds:
                    kinds[name] = int(rest[0])
    except OSError:
        pass  # has just ended
    return kinds["RssAnon:"], kinds["RssFile:"] + kinds["RssShmem:"]


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
