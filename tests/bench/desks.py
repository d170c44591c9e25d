"""Where the measured commands work: simulated nights, and folders with their masters."""

import os
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .measured import Usage, measured

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
CONFIGURATION = '[calibs]\ndatabases = ["calibrations.db get store"]\n'


@dataclass(frozen=True)
class Workshop:
    """A folder for nights and desks; what is in it already is used again."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """The environment of all commands: by their names, compiled once, scratch in the folder.

        Modules are compiled into the folder, so that a first run and a checkout that cannot be
        written make no difference.
        """
        hidden = ("DRAGONSRC", "GMOSCLIRC", "XDG_DATA_HOME", "PYTHONDONTWRITEBYTECODE")
        own = {key: value for key, value in os.environ.items() if key not in hidden}
        return own | {
            "HOME": str(self.folder),
            "PATH": f"{self._commands}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
            "TMPDIR": str(self.scratch),
        }

    @property
    def scratch(self) -> Path:
        """Where reductions park frames."""
        place = self.folder / "scratch"
        place.mkdir(exist_ok=True)
        return place

    @cached_property
    def _commands(self) -> Path:
        """A folder with every command by its own name, as installing them makes one."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
        for name, target in scripts.items():
            module, function = target.split(":")
            path = folder / name
            path.write_text(f"#!{PYTHON}\nfrom {module} import {function}\n{function}()\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return folder

    def night(self, name: str, *options: str) -> Path:
        """Return the folder of a simulated night, made with these options unless it is there."""
        raw = self.folder / "nights" / name
        if not raw.exists():
            part = raw.with_name(f"{name}.part")
            shutil.rmtree(part, ignore_errors=True)
            self.run("gmoscli", "simulate", str(part), *options)
            part.rename(raw)
        return raw

    def desk(self, name: str, raw: Path) -> "Desk":
        """Return an empty desk, with a configuration, before a night's raw files."""
        folder = self.folder / "desks" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "raw").symlink_to(raw)
        (folder / "dragonsrc.toml").write_text(CONFIGURATION)
        return Desk(self, folder)

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """Run a command that must succeed and return what it prints."""
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout


@dataclass(frozen=True)
class Desk:
    """A working directory in a workshop."""

    shop: Workshop
    folder: Path

    def with_masters(self) -> "Desk":
        """Return the desk after its mask was stored, and its biases and flats were reduced."""
        self.run("caldb", "init")
        self.run("caldb", "add", *(f"raw/{path.name}" for path in self.folder.glob("raw/bpm*")))
        for files in filter(None, (*self.biases, self.flats)):
            self.run("reduce", "-q", *files)
        return self

    def run(self, *command: str) -> str:
        """Run a command here that must succeed and return what it prints."""
        return self.shop.run(*command, cwd=self.folder)

    def raw(self, *words: str) -> list[str]:
        """Return the names of raw files that ``dataselect`` finds with these options."""
        files = sorted(f"raw/{path.name}" for path in (self.folder / "raw").glob("[NS]*"))
        return self.run("dataselect", *words, *files).split()

    @property
    def biases(self) -> tuple[list[str], list[str]]:
        """The biases of the flats' day, and those of the science frames'."""
        found = self.raw("-t", "BIAS")
        return found[: len(found) // 2], found[len(found) // 2 :]

    @property
    def flats(self) -> list[str]:
        """The twilight flats."""
        return self.raw("-t", "FLAT")

    @property
    def science(self) -> list[str]:
        """The science frames."""
        return self.raw("-x", "CAL")

    def measure(self, *command: str, stdin: str | None = None, memory: bool = True) -> Usage:
        """Run a command here and return what it took."""
        return measured(command, self.folder, self.shop.environ, stdin, memory=memory)

    def copies(self, names: Sequence[str], count: int) -> list[str]:
        """Return so many files of different names, made of a few: links, not copies."""
        folder = self.folder / f"{count}of{len(names)}"
        folder.mkdir(exist_ok=True)
        made = []
        for i in range(count):
            path = folder / f"N20220627S{1000 + i}.fits"
            if not path.exists():
                os.link((self.folder / names[i % len(names)]).resolve(), path)
            made.append(str(path.relative_to(self.folder)))
        return made
