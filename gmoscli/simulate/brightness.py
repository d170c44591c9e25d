"""How bright things are through each filter: sources, the night sky, its fringes."""

from ..gmos.detectors import Detector, fringe_needed, zero_point

# Typical dark sky of Mauna Kea and Cerro Pachon, AB magnitudes per square arcsec, moon down.
_SKY = {"u": 22.5, "g": 22.0, "r": 21.0, "i": 19.9, "CaT": 19.4, "Z": 19.2, "z": 18.9, "Y": 18.0}
_OTHER_SKY = 20.5
_OTHER_ZERO_POINT = 26.0  # narrow bands have none in the tables
_LEAST_ZERO_POINT = 20.0  # the e2v table holds a 10 for u, which is no measurement

# Amplitude of the fringes over the sky; Hamamatsu chips are thick and show half or less.
_OLD_FRINGES = 0.03
_NEW_FRINGES = 0.015


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
    return _NEW_FRINGES if array.family.startswith("Hamamatsu") else _OLD_FRINGES
