"""A simulated night and what the commands make of it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from astropy.table import Table

from gmoscli.caldb.rules import kinds_for
from gmoscli.fits import Headers
from gmoscli.frame import Exposure
from gmoscli.geometry import Points
from gmoscli.io import read_exposure
from gmoscli.simulate import Effects, Night, simulate
from gmoscli.simulate.plan import plan

from ..desks import PYTHON, Desk, Workshop

PLACEMENTS = Path(__file__).with_name("placements.py")
TWINS = Path(__file__).with_name("twins.py")


@dataclass(frozen=True)
class Site:
    """A night, the truth behind it, and a desk before it."""

    shop: Workshop
    name: str
    night: Night
    effects: Effects

    @cached_property
    def raw(self) -> Path:
        """The folder of the raw files, made unless it is there."""
        mark = hashlib.sha256(repr((self.night, self.effects)).encode()).hexdigest()[:8]
        folder = self.shop.folder / "nights" / f"{self.name} {mark}"
        if not folder.exists():
            part = folder.with_name(f"{folder.name}.part")
            simulate(self.night, self.effects, part)
            part.rename(folder)
        return folder

    @cached_property
    def desk(self) -> Desk:
        """A desk with the night's masters, a fringe frame among them where images need one."""
        desk = self.shop.desk(self.name, self.raw).with_masters()
        files = self.files("science")
        if files and "fringe" in kinds_for(Headers.open(self.raw / Path(files[0]).name)):
            desk.run("reduce", "-q", "-r", "makeProcessedFringe", *files)
        return desk

    @cached_property
    def sources(self) -> Table:
        """What shines in the science field."""
        return Table.read(self.raw / "truth_sources.ecsv", format="ascii.ecsv")

    @cached_property
    def frames(self) -> Table:
        """The exposures, indexed by the names of their files."""
        table = Table.read(self.raw / "truth_frames.ecsv", format="ascii.ecsv")
        table.add_index("file")
        return table

    @cached_property
    def amps(self) -> Table:
        """The amplifiers."""
        return Table.read(self.raw / "truth_amps.ecsv", format="ascii.ecsv")

    def science(self, count: int, first: int = 0) -> Table:
        """Return the truth of so many science frames from one on."""
        return self.frames[self.frames["kind"] == "science"][first : first + count]

    @property
    def read_noise(self) -> float:
        """Electrons, the mean of all amplifiers."""
        return float(np.mean(self.amps["read_noise"]))

    @property
    def pixel_scale(self) -> float:
        """Arcsec per binned pixel."""
        return self.night.array.pixel_scale * self.night.binning[0]

    def files(self, kind: str) -> list[str]:
        """Return the raw files of a kind, as named at the desk."""
        return [f"raw/{shot.name}.fits" for shot in plan(self.night) if shot.kind == kind]

    def stack(
        self, count: int | None = None, *options: str, mark: str = "", first: int = 0
    ) -> Exposure:
        """Return the stack of so many frames from one on; reduced unless it is there already."""
        files = self.files("science")[first:][:count]
        name = f"stack{len(files)}{mark}{f'from{first}' if first else ''}.fits"
        if not (self.desk.folder / name).exists():
            recipe = () if "-r" in options else ("-r", "reduceSeparateCCDs")
            self.desk.run("reduce", "-q", *recipe, "-o", name, *options, *files)
        return read_exposure(self.desk.folder / name)

    def less(self, twin: "Site", count: int) -> Exposure:
        """Return the stack of the first frames less that of their twins, with the same flags."""
        files = self.files("science")[:count]
        theirs = [str(twin.raw / Path(name).name) for name in files]
        name = f"left{count}.fits"
        if not (self.desk.folder / name).exists():
            self.desk.run("reduce", "-q", "-r", str(TWINS), "-o", name, *files, *theirs)
        return read_exposure(self.desk.folder / name)

    def staged(self, step: str, files: Sequence[str]) -> Iterator[Exposure]:
        """Yield science frames as they are after a step."""
        recipe = self.desk.folder / f"{step}.toml"
        recipe.write_text(f'extends = "reduceSeparateCCDs"\nuntil = "{step}"\nsuffix = "_{step}"\n')
        for name in self.desk.run("reduce", "-q", "-r", recipe.name, *files).split():
            yield read_exposure(self.desk.folder / name)

    def placements(self, count: int | None = None) -> dict[str, "Placed"]:
        """Return where the first frames were placed, by their names."""
        files = self.files("science")[:count]
        told = json.loads(self.desk.run(PYTHON, str(PLACEMENTS), *files))
        return {name: Placed(**facts) for name, facts in told.items()}


@dataclass(frozen=True)
class Placed:
    """Where a reduction placed a frame."""

    matrix: list[list[float]]
    shift: list[float]
    """With the matrix: tangent plane of the reference to that of this frame, degrees."""
    scale: float
    """Multiplies its counts."""
    scale_error: float
    reference: bool
    matches: int
    rms: float
    """Of the matches, arcsec."""

    def __call__(self, plane: Points) -> Points:
        """Return where points of the reference's tangent plane are in this frame's."""
        image: Points = plane @ np.array(self.matrix).T + np.array(self.shift)
        return image
