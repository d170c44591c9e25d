"""GMOS files without pixels: headers in memory, or written as FITS, in one line of a test.

``raw()``, ``bias()``, ``flat()``, ``fringe()`` and ``bpm()`` give the headers of a GMOS-N Hamamatsu
exposure; keywords given as arguments replace cards (``FILTER2="i_G0302"``, None takes one away).
"""

from pathlib import Path

from gmoscli.fits import Header, Headers
from gmoscli.section import Section

CHIPS = ("BI13-20-4k-1", "BI12-09-4k-2", "BI13-18-4k-2")
FULL = Section(0, 6144, 0, 4224)
CCD2 = Section(2048, 4096, 0, 4224)
STAMP = Section(2922, 3222, 1986, 2286)

PHU = {
    **{"INSTRUME": "GMOS-N", "TELESCOP": "Gemini-North", "OBSERVAT": "Gemini-North"},
    **{"OBJECT": "Field A", "OBSTYPE": "OBJECT", "OBSCLASS": "science"},
    **{"GEMPRGID": "GN-2022A-Q-101", "DATALAB": "GN-2022A-Q-101-12-001"},
    **{"DATE": "2022-06-13", "DATE-OBS": "2022-06-13", "UT": "12:00:00.0", "EXPTIME": 120.0},
    **{"DETECTOR": "GMOS-N + Hamamatsu", "DETTYPE": "S10892-N", "DETID": ",".join(CHIPS)},
    **{"NAMPS": 4, "AMPINTEG": 11880},
    **{"FILTER1": "open1-6", "FILTER2": "r_G0303", "GRATING": "MIRROR"},
    **{"MASKNAME": "None", "MASKTYP": 0, "RAWPIREQ": "YES", "RAWGEMQA": "USABLE"},
}
MASTER = {"GEM-TLM": "T", "PREPARE": "T", "SUBOVER": "T", "TRIMOVER": "T", "PROCMODE": "sq"}


BIAS = {"OBSTYPE": "BIAS", "OBJECT": "Bias"}
"""What the cards of a raw bias have instead."""
TWILIGHT = {"OBJECT": "Twilight", "OBSCLASS": "dayCal"}


def raw(roi: Section = FULL, binning: tuple[int, int] = (2, 2), gain: float = 1.6, **cards):
    """Return the headers of a science exposure: an extension for each amplifier read."""
    x, y = binning
    where = {
        **{"DETRO1X": roi.x1 + 1, "DETRO1XS": roi.width // x},
        **{"DETRO1Y": roi.y1 + 1, "DETRO1YS": roi.height // y},
    }
    phu = {key: value for key, value in {**PHU, **where, **cards}.items() if value is not None}
    return Headers(Header(phu), [Header(amp) for amp in _amps(roi, x, y, gain)])


def _amps(roi: Section, x: int, y: int, gain: float):
    for n in range(12):
        area = Section(512 * n, 512 * (n + 1), 0, 4224).overlap(roi)
        if area is not None:
            chip, amp = CHIPS[n // 4], 4 - n % 4
            yield {
                **{"CCDNAME": chip, "AMPNAME": f"{chip}, {amp}", "DETSEC": str(area)},
                **{"CCDSUM": f"{x} {y}", "GAIN": gain, "GAINSET": "low" if gain < 3 else "high"},
            }


def frame(name: str = "N1.fits", **cards) -> Headers:
    """Return the headers of a raw file of this name."""
    made = raw(**cards)
    return Headers(made.phu, made.extensions, Path(name))


def staged(name: str = "N1.fits", **cards) -> Headers:
    """Return the headers of a frame that is calibrated but not stacked."""
    return frame(name, PREPARE="T", SUBOVER="T", TRIMOVER="T", **cards)


def bias(**cards):
    """Return the headers of a master bias."""
    return raw(**{**MASTER, "OBSTYPE": "BIAS", "OBJECT": "Bias", "PROCBIAS": "T", **cards})


def flat(**cards):
    """Return the headers of a master twilight flat."""
    return raw(**{**MASTER, "OBJECT": "Twilight", "PROCFLAT": "T", **cards})


def fringe(**cards):
    """Return the headers of a fringe frame."""
    return raw(**{**MASTER, "PROCFRNG": "T", **cards})


def bpm(**cards):
    """Return the headers of a bad pixel mask."""
    return raw(**{"GEM-TLM": "T", "OBSTYPE": "BPM", "OBJECT": "BPM", "BPMASK": "T", **cards})


def per_ccd(headers: Headers) -> Headers:
    """Return the same file with an extension for each chip, as gmoscli writes its products."""
    by_chip: dict[object, list[Header]] = {}
    for amp in headers.extensions:
        by_chip.setdefault(amp["CCDNAME"], []).append(amp)
    extensions = []
    for version, amps in enumerate(by_chip.values(), 1):
        cards = {**amps[0], "EXTNAME": "SCI", "EXTVER": version}
        cards["AMPNAME"] = "+".join(str(amp["AMPNAME"]) for amp in amps)
        for n, amp in enumerate(amps, 1):
            cards |= {f"AMPNAM{n}": amp["AMPNAME"], f"AMPSEC{n}": amp["DETSEC"]}
        areas = [Section.parse(str(amp["DETSEC"])) for amp in amps]
        whole = areas[0]
        for area in areas:
            whole = whole.joined(area)
        extensions.append(Header({**cards, "DETSEC": str(whole)}))
    return Headers(headers.phu, extensions)


def write(path: Path, headers: Headers, *, padding: int = 0) -> Path:
    """Write a FITS file of these headers, with no pixels; padding blocks change its bytes."""
    units = [{"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EXTEND": True, **headers.phu}]
    for extension in headers.extensions:
        image = {"XTENSION": "IMAGE", "BITPIX": 16, "NAXIS": 0, "PCOUNT": 0, "GCOUNT": 1}
        units.append({**image, **extension})
    path.write_bytes(b"".join(_unit(unit, padding) for unit in units))
    return path


def _unit(cards, padding: int) -> bytes:
    lines = [f"{key:8}= {_value(value)}".ljust(80) for key, value in cards.items()]
    text = "".join([*lines, *(" " * 2880 for _ in range(padding)), "END".ljust(80)])
    return text.ljust(-(-len(text) // 2880) * 2880).encode("ascii")


def _value(value) -> str:
    if isinstance(value, bool):
        return "T".rjust(20) if value else "F".rjust(20)
    return f"'{value:8}'" if isinstance(value, str) else str(value).rjust(20)
