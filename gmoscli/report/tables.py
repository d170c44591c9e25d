"""Facts as text: the headline, the outline, and tables of frames and ccds."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from ..fits import Header
from ..gmos import descriptors
from .facts import Facts, Row
from .look import Look

KINDS = {"PROCBIAS": "Master bias", "PROCFLAT": "Master flat", "PROCFRNG": "Fringe frame"}


class Column(NamedTuple):
    """A column's title, and whether it holds numbers."""

    title: str
    numeric: bool


@dataclass(frozen=True)
class Table:
    """Columns, and rows of text."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(facts: Facts) -> str:
    """Return what the file is, in a line."""
    phu, headers = facts.headers.phu, facts.headers
    kind = next((name for key, name in KINDS.items() if key in phu), "")
    if not kind:
        kind = "Stack" if "STACKFRM" in phu else "Image"
    filters = None if "PROCBIAS" in phu else descriptors.filter_name(headers, pretty=True)
    words = [kind, phu.get("OBJECT"), phu.get("INSTRUME"), filters]
    day = descriptors.ut_date(headers)
    return " · ".join(str(word) for word in (*words, day) if word)


def outline(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield name and value of what is known of the whole file."""
    phu = facts.headers.phu
    frames = phu.get("NCOMBINE")
    if frames is not None:
        yield "Frames (NCOMBINE)", str(frames)
    yield from _cards(
        phu,
        ("Exposure (EXPTIME)", "EXPTIME", "{:g} s"),
        ("Of all frames (TEXPTIME)", "TEXPTIME", "{:g} s"),
        ("Mean airmass", "AIRMASS", "{:.3f}"),
    )
    middle = phu.get("DATE-AVG")
    if middle is not None:
        yield "Mid-time (DATE-AVG)", f"{str(middle).replace('T', ' ').partition('.')[0]} UT"
    central = facts.obs.central
    yield "Binning", "{}x{}".format(*central.binning)
    mode = descriptors.read_mode(facts.headers)
    if mode:
        yield "Read mode", str(mode)
    if central.wcs is not None and facts.headers.phu.get("OBSTYPE") != "BIAS":
        ny, nx = central.shape
        ra, dec = central.wcs.sky([(nx - 1) / 2, (ny - 1) / 2])
        where = "Centre" if central.index == 0 else f"Centre of CCD {central.index}"
        yield f"{where} (RA, Dec)", f"{sexagesimal(ra / 15, 2)} {sexagesimal(dec, 1, sign=True)}"
        yield "Pixel scale", f"{central.wcs.scale:.4f} arcsec"
    yield "Program", str(phu.get("GEMPRGID") or "-")


def _cards(header: Header, *cards: tuple[str, str, str]) -> Iterator[tuple[str, str]]:
    for title, key, form in cards:
        value = header.get(key)
        if isinstance(value, int | float) and isfinite(value):
            yield title, form.format(value)


def sexagesimal(value: float, decimals: int, *, sign: bool = False) -> str:
    """Return hours or degrees as 12:34:56.7, rounded to the decimals of a second."""
    unit = 10**decimals
    ticks = round(abs(value) * 3600 * unit)
    seconds, part = divmod(ticks, unit)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    mark = ("-" if value < 0 else "+") if sign else ""
    return f"{mark}{hours:02d}:{minutes:02d}:{seconds:02d}.{part:0{decimals}d}"


_FRAMES: tuple[tuple[str, str, float, str], ...] = (
    ("EXPTIME", "Exposure (s)", 1.0, "g"),
    ("MATCHES", "Stars matched", 1.0, ".0f"),
    ("ALIGNRMS", "Alignment (mas)", 1e3, ".1f"),
    ("ALIGNERR", "± mas", 1e3, ".1f"),
    ("FWHM", "Seeing (arcsec)", 1.0, ".2f"),
    ("SCALE", "Scale", 1.0, ".4f"),
    ("SCALEERR", "± error", 1.0, ".4f"),
    ("CLEAR", "Transparency", 1.0, ".4f"),
)
_CCDS_OF_FRAMES = (
    ("SKY", "Sky", 1.0, ".1f"),
    ("WEIGHT", "Weight", 1.0, ".3f"),
    ("REJECTED", "Rejected (%)", 100.0, ".2f"),
)
"""Columns of the tables of frames: name, which may end with a ccd's index; title, factor, format.
"""


def frame_tables(facts: Facts) -> tuple[Table, Table]:
    """Return a row a frame, of the whole and of its ccds; what no frame tells is left out."""
    return _frame_table(facts, _FRAMES), _frame_table(facts, _CCDS_OF_FRAMES)


def _frame_table(facts: Facts, known: tuple[tuple[str, str, float, str], ...]) -> Table:
    shown = [
        (name, f"{title} {name[len(key) :]}".strip(), factor, form)
        for key, title, factor, form in known
        for name in facts.frames[0]
        if name.rstrip("123") == key
        if any(isfinite(row[name]) and row[name] != 0 for row in facts.frames)
    ]
    columns = (Column("#", True), Column("Frame", False))
    reference = str(facts.headers.phu.get("REFFRAME", "")).removesuffix(".fits")
    rows = tuple(
        (str(i), _named(row, reference), *(_text(f * row[key], form) for key, _, f, form in shown))
        for i, row in enumerate(facts.frames, start=1)
    )
    return Table((*columns, *(Column(title, True) for _, title, _, _ in shown)), rows)


def _named(row: Row, reference: str) -> str:
    name = str(row["FRAME"])
    return f"{name} (reference)" if name == reference else name


_CCDS: tuple[tuple[str, str, str], ...] = (
    ("SKYLEVEL", "Sky", ".1f"),
    ("MEANFWHM", "Seeing (arcsec)", ".2f"),
    ("CORRFACT", "Correlation (CORRFACT)", ".3f"),
    ("GAIN", "Gain (GAIN)", ".3f"),
    ("RDNOISE", "Read noise (RDNOISE)", ".2f"),
    ("SATLEVEL", "Saturation (SATLEVEL)", ".6g"),
    ("CCDOFFX", "Moved in x (arcsec)", ".3f"),
    ("CCDOFFY", "in y", ".3f"),
    ("CCDOFFE", "± arcsec", ".3f"),
    ("CCDOFFN", "Stars that tell", ".0f"),
    *(
        (f"CCD{index}OFF{key}", f"CCD {index} {title}", form)
        for index in (1, 3)
        for key, title, form in (
            ("X", "moved in x (arcsec)", ".3f"),
            ("Y", "in y", ".3f"),
            ("E", "± arcsec", ".3f"),
            ("N", "stars that tell", ".0f"),
        )
    ),
)
"""Cards of a product's ccds: keyword, title, format."""


def ccd_table(facts: Facts) -> Table:
    """Return one column a ccd, one row for each thing that is known of any."""
    headers = facts.headers.extensions
    if len(headers) != len(facts.looks):  # raw: one extension an amplifier
        headers = (Header({}),) * len(facts.looks)
    found = [dict(_of_ccd(look, own)) for look, own in zip(facts.looks, headers, strict=True)]
    titles = dict.fromkeys(title for one in found for title in one)
    rows = ((title, *(one.get(title, "-") for one in found)) for title in titles)
    heads = (Column(look.name, True) for look in facts.looks)
    return Table((Column("", False), *heads), tuple(rows))


def _of_ccd(look: Look, header: Header) -> Iterator[tuple[str, str]]:
    """Yield title and text of what is known of a ccd."""
    yield "Pixels", "{1} x {0}".format(*look.info.shape)
    unit = str(header.get("BUNIT") or "")
    yield f"Level ({unit})" if unit else "Level", _text(look.level, ".5g")
    if look.noise is None:
        yield "Scatter", _text(look.scatter, ".4g")
    if look.expected is not None:
        yield "Root of VAR", _text(look.expected, ".4g")
    if look.noise is not None:
        yield "Noise check", _text(look.noise, ".3f")
    for key, title, form in _CCDS:
        if key in header:
            yield title, _text(header[key], form)
    for flag, share in look.flagged:
        words = str(flag.name).lower().replace("_", " ")
        yield f"{words.capitalize()} (%)", _text(100 * share, ".2f")


def _text(value: object, form: str) -> str:
    """Return a number as text, or a dash for what is none."""
    if isinstance(value, int | float) and isfinite(value):
        return format(value, form)
    return "-"
