"""The filters: their names, wavelengths and extinction, read from ``filters.toml``."""

from functools import cache
from pathlib import Path
from typing import Any

_APPENDED = {"Block": "blank", "Dark": "blank", "DK": "dark"}


def without_id(component: str) -> str:
    """Return the name of a component without its id: ``r_G0303`` becomes ``r``."""
    return component.partition("_G")[0]


def pretty_name(filter1: str, filter2: str, *, keep_id: bool = False) -> str:
    """Return what observers call a pair of filters: ``r`` for ``open1-6`` and ``r_G0303``.

    Clear and neutral positions are left out; a blocked beam is ``Block&blank`` or the like.
    """
    names = [name if keep_id else without_id(name) for name in (filter1, filter2)]
    kept = [name for name in names if not _is_clear(name)] or ["open"]
    kept += [word for part, word in _APPENDED.items() if part in filter1 or part in filter2]
    return "&".join(kept[:2])


def effective_wavelength(name: str | None) -> float | None:
    """Return the effective wavelength in micrometres of a filter's pretty name."""
    wavelength: float | None = _tables()["effective_wavelength"].get(name)
    return wavelength


def band(micrometres: float) -> str:
    """Return the name of the band nearest to a wavelength."""
    bands: dict[str, float] = _tables()["band"]
    return min(bands, key=lambda name: abs(bands[name] - micrometres))


def extinction(telescope: str | None, name: str | None) -> float:
    """Return magnitudes per airmass for a pretty name; 0 if it is not known."""
    magnitudes: float = _tables()["extinction"].get(telescope, {}).get(name, 0.0)
    return magnitudes


def wheel_cards(instrument: str, name: str) -> tuple[str, str]:
    """Return FILTER1 and FILTER2 of an exposure through this filter (pretty name).

    Raises KeyError for a filter that this instrument does not have.
    """
    clear1, clear2 = _tables()["wheels"]["clear"]
    wheels: dict[str, list[str]] = _tables()["wheels"][instrument]
    for component in wheels["1"]:
        if without_id(component) == name:
            return component, clear2
    for component in wheels["2"]:
        if without_id(component) == name:
            return clear1, component
    raise KeyError(f"{instrument} has no filter {name!r}")


def _is_clear(name: str) -> bool:
    return "open" in name.lower() or "Clear" in name or name.lower().startswith("nd")


@cache
def _tables() -> dict[str, Any]:
    from tomllib import loads  # noqa: PLC0415 - start-up: most selections need no wavelength

    return loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
