"""Master calibrations in memory: read once, cut to the region of each frame, shared read-only."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Protocol

from ..errors import ReductionError
from ..frame import Ccd, CcdInfo, Observation, RawCcd, Source

Key = tuple[Path, int]


class OpenFile(Source, Protocol):
    """A source that holds a file open."""

    def close(self) -> None:
        """Let go of the file."""


class Masters:
    """Brings the calibrations that were chosen for each frame.

    ``chosen`` maps (frame's path, kind) to the calibration's path; ``open_source`` reads it. At
    most ``memory`` bytes of ccds are kept, the least recently used going first.
    """

    def __init__(
        self,
        chosen: Mapping[tuple[Path, str], Path],
        open_source: Callable[[Path], OpenFile],
        memory: int,
    ):
        self._chosen = chosen
        self._open = open_source
        self._memory = memory
        self._sources: dict[Path, OpenFile] = {}
        self._kept: OrderedDict[Key, Ccd] = OrderedDict()
        self._lock = Lock()

    def __call__(self, kind: str, obs: Observation, info: CcdInfo) -> Ccd | None:
        """Return one ccd of the calibration of a kind, or None if none was chosen."""
        path = self._chosen.get((obs.path, kind))
        if path is None:
            return None
        with self._lock:
            master = self._ccd(path, info.index)
        return cut(master, info, path)

    def forget(self) -> None:
        """Give the memory back; what is asked for again is read again."""
        with self._lock:
            self._kept.clear()

    def close(self) -> None:
        """Let go of the files and of what was read of them."""
        for source in self._sources.values():
            source.close()
        self._sources.clear()
        self._kept.clear()

    def _ccd(self, path: Path, index: int) -> Ccd:
        key = (path, index)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if path not in self._sources:
            self._sources[path] = self._open(path)
        source = self._sources[path]
        if index not in [info.index for info in source.obs.ccds]:
            raise ReductionError(f"has no ccd {index}", path=path)
        ccd = source.ccd(index)
        if isinstance(ccd, RawCcd):
            raise ReductionError("a raw exposure cannot serve as a calibration", path=path)
        for plane in (ccd.sci, ccd.var, ccd.dq):
            plane.setflags(write=False)
        self._kept[key] = ccd
        while len(self._kept) > 1 and sum(kept.held for kept in self._kept.values()) > self._memory:
            self._kept.popitem(last=False)
        return ccd


def cut(master: Ccd, info: CcdInfo, path: Path) -> Ccd:
    """Return the part of a master that a frame's ccd covers.

    Raises ReductionError when binning differs or the master does not cover it.
    """
    own = master.info
    if own.binning != info.binning:
        ours, theirs = ("x".join(map(str, b)) for b in (info.binning, own.binning))
        raise ReductionError(f"is binned {theirs}, the frame {ours}", path=path)
    if own.section == info.section and own.shape == info.shape:
        return master
    if not own.section.holds(info.section):
        raise ReductionError(f"covers {own.section}, not {info.section}", path=path)
    xbin, ybin = info.binning
    rows = slice((y := (info.section.y1 - own.section.y1) // ybin), y + info.shape[0])
    columns = slice((x := (info.section.x1 - own.section.x1) // xbin), x + info.shape[1])
    part = (rows, columns)
    return replace(
        master,
        info=replace(own, section=info.section, shape=info.shape),
        sci=master.sci[part],
        var=master.var[part],
        dq=master.dq[part],
    )
