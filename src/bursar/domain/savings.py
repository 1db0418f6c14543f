"""What a change was expected to save, and what it did: measured against what would have been paid without it.

Nothing is clamped: a change that cost money has a negative saving and is told as negative.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bursar.domain.plans import Range

STATUSES = ("proposed", "approved", "applied", "measuring", "verified", "inconclusive", "regressed", "negative")
UNPRICED = "XXX"
"""ISO 4217's code for no currency: what is saved is not known, which is not nothing."""
CHECKPOINTS = (7, 30, 90)
"""Days after a change at which it is measured; before the first there is no verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measurement over days [start, end): the monthly saving with its 90 % interval, and how it was come by.

    `realised` is in effective cost, usage freed; `cash` the same in billed cost: under a commitment a stopped machine may
    save none. `expected_cost` is the counterfactual of the measured days, `actual_cost` what was charged.
    """

    start: date
    end: date
    realised: Range
    cash: Decimal
    expected_cost: Decimal
    actual_cost: Decimal
    method: str
    donors: int
    generation: int

    @property
    def days(self) -> int:
        """How many days were measured."""
        return (self.end - self.start).days

    def document(self) -> dict[str, object]:
        """Its JSON form."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "realised": self.realised.document(),
            "cash": self.cash,
            "expected_cost": self.expected_cost,
            "actual_cost": self.actual_cost,
            "method": self.method,
            "donors": self.donors,
            "generation": self.generation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """One line of the savings ledger. `rfc` is the plan's short name; `expected` and `realised` are a month's.

    `slo_verdict` is no_worse, worse, or None where no objective watches the resources.
    """

    rfc: str
    title: str
    owner: str | None
    plan_digests: tuple[str, ...]
    status: str
    expected: Range
    realised: Range | None
    currency: str
    slo_verdict: str | None
    applied_at: str | None
    measured_at: str | None
    detail: Mapping[str, object]


def verdict(measured: Measured | None, *, slo: str | None) -> str:
    """What a measurement comes to.

    regressed: the service objective got worse, whatever the money. measuring: too few days for an answer. verified: the
    interval lies above zero; negative: below. inconclusive: it holds zero.
    """
    if slo == "worse":
        return "regressed"
    if measured is None or measured.days < CHECKPOINTS[0]:
        return "measuring"
    if measured.realised.low > 0:
        return "verified"
    return "negative" if measured.realised.high < 0 else "inconclusive"
