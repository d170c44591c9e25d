"""What a stack's headers and tables say, against what they should."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from astropy.io import fits

from .figures import Figure
from .site import Site


def headers(site: Site, count: int) -> Iterator[Figure]:
    """Yield the figure: how many of the facts are right, and which are not."""
    site.stack(count)
    with fits.open(site.desk.folder / f"stack{count}.fits") as product:
        facts = dict(_facts(product, site, count))
    wrong = [name for name, right in facts.items() if not right]
    remark = "wrong: " + ", ".join(wrong) if wrong else ""
    night = f"{site.name} N={count}"
    right = len(facts) - len(wrong)
    target = f"{len(facts)} of {len(facts)}"
    yield Figure("header facts", night, (right,), "", target, not wrong, remark)


def _facts(product: fits.HDUList, site: Site, count: int) -> Iterator[tuple[str, bool]]:
    """Yield each fact with whether the product has it right."""
    yield from _of_the_frames(product[0].header, site, count)
    yield from _of_the_pixels(product, site, count)
    yield from _of_the_origin(product, site, count)


def _of_the_frames(phu: fits.Header, site: Site, count: int) -> Iterator[tuple[str, bool]]:
    names = [Path(name).name for name in site.files("science")[:count]]
    rows = site.frames.loc[[name.removesuffix(".fits") for name in names]]
    seconds = np.atleast_1d(np.asarray(rows["exposure"], float))
    starts = [datetime.fromisoformat(str(start)) for start in np.atleast_1d(rows["start"])]
    middles = [start + timedelta(seconds=s / 2) for start, s in zip(starts, seconds, strict=True)]
    middle = middles[0] + sum((m - middles[0] for m in middles), timedelta()) / count
    reference = site.frames.loc[str(phu.get("REFFRAME", names[0])).removesuffix(".fits")]
    yield "EXPTIME", phu.get("EXPTIME") == reference["exposure"]
    yield "TEXPTIME", abs(phu.get("TEXPTIME", 0) - seconds.sum()) < 0.01
    yield "NCOMBINE", phu.get("NCOMBINE") == count
    yield "IMCMBnnn", [phu.get(f"IMCMB{i:03d}") for i in range(1, count + 1)] == names
    told = phu.get("DATE-AVG")
    off = abs((datetime.fromisoformat(told) - middle).total_seconds()) if told else 1e9
    yield "DATE-AVG", off < 2
    yield "airmass", phu.get("AMSTART", 9) <= phu.get("AIRMASS", 0) <= phu.get("AMEND", 0)
    yield "ORIGNAME", phu.get("ORIGNAME") == names[0]
    yield "ALIGNRMS", count == 1 or 0 < phu.get("ALIGNRMS", 9) < 0.1
    yield "BIASIM", str(phu.get("BIASIM")).endswith("_bias.fits")
    yield "FLATIM", str(phu.get("FLATIM")).endswith("_flat.fits")


def _of_the_pixels(product: fits.HDUList, site: Site, count: int) -> Iterator[tuple[str, bool]]:
    frames = site.frames[site.frames["kind"] == "science"][:count]
    phu = product[0].header
    named = str(phu.get("REFFRAME") or phu["ORIGNAME"]).removesuffix(".fits")
    reference = site.frames.loc[named]
    sky = float(reference["sky"] * reference["exposure"]) * site.night.pixel_area
    seeing = float(np.mean(frames["seeing"]))
    for number in (1, 2, 3):
        header = product["SCI", number].header
        yield f"BUNIT {number}", header.get("BUNIT") == "electron"
        yield f"GAIN {number}", 0.7 * count < header.get("GAIN", 0) < 1.3 * count
        noise = header.get("RDNOISE", 0) / header.get("GAIN", 1) * np.sqrt(count) / site.read_noise
        yield f"RDNOISE {number}", bool(0.8 < noise < 1.4)
        yield f"SATLEVEL {number}", 0 < header.get("NONLINEA", 0) <= header.get("SATLEVEL", 0)
        yield f"CORRFACT {number}", 1 <= header.get("CORRFACT", 0) < 2
        yield f"SKYLEVEL {number}", abs(header.get("SKYLEVEL", 0) / sky - 1) < 0.03
        yield f"MEANFWHM {number}", abs(header.get("MEANFWHM", 0) / seeing - 1) < 0.15
        place = header.get("CRVAL1", 0), header.get("CRVAL2", 0)
        told = float(reference["header_ra"]), float(reference["header_dec"])
        yield f"CRVAL {number}", bool(np.allclose(place, told, atol=1e-4))
        yield f"OBJCAT {number}", ("OBJCAT", number) in product
        yield f"OBJMASK {number}", ("OBJMASK", number) in product


def _of_the_origin(product: fits.HDUList, site: Site, count: int) -> Iterator[tuple[str, bool]]:
    done = [str(word).strip() for word in product["HISTORY"].data["primitive"]]
    yield "HISTORY", {"overscanCorrect", "flatCorrect", "stackFrames"} <= set(done)
    used = product["PROVENANCE"].data
    sums = {
        str(name).strip(): str(md5).strip()
        for name, md5 in zip(used["filename"], used["md5"], strict=True)
    }
    raw = site.files("science")[:count]
    true = {Path(n).name: _md5(site.desk.folder / n) for n in raw}
    yield "PROVENANCE of frames", true.items() <= sums.items()
    masters = [name for name in sums if name.endswith(("_bias.fits", "_flat.fits"))]
    right = all(_md5(site.desk.folder / name) == sums[name] for name in masters)
    yield "PROVENANCE of masters", len(masters) == 2 and right


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
