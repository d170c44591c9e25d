"""Where products come from: the files behind them with their checksums, and their time."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .checksums import Checksums
from .frame import Exposure, Observation
from .gmos import descriptors
from .past import Past, Used


class Traced:
    """A source whose observation names the files behind it: itself, masters by kind, its past.

    Checksums of the files themselves are left open until a product is signed.
    """

    def __init__(self, source: Any, masters: Mapping[str, Path], past: Past):
        self._source = source
        obs: Observation = source.obs
        used = [Used(obs.path.name, "", "prepare", obs.path), *past.used]
        used += [Used(path.name, "", kind, path) for kind, path in masters.items()]
        self.obs = replace(obs, history=past.done, used=tuple(used))
        self.piecemeal: bool = source.piecemeal

    def ccd(self, index: int) -> Any:
        """Return one ccd of the source."""
        return self._source.ccd(index)

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()


def signed(exposure: Exposure, sums: Checksums) -> Exposure:
    """Return a product with the checksums of the files behind it. Raises OSError."""
    used = (
        one if one.path is None else Used(one.name, sums[one.path], one.step)
        for one in exposure.obs.used
    )
    return replace(exposure, obs=replace(exposure.obs, used=tuple(dict.fromkeys(used))))


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
