"""Fixtures that many tests share: a night, and a desk to work at."""

import os
import signal
import stat
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from gmoscli.turns import keep_blas_to_one_thread
from tests.commands import ROOT, environment, run

# Before numpy is loaded: a process in which BLAS has threads of its own would not be forked.
keep_blas_to_one_thread()

NIGHT = ("--binning", "4x4", "--frames", "3", "--biases", "3", "--flats", "3")
MASTERS = """
caldb init
caldb add raw/bpm*
dataselect -t BIAS -e 'ut_date=="2022-06-13"' raw/N* | reduce -
dataselect -t BIAS -e 'ut_date=="2022-06-27"' raw/N* | reduce -
dataselect -t FLAT raw/N* | reduce -
"""


# Machines are shared: time is measured in tests/bench. The same examples each time.
settings.register_profile("calm", deadline=None, derandomize=True)
settings.load_profile("calm")

# A job in the background of a script ignores ^C, and so would every command that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to write the digests of ``tests/golden`` anew."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/*.json")


@pytest.fixture(scope="session")
def raw(tmp_path_factory) -> Path:
    """A folder with the raw files of a simulated night, its mask and its truth."""
    folder = tmp_path_factory.mktemp("night") / "raw"
    done = run("simulate", str(folder), *NIGHT, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def commands(tmp_path_factory) -> Path:
    """A folder with every command by its own name, and python, as installing them makes one."""
    folder = tmp_path_factory.mktemp("bin")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    texts = {"python": f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'}
    for name, target in scripts.items():
        module, function = target.split(":")
        texts[name] = f"#!{sys.executable}\nfrom {module} import {function}\n{function}()\n"
    for name, text in texts.items():
        path = folder / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return folder


@dataclass(frozen=True)
class Desk:
    """A working directory, and a shell in it that knows the commands by their names."""

    folder: Path
    environ: dict[str, str]

    def shell(self, script: str, name: str = "bash") -> subprocess.CompletedProcess[str]:
        """Run lines of shell in order; the first that fails ends them."""
        return subprocess.run(
            [name, "-c", script],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def ok(self, script: str) -> str:
        """Return what lines of bash print; all of them must succeed, also within pipes."""
        done = self.shell(f"set -euo pipefail\n{script}")
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def desk(tmp_path, commands, raw) -> Desk:
    """A desk with the night in ``raw/``, a home of its own, and no configuration."""
    return _desk(tmp_path, commands, raw)


@pytest.fixture(scope="session")
def masters(tmp_path_factory, commands, raw) -> Path:
    """A database with the night's mask, master biases and flat, which lie beside it."""
    desk = _desk(tmp_path_factory.mktemp("masters"), commands, raw)
    (desk.folder / "dragonsrc.toml").write_text('[calibs]\ndatabases = ["cal.db get store"]\n')
    desk.ok(MASTERS)
    return desk.folder / "cal.db"


@pytest.fixture
def calibrated(desk, masters) -> Desk:
    """A desk whose configuration names the database of the night's masters."""
    (desk.folder / "dragonsrc.toml").write_text(f'[calibs]\ndatabases = ["{masters} get"]\n')
    return desk


def _desk(home: Path, commands: Path, raw: Path) -> Desk:
    folder = home / "work"
    folder.mkdir()
    (folder / "raw").symlink_to(raw)
    hidden = ("DRAGONSRC", "GMOSCLIRC", "XDG_DATA_HOME")
    environ = {key: value for key, value in environment().items() if key not in hidden}
    environ |= {"HOME": str(home), "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    return Desk(folder, environ)
