"""What ``caldb`` tells of settings and verdicts, as rows of values."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import DatabaseError
from ..sizes import size_text
from .databases import Databases
from .render import Row

if TYPE_CHECKING:
    from ..caldb.match import Candidate, Verdict
    from ..caldb.store import Store


LISTED = ("name", "folder", "kind", "date", "binning", "region", "filter", "read_mode", "mode")
"""Columns of a list of calibrations."""


def candidate_row(candidate: "Candidate") -> Row:
    """Return the columns of one calibration; a filter only where it matters."""
    record = candidate.record
    return (
        candidate.path.name,
        str(candidate.path.parent),
        record.kind,
        record.ut_datetime and record.ut_datetime.replace(microsecond=0),
        record.binning,
        record.detector_roi_setting,
        record.filter_name if record.kind in ("flat", "fringe") else None,
        f"{record.read_speed}/{record.gain_setting}",
        record.mode,
    )


def setting_rows(databases: Databases) -> Iterator[Row]:
    """Yield setting, value, note and origin of all that holds."""
    settings = databases.settings
    yield ("config", settings.source and str(settings.source), None, None)
    for database, store in zip(settings.databases, databases.every(), strict=True):
        flags = [flag for flag in ("get", "store") if getattr(database, flag)]
        note = f"{' '.join(flags) or 'neither get nor store'}, {_state(store)}"
        yield ("database", str(database.path), note, settings.origin("databases"))
    for name in ("mode", "jobs", "memory", "scratch", "logfile", "loglevel", "suffix"):
        value = getattr(settings, name)
        shown = size_text(value) if name == "memory" and value else value and str(value)
        yield (name, shown, None, settings.origin(name))
    for name, value in settings.params.items():
        yield (name, value, "parameter", settings.origin("params"))


def _state(store: "Store") -> str:
    if store.implicit and not store.path.exists():
        return "made when first needed"
    try:
        return f"holds {len(store.candidates())}"
    except DatabaseError as error:
        return error.message


def verdict_rows(kind: str, verdicts: "Sequence[Verdict]") -> Iterator[Row]:
    """Yield verdict, days, calibration and reason of each candidate."""
    if not verdicts:
        yield ("none", None, None, f"no {kind} is stored")
    chosen = next((verdict for verdict in verdicts if verdict.fits), None)
    for verdict in verdicts:
        word = "chosen" if verdict is chosen else "fits" if verdict.fits else "refused"
        days = None if verdict.seconds is None else round(verdict.seconds / 86400, 1)
        yield (word, days, str(verdict.candidate.path), _reason(verdict, chosen))


def _reason(verdict: "Verdict", chosen: "Verdict | None") -> str | None:
    if verdict.failures:
        return verdict.failures[0].sentence
    if chosen is None or verdict is chosen:
        return None
    farther = (verdict.seconds or 0) > (chosen.seconds or 0)
    return "date is farther away" if farther else "comes after the chosen one"
