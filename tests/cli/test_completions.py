"""Completions: the committed scripts, and what shells make of them at a terminal."""

import fcntl
import os
import pty
import shutil
import subprocess
import termios
import time
from contextlib import contextmanager

import pytest

from gmoscli.cli.completion import FILES, OWN_NAMES, scripts
from tests.commands import ROOT, environment, run
from tests.conftest import Desk

MADE = dict(scripts(ROOT / "completions"))


@pytest.mark.parametrize("path", MADE, ids=lambda path: "/".join(path.parts[-2:]))
def test_the_committed_script_is_what_is_made(path):
    assert path.read_text() == MADE[path], "python -m gmoscli.cli.manpage makes it anew"


def test_nothing_else_is_among_the_completions():
    assert {p for p in (ROOT / "completions").rglob("*") if p.is_file()} == set(MADE)


@pytest.mark.parametrize("shell", FILES)
def test_the_command_prints_the_scripts_of_all_commands(shell, tmp_path):
    done = run("completion", shell, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    pattern = FILES[shell]
    folder = ROOT / "completions" / shell
    parts = [(folder / pattern.format(name)).read_text() for name in OWN_NAMES]
    assert done.stdout == "".join(parts)


@pytest.mark.parametrize("shell", FILES)
def test_the_script_is_good_shell(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    for path in (p for p in MADE if p.parent.name == shell):
        done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


PATIENCE = 40.0
"""Seconds until a test gives up waiting: loaded machines are slow."""
SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        """
        eval "$(gmoscli completion bash)"
        shown() { printf %s "$READLINE_LINE" > line.part && mv line.part line; }
        bind -x '"\\C-g": shown'
        """,
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        """
        autoload -U compinit; compinit -u; eval "$(gmoscli completion zsh)"
        shown() { print -rn -- $BUFFER > line.part && mv line.part line }
        zle -N shown; bindkey '^G' shown
        """,
    ),
    "fish": (
        ["fish", "--no-config", "-i"],
        """
        gmoscli completion fish | source
        function shown; commandline > line.part; and mv line.part line; end
        bind \\cg shown
        """,
    ),
}
"""How each begins, and what makes it write its command line into a file when ^G is typed."""


class Typist:
    """Types into a shell, and reads what becomes of the command line."""

    def __init__(self, desk, keys):
        self.folder = desk.folder
        self.keys = keys

    def line(self, typed):
        """Return the command line after some keys and TAB; it is then taken away."""
        shown = self.folder / "line"
        shown.unlink(missing_ok=True)
        os.write(self.keys, f"{typed}\t\x07".encode())
        give_up = time.monotonic() + PATIENCE
        while not shown.exists():
            assert time.monotonic() < give_up, "the shell shows nothing"
            time.sleep(0.01)
        os.write(self.keys, b"\x05\x15")  # to the end, and all before it away
        return shown.read_text().removesuffix("\n")


@contextmanager
def typing(desk, shell):
    """Yield a typist at a shell that completes our commands."""
    words, prepare = SHELLS[shell]
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 100))
    process = subprocess.Popen(
        words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=desk.folder,
        env={**desk.environ, "TERM": "xterm", "PYTHONWARNINGS": ""},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no other thread
    )
    os.close(theirs)
    drain = subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL)
    try:
        ready = desk.folder / "ready"
        os.write(ours, "\n".join(line.strip() for line in prepare.splitlines()).encode())
        os.write(ours, f"touch {ready}\n".encode())
        give_up = time.monotonic() + PATIENCE
        while not ready.exists():
            assert time.monotonic() < give_up, "the shell does not begin"
            time.sleep(0.01)
        yield Typist(desk, ours)
    finally:
        for one in (process, drain):
            one.kill()
            one.wait()
        os.close(ours)


@pytest.fixture(scope="module", params=SHELLS)
def typist(request, tmp_path_factory, commands):
    """A typist at a folder with some files."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    home = tmp_path_factory.mktemp("home")
    folder = home / "work"
    (folder / "pictures").mkdir(parents=True)
    for name in ("apple.fits", "b c.fits", "night.lis", "my.py"):
        (folder / name).touch()
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    with typing(Desk(folder, environment(HOME=str(home), PATH=path)), request.param) as ready:
        yield ready


NAMES = {
    "typewa": "typewalk ",
    "gmoscli prev": "gmoscli preview ",
    "gmoscli show": "gmoscli show",
    "gmoscli unknown ": "gmoscli unknown ",
    "showd --de": "showd --descriptors ",
    "FOO=1 showd -d obje": "FOO=1 showd -d object ",
    "showd -d object,ut_t": "showd -d object,ut_time ",
    "dataselect --tags BI": "dataselect --tags BIAS ",
    "dataselect --tags=BI": "dataselect --tags=BIAS ",
    "reduce -r makeProcessedB": "reduce -r makeProcessedBias ",
    "reduce -p clip_noise:h": "reduce -p clip_noise:hsigma=",
    "reduce -p clip_n": "reduce -p clip_noise:",
    "reduce --param=clip_noise:h": "reduce --param=clip_noise:hsigma=",
    "reduce -p stackFr": "reduce -p stackFrames:",
    "reduce -p clip_noise:hsigma=4 clip": "reduce -p clip_noise:hsigma=4 clip",
    "reduce --user-cal processed_fl": "reduce --user-cal processed_flat:",
    "showrecipes -r reduceSeparateCCDsC": "showrecipes -r reduceSeparateCCDsCentral ",
    "showpars x.fits biasC": "showpars x.fits biasCorrect ",
    "caldb ver": "caldb verify ",
    "caldb list --kind fl": "caldb list --kind flat ",
}
"""What is typed → the line after TAB, for names that the commands know."""
PATHS = {
    "showd ap": "showd apple.fits ",
    "showd b": "showd b\\ c.fits ",
    "showd pic": "showd pictures/",
    "reduce -r my": "reduce -r my.py ",
    "reduce @ni": "reduce @night.lis ",
    "reduce @pic": "reduce @pictures/",
    "reduce --user-cal processed_bias:ap": "reduce --user-cal processed_bias:apple.fits ",
    "reduce --user-cal processed_bias:b": "reduce --user-cal processed_bias:b\\ c.fits ",
    "reduce --user-cal=processed_bias:ap": "reduce --user-cal=processed_bias:apple.fits ",
    "reduce --output=ap": "reduce --output=apple.fits ",
    "gmoscli plan --outdir ": "gmoscli plan --outdir pictures/",
    "showpars ap": "showpars apple.fits ",
    "caldb add @ni": "caldb add @night.lis ",
}
"""What is typed → the line after TAB, where a file may stand."""


@pytest.mark.parametrize("typed", [*NAMES, *PATHS])
def test_what_is_typed_is_completed(typist, typed):
    assert typist.line(typed) == (NAMES | PATHS)[typed]
