"""From scores to runs: stretches of days on which one series was off, with hysteresis, and what they cost beyond their baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from bursar.anomaly.detectors.contract import CLOSED, MISSING, Scores
from bursar.anomaly.panel import Panel
from bursar.anomaly.thresholds import Incidents, Thresholds
from bursar.domain.money import subunit, total

Cuts = Mapping[int, frozenset[int]]
"""Columns after which a series' run is over because somebody said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A panel with its scores and the thresholds they were made with."""

    panel: Panel
    scores: Scores
    thresholds: Thresholds

    def zero(self, row: int) -> float:
        """What counts as nothing in a series' currency."""
        return self.thresholds.daily.zero_dollars * float(self.panel.unit[row])

    def dollars(self, row: int, amount: Decimal) -> Decimal:
        """An amount in dollars, for gates."""
        return amount / Decimal(repr(float(self.panel.unit[row])))


@dataclass(slots=True, kw_only=True)
class Run:
    """One series in one direction from its onset to its last day off, as columns of the panel.

    `closed` is the day it was found calm again, `settled` the day its level was believed; both None while it goes on.
    """

    row: int
    sign: int
    onset: int
    last: int
    closed: int | None = None
    settled: int | None = None
    calm: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money of a stretch of days: what was charged (exact), what the frozen baseline expected, and the difference."""

    actual: Decimal
    expected: Decimal
    by_day: Mapping[int, Decimal] = field(default_factory=dict[int, Decimal])

    @property
    def excess(self) -> Decimal:
        """What was charged beyond the expectation; negative for a drop."""
        return self.actual - self.expected


def find_runs(scored: Scored, *, cuts: Cuts | None = None) -> list[Run]:
    """Every run of every series but the `other` siblings, which have neither an owner nor lasting members. By onset."""
    panel, scores, rules = scored.panel, scored.scores, scored.thresholds.incidents
    found: list[Run] = []
    for row in np.flatnonzero(scores.alarm.any(axis=1)):
        if not panel.series[row].is_other:
            found += _runs(panel, scores, int(row), rules=rules, cuts=(cuts or {}).get(int(row), frozenset()))
    return sorted(found, key=lambda run: (run.onset, panel.series[run.row].key))


def _runs(panel: Panel, scores: Scores, row: int, *, rules: Incidents, cuts: frozenset[int]) -> list[Run]:
    found: list[Run] = []
    current: Run | None = None
    for day in range(int(np.argmax(scores.alarm[row])), panel.days):
        sign = int(scores.sign[row, day])
        if scores.alarm[row, day] and (current is None or not _goes_on(current, day, sign=sign, rules=rules)):
            _close(current, day)
            current = Run(row=row, sign=sign, onset=day, last=day)
            found.append(current)
        elif current:
            _follow(current, panel, scores, day=day, rules=rules)
        if current and (scores.adopted[row, day] or day in cuts):
            _finish(current, day, adopted=bool(scores.adopted[row, day]))
            current = None
    return found


def _goes_on(run: Run, day: int, *, sign: int, rules: Incidents) -> bool:
    """Whether an alarm belongs to a run: same direction, not too long after it."""
    if sign != run.sign or day - run.last > rules.reopen_days:
        return False
    run.last, run.calm, run.closed = day, 0, None
    return True


def _follow(run: Run, panel: Panel, scores: Scores, *, day: int, rules: Incidents) -> None:
    """A day without an alarm: still off, calm, or unknown."""
    row, status = run.row, panel.status[run.row, day]
    if scores.score[row, day] >= rules.stay and scores.sign[row, day] == run.sign and run.closed is None:
        run.last, run.calm = day, 0
    elif status == CLOSED and run.closed is None and scores.score[row, day] < rules.stay:
        run.calm += 1
        if run.calm >= rules.close_days:
            run.closed = day


def _close(run: Run | None, day: int) -> None:
    if run and run.closed is None:
        run.closed = day


def _finish(run: Run, day: int, *, adopted: bool) -> None:
    """A believed level settles a run that was still on; what somebody dismissed is closed."""
    if adopted and run.closed is None:
        run.last, run.settled = day, day
    run.closed = run.closed if run.closed is not None else day


def cost_of(scored: Scored, run: Run, *, row: int | None = None, last: int | None = None) -> Cost:
    """What a run's days cost against the baseline as it was on its onset; `row` looks at another series over the same days."""
    panel, scores = scored.panel, scored.scores
    where = run.row if row is None else row
    days = [day for day in range(run.onset, (run.last if last is None else last) + 1) if panel.status[where, day] != MISSING]
    frozen = scores.base[where, run.onset] + scores.weekday[where, days] + scores.dip[where, days]
    expected = np.nan_to_num(np.maximum(np.exp(frozen) - scored.zero(where), 0.0))
    cent = subunit(panel.series[where].currency)
    by_day = {day: Decimal(repr(float(value))).quantize(cent) for day, value in zip(days, expected, strict=True)}
    return Cost(actual=total(panel.amount(where, day) for day in days), expected=total(by_day.values()), by_day=by_day)
