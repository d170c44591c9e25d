"""Run a command and write what it took: launcher.py RESULT COMMAND...

A process of its own, and a small one: Linux counts the memory of whoever starts a program towards
that program's peak.
"""

import json
import os
import sys
import time


def main() -> int:
    """Run the command and return its exit code."""
    result, *command = sys.argv[1:]
    begun = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - begun
    with open(result, "w") as stream:  # noqa: PTH123 - importing pathlib would cost memory
        json.dump([wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024], stream)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
