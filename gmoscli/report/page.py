"""One page on one file: HTML that needs nothing else."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import isfinite
from pathlib import Path

from ..preview import COLOURS
from .facts import Facts, facts_of, warnings
from .look import BINS
from .plot import Series, dots, steps
from .style import STYLE
from .tables import Table, ccd_table, frame_tables, headline, outline

PICTURE = 1200
"""Pixels of a picture's width: as wide as the page on a screen, and half a megabyte."""


def page(path: Path) -> bytes:
    """Return the page of a file, raw or reduced, in UTF-8. Raises BadFile.

    It holds what the file holds and no time of its own: the same file gives the same page.
    """
    return html(facts_of(path, PICTURE), path.name).encode("utf-8", "replace")


def html(facts: Facts, name: str) -> str:
    """Return the page that tells facts of a file of this name."""
    title = escape(name)
    return "\n".join(
        [
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{STYLE}</style></head><body>",
            f'<header><h1>{title}</h1><p class="soft">{escape(headline(facts))}</p></header>',
            *_warned(facts),
            _outlined(facts),
            *_pictured(facts),
            *_framed(facts),
            *_section(
                "CCDs", ['<div class="pair">', _table(ccd_table(facts)), *_noise(facts), "</div>"]
            ),
            *_recipe(facts),
            *_files(facts),
            _footer(facts),
            "</body></html>",
            "",
        ]
    )


def _section(title: str, parts: Sequence[str]) -> Iterator[str]:
    yield f"<section><h2>{escape(title)}</h2>"
    yield from parts
    yield "</section>"


def _table(table: Table) -> str:
    """Return a table; columns of numbers are set to the right."""
    sides = [' class="n"' if column.numeric else "" for column in table.columns]
    heads = "".join(
        f"<th{side}>{escape(c.title)}</th>" for c, side in zip(table.columns, sides, strict=True)
    )
    rows = (
        "".join(f"<td{s}>{escape(cell)}</td>" for cell, s in zip(row, sides, strict=True))
        for row in table.rows
    )
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _warned(facts: Facts) -> Iterator[str]:
    items = "".join(f"<li>{escape(text)}</li>" for text in warnings(facts))
    if items:
        yield f'<ul class="warnings">{items}</ul>'


def _outlined(facts: Facts) -> str:
    pairs = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in outline(facts))
    return f"<dl>{''.join(pairs)}</dl>"


def _pictured(facts: Facts) -> Iterator[str]:
    seen = {flag for look in facts.looks for flag, _ in look.flagged}
    keys = "".join(
        f'<span class="key"><i style="background:rgb{c.rgb}"></i>{escape(c.means)}</span>'
        for c in COLOURS
        if c.flag in seen
    )
    coloured = f"Flagged pixels in colour: {keys}" if keys else "No pixel is flagged."
    captions = coloured, "The same, with flagged pixels as they are."
    figures = [
        f'<figure><img alt="" src="data:image/png;base64,{b64encode(png).decode()}">'
        f"<figcaption>{caption}</figcaption></figure>"
        for png, caption in zip(facts.pictures, captions, strict=True)
    ]
    yield from _section("Pictures", figures if keys else figures[:1])


def _framed(facts: Facts) -> Iterator[str]:
    if not facts.frames:
        return
    parts = [_table(table) for table in frame_tables(facts) if table.columns[2:]]
    if len(facts.frames) > 1:
        plots = (_figure(title, series, facts) for title, series in _plotted(facts))
        parts.append(f'<div class="plots">{"".join(plots)}</div>')
    yield from _section("Frames", parts)


PLOTS = (
    ("Alignment, rms of matched stars (mas)", "ALIGNRMS", 1e3),
    ("Seeing (arcsec)", "FWHM", 1.0),
    ("Transparency, over that of the reference", "CLEAR", 1.0),
    ("Sky per pixel", "SKY", 1.0),
    ("Weight in the average", "WEIGHT", 1.0),
    ("Rejected (%)", "REJECTED", 100.0),
)
"""Title of each plot of frames, the columns that it shows, and their factor."""


def _plotted(facts: Facts) -> Iterator[tuple[str, list[Series]]]:
    """Yield title and values of each plot in which frames differ."""
    for title, key, factor in PLOTS:
        series = [
            Series(
                f"CCD {name[len(key) :]}" if name != key else "",
                _column(facts, name, factor),
                _column(facts, "SCALEERR", factor) if key == "CLEAR" else (),
            )
            for name in facts.frames[0]
            if name.rstrip("123") == key
        ]
        known = {f"{v:.4g}" for one in series for v in one.values if isfinite(v)}
        if len(known) > 1:
            yield title, series


def _column(facts: Facts, key: str, factor: float) -> list[float]:
    return [factor * float(row.get(key, "nan")) for row in facts.frames]


def _figure(title: str, series: Sequence[Series], facts: Facts) -> str:
    labels = [str(row["FRAME"]) for row in facts.frames]
    return _captioned(title, dots(series, labels), [one.name for one in series])


def _captioned(title: str, drawing: str, names: Sequence[str]) -> str:
    keys = "".join(
        f'<span class="key"><i class="c{i}"></i>{escape(name)}</span>'
        for i, name in enumerate(names, start=1)
        if name
    )
    keyed = f'<span class="keys">{keys}</span>' if keys else ""
    return f"<figure><figcaption>{escape(title)}{keyed}</figcaption>{drawing}</figure>"


def _noise(facts: Facts) -> Iterator[str]:
    judged = [look for look in facts.looks if look.noise is not None]
    if judged:
        series = [Series(look.name, look.histogram) for look in judged]
        drawing = steps(series, BINS.tolist())
        title = "Blank sky, deviations over the root of VAR; dashed: as it should be"
        yield _captioned(title, drawing, [one.name for one in series])


def _recipe(facts: Facts) -> Iterator[str]:
    if facts.past.done:
        rows = "\n".join(
            f"<tr><td>{escape(done.step)}</td><td>{escape(done.primitive)}</td>"
            f'<td class="wrap"><code>{escape(_parameters(done.parameters))}</code></td></tr>'
            for done in facts.past.done
        )
        heads = "<tr><th>Step</th><th>Primitive</th><th>Parameters</th></tr>"
        table = f'<div class="scroll"><table>{heads}{rows}</table></div>'
        yield from _section("Recipe", [table])


def _parameters(known: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" if name else str(value) for name, value in known.items())


def _files(facts: Facts) -> Iterator[str]:
    if facts.past.used:
        ordered = sorted(facts.past.used, key=lambda used: used.role == "frame")
        rows = "\n".join(
            f"<tr><td>{escape(used.role)}</td><td>{escape(used.name)}</td>"
            f"<td><code>{escape(used.checksum)}</code></td></tr>"
            for used in ordered
        )
        heads = "<tr><th>As</th><th>File</th><th>MD5</th></tr>"
        table = f'<div class="scroll"><table>{heads}{rows}</table></div>'
        yield from _section("Files behind it", [table])


def _footer(facts: Facts) -> str:
    phu = facts.headers.phu
    made = " ".join(str(phu[key]) for key in ("PROCSOFT", "PROCSVER") if key in phu)
    return f"<footer>Made by {escape(made)}.</footer>" if made else ""
