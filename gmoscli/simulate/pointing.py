"""Cards of a primary header about the telescope: when, where to, guided by what."""

from datetime import timedelta
from math import cos, radians, sin

from .almanac import SITES, look, sidereal_time, year
from .cards import Cards
from .conditions import Frame, on_sky
from .passing import guide_star

_SIDEREAL_RATE = 1.00273790935  # a parked telescope lets the sky pass


def times(frame: Frame) -> Cards:
    """Return the cards about when: dates, clocks, exposure times."""
    night, _, shot, _ = frame
    site, start = SITES[night.array.instrument], shot.start
    end = start + timedelta(seconds=shot.exposure)
    shutter = "CLOSED" if shot.kind == "bias" else "OPEN"
    return {
        "DATE": (f"{start.date()}", "UT date"),
        "DATE-OBS": (f"{start.date()}", "UT date of the observation"),
        "UT": (f"{start:%H:%M:%S}.0", "UT at observation start"),
        "TIME-OBS": (f"{start:%H:%M:%S}.0", "UT at observation start"),
        "UTSTART": (f"{start:%H:%M:%S}.0", "UT at observation start"),
        "UTEND": (f"{end:%H:%M:%S}.0", "UT at observation end"),
        "LT": (f"{site.local(start):%H:%M:%S}.0", "Local time at start"),
        "ST": (_clock(sidereal_time(site, start) / 15), "Sidereal time at start"),
        "OBSEPOCH": (round(year(start), 6), "Epoch of the observation"),
        "EXPTIME": (float(shot.exposure), "Exposure time [s]"),
        "EXPOSURE": (float(shot.exposure), "Exposure time [s]"),
        "ELAPSED": (float(shot.exposure), "Elapsed time [s]"),
        "DARKTIME": (shot.exposure + 1.0, "Dark time [s]"),
        "SHUTTER": (shutter, "Shutter"),
    }


def pointing(frame: Frame) -> Cards:
    """Return the cards about where the telescope was sent, offsets left out."""
    night, _, shot, now = frame
    site = SITES[night.array.instrument]
    ra, dec = now.base
    start, end = (
        look(site, shot.start + timedelta(seconds=s), ra, dec) for s in (0.0, shot.exposure)
    )
    parked = shot.kind == "bias"
    return {
        "RA": (round(ra, 8), "Right ascension of the target [deg]"),
        "DEC": (round(dec, 8), "Declination of the target [deg]"),
        "FRAME": ("AZEL_TOPO" if parked else "FK5", "Target coordinate system"),
        "TRKFRAME": ("FK5", "Tracking coordinate system"),
        "RATRACK": (_SIDEREAL_RATE if parked else 0.0, "Differential tracking rate RA"),
        "DECTRACK": (0.0, "Differential tracking rate Dec"),
        "EPOCH": (2000.0, "Epoch of the target"),
        "EQUINOX": (2000.0, "Equinox of the coordinates"),
        "TRKEQUIN": (2000.0, "Tracking equinox"),
        "PMRA": (0.0, "Proper motion in RA"),
        "PMDEC": (0.0, "Proper motion in Dec"),
        "PARALLAX": (0.0, "Parallax of the target"),
        "RADVEL": (0.0, "Heliocentric radial velocity"),
        "AIRMASS": (round((start.airmass + end.airmass) / 2, 3), "Mean airmass"),
        "AMSTART": (round(start.airmass, 3), "Airmass at start"),
        "AMEND": (round(end.airmass, 3), "Airmass at end"),
        "ELEVATIO": (round(start.elevation, 6), "Elevation [deg]"),
        "AZIMUTH": (round(start.azimuth, 6), "Azimuth [deg]"),
        "HA": (_clock(start.hour_angle / 15), "Hour angle"),
        "CRPA": (round(start.parallactic, 6), "Cassegrain rotator position angle [deg]"),
        "PA": (float(night.pa), "Position angle at start [deg]"),
        "IAA": (night.array.raw_wcs.iaa, "Instrument alignment angle [deg]"),
        "INPORT": (night.array.raw_wcs.inport, "Port"),
    }


def offsets(frame: Frame) -> Cards:
    """Return the cards of the offsets along the axes of instrument, telescope and sky."""
    night, _, shot, _ = frame
    p, q = shot.offset
    ra, dec = on_sky(shot.offset, night.pa)
    t = radians(night.array.raw_wcs.iaa - 180)
    arcsec = {
        "POFFSET": (p, "Telescope offset in p [arcsec]"),
        "QOFFSET": (q, "Telescope offset in q [arcsec]"),
        "XOFFSET": (p * cos(t) + q * sin(t), "Telescope offset in x [arcsec]"),
        "YOFFSET": (-p * sin(t) + q * cos(t), "Telescope offset in y [arcsec]"),
        "RAOFFSET": (ra, "Telescope offset in RA [arcsec]"),
        "DECOFFSE": (dec, "Telescope offset in Dec [arcsec]"),
        "RATRGOFF": (0.0, "Target offset in RA [arcsec]"),
        "DECTRGOF": (0.0, "Target offset in Dec [arcsec]"),
    }
    return {keyword: (round(value, 10) + 0.0, says) for keyword, (value, says) in arcsec.items()}


def guiding(frame: Frame) -> Cards:
    """Return the cards of the guide probes."""
    states = dict.fromkeys(("PWFS1_ST", "PWFS2_ST", "OIWFS_ST", "AOWFS_ST"), "parked")
    place: Cards = {}
    if frame.shot.kind == "science":
        states["OIWFS_ST" if frame.effects.guide_probe else "PWFS2_ST"] = "guiding"
    if states["OIWFS_ST"] == "guiding":
        ra, dec = guide_star(frame.night, frame.now)
        place = {
            "OIARA": (round(ra, 8), "RA of the guide star [deg]"),
            "OIADEC": (round(dec, 8), "Dec of the guide star [deg]"),
        }
    state: Cards = {keyword: (word, "Probe state") for keyword, word in states.items()}
    return state | place | {"AOFOLD": ("park-pos.", "AO pick-off mirror")}


def _clock(hours: float) -> str:
    """Return hours as [-]hh:mm:ss.s."""
    tenths = round(abs(hours) * 36000)
    h, rest = divmod(tenths, 36000)
    m, s = divmod(rest, 600)
    return f"{'-' if hours < 0 else ''}{h:02d}:{m:02d}:{s / 10:04.1f}"
