"""What a detector is given and what it answers. Arrays are float64[series, day] unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]

MISSING, PARTIAL, CLOSED = 0, 1, 2
"""Status of a series' day: unknown, delivered in part, complete."""
STATUS = ("missing", "partial", "closed")
TESTS = ("", "point", "launch")
"""Tests by their code; the empty one where none fired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Somebody said of a series that its level since `onset` is expected; the detector adopts it on `day`. Column indices."""

    series: int
    onset: int
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Daily costs of many series. Columns are consecutive days from `first`, UTC.

    `cost` in the series' currency, negative sums already 0; `status` codes; `quiet` marks days whose dip is forgiven; `masked`
    days are neither scored nor learnt; `unit` is a dollar in the series' currency; `patience` multiplies the limit, by day.
    """

    first: date
    cost: Floats
    status: Codes
    quiet: Flags
    masked: Flags
    unit: Floats
    patience: Floats
    accepted: tuple[Acceptance, ...] = ()

    @property
    def days(self) -> int:
        """How many days there are."""
        return int(self.cost.shape[1])

    def until(self, day: int) -> Observed:
        """The same, known only up to and without a column."""
        return Observed(
            first=self.first,
            cost=self.cost[:, :day],
            status=self.status[:, :day],
            quiet=self.quiet[:, :day],
            masked=self.masked[:, :day],
            unit=self.unit,
            patience=self.patience[:, :day],
            accepted=tuple(one for one in self.accepted if one.day < day),
        )

    def only(self, rows: NDArray[np.intp]) -> Observed:
        """The same for some of the series, in this order."""
        places = {int(row): place for place, row in enumerate(rows)}
        return Observed(
            first=self.first,
            cost=self.cost[rows],
            status=self.status[rows],
            quiet=self.quiet[rows],
            masked=self.masked[rows],
            unit=self.unit[rows],
            patience=self.patience[rows],
            accepted=tuple(
                Acceptance(series=places[one.series], onset=one.onset, day=one.day) for one in self.accepted if one.series in places
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a detector makes of it. A score of 1 or more whose gates are passed is an `alarm`, of `sign` +1 or −1.

    `expected`, `lo`, `hi` in the series' currency, NaN while nothing can be said; `sigma` in the log. `base` is the expectation
    without its weekday, in the log; `weekday` and `dip` are added to it. `adopted` marks the day a new level was believed.
    """

    score: Floats
    expected: Floats
    lo: Floats
    hi: Floats
    sigma: Floats
    base: Floats
    weekday: Floats
    dip: Floats
    test: Codes
    alarm: Flags
    sign: Codes
    adopted: Flags
    views: dict[int, View] = field(default_factory=dict[int, "View"])


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What was known before a day: cleaned log costs of the last days, newest last, and the scale then. For forecasts."""

    cleaned: Floats
    sigma: Floats


class Detector(Protocol):
    """Scores days from days before them only; no series knows of another."""

    def score(self, observed: Observed, *, views: tuple[int, ...] = ()) -> Scores:
        """Every day of every series. `views` are columns whose past is wanted as it was known then."""
        ...
