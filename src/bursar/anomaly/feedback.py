"""What people said of incidents, kept in the store and the journal, and what it means for the next detection.

`expected` adopts the level now and closes; `planned` masks a range of days, which are neither scored nor learnt; `false` closes
and raises the headline series' limit by a tenth, to twice at most; `true` puts the limit back and keeps the incident open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

import numpy as np
import sqlalchemy as sa

from bursar.anomaly.detectors.contract import Acceptance, Flags, Floats
from bursar.anomaly.panel import Panel
from bursar.anomaly.records import Detail, Kept, find
from bursar.domain.errors import ConfigError
from bursar.domain.periods import stamp
from bursar.store import journal, schema

VERDICTS = ("expected", "planned", "false", "true")
RAISED = 1.1
MOST_RAISED = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One piece of feedback: about which series, and the days it speaks of, both included."""

    verdict: str
    series: str
    members: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Feedback as a detector takes it, and where runs were cut short."""

    masked: Flags
    patience: Floats
    accepted: tuple[Acceptance, ...]
    cuts: Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What somebody says of an incident. The range is that of `planned`; without one it is the incident's own."""

    name: str
    by: str
    first: date | None = None
    last: date | None = None
    note: str | None = None


def give(store: sa.Engine, incident_id: str, verdict: Verdict, *, now: datetime) -> Kept:
    """Write feedback down and close what it closes. Raises ConfigError for an unknown incident, verdict or range."""
    if verdict.name not in VERDICTS:
        raise ConfigError(f"there is no feedback {verdict.name!r}", cure=f"Choose {', '.join(VERDICTS)}.")
    if verdict.first and verdict.last and verdict.first > verdict.last:
        raise ConfigError("the planned range ends before it starts", cure="Give --from and --to, both days included.")
    with store.begin() as connection:
        kept = find(connection, incident_id)
        if kept is None:
            raise ConfigError(f"there is no incident {incident_id!r}", cure="List them with: bursar anomalies list")
        _write(connection, kept, verdict, at=stamp(now))
        return _closed(connection, kept, verdict, at=stamp(now))


def _write(connection: sa.Connection, kept: Kept, verdict: Verdict, *, at: str) -> None:
    planned = verdict.name == "planned"
    first, last = (verdict.first or kept.onset, verdict.last or kept.last_day) if planned else (kept.onset, kept.last_day)
    scope = {"scope": kept.scope, "series": kept.series, "members": kept.members, "currency": kept.currency, "direction": kept.direction}
    row = {
        "incident_id": kept.id, "verdict": verdict.name, "by": verdict.by, "at": at,
        "first_day": first.isoformat(), "last_day": last.isoformat(), "note": verdict.note,
    }  # fmt: skip
    connection.execute(schema.feedback.insert().values(**row, scope=scope))
    journal.append(connection, at=at, kind="incident.feedback", actor=verdict.by, payload={**row, "scope": scope})


def _closed(connection: sa.Connection, kept: Kept, verdict: Verdict, *, at: str) -> Kept:
    """Everything but `true` ends the incident; a level that is expected settles it. The last word stays with it."""
    table = schema.incident
    mine = table.update().where(table.c.id == kept.id)
    detail: Detail = {**kept.detail, "feedback": verdict.name}
    connection.execute(mine.values(detail=detail))
    if verdict.name != "true" and kept.status == "open":
        status = "settled" if verdict.name == "expected" else "closed"
        connection.execute(mine.values(status=status, closed_at=at))
        payload = {"incident": kept.id, "because": verdict.name, "excess": kept.excess, "currency": kept.currency}
        journal.append(connection, at=at, kind=f"incident.{status}", actor=verdict.by, payload=payload)
    found = find(connection, kept.id)
    return found or kept


def said(store: sa.Engine, *, until: datetime | None = None) -> list[Said]:
    """All feedback in the order given, or that known at a moment."""
    table = schema.feedback
    query = sa.select(table).order_by(table.c.seq)
    with store.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(query if until is None else query.where(table.c.at <= stamp(until))).mappings()
        return [_said(row) for row in rows]


def _said(row: sa.RowMapping) -> Said:
    scope = cast("dict[str, object]", row["scope"])
    return Said(
        verdict=row["verdict"],
        series=str(scope["series"]),
        members=tuple(cast("list[str]", scope["members"])),
        first=date.fromisoformat(row["first_day"]),
        last=date.fromisoformat(row["last_day"]),
    )


def lessons(panel: Panel, given: Sequence[Said]) -> Lessons:
    """Feedback over the panel's rows and columns. It never reaches back before the last day it was given about."""
    places = panel.places()
    masked = np.zeros(panel.cost.shape, dtype=np.bool_)
    patience = np.ones(panel.cost.shape)
    accepted: list[Acceptance] = []
    cuts: dict[int, set[int]] = defaultdict(set)
    for one in given:
        first, last = panel.column(one.first), panel.column(one.last)
        rows = [places[key] for key in dict.fromkeys((one.series, *one.members)) if key in places]
        own = [places[one.series]] if one.series in places else []
        if one.verdict == "planned":
            masked[rows, max(first, 0) : max(last + 1, 0)] = True
        if one.verdict == "expected" and first >= 0 and last < panel.days:
            accepted += [Acceptance(series=row, onset=first, day=last) for row in rows]
        if one.verdict == "false":
            patience[own, max(last + 1, 0) :] = np.minimum(patience[own, max(last + 1, 0) :] * RAISED, MOST_RAISED)
            for row in rows:
                cuts[row].add(last)
        if one.verdict == "true":
            patience[own, max(last + 1, 0) :] = 1.0
    return Lessons(masked=masked, patience=patience, accepted=tuple(accepted), cuts={row: frozenset(days) for row, days in cuts.items()})
