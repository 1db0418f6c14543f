"""Made series: a level, a week, noise of a known size, and what is done to single days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from bursar.anomaly.detectors import DETECTORS
from bursar.anomaly.detectors.contract import CLOSED, Acceptance, Codes, Flags, Floats, Observed, Scores
from bursar.anomaly.panel import Panel, Series, key_of
from bursar.anomaly.runs import Scored
from bursar.anomaly.thresholds import Thresholds, read_thresholds

FIRST = date(2025, 9, 1)
"""A Monday."""
PACKAGED = read_thresholds(None)
WEEK = np.array([1.06, 1.07, 1.07, 1.07, 1.04, 0.86, 0.83])


def noisy(days: int, *, cv: float, series: int = 1, level: float = 1000.0, seed: int = 3) -> Floats:
    """float64[series, days] around a level with a week of its own."""
    noise = np.random.default_rng(seed).normal(0, cv, (series, days))
    return level * np.exp(noise) * WEEK[np.arange(days) % 7]


def observed(
    cost: Floats,
    *,
    status: Codes | None = None,
    quiet: Flags | None = None,
    masked: Flags | None = None,
    accepted: Sequence[Acceptance] = (),
) -> Observed:
    """What a detector is given of these costs, in dollars; every day whole unless said otherwise."""
    return Observed(
        first=FIRST,
        cost=cost,
        status=np.full(cost.shape, CLOSED, dtype=np.int8) if status is None else status,
        quiet=np.zeros(cost.shape, dtype=np.bool_) if quiet is None else quiet,
        masked=np.zeros(cost.shape, dtype=np.bool_) if masked is None else masked,
        unit=np.ones(len(cost)),
        patience=np.ones(cost.shape),
        accepted=tuple(accepted),
    )


def score(seen: Observed, thresholds: Thresholds = PACKAGED) -> Scores:
    """The daily detector's answer."""
    return DETECTORS["daily"](thresholds).score(seen)


def series(level: str, currency: str = "USD", **scope: str) -> Series:
    """A series by its level and scope."""
    return Series(key=key_of(level, scope, currency), level=level, scope=scope, currency=currency)


def panel(costs: Mapping[Series, Floats]) -> Panel:
    """A panel of these series, exact to the cent."""
    cost = np.stack([np.round(values, 2) for values in costs.values()])
    exact = [{day: Decimal(f"{value:.2f}") for day, value in enumerate(row)} for row in cost]
    return Panel(
        generation=1,
        first=FIRST,
        series=tuple(costs),
        exact=tuple(exact),
        cost=cost,
        status=np.full(cost.shape, CLOSED, dtype=np.int8),
        quiet=np.zeros(cost.shape, dtype=np.bool_),
        unit=np.ones(len(cost)),
    )


def scored(costs: Mapping[Series, Floats], views: Sequence[int] = ()) -> Scored:
    """A panel with its scores."""
    made = panel(costs)
    scores = DETECTORS["daily"](PACKAGED).score(made.observed(), views=tuple(views))
    return Scored(panel=made, scores=scores, thresholds=PACKAGED)
