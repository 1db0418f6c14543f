"""What all clouds of one simulation share: the seed, the daily shapes, the ledger, and the planted waste."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bursar.adapters.clouds.simulated.absences import Absences
from bursar.adapters.clouds.simulated.disks import Disks
from bursar.adapters.clouds.simulated.ledger import Ledger
from bursar.adapters.clouds.simulated.planted import Planted
from bursar.adapters.clouds.simulated.shape import Shape
from bursar.adapters.clouds.simulated.variant import Variant
from bursar.adapters.clouds.simulated.waste import Wastes
from bursar.domain.periods import Period


@dataclass(slots=True, kw_only=True)
class Estate:
    """One simulation under way. `rows` are usage rows a month, by cloud; `first` is the month commitments are bought in.

    `absences` are what was done to the estate before: resources that are gone are not charged. `as_of` is the morning on
    which everything is exported; None when every month is over. `organisations` is how many of each cloud's there are.
    """

    seed: int
    first: Period
    rows: Mapping[str, int]
    planted: Sequence[Planted]
    ledger: Ledger = field(default_factory=Ledger)
    shape: Shape = field(init=False)
    waste: Wastes = field(default_factory=Wastes)
    disks: Disks = field(default_factory=Disks)
    absences: Absences = field(default_factory=Absences)
    as_of: date | None = None
    organisations: int = 2

    def __post_init__(self) -> None:
        """Wire the shapes to the planted events."""
        self.shape = Shape(self.seed, self.planted, absences=self.absences)

    def variant(self, month: Period) -> Variant:
        """How a month's bill stands on the day of the export: final, or the days so far."""
        if self.as_of is None or self.as_of >= month.end:
            return Variant()
        return Variant(is_final=False, days=(self.as_of - month.start).days)

    def aside(self) -> "Estate":
        """The same estate with books of its own: for files that no truth may count."""
        return replace(self, ledger=Ledger(), waste=Wastes(), disks=Disks())
