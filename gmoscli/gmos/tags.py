"""What a file is, in words: BIAS, IMAGE, CAL, PROCESSED, ...

The words and their rules are those of DRAGONS, so that a selection by tags means the same in both.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from ..fits import Header, Headers
from .keywords import number, text, upper

Condition = Callable[[Header], bool]


class Rule(NamedTuple):
    """Tags that a file has when its primary header meets a condition.

    The rule is skipped whole where a rule above it ``blocks`` one of its tags, or where the tag
    that it ``needs`` is not there.
    """

    tags: frozenset[str]
    applies: Condition
    blocks: frozenset[str]
    needs: str | None


@lru_cache(maxsize=16)
def tags_of(headers: Headers) -> frozenset[str]:
    """Return the tags of a file; none if it is not of GMOS."""
    phu = headers.phu
    if upper(phu, "INSTRUME") not in ("GMOS-N", "GMOS-S"):
        return frozenset()
    tags: set[str] = set()
    blocked: set[str] = set()
    for rule in RULES:
        if rule.tags & blocked or (rule.needs and rule.needs not in tags) or not rule.applies(phu):
            continue
        tags |= rule.tags
        blocked |= rule.blocks
    return frozenset(tags)


def is_spectroscopic(phu: Header) -> bool:
    """Say whether light went through a mask and a grating."""
    return not (
        phu.get("MASKTYP") == 0 or phu.get("MASKNAME") == "None" or phu.get("GRATING") == "MIRROR"
    )


def _rule(tags: str, applies: Condition, *, blocks: str = "", needs: str | None = None) -> Rule:
    return Rule(frozenset(tags.split()), applies, frozenset(blocks.split()), needs)


def _is(keyword: str, *values: str) -> Condition:
    return lambda phu: phu.get(keyword) in values


def _says(keyword: str, value: str) -> Condition:
    """Compare a string whatever its case."""
    return lambda phu: upper(phu, keyword) == value


def _has(*keywords: str) -> Condition:
    return lambda phu: any(keyword in phu for keyword in keywords)


def _has_like(part: str) -> Condition:
    return lambda phu: part in " ".join(phu)


def _not(condition: Condition) -> Condition:
    return lambda phu: not condition(phu)


def _always(_: Header) -> bool:
    return True


def _is_lamp_flat(phu: Header) -> bool:
    wheels = f"{phu.get('FILTER1')} {phu.get('FILTER2')}"
    is_focus_test = phu.get("GRATING") == "MIRROR" and "Hartmann" in wheels
    lamp = text(phu, "GCALLAMP") or ""
    return (phu.get("OBSTYPE") == "FLAT" and not is_focus_test) or (
        lamp == "IRhigh" or lamp.startswith("QH")
    )


def _is_twilight(phu: Header) -> bool:
    return upper(phu, "OBJECT") == "TWILIGHT"


def _is_reduced_science(phu: Header) -> bool:
    return phu.get("OBSTYPE") == "OBJECT" and ("GMOSAIC" in phu or "PROCSCI" in phu)


def _is_at_zenith(phu: Header) -> bool:
    return phu.get("FRAME") == "AZEL_TOPO" and number(phu, "AIRMASS") == 1.0


def _is_sky_tracked(phu: Header) -> bool:
    frames = f"{phu.get('TRKFRAME')} {phu.get('FRAME')}"
    return "FK5" in frames or "APPT" in frames


def _follows_stars(phu: Header) -> bool:
    return number(phu, "RATRACK") == 0 and number(phu, "DECTRACK") == 0


def _has_slit(phu: Header) -> bool:
    mask = text(phu, "MASKNAME") or ""
    is_bpm = phu.get("OBSTYPE") == "BPM" or "BPMASK" in phu
    return phu.get("MASKTYP") == 1 and mask.endswith("arcsec") and not is_bpm


def _has_mos_mask(phu: Header) -> bool:
    mask = text(phu, "MASKNAME")
    return (
        phu.get("MASKTYP") == 1
        and mask is not None
        and not mask.startswith(("IFU", "focus"))
        and not mask.endswith("arcsec")
    )


def _has_ifu(letter: str, *names: str) -> Condition:
    slit = re.compile(f"g[ns]ifu_slit{letter}_mdf")

    def condition(phu: Header) -> bool:
        mask = text(phu, "MASKNAME") or ""
        return phu.get("MASKTYP") == -1 and (mask in names or slit.fullmatch(mask) is not None)

    return condition


def _no_bias(condition: Condition) -> Condition:
    return lambda phu: phu.get("OBSTYPE") != "BIAS" and condition(phu)


def _both(first: Condition, second: Condition) -> Condition:
    return lambda phu: first(phu) and second(phu)


_PROCESSED = (
    *("PROCBIAS", "PROCDARK", "PROCFLAT", "PROCFRNG", "PROCARC", "PROCPNHL", "PROCSTND"),
    *("PROCILLM", "GBIAS", "GIFLAT", "GIFRINGE"),
)

RULES = (
    # Rules that block come before those that they block.
    _rule(
        "BPM CAL PROCESSED",
        _has("BPMASK", "PROCBPM"),
        blocks="IMAGE SPECT NON_SIDEREAL AZEL_TARGET GCALFLAT LAMPON GCAL_IR_ON GCAL_IR_OFF DARK",
    ),
    _rule("BIAS CAL", _is("OBSTYPE", "BIAS"), blocks="IMAGE SPECT"),
    _rule("DARK CAL", _is("OBSTYPE", "DARK"), blocks="IMAGE SPECT"),
    _rule("MASK", _says("OBSTYPE", "MASK"), blocks="IMAGE SPECT"),
    _rule("PROCESSED_SCIENCE PROCESSED", _is_reduced_science, blocks="RAW"),
    _rule("PROCESSED STANDARD CAL", _has("SENSFUNC"), blocks="RAW"),
    # Where and in what state.
    _rule("GEMINI GMOS", _always),
    _rule("NORTH", _says("OBSERVAT", "GEMINI-NORTH")),
    _rule("SOUTH", _says("OBSERVAT", "GEMINI-SOUTH")),
    _rule("RAW", _not(_has("GEM-TLM"))),
    _rule("PREPARED", _has_like("PREPAR")),
    _rule("UNPREPARED", _not(_has_like("PREPAR"))),
    _rule("OVERSCAN_TRIMMED", _has_like("TRIMOVER")),
    _rule("OVERSCAN_SUBTRACTED", _has_like("SUBOVER")),
    _rule("PROCESSED", _has(*_PROCESSED)),
    _rule("EXTRACTED", _has("EXTRACT")),
    # Kinds of calibration.
    _rule("ARC CAL", _is("OBSTYPE", "ARC")),
    _rule("GCALFLAT FLAT CAL", _is_lamp_flat),
    _rule("TWILIGHT CAL FLAT", _both(_is_twilight, _not(is_spectroscopic))),
    _rule("TWILIGHT CAL SLITILLUM", _both(_is_twilight, is_spectroscopic)),
    _rule("DOMEFLAT CAL FLAT", _says("OBJECT", "DOMEFLAT")),
    _rule("FRINGE CAL", _has("GIFRINGE", "PROCFRNG")),
    _rule("TELLURIC CAL", lambda phu: bool(phu.get("PROCTELL"))),
    # Imaging or spectroscopy, and through what. OBSMODE is a card of files that IRAF has touched.
    _rule("IMAGE", _is("GRATING", "MIRROR")),
    _rule("SPECT", _not(_is("GRATING", "MIRROR"))),
    _rule("IMAGE", _says("OBSMODE", "IMAGE")),
    _rule("IFU SPECT", _says("OBSMODE", "IFU")),
    _rule("MOS SPECT", _says("OBSMODE", "MOS")),
    _rule("LONGSLIT SPECT", _says("OBSMODE", "LONGSLIT")),
    _rule("LS", _no_bias(_has_slit)),
    _rule("MOS", _no_bias(_has_mos_mask)),
    _rule("IFU ONESLIT_BLUE", _no_bias(_has_ifu("b", "IFU-B", "IFU-B-NS"))),
    _rule("IFU ONESLIT_RED", _no_bias(_has_ifu("r", "IFU-R", "IFU-R-NS"))),
    _rule("IFU TWOSLIT", _no_bias(_has_ifu("s", "IFU-2", "IFU-NS-2"))),
    _rule("THRUSLIT", lambda phu: phu.get("MASKTYP") != 0, needs="IMAGE"),
    # How the telescope was used.
    _rule("NODANDSHUFFLE", _has("NODPIX")),
    _rule("NODCHOP", _is("DATATYPE", "marked-nodandchop")),
    _rule("ACQUISITION", _is("OBSCLASS", "acq", "acqCal")),
    _rule("AZEL_TARGET", _both(_is("FRAME", "AZEL_TOPO"), _not(_is_at_zenith))),
    _rule("AZEL_TARGET AT_ZENITH", _is_at_zenith),
    _rule("SIDEREAL", _both(_is_sky_tracked, _follows_stars)),
    _rule("NON_SIDEREAL", _both(_is_sky_tracked, _not(_follows_stars))),
)

KNOWN_TAGS = frozenset[str]().union(*(rule.tags for rule in RULES))
"""Every tag that a file can have."""
