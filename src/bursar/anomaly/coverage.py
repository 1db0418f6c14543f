"""How far the bills are in: for each export and day whether it was delivered whole, in part, or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import sqlalchemy as sa

from bursar.anomaly.detectors.contract import CLOSED, MISSING, PARTIAL, Codes
from bursar.domain.periods import Period
from bursar.lake import snapshots
from bursar.lake.generations import Generation
from bursar.store import schema

CLOSED_AFTER = timedelta(days=3)
RETIRED_AFTER = timedelta(days=35)
"""An export that brought nothing for so long is not late, it is gone: its days no longer make others incomplete."""
ABSENT = 3
"""A day on which an export did not exist yet, or no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Status codes of every export by day, from `first` on; `ABSENT` where there was no such export."""

    first: date
    days: int
    by_source: Mapping[str, Codes]

    def of(self, sources: Iterable[str]) -> Codes:
        """The status of what these exports add up to: whole only where all are, missing where none is there."""
        rows = [self.by_source[source] for source in sources if source in self.by_source]
        if not rows:
            return np.full(self.days, MISSING, dtype=np.int8)
        there = np.stack(rows)
        absent = there == ABSENT
        closed = ((there == CLOSED) | absent).all(axis=0) & ~absent.all(axis=0)
        missing = ((there == MISSING) | absent).all(axis=0)
        return np.where(closed, CLOSED, np.where(missing, MISSING, PARTIAL)).astype(np.int8)


def coverage(generation: Generation, store: sa.Engine, *, first: date, last: date, now: datetime) -> Coverage:
    """The status of every export on the days from `first` to `last`, as of `now`."""
    exported = _exported(store, {file.snapshot_id for file in generation.of("cost_and_usage")})
    months: dict[str, dict[str, datetime]] = defaultdict(dict)
    for file in generation.of("cost_and_usage"):
        months[file.source][file.period] = exported[file.snapshot_id]
    days = [first + timedelta(days=index) for index in range((last - first).days + 1)]
    return Coverage(first=first, days=len(days), by_source={source: _status(found, days, now=now) for source, found in months.items()})


def first_day(generation: Generation) -> date | None:
    """The first day that was delivered as part of its own month; stray late charges of earlier months do not count."""
    periods = generation.periods()
    return Period.parse(periods[0]).start if periods else None


def _exported(store: sa.Engine, ids: set[str]) -> dict[str, datetime]:
    with store.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(sa.select(schema.snapshot).where(schema.snapshot.c.id.in_(sorted(ids)))).mappings()
        found = [snapshots.from_row(dict(row)) for row in rows]
    return {one.id: one.order for one in found}


def _status(months: Mapping[str, datetime], days: Sequence[date], *, now: datetime) -> Codes:
    """One export's days. Whole: exported three days after, or three days old and exported once the day was over."""
    born = Period.parse(min(months)).start
    newest = max(months.values())
    gone = max(Period.parse(max(months)).end, newest.date()) if newest + RETIRED_AFTER < _midnight(days[-1]) else date.max
    return np.array([_day(months.get(str(Period.of(day))), day, now=now) if born <= day < gone else ABSENT for day in days], dtype=np.int8)


def _day(exported: datetime | None, day: date, *, now: datetime) -> int:
    if exported is None or exported < _midnight(day):
        return MISSING
    over = _midnight(day + timedelta(days=1))
    if exported >= over + CLOSED_AFTER or (exported >= over and now >= over + CLOSED_AFTER):
        return CLOSED
    return PARTIAL


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
