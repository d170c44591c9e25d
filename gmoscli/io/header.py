"""What the headers of a product say."""

from collections.abc import Iterator
from statistics import fmean
from typing import Any

from astropy.io import fits

from .. import __version__
from ..fits.header import CARD
from ..frame import CcdInfo, Exposure, Observation, Tie
from ..gmos import descriptors
from ..grids import reference_of
from ..section import Section
from .combined import combined
from .text import legible

MARKERS = {"bias": "PROCBIAS", "flat": "PROCFLAT", "fringe": "PROCFRNG", "": "PROCSCI"}
"""Keyword of the primary header whose presence makes a file a product of that kind."""

STAMPS = {
    "addDQ": "ADDDQ",
    "addIllumMaskToDQ": "ADILLMSK",
    "addVAR": "ADDVAR",
    "overscanCorrect": "SUBOVER",
    "biasCorrect": "BIASCORR",
    "ADUToElectrons": "ADUTOELE",
    "flatCorrect": "FLATCORR",
    "normalizeFlat": "NORMLIZE",
    "scaleFlats": "SCALEFLT",
    "fringeCorrect": "FRNGCORR",
    "detectSources": "DETECSRC",
    "adjustWCSToReference": "CORRWCS",
    "resampleToCommonFrame": "ALIGN",
    "scaleCountsToReference": "SCALEOBJ",
    "correctBackgroundToReference": "CORRBG",
    "stackFrames": "STACKFRM",
    "mosaicDetectors": "MOSAIC",
    "QECorrect": "QECORR",
}
"""Keyword that dates each primitive, as other Gemini software looks for it."""


def primary(exposure: Exposure, kind: str, stamp: str) -> fits.Header:
    """Return the primary header: the first frame's, brought up to what the product is."""
    obs = exposure.obs
    header = fits.Header.fromstring(legible(obs.headers.phu.text))
    header.setdefault("ORIGNAME", legible(f"{obs.name}.fits"))
    _put(header, "ORIGNAME", header["ORIGNAME"], "name of the first raw file")
    header["PROCSOFT"] = ("gmoscli", "software that made this file")
    header["PROCSVER"] = (__version__, "its version")
    header["PROCMODE"] = ("sq", "science quality")
    _put(header, "RECIPE", obs.recipe, "recipe that made this file")
    for keyword in ("PREPARE", "GEM-TLM", *_stamped(obs), MARKERS.get(kind)):
        if keyword is not None:
            header[keyword] = stamp
    if "SUBOVER" in header:
        header["TRIMOVER"], header["TRIMMED"] = stamp, "yes"
    for used in obs.used:
        if used.step in ("bias", "flat", "fringe", "bpm"):
            header[f"{used.step.upper()}IM"] = legible(used.name)
    label = descriptors.data_label(obs.headers)
    if label and kind in MARKERS:
        raw_label = legible(label).partition("-SQ-")[0]
        header["DATALAB"] = f"{raw_label}-SQ-{(kind or 'image').upper()}"
    for keyword, value, comment in combined(obs, kind):
        _put(header, keyword, value, comment)
    return header


def _put(header: fits.Header, keyword: str, value: Any, comment: str) -> None:
    """Set a card; of its comment there stands what is left of its eighty letters."""
    if isinstance(value, str):
        value = legible(value)
        comment = comment[: max(0, CARD - len(f"{keyword:8}= '{value}' / "))]
    header[keyword] = (value, comment)


def _stamped(obs: Observation) -> Iterator[str]:
    for done in obs.history:
        if done.primitive in STAMPS:
            yield STAMPS[done.primitive]


def extension(exposure: Exposure, info: CcdInfo, kind: str, version: int) -> fits.Header:
    """Return the header that the planes of one ccd share."""
    obs = exposure.obs
    chips = obs.detector.chips
    header = fits.Header()
    xbin, ybin = info.binning
    ny, nx = info.shape
    header["EXTVER"] = version
    header["BUNIT"] = ("" if kind == "flat" else info.unit, "unit of the pixels")
    header["CCDSUM"] = f"{xbin} {ybin}"
    width, height = obs.detector.chip_size
    columns = chips[-1].origin[0] + width
    header["DETSIZE"] = str(Section(0, columns, 0, height))
    if info.index:
        chip = chips[info.index - 1]
        header["CCDNAME"] = chip.name
        header["CCDSEC"] = str(info.section)
        header["DETSEC"] = str(info.section.moved(*chip.origin))
    else:
        header["CCDNAME"] = obs.detector.detid
        header["DETSEC"] = str(Section(0, columns, info.section.y1, info.section.y2))
    header["DATASEC"] = f"[1:{nx},1:{ny}]"
    header["AMPNAME"] = "+".join(amp.name for amp in info.amps)
    for i, amp in enumerate(info.amps, start=1):
        header[f"AMPNAM{i}"] = (amp.name, f"amplifier {i} of this ccd")
        header[f"AMPSEC{i}"] = (str(amp.section), "its pixels on the detector")
        header[f"AMPGAI{i}"] = (round(amp.gain, 6), "its GAIN")
        header[f"AMPRON{i}"] = (round(amp.read_noise, 6), "its RDNOISE")
    header.update(_levels(exposure, info))
    if info.wcs is not None:
        header.update(wcs_cards(info))
    return header


def _levels(exposure: Exposure, info: CcdInfo) -> dict[str, Any]:
    """Return gain, noise and limits of the product's pixels."""
    cards: dict[str, Any] = {
        "GAIN": (round(fmean(a.gain for a in info.amps), 6), "electrons per unit, effective"),
        "RDNOISE": (
            round(fmean(a.read_noise for a in info.amps), 6),
            "[electron] effective; over GAIN: in units",
        ),
        "SATLEVEL": (_lowest(info, "saturation"), "saturation level, unit of pixels"),
        "NONLINEA": (_lowest(info, "nonlinear"), "non-linear level, unit of pixels"),
        "CORRFACT": (round(info.correlation, 5), "noise of wide apertures over sqrt(sum VAR)"),
    }
    setting = descriptors.gain_setting(exposure.obs.headers)
    if setting is not None:
        cards["GAINSET"] = (setting, "gain setting")
    if info.sky is not None:
        cards["SKYLEVEL"] = (round(info.sky.level, 4), "sky per pixel")
        cards["SKYNOISE"] = (round(info.sky.noise, 4), "its noise per pixel")
    if info.fwhm is not None and info.wcs is not None:
        cards["MEANFWHM"] = (round(info.fwhm * info.wcs.scale, 4), "[arcsec] seeing")
    if info.tie is not None:
        cards.update(_tied(info.tie, "CCDOFF"))
    if not info.index:  # a mosaic: what each of its ccds is laid by
        for own in reference_of(exposure.obs.inputs or (exposure.obs,)).ccds:
            if own.tie is not None:
                cards.update(_tied(own.tie, f"CCD{own.index}OFF"))
    return cards


def _tied(tie: Tie, keyword: str) -> dict[str, Any]:
    """Return how stars tied a ccd to the central one, in cards that begin with a keyword."""
    x, y = tie.offset
    return {
        f"{keyword}X": (round(x, 5), "[arcsec] from the tabulated place"),
        f"{keyword}Y": (round(y, 5), "[arcsec] from the tabulated place"),
        f"{keyword}E": (round(tie.error, 5), "[arcsec] expected error of the place"),
        f"{keyword}N": (tie.stars, "stars that tell the place"),
    }


def _lowest(info: CcdInfo, name: str) -> float:
    """Return the level at which the first of the amplifiers reaches a limit."""
    return round(float(min(getattr(amp, name) for amp in info.amps)), 5)


def wcs_cards(info: CcdInfo) -> dict[str, Any]:
    """Return the celestial coordinates of a ccd as FITS cards."""
    wcs = info.wcs
    assert wcs is not None
    cards: dict[str, Any] = {
        "WCSAXES": 2,
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CUNIT1": "deg",
        "CUNIT2": "deg",
        "CRVAL1": wcs.crval[0],
        "CRVAL2": wcs.crval[1],
        "CRPIX1": wcs.crpix[0] + 1,
        "CRPIX2": wcs.crpix[1] + 1,
        "RADESYS": "FK5",
        "EQUINOX": 2000.0,
        "PIXSCALE": (round(wcs.scale, 6), "[arcsec] of these pixels"),
    }
    for i in range(2):
        for j in range(2):
            cards[f"CD{i + 1}_{j + 1}"] = float(wcs.cd[i, j])
    return cards
