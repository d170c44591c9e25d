"""How the extensions of one file make up ccds.

Extensions are grouped by their detector sections, never by their order in the file. A file may be
raw (one extension an amplifier, with overscan), reduced but still in amplifiers (twelve SCI, VAR,
DQ, as DRAGONS writes calibrations), in ccds (three), or a mosaic (one).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dq import Dq
from ..errors import BadFile
from ..fits import Header, Headers, stem
from ..frame import Amp, Ccd, CcdInfo, Flags, Observation, Plane, RawCcd, Readout
from ..geometry import Tan, array_to_detector
from ..gmos import descriptors
from ..gmos.detectors import ADC_LIMIT, Detector, detector_of, full_well
from ..gmos.keywords import number
from ..gmos.tags import tags_of
from ..section import Section
from .extension import Extension, extension_of, region_of, section_in, shape_of

Pixels = NDArray[Any]
Reader = Callable[[str, int], Pixels | None]
"""Returns the pixels of an extension by name and number, or None if there is no such extension."""

EXTENSION_COUNTS = (1, 2, 3, 4, 6, 12)


class Layout:
    """The ccds of one file."""

    def __init__(self, headers: Headers):
        self.headers = headers
        self.path = headers.path or Path()
        self.tags = tags_of(headers)
        if "GMOS" not in self.tags:
            name = headers.phu.get("INSTRUME") or "not named"
            raise BadFile(f"not a GMOS exposure: the instrument is {name}", path=self.path)
        if len(headers.extensions) not in EXTENSION_COUNTS:
            count = len(headers.extensions)
            raise BadFile(f"not a GMOS image: it has {count} extensions", path=self.path)
        self.named = headers.extensions[0].get("EXTNAME") == "SCI"
        self.extensions = sorted(
            (
                extension_of(header, i, self.path, named=self.named)
                for i, header in enumerate(headers.extensions)
            ),
            key=lambda extension: extension.on_detector,
        )
        self.indexes = tuple(dict.fromkeys(extension.ccd for extension in self.extensions))

    def observation(self) -> Observation:
        """Return all that is known without the pixels."""
        name = stem(self.path)
        seconds = descriptors.exposure_time(self.headers)
        return Observation(
            name=name,
            path=self.path,
            headers=self.headers,
            detector=self.detector,
            exposure_time=0.0 if seconds is None else seconds,
            ccds=tuple(self.info(index) for index in self.indexes),
        )

    @cached_property
    def detector(self) -> Detector:
        """The array of chips, by DETID."""
        return detector_of(self.headers)

    @cached_property
    def binning(self) -> tuple[int, int]:
        """Binning (x, y), one for all extensions."""
        x, y = descriptors.detector_x_bin(self.headers), descriptors.detector_y_bin(self.headers)
        if x is None or y is None:
            raise BadFile("no binning, or several: see CCDSUM", path=self.path)
        return x, y

    def info(self, index: int) -> CcdInfo:
        """Return what the headers say of one ccd."""
        members = self._members(index)
        section = region_of(members)
        return CcdInfo(
            index=index,
            section=section,
            binning=self.binning,
            shape=self._shape(members, section),
            amps=tuple(amp for extension in members for amp in self._amps(extension, section)),
            unit=str(members[0].header.get("BUNIT") or "adu").lower(),
            wcs=self._wcs(index, members),
            correlation=number(members[0].header, "CORRFACT") or 1.0,
        )

    def ccd(self, index: int, pixels: Reader) -> RawCcd | Ccd:
        """Return the pixels of one ccd."""
        info = self.info(index)
        members = self._members(index)
        if "BPM" in self.tags:
            return self._mask(info, members, pixels)
        if any(extension.overscan for extension in members):
            readouts = (
                self._readout(extension, amp, pixels)
                for extension, amp in zip(members, info.amps, strict=True)
            )
            return RawCcd(info, tuple(readouts), self.detector.contaminated_columns)
        return self._assembled(info, members, pixels)

    def _members(self, index: int) -> list[Extension]:
        return [extension for extension in self.extensions if extension.ccd == index]

    def _shape(self, members: list[Extension], section: Section) -> tuple[int, int]:
        if len(members) == 1 and members[0].overscan is None:
            return members[0].light.height, members[0].light.width
        binned = section.binned(*self.binning)
        for extension in members:
            if (
                extension.light.height != binned.height
                or self._columns(extension, section).stop > binned.width
            ):
                light, chip = extension.light, extension.on_chip
                what = f"DATASEC {light} does not fit CCDSEC {chip} at this binning"
                raise BadFile(f"{what}, in extension {extension.position + 1}", path=self.path)
        return binned.height, binned.width

    def _columns(self, extension: Extension, section: Section) -> slice:
        start = (extension.on_chip.x1 - section.x1) // self.binning[0]
        return slice(start, start + extension.light.width)

    def _amps(self, extension: Extension, section: Section) -> tuple[Amp, ...]:
        """Return the amplifier of an extension, or those that a product's header names."""
        own = self._amp(extension, section)
        named = takewhile(lambda i: f"AMPNAM{i}" in extension.header, count(1))
        return tuple(self._named_amp(extension, own, i) for i in named) or (own,)

    def _named_amp(self, extension: Extension, own: Amp, i: int) -> Amp:
        """Return one of the amplifiers that a product's header names."""
        header, xbin = extension.header, self.binning[0]
        section = section_in(header, f"AMPSEC{i}", self.path) or own.section
        columns = own.columns
        if extension.on_detector.width == extension.light.width * xbin:  # not resampled
            start = columns.start + (section.x1 - extension.on_detector.x1) // xbin
            columns = slice(start, start + section.width // xbin)
        return replace(
            own,
            name=str(header[f"AMPNAM{i}"]),
            columns=columns,
            section=section,
            gain=number(header, f"AMPGAI{i}") or own.gain,
            read_noise=number(header, f"AMPRON{i}") or own.read_noise,
        )

    def _amp(self, extension: Extension, section: Section) -> Amp:
        gain = descriptors.gain(self.headers)[extension.position]
        noise = descriptors.read_noise(self.headers)[extension.position]
        name = str(extension.header.get("AMPNAME") or extension.header.get("CCDNAME") or "")
        electrons = extension.header.get("BUNIT") == "electron"
        calibration = "CAL" in self.tags or "PROCESSED" in self.tags
        if (gain is None or noise is None) and not (electrons or calibration):
            date = descriptors.ut_date(self.headers)
            when = f"on {date}" if date else "without the date, which the headers do not tell"
            what = f"no gain or read noise known for amplifier {name!r}"
            raise BadFile(f"{what} {when}", path=self.path)
        level = number(extension.header, "SATLEVEL") or self._full(name, gain or 1.0)
        return Amp(
            name=name,
            columns=self._columns(extension, section),
            section=extension.on_detector,
            gain=1.0 if electrons or gain is None else gain,
            read_noise=noise or 0.0,
            saturation=level,
            nonlinear=number(extension.header, "NONLINEA") or level,
        )

    def _full(self, name: str, gain: float) -> float:
        """Return the level in ADU above zero at which a binned pixel is full."""
        well = full_well(str(self.headers.phu.get("DETECTOR") or ""), name)
        if well is None or self.detector.family == "EEV":
            return ADC_LIMIT
        return well * self.binning[0] * self.binning[1] / gain

    def _wcs(self, index: int, members: list[Extension]) -> Tan | None:
        """Return the ccd's celestial coordinates.

        Raw headers place each chip only roughly: the coordinates of the central chip hold for all,
        by way of the detector's geometry.
        """
        if self.named and len(members) == 1:
            return tan_of(members[0].header, members[0].light, 0)
        central = 2 if 2 in self.indexes else self.indexes[0]
        base = self._members(central)
        section = region_of(base)
        wcs = tan_of(base[0].header, base[0].light, self._columns(base[0], section).start)
        if wcs is None or index == central:
            return wcs
        plane = wcs.before(array_to_detector(self.detector, central, section, self.binning).inverse)
        own = region_of(members)
        return plane.before(array_to_detector(self.detector, index, own, self.binning))

    def _readout(self, extension: Extension, amp: Amp, pixels: Reader) -> Readout:
        counts = pixels("SCI" if self.named else "", extension.version)
        if counts is None or counts.shape != shape_of(extension.header):
            raise BadFile(f"no pixels in extension {extension.version}", path=self.path)
        if counts.dtype.kind == "f" and not np.isfinite(counts).all():
            raise BadFile(
                f"raw counts in extension {extension.version} are not numbers", path=self.path
            )
        pedestal = 0.0
        if extension.overscan is not None:
            pedestal = float(np.median(counts[extension.overscan.slices][::8]))
        limits = {
            name: min(getattr(amp, name) + pedestal, ADC_LIMIT)
            for name in ("saturation", "nonlinear")
        }
        light = extension.light
        dq = np.zeros((light.height, light.width), np.uint16)
        return Readout(counts, light, extension.overscan, replace(amp, **limits), dq)

    def _mask(self, info: CcdInfo, members: list[Extension], pixels: Reader) -> Ccd:
        """Return a bad pixel mask: its pixels are the flags."""
        dq = np.zeros(info.shape, np.uint16)
        for extension in members:
            flags = pixels("SCI" if self.named else "", extension.version)
            if flags is not None:
                dq[:, self._columns(extension, info.section)] = flags[extension.light.slices]
        nothing = np.broadcast_to(np.float32(0), info.shape)
        return Ccd(info, nothing, nothing, dq)

    def _assembled(self, info: CcdInfo, members: list[Extension], pixels: Reader) -> Ccd:
        """Return the planes of a reduced file, amplifiers side by side."""
        sci, var, dq = (
            self._plane(info, members, pixels, name, kind)
            for name, kind in (("SCI", np.float32), ("VAR", np.float32), ("DQ", np.uint16))
        )
        _flag_what_is_no_number(sci, var, dq)
        return Ccd(info, sci, var, dq)

    def _plane(
        self, info: CcdInfo, members: list[Extension], pixels: Reader, name: str, kind: type[Any]
    ) -> NDArray[Any]:
        """Return one plane of a reduced file; only science pixels have to be there."""
        whole = np.zeros(info.shape, kind)
        for extension in members:
            part = pixels(name if self.named else "", extension.version)
            if part is not None:
                lit = part[extension.light.slices]
                if lit.shape == info.shape:
                    return lit.astype(kind, copy=False)
                whole[:, self._columns(extension, info.section)] = lit
            elif name == "SCI":
                raise BadFile(f"no pixels in extension {extension.version}", path=self.path)
        return whole


def _flag_what_is_no_number(sci: Plane, var: Plane, dq: Flags) -> None:
    """Flag pixels without a value, as other software leaves them, and set them to zero."""
    if np.isfinite(sci.sum()) and np.isfinite(var.sum()):  # one pass each, and mostly enough
        return
    lost = ~(np.isfinite(sci) & np.isfinite(var))
    sci[lost] = var[lost] = 0
    dq[lost] |= np.uint16(Dq.NO_DATA)


def tan_of(header: Header, light: Section, column: int) -> Tan | None:
    """Return the TAN coordinates that a header gives to the trimmed and assembled array.

    ``column`` is where the light-sensitive part begins in the array. None without TAN cards.
    """
    if (header.get("CTYPE1"), header.get("CTYPE2")) != ("RA---TAN", "DEC--TAN"):
        return None
    ra, dec, x, y = (number(header, k) for k in ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2"))
    if ra is None or dec is None:
        return None
    cd = [[number(header, f"CD{i}_{j}") or 0.0 for j in (1, 2)] for i in (1, 2)]
    matrix = np.array(cd)
    if np.linalg.det(matrix) == 0:
        return None
    crpix = ((x or 0.0) - 1 - light.x1 + column, (y or 0.0) - 1 - light.y1)
    return Tan((ra, dec), crpix, matrix)
