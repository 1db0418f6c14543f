"""How one delivery of a month differs from the month's final bill."""

from dataclasses import dataclass, field
from datetime import datetime

from bursar.adapters.clouds.simulated.draws import PPM
from bursar.domain.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """`days` of the month that are in (None: all), whether the bill is final, and what was changed since.

    `missing` is a day of the month that no line speaks of.
    `factor_ppm` scales all metered usage; `without` names a kind of waste whose rows are gone; `refund` is a line more.
    """

    is_final: bool = True
    days: int | None = None
    factor_ppm: int = PPM
    without: str = ""
    refund: str = ""
    missing: int | None = None

    def days_of(self, month: Period) -> int:
        """How many days of the month are in."""
        return self.days if self.days is not None else (month.end - month.start).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One run of an export: the month, about how many usage rows, the run's name and its time, and its variant."""

    month: Period
    rows: int
    run: str
    at: datetime
    variant: Variant = field(default_factory=Variant)
