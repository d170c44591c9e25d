"""The imaging filters: their places in the wheels, and the night sky seen through them.

Sources: the observatory's component lists (places and numbers); typical dark-sky brightness of
Mauna Kea and Cerro Pachon, AB magnitudes, moon down. Stated in 2025.
"""

from ..gmos.detectors import Detector, fringe_needed, zero_point

_IN_WHEEL_1 = frozenset(("Z", "Y", "CaT", "GG455", "OG515", "RG610", "RG780"))
_IN_WHEEL_1_NORTH = frozenset(("SII", "OIII", "OIIIC"))
_IN_WHEEL_1_SOUTH = frozenset(("HeII", "OVI", "OVIC"))

# fmt: off
_NUMBERS = {
    "GMOS-N": {
        "g": 301, "r": 303, "i": 302, "z": 304, "Ha": 310, "HaC": 311, "DS920": 312, "HeII": 320,
        "HeIIC": 321, "OVI": 345, "OVIC": 346, "Z": 322, "Y": 323, "CaT": 309, "SII": 317,
        "OIII": 318, "OIIIC": 319, "GG455": 305, "OG515": 306, "RG610": 307,
    },
    "GMOS-S": {
        "u": 332, "g": 325, "r": 326, "i": 327, "z": 328, "Ha": 336, "HaC": 337, "SII": 335,
        "OIII": 338, "OIIIC": 339, "HeIIC": 341, "HeII": 340, "OVI": 347, "OVIC": 348, "Z": 343,
        "Y": 344, "CaT": 333, "GG455": 329, "OG515": 330, "RG610": 331, "RG780": 334,
    },
}
# fmt: on

_SKY = {"u": 22.5, "g": 22.0, "r": 21.0, "i": 19.9, "CaT": 19.4, "Z": 19.2, "z": 18.9, "Y": 18.0}
_OTHER_SKY = 20.5
_OTHER_ZERO_POINT = 26.0  # narrow bands have none in the tables
_LEAST_ZERO_POINT = 20.0  # the e2v table holds a 10 for u, which is no measurement

OLD_FRINGES = 0.03
NEW_FRINGES = 0.015
"""Amplitude of the fringes over the sky; Hamamatsu chips are thick and show half or less."""


def known(instrument: str) -> tuple[str, ...]:
    """Return the names of the telescope's imaging filters."""
    return tuple(_NUMBERS[instrument])


def wheels(instrument: str, name: str) -> tuple[str, str]:
    """Return FILTER1 and FILTER2 with this filter in its wheel and the other one open."""
    text = f"{name}_G{_NUMBERS[instrument][name]:04d}"
    first = _IN_WHEEL_1 | (_IN_WHEEL_1_NORTH if instrument == "GMOS-N" else _IN_WHEEL_1_SOUTH)
    return (text, "open2-8") if name in first else ("open1-6", text)


def magnitude_of_one_electron(array: Detector, name: str) -> float:
    """Return the magnitude that gives 1 e-/s on chip 2 in the clear."""
    tabled = zero_point(array.detid, name)
    return _OTHER_ZERO_POINT if tabled is None or tabled < _LEAST_ZERO_POINT else tabled


def sky_rate(array: Detector, name: str) -> float:
    """Return electrons per second and unbinned pixel of a dark sky."""
    magnitude = _SKY.get(name, _OTHER_SKY)
    per_arcsec2 = 10 ** (0.4 * (magnitude_of_one_electron(array, name) - magnitude))
    return float(per_arcsec2 * array.pixel_scale**2)


def fringe_amplitude(array: Detector, name: str) -> float:
    """Return the amplitude of the fringes as a fraction of the sky; 0 where there are none."""
    if not fringe_needed(name, array.family):
        return 0.0
    return NEW_FRINGES if array.family.startswith("Hamamatsu") else OLD_FRINGES
