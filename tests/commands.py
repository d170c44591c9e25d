"""Real processes: commands as observers and scripts start them."""

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def command(*words: str) -> list[str]:
    """Return the command line of ``gmoscli WORD...`` for this interpreter."""
    return [sys.executable, "-m", "gmoscli", *words]


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a command: this project, warnings as errors, no colour wishes."""
    own = {key: value for key, value in os.environ.items() if not key.endswith("_COLOR")}
    return own | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"} | changes


def run(
    *words: str, cwd: Path, stdin: str | bytes | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; without ``stdin`` its standard input is empty."""
    done = subprocess.run(
        command(*words),
        cwd=cwd,
        env=env or environment(),
        input=stdin.encode() if isinstance(stdin, str) else stdin or b"",
        capture_output=True,
        timeout=60,
        check=False,
    )
    out, err = os.fsdecode(done.stdout), os.fsdecode(done.stderr)
    return subprocess.CompletedProcess(words, done.returncode, out, err)


def on_terminal(*words: str, cwd: Path, columns: int = 0, **env: str) -> str:
    """Return what a command writes on a terminal, of unknown width if ``columns`` is 0."""
    return at_terminal(command(*words), columns, cwd=cwd, env=environment(**env)).stdout


def at_terminal(words: list[str], columns: int = 0, **how: Any) -> subprocess.CompletedProcess[str]:
    """Run a program on a terminal; standard output is all that it writes there."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, **how)
    os.close(theirs)
    text = b""
    while True:
        try:
            text += os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
    code = process.wait()
    os.close(ours)
    return subprocess.CompletedProcess(words, code, text.decode().replace("\r\n", "\n"))


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which commands go by their own names; a failing pipe fails."""
    names = ("showd", "dataselect", "typewalk")
    functions = "\n".join(
        f'{name}() {{ "{sys.executable}" -m gmoscli {name} "$@"; }}' for name in names
    )
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail\n{functions}\n{line}"],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
