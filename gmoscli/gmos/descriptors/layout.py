"""Which pixels: amplifiers, sections, binning, regions of interest."""

from ...fits import Header, Headers
from ...section import Section
from .. import detectors, keywords
from .registry import descriptor

_MOST_ROIS = 9


@descriptor()
def detector_name(h: Headers, *, pretty: bool = False) -> str | None:
    """Return the serial numbers of the chips (DETID), or their family if pretty."""
    return detector_family(h) if pretty else keywords.text(h.phu, "DETID")


def detector_family(h: Headers) -> str | None:
    """Return EEV, e2vDD, Hamamatsu-N or Hamamatsu-S."""
    return detectors.family(keywords.text(h.phu, "DETTYPE"))


@descriptor()
def array_name(h: Headers) -> list[str | None]:
    """Return the name of each amplifier; of a product, those that were joined in each chip."""
    return [name for extension in h.extensions for name, _ in _amplifiers(extension)]


@descriptor()
def amp_read_area(h: Headers) -> list[str | None]:
    """Return name and section of each amplifier: what was read, in words to compare."""
    amps = [amp for extension in h.extensions for amp in _amplifiers(extension)]
    return [f"'{name}':{area}" if name and area else None for name, area in amps]


def amplifiers(h: Headers) -> tuple[tuple[str, Section], ...]:
    """Return name and detector section of each amplifier, in the order of sections.

    The same for a raw file with an extension per amplifier and for a product with one per chip.
    """
    amps = [amp for extension in h.extensions for amp in _amplifiers(extension)]
    known = [(name, area) for name, area in amps if name and area]
    return tuple(sorted(known, key=lambda amp: amp[1]))


def _amplifiers(extension: Header) -> list[tuple[str | None, Section | None]]:
    """Return the amplifiers of an extension; where several were joined, cards n count them."""
    cards = [("AMPNAME", "DETSEC")]
    if "AMPNAM1" in extension:
        cards = [(f"AMPNAM{n}", f"AMPSEC{n}") for n in range(1, 13) if f"AMPNAM{n}" in extension]
    amps = [(keywords.text(extension, name), section(extension, area)) for name, area in cards]
    return [(name and detectors.amp_name(name), area) for name, area in amps]


@descriptor("unbinned pix")
def array_section(h: Headers) -> list[Section | None]:
    """Return the part of its chip that each extension holds."""
    return _sections(h, "CCDSEC")


@descriptor("unbinned pix")
def detector_section(h: Headers) -> list[Section | None]:
    """Return the part of the detector, chips side by side without gaps, of each extension."""
    return _sections(h, "DETSEC")


@descriptor("pix")
def data_section(h: Headers) -> list[Section | None]:
    """Return where the light-sensitive pixels of each extension are."""
    return _sections(h, "DATASEC")


@descriptor("pix")
def overscan_section(h: Headers) -> list[Section | None]:
    """Return where the overscan of each extension is."""
    return _sections(h, "BIASSEC")


def _sections(h: Headers, keyword: str) -> list[Section | None]:
    return [section(extension, keyword) for extension in h.extensions]


def section(header: Header, keyword: str) -> Section | None:
    """Return the rectangle that a keyword names, or None where it names none."""
    try:
        return Section.parse(keywords.text(header, keyword) or "")
    except ValueError:
        return None


@descriptor()
def detector_x_bin(h: Headers) -> int | None:
    """Return how many columns are binned into one."""
    return _binning(h)[0]


@descriptor()
def detector_y_bin(h: Headers) -> int | None:
    """Return how many rows are binned into one."""
    return _binning(h)[1]


@descriptor()
def binning(h: Headers) -> str | None:
    """Return the binning in words: 2x2."""
    x, y = _binning(h)
    return None if x is None else f"{x}x{y}"


def _binning(h: Headers) -> tuple[int, int] | tuple[None, None]:
    """Return CCDSUM if all extensions agree."""
    texts = {keywords.text(extension, "CCDSUM") for extension in h.extensions}
    words = (texts.pop() or "").split() if len(texts) == 1 else []
    if len(words) != 2 or not all(word.isdecimal() and int(word) for word in words):
        return None, None
    return int(words[0]), int(words[1])


@descriptor("arcsec/pix")
def pixel_scale(h: Headers) -> float | None:
    """Return the size of a binned pixel along y."""
    phu = h.phu
    scale = detectors.pixel_scale(keywords.text(phu, "INSTRUME"), keywords.text(phu, "DETTYPE"))
    bins = detector_y_bin(h)
    return None if scale is None or bins is None else scale * bins


@descriptor("unbinned pix")
def detector_rois_requested(h: Headers) -> list[Section]:
    """Return the regions of the detector that were to be read."""
    regions: list[Section] = []
    for n in range(1, _MOST_ROIS + 1):
        region = _roi(h, n)
        if region is None:
            break
        regions.append(region)
    return regions


def _roi(h: Headers, n: int) -> Section | None:
    """Return region n: its cards start from 1, unbinned, and count sizes in binned pixels."""
    cards = [keywords.integer(h.phu, f"DETRO{n}{what}") for what in ("X", "XS", "Y", "YS")]
    xbin, ybin = _binning(h)
    if xbin is None or ybin is None or not all(cards):
        return None
    x, width, y, height = (card or 0 for card in cards)
    try:
        return Section(x - 1, x - 1 + width * xbin, y - 1, y - 1 + height * ybin)
    except ValueError:
        return None


@descriptor()
def detector_roi_setting(h: Headers) -> str:
    """Return the name of the first region: Full Frame, CCD2, Central Stamp, Custom, ..."""
    regions = detector_rois_requested(h)
    return detectors.roi_name(regions[0]) if regions else "Undefined"
