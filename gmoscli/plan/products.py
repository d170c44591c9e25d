"""What will be made, of what, and what is missing for it."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path

from ..caldb.match import Candidate
from ..caldb.record import Record
from ..caldb.rules import OPTIONAL, kinds_for
from ..errors import CalibrationMissing
from ..gmos.purposes import DEFAULT_RECIPES
from .frames import Survey
from .fringes import why_no_fringes
from .groups import PURPOSES, Group, groups
from .shelf import Shelf


@dataclass(frozen=True)
class Product:
    """One reduction to come."""

    group: Group
    recipe: str
    path: Path
    calibrations: Mapping[str, Path]
    """Kind → the file that serves all frames."""
    missing: Mapping[str, str]
    """Kind, or ``frames`` → why there is none, or why there are too few."""

    @property
    def kind(self) -> str:
        """``bias flat fringe science``."""
        return self.group.purpose

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The raw files, as they were taken."""
        return tuple(frame.path for frame in self.group.frames)

    @property
    def seconds(self) -> float:
        """Exposure of all frames together."""
        return sum(frame.seconds for frame in self.group.frames)

    @property
    def nights(self) -> list[date]:
        """The nights of its frames, in order."""
        return sorted({frame.night for frame in self.group.frames})

    @property
    def reasons(self) -> str:
        """Say why it cannot be made; empty if it can."""
        return "; ".join(self.missing[what] for what in self.obstacles)

    @property
    def obstacles(self) -> tuple[str, ...]:
        """What is missing without which it cannot be made."""
        return tuple(what for what in self.missing if what not in OPTIONAL)


_LAST_ADDED = sys.maxsize  # among equals the database prefers the newest entry


def plan(
    found: Survey,
    stored: Sequence[Sequence[Candidate]] = (),
    *,
    recipe: str = DEFAULT_RECIPES["science"],
    outdir: Path | None = None,
) -> tuple[Product, ...]:
    """Return what is to be made of the files, each product after those that it depends on.

    Calibrations come from the products themselves, from the files, and from what is ``stored`` in
    each database, by the rules of association. ``recipe`` is for science frames.
    """
    recipes = {**DEFAULT_RECIPES, "science": recipe}
    products: list[Product] = []
    for purpose in PURPOSES:
        shelf = _shelf(found.calibrations, products, stored)
        products += [
            _product(group, recipes[purpose], outdir or Path(), shelf)
            for group in groups(found.frames, purpose)
        ]
    return tuple(products)


def planned_record(first: Record, kind: str) -> Record:
    """Return what rules will find in a calibration that is made of raw frames, from the first."""
    return replace(
        first,
        kind=kind,
        mode="sq",
        prepared=True,
        overscan_trimmed=True,
        overscan_subtracted=True,
    )


def recipe_file(recipe: str) -> Path | None:
    """Return the file of a user's recipe, ``my.py``, ``my.py:deep`` or ``my.toml``, else None."""
    path = Path(recipe.partition(":")[0]).expanduser()
    return path if path.suffix in (".py", ".toml") else None


def _product(group: Group, recipe: str, outdir: Path, shelf: Shelf) -> Product:
    serving: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for kind in kinds_for(group.first.headers):
        if kind == group.purpose:
            continue
        try:
            serving[kind] = shelf.best(kind, group)
        except CalibrationMissing as error:
            missing[kind] = error.message
    if group.purpose == "fringe" and (reason := why_no_fringes(group.frames)) is not None:
        missing["frames"] = reason
    ending = "image" if group.purpose == "science" else group.purpose
    return Product(group, recipe, outdir / f"{group.first.stem}_{ending}.fits", serving, missing)


def _shelf(
    ready: Sequence[Candidate],
    products: Sequence[Product],
    stored: Sequence[Sequence[Candidate]],
) -> Shelf:
    """Return the calibrations there are: to come, in the folders, in each database.

    What will be made hides what is there from before, and that hides what cannot be made.
    """
    there = {one.path.resolve() for one in chain(ready, *stored) if one.path.exists()}
    coming = [product for product in products if not product.obstacles]
    idle = [p for p in products if p.obstacles and p.path.resolve() not in there]
    first, *later = stored or [()]
    places = [[*map(_candidate, [*coming, *idle]), *ready, *first], *later]
    return Shelf(_each_once(places), {product.path: _why_not(product) for product in idle})


def _candidate(product: Product) -> Candidate:
    record = planned_record(product.group.first.record, product.kind)
    return Candidate(product.path, record, entry=_LAST_ADDED)


def _why_not(product: Product) -> str:
    lacking = " and ".join(f"a {kind}" for kind in product.obstacles if kind != "frames")
    return product.missing.get("frames") or f"it cannot be made without {lacking}"


def _each_once(places: Iterable[Iterable[Candidate]]) -> list[list[Candidate]]:
    """Return the places with each file only where it comes first."""
    seen: set[Path] = set()
    kept: list[list[Candidate]] = []
    for place in places:
        fresh = {c.path.resolve(): c for c in reversed([*place]) if c.path.resolve() not in seen}
        seen |= fresh.keys()
        kept.append([*fresh.values()])
    return kept
