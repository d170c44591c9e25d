"""How large a benchmark is."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .desks import Desk, Workshop


@dataclass(frozen=True)
class Size:
    """What is measured, and how often."""

    shop: Workshop
    quick: bool = False
    """Nights binned 4x4, few frames and rounds: for a look, not for the targets."""
    full: bool = False
    """Nights binned 1x1 as well."""

    @property
    def binning(self) -> int:
        """The binning of the usual night, both ways."""
        return 4 if self.quick else 2

    @property
    def rounds(self) -> int:
        """How often each work is measured."""
        return 2 if self.quick else 5

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of science frames that are reduced together."""
        return (5, 20) if self.quick else (5, 20, 60)

    @cached_property
    def bare(self) -> Desk:
        """A desk before the usual night, for what needs no masters."""
        return self.shop.desk("bare", self.night(self.binning))

    @cached_property
    def desk(self) -> Desk:
        """A desk before the usual night, with its masters."""
        return self.binned(self.binning)

    def binned(self, binning: int) -> Desk:
        """Return a desk before a night of this binning, with its masters."""
        raw = self.night(binning)
        return self.shop.desk(raw.name, raw).with_masters()

    def night(self, binning: int) -> Path:
        """Return the folder of the night of this binning."""
        name = f"{binning}x{binning}"
        return self.shop.night(name, "--binning", name)

    def judged(self, met: bool) -> bool | None:
        """Return the verdict if this is the size that the targets are about."""
        return None if self.quick else met
