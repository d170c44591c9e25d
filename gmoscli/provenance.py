"""Where products come from: the files behind them with their checksums, and their time."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .frame import Exposure, Observation, Past, Used
from .gmos import descriptors


def checksums(paths: Sequence[Path], jobs: int) -> dict[Path, str]:
    """Return the MD5 of each file: that is what Gemini's provenance tables hold."""
    each = list(dict.fromkeys(paths))
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(each, pool.map(_checksum, each), strict=True))


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest()


class Traced:
    """A source whose observation names the files behind it: itself, masters by kind, its past."""

    def __init__(
        self, source: Any, masters: Mapping[str, Path], sums: Mapping[Path, str], past: Past
    ):
        self._source = source
        obs: Observation = source.obs
        used = [Used(obs.path.name, sums[obs.path], "prepare"), *past.used]
        used += [Used(path.name, sums[path], kind) for kind, path in masters.items()]
        self.obs = replace(obs, history=past.done, used=tuple(used))
        self.piecemeal: bool = source.piecemeal

    def ccd(self, index: int) -> Any:
        """Return one ccd of the source."""
        return self._source.ccd(index)

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()


def stamp_of(exposure: Exposure) -> str:
    """Return the time that a product is stamped with: that of its last frame.

    ``SOURCE_DATE_EPOCH`` (https://reproducible-builds.org/specs/source-date-epoch/) takes its
    place. The clock is never asked, so that the same inputs give the same bytes.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch and epoch.isdigit():
        return datetime.fromtimestamp(int(epoch), UTC).replace(tzinfo=None).isoformat()
    frames = exposure.obs.inputs or (exposure.obs,)
    times = [t for f in frames if (t := descriptors.ut_datetime(f.headers)) is not None]
    return max(times).isoformat() if times else "1970-01-01T00:00:00"
